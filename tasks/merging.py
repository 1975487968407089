"""One feature merged: by git where it can, by the ladder where it meets a conflict."""

from __future__ import annotations

from collections.abc import Mapping

from blueprints.digest import digest
from blueprints.fields import Value
from blueprints.plan import PlannedFeature
from ledger.report import StepStatus
from tasks.ladder import Climb, Rung, Tried, climb
from tasks.resolving import opponents
from tasks.rungs import Junction
from validators.fitting import Fitting
from workspaces.merge import Conflict, merge
from workspaces.mission import Mission


class Merge(Value):
    """One feature merged, or the reason why not."""

    feature: str
    commit: str | None
    how: Rung | None = Rung.CLEAN
    """The rung whose result was accepted."""
    reason: str = ""
    status: StepStatus = StepStatus.DONE
    built: str | None = None
    """The commit that was merged, where the feature was built anew for it."""
    made_anew: tuple[str, ...] = ()
    """Paths that a tool made from everything else: nobody's change is looked for in them."""
    tried: tuple[Tried, ...] = ()
    """The rungs that were tried, in order."""

    @property
    def seconds(self) -> float:
        return round(sum(rung.seconds for rung in self.tried), 3)

    @property
    def agent_runs(self) -> int:
        return sum(rung.agent_runs for rung in self.tried)

    @property
    def usd(self) -> float | None:
        """What the agents cost; None when none of them told."""
        told = [rung.usd for rung in self.tried if rung.usd is not None]
        return round(sum(told), 6) if told else None


def merge_feature(
    mission: Mission,
    milestone: str,
    merged: Mapping[str, str],
    ours: str,
    name: str,
    theirs: str,
    *,
    joining: bool = False,
) -> Merge:
    """Merge the feature's commit `theirs` into `ours`; both are commits, and no reference moves.

    `merged` holds the commits of the features that are in `ours` already: the other side of a conflict. With
    `joining` the result is what a third feature builds on.
    """
    message = _message(mission, milestone, mission.plan.feature(name))
    result = merge(mission.root, ours, theirs, message)
    if not isinstance(result, Conflict):
        how = Rung.CONTAINED if result.commit == ours else Rung.CLEAN
        return Merge(feature=name, commit=result.commit, how=how)
    fitting = Fitting(mission, mission.plan.milestone(milestone), merged, ours, name, theirs)
    junction = Junction(fitting, result, message)
    with mission.alone(digest("merge", ours, theirs)):
        return _climbed(junction, climb(junction, joining=joining))


def _message(mission: Mission, milestone: str, feature: PlannedFeature) -> str:
    trailers = f"Mission-Run: {mission.run}\nMission-Feature: {feature.id}\n"
    return f"Merge {feature.id} into {milestone}\n\n{feature.title}\n\n{trailers}"


def _climbed(junction: Junction, climb: Climb) -> Merge:
    last = climb.tried[-1]
    whole = climb.commit is not None
    return Merge(
        feature=junction.fitting.feature,
        commit=climb.commit,
        how=last.rung if whole else None,
        reason="" if whole else _unresolved(junction, climb),
        status=last.status,
        built=climb.built,
        made_anew=climb.made_anew,
        tried=tuple(climb.tried),
    )


def _unresolved(junction: Junction, climb: Climb) -> str:
    """Who conflicts where, and what agents said to it; that code could not resolve it goes without saying."""
    sides = f"{junction.fitting.feature} and {', '.join(opponents(junction))}"
    agents = [tried for tried in climb.tried if tried.rung in (Rung.INTEGRATOR, Rung.REBUILT)] or climb.tried[-1:]
    told = "; ".join(f"{'built anew: ' if t.rung is Rung.REBUILT else ''}{t.reason}" for t in agents)
    return f"{sides} conflict in {', '.join(junction.conflict.paths)}: {told}"
