"""A job by itself: what it asks of the run that goes on in it, and how it ends. None of it needs Prefect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.ci import Job
from cli.keeping import Keeping
from ledger.events import Event, Kind
from ledger.requests import pending
from ledger.standing import standing
from tests.accepted import NewMission
from tests.flows.stage import until
from workspaces.delivery import Pushed
from workspaces.mission import Mission

Owner = Callable[..., str]


@pytest.fixture
def mission(new_mission: NewMission) -> Mission:
    return new_mission()


def asked_of(mission: Mission) -> list[str]:
    return [f"{request.action}, says {request.by}" for _, request in pending(mission.folder)]


def question(mission: Mission) -> Event:
    about = "VAL-A-001 waits for an answer: is it nice?\n::error::no"
    return mission.ledger.append(Kind.GATE_OPENED, gate="VAL-A-001@c", check="VAL-A-001", milestone="one", about=about)


def test_a_question_to_a_person_ends_the_job_with_code_5(mission: Mission, capsys: pytest.CaptureFixture[str]) -> None:
    job = Job(mission.folder, as_json=False, keeping=Keeping(mission.folder))
    with job.follow():
        question(mission)
        until(lambda: asked_of(mission))
    assert asked_of(mission) == ["pause, says CI, where nobody answers"]
    mission.ledger.append(Kind.MISSION_PAUSED, reason="paused by CI, where nobody answers")
    assert job.close(standing(mission.folder), None) == 5
    told = capsys.readouterr().out
    assert "`mission run BLUEPRINT --state-remote REMOTE` without --ci" in told
    assert not [line for line in told.splitlines() if line.startswith("::")]


def test_who_has_lost_the_run_to_another_job_stops_and_says_so(
    mission: Mission, tmp_path: Path, owner: Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    owner(tmp_path, "init", "-q", "--bare", "origin.git")
    ours, theirs = (Pushed(mission.root, mission.folder, str(tmp_path / "origin.git"), "", None) for _ in "12")
    theirs.midway(standing(mission.folder))
    keeping = Keeping(mission.folder, delivery=ours)
    job = Job(mission.folder, as_json=False, keeping=keeping)
    sealed = Event(Kind.MILESTONE_SEALED, "2026-01-01T00:00:00+00:00", {"milestone": "one", "commit": "c"})
    [heard] = keeping.listeners
    heard(sealed, standing(mission.folder))
    assert asked_of(mission) == ["pause, says a job that went on with the run elsewhere"]
    assert job.close(standing(mission.folder), None) == 1
    assert "was moved by somebody else meanwhile; nothing was overwritten" in capsys.readouterr().out


def test_a_remote_that_is_away_is_a_trouble_and_no_reason_to_stop(mission: Mission, tmp_path: Path) -> None:
    away = Pushed(mission.root, mission.folder, str(tmp_path / "nowhere.git"), "", None)
    keeping = Keeping(mission.folder, delivery=away)
    sealed = Event(Kind.MILESTONE_SEALED, "2026-01-01T00:00:00+00:00", {"milestone": "one", "commit": "c"})
    [heard] = keeping.listeners
    heard(sealed, standing(mission.folder))
    assert asked_of(mission) == []
    assert len(keeping.troubles) == 1
    assert "could not be kept" in keeping.troubles[0]
