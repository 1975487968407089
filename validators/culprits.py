"""Which features break a check together: looked for by trying it on parts of what was merged, and told with proof."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from blueprints.digest import digest
from blueprints.fields import Recorded
from blueprints.plan import PlannedCheck, PlannedMilestone
from ledger.events import Kind
from validators.base import Observation, Verdict, VerdictStatus
from validators.bisection import Search, Subset, search
from validators.owners import owners
from validators.trial import try_out
from workspaces import git
from workspaces.mission import Mission
from workspaces.parts import Parts


class Culprits(Recorded):
    """The smallest set of a milestone's features with which a check does not pass."""

    check: str
    commit: str
    """The integrated commit it did not pass on."""
    features: list[str]
    """One: it does not pass with that feature alone. More: a conflict that git did not see."""
    trials: int
    """How often it was tried to find that out."""
    reason: str


def find_culprits(
    mission: Mission, milestone: PlannedMilestone, base: str, commit: str, verdicts: Sequence[Verdict]
) -> list[Culprits]:
    """The culprits of each check that did not pass on the integrated `commit`, where trials prove them.

    Left out are checks that an agent or a person answers, those that `base` does not pass either, and flaky ones.
    All checks are looked into at once: those that ask about the same features are tried in one go. What was found
    is recorded, and not looked for again.
    """
    planned = {check.id: check for check in milestone.checks}
    suspects = [(planned[verdict.id], verdict) for verdict in verdicts if _is_suspect(planned[verdict.id], verdict)]
    known = [found for check, _ in suspects if (found := _recorded(mission, check, commit))]
    left = [(check, verdict) for check, verdict in suspects if check.id not in {each.check for each in known}]
    return known + (_investigated(mission, milestone, base, commit, left) if left else [])


def _investigated(
    mission: Mission,
    milestone: PlannedMilestone,
    base: str,
    commit: str,
    suspects: Sequence[tuple[PlannedCheck, Verdict]],
) -> list[Culprits]:
    parts = Parts.of(mission, milestone.name, base, commit)
    if len(parts.features) < 2:
        return []
    investigation = _Investigation(mission, milestone, base, commit, parts)
    return investigation.settle([investigation.case(check, verdict) for check, verdict in suspects])


def culprits_behind(mission: Mission, milestone: str, check: str, commit: str) -> Culprits | None:
    """The culprits that were found last for this check, on `commit` or on what it builds on."""
    for event in reversed(mission.ledger.events):
        if event.kind is Kind.CULPRITS_FOUND and (event.data["milestone"], event.data["check"]) == (milestone, check):
            found = Culprits.model_validate(event.data)
            if found.commit == commit or git.is_ancestor(mission.root, found.commit, commit):
                return found
    return None


def _recorded(mission: Mission, planned: PlannedCheck, commit: str) -> Culprits | None:
    event = mission.ledger.recorded(_key(planned, commit))
    return Culprits.model_validate(event.data) if event else None


def _key(planned: PlannedCheck, commit: str) -> str:
    return digest("culprits", planned.id, planned.key, commit)


def _is_suspect(planned: PlannedCheck, verdict: Verdict) -> bool:
    """What is inconclusive everywhere is nobody's fault: only the feature whose assertion it is can tell."""
    told = verdict.status is VerdictStatus.FAILED or (planned.assertion and not verdict.passed)
    return bool(told) and planned.automatic and not (verdict.flaky or verdict.pre_existing)


class _Case:
    """One check under investigation."""

    def __init__(self, check: PlannedCheck, verdict: Verdict, search: Search) -> None:
        self.check, self.verdict, self._search = check, verdict, search
        self.asked: Subset = frozenset()
        """What is to be tried next; nothing: the case is closed."""
        self.found: tuple[str, ...] = ()
        self.trials = 0
        self.fine = list[Subset]()
        """With what it passed when it was tried."""
        self.seen = verdict.reason
        """What was seen when it did not pass last."""
        self._go_on(None)

    def hear(self, seen: Observation) -> None:
        """Go on with the search; a trial that neither passes nor shows what the verdict does ends it."""
        self.trials += 1
        passed = seen.status is VerdictStatus.PASSED
        if passed:
            self.fine.append(self.asked)
        else:
            self.seen = seen.reason
        if passed or seen.status is self.verdict.status:
            self._go_on(not passed)
        else:
            self.asked = frozenset()

    @property
    def proved(self) -> bool:
        """Where nothing but inconclusive was ever seen, nobody can tell what is to blame."""
        return bool(self.found) and (self.verdict.status is VerdictStatus.FAILED or bool(self.fine))

    def _go_on(self, breaks: bool | None) -> None:
        try:
            self.asked = next(self._search) if breaks is None else self._search.send(breaks)
        except StopIteration as end:
            self.asked, self.found = frozenset(), end.value


@dataclass(frozen=True)
class _Investigation:
    mission: Mission
    milestone: PlannedMilestone
    base: str
    commit: str
    parts: Parts

    def case(self, check: PlannedCheck, verdict: Verdict) -> _Case:
        return _Case(check, verdict, self._search(check, verdict))

    def _search(self, check: PlannedCheck, verdict: Verdict) -> Search:
        """Begun with the features whose check it is, if any. What was seen only once may be flaky."""
        if len(verdict.runs) < 2 and not (yield frozenset(self.parts.features)):
            return ()
        known = owners(self.mission, self.milestone, self.parts, self.base, check, verdict)
        known = known if known and self._possible(known) else []
        found = yield from search(known, self.parts.besides(known), self._possible)
        return found

    def _possible(self, features: Collection[str]) -> bool:
        return self.parts.commit_of(features) is not None

    def settle(self, cases: Sequence[_Case]) -> list[Culprits]:
        """In rounds, each of one trial per open case; nothing when the mission was stopped."""
        while not self.mission.stop.is_set() and (going := [case for case in cases if case.asked]):
            self._try_next(going)
        return [self._record(case) for case in cases if case.proved and not self.mission.stop.is_set()]

    def _try_next(self, cases: Sequence[_Case]) -> None:
        together = defaultdict[str, list[_Case]](list)
        for case in cases:
            commit = self.parts.commit_of(case.asked)
            assert commit, "only what merges is tried"
            together[commit].append(case)
        for commit, those in together.items():
            seen = try_out(self.mission, self.milestone, commit, [case.check for case in those])
            for case in those:
                case.hear(seen[case.check.id])

    def _record(self, case: _Case) -> Culprits:
        found = Culprits(
            check=case.check.id,
            commit=self.commit,
            features=[name for name in self.parts.features if name in case.found],
            trials=case.trials,
            reason=_told(case),
        )
        facts = {"milestone": self.milestone.name, **found.model_dump(mode="json")}
        self.mission.ledger.append(Kind.CULPRITS_FOUND, key=_key(case.check, self.commit), **facts)
        return found


def _told(case: _Case) -> str:
    """As far as it was tried: a set that does not pass, and the largest part of it that does."""
    if len(case.found) == 1:
        return f"it does not pass with {case.found[0]} alone either: {case.seen}"
    fine = max((each for each in case.fine if each < frozenset(case.found)), key=len, default=Subset())
    passes = f", and passes without {_names(case, frozenset(case.found) - fine)}" if fine else ""
    return f"it does not pass with just {_names(case, case.found)} merged{passes}: {case.seen}"


def _names(case: _Case, features: Collection[str]) -> str:
    return " and ".join(sorted(features, key=case.found.index))
