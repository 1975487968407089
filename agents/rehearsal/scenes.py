"""The scenes of a rehearsal: what the scripted model does in each."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from agents.rehearsal.stage import FILE, Scene
from blueprints.agents import ApiAgent, ModelAgent

SUMMARY = "The file is written."
TURNS = 3
RETRY_AFTER = 3600
_HANDOFF = {"salientSummary": SUMMARY}


def work(profile: ModelAgent, beside: Path, *, failures: tuple[str, ...] = ()) -> Scene:
    """Everything as asked for; what the tools' environment holds is written to the file `environment` in `beside`."""
    environment = shlex.quote(str(beside / "environment"))
    steps = [
        _shell(f"env > {environment}; printf 'rehearsed\\n' > {FILE}", text="I write the file."),
        _shell("git add -A && git commit -q -m 'Write the file'"),
        *_handoff(profile),
    ]
    return Scene(steps, failures=failures)


def _handoff(profile: ModelAgent) -> list[dict[str, Any]]:
    """A program is told the handoff's path in its prompt, and in its environment."""
    if isinstance(profile, ApiAgent):
        return [{"calls": [{"submit": _HANDOFF}]}]
    written = shlex.quote(json.dumps(_HANDOFF))
    return [_shell(f"printf '%s' {written} > \"$MISSION_HANDOFF\""), {"text": "Done."}]


def nothing() -> Scene:
    """The model says that it is done, and did nothing."""
    return Scene([{"text": "All of it is done and tested."}])


def endless() -> Scene:
    """The model goes on for ever, and never twice in the same way."""
    return Scene([_shell("echo {{turn}}")], {"max_turns": TURNS})


def silence(seconds: float) -> Scene:
    """The provider takes the request and never answers; the idle limit is `seconds`."""
    return Scene([{"fault": {"kind": "hang"}}], {"idle_timeout": seconds})


def stopped(beside: Path) -> Scene:
    """The mission is stopped while a command runs that has left a process of its own in another session."""
    followed, begun = beside / "followed", beside / "begun"
    name = shlex.quote(str(followed))
    left = f"(setsid tail -f {name} >/dev/null 2>&1 &)"
    line = f"touch {name}; {left}; touch {shlex.quote(str(begun))}; tail -f {name}"
    return Scene([_shell(line)], stopped_at=begun)


def refused() -> Scene:
    """The provider does not take the key."""
    return Scene([{"fault": {"status": 401}}])


def throttled() -> Scene:
    """The provider wants no call for an hour."""
    return Scene([{"fault": {"status": 429, "retry_after": f"{RETRY_AFTER}s"}}])


def _shell(line: str, *, text: str = "") -> dict[str, Any]:
    return {"text": text, "calls": [{"shell": line}]}
