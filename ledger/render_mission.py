"""The report's sections about the mission as a whole."""

from __future__ import annotations

from blueprints.text import counted
from ledger.cells import cell, duration, sign, table
from ledger.render_milestone import verdict_table
from ledger.report import AmendmentReport, FindingReport, MissionReport, RunStatus, SkippedReport, Totals


def head(report: MissionReport) -> str:
    lines = [f"# {sign(report.status)}: {report.mission}", report.goal.strip()]
    if report.reason:
        lines.append(f"**Why:** {cell(report.reason)}")
    if report.branch:
        lines.append(f"The result is branch `{report.branch}` at `{report.commit}` in `{report.repository}`.")
    lines += [text for text in (_landed(report), _drift(report)) if text]
    lines += [*map(_skipped, report.skipped), *map(_amendment, report.amendments)]
    base = f" from `{report.base_branch}` at `{report.base}`" if report.base else ""
    lines.append(f"Run `{report.run}`{base}, started {report.started_at}, {duration(report.seconds)}.")
    return "\n\n".join(lines)


def _skipped(skipped: SkippedReport) -> str:
    unproved = f", and with it {', '.join(f'`{name}`' for name in skipped.assertions)}" if skipped.assertions else ""
    return f"**Skipped:** `{skipped.feature}`{unproved}, at {skipped.at} by {cell(skipped.by)}: {cell(skipped.why)}"


def _amendment(amendment: AmendmentReport) -> str:
    again = ", ".join(f"`{name}`" for name in amendment.again) or "no feature"
    told = f"The plan was amended at {amendment.at} by {cell(amendment.by)}"
    return f"{told}; to be done from then on, as far as it was done before: {again}."


def _landed(report: MissionReport) -> str:
    landed = report.landing
    if landed is None or landed.branch is None:
        return ""
    where = f"Landed on `{landed.branch}` at `{landed.commit}`"
    if not landed.merged:
        return f"{where}."
    onto = f", `{landed.onto}`," if landed.onto else ""
    return f"{where}: merged with what was there{onto} and verified again on exactly that commit."


def _drift(report: MissionReport) -> str:
    """The base branch went on without the run; what is to be done about it, where there is a result."""
    moved = report.base_moved
    if moved is None:
        return ""
    stands = f"the work stands on the recorded base `{moved.base}`"
    if moved.tip is None:
        return f"Meanwhile `{moved.branch}` was deleted; {stands}."
    if moved.commits is None:
        return f"Meanwhile `{moved.branch}` was rewritten, and is at `{moved.tip}`; {stands}, which it no longer holds."
    told = f"Meanwhile `{moved.branch}` moved by {counted(moved.commits, 'commit')} to `{moved.tip}`; {stands}"
    if report.status is not RunStatus.PASSED:
        return f"{told}."
    return (
        f"{told}, and `mission land {report.run}` brings the two together and verifies that before it moves anything."
    )


def contract(report: MissionReport) -> str:
    """What holds, and on which commit: the claim is about that one and no other."""
    if not report.contract:
        return ""
    held = [entry for entry in report.contract if entry.status == "passed" and entry.commit == report.commit]
    about = f"**Contract:** {len(held)} of {len(report.contract)} assertions hold at `{report.commit}`."
    rest = [entry for entry in report.contract if entry not in held]
    if report.commit is None or not rest:
        return about if report.commit else ""
    rows = [[f"`{e.id}` {cell(e.says)}", sign(e.status), f"`{e.commit}`" if e.commit else ""] for e in rest]
    return f"{about}\n\n" + table(["not so", "verdict", "commit"], rows)


def landing(report: MissionReport) -> str:
    """What a landing was verified by, also when that refused it."""
    if report.landing is None or not report.landing.verdicts:
        return ""
    about = f"**Verdicts** on `{report.landing.commit}`:"
    rows = verdict_table(report.landing.verdicts)
    return f"## Landing\n\n{about}\n\n{rows}"


def decisions(report: MissionReport) -> str:
    if not report.decisions:
        return ""
    rows = [[d.at, cell(d.by), f"`{d.about}`", cell(d.decision), cell(d.note)] for d in report.decisions]
    return "## Decisions\n\n" + table(["when", "who", "about", "decision", "note"], rows)


def findings(report: MissionReport) -> str:
    if not report.findings:
        return ""
    rows = [
        [
            f.id,
            f.severity,
            cell(f.description),
            cell(f.suggested_fix),
            _origin(f),
            cell(f"{f.fate} {f.settled}".strip()),
        ]
        for f in report.findings
    ]
    return "## Findings\n\n" + table(["id", "severity", "what", "suggested fix", "from", "fate"], rows)


def _origin(finding: FindingReport) -> str:
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    parts = [f"`{finding.source}`", f"about `{finding.about}`" if finding.about else "", cell(place)]
    return " ".join(part for part in parts if part)


def totals(report: MissionReport) -> str:
    sums = report.totals
    roles = ", ".join(f"{role} {duration(seconds)}" for role, seconds in sums.seconds_by_role.items())
    counts = {"agent run": sums.agent_runs, "feature": sums.features, "repair": sums.repairs}
    lines = [", ".join(counted(n, name) for name, n in counts.items()) + "."]
    if roles:
        lines.append(f"Agents' time: {roles}.")
    lines += [*_turns(sums), *_tokens(sums)]
    price = "unknown" if sums.usd is None else f"{sums.usd:.2f} USD"
    if sums.runs_with_unknown_usage and sums.usd is not None:
        price += f", and {sums.runs_with_unknown_usage} runs of unknown price"
    lines.append(f"Price: {price}.")
    return "## Totals\n\n" + " ".join(lines)


def _turns(sums: Totals) -> list[str]:
    turns = [f"{role} {t.median:g} and {t.p90:g}" for role, t in sums.turns.items()]
    tools = [f"{tool} {calls}" for tool, calls in sorted(sums.tools.items(), key=lambda each: -each[1])]
    lines = [f"Turns, median and p90: {', '.join(turns)}."] if turns else []
    return lines + ([f"Tool calls: {', '.join(tools)}."] if tools else [])


def _tokens(sums: Totals) -> list[str]:
    if not sums.tokens:
        return []
    kinds = list(dict.fromkeys(kind for used in sums.tokens.values() for kind in used))
    rows = [[role, *(f"{used.get(kind, 0):,.0f}" for kind in kinds)] for role, used in sums.tokens.items()]
    return ["\n\n" + table(["tokens", *kinds], rows, numbers=True) + "\n\n"]
