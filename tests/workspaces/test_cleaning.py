"""What a clean-up removes of runs that are over, and what it may not."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.events import Kind
from tests.accepted import NewMission
from workspaces import git
from workspaces.cleaning import clean
from workspaces.git_command import answer
from workspaces.home import clean_home
from workspaces.mission import Mission
from workspaces.removal import Survey, What
from workspaces.retention import Branches
from workspaces.worktree import create

Owner = Callable[..., str]
Commit = Callable[..., str]


@pytest.fixture
def mission(new_mission: NewMission) -> Mission:
    return new_mission()


def over(mission: Mission, kind: Kind = Kind.MISSION_COMPLETED) -> Mission:
    mission.ledger.append(kind, reason="", branch=mission.branch, commit=mission.repository.base)
    return mission


def cleaned(mission: Mission, *, dry_run: bool = False, older_than: timedelta | None = None) -> Survey:
    return clean(mission.folder, mission.settings, older_than=older_than, dry_run=dry_run).survey


def archived(mission: Mission, session: str, commit: str) -> str:
    git.update_ref(mission.root, mission.archive_ref(session), commit)
    return mission.archive_ref(session)


def result(mission: Mission, commit: str) -> None:
    git.update_ref(mission.root, f"refs/heads/{mission.branch}", commit)


def talked(mission: Mission) -> tuple[Path, Path]:
    """Transcripts and evidence."""
    prompt, evidence = mission.folder.prompt("a.1"), mission.folder.evidence("one", "check")
    prompt.parent.mkdir()
    prompt.write_text("Write a.")
    evidence.mkdir(parents=True)
    (evidence / "output.log").write_text("fine\n")
    return prompt.parent, evidence.parent.parent


def at_work(mission: Mission, session: str = "a.1") -> Path:
    tree = mission.folder.worktrees / session / "tree"
    create(mission.root, tree, branch=mission.work_branch(session), commit=mission.repository.base)
    return tree


def everything(mission: Mission, owner: Owner) -> tuple[object, ...]:
    """All that is in the home and the repository, but for objects and locks."""
    files = sorted(path for path in mission.settings.home.rglob("*") if path.name != "lock")
    return files, owner(mission.root, "show-ref"), owner(mission.root, "worktree", "list")


def told(survey: Survey, *, stays: bool = False) -> list[tuple[What, str]]:
    return [(item.what, item.name) for item in (survey.stays if stays else survey.goes)]


def test_transcripts_and_evidence_go_and_what_tells_of_the_run_stays(mission: Mission) -> None:
    files = [path for path in mission.folder.path.iterdir() if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    transcripts, evidence = talked(over(mission, Kind.MISSION_CANCELLED))
    before[mission.folder.ledger] = mission.folder.ledger.read_bytes()
    survey = cleaned(mission)
    assert told(survey) == [(What.TRANSCRIPTS, str(transcripts)), (What.EVIDENCE, str(evidence))]
    assert sum(item.size for item in survey.goes) == len("Write a.fine\n")
    assert not transcripts.exists()
    assert not evidence.exists()
    assert {path: path.read_bytes() for path in before} == before


def test_a_dry_run_tells_what_the_real_one_does_and_changes_nothing(
    mission: Mission, owner: Owner, commit: Commit
) -> None:
    in_result = commit(mission.root, {"new": "x\n"}, on=mission.repository.base)
    result(mission, in_result)
    archived(mission, "a.1", in_result)
    archived(mission, "b.1", commit(mission.root, {"lost": "x\n"}, on=mission.repository.base))
    talked(mission)
    (at_work(mission, "c.1") / "late").write_text("half\n")
    over(mission)
    before = everything(mission, owner)
    foretold = cleaned(mission, dry_run=True)
    assert everything(mission, owner) == before
    done = cleaned(mission)
    assert (done.goes, done.stays) == (foretold.goes, foretold.stays)
    assert {What.REFERENCE, What.WORKTREE, What.BRANCH, What.FOLDER, What.TRANSCRIPTS} == {i.what for i in done.goes}
    assert {What.REFERENCE, What.EVIDENCE} == {i.what for i in done.stays}


def test_it_can_be_done_again(mission: Mission, owner: Owner) -> None:
    (at_work(mission) / "late").write_text("half\n")
    over(mission, Kind.MISSION_CANCELLED)
    cleaned(mission)
    before = everything(mission, owner)
    assert cleaned(mission).goes == ()
    assert everything(mission, owner) == before


@pytest.mark.parametrize("kind", [Kind.MISSION_PAUSED, Kind.PLAN_PROPOSED])
def test_a_run_that_is_not_over_is_left_alone(mission: Mission, owner: Owner, kind: Kind) -> None:
    at_work(mission)
    mission.ledger.append(kind, reason="")
    before = everything(mission, owner)
    survey = cleaned(mission, older_than=timedelta(0))
    assert told(survey, stays=True) == [(What.RUN, mission.run)]
    assert f"mission resume {mission.run}" in survey.stays[0].why
    assert everything(mission, owner) == before


def test_a_named_run_that_died_loses_its_worktrees_only(mission: Mission) -> None:
    transcripts, evidence = talked(mission)
    tree = at_work(mission)
    (tree / "late").write_text("half\n")
    mission.ledger.append(Kind.MISSION_PAUSED, reason="")
    foretold = cleaned(mission, dry_run=True)
    assert tree.exists()
    survey = cleaned(mission)
    assert (survey.goes, survey.stays) == (foretold.goes, foretold.stays)
    assert not mission.folder.worktrees.exists()
    assert git.blob_at(mission.root, mission.archive_ref("a.1"), "late")
    assert transcripts.exists()
    assert evidence.exists()


def test_a_run_that_somebody_works_on_is_left_alone(mission: Mission) -> None:
    transcripts, _ = talked(over(mission))
    with mission.folder.own():
        survey = cleaned(mission)
    assert survey.stays[0].why == "a process is at work on it"
    assert transcripts.exists()


def test_only_what_has_been_over_for_long_goes_unnamed(mission: Mission) -> None:
    transcripts, _ = talked(over(mission))
    assert "not long enough ago" in cleaned(mission, older_than=timedelta(days=1)).stays[0].why
    assert transcripts.exists()
    cleaned(mission, older_than=timedelta(0))
    assert not transcripts.exists()


def test_a_run_that_cannot_be_read_is_kept(mission: Mission) -> None:
    over(mission).folder.plan_file.write_text("{")
    assert "plan.json: not a plan" in cleaned(mission).stays[0].why


def test_a_failed_run_keeps_what_its_resume_needs(mission: Mission, commit: Commit) -> None:
    base = mission.repository.base
    squashed = commit(mission.root, {"new": "x\n"}, on=base)
    result(mission, git.commit_tree(mission.root, git.tree_of(mission.root, squashed), [base], "Squashed"))
    kept, merged = archived(mission, "a.1", squashed), archived(mission, "b.1", base)
    transcripts, evidence = talked(over(mission, Kind.MISSION_FAILED))
    survey = cleaned(mission)
    assert told(survey) == [(What.REFERENCE, merged), (What.TRANSCRIPTS, str(transcripts))]
    assert told(survey, stays=True) == [(What.REFERENCE, kept), (What.EVIDENCE, str(evidence))]
    assert git.resolve(mission.root, kept) == squashed


@pytest.mark.parametrize("landed", [True, False])
def test_evidence_of_a_result_stays_until_it_has_landed(
    mission: Mission, owner: Owner, commit: Commit, landed: bool
) -> None:
    made = commit(mission.root, {"new": "x\n"}, on=mission.repository.base)
    result(mission, made)
    if landed:
        owner(mission.root, "merge", "-q", "--squash", made)
        owner(mission.root, "commit", "-q", "-m", "Squashed")
    _, evidence = talked(over(mission))
    cleaned(mission)
    assert evidence.exists() is not landed
    assert git.resolve_branch(mission.root, mission.branch) == made


def test_squashed_work_goes_with_the_result_s_branch_gone(mission: Mission, owner: Owner, commit: Commit) -> None:
    made = commit(mission.root, {"new": "x\n", "a.txt": "two\n"}, on=mission.repository.base)
    ref = archived(mission, "a.1", made)
    owner(mission.root, "merge", "-q", "--squash", made)
    owner(mission.root, "commit", "-q", "-m", "Squashed")
    commit(mission.root, {"later": "y\n"})
    survey = cleaned(over(mission))
    assert [(item.name, item.why) for item in survey.goes] == [(ref, "all that it changed is in main")]
    assert git.resolve(mission.root, ref) is None


@pytest.mark.parametrize(
    ("attributes", "config"),
    [("* merge=mine\n", {"merge.mine.driver": "true"}), ("* merge=union\n", {}), ("", {"merge.default": "union"})],
    ids=["ours", "union", "default"],
)
def test_a_merge_driver_proves_nothing(
    mission: Mission, owner: Owner, commit: Commit, attributes: str, config: Mapping[str, str]
) -> None:
    base = mission.repository.base
    for key, value in config.items():
        owner(mission.root, "config", key, value)
    (mission.root / ".git" / "info" / "attributes").write_text(attributes)
    result(mission, commit(mission.root, {"a.txt": "one more\n"}, on=base))
    ref = archived(mission, "a.1", commit(mission.root, {"a.txt": None}, on=base))
    other = archived(mission, "b.1", commit(mission.root, {"a.txt": "one else\n"}, on=base))
    cleaned(over(mission))
    assert git.resolve(mission.root, ref)
    assert git.resolve(mission.root, other)


def test_a_commit_in_between_is_kept_although_the_last_one_is_in_the_result(mission: Mission, commit: Commit) -> None:
    first = commit(mission.root, {"tried": "x\n"}, on=mission.repository.base)
    last = commit(mission.root, {"tried": None, "new": "y\n"}, on=first)
    result(mission, commit(mission.root, {"new": "y\n"}, on=mission.repository.base))
    ref = archived(mission, "a.1", last)
    assert told(cleaned(over(mission)), stays=True)[0] == (What.REFERENCE, ref)
    assert git.resolve(mission.root, ref) == last


def test_unrelated_history_and_what_is_no_commit_are_kept(mission: Mission, owner: Owner) -> None:
    root = mission.root
    alone = git.commit_tree(root, git.tree_of(root, mission.repository.base), [], "Alone")
    refs = [archived(mission, "a.1", alone), mission.archive_ref("b.1")]
    git.update_ref(root, refs[1], str(git.blob_at(root, "main", "a.txt")))
    assert told(cleaned(over(mission)), stays=True) == [(What.REFERENCE, ref) for ref in refs]


def test_a_symbolic_reference_goes_without_the_branch_that_it_names(mission: Mission, owner: Owner) -> None:
    owner(mission.root, "symbolic-ref", mission.archive_ref("a.1"), "refs/heads/main")
    cleaned(over(mission))
    assert git.refs(mission.root, f"refs/missions/{mission.run}") == {}
    assert git.resolve_branch(mission.root, "main") == mission.repository.base


def test_replaced_history_proves_nothing(mission: Mission, owner: Owner, commit: Commit) -> None:
    made = commit(mission.root, {"new": "x\n"}, on=mission.repository.base)
    git.update_ref(mission.root, f"refs/replace/{mission.repository.base}", made)
    ref = archived(mission, "a.1", made)
    cleaned(over(mission))
    assert git.resolve(mission.root, ref) == made


def test_no_reference_goes_when_a_branch_moved_meanwhile(mission: Mission, commit: Commit) -> None:
    ref = archived(mission, "a.1", mission.repository.base)
    branches = Branches.of(mission.root, "main")
    commit(mission.root, {"later": "y\n"})
    with pytest.raises(git.GitError):
        branches.release(branches.fates(ref, by_content=True))
    assert git.resolve(mission.root, ref)


def test_a_reference_s_lock_that_a_killed_clean_up_left_is_not_in_the_way(mission: Mission) -> None:
    ref = archived(mission, "a.1", mission.repository.base)
    (mission.root / ".git" / f"{ref}.lock").touch()
    assert told(cleaned(over(mission))) == [(What.REFERENCE, ref)]


def test_what_cannot_be_removed_is_told_and_the_rest_goes(mission: Mission) -> None:
    transcripts, evidence = talked(over(mission))
    shutil.rmtree(transcripts)
    transcripts.symlink_to(evidence)
    survey = cleaned(mission)
    assert told(survey) == [(What.EVIDENCE, str(evidence))]
    assert survey.stays[0].why.startswith("it could not be removed: ")


def test_what_git_does_not_know_as_a_checkout_stays(mission: Mission) -> None:
    tree = at_work(mission)
    (tree / "late").write_text("half\n")
    (tree / ".git").unlink()
    survey = cleaned(over(mission))
    assert told(survey, stays=True)[0] == (What.WORKTREE, str(tree.parent))
    assert "look at it and remove it" in survey.stays[0].why
    assert (tree / "late").exists()


def test_a_clean_up_killed_while_it_removed_a_worktree_is_finished(mission: Mission) -> None:
    tree = at_work(mission)
    (tree / ".git").unlink()
    (tree.parent / "archived").touch()  # what was in it had become a commit before
    cleaned(over(mission))
    assert not mission.folder.worktrees.exists()


def test_a_work_branch_that_somebody_has_checked_out_stays(mission: Mission, owner: Owner, tmp_path: Path) -> None:
    branch = mission.work_branch("a.1")
    owner(mission.root, "worktree", "add", "-q", "-b", branch, str(tmp_path / "looking"))
    survey = cleaned(over(mission))
    assert told(survey, stays=True)[0] == (What.BRANCH, f"refs/heads/{branch}")
    assert git.resolve_branch(mission.root, branch)


def test_a_worktree_whose_folder_is_gone_is_forgotten_and_its_commit_archived(
    mission: Mission, owner: Owner, commit: Commit
) -> None:
    tree = at_work(mission)
    owner(tree, "checkout", "-q", "--detach")
    made = commit(tree, {"new": "x\n"})
    shutil.rmtree(mission.folder.worktrees)
    survey = cleaned(over(mission))
    assert (What.RECORD, str(tree)) in told(survey)
    assert len(owner(mission.root, "worktree", "list").splitlines()) == 1
    assert made in git.refs(mission.root, f"refs/missions/{mission.run}").values()


def test_files_of_a_run_whose_repository_is_gone_can_go(mission: Mission) -> None:
    transcripts, evidence = talked(over(mission))
    shutil.rmtree(mission.root)
    survey = cleaned(mission)
    assert told(survey) == [(What.TRANSCRIPTS, str(transcripts)), (What.EVIDENCE, str(evidence))]
    assert told(survey, stays=True) == [(What.REPOSITORY, str(mission.root))]
    assert "no such folder" in survey.stays[0].why


def test_clones_stay_and_empty_folders_of_nobody_go(mission: Mission) -> None:
    home = mission.settings.home
    for folder in ("repositories/x", "worktrees/empty", "worktrees/full/a.1", f"worktrees/{mission.run}"):
        (home / folder).mkdir(parents=True)
    survey = clean_home(home, [mission.folder], dry_run=False)
    assert told(survey) == [(What.FOLDER, str(home / "worktrees/empty"))]
    assert told(survey, stays=True) == [
        (What.FOLDER, str(home / "worktrees/full")),
        (What.CLONE, str(home / "repositories/x")),
    ]
    assert sorted(path.name for path in (home / "worktrees").iterdir()) == sorted(["full", mission.run])


Edits = dict[int, str]
"""Lines of a file, and what they become."""
LINES = 9
HOW = ("merged", "squashed", "partly", "lost", "overwritten", "reverted")
attempts = st.lists(
    st.tuples(
        st.sampled_from(HOW),
        st.lists(
            st.dictionaries(st.integers(0, LINES - 1), st.sampled_from("xyz"), max_size=2), min_size=1, max_size=2
        ),
    ),
    min_size=1,
    max_size=8,
)


class History:
    """A result made of attempts, in a stream for git; what each line of the file became is known."""

    def __init__(self, mission: Mission) -> None:
        self.mission, self.stream, self.marks = mission, list[str](), 0
        self.start = {number: f"{number}" for number in range(LINES)}
        self.now, self.made, self.merged = dict(self.start), dict[int, Edits](), list[str]()
        self.result = f"refs/heads/{mission.branch}"
        self.first = self.tip = self.commit(self.result, self.start, [mission.repository.base])

    def commit(self, ref: str, lines: Edits, parents: Iterable[object]) -> int:
        self.marks += 1
        text = "".join(f"{lines[number]}\n\n\n\n" for number in range(LINES))
        first, *others = parents
        self.stream += [
            f"commit {ref}",
            f"mark :{self.marks}",
            "committer M <m@m> 0 +0000",
            _data(f"{self.mission.run} {self.marks}"),
        ]
        self.stream += [f"from {first}", *(f"merge {other}" for other in others), "M 100644 inline f", _data(text)]
        return self.marks

    def attempt(self, how: str, commits: list[Edits]) -> None:
        ref, parent, edits = self.mission.archive_ref(f"a.{self.marks}"), self.first, dict[int, str]()
        for changed in commits:
            edits = edits | changed
            parent = self.commit(ref, self.start | edits, [f":{parent}"])
            self.made[parent] = edits
        self.merged += [ref] if how == "merged" else []
        self.take(how, edits, parent)

    def take(self, how: str, edits: Edits, commit: int) -> None:
        before = {number: self.now[number] for number in edits}
        change = {"lost": {}, "overwritten": dict.fromkeys(edits, "other"), "partly": dict(list(edits.items())[:1])}
        for now in (change.get(how, edits), *([before] if how == "reverted" else [])):
            self.now |= now
            parents = [f":{self.tip}", *([f":{commit}"] if how == "merged" else [])]
            self.tip = self.commit(self.result, self.now, parents)

    def write(self) -> dict[int, str]:
        """Make it; the commits by mark."""
        marks = self.mission.settings.home / "marks"
        answer(self.mission.root, "fast-import", "--quiet", f"--export-marks={marks}", stdin="\n".join(self.stream))
        lines = (line.partition(" ") for line in marks.read_text().splitlines())
        return {int(mark[1:]): commit for mark, _, commit in lines}


def _data(text: str) -> str:
    return f"data {len(text)}\n{text}"


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(attempts)
def test_every_commit_keeps_a_reference_unless_its_content_is_in_the_result(
    new_mission: NewMission, made: list[tuple[str, list[Edits]]]
) -> None:
    history = History(new_mission())
    for how, edits in made:
        history.attempt(how, edits)
    mission, commits = history.mission, history.write()
    cleaned(over(mission))
    referenced = set(answer(mission.root, "rev-list", "--all").split())
    lost = [edited for mark, edited in history.made.items() if commits[mark] not in referenced]
    assert [edited for edited in lost if not edited.items() <= history.now.items()] == []
    assert git.refs(mission.root, f"refs/missions/{mission.run}").keys().isdisjoint(history.merged)
    assert git.resolve_branch(mission.root, mission.branch) == commits[history.tip]
