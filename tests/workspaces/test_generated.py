from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from blueprints.schema import MergeRule
from tests.workspaces.history import Content, Files, History
from workspaces import git
from workspaces.generated import Regenerated, regenerate, unite
from workspaces.merge import start_conflict
from workspaces.patches import lost_patches
from workspaces.resolution import Sides, remaining_markers
from workspaces.union import union
from workspaces.worktree import Workspace, create

INDEX = MergeRule(paths=["index"], run="cat parts/* > index")
BASE: Files = {"parts/m": b"m\n", "index": b"m\n", "code": b"code\n"}
APPLE: Files = {"parts/a": b"apple\n", "index": b"apple\nm\n"}
PEAR: Files = {"parts/p": b"pear\n", "index": b"m\npear\n"}
FIG: Files = {"parts/f": b"fig\n", "index": b"fig\nm\n"}
GRAPE: Files = {"parts/g": b"grape\n", "index": b"grape\nm\n"}


@dataclass(frozen=True)
class Case:
    """A merge that is begun in a workspace."""

    workspace: Workspace
    ours: str
    theirs: str
    paths: tuple[str, ...]

    def settle(self, *rules: MergeRule, rest: str | None = None) -> Regenerated | str:
        return regenerate(self.workspace, self.paths, rules, rest=rest)

    def read(self, result: Regenerated | str, *paths: str) -> list[bytes | None]:
        assert isinstance(result, Regenerated), result
        blobs = [git.blob_at(self.workspace.repo, result.tree, path) for path in paths]
        return [git.read_blob(self.workspace.repo, blob) if blob else None for blob in blobs]


@pytest.fixture
def begin(tmp_path: Path) -> Callable[..., Case]:
    """Begins the merge of two sides that start from the same files."""

    def make(ours: Files, theirs: Files, base: Files = BASE) -> Case:
        repo, (first, second) = _made(tmp_path / "repo", base, ours, theirs)
        workspace = create(repo, tmp_path / "home" / "tree", branch="integration", commit=first)
        return Case(workspace, first, second, start_conflict(workspace, second))

    return make


def _made(repo: Path, base: Files, *sides: Files) -> tuple[Path, list[str]]:
    history = History(repo)
    first = history.commit(base)
    for files in sides:
        history.commit(files, on=first)
    return repo, history.write()[1:]


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """`tool("uv", "echo made > uv.lock")`: the only programs that there are, besides git and a shell."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "bash", "cat", "mkdir", "rm"):
        (programs / name).symlink_to(shutil.which(name) or "")
    monkeypatch.setenv("PATH", str(programs))

    def install(name: str, line: str) -> None:
        (programs / name).write_text(f"#!/usr/bin/env -S {programs}/bash\n{line}\n")
        (programs / name).chmod(0o755)

    return install


def test_generated_file_is_made_from_what_is_merged(begin: Callable[..., Case]) -> None:
    case = begin(FIG, GRAPE)
    result = case.settle(INDEX)
    assert case.read(result, "index", "parts/f", "parts/g") == [b"fig\ngrape\nm\n", b"fig\n", b"grape\n"]
    assert isinstance(result, Regenerated)
    assert result.how == {"index": "cat parts/* > index"}
    sides = Sides.of(case.workspace.repo, case.ours, case.theirs, result.tree)
    assert [*lost_patches(sides, ("ours", "theirs")), *remaining_markers(sides)] == []


def test_the_command_starts_from_the_file_as_ours_has_it(begin: Callable[..., Case]) -> None:
    case = begin(FIG, GRAPE)
    assert case.read(case.settle(MergeRule(paths=["index"], run="echo more >> index")), "index") == [b"fig\nm\nmore\n"]


def test_only_what_the_rule_names_comes_into_the_tree(begin: Callable[..., Case]) -> None:
    case = begin({**FIG, "index.2": b"x\n"}, GRAPE)
    line = "cat parts/* > index; echo new > index.2; echo bad > code; echo bad > junk; git add -A"
    result = case.settle(MergeRule(paths=["index*"], run=line))
    assert case.read(result, "index", "index.2", "code", "junk") == [b"fig\ngrape\nm\n", b"new\n", b"code\n", None]


@pytest.mark.parametrize("ours", [None, b"\0binary", ("100755", b"fig\n")])
def test_whatever_ours_has_in_its_place_it_is_made_anew(begin: Callable[..., Case], ours: Content) -> None:
    case = begin({"index": ours}, GRAPE)
    assert case.read(case.settle(INDEX), "index") == [b"grape\nm\n"]


def test_link_is_not_made_anew(begin: Callable[..., Case]) -> None:
    links: list[Files] = [{"index": ("120000", place)} for place in (b"fig", b"grape", b"code")]
    case = begin(*links)
    assert case.settle(INDEX) == "`index` is not a regular file in all versions: no rule can settle it"


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ("echo no network; exit 3", "did not work (exit code 3): no network"),
        ("rm .git; mkdir .git", "a command damaged the workspace: it is no longer a worktree of the repository"),
    ],
)
def test_command_that_does_not_work_is_a_reason(begin: Callable[..., Case], run: str, reason: str) -> None:
    said = begin(FIG, GRAPE).settle(MergeRule(paths=["index"], run=run))
    assert isinstance(said, str)
    assert said.endswith(reason)


def test_path_without_a_rule_is_in_the_way_unless_the_rest_is_merged(begin: Callable[..., Case]) -> None:
    case = begin({**FIG, "index": b"\0", "code": b"code\nfig\n"}, {**GRAPE, "code": b"code\ngrape\n"})
    assert case.settle(INDEX) == "no rule says how `code` is merged"
    assert regenerate(case.workspace, ["index"], [INDEX]) == "`code` is in conflict too"
    rest = union(case.workspace.repo, case.ours, case.theirs, theirs_first=False, besides=["index"])
    assert case.read(case.settle(INDEX, rest=rest), "index", "code") == [b"fig\ngrape\nm\n", b"code\nfig\ngrape\n"]


def test_lock_file_is_made_by_its_own_tool_in_its_folder(
    begin: Callable[..., Case], tool: Callable[[str, str], None]
) -> None:
    tool("uv", "cat deps/* > uv.lock")
    sides = ({f"web/deps/{name}": name.encode(), "web/uv.lock": name.encode()} for name in ("fig", "grape"))
    case = begin(*sides, base={"web/uv.lock": b""})
    assert case.read(case.settle(), "web/uv.lock") == [b"figgrape"]


def test_lock_file_whose_tool_is_missing_has_no_rule(
    begin: Callable[..., Case], tool: Callable[[str, str], None]
) -> None:
    case = begin({"uv.lock": b"fig\n"}, {"uv.lock": b"grape\n"})
    assert case.settle() == "`uv`, which makes `uv.lock` anew, is not installed"


LISTED: Files = {"CHANGELOG.md": b"# Changes\n- old\n", "names": b"b\n", "index": b"m\n"}


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Sides that add to a list each, with and without a generated file beside it."""
    one: Files = {"CHANGELOG.md": b"# Changes\n- fig\n- old\n", "names": b"a\nb\nd\n"}
    two: Files = {"CHANGELOG.md": b"# Changes\n- grape\n- old\n", "names": b"a\nb\nc\n"}
    sides = (one, two, {"index": b"fig\n"}, {"index": b"grape\n"}, {"CHANGELOG.md": b"\0"})
    return _made(tmp_path_factory.mktemp("lists") / "repo", LISTED, *sides)


def test_lists_keep_the_lines_of_both_without_a_checkout(lists: tuple[Path, list[str]]) -> None:
    repo, (one, two, *_) = lists
    result = unite(repo, one, two, [MergeRule(paths=["names"], sort=True)])
    assert isinstance(result, Regenerated)
    assert result.how == {"CHANGELOG.md": "union", "names": "sort"}
    texts = [git.read_blob(repo, git.blob_at(repo, result.tree, path) or "") for path in ("CHANGELOG.md", "names")]
    assert texts == [b"# Changes\n- fig\n- grape\n- old\n", b"a\nb\nc\nd\n"]


def test_rule_of_the_blueprint_comes_first(lists: tuple[Path, list[str]]) -> None:
    repo, (one, two, *_) = lists
    result = unite(repo, one, two, [MergeRule(paths=["*"], sort=True), MergeRule(paths=["names"], union=True)])
    assert isinstance(result, Regenerated)
    assert set(result.how.values()) == {"sort"}


def test_what_needs_a_checkout_or_is_no_list_says_so(lists: tuple[Path, list[str]]) -> None:
    repo, (one, _, fig, grape, binary) = lists
    assert unite(repo, fig, grape, [INDEX]) == "`index` is made anew by `cat parts/* > index`, in a checkout"
    assert unite(repo, one, binary, []) == "`CHANGELOG.md` is not in conflict by its lines: no rule can settle it"


def test_every_order_of_merges_gives_the_same_generated_files_and_loses_nothing(tmp_path: Path) -> None:
    base = {**BASE, "names": b"m\n"}
    sides = ({**side, "names": side["index"]} for side in (APPLE, FIG, PEAR))
    repo, (apple, fig, pear) = _made(tmp_path / "repo", base, *sides)
    orders = ([apple, fig, pear], [fig, pear, apple], [pear, apple, fig])  # each side is first, between and last
    (tree,) = {_in_order(repo, order, [INDEX, MergeRule(paths=["names"], sort=True)]) for order in orders}
    for path in ("index", "names"):
        assert git.read_blob(repo, git.blob_at(repo, tree, path) or "") == b"apple\nfig\nm\npear\n"


def _in_order(repo: Path, commits: Sequence[str], rules: Sequence[MergeRule]) -> str:
    """The tree of all of the commits, merged one after another; every conflict is settled by rule."""
    tip = commits[0]
    for theirs in commits[1:]:
        workspace = create(repo, repo.parent / "home" / "tree", branch=None, commit=tip)
        settled = regenerate(workspace, start_conflict(workspace, theirs), rules)
        assert isinstance(settled, Regenerated), settled
        sides = Sides.of(repo, tip, theirs, settled.tree)
        assert [*lost_patches(sides, ("ours", "theirs")), *remaining_markers(sides)] == []
        tip = git.commit_tree(repo, settled.tree, [tip, theirs], "merge")
    return git.tree_of(repo, tip)
