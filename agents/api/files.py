"""The tools that read, write and edit files of the workspace, and no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field

from agents.api.nearest import nearest, numbered
from agents.api.spec import Spec
from agents.api.text import NotPossibleError, lines_of, read_text, refuse_irregular, write_text
from agents.api.tools import Arguments, Output, Tool

_SHOWN = 30_000  # characters of a file that one call shows
_LONGEST_LINE = 2_000
_CUT = "\n[lines are cut here: the file cannot be written back from this; use edit, or commands]"


class Reading(Arguments):
    path: str
    offset: int = Field(default=1, ge=1)
    """First line, from 1."""
    limit: int = Field(default=2_000, ge=1)
    """Number of lines."""


class Writing(Arguments):
    path: str
    content: str
    """The whole new content."""


class Editing(Arguments):
    path: str
    old: str = Field(min_length=1)
    """Text to replace, exactly as it is in the file; it must occur exactly once, unless replace_all."""
    new: str
    replace_all: bool = False


class NotAllowedError(Exception):
    """The path is not the agent's to use; the text says why."""


@dataclass(frozen=True)
class Files:
    """What the tools may reach: the workspace without its `.git`, and for reading also the kept outputs."""

    workspace: Path
    outputs: Path

    def place(self, name: str, *, reading: bool = False) -> Path:
        """The real path behind a name, wherever links lead. Raises NotAllowedError when it is out of reach."""
        try:
            path, root = (self.workspace / name).resolve(), self.workspace.resolve()
        except (OSError, ValueError, RuntimeError) as error:
            raise NotAllowedError(f"{name!r} is not a usable path: {error}") from None
        if reading and path.is_relative_to(self.outputs.resolve()):
            return path
        if not path.is_relative_to(root):
            raise NotAllowedError(f"{name} is outside the workspace {root}")
        if any(part.lower() == ".git" for part in path.relative_to(root).parts):
            raise NotAllowedError(f"{name} belongs to git; use git commands")
        return path

    def read(self, given: Reading) -> Output:
        lines = lines_of(read_text(self.place(given.path, reading=True), given.path))
        if given.offset > max(1, len(lines)):
            raise NotPossibleError(f"{given.path} has only {len(lines)} lines")
        wanted = lines[given.offset - 1 : given.offset - 1 + given.limit]
        shown = _fitting([_cut(line) for line in wanted])
        last = given.offset - 1 + len(shown)
        rest = f"\n[{len(lines) - last} more lines; go on with offset {last + 1}]" if last < len(lines) else ""
        cut = _CUT if any(len(line) > _LONGEST_LINE for line in wanted[: len(shown)]) else ""
        return Output(numbered(shown, given.offset) + rest + cut if lines else "[the file is empty]")

    def write(self, given: Writing) -> Output:
        path = self.place(given.path)
        if existed := path.exists():
            refuse_irregular(path, given.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, given.content)
        return Output(f"{given.path} {'replaced' if existed else 'written'}")

    def edit(self, given: Editing) -> Output:
        path = self.place(given.path)
        text = read_text(path, given.path)
        old, new = _with_line_ends_of(text, given.old, given.new)
        times = text.count(old)
        if times == 0:
            raise NotPossibleError(f"the old text is not in {given.path}; {_hint(text, given.old)}")
        if times > 1 and not given.replace_all:
            raise NotPossibleError(
                f"the old text is {times} times in {given.path}, at lines {_places(text, old)};"
                " give more of the text around it, or set replace_all"
            )
        write_text(path, text.replace(old, new))
        return Output(f"{given.path}: replaced {times} time{'s' if times > 1 else ''}")


A = TypeVar("A", bound=Arguments)


def file_tools(spec: Spec) -> list[Tool[Any]]:
    """`read`, `write` and `edit`."""
    files = Files(spec.workspace, spec.outputs)
    return [
        Tool("read", "Read a text file of the workspace, with line numbers.", Reading, _guarded(files.read)),
        Tool("write", "Write a whole file, and the folders it needs.", Writing, _guarded(files.write)),
        Tool("edit", "Replace a text in a file that you have read.", Editing, _guarded(files.edit)),
    ]


def _guarded(run: Callable[[A], Output]) -> Callable[[A], Output]:
    def guarded(given: A) -> Output:
        try:
            return run(given)
        except NotAllowedError as refusal:
            return Output(str(refusal), error=True, denied=True)
        except NotPossibleError as problem:
            return Output(str(problem), error=True)

    return guarded


def _cut(line: str) -> str:
    gone = len(line) - _LONGEST_LINE
    return line if gone <= 0 else f"{line[:_LONGEST_LINE]} [{gone} characters left out]"


def _fitting(lines: list[str]) -> list[str]:
    """As many lines as may be shown at once, at least one."""
    room, shown = _SHOWN, list[str]()
    for line in lines:
        room -= len(line) + 8
        if room < 0 and shown:
            break
        shown.append(line)
    return shown


def _with_line_ends_of(text: str, old: str, new: str) -> tuple[str, str]:
    """Models write line feeds; a file with carriage returns before them keeps those."""
    if old in text or "\r\n" not in text:
        return old, new
    return tuple(part.replace("\r\n", "\n").replace("\n", "\r\n") for part in (old, new))  # type: ignore[return-value]


def _places(text: str, old: str) -> str:
    numbers: list[str] = []
    position = text.find(old)
    while position >= 0 and len(numbers) < 10:
        numbers.append(str(text.count("\n", 0, position) + 1))
        position = text.find(old, position + len(old))
    return ", ".join(numbers)


def _hint(text: str, wanted: str) -> str:
    found = nearest(text, wanted)
    return f"the nearest to it is:\n{found}" if found else "nothing in it is like it; read the file first"
