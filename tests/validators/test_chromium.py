from __future__ import annotations

from pathlib import Path

import pytest

from validators import chromium


@pytest.fixture(autouse=True)
def _nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PLAYWRIGHT_BROWSERS_PATH", raising=False)


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_newest_of_playwright_s_browsers_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    program(tmp_path / "bin" / "chromium")
    program(tmp_path / "browsers" / "chromium-999" / "chrome-linux" / "chrome")
    program(tmp_path / "browsers" / "chromium_headless_shell-1300" / "chrome-linux" / "headless_shell")
    newest = program(tmp_path / "browsers" / "chromium-1200" / "chrome-linux64" / "chrome")
    assert chromium.find() == newest


def test_a_headless_shell_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    folder = tmp_path / "browsers" / "chromium_headless_shell-1200" / "chrome-headless-shell-linux64"
    shell = program(folder / "chrome-headless-shell")
    assert chromium.find() == shell


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])
def test_else_it_is_the_system_s(tmp_path: Path, name: str) -> None:
    installed = program(tmp_path / "bin" / name)
    assert chromium.find() == installed


def test_a_file_that_is_no_program_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    program(tmp_path / "browsers" / "chromium-1200" / "chrome-linux" / "chrome").chmod(0o644)
    installed = program(tmp_path / "bin" / "chromium")
    assert chromium.find() == installed
