"""The rungs of the ladder that need no agent: each offers a merge of two commits, and says whether it is accepted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ledger.report import StepStatus
from validators.fitting import Fitting, Opinion
from workspaces import git
from workspaces.conflicts import conflicts_between
from workspaces.generated import Regenerated, regenerate, unite
from workspaces.merge import Conflict, start_conflict
from workspaces.merge_rules import Ruled, rules_for
from workspaces.mission import Mission
from workspaces.preparation import NotPreparedError, prepare
from workspaces.recorded import recall
from workspaces.union import union
from workspaces.workplace import workplace

_UNITED = ("union", "sort")


@dataclass(frozen=True)
class Junction:
    """Two commits that git cannot make one."""

    fitting: Fitting
    conflict: Conflict
    message: str
    """The merge commit's."""

    @property
    def mission(self) -> Mission:
        return self.fitting.mission

    @property
    def sides(self) -> tuple[str, str]:
        return self.fitting.ours, self.fitting.theirs


@dataclass(frozen=True)
class Step:
    """What became of one rung."""

    status: StepStatus
    commit: str | None = None
    reason: str = ""
    built: str | None = None
    """The feature's commit, where it is another one than was to be merged."""
    made_anew: tuple[str, ...] = ()
    """Paths that a tool made from everything else."""


def recorded(junction: Junction) -> Step | None:
    """As the same conflict was settled before in this run."""
    tree = recall(junction.mission.root, junction.mission.folder.path, *junction.sides)
    return _best(junction, [tree]) if tree else None


def generated(junction: Junction) -> Step | None:
    """Files that a tool makes are made anew, lists are united, and nothing else is in conflict."""
    ruled = _ruled(junction)
    if not ruled.applied:
        return None
    made = _by_rules(junction, ruled, None)
    if isinstance(made, str):
        return Step(StepStatus.FAILED, reason=made)
    before = git.merge_tree(junction.mission.root, *junction.sides).tree
    return _best(junction, [made.tree], made_anew=_made_anew(junction, made, before))


def united(junction: Junction) -> Step | None:
    """The lines of both sides, in one order and in the other; what there are rules for, by its rules."""
    root, sides, ruled = junction.mission.root, junction.sides, _ruled(junction)
    if not ruled.unruled:
        return None
    trees = [tree for first in (False, True) if (tree := union(root, *sides, theirs_first=first))]
    if not trees:
        return Step(StepStatus.FAILED, reason="not everything in conflict is lines of text on both sides")
    trees = list(dict.fromkeys(trees))
    if not ruled.applied:
        return _best(junction, trees, guessed=True)
    made = [(tree, _by_rules(junction, ruled, tree)) for tree in trees]
    whole = [(tree, each) for tree, each in made if isinstance(each, Regenerated)]
    if not whole:
        return Step(StepStatus.FAILED, reason="; ".join(sorted({str(each) for _, each in made})))
    made_anew = {path for tree, each in whole for path in _made_anew(junction, each, tree)}
    return _best(junction, [each.tree for _, each in whole], made_anew=made_anew, guessed=True)


def merged(junction: Junction, tree: str) -> str:
    """A commit of exactly the two sides with this tree."""
    return git.commit_tree(junction.mission.root, tree, junction.sides, junction.message)


def _best(junction: Junction, trees: Sequence[str], *, made_anew: Collection[str] = (), guessed: bool = False) -> Step:
    """The first of the trees on which both sides' checks pass; what is `guessed` they must be able to tell."""
    commits = [merged(junction, tree) for tree in dict.fromkeys(trees)]
    opinions = junction.fitting.opinions(commits, made_anew=made_anew)
    reasons = [_objection(junction, opinions[commit], guessed=guessed) for commit in commits]
    if junction.mission.stop.is_set():  # a check that it ended is no evidence, for the result nor against a side
        return Step(StepStatus.STOPPED, reason="the mission was stopped")
    for commit, reason in zip(commits, reasons, strict=True):
        if not reason:
            return Step(StepStatus.DONE, commit, made_anew=tuple(sorted(made_anew)))
    return Step(StepStatus.FAILED, reason=" | ".join(dict.fromkeys(reasons)))


def _objection(junction: Junction, opinion: Opinion, *, guessed: bool) -> str:
    if opinion.objection:
        return opinion.objection
    if not opinion.passing:
        return "no check passes on it, so nobody can tell whether it is right"
    if guessed and not junction.fitting.is_told_by(opinion):
        return "the checks that pass on it pass on both sides without it too, and cannot tell whether it is right"
    return ""


def _ruled(junction: Junction) -> Ruled:
    root, rules = junction.mission.root, junction.mission.plan.blueprint.merges
    return rules_for(root, conflicts_between(root, *junction.sides), rules)


def _by_rules(junction: Junction, ruled: Ruled, rest: str | None) -> Regenerated | str:
    """`rest` has the paths without a rule merged already; in no checkout, where no command must run."""
    if ruled.needs_checkout:
        return _in_checkout(junction, rest)
    return unite(junction.mission.root, *junction.sides, junction.mission.plan.blueprint.merges, rest=rest)


def _in_checkout(junction: Junction, rest: str | None) -> Regenerated | str:
    mission, (ours, theirs) = junction.mission, junction.sides
    blueprint, name = mission.plan.blueprint, f"{junction.fitting.milestone.name}.{junction.fitting.feature}"
    transcript = mission.folder.evidence(junction.fitting.milestone.name, f"merge.{name}") / "setup.log"
    transcript.parent.mkdir(parents=True, exist_ok=True)
    with workplace(mission, f"check.merge.{name}", ours) as workspace:
        try:
            prepare(workspace.path, blueprint.setup, stop=mission.stop, transcript=transcript)
        except NotPreparedError as error:
            return str(error)
        start_conflict(workspace, theirs)
        paths = junction.conflict.paths
        return regenerate(workspace, paths, blueprint.merges, stop=mission.stop, rest=rest)


def _made_anew(junction: Junction, made: Regenerated, before: str) -> set[str]:
    """What differs from the tree that the commands began with, besides lists, which lose nothing."""
    lists = {path for path, how in made.how.items() if how in _UNITED}
    return set(git.changed_paths(junction.mission.root, before, made.tree)) - lists
