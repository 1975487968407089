"""What was proved, sealed, landed and found, in the report."""

from __future__ import annotations

from pydantic.alias_generators import to_camel

from ledger.events import Kind
from ledger.places import Data, Folding, feature_of, milestone_of
from ledger.report import (
    LANDING,
    BaseMovedReport,
    CulpritsReport,
    FindingReport,
    LandingReport,
    MissionReport,
    StepStatus,
    TestsReport,
    VerdictReport,
    WitnessReport,
)


def _milestone_started(report: MissionReport, data: Data) -> None:
    milestone = milestone_of(report, data["milestone"])
    milestone.status, milestone.base, milestone.reason = StepStatus.RUNNING, data["base"], ""


def _witnessed(report: MissionReport, data: Data) -> None:
    if data["since"].startswith(LANDING):
        return
    seen = WitnessReport(**{name: data[name] for name in WitnessReport.model_fields})
    milestone = milestone_of(report, data["since"])
    milestone.before = sorted([w for w in milestone.before if w.id != seen.id] + [seen], key=_by_id)


def _by_id(judged: VerdictReport | WitnessReport) -> str:
    return judged.id


def _tests_witnessed(report: MissionReport, data: Data) -> None:
    feature_of(report, data).tests = TestsReport(files=data["files"], red=data["red"], green=data["green"])


def _validating(report: MissionReport, data: Data) -> None:
    if data["milestone"].startswith(LANDING):
        report.landing = LandingReport(commit=data["commit"])
        return
    milestone = milestone_of(report, data["milestone"])
    milestone.rounds += 1
    milestone.commit, milestone.verdicts = data["commit"], []
    milestone.integration.status, milestone.integration.reason = "done", ""


def _verdict(report: MissionReport, data: Data) -> None:
    verdict = VerdictReport(**{name: data[to_camel(name)] for name in VerdictReport.model_fields})
    if report.landing and data["milestone"].startswith(LANDING):
        report.landing.verdicts = sorted([*report.landing.verdicts, verdict], key=_by_id)
        return
    milestone = milestone_of(report, data["milestone"])
    others = [v for v in milestone.verdicts if v.id != verdict.id]
    milestone.verdicts = sorted([*others, verdict], key=_by_id)  # they are recorded as they end
    for entry in report.contract:
        if entry.id == verdict.assertion:
            kept = entry.checks if entry.commit == verdict.commit else {}
            entry.commit, entry.checks = verdict.commit, {**kept, verdict.id: verdict.status}


def _culprits(report: MissionReport, data: Data) -> None:
    found = CulpritsReport(**{name: data[name] for name in CulpritsReport.model_fields})
    milestone = milestone_of(report, data["milestone"])
    milestone.culprits = [each for each in milestone.culprits if each.check != found.check] + [found]


def _repairing(report: MissionReport, data: Data) -> None:
    report.totals.repairs += 1
    milestone = milestone_of(report, data["milestone"])
    milestone.repaired = list(dict.fromkeys([*milestone.repaired, *data["failing"]]))


def _sealed(report: MissionReport, data: Data) -> None:
    milestone = milestone_of(report, data["milestone"])
    milestone.status, milestone.commit = StepStatus.SEALED, data["commit"]
    for feature in milestone.features:  # of one that an amendment did not change nothing else tells
        feature.status = StepStatus.INTEGRATED
    report.commit, report.branch = data["commit"], data["branch"]


def _landed(report: MissionReport, data: Data) -> None:
    milestone_of(report, data["milestone"]).landed = True


def _milestone_failed(report: MissionReport, data: Data) -> None:
    milestone = milestone_of(report, data["milestone"])
    milestone.status, milestone.reason = StepStatus.FAILED, data["reason"]


def _base_moved(report: MissionReport, data: Data) -> None:
    report.base_moved = BaseMovedReport(**{name: data[name] for name in BaseMovedReport.model_fields})


def _result_landed(report: MissionReport, data: Data) -> None:
    """What was known of this landing stays; where the branch had gone is told by it from now on."""
    facts = {name: data[name] for name in ("commit", "branch", "onto", "merged")}
    known = report.landing.verdicts if report.landing and report.landing.commit == data["commit"] else []
    report.landing, report.base_moved = LandingReport(**facts, verdicts=known), None


def _finding(report: MissionReport, data: Data) -> None:
    given = {name: data[to_camel(name)] for name in FindingReport.model_fields if to_camel(name) in data}
    report.findings.append(FindingReport(**given))


def _finding_resolved(report: MissionReport, data: Data) -> None:
    finding = next(finding for finding in report.findings if finding.id == data["id"])
    finding.fate = data["fate"]
    told = {"fixed": ("commit", "proof"), "dismissed": ("by", "why")}.get(finding.fate, ())
    finding.settled = ": ".join(str(data[name]) for name in told if data.get(name))


FOLDS: dict[Kind, Folding] = {
    Kind.CHECK_WITNESSED: _witnessed,
    Kind.MILESTONE_STARTED: _milestone_started,
    Kind.TESTS_WITNESSED: _tests_witnessed,
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
}
