"""What agents did, and how their work came together, in the report."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic.alias_generators import to_camel

from ledger.events import Kind
from ledger.places import Data, Folding, feature_of, milestone_of
from ledger.report import (
    MergeReport,
    MissionReport,
    RungReport,
    RunStatus,
    SkippedReport,
    StepStatus,
    Totals,
    TurnsReport,
)


def _worker_started(report: MissionReport, data: Data) -> None:
    report.totals.agent_runs += 1
    if report.status is not RunStatus.WAITING:
        report.reason = ""
    if data["role"] == "worker":
        feature = feature_of(report, data)
        feature.status, feature.base, feature.reason = StepStatus.RUNNING, data["base"], ""
        feature.attempts += 1
        feature.agent_runs += 1


def _worker_ended(report: MissionReport, data: Data) -> None:
    totals, role = report.totals, data["role"]
    totals.seconds_by_role[role] = round(totals.seconds_by_role.get(role, 0.0) + data["seconds"], 3)
    _count_usage(totals, role, data.get("usage"))
    _count_calls(totals, role, data)
    if role == "worker":
        feature = feature_of(report, data)
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
        feature = feature_of(report, data)
        feature.status, feature.commit, feature.summary = StepStatus.DONE, data["commitId"], data["summary"]
        report.totals.features += 1


def _worker_failed(report: MissionReport, data: Data) -> None:
    _worker_ended(report, data)
    if data["role"] == "worker":
        feature_of(report, data).reason = data["reason"]


def _worker_paused(report: MissionReport, data: Data) -> None:
    _worker_ended(report, data)
    if data["role"] == "worker":
        feature = feature_of(report, data)
        feature.status, feature.reason = StepStatus.STOPPED, data["reason"]


def _parked(report: MissionReport, data: Data) -> None:
    until = data["until"]
    clock = f" until {datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M:%S} UTC" if until else ""
    told = f"{data['agent']} is parked{clock}: {data['reason']}"
    if data["role"] == "worker":
        feature = feature_of(report, data)
        feature.status, feature.reason = StepStatus.PARKED, told
    elif not report.status.over:
        report.reason = told


def _feature_failed(report: MissionReport, data: Data) -> None:
    feature = feature_of(report, data)
    feature.status, feature.reason = StepStatus(data["status"]), data["reason"]


def _feature_blocked(report: MissionReport, data: Data) -> None:
    feature = feature_of(report, data)
    feature.status, feature.reason = StepStatus.BLOCKED, data["reason"]


def _feature_retried(report: MissionReport, data: Data) -> None:
    feature = feature_of(report, data)
    feature.status, feature.reason = StepStatus.PENDING, f"to be done anew, says {data['by']}"


def _skipped(report: MissionReport, data: Data) -> None:
    """One that a later amendment brought back is skipped no more."""
    if not any(f.id == data["featureId"] for milestone in report.milestones for f in milestone.features):
        facts = {name: data[name] for name in ("milestone", "at", "by", "why", "assertions")}
        report.skipped.append(SkippedReport(feature=data["featureId"], **facts))


def _integrated(report: MissionReport, data: Data) -> None:
    milestone_of(report, data["milestone"]).culprits = []  # those of another commit
    integration = milestone_of(report, data["milestone"]).integration
    known = {name: data[to_camel(name)] for name in MergeReport.model_fields if to_camel(name) in data}
    merge = MergeReport(feature=data["featureId"], **known)
    integration.merges = [m for m in integration.merges if m.feature != merge.feature] + [merge]
    integration.status = "running"
    feature_of(report, data).status = StepStatus.INTEGRATED


def _merge_tried(report: MissionReport, data: Data) -> None:
    """What was only joined for another feature is no part of the integration."""
    if data["joining"]:
        return
    facts = {name: data[to_camel(name)] for name in RungReport.model_fields if to_camel(name) in data}
    tried = RungReport(feature=data["featureId"], **facts)
    integration = milestone_of(report, data["milestone"]).integration
    same = (tried.feature, tried.rung)
    integration.tried = [each for each in integration.tried if (each.feature, each.rung) != same] + [tried]
    if tried.rung == "rebuilt" and tried.status != StepStatus.DONE:
        feature = feature_of(report, data)
        feature.status, feature.reason = StepStatus(tried.status), tried.reason


def _presence(report: MissionReport, data: Data) -> None:
    for merge in milestone_of(report, data["milestone"]).integration.merges:
        if merge.feature == data["featureId"]:
            merge.presence = data["how"]


def _integration_failed(report: MissionReport, data: Data) -> None:
    integration = milestone_of(report, data["milestone"]).integration
    integration.status, integration.reason = "failed", data["reason"]


FOLDS: dict[Kind, Folding] = {
    Kind.WORKER_STARTED: _worker_started,
    Kind.WORKER_COMPLETED: _worker_completed,
    Kind.WORKER_FAILED: _worker_failed,
    Kind.WORKER_PAUSED: _worker_paused,
    Kind.AGENT_PARKED: _parked,
    Kind.FEATURE_FAILED: _feature_failed,
    Kind.FEATURE_BLOCKED: _feature_blocked,
    Kind.FEATURE_RETRIED: _feature_retried,
    Kind.FEATURE_SKIPPED: _skipped,
    Kind.MERGE_TRIED: _merge_tried,
    Kind.FEATURE_INTEGRATED: _integrated,
    Kind.PRESENCE_PROVED: _presence,
    Kind.INTEGRATION_FAILED: _integration_failed,
}
