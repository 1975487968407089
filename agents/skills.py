"""Skills: how to do a kind of work, found by name beside the blueprint, in the repository or in the user's home."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from agents.excerpt import excerpt
from blueprints.fields import Value
from blueprints.plan import Plan
from workspaces import git

LIMIT = 40_000
"""Bytes of a skill that are told."""

FILE = "SKILL.md"
OWN = "skills"
"""Beside the blueprint."""
OF_REPOSITORIES = (
    ".claude/skills",
    ".agents/skills",
    ".factory/skills",
    ".opencode/skills",
    ".codex/skills",
    ".gemini/skills",
    "skills",
)
OF_USERS = (
    ".claude/skills",
    ".agents/skills",
    ".factory/skills",
    ".codex/skills",
    ".config/opencode/skills",
    ".gemini/skills",
)
"""Below the home folder."""

_FRONT_MATTER = re.compile(rb"\A(?:\xef\xbb\xbf)?---[ \t]*\r?\n.*?^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)


class Skill(Value):
    """A skill as an agent is told it."""

    name: str
    text: str = ""
    """Without its front matter; empty when it was found nowhere."""
    folder: str = ""
    """Where its other files are: absolute, or relative to the workspace."""


def find_skill(name: str, plan: Plan, root: Path, base: str) -> Skill:
    """The first that goes by this name; those of the repository as they are in the commit `base`."""
    for folder, data in _places(name, plan, root, base):
        text = excerpt(_FRONT_MATTER.sub(b"", data), LIMIT, f"`{folder}/{FILE}`")
        if text:
            return Skill(name=name, text=text, folder=folder)
    return Skill(name=name)


def missing_skills(plan: Plan, root: Path, base: str) -> list[str]:
    """A sentence for each skill that a feature names and that is found nowhere."""
    named: dict[str, list[str]] = {}
    for feature in (feature for milestone in plan.milestones for feature in milestone.features):
        if feature.skill:
            named.setdefault(feature.skill, []).append(feature.id)
    missing = {name: users for name, users in named.items() if not find_skill(name, plan, root, base).text}
    return [_sentence(name, users, plan, base) for name, users in missing.items()]


def _sentence(name: str, users: list[str], plan: Plan, base: str) -> str:
    homes = ", ".join(f"~/{place}" for place in OF_USERS)
    return (
        f"the skill '{name}' of {', '.join(users)} is found nowhere; write {name}/{FILE} in {Path(plan.folder) / OWN}, "
        f"or in the repository (as of {base[:12]}) in {', '.join(OF_REPOSITORIES)}, or in {homes}"
    )


def _places(name: str, plan: Plan, root: Path, base: str) -> Iterator[tuple[str, bytes]]:
    """Folder and content of each that goes by this name, in the order of precedence."""
    yield from _on_disk(Path(plan.folder) / OWN / name)
    yield from _in_repository(name, root, base)
    for place in OF_USERS:
        yield from _on_disk(Path.home() / place / name)


def _on_disk(folder: Path) -> Iterator[tuple[str, bytes]]:
    try:
        yield str(folder), (folder / FILE).read_bytes()
    except OSError:  # it is not there, or not for us to read
        return


def _in_repository(name: str, root: Path, base: str) -> Iterator[tuple[str, bytes]]:
    """Plain files only: what a link leads to may be outside the repository."""
    folders = [f"{place}/{name}" for place in OF_REPOSITORIES]
    there = git.files_at(root, base, [f"{folder}/{FILE}" for folder in folders])
    for folder in folders:
        file = there.get(f"{folder}/{FILE}")
        if file and file.new_mode.startswith("100"):
            yield folder, git.read_blob(root, file.new_blob)
