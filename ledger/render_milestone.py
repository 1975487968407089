"""The report's section about a milestone."""

from __future__ import annotations

from collections.abc import Iterable

from blueprints.text import counted
from ledger.cells import cell, duration, seen, sign, table
from ledger.report import (
    CulpritsReport,
    FeatureReport,
    MergeReport,
    MilestoneReport,
    RungReport,
    TestsReport,
    VerdictReport,
)


def milestone_section(milestone: MilestoneReport) -> str:
    parts = [
        f"## {sign(milestone.status)}: {milestone.name}",
        cell(milestone.objective),
        cell(milestone.reason),
        table(["feature", "status", "attempts", "time", "what"], map(_feature, milestone.features)),
        _tests(milestone),
        _before(milestone),
        _integration(milestone),
        _culprits(milestone),
    ]
    if milestone.repaired:
        parts.append(f"**Repaired:** {', '.join(f'`{name}`' for name in milestone.repaired)}")
    if milestone.verdicts:
        about = f"**Verdicts** on `{milestone.commit}`, round {milestone.rounds}:"
        parts += [about, verdict_table(milestone.verdicts)]
    return "\n\n".join(part for part in parts if part)


def verdict_table(verdicts: Iterable[VerdictReport]) -> str:
    return table(["check", "verdict", "time", "seen"], map(_verdict, verdicts))


def _verdict(verdict: VerdictReport) -> list[str]:
    evidence = " ".join(f"[{path.rpartition('/')[2]}]({path})" for path in verdict.evidence)
    return [
        f"`{verdict.id}` {cell(verdict.says)}",
        sign(verdict.status),
        duration(verdict.seconds),
        f"{seen(verdict.reason)} {evidence}",
    ]


def _feature(feature: FeatureReport) -> list[str]:
    what = feature.reason or feature.summary or feature.title
    return [
        f"`{feature.id}`",
        sign(feature.status),
        str(feature.attempts),
        duration(feature.seconds),
        cell(what[:300]),
    ]


def _tests(milestone: MilestoneReport) -> str:
    lines = [_added(feature.id, feature.tests) for feature in milestone.features if feature.tests]
    return "**Tests added:**\n\n" + "\n".join(lines) if lines else ""


def _added(feature: str, tests: TestsReport) -> str:
    """One line: red without the feature's work, green with it."""
    names = ", ".join(f"`{file}`" for file in tests.files)
    red = f"without its work: {seen(tests.red)}; " if tests.red else ""
    return f"- `{feature}`: {names}; {red}with it: {seen(tests.green)}"


def _before(milestone: MilestoneReport) -> str:
    if not milestone.before:
        return ""
    rows = [[f"`{w.id}`", sign(w.status), seen(w.reason)] for w in milestone.before]
    about = f"**Before the work**, on `{milestone.before[-1].base}`:"
    return f"{about}\n\n{table(['check', 'verdict', 'seen'], rows)}"


def _integration(milestone: MilestoneReport) -> str:
    parts: list[str] = []
    if milestone.integration.merges:
        parts.append(f"**Integrated:** {', '.join(map(_merge, milestone.integration.merges))}")
    if milestone.integration.tried:
        head = ["feature", "tried", "result", "time", "agents", "why not"]
        parts += ["**Conflicts:**", table(head, map(_rung, milestone.integration.tried))]
    return "\n\n".join(parts)


def _merge(merge: MergeReport) -> str:
    return f"{merge.feature}{'' if merge.how == 'clean' else f' ({merge.how})'}"


def _rung(tried: RungReport) -> list[str]:
    price = "" if tried.usd is None else f", {tried.usd:.2f} USD"
    agents = f"{counted(tried.agent_runs, 'run')}{price}" if tried.agent_runs else ""
    return [
        f"`{tried.feature}`",
        tried.rung,
        sign(tried.status),
        duration(tried.seconds),
        agents,
        seen(tried.reason),
    ]


def _culprits(milestone: MilestoneReport) -> str:
    lines = [_conflict(found) for found in milestone.culprits if len(found.features) > 1]
    return "**Fine alone, broken together:**\n\n" + "\n".join(lines) if lines else ""


def _conflict(found: CulpritsReport) -> str:
    names = " and ".join(f"`{name}`" for name in found.features)
    return f"- {names}: `{found.check}`, found with {counted(found.trials, 'trial')}; {seen(found.reason)}"
