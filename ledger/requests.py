"""What other terminals ask of the process that owns a run, and its answers: a file each way."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ledger.files import write_file
from ledger.folder import RunFolder


@dataclass(frozen=True)
class Request:
    action: str
    """pause, cancel, kill, retry or skip."""
    by: str
    feature: str = ""
    why: str = ""
    drain: bool = False
    """For a pause: what is at work is brought to its end first."""


@dataclass(frozen=True)
class Answer:
    told: str
    """One sentence."""
    refused: bool = False


def ask(folder: RunFolder, request: Request) -> Path:
    """Leave a request for the owner, who looks several times a second; where it is, until it is answered."""
    path = folder.requests / f"{time.time_ns()}-{secrets.token_hex(3)}.json"
    write_file(path, json.dumps(asdict(request)))
    return path


def pending(folder: RunFolder) -> Iterator[tuple[Path, Request]]:
    """Those that nobody has answered, in the order in which they were made."""
    for path in sorted(folder.requests.glob("[0-9]*.json")):
        yield path, Request(**json.loads(path.read_text(encoding="utf-8")))


def reply(path: Path, answer: Answer) -> None:
    """The request is gone when its answer is there."""
    write_file(path.with_suffix(".answer"), json.dumps(asdict(answer)))
    path.unlink(missing_ok=True)


def answer_to(path: Path) -> Answer | None:
    """The answer, once: it is taken away."""
    found = path.with_suffix(".answer")
    if not found.exists():
        return None
    answer = Answer(**json.loads(found.read_text(encoding="utf-8")))
    found.unlink()
    return answer


def forget(folder: RunFolder) -> None:
    """What was asked of an owner that is gone asks nothing of the next."""
    shutil.rmtree(folder.requests, ignore_errors=True)
