"""Whether an agent does what the engine expects of it, rehearsed with a scripted model before it costs money."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter

from agents.cli.programs import missing
from agents.rehearsal import scenes, verdicts
from agents.rehearsal.stage import MODEL, Scene, Stage, Take
from agents.rehearsal.verdicts import Judge, Result, verdict
from blueprints.agents import Agent, AnyApiAgent, AnyCliAgent, ModelAgent
from ledger.conversation import FaultKind


def _kinds(profiles: Any) -> tuple[str, ...]:
    return tuple(kind for one in get_args(profiles) for kind in get_args(one.model_fields["kind"].annotation))


_PROFILES: TypeAdapter[Agent] = TypeAdapter(Agent)
_API_KINDS = _kinds(AnyApiAgent)
KINDS = (*_API_KINDS, *_kinds(AnyCliAgent))
"""The kinds of agent that have a model."""
_IDLE = (2.0, 8.0, 32.0)
"""Seconds of the idle limit: the first that leaves the program the time to ask at all."""


def profile_of(kind: str) -> Agent:
    """The least that makes an agent of that kind, which is one of `KINDS`."""
    return _PROFILES.validate_python({"kind": kind, "model": MODEL} if kind in _API_KINDS else {"kind": kind})


def unrehearsable(profile: Agent, folder: Path) -> str | None:
    """One sentence, without a subject, about why there is nothing to rehearse or to rehearse with."""
    if not isinstance(profile, ModelAgent):
        return f"is of kind {profile.kind}: it has no model, so that there is nothing to rehearse"
    return missing(profile, folder)


def rehearse(profile: Agent, folder: Path, *, place: Path | None = None) -> Iterator[Result]:
    """The cases one after the other, each as soon as it is over. No credential is read, and no provider is asked.

    Relative paths of the profile start at `folder`. `place` is an empty folder for what the rehearsal leaves; by
    default it leaves nothing.
    """
    reason = unrehearsable(profile, folder)
    if reason or not isinstance(profile, ModelAgent):
        yield Result("start", False, f"it {reason}")
        return
    with ExitStack() as stack:
        top = place or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-")))
        yield from _cases(Stage(profile, folder, top.resolve()))


def _cases(stage: Stage) -> Iterator[Result]:
    yield from stage.play(scenes.work(stage.profile, stage.place), lambda take: _done_right(stage, take))
    yield _case(stage, "failure", scenes.nothing(), verdicts.fruitless)
    yield _case(stage, "limit", scenes.endless(), verdicts.limited)
    yield _silence(stage)
    yield _case(stage, "kill", scenes.stopped(stage.place), verdicts.ended_with_all)
    again = scenes.work(stage.profile, stage.place, failures=("Attempt 1 failed: the agent was stopped",))
    yield _case(stage, "resume", again, verdicts.worked_again)
    yield _case(stage, "refused key", scenes.refused(), verdicts.at_fault(FaultKind.UNAUTHENTICATED))
    spent = verdicts.at_fault(FaultKind.THROTTLED, FaultKind.EXHAUSTED)
    yield _case(stage, "rate limit", scenes.throttled(), spent)


def _done_right(stage: Stage, take: Take) -> list[Result]:
    judges: dict[str, Judge] = {
        "edit": verdicts.edited,
        "commit": verdicts.committed,
        "handoff": verdicts.handed_over,
        "transcript": verdicts.transcribed,
        "key": verdicts.key_kept(stage.place / "environment"),
    }
    return [verdict(case, judge, take) for case, judge in judges.items()]


def _silence(stage: Stage) -> Result:
    """A slow start counts as silence, too: then the limit was too short to show anything."""
    result = Result("hang", False, "")
    for seconds in _IDLE:
        asked, result = stage.play(
            scenes.silence(seconds), lambda take: (bool(take.calls), verdict("hang", verdicts.ended_as_idle, take))
        )
        if asked:
            break
    return result


def _case(stage: Stage, case: str, scene: Scene, judge: Judge) -> Result:
    return stage.play(scene, lambda take: verdict(case, judge, take))
