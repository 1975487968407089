"""The report for people: Markdown for terminals, pull requests and Prefect's UI; HTML for a browser."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from markdown_it import MarkdownIt

from blueprints.text import counted
from ledger import drawing, picture
from ledger.events import Event, Kind
from ledger.report import (
    AmendmentReport,
    CulpritsReport,
    FeatureReport,
    FindingReport,
    MergeReport,
    MilestoneReport,
    MissionReport,
    RungReport,
    RunStatus,
    SkippedReport,
    Totals,
    VerdictReport,
)

_SEEN = 300
"""How much of what was seen a table shows, in characters."""
_RULE = re.compile(r"([-=_*~])\1{4,}")
_SIGNS = {
    "passed": "✓",
    "sealed": "✓",
    "integrated": "✓",
    "done": "✓",
    "failed": "✗",
    "quarantined": "✗",
    "rejected": "✗",
    "blocked": "✗",
    "inconclusive": "?",
}


def sign(status: str) -> str:
    """A status as a sign, where there is one, and a word."""
    return f"{_SIGNS.get(status, '')} {status}".strip()


def duration(seconds: float) -> str:
    """`4.2 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def markdown(report: MissionReport) -> str:
    """The whole story, most important first."""
    return _joined([*_outcome(report), picture.markdown(report), *_details(report)])


def html(report: MissionReport) -> str:
    """The same as one self-contained page, with the screenshots that are among the evidence."""
    renderer = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    first, rest = (renderer.render(_joined(parts)) for parts in (_outcome(report), _details(report)))
    body = first + drawing.section(report) + rest + _screenshots(report)
    return _PAGE.format(title=escape(f"{report.mission}: {report.status}"), body=body)


def _outcome(report: MissionReport) -> list[str]:
    return [_head(report), _contract(report)]


def _details(report: MissionReport) -> list[str]:
    return [
        *map(_milestone, report.milestones),
        _landing(report),
        _decisions(report),
        _findings(report),
        _totals(report),
    ]


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _screenshots(report: MissionReport) -> str:
    """Only files of the run folder, by relative path: nothing that an agent wrote makes an image of its own."""
    verdicts = [verdict for milestone in report.milestones for verdict in milestone.verdicts]
    shown = {path: verdict.id for verdict in verdicts for path in verdict.evidence if path.endswith(".png")}
    figures = "".join(
        f'<figure><a href="{quote(path)}"><img loading="lazy" src="{quote(path)}" alt="{escape(path)}"></a>'
        f"<figcaption><code>{escape(identifier)}</code> {escape(path.rpartition('/')[2])}</figcaption></figure>\n"
        for path, identifier in shown.items()
    )
    return f"<h2>Screenshots</h2>\n{figures}" if figures else ""


def red_at_base(events: Iterable[Event]) -> str:
    """How the assertions stand before the work, as a table for the approver."""
    seen = {event.data["id"]: event.data for event in events if event.kind is Kind.CHECK_WITNESSED}
    if not seen:
        return ""
    rows = [[f"`{name}`", sign(data["status"]), _seen(data["reason"])] for name, data in seen.items()]
    return "## Before the work\n\n" + table(["check", "verdict", "seen"], rows)


def cell(text: str) -> str:
    """Text that stays in its table cell."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _seen(reason: str) -> str:
    """The end of what was seen, where a command's output tells most, without the rules that runners draw."""
    return cell(_RULE.sub("…", reason)[-_SEEN:])


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines)


def _head(report: MissionReport) -> str:
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
    landing = report.landing
    if landing is None or landing.branch is None:
        return ""
    where = f"Landed on `{landing.branch}` at `{landing.commit}`"
    if not landing.merged:
        return f"{where}."
    onto = f", `{landing.onto}`," if landing.onto else ""
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


def _landing(report: MissionReport) -> str:
    """What a landing was verified by, also when that refused it."""
    if report.landing is None or not report.landing.verdicts:
        return ""
    about = f"**Verdicts** on `{report.landing.commit}`:"
    rows = table(["check", "verdict", "time", "seen"], map(_verdict, report.landing.verdicts))
    return f"## Landing\n\n{about}\n\n{rows}"


def _contract(report: MissionReport) -> str:
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


def _milestone(milestone: MilestoneReport) -> str:
    parts = [
        f"## {sign(milestone.status)}: {milestone.name}",
        cell(milestone.objective),
        cell(milestone.reason),
    ]
    parts.append(table(["feature", "status", "attempts", "time", "what"], map(_feature, milestone.features)))
    if tests := "\n".join(_tests(feature) for feature in milestone.features if feature.tests):
        parts.append(f"**Tests added:**\n\n{tests}")
    if milestone.before:
        rows = [[f"`{w.id}`", sign(w.status), _seen(w.reason)] for w in milestone.before]
        about = f"**Before the work**, on `{milestone.before[-1].base}`:"
        parts += [about, table(["check", "verdict", "seen"], rows)]
    if milestone.integration.merges:
        parts.append(f"**Integrated:** {', '.join(map(_merge, milestone.integration.merges))}")
    if milestone.integration.tried:
        head = ["feature", "tried", "result", "time", "agents", "why not"]
        parts += ["**Conflicts:**", table(head, map(_rung, milestone.integration.tried))]
    if conflicts := "\n".join(_conflict(each) for each in milestone.culprits if len(each.features) > 1):
        parts.append(f"**Fine alone, broken together:**\n\n{conflicts}")
    if milestone.repaired:
        parts.append(f"**Repaired:** {', '.join(f'`{name}`' for name in milestone.repaired)}")
    if milestone.verdicts:
        about = f"**Verdicts** on `{milestone.commit}`, round {milestone.rounds}:"
        parts += [about, table(["check", "verdict", "time", "seen"], map(_verdict, milestone.verdicts))]
    return "\n\n".join(part for part in parts if part)


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
        _seen(tried.reason),
    ]


def _conflict(found: CulpritsReport) -> str:
    names = " and ".join(f"`{name}`" for name in found.features)
    return f"- {names}: `{found.check}`, found with {counted(found.trials, 'trial')}; {_seen(found.reason)}"


def _feature(feature: FeatureReport) -> list[str]:
    what = feature.reason or feature.summary or feature.title
    return [
        f"`{feature.id}`",
        sign(feature.status),
        str(feature.attempts),
        duration(feature.seconds),
        cell(what[:300]),
    ]


def _tests(feature: FeatureReport) -> str:
    """One line: red without the feature's work, green with it."""
    assert feature.tests
    names = ", ".join(f"`{file}`" for file in feature.tests.files)
    red = f"without its work: {_seen(feature.tests.red)}; " if feature.tests.red else ""
    return f"- `{feature.id}`: {names}; {red}with it: {_seen(feature.tests.green)}"


def _verdict(verdict: VerdictReport) -> list[str]:
    seen = _seen(verdict.reason)
    evidence = " ".join(f"[{path.rpartition('/')[2]}]({path})" for path in verdict.evidence)
    return [
        f"`{verdict.id}` {cell(verdict.says)}",
        sign(verdict.status),
        duration(verdict.seconds),
        f"{seen} {evidence}",
    ]


def _decisions(report: MissionReport) -> str:
    if not report.decisions:
        return ""
    rows = [[d.at, cell(d.by), f"`{d.about}`", cell(d.decision), cell(d.note)] for d in report.decisions]
    return "## Decisions\n\n" + table(["when", "who", "about", "decision", "note"], rows)


def _findings(report: MissionReport) -> str:
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


def _totals(report: MissionReport) -> str:
    totals = report.totals
    roles = ", ".join(f"{role} {duration(seconds)}" for role, seconds in totals.seconds_by_role.items())
    counts = {"agent run": totals.agent_runs, "feature": totals.features, "repair": totals.repairs}
    lines = [", ".join(counted(n, name) for name, n in counts.items()) + "."]
    if roles:
        lines.append(f"Agents' time: {roles}.")
    lines += [*_turns(totals), *_tokens(totals)]
    price = "unknown" if totals.usd is None else f"{totals.usd:.2f} USD"
    if totals.runs_with_unknown_usage and totals.usd is not None:
        price += f", and {totals.runs_with_unknown_usage} runs of unknown price"
    lines.append(f"Price: {price}.")
    return "## Totals\n\n" + " ".join(lines)


def _turns(totals: Totals) -> list[str]:
    turns = [f"{role} {t.median:g} and {t.p90:g}" for role, t in totals.turns.items()]
    tools = [f"{tool} {calls}" for tool, calls in sorted(totals.tools.items(), key=lambda each: -each[1])]
    lines = [f"Turns, median and p90: {', '.join(turns)}."] if turns else []
    return lines + ([f"Tool calls: {', '.join(tools)}."] if tools else [])


def _tokens(totals: Totals) -> list[str]:
    if not totals.tokens:
        return []
    kinds = list(dict.fromkeys(kind for used in totals.tokens.values() for kind in used))
    rows = [["tokens", *kinds], ["---", *["---:"] * len(kinds)]]
    rows += [[role, *(f"{used.get(kind, 0):,.0f}" for kind in kinds)] for role, used in totals.tokens.items()]
    return ["\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n\n"]


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1c2024; }}
table {{ border-collapse: collapse; width: 100%; margin: 1rem 0; }}
th, td {{ text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #d9dce0; }}
th {{ background: #f3f4f6; }}
code {{ background: #f3f4f6; padding: .1rem .25rem; border-radius: .2rem; font-size: .9em; overflow-wrap: anywhere; }}
td:first-child code {{ white-space: nowrap; }} td:nth-child(2) {{ min-width: 8rem; }}
h2 {{ margin-top: 2.2rem; }}
figure {{ display: inline-block; width: 21rem; margin: .5rem 1rem .5rem 0; vertical-align: top; }}
figure img {{ width: 100%; border: 1px solid #d9dce0; }} figcaption {{ font-size: .85em; }}
@media (prefers-color-scheme: dark) {{
  body {{ background: #14171a; color: #e6e8ea; }} th, code {{ background: #22272c; }}
  th, td {{ border-color: #333a41; }} a {{ color: #8ab4f8; }}
}}
</style></head><body>
{body}</body></html>
"""
