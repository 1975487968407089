from __future__ import annotations

from pathlib import Path

import pytest

from blueprints.errors import MissionError
from ledger.settings import Settings


def test_the_home_is_in_the_user_s_own_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MISSION_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings().home == tmp_path / ".missions"


def test_mission_home_is_where_runs_live(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MISSION_HOME", str(tmp_path / "elsewhere"))
    assert Settings().home == tmp_path / "elsewhere"


def test_a_tilde_in_mission_home_is_the_user_s_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MISSION_HOME", "~/work")
    assert Settings().home == tmp_path / "work"


def test_a_relative_mission_home_becomes_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MISSION_HOME", "here")
    assert Settings().home == tmp_path / "here"


def test_an_empty_mission_home_is_as_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MISSION_HOME", "")
    assert Settings().home == tmp_path / ".missions"


def test_a_link_to_the_home_is_followed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    monkeypatch.setenv("MISSION_HOME", str(tmp_path / "link"))
    assert Settings().home == tmp_path / "disk"


def test_a_value_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISSION_GRACE", "soon")
    with pytest.raises(MissionError, match="MISSION_GRACE: 'soon': input should be a valid number"):
        Settings()
