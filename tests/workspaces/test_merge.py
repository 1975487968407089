from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from workspaces import git
from workspaces.merge import Conflict, Merged, check_resolution, conclude, merge, start_conflict
from workspaces.worktree import Workspace, create

Files = Mapping[str, str | bytes | None]
Commit = Callable[..., str]
Owner = Callable[..., str]

BASE = "import os\n\n\ndef first():\n    return 1\n\n\nNAMES = []\n"
OURS = BASE.replace("NAMES = []", 'NAMES = ["apple"]')
THEIRS = BASE.replace("NAMES = []", 'NAMES = ["pear"]')
BOTH = BASE.replace("NAMES = []", 'NAMES = ["apple", "pear"]')


@dataclass(frozen=True)
class Case:
    """Two sides of a merge that is begun in a workspace."""

    workspace: Workspace
    ours: str
    theirs: str

    def problems(self, resolution: Files) -> list[str]:
        for name, content in resolution.items():
            path = self.workspace.path / name
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return check_resolution(self.workspace, self.ours, self.theirs)


@pytest.fixture
def begin(repo: Path, commit: Commit, tmp_path: Path) -> Callable[..., Case]:
    """Begins the merge of two sides that start from the same files."""

    def make(base: Files, ours: Files, theirs: Files) -> Case:
        start = commit(repo, base)
        sides = commit(repo, ours, on=start), commit(repo, theirs, on=start)
        workspace = create(repo, tmp_path / "home" / "tree", branch="integration", commit=sides[0])
        git.update_ref(repo, "refs/missions/r/their-feature", sides[1])
        start_conflict(workspace, sides[1])
        return Case(workspace, *sides)

    return make


@pytest.fixture
def case(begin: Callable[..., Case]) -> Case:
    return begin({"m.py": BASE}, {"m.py": OURS}, {"m.py": THEIRS})


def test_clean_merge_is_a_commit_of_both(repo: Path, commit: Commit, owner: Owner) -> None:
    base = git.head(repo)
    ours, theirs = commit(repo, {"ours": "x"}, on=base), commit(repo, {"theirs": "x"}, on=base)
    merged = merge(repo, ours, theirs, "Merge theirs")
    assert isinstance(merged, Merged)
    assert git.parents_of(repo, merged.commit) == [ours, theirs]
    assert git.changed_paths(repo, base, merged.commit) == ["ours", "theirs"]
    assert owner(repo, "log", "-1", "--format=%s", merged.commit) == "Merge theirs"
    assert git.status(repo).dirty == ()


def test_merge_that_could_be_a_fast_forward_is_a_commit_too(repo: Path, commit: Commit) -> None:
    ours = git.head(repo)
    theirs = commit(repo, {"theirs": "x"}, on=ours)
    merged = merge(repo, ours, theirs, "Merge theirs")
    assert isinstance(merged, Merged)
    assert git.parents_of(repo, merged.commit) == [ours, theirs]


def test_merged_branch_merges_as_nothing(repo: Path, commit: Commit) -> None:
    theirs = git.head(repo)
    ours = commit(repo, {"ours": "x"}, on=theirs)
    assert merge(repo, ours, theirs, "again") == Merged(ours)
    assert merge(repo, ours, ours, "again") == Merged(ours)


def test_conflict_names_its_paths(case: Case) -> None:
    result = merge(case.workspace.repo, case.ours, case.theirs, "m")
    assert result == Conflict(("m.py",), ("CONFLICT (content): Merge conflict in m.py",))


def test_conflict_is_left_with_markers_that_name_the_feature(case: Case) -> None:
    text = (case.workspace.path / "m.py").read_text()
    assert git.status(case.workspace.path).unmerged == ("m.py",)
    assert '<<<<<<< HEAD\nNAMES = ["apple"]\n||||||| ' in text
    assert '=======\nNAMES = ["pear"]\n>>>>>>> refs/missions/r/their-feature\n' in text


def test_merge_that_cannot_begin_is_an_error(case: Case) -> None:
    with pytest.raises(git.GitError):
        start_conflict(case.workspace, "nothing")


def test_good_resolution_has_no_problem(case: Case) -> None:
    assert case.problems({"m.py": BOTH}) == []


def test_conflict_nobody_touched_is_a_problem(case: Case) -> None:
    assert case.problems({}) == ["markers: m.py:8: <<<<<<< HEAD"]


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "||||||| 1234567", "=======", ">>>>>>> feature", "=======\r"])
def test_single_marker_left_over_is_a_problem(case: Case, marker: str) -> None:
    assert case.problems({"m.py": f"{BOTH}{marker}\n"}) == [f"markers: m.py:9: {marker.strip()}"]


def test_markers_in_another_changed_file_are_a_problem(case: Case) -> None:
    assert case.problems({"m.py": BOTH, "a.txt": "<<<<<<< x\n"}) == ["markers: a.txt:1: <<<<<<< x"]


def test_markers_that_a_side_wrote_itself_are_text(begin: Callable[..., Case]) -> None:
    text = "Title 1\n=======\n\n<<<<<<< HEAD\n"
    case = begin({"d": text}, {"d": f"{text}apple\n"}, {"d": f"{text}pear\n"})
    assert case.problems({"d": f"{text}apple\npear\n"}) == []


@pytest.mark.parametrize(("kept", "lost"), [(OURS, "theirs"), (THEIRS, "ours")])
def test_taking_one_side_loses_the_other(case: Case, kept: str, lost: str) -> None:
    assert case.problems({"m.py": kept}) == [f"lost: {lost} m.py: the result is the other side's version"]


def test_taking_the_ancestor_loses_both(case: Case) -> None:
    assert [problem[:16] for problem in case.problems({"m.py": BASE})] == [
        "lost: ours m.py:",
        "lost: theirs m.p",
    ]


def test_taking_the_side_that_does_both_loses_nothing(begin: Callable[..., Case]) -> None:
    both = 'NAMES = ["apple", "pear"]\n'
    case = begin({"m": "NAMES = []\n"}, {"m": 'NAMES = ["apple"]\n'}, {"m": both})
    assert case.problems({"m": both}) == []


def test_dropped_hunk_in_a_mixed_resolution_is_lost(begin: Callable[..., Case]) -> None:
    base = "top\n\n\n\nmiddle\n\n\n\nend\n"
    ours = base.replace("end", "end of apples")
    theirs = base.replace("end", "end of pears").replace("top", "import cherries\ntop")
    case = begin({"m": base}, {"m": ours}, {"m": theirs})
    assert case.problems({"m": base.replace("end", "end of apples and pears")}) == [
        "lost: theirs m: nothing of line 1 and after is here: import cherries"
    ]


def test_large_conflicted_file_is_judged_too(begin: Callable[..., Case]) -> None:
    base = "{\n}\n" * 30_000
    case = begin({"m": base}, {"m": f"apple\n{base}"}, {"m": f"pear\n{base}cherry\n"})
    assert case.problems({"m": f"pear\napple\n{base}"}) == [
        "lost: theirs m: nothing of line 60002 and after is here: cherry"
    ]


def test_change_dropped_outside_the_conflict_is_lost(begin: Callable[..., Case]) -> None:
    case = begin({"m.py": BASE, "n": "one\n"}, {"m.py": OURS, "n": "two\n"}, {"m.py": THEIRS, "o": "new\n"})
    problems = case.problems({"m.py": BOTH, "n": "one\n", "o": None})
    assert problems == [
        "lost: ours n: the result is the other side's version",
        "lost: theirs o: it was changed there and is deleted here",
    ]


def test_file_deleted_by_one_side_stays_deleted(begin: Callable[..., Case]) -> None:
    case = begin({"m.py": BASE, "n": "one\n"}, {"m.py": OURS, "n": None}, {"m.py": THEIRS})
    assert case.problems({"m.py": BOTH, "n": "one\n"}) == ["lost: ours n: the file was deleted there and is still here"]


def test_keeping_what_one_side_deleted_and_the_other_changed_is_a_resolution(
    begin: Callable[..., Case],
) -> None:
    case = begin({"m.py": BASE}, {"m.py": None}, {"m.py": THEIRS})
    assert case.problems({"m.py": THEIRS}) == []


def test_deleting_what_the_other_side_changed_loses_the_change(begin: Callable[..., Case]) -> None:
    case = begin({"m.py": BASE}, {"m.py": None}, {"m.py": THEIRS})
    assert case.problems({"m.py": None}) == ["lost: theirs m.py: it was changed there and is deleted here"]


def test_change_that_moved_to_another_file_is_not_lost(begin: Callable[..., Case]) -> None:
    case = begin({"m.py": BASE}, {"m.py": None, "n.py": "x = 1\n"}, {"m.py": THEIRS})
    assert case.problems({"m.py": None, "n.py": 'x = ["pear"]\n'}) == []


def test_rename_on_one_side_and_change_on_the_other_resolve_in_the_new_place(
    begin: Callable[..., Case],
) -> None:
    case = begin({"m.py": BASE}, {"m.py": None, "n.py": OURS}, {"m.py": THEIRS})
    assert git.status(case.workspace.path).unmerged == ("n.py",)
    assert case.problems({"n.py": OURS}) == ["lost: theirs m.py: it was changed there and is deleted here"]
    assert case.problems({"n.py": BOTH}) == []


def test_file_added_by_both_needs_both(begin: Callable[..., Case]) -> None:
    case = begin({}, {"n": "apple\n"}, {"n": "pear\n"})
    assert case.problems({"n": "apple\n"}) == ["lost: theirs n: the result is the other side's version"]
    assert case.problems({"n": "apple\npear\n"}) == []


def test_binary_conflict_needs_a_third_version(begin: Callable[..., Case]) -> None:
    case = begin({"i.png": b"\0base"}, {"i.png": b"\0ours"}, {"i.png": b"\0theirs"})
    assert case.problems({}) == ["lost: theirs i.png: the result is the other side's version"]
    assert case.problems({"i.png": b"\0made anew"}) == []


def test_file_mode_of_one_side_is_kept(begin: Callable[..., Case], owner: Owner) -> None:
    case = begin({"m.py": BASE}, {"m.py": OURS}, {"m.py": THEIRS})
    owner(case.workspace.repo, "checkout", "-q", "--detach", case.theirs)
    owner(case.workspace.repo, "update-index", "--chmod=+x", "m.py")
    owner(case.workspace.repo, "commit", "-q", "-m", "executable")
    executable = Case(case.workspace, case.ours, git.head(case.workspace.repo))
    assert executable.problems({"m.py": BOTH}) == ["lost: theirs m.py: its file mode is not here"]
    (case.workspace.path / "m.py").chmod(0o755)
    assert executable.problems({}) == []


def test_problems_carry_the_names_of_the_sides(case: Case) -> None:
    (case.workspace.path / "m.py").write_text(OURS)
    problems = check_resolution(case.workspace, case.ours, case.theirs, labels=("writer", "reader"))
    assert problems == ["lost: reader m.py: the result is the other side's version"]


@pytest.mark.parametrize("agent", ["leaves it", "commits", "commits elsewhere", "gives the merge up"])
def test_engine_makes_the_merge_commit_itself(case: Case, owner: Owner, agent: str) -> None:
    tree = case.workspace.path
    if agent == "gives the merge up":
        owner(tree, "merge", "--abort")
    (tree / "m.py").write_text(BOTH)
    if agent == "commits elsewhere":
        owner(tree, "add", "-A")
        owner(tree, "checkout", "-q", "-b", "elsewhere")
    if agent.startswith("commits"):
        owner(tree, "commit", "-q", "-a", "-m", "mine")
    made = conclude(case.workspace, case.ours, case.theirs, "Merge theirs")
    assert git.parents_of(tree, made) == [case.ours, case.theirs]
    assert owner(tree, "show", f"{made}:m.py") == BOTH.strip()
    assert git.status(tree) == git.Status(made, "integration", (), (), ())
    assert not (Path(owner(tree, "rev-parse", "--absolute-git-dir")) / "MERGE_HEAD").exists()
