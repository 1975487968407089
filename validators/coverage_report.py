"""Coverage reports: which lines of which files can be executed, and which of those were."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ValidationError

from validators.report_file import UnreadableError, parse_xml

Lines = Mapping[int, bool]
"""Executable lines by number, and whether they were reached."""


@dataclass(frozen=True)
class CoverageReport:
    files: Mapping[str, Lines]
    """By path relative to the checkout."""
    unclear: frozenset[str] = frozenset()
    """Paths of which the report does not tell whether it means them or another file."""


@dataclass(frozen=True)
class _Entry:
    """What a report says about one file, and the paths it may mean by its name: the first that exist count."""

    choices: Sequence[Sequence[str]]
    lines: Iterable[tuple[int, bool]]


class _PythonFile(BaseModel):
    executed_lines: list[int]
    missing_lines: list[int]


class _PythonReport(BaseModel):
    files: dict[str, _PythonFile]


def parse(content: bytes, name: str, checkout: Path) -> CoverageReport:
    """The report called `name`, whatever its format; UnreadableError if it is none that is known."""
    text = content.decode("utf-8-sig", errors="surrogateescape").lstrip()
    if text.startswith(("TN:", "SF:", "#")):
        return _gathered(_lcov(text, name), checkout)
    if text.startswith("{"):
        return _gathered(_python(text, name), checkout)
    if text.startswith("<"):
        return _gathered(_cobertura(content, name), checkout)
    raise UnreadableError(f"{name} is neither LCOV nor Cobertura XML nor coverage.py's JSON")


def _gathered(entries: Iterable[_Entry], checkout: Path) -> CoverageReport:
    files, unclear = dict[str, dict[int, bool]](), set[str]()
    for entry in entries:
        paths = _meant(entry, checkout)
        if len(paths) > 1:
            unclear.update(paths)
        for path in paths:
            lines = files.setdefault(path, {})
            for number, reached in entry.lines:
                lines[number] = lines.get(number, False) or reached
    return CoverageReport(files, frozenset(unclear))


def _meant(entry: _Entry, checkout: Path) -> list[str]:
    for names in entry.choices:
        inside = {path for name in names if (path := _relative(name, checkout))}
        if existing := sorted(path for path in inside if (checkout / path).is_file()):
            return existing
    return []


def _relative(name: str, checkout: Path) -> str | None:
    """The path relative to the checkout, None if it is not in it."""
    path = os.path.normpath(checkout / name)
    for top in (str(checkout), os.path.realpath(checkout)):
        if path.startswith(top + os.sep):
            return str(PurePosixPath(path).relative_to(top))
    return None


def _lcov(text: str, name: str) -> list[_Entry]:
    """https://github.com/linux-test-project/lcov, geninfo(1): `SF:<path>`, `DA:<line>,<hits>`, `end_of_record`."""
    entries, path, lines = list[_Entry](), None, list[tuple[int, bool]]()
    for row in text.split("\n"):
        key, _, value = row.strip().partition(":")
        try:
            if key == "SF":
                path, lines = value, []
            elif key == "DA":
                number, hits = value.split(",")[:2]
                lines.append((int(number), int(hits) > 0))
        except ValueError:
            raise UnreadableError(f"{name} is no well-formed LCOV: {row[:100]}") from None
        if key == "end_of_record" and path:
            entries.append(_Entry([[path]], lines))
            path = None
    if path:
        raise UnreadableError(f"{name} ends within the record of {path}")
    return entries


def _python(text: str, name: str) -> list[_Entry]:
    """https://coverage.readthedocs.io/en/latest/commands/cmd_json.html."""
    try:
        report = _PythonReport.model_validate_json(text.encode(errors="surrogateescape"))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UnreadableError(f"{name} is no JSON report of coverage.py: {place} {first['msg']}") from None
    return [
        _Entry([[path]], [(n, True) for n in file.executed_lines] + [(n, False) for n in file.missing_lines])
        for path, file in report.files.items()
    ]


def _cobertura(content: bytes, name: str) -> list[_Entry]:
    """https://cobertura.sourceforge.net/xml/coverage-04.dtd: file names are relative to one of the sources.

    The sources may be folders of another machine; then a name can only be meant relative to the checkout.
    """
    root = parse_xml(content, name)
    if root.tag != "coverage":
        raise UnreadableError(f"{name} is no Cobertura XML: it begins with <{root.tag}>")
    sources = [text for source in root.iter("source") if (text := (source.text or "").strip())]
    try:
        return [
            _Entry(
                [[os.path.join(source, path) for source in sources], [path]],  # noqa: PTH118  # both may be absolute
                [(int(line.attrib["number"]), int(line.attrib["hits"]) > 0) for line in element.iter("line")],
            )
            for element in root.iter("class")
            if (path := element.attrib["filename"])
        ]
    except (KeyError, ValueError) as error:
        raise UnreadableError(f"{name} is no well-formed Cobertura XML: {error}") from None
