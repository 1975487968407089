"""A coding agent that is none: speaks as one of the programs and behaves as the first word of its prompt says.

The tests make a program for each kind that calls `main` with its name; the command line is the program's own.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.agents.cli.fakes.dialects import DIALECTS, Dialect, complain, say

FOREVER = 600


def works(agent: Dialect) -> int:
    agent.start()
    agent.text("I look.")
    agent.call()
    agent.tool("make", "one failed\n", 2)
    agent.call()
    agent.text("Done.")
    return agent.finish()


def does_nothing(agent: Dialect) -> int:
    agent.start()
    return agent.finish()


def is_denied(agent: Dialect) -> int:
    agent.start()
    agent.denied()
    agent.text("I was not allowed to.")
    return agent.finish()


def hangs(agent: Dialect) -> int:
    agent.start()
    time.sleep(FOREVER)
    return 0


def is_refused(agent: Dialect) -> int:
    agent.start()
    return agent.refused(401, "Incorrect API key provided.")


def is_used_up(agent: Dialect) -> int:
    agent.start()
    return agent.refused(429, "You've hit your usage limit, try again in 2 hours 5 minutes.")


def is_overloaded(agent: Dialect) -> int:
    agent.start()
    return agent.refused(529, "Overloaded")


def says_so_in_prose(agent: Dialect) -> int:
    complain("Error: invalid API key; please run /login")
    return 1


def is_throttled_once(agent: Dialect) -> int:
    agent.start()
    agent.retry(429, "Rate limit reached")
    agent.text("Done.")
    return agent.finish()


def waits_for_its_provider(agent: Dialect) -> int:
    agent.start()
    agent.retry(503, "service unavailable")
    time.sleep(FOREVER)
    return 0


def is_torn(agent: Dialect) -> int:
    agent.start()
    sys.stdout.write('{"type": "result", "is_error": tr')
    return 0


def crashes(agent: Dialect) -> int:
    agent.start()
    complain("Segmentation fault")
    return 139


def ends_twice(agent: Dialect) -> int:
    agent.start()
    agent.call()
    agent.finish()
    agent.text("Something came back: I go on.")
    agent.call()
    return agent.refused(529, "Overloaded")


def lingers(agent: Dialect) -> int:
    code = works(agent)
    time.sleep(FOREVER)
    return code


def ignores_signals(agent: Dialect) -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    return hangs(agent)


def leaves_a_daemon(agent: Dialect) -> int:
    """Which holds a lock while it lives."""
    file = Path(os.environ["MISSION_WORKSPACE"], "lock").open("w")  # noqa: SIM115
    fcntl.flock(file, fcntl.LOCK_EX)
    argv = [sys.executable, "-c", f"import time; time.sleep({FOREVER})"]
    subprocess.Popen(argv, start_new_session=True, pass_fds=[file.fileno()], stdout=subprocess.DEVNULL)
    return works(agent)


def tells_its_key(agent: Dialect) -> int:
    agent.start()
    agent.text(" ".join(value for name, value in os.environ.items() if name.endswith(("KEY", "TOKEN"))))
    return agent.finish()


def meets_its_turns(agent: Dialect) -> int:
    agent.start()
    agent.call()
    limited: Callable[[], int] | None = getattr(agent, "turns_met", None)
    if limited:
        return limited()
    for _ in range(4):
        agent.call()
    time.sleep(FOREVER)
    return 0


def speaks_strangely(agent: Dialect) -> int:
    for kind in ("system", "assistant", "item.completed", "tool_use", "message", "result", "thread.started", "error"):
        say(type=kind, message=[1], item=2, part="x")
    return 0


def tells(agent: Dialect) -> int:
    """What it was started with, into the workspace."""
    told = {"argv": sys.argv[1:], "env": dict(os.environ), "cwd": str(Path.cwd())}
    Path(os.environ["MISSION_WORKSPACE"], "told.json").write_text(json.dumps(told))
    return works(agent)


def main(kind: str) -> int:
    """The exit code."""
    if "--version" in sys.argv:
        sys.stdout.write("fake 9.8.7 (a program)\n")
        return 0
    prompt = sys.stdin.read()
    if not prompt.strip():
        complain("Error: no prompt was given on stdin")
        return 1
    scene: Callable[[Dialect], int] = globals()[prompt.split()[0]]
    return scene(DIALECTS[kind]())
