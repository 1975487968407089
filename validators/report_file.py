"""Files that a check's own command writes: found without leaving the checkout, and read with care."""

from __future__ import annotations

import os
import stat
import xml.etree.ElementTree as ET
from pathlib import Path, PurePosixPath
from xml.parsers import expat

_LARGEST = 50_000_000  # bytes


class UnreadableError(Exception):
    """A report that cannot be had. The text says which and why."""


def located(checkout: Path, name: str) -> Path:
    """The report at a path relative to the checkout; UnreadableError when that leads out of it."""
    _refuse_leaving(name)
    path = checkout / name
    if not _lies_in(path.parent, checkout):
        raise UnreadableError(f"{name} leads out of the checkout")
    return path


def matching(checkout: Path, pattern: str) -> list[Path]:
    """All files that match; UnreadableError when the pattern or a match leads out of the checkout."""
    _refuse_leaving(pattern)
    try:
        paths = sorted(set(checkout.glob(pattern)))
    except (ValueError, NotImplementedError) as error:
        raise UnreadableError(f"{pattern} is no pattern: {error}") from None
    return [located(checkout, str(path.relative_to(checkout))) for path in paths if path.is_symlink() or path.is_file()]


def read(path: Path, *, within: Path) -> bytes:
    """What a regular file holds; it may be a link, but not to what is outside of `within`."""
    if not _lies_in(path, within):
        raise UnreadableError(f"{path.name} is a link that leads out of {within.name}")
    try:
        # Anything may lie there: opening a pipe for reading would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        raise UnreadableError(f"no {path.name} was written") from None
    except OSError as error:
        raise UnreadableError(f"{path.name} cannot be read: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableError(f"{path.name} is no regular file")
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise UnreadableError(f"{path.name} is larger than {_LARGEST // 1_000_000} MB")
    return content


def parse_xml(content: bytes, name: str) -> ET.Element:
    """The root, all tags without their namespace prefix. A document that defines entities is refused.

    A mere DOCTYPE is not: writers of Cobertura reports put one, and what it points to is not fetched.
    """
    builder, parser = ET.TreeBuilder(), expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, attributes: builder.start(_local(tag), attributes)
    parser.EndElementHandler = lambda tag: builder.end(_local(tag))
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise UnreadableError(f"{name} is no well-formed XML: {error}") from None
    return builder.close()


def _refuse_entity(*_: object) -> None:
    raise ValueError("it defines entities")


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


def _refuse_leaving(name: str) -> None:
    parts = PurePosixPath(name).parts
    if not parts or parts[0] == "/" or ".." in parts:
        raise UnreadableError(f"{name} leads out of the checkout")


def _lies_in(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
