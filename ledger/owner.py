"""Who works on a run: which process of which machine, and since when."""

from __future__ import annotations

import os
import platform
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from blueprints.fields import Recorded


class Owner(Recorded):
    """A process that works on a run, or did. What a system does not tell is empty."""

    token: str
    """Nobody else's, nor another life's of the same process."""
    host: str
    machine: str
    boot: str
    """Changes whenever the machine starts."""
    pid: int
    born: int | None
    """When the process started, in ticks since the boot: with it `pid` is nobody else's."""
    since: str
    command: str

    @classmethod
    def here(cls) -> Owner:
        """This process, as a new owner."""
        return cls(
            token=secrets.token_hex(16),
            host=platform.node(),
            machine=_fact("/etc/machine-id"),
            boot=_fact("/proc/sys/kernel/random/boot_id"),
            pid=os.getpid(),
            born=born(os.getpid()),
            since=datetime.now(UTC).isoformat(timespec="seconds"),
            command=_command(sys.argv),
        )

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since} ({self.command})"

    def shares_kernel_with(self, other: Owner) -> bool:
        """Whether both run on the same machine, not started anew in between."""
        return self.boot == other.boot and (bool(self.boot) or self.host == other.host)

    def shares_machine_with(self, other: Owner) -> bool:
        """Whether both run on the same machine, started anew in between or not."""
        return bool(self.machine) and (self.host, self.machine) == (other.host, other.machine)

    @property
    def lives(self) -> bool:
        """Whether its process is there; to be asked on its own machine."""
        return self.born is not None and born(self.pid) == self.born


def read_owner(path: Path) -> Owner | None:
    """Who wrote the file; None when there is none, or it is no owner's."""
    try:
        return Owner.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def born(pid: int) -> int | None:
    """When a process started, in ticks since the boot; None for one that is gone, or where systems do not tell."""
    try:
        # The name before the last ")" may hold anything; the state comes first after it, the start as the 20th.
        words = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if words[0] in (b"Z", b"X") else int(words[19])


def _fact(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _command(argv: list[str]) -> str:
    """The program and, for our own, the subcommand: further arguments may hold what nobody else should read."""
    program = Path(argv[0] if argv else "")
    if program.name != "mission" and program.parts[-2:] != ("cli", "main.py"):
        return program.name or "python"
    return " ".join(["mission", *(word for word in argv[1:2] if word.isalpha())])
