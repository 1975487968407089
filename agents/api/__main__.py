"""`python -I agents/api/__main__.py`: a Spec on stdin, one conversation, its transcript on stdout.

Exit code 0 whenever an `end` line was printed. The key comes on stdin, which is closed to everybody once it is read.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # isolated as we are, nobody else names this folder

from pydantic import ValidationError

from agents.api.loop import converse
from agents.api.spec import Spec
from ledger.conversation import EndReason, Entry, entry, total


def main() -> None:
    try:
        spec = Spec.model_validate_json(_stdin())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]  # an input may be the key
        _failed(f"the conversation's specification: {'.'.join(map(str, first['loc']))}: {first['msg']}")
        return
    try:
        converse(spec, _print)
    except Exception as error:
        traceback.print_exc()
        _failed(f"a bug in the agent's loop: {type(error).__name__}: {error}")


def _stdin() -> bytes:
    """All of stdin; then there is nothing at its place any more, here or in anything that is started from here."""
    text = sys.stdin.buffer.read()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return text


def _print(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def _failed(text: str) -> None:
    _print(entry(Entry.END, reason=EndReason.FAILED, turns=0, usage=total([]), text=text))


if __name__ == "__main__":
    main()
