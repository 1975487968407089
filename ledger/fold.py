"""The ledger folded into the report: each kind of event changes its figures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydantic.alias_generators import to_camel

from blueprints.plan import Plan, PlannedMilestone
from ledger import fold_proof, fold_work
from ledger.events import Event, Kind
from ledger.places import Data, Folding
from ledger.report import (
    AmendmentReport,
    AssertionReport,
    DecisionReport,
    FeatureReport,
    IntegrationReport,
    MilestoneReport,
    MissionReport,
    RunStatus,
    StepStatus,
    Totals,
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


def _ignore(report: MissionReport, data: Data) -> None:
    """Events that change no figure."""


def _run_started(report: MissionReport, data: Data) -> None:
    report.status = RunStatus.RUNNING
    report.reason = ""
    report.repository, report.base, report.ui = data["repository"], data["base"], data.get("ui")


def _proposed(report: MissionReport, _data: Data) -> None:
    report.status, report.reason = RunStatus.WAITING, "the plan waits for approval"


def _approved(report: MissionReport, data: Data) -> None:
    _plan_decided(report, data)
    report.status, report.reason = RunStatus.RUNNING, ""


def _rejected(report: MissionReport, data: Data) -> None:
    _plan_decided(report, data)
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


def _gate_closed(report: MissionReport, data: Data) -> None:
    _decided(report, data, data["gate"], data["answer"])
    report.status, report.reason = RunStatus.RUNNING, ""


def _accepted(report: MissionReport, data: Data) -> None:
    _decided(report, data, data["assertion"], "accept")


def _decided(report: MissionReport, data: Data, about: str, decision: str) -> None:
    told = DecisionReport(at=data["at"], by=data["by"], about=about, decision=decision, note=data.get("note", ""))
    report.decisions.append(told)


def _plan_decided(report: MissionReport, data: Data) -> None:
    _decided(report, data, f"plan {data['plan'][:12]}", data["decision"])


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


def _ended(status: RunStatus) -> Folding:
    def fold(report: MissionReport, data: Data) -> None:
        report.status, report.reason = status, data.get("reason", "")
        if status is RunStatus.PASSED:
            report.commit, report.branch = data.get("commit", report.commit), data.get("branch", report.branch)
        nobody_at_work(report)

    return fold


_FOLDS: dict[Kind, Folding] = {
    Kind.MISSION_RUN_STARTED: _run_started,
    Kind.PLAN_PROPOSED: _proposed,
    Kind.PLAN_APPROVED: _approved,
    Kind.PLAN_REJECTED: _rejected,
    Kind.PLAN_AMENDED: _amended,
    Kind.ASSERTION_ACCEPTED: _accepted,
    Kind.GATE_OPENED: _gate_opened,
    Kind.GATE_CLOSED: _gate_closed,
    Kind.STOP_REQUESTED: _stop_requested,
    Kind.MISSION_PAUSED: _ended(RunStatus.PAUSED),
    Kind.MISSION_COMPLETED: _ended(RunStatus.PASSED),
    Kind.MISSION_FAILED: _ended(RunStatus.FAILED),
    Kind.MISSION_CANCELLED: _ended(RunStatus.CANCELLED),
    **fold_work.FOLDS,
    **fold_proof.FOLDS,
}
