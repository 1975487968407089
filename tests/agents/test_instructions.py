"""What a repository tells agents, handed to those that do not read it by themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from agents.base import Assignment
from agents.briefing import briefed
from agents.instructions import LIMIT, project_instructions
from blueprints.agents import Agent
from blueprints.schema import Role
from tests.accepted import NewMission
from workspaces import git

Commit = Callable[..., str]
BOTH = {"AGENTS.md": "For agents.", "CLAUDE.md": "For Claude."}
_MORE: dict[str, dict[str, Any]] = {
    "command": {"argv": ["agent"]},
    "scripted": {"script": "x"},
    "anthropic": {"model": "m"},
    "openai": {"model": "m"},
}


def profile(kind: str, **more: object) -> Agent:
    adapter: TypeAdapter[Agent] = TypeAdapter(Agent)
    return adapter.validate_python({"kind": kind} | _MORE.get(kind, {}) | more)


ALL = {"AGENTS.md, CLAUDE.md": ["AGENTS.md", "CLAUDE.md"], "AGENTS.md": ["AGENTS.md"]}
READ: dict[str, dict[str, list[str]]] = {
    **dict.fromkeys(("gemini", "anthropic", "openai", "scripted", "command"), ALL),
    "claude-code": {"AGENTS.md, CLAUDE.md": ["AGENTS.md"], "AGENTS.md": []},
    "codex": {"AGENTS.md, CLAUDE.md": ["CLAUDE.md"], "AGENTS.md": []},
    "opencode": {"AGENTS.md, CLAUDE.md": ["CLAUDE.md"], "AGENTS.md": []},
    "droid": {"AGENTS.md, CLAUDE.md": [], "AGENTS.md": []},
}
"""Kind to what it is told, by what there is."""


def test_each_kind_is_told_what_it_does_not_read_by_itself(repo: Path, commit: Commit) -> None:
    bases = {", ".join(BOTH): commit(repo, BOTH), "AGENTS.md": commit(repo, {"CLAUDE.md": None})}
    told = {
        kind: {there: list(project_instructions(profile(kind), repo, base)) for there, base in bases.items()}
        for kind in READ
    }
    assert told == READ
    assert project_instructions(profile("openai"), repo, bases[", ".join(BOTH)]) == BOTH


def test_a_command_s_profile_says_what_it_reads(repo: Path, commit: Commit) -> None:
    base = commit(repo, BOTH)
    assert project_instructions(profile("command", reads=["CLAUDE.md"]), repo, base) == {"AGENTS.md": "For agents."}


@pytest.mark.parametrize("claude", ["For agents.\n", "@AGENTS.md\n", "@./AGENTS.md", None], ids=str)
@pytest.mark.parametrize(("kind", "told"), [("gemini", ["AGENTS.md"]), ("codex", []), ("claude-code", [])])
def test_what_says_the_same_twice_is_told_once(
    repo: Path, commit: Commit, kind: str, told: list[str], claude: str | None
) -> None:
    """By its content, by importing the other, or (None) by being a link to it."""
    if claude is None:
        (repo / "CLAUDE.md").symlink_to("AGENTS.md")
    base = commit(repo, {"AGENTS.md": "For agents."} | ({"CLAUDE.md": claude} if claude else {}))
    assert list(project_instructions(profile(kind), repo, base)) == told


@pytest.mark.parametrize("target", ["/etc/hostname", "../outside", "b", "missing", "CLAUDE.md"])
def test_a_link_to_anything_but_a_file_of_the_repository_tells_nothing(repo: Path, commit: Commit, target: str) -> None:
    (repo.parent / "outside").write_text("A secret.")
    (repo / "CLAUDE.md").symlink_to(target)
    base = commit(repo, {"AGENTS.md": "For agents."})
    assert project_instructions(profile("gemini"), repo, base) == {"AGENTS.md": "For agents."}


def test_files_of_folders_are_only_named(repo: Path, commit: Commit) -> None:
    base = commit(repo, {"AGENTS.md": "For agents.", "web/AGENTS.md": "For the web.", "web/a/CLAUDE.md": "Also."})
    told = project_instructions(profile("openai"), repo, base)
    assert told == {"AGENTS.md": "For agents.", "web/AGENTS.md": "", "web/a/CLAUDE.md": ""}
    assert project_instructions(profile("codex"), repo, base) == {"web/a/CLAUDE.md": ""}


def test_a_long_file_is_cut_and_says_so(repo: Path, commit: Commit) -> None:
    base = commit(repo, {"AGENTS.md": "Mind the gap.\n" * 4000})
    text = project_instructions(profile("openai"), repo, base)["AGENTS.md"]
    assert LIMIT - 100 < len(text) < LIMIT + 100
    assert text.endswith("gap.\n\n[Cut after 32000 of 56000 bytes; the rest is in `AGENTS.md`.]")


def test_only_what_is_committed_counts(repo: Path) -> None:
    (repo / "AGENTS.md").write_text("Not yet.")
    assert project_instructions(profile("openai"), repo, git.head(repo)) == {}


def test_a_tester_is_told_none_of_it(new_mission: NewMission, repo: Path, commit: Commit) -> None:
    base = commit(repo, BOTH)
    mission = new_mission()
    given = {role: Assignment.of(mission, role, "one", base, "Title") for role in Role}
    told = {role: briefed(mission, asked, profile("openai")).project for role, asked in given.items()}
    assert told == {role: {} if role is Role.TESTER else BOTH for role in Role}
