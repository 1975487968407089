"""Processes that outlived an orchestrator, where the system allows no namespaces."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.owner import Owner
from tests.workspaces.test_process import PROJECT, processes_with, until
from workspaces import containment
from workspaces.strays import end_strays

ORCHESTRATOR = """
    from pathlib import Path
    from ledger.owner import Owner
    from workspaces import containment
    from workspaces.process import run
    containment.namespace = containment.death_signal = tuple
    print(Owner.here().model_dump_json(), flush=True)
    run(["sh", "-c", "setsid nohup sleep {seconds} & sleep {seconds}"], cwd=Path("/"), contained=True, timeout=600)
"""


def life(number: int) -> str:
    """The words of the two processes that an orchestrator starts; nobody else's."""
    return f"sleep\0{number * 100_000 + os.getpid()}"


@contextmanager
def orchestrator(number: int) -> Generator[tuple[subprocess.Popen[str], Owner]]:
    """A process that runs a command without a namespace, and who it is."""
    script = textwrap.dedent(ORCHESTRATOR).format(seconds=life(number).partition("\0")[2])
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen([sys.executable, "-c", script], env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        owner = Owner.model_validate_json(process.stdout.readline())
        until(lambda: len(processes_with(life(number))) == 2)
        try:
            yield process, owner
        finally:
            process.kill()
            process.wait()
            containment.sweep_all(containment.mark_of(owner.pid, owner.born))


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc")
def test_what_a_dead_orchestrator_s_commands_left_is_ended_and_nobody_else_s() -> None:
    with orchestrator(7) as (dead, former), orchestrator(8) as (_, living):
        end_strays(former)
        assert len(processes_with(life(7))) == 2  # it lives
        dead.kill()
        dead.wait()
        for other in (former.model_copy(update={"boot": "former"}), former.model_copy(update={"born": 1}), living):
            end_strays(other)
        assert len(processes_with(life(7))) == 2
        end_strays(former)
        assert processes_with(life(7)) == []
        assert len(processes_with(life(8))) == 2
