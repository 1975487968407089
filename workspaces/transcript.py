"""What a command said: without secrets, the end of it in memory, all of it on disk if somebody wants it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

SHORTEST_SECRET = 6  # replacing shorter values would tear ordinary words apart
LARGEST_TRANSCRIPT = 20_000_000  # bytes written by one command
LONGEST_LINE = 4_000_000  # bytes of a line that a listener hears in one piece


class Listener(Protocol):
    """Hears a command line by line while it runs, writes its transcript, and may set it a time."""

    deadline: float
    """When the command must have ended, on the monotonic clock; `math.inf` unless what it said has shortened it."""

    def hear(self, line: bytes) -> bytes:
        """What goes into the transcript for this line, which is redacted and has no line end."""
        ...


class Lines:
    """Cuts text that comes in pieces into lines for a listener."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._begun = b""

    @property
    def deadline(self) -> float:
        return self._listener.deadline

    def feed(self, text: bytes) -> bytes:
        *whole, self._begun = (self._begun + text).split(b"\n")
        if len(self._begun) > LONGEST_LINE:
            whole, self._begun = [*whole, self._begun], b""
        return b"".join(self._listener.hear(line) for line in whole)

    def close(self) -> bytes:
        """For a last line without an end."""
        begun, self._begun = self._begun, b""
        return self._listener.hear(begun) if begun else b""


class Redactor:
    """Replaces the values of secrets by `[NAME]`, also where a value is cut in two by the reads.

    A value is looked for as it is and as it stands inside a JSON string. Values of fewer than
    `SHORTEST_SECRET` characters are left alone.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._names: dict[bytes, bytes] = {}
        for name, value in secrets.items():
            if len(value) >= SHORTEST_SECRET:
                for form in (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
                    self._names[form.encode(errors="surrogateescape")] = f"[{name}]".encode()
        longest_first = sorted(self._names, key=len, reverse=True)
        self._first_bytes = {value[0] for value in self._names}
        self._pattern = re.compile(b"|".join(map(re.escape, longest_first)))
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """As much of the text so far as can no longer turn out to be the beginning of a secret."""
        if not self._names:
            return chunk
        text = self._held + chunk
        done: list[bytes] = []
        position, hold = 0, self._undecided(text, 0)
        for match in self._pattern.finditer(text):
            if match.start() >= hold:
                break
            done += [text[position : match.start()], self._names[match[0]]]
            position = match.end()
            if position > hold:
                hold = self._undecided(text, position)
        self._held = text[hold:]
        return b"".join([*done, text[position:hold]])

    def close(self) -> bytes:
        """What was held back."""
        held, self._held = self._held, b""
        return self._pattern.sub(lambda match: self._names[match[0]], held) if self._names else held

    def _undecided(self, text: bytes, start: int) -> int:
        longest = max(map(len, self._names))
        for index in range(max(start, len(text) - longest + 1), len(text)):
            end = text[index:] if text[index] in self._first_bytes else b""
            if end and any(value.startswith(end) for value in self._names if len(value) > len(end)):
                return index
        return len(text)


def redacted(text: bytes, secrets: Mapping[str, str]) -> bytes:
    """A whole text without the values of secrets."""
    redactor = Redactor(secrets)
    return redactor.feed(text) + redactor.close()


class Sink:
    """Takes the output of one command: redacts it, keeps its end, appends it to a transcript.

    With a `listener` the transcript is what it makes of each line.
    """

    def __init__(
        self,
        secrets: Mapping[str, str],
        *,
        keep: int | None,
        transcript: Path | None,
        listener: Listener | None = None,
    ) -> None:
        self._redactor = Redactor(secrets)
        self._lines = Lines(listener) if listener else None
        self._keep = keep
        self._tail = bytearray()
        self._written = 0
        self._file: BinaryIO | None = None
        if transcript:
            transcript.parent.mkdir(parents=True, exist_ok=True)
            self._file = transcript.open("ab", buffering=0)

    @property
    def deadline(self) -> float:
        """When the command must have ended, by what it said."""
        return self._lines.deadline if self._lines else math.inf

    def write(self, chunk: bytes) -> None:
        self._store(self._redactor.feed(chunk))

    def close(self) -> bytes:
        """The end of the output (all of it when nothing limits it)."""
        self._store(self._redactor.close())
        if self._lines:
            self._write(self._lines.close())
        if self._file:
            self._file.close()
        return bytes(self._tail if self._keep is None else self._tail[-self._keep :])

    def _store(self, text: bytes) -> None:
        self._tail += text
        if self._keep is not None and len(self._tail) > 2 * self._keep:
            del self._tail[: -self._keep]
        self._write(self._lines.feed(text) if self._lines else text)

    def _write(self, text: bytes) -> None:
        if self._file and text and self._written <= LARGEST_TRANSCRIPT:
            self._written += len(text)
            self._file.write(text if self._written <= LARGEST_TRANSCRIPT else self._cut(text))

    def _cut(self, text: bytes) -> bytes:
        rest = text[: len(text) - (self._written - LARGEST_TRANSCRIPT)]
        return rest + f"\n[transcript cut here: more than {LARGEST_TRANSCRIPT} bytes]\n".encode()
