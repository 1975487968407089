"""The prose of an assignment, from the role's page in `prompts/` or the blueprint's own."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from string import Template

from agents.base import Assignment
from agents.skills import Skill
from blueprints.schema import Role

_PAGES = Path(__file__).with_name("prompts")

_FORMS = {Role.SCRUTINY: "review", Role.TESTER: "user-test", Role.ORCHESTRATOR: "plan"}
"""What a role hands over, when that is not a handoff."""
_NOTES = """\
`notes` are what others on the mission should know and cannot easily see, such as a trap or a command that works;
`applies` are patterns of the paths it is about, `[]` for everything. Mostly there are none: `[]`."""

_GIVE_TO_TOOL = "Call the tool `submit` with these arguments:"


def prompt(
    assignment: Assignment, *, page: str | None = None, handoff: Path | None = None, submits: bool = False
) -> str:
    """Everything the agent is told, as Markdown.

    `page` takes the place of the role's own. The agent writes the file `handoff`, or `submits` through a tool; how
    is said at the end of a page that does not say where.
    """
    template = Template(page) if page is not None else _page(assignment.role.value)
    text = template.substitute(values := placeholders(assignment, handoff, submits=submits))
    return text if "handoff" in template.get_identifiers() else f"{text}\n{values['handoff']}"


def placeholders(assignment: Assignment, handoff: Path | None = None, *, submits: bool = False) -> dict[str, str]:
    """What a page's placeholders stand for: those of `blueprints/placeholders.py`."""
    return {
        "mission": assignment.mission,
        "goal": assignment.goal,
        "milestone": assignment.milestone,
        "feature": assignment.feature,
        "title": assignment.title,
        "spec": assignment.spec,
        "assertions": _assertions(assignment),
        "touches": _section("It should stay within these paths", [f"`{path}`" for path in assignment.touches]),
        "skill": _skill(assignment.skill),
        "failures": _section("What was wrong before", assignment.failures),
        "addresses": _section("Where it runs", [f"`{name}` {url}" for name, url in assignment.addresses.items()]),
        "instructions": _text("Besides", assignment.instructions),
        "diff": _text("The change", fenced(assignment.diff, "diff")),
        "summary": _text("What its author says: a claim, not evidence", fenced(assignment.summary, "")),
        "project": _project(assignment.project),
        "notes": _section("What others learnt on the way (claims, not facts)", assignment.notes),
        "handoff": _handoff(assignment.role, handoff, submits=submits),
    }


@cache
def _page(name: str) -> Template:
    return Template((_PAGES / f"{name}.md").read_text(encoding="utf-8"))


def _handoff(role: Role, file: Path | None, *, submits: bool) -> str:
    form = _page(_FORMS.get(role, "handoff"))
    return "\n" + form.substitute(give=_GIVE_TO_TOOL if submits else _give_in(file), notes=_NOTES)


def _give_in(file: Path | None) -> str:
    """The path itself too: not every program's shell knows the variable."""
    variable = "the environment variable `MISSION_HANDOFF`"
    if file is None:
        return f"Write a JSON object to the file named by {variable}:"
    return (
        f"Write a JSON object to the file `{file}`, which {variable} names too. It is outside your working directory: "
        "use a shell command where your other tools cannot write to it."
    )


def _assertions(assignment: Assignment) -> str:
    title = "Does each of these hold?" if assignment.role is Role.TESTER else "It must make these true"
    return _section(title, [f"`{identifier}` {says}" for identifier, says in assignment.assertions.items()])


def _skill(skill: Skill | None) -> str:
    if skill is None:
        return ""
    if not skill.text:
        return _text(f"The skill `{skill.name}`", "Use it.")
    about = f"Work as it says. The files that it names are in `{skill.folder}`."
    return _text(f"The skill `{skill.name}`", f"{about}\n\n{fenced(skill.text, 'markdown')}")


def _project(files: dict[str, str]) -> str:
    """Instructions of the whole project as they are; of those of a folder, that they are there."""
    parts = [f"`{path}`:\n\n{fenced(text, 'markdown')}" for path, text in files.items() if text]
    if folders := [f"`{path}`" for path, text in files.items() if not text]:
        parts.append(f"Before you work in the folder of one of these, read it: {', '.join(folders)}.")
    return _text("The project's instructions", "\n\n".join(parts))


def _section(title: str, lines: list[str]) -> str:
    return _text(title, "\n".join(f"- {line}" for line in lines))


def _text(title: str, text: str) -> str:
    return f"\n## {title}\n\n{text}\n" if text else ""


def fenced(text: str, language: str) -> str:
    """Other people's text, between fences that it cannot close."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}" if text else ""
