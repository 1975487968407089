"""Text files as they are: what is read and written again loses neither line ends nor bytes that are no text."""

from __future__ import annotations

from pathlib import Path

_LARGEST = 10_000_000  # bytes of a file that is read or edited


class NotPossibleError(Exception):
    """There is nothing to do at that path; the text says why and what would help."""


def read_text(path: Path, name: str) -> str:
    """The file's text; bytes that are no text survive being written again."""
    if path.is_dir():
        names = ", ".join(sorted(child.name for child in path.iterdir())[:50])
        raise NotPossibleError(f"{name} is a folder; in it: {names or 'nothing'}")
    if not path.exists():
        raise NotPossibleError(f"there is no file {name}")
    refuse_irregular(path, name)
    if path.stat().st_size > _LARGEST:
        raise NotPossibleError(f"{name} is larger than {_LARGEST} bytes; use commands such as head, grep and sed")
    content = path.read_bytes()
    if b"\0" in content:
        raise NotPossibleError(f"{name} is not a text file")
    return content.decode(errors="surrogateescape")


def refuse_irregular(path: Path, name: str) -> None:
    """Reading or writing a pipe would wait for ever, and a device is nobody's text."""
    if not path.is_file():
        raise NotPossibleError(f"{name} is not a regular file")


def lines_of(text: str) -> list[str]:
    """As editors and compilers count them: only line feeds end a line."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def write_text(path: Path, text: str) -> None:
    """Keeps the file's mode, as it is the same file; what stands for no character becomes a question mark."""
    try:
        content = text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        content = text.encode(errors="replace")
    path.write_bytes(content)
