"""`mission clean` as its user sees it; nothing here needs Prefect."""

from __future__ import annotations

import json

import pytest

from ledger.events import Kind
from tests.accepted import NewMission
from tests.conftest import Missions


def test_what_would_go_and_went_is_told_and_the_run_can_still_be_shown(
    missions: Missions, new_mission: NewMission
) -> None:
    finished, unfinished = new_mission(), new_mission()
    finished.ledger.append(Kind.MISSION_CANCELLED, reason="enough")
    prompt = finished.folder.prompt("a.1")
    prompt.parent.mkdir()
    prompt.write_text("Write a.")
    (missions.home / "repositories" / "clone").mkdir(parents=True)

    assert "not long enough ago" in missions("clean").stdout
    foretold = missions("clean", "--older-than", "1ms", "--dry-run").stdout
    assert f"  would go: transcripts {prompt.parent} (8 bytes): the run is over" in foretold
    assert f"  would stay: run {unfinished.run}: it is not over" in foretold
    assert f"  would stay: clone {missions.home}/repositories/clone: it may hold the only copy" in foretold
    assert foretold.endswith("8 bytes would go\n")
    data = json.loads(missions("clean", finished.run, "--dry-run", "--json").stdout)
    [run] = data["runs"]
    assert (data["dryRun"], run["run"], run["status"], run["stays"]) == (True, finished.run, "cancelled", [])
    assert [(item["what"], item["bytes"]) for item in run["goes"]] == [("transcripts", 8)]

    done = missions("clean", "--older-than", "1ms")
    assert (done.returncode, done.stdout) == (0, foretold.replace("would go", "went").replace("would stay", "stayed"))
    assert not prompt.exists()
    for command in ("status", "report", "logs"):
        assert missions(command, finished.run).returncode == 0
    assert missions("clean", finished.run).stdout.endswith("nothing went\n")


@pytest.mark.parametrize("words", [["--older-than", "soon"], ["nobody"]], ids=str)
def test_a_mistake_is_one_of_usage(missions: Missions, new_mission: NewMission, words: list[str]) -> None:
    new_mission()
    done = missions("clean", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert words[-1] in done.stderr
