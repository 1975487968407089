"""A proved commit on its way to the base branch: merged with what is there by now, and proved again before it moves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from blueprints.fields import Value
from ledger.events import Kind
from validators.base import Observation, Verdict
from validators.landing_checks import LandingChecks, landings
from workspaces import git
from workspaces.durable import flush
from workspaces.landing import hindrance, land
from workspaces.merge import Conflict, merge
from workspaces.mission import Mission


class Landed(Value):
    """The base branch holds the result."""

    branch: str
    commit: str
    """The result itself, or its merge with what was on the branch."""
    onto: str | None = None
    """What was on the branch before, where that is known."""
    merged: bool
    moved: bool
    """False: it was there already."""
    verdicts: list[Verdict]
    """What was verified for it, besides what was known."""


class Refused(Value):
    """Nothing moved."""

    reason: str
    verdicts: list[Verdict]


@dataclass(frozen=True)
class Landing:
    """One attempt to bring a milestone's result to the base branch. It can be repeated: landed twice is landed once."""

    mission: Mission
    milestone: str
    """Its checks judge."""
    result: str
    proofs: Sequence[Verdict] = ()
    """What is known of the result besides what the ledger keeps."""
    accepting: Collection[str] = ()
    """Ids of checks that a person vouches for, instead of the agent or the person who would be asked."""
    by: str = ""
    """That person."""

    def land(self) -> Landed | Refused:
        """Move the branch, or say why not. Raises ParkedError when an agent that is to judge has to wait."""
        tip = git.resolve_branch(self.mission.root, self._branch)
        if tip is None:
            return _refused(f"branch '{self._branch}' is gone")
        if self._is_in(tip):
            return self._found(tip)
        if reason := self._rewritten(tip) or hindrance(self.mission.root, self._branch):
            return _refused(reason)
        commit = self.result if git.is_ancestor(self.mission.root, tip, self.result) else self._merged(tip)
        if isinstance(commit, Refused):
            return commit
        verdicts = self._proved(tip, commit)
        return verdicts if isinstance(verdicts, Refused) else self._moved(tip, commit, verdicts)

    @property
    def _branch(self) -> str:
        return self.mission.repository.base_branch

    def _is_in(self, commit: str) -> bool:
        return git.is_ancestor(self.mission.root, self.result, commit)

    def _rewritten(self, tip: str) -> str | None:
        """What was taken out of the branch must not come back with the result, which stands on it."""
        base = self.mission.repository.base
        if git.is_ancestor(self.mission.root, base, tip):
            return None
        told = f"{self._branch} at {tip[:10]} does not hold {base[:10]} any more, from which the run began"
        return f"{told}: it was rewritten; bring {self.mission.branch} there by hand"

    def _found(self, tip: str) -> Landed:
        """It is there already. A landing that a former life was killed in the middle of is written down now."""
        archived = git.refs(self.mission.root, self._archive).values()
        own = [c for c in archived if self._is_in(c) and git.is_ancestor(self.mission.root, c, tip)]
        if own and not landings(self.mission).intersection(own):
            return self._noted(own[0], None, moved=False, verdicts=[])
        merged = bool(own) and own[0] != self.result
        commit = own[0] if own else self.result
        return Landed(branch=self._branch, commit=commit, merged=merged, moved=False, verdicts=[])

    def _merged(self, tip: str) -> str | Refused:
        """The result and what is on the branch in one commit, the same one for the same two; no checkout changes."""
        root, run = self.mission.root, self.mission.run
        made = merge(root, tip, self.result, f"Land {run} on {self._branch}")
        if isinstance(made, Conflict):
            told = f"{self._branch} moved to {tip[:10]}, and the result {self.result[:10]} conflicts with it in"
            return _refused(f"{told} {', '.join(made.paths)}; merge {self.mission.branch} by hand")
        ref = f"refs/missions/{run}/landing/{tip[:12]}-{self.result[:12]}"
        former = git.resolve(root, ref)
        if former and _is_alike(self.mission, former, made.commit):
            return former
        git.update_ref(root, ref, made.commit)
        return made.commit

    def _proved(self, tip: str, commit: str) -> list[Verdict] | Refused:
        """Every check passes on exactly this commit: as is known of the result, as somebody vouches, or as is seen."""
        checks = LandingChecks(self.mission, self.milestone, self.result, tip, commit)
        left = checks.unproved(self.proofs)
        vouched = [check for check in left if check.id in self.accepting and not check.automatic]
        if manual := [check.id for check in left if check.check.kind == "manual" and check not in vouched]:
            return _refused(f"{', '.join(manual)}: {self._unanswered(commit)}")
        if not left:
            return []
        verdicts = checks.run(without=vouched)
        if self.mission.stop.is_set():
            return _refused("it was interrupted")
        verdicts += checks.vouch(vouched, Observation.passed(f"{self.by} vouches for it"))
        failing = [verdict for verdict in verdicts if not verdict.passed]
        return Refused(reason=self._told(commit, failing), verdicts=verdicts) if failing else verdicts

    def _unanswered(self, commit: str) -> str:
        if commit == self.result:
            where = commit[:10]
        else:
            where = f"{commit[:10]}, which merges the result with what is on {self._branch}"
        return f"a person has not answered this for {where}; look at it and accept it by name"

    def _told(self, commit: str, failing: Sequence[Verdict]) -> str:
        what = "the result" if commit == self.result else f"the merge with what is on {self._branch}"
        told = "; ".join(f"{v.id} {v.status}: {' '.join(v.reason.split())[-300:]}" for v in failing)
        return f"{what}, {commit[:10]}, is not proved: {told}"

    def _moved(self, tip: str, commit: str, verdicts: list[Verdict]) -> Landed | Refused:
        """Kept first, moved then, written down last: whatever happens in between, the next attempt knows."""
        if reason := self.mission.ledger.objection():
            return _refused(reason)
        self._keep(commit)
        if reason := land(self.mission.root, self._branch, tip, commit):
            again = "; land it again" if git.resolve_branch(self.mission.root, self._branch) != tip else ""
            return Refused(reason=f"{reason}{again}", verdicts=verdicts)
        return self._noted(commit, tip, moved=True, verdicts=verdicts)

    def _keep(self, commit: str) -> None:
        kept = git.refs(self.mission.root, self._archive)
        if commit not in kept.values():
            git.update_ref(self.mission.root, f"{self._archive}/{len(kept) + 1}", commit)

    @property
    def _archive(self) -> str:
        return f"refs/missions/{self.mission.run}/landed"

    def _noted(self, commit: str, onto: str | None, *, moved: bool, verdicts: list[Verdict]) -> Landed:
        merged = commit != self.result
        onto = git.parents_of(self.mission.root, commit)[0] if merged else onto
        facts = {"branch": self._branch, "commit": commit, "onto": onto, "merged": merged}
        flush(self.mission.root)
        self.mission.ledger.append(Kind.RESULT_LANDED, milestone=self.milestone, **facts)
        return Landed(branch=self._branch, commit=commit, onto=onto, merged=merged, moved=moved, verdicts=verdicts)


def _refused(reason: str) -> Refused:
    return Refused(reason=reason, verdicts=[])


def _is_alike(mission: Mission, one: str, other: str) -> bool:
    """Whether two commits differ in nothing but when they were made."""
    first, second = [(git.tree_of(mission.root, c), git.parents_of(mission.root, c)) for c in (one, other)]
    return first == second
