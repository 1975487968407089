"""The ledger folded into the report: each kind of event changes its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic.alias_generators import to_camel

from blueprints.plan import Plan, PlannedMilestone
from ledger.events import Event, Kind
from ledger.report import (
    LANDING,
    AmendmentReport,
    AssertionReport,
    BaseMovedReport,
    CulpritsReport,
    FeatureReport,
    FindingReport,
    IntegrationReport,
    LandingReport,
    MergeReport,
    MilestoneReport,
    MissionReport,
    RungReport,
    RunStatus,
    SkippedReport,
    StepStatus,
    TestsReport,
    Totals,
    TurnsReport,
    VerdictReport,
    WitnessReport,
)


class Fold:
    """The report while the ledger is read, event by event; also of a run that is still going on."""

    def __init__(self, run: str, plan: Plan) -> None:
        self.report = _empty(run, plan)
        self._last: datetime | None = None
        """When the run was last seen alive; None between its lives."""

    def add(self, event: Event) -> None:
        """Time between lives of the run, and before it began, does not count as the run's."""
        report, at = self.report, event.at
        report.started_at = report.started_at or event.timestamp
        if event.kind not in (Kind.MISSION_RESUMED, Kind.MISSION_RUN_STARTED) and self._last:
            report.seconds = round(report.seconds + (at - self._last).total_seconds(), 3)
        _FOLDS.get(event.kind, _ignore)(report, {"at": event.timestamp, **event.data})
        self._last = None if report.status is RunStatus.PAUSED or report.status.over else at


def build_report(run: str, plan: Plan, events: Iterable[Event]) -> MissionReport:
    fold = Fold(run, plan)
    for event in events:
        fold.add(event)
    return fold.report


def _empty(run: str, plan: Plan) -> MissionReport:
    return MissionReport(
        run=run,
        mission=plan.blueprint.mission,
        goal=plan.blueprint.goal,
        status=RunStatus.RUNNING,
        base_branch=plan.blueprint.repository.base_branch,
        started_at="",
        contract=[AssertionReport(id=i, says=assertion.says) for i, assertion in plan.blueprint.contract.items()],
        milestones=[_empty_milestone(m) for m in plan.milestones],
        totals=Totals(),
    )


def _empty_milestone(milestone: PlannedMilestone) -> MilestoneReport:
    features = [FeatureReport(id=f.id, title=f.title, agent=f.agent) for f in milestone.features]
    return MilestoneReport(
        name=milestone.name, objective=milestone.objective, features=features, integration=IntegrationReport()
    )


Data = Mapping[str, Any]


def _feature(report: MissionReport, data: Data) -> FeatureReport:
    """The feature an event is about; one that an amended plan no longer has gets its figures where nobody looks."""
    features = [feature for milestone in report.milestones for feature in milestone.features]
    known = next((feature for feature in features if feature.id == data["featureId"]), None)
    return known or FeatureReport(id=data["featureId"], title="", agent="")


def _milestone(report: MissionReport, name: str) -> MilestoneReport:
    """The same for milestones."""
    known = next((milestone for milestone in report.milestones if milestone.name == name), None)
    return known or MilestoneReport(name=name, objective="", features=[], integration=IntegrationReport())


def _ignore(report: MissionReport, data: Data) -> None:
    """Events that change no figure."""


def _run_started(report: MissionReport, data: Data) -> None:
    report.status = RunStatus.RUNNING
    report.reason = ""
    report.repository, report.base, report.ui = data["repository"], data["base"], data.get("ui")


def _proposed(report: MissionReport, _data: Data) -> None:
    report.status, report.reason = RunStatus.WAITING, "the plan waits for approval"


def _approved(report: MissionReport, _data: Data) -> None:
    report.status, report.reason = RunStatus.RUNNING, ""


def _rejected(report: MissionReport, data: Data) -> None:
    word = "revision requested" if data["decision"] == "revise" else "plan rejected"
    report.status = RunStatus.REJECTED
    report.reason = f"{word}: {data['note']}" if data["note"] else word


def _amended(report: MissionReport, data: Data) -> None:
    """What must be done again is not done any more; what is said of the rest stays."""
    facts = {name: data[to_camel(name)] for name in AmendmentReport.model_fields}
    report.amendments.append(AmendmentReport(**facts))
    if report.status is RunStatus.WAITING:
        report.status, report.reason = RunStatus.RUNNING, ""
    for milestone in report.milestones:
        if milestone.name in data["provedAgain"]:
            milestone.status, milestone.reason, milestone.verdicts = StepStatus.PENDING, "", []
        milestone.before = [w for w in milestone.before if w.id.partition(".")[0] not in data["assertions"]]
        tried = [each for each in milestone.integration.tried if each.feature not in data["again"]]
        milestone.integration.tried = tried
        for feature in (feature for feature in milestone.features if feature.id in data["again"]):
            feature.status, feature.reason = StepStatus.PENDING, ""
    report.contract = [
        AssertionReport(id=e.id, says=e.says) if e.id in data["assertions"] else e for e in report.contract
    ]
    sealed = [milestone for milestone in report.milestones if milestone.status is StepStatus.SEALED]
    report.commit = sealed[-1].commit if sealed else None
    report.branch = report.branch if sealed else None


def _gate_opened(report: MissionReport, data: Data) -> None:
    report.status, report.reason = RunStatus.WAITING, data["about"]


def _gate_closed(report: MissionReport, _data: Data) -> None:
    report.status, report.reason = RunStatus.RUNNING, ""


def _witnessed(report: MissionReport, data: Data) -> None:
    if data["since"].startswith(LANDING):
        return
    seen = WitnessReport(**{name: data[name] for name in WitnessReport.model_fields})
    milestone = _milestone(report, data["since"])
    milestone.before = sorted([w for w in milestone.before if w.id != seen.id] + [seen], key=_by_id)


def _by_id(judged: VerdictReport | WitnessReport) -> str:
    return judged.id


def _tests_witnessed(report: MissionReport, data: Data) -> None:
    _feature(report, data).tests = TestsReport(files=data["files"], red=data["red"], green=data["green"])


def _milestone_started(report: MissionReport, data: Data) -> None:
    milestone = _milestone(report, data["milestone"])
    milestone.status, milestone.base, milestone.reason = StepStatus.RUNNING, data["base"], ""


def _worker_started(report: MissionReport, data: Data) -> None:
    report.totals.agent_runs += 1
    if report.status is not RunStatus.WAITING:
        report.reason = ""
    if data["role"] == "worker":
        feature = _feature(report, data)
        feature.status, feature.base, feature.reason = StepStatus.RUNNING, data["base"], ""
        feature.attempts += 1
        feature.agent_runs += 1


def _worker_ended(report: MissionReport, data: Data) -> None:
    totals, role = report.totals, data["role"]
    totals.seconds_by_role[role] = round(totals.seconds_by_role.get(role, 0.0) + data["seconds"], 3)
    _count_usage(totals, role, data.get("usage"))
    _count_calls(totals, role, data)
    if role == "worker":
        feature = _feature(report, data)
        feature.seconds = round(feature.seconds + data["seconds"], 3)
        feature.usage = _added(feature.usage, data.get("usage"))


def _count_usage(totals: Totals, role: str, usage: dict[str, float] | None) -> None:
    if usage is None:
        totals.runs_with_unknown_usage += 1
        return
    if (usd := usage.get("usd")) is not None:
        totals.usd = round((totals.usd or 0.0) + usd, 6)
    tokens = {name: count for name, count in usage.items() if name != "usd"}
    totals.tokens[role] = _added(totals.tokens.get(role), tokens) or {}


def _count_calls(totals: Totals, role: str, data: Data) -> None:
    if turns := data.get("turns"):
        before = totals.turns[role].runs if role in totals.turns else []
        totals.turns[role] = TurnsReport.of([*before, turns])
    for tool, calls in data.get("tools", {}).items():
        totals.tools[tool] = totals.tools.get(tool, 0) + calls
    if model := data.get("model"):
        totals.models[model] = totals.models.get(model, 0) + 1


def _added(known: dict[str, float] | None, more: dict[str, float] | None) -> dict[str, float] | None:
    if known is None or more is None:
        return more if known is None else known
    return {name: known.get(name, 0) + more.get(name, 0) for name in {**known, **more}}


def _worker_completed(report: MissionReport, data: Data) -> None:
    _worker_ended(report, data)
    if data["role"] == "worker":
        feature = _feature(report, data)
        feature.status, feature.commit, feature.summary = StepStatus.DONE, data["commitId"], data["summary"]
        report.totals.features += 1


def _worker_failed(report: MissionReport, data: Data) -> None:
    _worker_ended(report, data)
    if data["role"] == "worker":
        _feature(report, data).reason = data["reason"]


def _worker_paused(report: MissionReport, data: Data) -> None:
    _worker_ended(report, data)
    if data["role"] == "worker":
        feature = _feature(report, data)
        feature.status, feature.reason = StepStatus.STOPPED, data["reason"]


def _parked(report: MissionReport, data: Data) -> None:
    until = data["until"]
    clock = f" until {datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M:%S} UTC" if until else ""
    told = f"{data['agent']} is parked{clock}: {data['reason']}"
    if data["role"] == "worker":
        feature = _feature(report, data)
        feature.status, feature.reason = StepStatus.PARKED, told
    elif not report.status.over:
        report.reason = told


def _feature_failed(report: MissionReport, data: Data) -> None:
    feature = _feature(report, data)
    feature.status, feature.reason = StepStatus(data["status"]), data["reason"]


def _feature_blocked(report: MissionReport, data: Data) -> None:
    feature = _feature(report, data)
    feature.status, feature.reason = StepStatus.BLOCKED, data["reason"]


def _feature_retried(report: MissionReport, data: Data) -> None:
    feature = _feature(report, data)
    feature.status, feature.reason = StepStatus.PENDING, f"to be done anew, says {data['by']}"


def _skipped(report: MissionReport, data: Data) -> None:
    """One that a later amendment brought back is skipped no more."""
    if not any(f.id == data["featureId"] for milestone in report.milestones for f in milestone.features):
        facts = {name: data[name] for name in ("milestone", "at", "by", "why", "assertions")}
        report.skipped.append(SkippedReport(feature=data["featureId"], **facts))


def _integrated(report: MissionReport, data: Data) -> None:
    _milestone(report, data["milestone"]).culprits = []  # those of another commit
    integration = _milestone(report, data["milestone"]).integration
    known = {name: data[to_camel(name)] for name in MergeReport.model_fields if to_camel(name) in data}
    merge = MergeReport(feature=data["featureId"], **known)
    integration.merges = [m for m in integration.merges if m.feature != merge.feature] + [merge]
    integration.status = "running"
    _feature(report, data).status = StepStatus.INTEGRATED


def _merge_tried(report: MissionReport, data: Data) -> None:
    """What was only joined for another feature is no part of the integration."""
    if data["joining"]:
        return
    facts = {name: data[to_camel(name)] for name in RungReport.model_fields if to_camel(name) in data}
    tried = RungReport(feature=data["featureId"], **facts)
    integration = _milestone(report, data["milestone"]).integration
    same = (tried.feature, tried.rung)
    integration.tried = [each for each in integration.tried if (each.feature, each.rung) != same] + [tried]
    if tried.rung == "rebuilt" and tried.status != StepStatus.DONE:
        feature = _feature(report, data)
        feature.status, feature.reason = StepStatus(tried.status), tried.reason


def _presence(report: MissionReport, data: Data) -> None:
    for merge in _milestone(report, data["milestone"]).integration.merges:
        if merge.feature == data["featureId"]:
            merge.presence = data["how"]


def _integration_failed(report: MissionReport, data: Data) -> None:
    integration = _milestone(report, data["milestone"]).integration
    integration.status, integration.reason = "failed", data["reason"]


def _validating(report: MissionReport, data: Data) -> None:
    if data["milestone"].startswith(LANDING):
        report.landing = LandingReport(commit=data["commit"])
        return
    milestone = _milestone(report, data["milestone"])
    milestone.rounds += 1
    milestone.commit, milestone.verdicts = data["commit"], []
    milestone.integration.status, milestone.integration.reason = "done", ""


def _verdict(report: MissionReport, data: Data) -> None:
    verdict = VerdictReport(**{name: data[to_camel(name)] for name in VerdictReport.model_fields})
    if report.landing and data["milestone"].startswith(LANDING):
        report.landing.verdicts = sorted([*report.landing.verdicts, verdict], key=_by_id)
        return
    milestone = _milestone(report, data["milestone"])
    others = [v for v in milestone.verdicts if v.id != verdict.id]
    milestone.verdicts = sorted([*others, verdict], key=_by_id)  # they are recorded as they end
    for entry in report.contract:
        if entry.id == verdict.assertion:
            kept = entry.checks if entry.commit == verdict.commit else {}
            entry.commit, entry.checks = verdict.commit, {**kept, verdict.id: verdict.status}


def _culprits(report: MissionReport, data: Data) -> None:
    found = CulpritsReport(**{name: data[name] for name in CulpritsReport.model_fields})
    milestone = _milestone(report, data["milestone"])
    milestone.culprits = [each for each in milestone.culprits if each.check != found.check] + [found]


def _repairing(report: MissionReport, data: Data) -> None:
    report.totals.repairs += 1
    milestone = _milestone(report, data["milestone"])
    milestone.repaired = list(dict.fromkeys([*milestone.repaired, *data["failing"]]))


def _sealed(report: MissionReport, data: Data) -> None:
    milestone = _milestone(report, data["milestone"])
    milestone.status, milestone.commit = StepStatus.SEALED, data["commit"]
    for feature in milestone.features:  # of one that an amendment did not change nothing else tells
        feature.status = StepStatus.INTEGRATED
    report.commit, report.branch = data["commit"], data["branch"]


def _landed(report: MissionReport, data: Data) -> None:
    _milestone(report, data["milestone"]).landed = True


def _base_moved(report: MissionReport, data: Data) -> None:
    report.base_moved = BaseMovedReport(**{name: data[name] for name in BaseMovedReport.model_fields})


def _result_landed(report: MissionReport, data: Data) -> None:
    """What was known of this landing stays; where the branch had gone is told by it from now on."""
    facts = {name: data[name] for name in ("commit", "branch", "onto", "merged")}
    known = report.landing.verdicts if report.landing and report.landing.commit == data["commit"] else []
    report.landing, report.base_moved = LandingReport(**facts, verdicts=known), None


def _milestone_failed(report: MissionReport, data: Data) -> None:
    milestone = _milestone(report, data["milestone"])
    milestone.status, milestone.reason = StepStatus.FAILED, data["reason"]


def _finding(report: MissionReport, data: Data) -> None:
    given = {name: data[to_camel(name)] for name in FindingReport.model_fields if to_camel(name) in data}
    report.findings.append(FindingReport(**given))


def _finding_resolved(report: MissionReport, data: Data) -> None:
    finding = next(finding for finding in report.findings if finding.id == data["id"])
    finding.fate = data["fate"]
    told = {"fixed": ("commit", "proof"), "dismissed": ("by", "why")}.get(finding.fate, ())
    finding.settled = ": ".join(str(data[name]) for name in told if data.get(name))


def nobody_at_work(report: MissionReport) -> None:
    """What was going on when the run ended, or its process did, was stopped with it."""
    steps: list[MilestoneReport | FeatureReport] = [*report.milestones]
    steps += [feature for milestone in report.milestones for feature in milestone.features]
    for step in steps:
        if step.status is StepStatus.RUNNING:
            step.status = StepStatus.STOPPED


def _stop_requested(report: MissionReport, data: Data) -> None:
    how = "; what is at work is finished first" if data["drain"] else ""
    report.reason = f"asked to {data['action']} by {data['by']}{how}"


def _ended(status: RunStatus) -> Callable[[MissionReport, Data], None]:
    def fold(report: MissionReport, data: Data) -> None:
        report.status, report.reason = status, data.get("reason", "")
        if status is RunStatus.PASSED:
            report.commit, report.branch = data.get("commit", report.commit), data.get("branch", report.branch)
        nobody_at_work(report)

    return fold


_FOLDS: dict[Kind, Callable[[MissionReport, Data], None]] = {
    Kind.MISSION_RUN_STARTED: _run_started,
    Kind.PLAN_PROPOSED: _proposed,
    Kind.PLAN_APPROVED: _approved,
    Kind.PLAN_REJECTED: _rejected,
    Kind.PLAN_AMENDED: _amended,
    Kind.GATE_OPENED: _gate_opened,
    Kind.GATE_CLOSED: _gate_closed,
    Kind.CHECK_WITNESSED: _witnessed,
    Kind.MILESTONE_STARTED: _milestone_started,
    Kind.WORKER_STARTED: _worker_started,
    Kind.WORKER_COMPLETED: _worker_completed,
    Kind.WORKER_FAILED: _worker_failed,
    Kind.WORKER_PAUSED: _worker_paused,
    Kind.AGENT_PARKED: _parked,
    Kind.TESTS_WITNESSED: _tests_witnessed,
    Kind.FEATURE_FAILED: _feature_failed,
    Kind.FEATURE_BLOCKED: _feature_blocked,
    Kind.FEATURE_RETRIED: _feature_retried,
    Kind.FEATURE_SKIPPED: _skipped,
    Kind.MERGE_TRIED: _merge_tried,
    Kind.FEATURE_INTEGRATED: _integrated,
    Kind.PRESENCE_PROVED: _presence,
    Kind.INTEGRATION_FAILED: _integration_failed,
    Kind.MILESTONE_VALIDATION_TRIGGERED: _validating,
    Kind.VERDICT_RECORDED: _verdict,
    Kind.CULPRITS_FOUND: _culprits,
    Kind.REPAIR_STARTED: _repairing,
    Kind.MILESTONE_SEALED: _sealed,
    Kind.MILESTONE_LANDED: _landed,
    Kind.MILESTONE_FAILED: _milestone_failed,
    Kind.BASE_MOVED: _base_moved,
    Kind.RESULT_LANDED: _result_landed,
    Kind.FINDING_RECORDED: _finding,
    Kind.FINDING_RESOLVED: _finding_resolved,
    Kind.STOP_REQUESTED: _stop_requested,
    Kind.MISSION_PAUSED: _ended(RunStatus.PAUSED),
    Kind.MISSION_COMPLETED: _ended(RunStatus.PASSED),
    Kind.MISSION_FAILED: _ended(RunStatus.FAILED),
    Kind.MISSION_CANCELLED: _ended(RunStatus.CANCELLED),
}
