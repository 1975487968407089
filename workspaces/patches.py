"""Which side's change did a resolved merge drop?

Looked at is every path that a side changed and whose result is not simply what git makes of both without a
conflict. A side's change is lost when

- the result is the other side's version: unless that version says all of the new words of every hunk of
  this side too (both did the same, one did more);
- a hunk's new words, those that neither the ancestor nor the other side says, all miss in the result.
  Punctuation, order and pure deletions leave no such words: they cannot be judged and pass;
- the file mode is the other side's although only this side changed it.

Deleted by one, changed by the other: keeping the changed file is a resolution; deleting it loses the change
unless its words appear in another file that the merge changed (it moved: renames are a deletion and an
addition here). Binary files, symbolic links and submodules have no words: choosing one side loses the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from workspaces import git
from workspaces.resolution import ABSENT, Entry, Sides, Versions

_HUNK = re.compile(rb"^@@ ", re.MULTILINE)
_START = re.compile(rb"\+(\d+)")
_WORD = re.compile(rb"[\w\x80-\xff]+")


def lost_patches(sides: Sides, labels: tuple[str, str]) -> Iterator[str]:
    """`lost: <label> <path>: what`, for each side and path."""
    for v in sides.versions:
        # What is absent may have been renamed, and the change to it dropped in the conflict at its new place.
        if v.result == v.automatic != ABSENT and not v.conflicted:
            continue
        for label, mine, other in ((labels[0], v.ours, v.theirs), (labels[1], v.theirs, v.ours)):
            if mine != v.base and mine != other and v.result != mine:
                why = _loss(sides, v, mine, other)
                if why:
                    yield f"lost: {label} {v.path}: {why}"


def _loss(sides: Sides, v: Versions, mine: Entry, other: Entry) -> str | None:
    if mine == ABSENT:
        kept = v.result == other and other == v.base
        return "the file was deleted there and is still here" if kept else None
    if v.result == ABSENT:
        return _loss_by_deletion(sides, v, mine)
    if v.result[1] == mine[1]:
        return None if mine[0] == v.base[0] else "its file mode is not here"
    if v.result == other:
        return None if _says_all(sides, v, mine) else "the result is the other side's version"
    if mine[0] != v.base[0] and other[0] == v.base[0] and v.result[0] != mine[0]:
        return "its file mode is not here"
    return _lost_hunk(sides, v, mine, other)


def _loss_by_deletion(sides: Sides, v: Versions, mine: Entry) -> str | None:
    elsewhere = _words(b" ".join(_texts_of_results(sides)))
    known = _words(sides.text(v.base))
    hunks = [_words(added) - known for _, added in _hunks(sides, v.base, mine)]
    if sides.text(mine) is not None and all(not new or new & elsewhere for new in hunks):
        return None
    return "it was changed there and is deleted here"


def _texts_of_results(sides: Sides) -> Iterator[bytes]:
    return (sides.text(v.result) or b"" for v in sides.versions if v.result not in (v.base, ABSENT))


def _says_all(sides: Sides, v: Versions, mine: Entry) -> bool:
    if sides.text(mine) is None or sides.text(v.result) is None or mine[0] != v.result[0]:
        return False
    known, here = _words(sides.text(v.base)), _words(sides.text(v.result))
    new = [_words(added) - known for _, added in _hunks(sides, v.base, mine)]
    return all(words and words <= here for words in new)


def _lost_hunk(sides: Sides, v: Versions, mine: Entry, other: Entry) -> str | None:
    if sides.text(mine) is None or sides.text(v.result) is None:
        return None
    known, theirs, here = (_words(sides.text(entry)) for entry in (v.base, other, v.result))
    for line, added in _hunks(sides, v.base, mine):
        new = _words(added) - known
        telling = new - theirs or new
        if telling and not telling & here:
            first = next(filter(None, added.decode(errors="replace").splitlines()), "").strip()
            return f"nothing of line {line} and after is here: {first[:80]}"
    return None


def _hunks(sides: Sides, old: Entry, new: Entry) -> Iterator[tuple[int, bytes]]:
    """Each place where `new` has other lines than `old`: its first line's number, and the lines."""
    text = sides.text(new)
    if text is None or sides.text(old) is None:
        yield from [(1, text)] if text else []
        return
    for hunk in _HUNK.split(git.diff_of_blobs(sides.repo, old[1], new[1]))[1:]:
        head, *lines = hunk.split(b"\n")
        added = b"\n".join(line[1:] for line in lines if line.startswith(b"+"))
        if added:
            yield int(_START.findall(head)[0]), added


def _words(text: bytes | None) -> set[bytes]:
    return set(_WORD.findall(text or b""))
