"""What of files that are changed for many reasons decides how tests run."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import cast

from workspaces import git

_Reader = Callable[[bytes], object]  # ValueError when the file is malformed

_PLUGINS = re.compile(r"\bpytest_plugins\b[^\n(\[]*(?:\([^)]{0,4000}|\[[^\]]{0,4000})?[^\n]*")
_TEST_SCRIPT = re.compile(r"(pre|post)?test")
_TEST_RULE = re.compile(r"^@?(?:[\w-]+[ \t]+)?(?:test|check)[^\n=]*:(?!=)[^\n]*(?:\n[ \t][^\n]*)*", re.MULTILINE)
_CHECKED_OUT = re.compile(
    r"^[ \t]*[^#\s].*[ \t][-!]?(?:text|eol|crlf|binary|ident|filter|working-tree-encoding)\b.*$", re.MULTILINE
)
"""Git attributes with which a checkout holds something else than the commit."""


def changed_settings(repo: Path, changes: git.Changes) -> dict[str, str]:
    """Path of each changed file that decides differently now, or can no longer be read, and what in it does so."""
    read = {path: found for path in changes if (found := _reader(path))}
    blobs = git.read_blobs(repo, (blob for path in read for blob in _sides(changes[path]) if blob))
    return {
        path: what
        for path, (what, reader) in read.items()
        if _differ(reader, *(blobs.get(blob, b"") for blob in _sides(changes[path])))
    }


def _sides(change: git.Change) -> tuple[str, str]:
    return change.old_blob, change.new_blob


def _differ(reader: _Reader, old: bytes, new: bytes) -> bool:
    try:
        return reader(old) != reader(new)
    except (ValueError, RecursionError):
        return True


def _pyproject(content: bytes) -> object:
    data = tomllib.loads(content.decode("utf-8-sig"))
    plugins = (_part(data, "project", "entry-points", "pytest11"), _part(data, "tool", "poetry", "plugins", "pytest11"))
    return _part(data, "tool", "pytest"), plugins


def _setup_cfg(content: bytes) -> object:
    data = _ini(content)
    return data.get("tool:pytest"), data.get("options.entry_points", {}).get("pytest11")


def _tox_ini(content: bytes) -> object:
    return {name: section for name, section in _ini(content).items() if name in ("pytest", "tox") or "testenv" in name}


def _package_json(content: bytes) -> object:
    data: object = json.loads(content) if content else {}
    scripts = _mapping(_part(data, "scripts"))
    tests = {name: line for name, line in scripts.items() if _TEST_SCRIPT.match(name)}
    return tests, [_part(data, key) for key in ("jest", "vitest", "mocha")]


def _makefile(content: bytes) -> object:
    return _TEST_RULE.findall(content.decode(errors="replace"))


def _attributes(content: bytes) -> object:
    return _CHECKED_OUT.findall(content.decode(errors="replace"))


def _python(content: bytes) -> object:
    return _PLUGINS.findall(content.decode(errors="replace"))


def _part(data: object, *keys: str) -> object:
    """What is in a nest of mappings at these keys, None where there is nothing."""
    for key in keys:
        data = _mapping(data).get(key)
    return data


def _mapping(data: object) -> dict[str, object]:
    return cast(dict[str, object], data) if isinstance(data, dict) else {}


def _ini(content: bytes) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(interpolation=None, strict=False, default_section="")
    try:
        parser.read_string(content.decode("utf-8-sig"))
    except configparser.Error as error:
        raise ValueError(str(error)) from error
    return {name: dict(parser.items(name)) for name in parser.sections()}


_READERS: dict[str, _Reader] = {
    "pyproject.toml": _pyproject,
    "setup.cfg": _setup_cfg,
    "tox.ini": _tox_ini,
    "package.json": _package_json,
    ".gitattributes": _attributes,
    **dict.fromkeys(("Makefile", "makefile", "GNUmakefile", "justfile"), _makefile),
}


def _reader(path: str) -> tuple[str, _Reader] | None:
    """What of the file decides, in a word, and how that is read."""
    name = PurePosixPath(path).name
    if name in _READERS:
        return name, _READERS[name]
    return ("pytest_plugins", _python) if name.endswith(".py") else None
