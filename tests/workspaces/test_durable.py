from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pytest

from workspaces.durable import flush, flush_file_system


def test_a_repository_is_flushed_and_one_that_is_not_there_is_an_error(repo: Path) -> None:
    flush(repo)
    with pytest.raises(FileNotFoundError):
        flush_file_system(repo / "gone")


def test_systems_without_syncfs_flush_everything(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[bool] = []

    def library(_: None, **__: bool) -> object:
        return object()

    monkeypatch.setattr(ctypes, "CDLL", library)
    monkeypatch.setattr(os, "sync", lambda: flushed.append(True))
    flush(repo)
    assert flushed
