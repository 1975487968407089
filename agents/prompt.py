"""The prose of an assignment, from the role's page in `prompts/`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from string import Template

from agents.base import Assignment
from blueprints.schema import Role

_PAGES = Path(__file__).with_name("prompts")

_HANDOFF = """
# When you are done

Write a JSON object to the file named by the environment variable `MISSION_HANDOFF`:
`{"salientSummary": "one to four sentences", "whatWasImplemented": "", "whatWasLeftUndone": "",
"verification": {"commandsRun": [{"command": "", "exitCode": 0, "observation": ""}]}, "tests": {"added": []},
"discoveredIssues": [{"severity": "blocking|non_blocking|suggestion", "description": "", "suggestedFix": ""}]}`
Then stop. Whether the work is done is decided by what git and the checks show."""


def prompt(assignment: Assignment) -> str:
    """Everything the agent is told, as Markdown."""
    return _page(assignment.role.value).substitute(
        mission=assignment.mission,
        goal=assignment.goal,
        milestone=assignment.milestone,
        feature=assignment.feature,
        title=assignment.title,
        spec=assignment.spec,
        assertions=_assertions(assignment),
        touches=_section("It should stay within these paths", [f"`{path}`" for path in assignment.touches]),
        skill=_section("Use this skill", [assignment.skill] if assignment.skill else []),
        failures=_section("What was wrong before", assignment.failures),
        addresses=_section("Where it runs", [f"`{name}` {url}" for name, url in assignment.addresses.items()]),
        instructions=_text("Besides", assignment.instructions),
        diff=_text("The change", _fenced(assignment.diff, "diff")),
        summary=_text("What its author says: a claim, not evidence", _fenced(assignment.summary, "")),
        handoff=_HANDOFF,
    )


@cache
def _page(role: str) -> Template:
    return Template((_PAGES / f"{role}.md").read_text(encoding="utf-8"))


def _assertions(assignment: Assignment) -> str:
    title = "Does each of these hold?" if assignment.role is Role.TESTER else "It must make these true"
    return _section(title, [f"`{identifier}` {says}" for identifier, says in assignment.assertions.items()])


def _section(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    return f"\n## {title}\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"


def _text(title: str, text: str) -> str:
    return f"\n## {title}\n\n{text}\n" if text else ""


def _fenced(text: str, language: str) -> str:
    """Other people's text, between fences that it cannot close."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}" if text else ""
