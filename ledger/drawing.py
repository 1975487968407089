"""The picture of how features came together, drawn for the page: SVG that needs nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise

from ledger.picture import Join, Picture, pictures
from ledger.report import MissionReport

_WIDTH, _ROW = 960, 40
_BOX_LEFT, _BOX_WIDTH, _BOX_HEIGHT = 60, 240, 26
_LINE = 360
"""Where the line is that grows from the base to the milestone's commit."""
_WORDS = _LINE + 22
_LONGEST_NAME, _LONGEST_WORDS = 30, 84
_COLORS = {"good": "#2e9e5b", "conflict": "#c98a00", "bad": "#d64545", "open": "#8a9099"}


def section(report: MissionReport) -> str:
    """All pictures under a heading; empty when there is none."""
    drawn = [f"<h3>{escape(picture.milestone)}</h3>\n{svg(picture)}\n" for picture in pictures(report)]
    return "<h2>How it came together</h2>\n" + "".join(drawn) if drawn else ""


def svg(picture: Picture) -> str:
    """A row for the base, for each feature, for the end, and for each set that breaks together."""
    extra = 2 + bool(picture.left_out) + len(picture.breaks)
    height = _ROW * (len(picture.joins) + extra)
    told = f"How the features of {picture.milestone} came together: {picture.end}"
    head = (
        f'<svg role="img" aria-label="{escape(told)}" viewBox="0 0 {_WIDTH} {height}" '
        'style="width:100%;max-width:60rem;height:auto" font-family="system-ui, sans-serif" font-size="14">'
    )
    return "\n".join([head, *_shapes(picture), "</svg>"])


def _shapes(picture: Picture) -> Iterator[str]:
    rows = {join.feature: _middle(number) for number, join in enumerate(picture.joins, 1)}
    last = _middle(len(picture.joins) + 1 + bool(picture.left_out))
    yield _trunk(picture, last)
    yield _dot(_middle(0), "open") + _text(_WORDS, _middle(0), f"base {picture.base}")
    for join in picture.joins:
        yield from _row(join, rows[join.feature])
    if picture.left_out:
        words = f"and {picture.left_out} more, merged without a conflict or not yet"
        yield _text(_WORDS, last - _ROW, words, color=_COLORS["open"])
    yield _dot(last, picture.tone) + _text(_WORDS, last, picture.end, weight="bold")
    yield from _broken(picture, rows, last)


def _middle(row: int) -> int:
    return _ROW * row + _ROW // 2


def _trunk(picture: Picture, last: int) -> str:
    """Unbroken only when everything that should be in the commit is."""
    whole = all(join.rung for join in picture.joins)
    dashes = "" if whole else ' stroke-dasharray="5 5"'
    line = f'<line x1="{_LINE}" y1="{_middle(0)}" x2="{_LINE}" y2="{last}" stroke="{_COLORS["open"]}"'
    return f'{line} stroke-width="3"{dashes}/>'


def _row(join: Join, middle: int) -> Iterator[str]:
    color = _COLORS[join.tone]
    yield (
        f'<rect x="{_BOX_LEFT}" y="{middle - _BOX_HEIGHT // 2}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="5" '
        f'fill="none" stroke="{color}" stroke-width="2"/>'
    )
    yield _text(_BOX_LEFT + 10, middle, _cut(join.feature, _LONGEST_NAME))
    dashes = "" if join.rung else ' stroke-dasharray="4 4"'
    start = _BOX_LEFT + _BOX_WIDTH
    yield f'<line x1="{start}" y1="{middle}" x2="{_LINE}" y2="{middle}" stroke="{color}" stroke-width="2"{dashes}/>'
    yield _dot(middle, join.tone) if join.rung else _cross(middle, color)
    yield _text(_WORDS, middle, _cut(join.words, _LONGEST_WORDS))


def _broken(picture: Picture, rows: dict[str, int], last: int) -> Iterator[str]:
    """An arc at the left of the features that break together, and a line that says by which check it is known."""
    red = _COLORS["bad"]
    for number, (features, check) in enumerate(picture.breaks, 1):
        known = [rows[name] for name in features if name in rows]
        for one, other in pairwise(known):
            curve = f"M {_BOX_LEFT} {one} C 10 {one}, 10 {other}, {_BOX_LEFT} {other}"
            yield f'<path d="{curve}" fill="none" stroke="{red}" stroke-width="2" stroke-dasharray="2 3"/>'
        words = f"✗ {' and '.join(features)} break together: {check}"
        yield _text(_BOX_LEFT, last + _ROW * number, _cut(words, 110), color=red)


def _dot(middle: int, tone: str) -> str:
    return f'<circle cx="{_LINE}" cy="{middle}" r="8" fill="{_COLORS[tone]}"/>'


def _cross(middle: int, color: str) -> str:
    x, near = _LINE, 6
    arms = f"M {x - near} {middle - near} L {x + near} {middle + near} M {x - near} {middle + near} L {x + near} "
    return f'<path d="{arms}{middle - near}" stroke="{color}" stroke-width="3"/>'


def _text(x: int, middle: int, words: str, *, color: str = "currentColor", weight: str = "normal") -> str:
    place = f'x="{x}" y="{middle}" dominant-baseline="central" fill="{color}" font-weight="{weight}"'
    return f"<text {place}>{escape(words)}</text>"


def _cut(text: str, longest: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= longest else words[: longest - 1] + "…"
