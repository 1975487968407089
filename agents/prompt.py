"""The prose of an assignment, from the role's page in `prompts/`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Template

from agents.base import Assignment

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
        assertions=_section("It must make these true", [f"`{i}` {says}" for i, says in assignment.assertions.items()]),
        touches=_section("It should stay within these paths", [f"`{path}`" for path in assignment.touches]),
        skill=_section("Use this skill", [assignment.skill] if assignment.skill else []),
        failures=_section("What was wrong before", assignment.failures),
        handoff=_HANDOFF,
    )


@cache
def _page(role: str) -> Template:
    return Template((_PAGES / f"{role}.md").read_text(encoding="utf-8"))


def _section(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    return f"\n## {title}\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"
