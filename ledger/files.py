"""Files that are either whole or not there, also after the power failed."""

from __future__ import annotations

import errno
import os
from pathlib import Path


def write_file(path: Path, text: str) -> None:
    """Write `text` aside, flush it to disk and put it in the place of `path`."""
    make_folder(path.parent)
    aside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with aside.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(path)
    except BaseException as error:
        aside.unlink(missing_ok=True)  # on a full disk it would be in the way
        if isinstance(error, OSError):
            error.filename = str(path)  # writing does not know it
        raise
    flush_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder, and those it is to be in, so that they stay."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    flush_folder(path.parent)


def flush_folder(path: Path) -> None:
    """Flush to disk which files the folder holds; a file's own flush does not tell how it is reached."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):  # file systems that flush folders by themselves
            raise
    finally:
        os.close(descriptor)
