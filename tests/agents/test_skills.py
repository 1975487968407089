"""Skills found by name; each place counts only when those before it have none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.skills import LIMIT, OF_REPOSITORIES, OF_USERS, Skill, find_skill, missing_skills
from blueprints.plan import Plan, compile_plan
from blueprints.schema import Blueprint
from tasks.feature import build_feature
from tests.accepted import NewMission, one_milestone
from workspaces import git

Commit = Callable[..., str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    return tmp_path / "user"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    features: list[dict[str, Any]] = [
        {"id": "a", "spec": "Do a.", "skill": "python"},
        {"id": "b", "spec": "Do b.", "skill": "python"},
        {"id": "c", "spec": "Do c.", "skill": "design"},
        {"id": "d", "spec": "Do d."},
    ]
    data: dict[str, Any] = {
        "mission": "demo",
        "goal": "Try it.",
        "agents": {"builder": {"kind": "command", "argv": ["agent"]}},
        "milestones": [{"name": "one", "features": features}],
    }
    (tmp_path / "blueprint").mkdir()
    return compile_plan(Blueprint.model_validate(data), tmp_path / "blueprint")


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(text)
    return folder


def test_a_skill_beside_the_blueprint_is_told_without_its_front_matter(plan: Plan, repo: Path, home: Path) -> None:
    text = "---\nname: python\ndescription: Types.\n---\n# Python\n\n---\nMind the types.\n"
    folder = write(Path(plan.folder) / "skills/python", text)
    found = find_skill("python", plan, repo, git.head(repo))
    assert found == Skill(name="python", text="# Python\n\n---\nMind the types.", folder=str(folder))


def test_each_place_comes_after_those_before_it(plan: Plan, repo: Path, home: Path, commit: Commit) -> None:
    """The last place is filled first; whatever is found then gives way to the next."""

    def found(base: str) -> str:
        return find_skill("python", plan, repo, base).folder

    base = git.head(repo)
    for place in reversed(OF_USERS):
        assert found(base) != str(home / place / "python")
        write(home / place / "python", "Of the user.")
        assert found(base) == str(home / place / "python")
    for place in reversed(OF_REPOSITORIES):
        base = commit(repo, {f"{place}/python/SKILL.md": "Of the repository."})
        assert found(base) == f"{place}/python"
    own = write(Path(plan.folder) / "skills/python", "Beside the blueprint.")
    assert found(base) == str(own)


def test_the_repository_s_skill_is_read_from_the_commit_and_not_from_the_checkout(
    plan: Plan, repo: Path, home: Path, commit: Commit
) -> None:
    base = commit(repo, {"skills/python/SKILL.md": "As committed."})
    (repo / "skills/python/SKILL.md").write_text("Not yet committed.")
    write(repo / ".claude/skills/python", "Not committed at all.")
    assert find_skill("python", plan, repo, base).text == "As committed."


def test_a_skill_that_is_a_link_or_empty_is_passed_over(plan: Plan, repo: Path, home: Path, commit: Commit) -> None:
    folder = write(repo / ".agents/skills/python", "---\nname: python\n---\n")
    (folder / "secret").write_text("A secret.")
    write(repo / ".claude/skills/python", "").joinpath("SKILL.md").unlink()
    (repo / ".claude/skills/python/SKILL.md").symlink_to(folder / "secret")
    base = commit(repo, {"skills/python/SKILL.md": "Here."})
    assert find_skill("python", plan, repo, base).text == "Here."


def test_a_long_skill_is_cut_at_a_line_and_says_where_the_rest_is(plan: Plan, repo: Path, home: Path) -> None:
    line = "Mind the type ü.\n"
    folder = write(Path(plan.folder) / "skills/python", line * 4000)
    text = find_skill("python", plan, repo, git.head(repo)).text
    kept, _, note = text.rpartition("\n\n")
    assert set(kept.splitlines()) == {line.strip()}
    assert LIMIT - 100 < len(kept.encode()) <= LIMIT
    size = len(line.encode()) * 4000
    assert note == f"[Cut after 40000 of {size} bytes; the rest is in `{folder}/SKILL.md`.]"


def test_skills_that_are_nowhere_are_named_with_who_wants_them_and_the_places(
    plan: Plan, repo: Path, home: Path
) -> None:
    write(home / ".claude/skills/design", "Be plain.")
    [sentence] = missing_skills(plan, repo, git.head(repo))
    assert sentence.startswith(f"the skill 'python' of a, b is found nowhere; write python/SKILL.md in {plan.folder}")
    for place in (*OF_REPOSITORIES, *(f"~/{place}" for place in OF_USERS)):
        assert place in sentence
    write(Path(plan.folder) / "skills/python", "Mind the types.")
    assert missing_skills(plan, repo, git.head(repo)) == []


def test_a_skill_shapes_the_work(new_mission: NewMission, tmp_path: Path) -> None:
    """The same feature with the same skill is done once; with another text it is done again, and told it."""
    write_a = [{"write": {"path": "new", "text": "new\n"}}]
    mission = new_mission(one_milestone(skill="python"), {"worker": {"a": [write_a]}})
    folder = write(Path(mission.plan.folder) / "skills/python", "Mind the types.")

    def built() -> bool:
        return build_feature(mission, "one", "a", mission.repository.base, {}).fresh

    assert [built(), built()] == [True, False]
    assert "```markdown\nMind the types.\n```" in mission.folder.prompt("a.1").read_text()
    (folder / "SKILL.md").write_text("Mind the names.")
    assert [built(), built()] == [True, False]
    assert "```markdown\nMind the names.\n```" in mission.folder.prompt("a.2").read_text()
