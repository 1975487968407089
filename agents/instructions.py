"""The repository's own instructions for agents, for those that do not read them by themselves."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from pathlib import Path

from agents.excerpt import excerpt
from blueprints.agents import Agent, ClaudeCodeAgent, CodexAgent, CommandAgent, DroidAgent, OpencodeAgent
from workspaces import git

AGENTS, CLAUDE = "AGENTS.md", "CLAUDE.md"
LIMIT = 32_000
"""Bytes of a file that are told."""
_NAMED = 20
"""Most files of folders that are named."""


def project_instructions(profile: Agent, root: Path, base: str) -> dict[str, str]:
    """Path to text of what `base` has for agents and this kind does not read; of files in folders only the path.

    Of two files that say the same, the second is left out.
    """
    files = _files(root, base)
    tops = {name: files[name] for name in (AGENTS, CLAUDE) if name in files}
    read = _read_by_itself(profile, set(tops))
    told = {text for name, text in tops.items() if name in read}
    given: dict[str, str] = {}
    for name, text in tops.items():
        if name not in read and text and text not in told:
            given[name] = text
            told.add(text)
    nested = [path for path in files if path not in tops and posixpath.basename(path) not in read]
    return given | dict.fromkeys(nested[:_NAMED], "")


def _read_by_itself(profile: Agent, there: set[str]) -> set[str]:
    """Seen in what each program sends to its model."""
    match profile:
        case ClaudeCodeAgent():
            return {CLAUDE} if CLAUDE in there else {AGENTS, CLAUDE}
        case CodexAgent() | OpencodeAgent():
            return {AGENTS}
        case DroidAgent():
            return {AGENTS, CLAUDE}
        case CommandAgent():
            return set(profile.reads)
        case _:
            return set()


@lru_cache(maxsize=128)  # a commit never changes, and many attempts start from the same
def _files(root: Path, base: str) -> dict[str, str]:
    """Path to text of all such files, those of folders without their text."""
    found = git.files_at(root, base, [f"**/{AGENTS}", f"**/{CLAUDE}"])
    return {path: "" if "/" in path else _text(root, base, path) for path in found}


def _text(root: Path, base: str, path: str) -> str:
    """A link, or a file that does nothing but import another, stands for that one."""
    data, other = _content(root, base, path)
    if other:
        data, further = _content(root, base, other)
        data = b"" if further else data
    return excerpt(data, LIMIT, f"`{path}`")


def _content(root: Path, base: str, path: str) -> tuple[bytes, str | None]:
    """Of a file in the repository, and the one it stands for."""
    inside = not path.startswith(("/", ".."))
    file = git.files_at(root, base, [path]).get(path) if inside else None
    if file is None or file.new_mode == "160000":
        return b"", None
    data = git.read_blob(root, file.new_blob)
    return data, _stands_for(data.decode(errors="replace").strip(), is_link=file.new_mode == "120000")


def _stands_for(text: str, *, is_link: bool) -> str | None:
    if is_link:
        return posixpath.normpath(text)
    return posixpath.normpath(text[1:]) if text.startswith("@") and len(text.split()) == 1 else None
