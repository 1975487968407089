"""The report for people: Markdown for terminals, pull requests and Prefect's UI; HTML for a browser."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from markdown_it import MarkdownIt

from ledger import drawing, picture
from ledger.cells import seen, sign, table
from ledger.events import Event, Kind
from ledger.render_milestone import milestone_section
from ledger.render_mission import contract, decisions, findings, head, landing, totals
from ledger.report import MissionReport


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
    return [head(report), contract(report)]


def _details(report: MissionReport) -> list[str]:
    return [
        *map(milestone_section, report.milestones),
        landing(report),
        decisions(report),
        findings(report),
        totals(report),
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
    witnessed = {event.data["id"]: event.data for event in events if event.kind is Kind.CHECK_WITNESSED}
    if not witnessed:
        return ""
    rows = [[f"`{name}`", sign(data["status"]), seen(data["reason"])] for name, data in witnessed.items()]
    return "## Before the work\n\n" + table(["check", "verdict", "seen"], rows)


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
