"""The tool that runs commands: each in a fresh bash, of which nothing is left when it ends."""

from __future__ import annotations

import itertools
from pathlib import Path

from pydantic import Field

from agents.api.spec import Spec
from agents.api.tools import Arguments, Output, Tool
from workspaces import process
from workspaces.process import Ended, Finished
from workspaces.transcript import SHORTEST_SECRET

SHOWN = 30_000
"""Bytes of an output that the model sees."""
_USUAL = 120.0


class Command(Arguments):
    command: str = Field(min_length=1)
    """What bash runs, in the workspace; stdin is empty."""
    timeout: float = Field(default=_USUAL, gt=0)
    """Seconds after which it is ended with everything it started."""


def shell(spec: Spec) -> Tool[Command]:
    """`bash` in the workspace, with the environment that the conversation was given and without its key."""
    environment = {name: value for name, value in spec.environment.items() if not _shows(spec.key, value)}
    numbers = itertools.count(1)

    def run(given: Command) -> Output:
        file = spec.outputs / f"output-{next(numbers)}.txt"
        file.unlink(missing_ok=True)
        seconds = min(given.timeout, spec.shell_timeout)
        finished = process.run(
            ["bash", "-c", given.command],
            cwd=spec.workspace,
            env=environment,
            timeout=seconds,
            transcript=file,
            secrets={"KEY": spec.key},
            contained=True,
            grace=2,
        )
        return _output(finished, file, seconds)

    description = (
        "Run a command in a fresh bash in the workspace and see its output and exit code."
        " Nothing it starts stays alive after it, so servers must be started and used in one command."
        f" At most {spec.shell_timeout:g} seconds."
    )
    return Tool("bash", description, Command, run)


def _shows(key: str, value: str) -> bool:
    """A very short key is none, and found in any word."""
    return len(key) >= SHORTEST_SECRET and key in value


def _output(finished: Finished, file: Path, seconds: float) -> Output:
    if finished.ended is Ended.MISSING:
        return Output(f"bash could not be started: {finished.error}", error=True)
    ending = f"exit code {finished.exit_code}"
    if finished.ended is not Ended.EXITED:
        ending = f"timed out after {seconds:g} s; everything it started was ended"
    said = _shown(file)
    text = f"{said}{'' if not said or said.endswith(chr(10)) else chr(10)}{ending}"
    return Output(text, error=finished.exit_code != 0, exit_code=finished.exit_code)


def _shown(file: Path) -> str:
    """The output, its middle left out when it is long; then the file stays, and is named."""
    length = file.stat().st_size
    with file.open("rb") as stream:
        if length <= SHOWN:
            whole = stream.read().decode(errors="replace")
            file.unlink()
            return whole
        head = stream.read(SHOWN // 2).decode(errors="replace")
        stream.seek(length - SHOWN // 2)
        tail = stream.read().decode(errors="replace")
    return f"{head}\n[{length - SHOWN} bytes left out here; all of it is in {file}]\n{tail}"
