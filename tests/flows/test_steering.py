"""Runs that are steered while they are at work: features killed, tried again, done anew."""

from __future__ import annotations

from pathlib import Path

from tests.flows.conftest import NewMissions
from tests.flows.stage import (
    alive,
    feature,
    milestone,
    play,
    resume,
    shell,
    start,
    there,
    until,
    wait_for,
    workers,
    write,
)


def test_features_of_a_running_mission_are_killed_tried_again_and_skipped(
    new_missions: NewMissions, tmp_path: Path
) -> None:
    flag, never = tmp_path / "go", tmp_path / "never"
    missions = new_missions()
    agents = {"player": {"kind": "scripted", "script": "script.yaml", "retries": 3}}
    dropped = feature("dropped", fulfills=["VAL-DEMO-001"])
    features = [feature("slow"), feature("hangs"), feature("after", "hangs"), dropped, feature("rest", "dropped")]
    contract = {"VAL-DEMO-001": {"says": "It is there.", "check": {"kind": "command", "run": "test -f dropped"}}}
    script = workers(slow=[wait_for(flag), write("slow")], after=[write("after")], rest=[write("rest")])
    script["worker"]["dropped"] = [[write("dropped"), wait_for(never)]]
    script["worker"]["hangs"] = [[write("half"), wait_for(never)], [write("whole")]]
    blueprint = {
        "maxConcurrency": 5,
        "agents": agents,
        "contract": contract,
        "milestones": [milestone("one", *features)],
    }
    run = start(missions, blueprint, script, "--yes")
    run.wait_for("worker_started", featureId="hangs")
    run.wait_for("worker_started", featureId="dropped")
    until(lambda: alive(never) and alive(flag))
    assert "has not ended" in missions("retry", run.name, "slow").stderr
    killed = missions("kill", run.name, "hangs")
    assert (killed.returncode, "hangs is killed" in killed.stdout) == (0, True)
    [failed] = [run.wait_for("feature_failed", featureId="hangs")]
    assert failed["reason"].startswith("killed by ")
    run.wait_for("feature_blocked", featureId="after")
    assert missions("kill", run.name, "hangs").returncode == 2
    retried = missions("retry", run.name, "hangs", "--why", "It was stuck.")
    assert (retried.returncode, retried.stdout) == (0, f"{run.name}: hangs is tried again\n")
    run.wait_for("worker_completed", featureId="after")
    skipped = missions("skip", run.name, "dropped", "--why", "Not needed.")
    assert (skipped.returncode, skipped.stdout) == (0, f"{run.name}: dropped is ended, and then skipped\n")
    run.wait_for("worker_completed", featureId="rest")
    assert not alive(never)
    flag.touch()
    assert run.end() == 0
    assert sorted(run.sessions()) == ["after.1", "dropped.1", "hangs.1", "hangs.2", "rest.1", "slow.1"]
    [told] = run.report()["skipped"]
    assert (told["feature"], told["why"], told["assertions"]) == ("dropped", "Not needed.", ["VAL-DEMO-001"])
    assert (run.report()["contract"], there(run.repo, f"{run.branch}:dropped")) == ([], False)
    assert (run.file("whole"), run.file("after"), run.file("half", run.archived()["hangs.1"])) == ("done",) * 3


def test_a_finished_feature_is_done_anew_with_what_was_built_on_it(new_missions: NewMissions, tmp_path: Path) -> None:
    good = tmp_path / "good"
    features = [milestone("one", feature("first"), feature("other")), milestone("two", feature("second"))]
    fragile = {"second": [[shell(f"test -e {good}"), write("second")]]}
    script = {"worker": {"first": [[write("first", "one\n")], [write("first", "two\n")]], **fragile}}
    script["worker"]["other"] = [[write("other")]]
    run = play(new_missions(), {"milestones": features}, script)
    assert run.code == 1
    good.touch()
    assert "is all there is in milestone two" in run.missions("skip", run.name, "second", "--why", "No.").stderr
    assert "done anew" in run.missions("retry", run.name, "first").stdout
    assert "tried again" in run.missions("retry", run.name, "second").stdout
    assert resume(run) == 0
    assert sorted(run.sessions()) == ["first.1", "first.2", "other.1", "second.1", "second.2"]
    assert run.file("first") == "two"
