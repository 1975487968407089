from __future__ import annotations

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from workspaces.union import in_order, union_of_lines

LIST = [b"line %d\n" % number for number in range(6)]
PLACES = st.lists(st.integers(0, 5), max_size=3, unique=True)


def test_last_lines_without_an_end_stay_two_lines() -> None:
    assert union_of_lines(b"one", b"apple", b"pear") == b"apple\npear"


def test_new_line_ends_are_those_of_the_side_that_changed_them() -> None:
    assert union_of_lines(b"1\r\n2\r\n", b"1\r\n2\r\n3\r\n", b"1\n2\n") == b"1\n2\n3\n"


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.lists(st.tuples(PLACES, PLACES), min_size=3, max_size=3))
def test_lists_united_in_every_order_lose_no_line_that_a_side_wrote(edits: list[tuple[list[int], list[int]]]) -> None:
    base = b"".join(LIST)
    sides = [_edited(name, *places) for name, places in zip((b"a", b"b", b"c"), edits, strict=True)]
    written = {line for side in sides for line in side.splitlines() if line + b"\n" not in LIST}
    for order in permutations(sides):
        assert written <= set(_united(base, *order).splitlines())


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.lists(PLACES, min_size=3, max_size=3))
def test_lists_in_order_are_the_same_in_every_order_of_merges(additions: list[list[int]]) -> None:
    base = b"".join(LIST)
    sides = [_edited(name, [], places) for name, places in zip((b"a", b"b", b"c"), additions, strict=True)]
    results = {in_order(_united(base, *order)) for order in permutations(sides)}
    assert results == {b"".join(sorted({line for side in sides for line in side.splitlines(keepends=True)}))}


def _edited(name: bytes, replaced: list[int], added: list[int]) -> bytes:
    """The list with some lines written anew, and with a line more after some."""
    lines = (b"new %d %s\n" % (number, name) if number in replaced else line for number, line in enumerate(LIST))
    after = (b"line %d %s\n" % (number, name) if number in added else b"" for number in range(len(LIST)))
    return b"".join(line + more for line, more in zip(lines, after, strict=True))


def _united(base: bytes, *sides: bytes) -> bytes:
    tip = sides[0]
    for side in sides[1:]:
        tip = union_of_lines(base, tip, side) or b""
    return tip
