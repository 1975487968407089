"""How a milestone's features came together, as a picture: which were merged, by which rung, and which break each other.

Mermaid for wherever Markdown is shown; the page for browsers has it drawn in `ledger.drawing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from blueprints.mermaid import label
from ledger.report import MilestoneReport, MissionReport, StepStatus

_MOST = 24
"""How many features a picture shows; of more, those that were merged without a conflict are left out."""
_SHORT = 12
"""Characters of a commit."""
_RUNGS = {
    "clean": "merged",
    "contained": "nothing left to merge",
    "recorded": "solved as the time before",
    "generated": "solved by the rules for such files",
    "union": "solved by keeping both sides' lines",
    "integrator": "solved by an agent",
    "resolved": "solved by an agent",
    "rebuilt": "solved by building it again on the others",
}
_NO_CONFLICT = ("clean", "contained")


@dataclass(frozen=True)
class Join:
    """A feature on its way into the milestone's commit."""

    feature: str
    rung: str
    """By which it came in; empty when it did not."""
    in_vain: tuple[str, ...]
    """Rungs that were tried before, or at all."""

    @property
    def tone(self) -> str:
        """good, conflict (and solved), bad or open."""
        if self.rung:
            return "good" if self.rung in _NO_CONFLICT else "conflict"
        return "bad" if self.in_vain else "open"

    @property
    def words(self) -> str:
        vain = f"{', '.join(self.in_vain)} in vain" if self.in_vain else ""
        match self.tone:
            case "good":
                return f"{self.rung}: {_RUNGS[self.rung]}"
            case "conflict":
                how = f"conflict, {self.rung}: {_RUNGS.get(self.rung, 'solved')}"
                return f"{how} ({vain})" if vain else how
            case "bad":
                return f"conflict, not solved: {vain}"
            case _:
                return "not merged"


@dataclass(frozen=True)
class Picture:
    """What is drawn of a milestone."""

    milestone: str
    base: str
    joins: Sequence[Join]
    """In the order in which they came in, then those that did not."""
    left_out: int
    breaks: Sequence[tuple[Sequence[str], str]]
    """Features that are fine alone and break together, and the check that tells."""
    end: str
    tone: str


def pictures(report: MissionReport) -> list[Picture]:
    """One for each milestone in which something came together."""
    return [_picture(milestone) for milestone in report.milestones if _is_worth_it(milestone)]


def markdown(report: MissionReport) -> str:
    """All of them as Mermaid; empty when there is none."""
    parts = [f"```mermaid\n{mermaid(picture)}```" for picture in pictures(report)]
    return "\n\n".join(["## How it came together", *parts]) if parts else ""


def mermaid(picture: Picture) -> str:
    """A flowchart: features from the left, the milestone's commit growing from top to bottom."""
    return "\n".join(_lines(picture)) + "\n"


def _is_worth_it(milestone: MilestoneReport) -> bool:
    came = milestone.integration.merges or milestone.integration.tried
    return len(milestone.features) > 1 and bool(came)


def _picture(milestone: MilestoneReport) -> Picture:
    breaks = [(found.features, found.check) for found in milestone.culprits if len(found.features) > 1]
    everything = [*_joins(milestone)]
    shown = _most_telling(everything, {name for features, _ in breaks for name in features})
    words, tone = _end(milestone)
    base = (milestone.base or "")[:_SHORT]
    return Picture(milestone.name, base, shown, len(everything) - len(shown), breaks, words, tone)


def _joins(milestone: MilestoneReport) -> Iterator[Join]:
    integration = milestone.integration
    rungs = {merge.feature: merge.how for merge in integration.merges}
    for name in dict.fromkeys([*rungs, *(t.feature for t in integration.tried), *(f.id for f in milestone.features)]):
        rung = rungs.get(name, "")
        tried = dict.fromkeys(each.rung for each in integration.tried if each.feature == name)
        yield Join(name, rung, tuple(each for each in tried if each != rung))


def _most_telling(joins: list[Join], culprits: set[str]) -> list[Join]:
    if len(joins) <= _MOST:
        return joins
    telling = [join for join in joins if join.feature in culprits or join.tone in ("conflict", "bad")]
    kept = [*telling, *(join for join in joins if join not in telling)][:_MOST]
    return [join for join in joins if join in kept]


def _end(milestone: MilestoneReport) -> tuple[str, str]:
    """The words at the end of the line, and their tone."""
    commit = f" at {milestone.commit[:_SHORT]}" if milestone.commit else ""
    if milestone.status is StepStatus.SEALED:
        return f"sealed{commit}", "good"
    if milestone.integration.status == "failed":
        return "not integrated", "bad"
    if milestone.status is StepStatus.FAILED:
        return f"integrated{commit}, not proved", "bad"
    return f"integrated{commit}" if commit else "being integrated", "open"


def _lines(picture: Picture) -> Iterator[str]:
    """Ids are numbers, so that no feature's name can be a word of Mermaid's own; labels are quoted."""
    yield "flowchart TB"
    yield f'  base(["{label(f"{picture.milestone}: from {picture.base}")}"])'
    before, names = "base", dict[str, str]()
    for number, join in enumerate(picture.joins, 1):
        names[join.feature] = f"f{number}"
        yield f'  f{number}["{label(join.feature)}"]:::{join.tone}'
        if join.rung or join.in_vain:
            yield f'  j{number}(["{label(join.words)}"]):::{join.tone}'
            yield f"  f{number} {'-->' if join.rung else '-.->'} j{number}"
        if join.rung:
            yield f"  {before} ==> j{number}"
            before = f"j{number}"
    if picture.left_out:
        yield f'  more["and {picture.left_out} more"] --> {before}'
    yield f'  tip(["{label(picture.end)}"]):::{picture.tone}'
    yield f"  {before} ==> tip"
    yield from _broken(picture, names)
    yield from _CLASSES


def _broken(picture: Picture, names: dict[str, str]) -> Iterator[str]:
    for features, check in picture.breaks:
        known = [names[name] for name in features if name in names]
        for one, other in pairwise(known):
            yield f'  {one} x-.-x|"{label(f"break together: {check}")}"| {other}'


_CLASSES = (
    "  classDef good stroke:#2e9e5b,stroke-width:2px",
    "  classDef conflict stroke:#c98a00,stroke-width:2px",
    "  classDef bad stroke:#d64545,stroke-width:2px",
    "  classDef open stroke:#8a9099",
)
