"""A search of its own process, so that a regular expression that never ends can be ended.

Asked on stdin, in JSON: `pattern`, `blobs` (objects of the repository it is started in), and how much to
show. Answers on the last line of stdout: what it found, or why the pattern is none.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

_LARGEST = 5_000_000  # bytes; larger files are data rather than code
_HEAD = 8_000  # a NUL in here tells that a file is binary, as git has it


def main() -> None:
    asked = json.loads(sys.stdin.buffer.read())
    try:
        answer = _search(re.compile(asked["pattern"]), asked["blobs"], shown=asked["shown"], width=asked["width"])
    except (re.error, OverflowError, RecursionError) as error:
        answer = {"invalid": str(error)}
    sys.stdout.buffer.write(b"\n" + json.dumps(answer, ensure_ascii=False).encode())


def _search(regex: re.Pattern[str], blobs: Sequence[str], *, shown: int, width: int) -> dict[str, Any]:
    """`matches` are number of the file, number of the line, and its beginning."""
    searched, count, matches = 0, 0, list[tuple[int, int, str]]()
    for number, content in enumerate(_contents(blobs)):
        if content is None or b"\0" in content[:_HEAD]:
            continue
        searched += 1
        for place, line in enumerate(_lines(content), 1):
            if regex.search(line):
                count += 1
                matches += [(number, place, _printable(line[:width]))] * (count <= shown)
    return {"searched": searched, "count": count, "matches": matches}


def _contents(blobs: Sequence[str]) -> Iterator[bytes | None]:
    """Content by content, None for one that is too large."""
    argv = ["git", "cat-file", "--batch-command"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as git:
        assert git.stdin
        assert git.stdout
        for blob in blobs:
            git.stdin.write(f"info {blob}\n".encode())
            git.stdin.flush()
            size = int(git.stdout.readline().split()[2])
            if size > _LARGEST:
                yield None
                continue
            git.stdin.write(f"contents {blob}\n".encode())
            git.stdin.flush()
            git.stdout.readline()
            yield git.stdout.read(size + 1)[:size]


def _lines(content: bytes) -> Iterator[str]:
    for line in io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", "replace"):
        yield line.removesuffix("\n")


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() or sign == "\t" else "\N{REPLACEMENT CHARACTER}" for sign in text)


if __name__ == "__main__":
    main()
