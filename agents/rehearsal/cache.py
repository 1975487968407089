"""A prompt cache as the providers have it: what a request reads from it follows from the prefixes sent before."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from itertools import accumulate

from agents.rehearsal.exchange import Prefix, Usage

LOOKBACK = 20
"""Blocks before a breakpoint that Anthropic searches for an earlier one."""


class Cache:
    """Remembers prefixes by hash. There is no smallest size and no expiry, so that short tests show everything.

    A prefix with breakpoints is written up to the last one; without, it is stored at no charge.
    """

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._lock = threading.Lock()

    def meter(self, scope: str, prefix: Prefix, *, output: int) -> Usage:
        """The tokens of a request, whose prefixes are then remembered; `scope` shares nothing with others."""
        digests = _digests(scope, prefix.blocks)
        everything = range(len(digests))
        marks: Sequence[int] = everything if prefix.marks is None else prefix.marks
        with self._lock:
            found = max((place for place in _searched(prefix, everything) if digests[place] in self._seen), default=-1)
            self._seen.update(digests[mark] for mark in marks)
        return _usage(prefix, found, output)


def count(prefix: Prefix) -> int:
    """Tokens of a request: a quarter of its characters."""
    return _cumulated(prefix)[-1]


def _searched(prefix: Prefix, everything: range) -> set[int]:
    if prefix.marks is None:
        return set(everything)
    return {place for mark in prefix.marks for place in range(max(0, mark - LOOKBACK), mark + 1)}


def _usage(prefix: Prefix, found: int, output: int) -> Usage:
    tokens = _cumulated(prefix)
    read = tokens[found] if found >= 0 else 0
    written = max(read, tokens[max(prefix.marks)]) if prefix.marks else read
    return Usage(tokens[-1] - written, read, written - read, output)


def _cumulated(prefix: Prefix) -> list[int]:
    return [characters // 4 for characters in accumulate(len(block) for block in prefix.blocks)] or [0]


def _digests(scope: str, blocks: tuple[str, ...]) -> list[bytes]:
    running, digests = hashlib.sha256(scope.encode()), list[bytes]()
    for block in blocks:
        running.update(f"\0{len(block)}\0{block}".encode("utf-8", "surrogatepass"))
        digests.append(running.digest())
    return digests
