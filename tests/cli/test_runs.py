"""Commands about runs that are there, and about none. None of them needs Prefect."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import asdict

import pytest

from ledger.conversation import entry
from ledger.events import Kind, Ledger, read_events
from ledger.requests import Answer, pending, reply
from tests.accepted import NewMission, one_milestone
from tests.conftest import Missions
from tests.flows.stage import until
from workspaces.mission import Mission

READING = ["status", "report", "logs"]


@pytest.fixture
def mission(new_mission: NewMission) -> Mission:
    """A run that was accepted and never begun."""
    return new_mission()


def proposed(mission: Mission) -> None:
    """The run waits for a decision; Prefect is where nobody answers."""
    mission.ledger.append(Kind.PLAN_PROPOSED, plan=mission.plan.digest, flowRun="1", api="http://127.0.0.1:9/api")


def talked(mission: Mission, session: str, text: str) -> None:
    transcript = mission.folder.transcript(session)
    transcript.parent.mkdir(exist_ok=True)
    transcript.write_bytes(b"".join(entry("printed", text=line) for line in text.splitlines()))


def test_a_home_without_runs_lists_none(missions: Missions) -> None:
    done = missions("list")
    assert (done.returncode, done.stdout) == (0, "no runs yet; start one with `mission run BLUEPRINT`\n")
    assert json.loads(missions("list", "--json").stdout) == []


@pytest.mark.parametrize("command", [*READING, "resume", "approve", "cancel", "pause"])
def test_a_home_without_runs_is_a_mistake_of_usage(missions: Missions, command: str) -> None:
    done = missions(command)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("there is no run in ")


def test_a_run_is_listed(missions: Missions, mission: Mission) -> None:
    assert missions("list").stdout.startswith(mission.run)
    [told] = json.loads(missions("list", "--json").stdout)
    assert (told["run"], told["status"]) == (mission.run, "paused")
    assert told["startedAt"]


def test_status_of_the_latest_run_is_a_table(missions: Missions, mission: Mission) -> None:
    done = missions("status")
    assert done.returncode == 0
    for part in (mission.run, "one", "pending", f"mission resume {mission.run}"):
        assert part in done.stdout.replace("\n", " ")


@pytest.mark.parametrize("words", [["status", "--json"], ["report", "--json"], ["report", "--format", "json"]], ids=str)
def test_the_report_is_there_for_programs(missions: Missions, mission: Mission, words: list[str]) -> None:
    told = json.loads(missions(*words).stdout)
    assert (told["run"], told["mission"]) == (mission.run, "demo")
    assert told["totals"]["agentRuns"] == 0


@pytest.mark.parametrize(("form", "beginning"), [("md", "# "), ("html", "<!doctype html>")])
def test_the_report_is_there_for_people(missions: Missions, mission: Mission, form: str, beginning: str) -> None:
    assert missions("report", "--format", form).stdout.startswith(beginning)


def test_a_run_is_found_by_the_beginning_of_its_name(missions: Missions, mission: Mission) -> None:
    assert json.loads(missions("status", mission.run[:-3], "--json").stdout)["run"] == mission.run


@pytest.mark.parametrize("command", READING)
def test_an_ambiguous_beginning_is_said(missions: Missions, new_mission: NewMission, command: str) -> None:
    runs = {new_mission().run for _ in range(2)}
    done = missions(command, "demo")
    assert done.returncode == 2
    assert all(run in done.stderr for run in runs)


@pytest.mark.parametrize("command", READING)
def test_an_unknown_run_is_said(missions: Missions, mission: Mission, command: str) -> None:
    done = missions(command, "other")
    assert (done.returncode, done.stderr) == (2, "no run is called 'other'; `mission list` shows them all\n")


def test_logs_are_all_transcripts_oldest_first(missions: Missions, mission: Mission) -> None:
    talked(mission, "b.1", "I am b.\n")
    talked(mission, "a.1", "I am a.\n")
    assert missions("logs").stdout == "── b.1 ──\nI am b.\n── a.1 ──\nI am a.\n"


def test_logs_of_one_feature_are_its_attempts_and_merges(missions: Missions, mission: Mission) -> None:
    for session in ("a.1", "a.2", "integrator.a.1", "ab.1", "repairer.one.1"):
        talked(mission, session, f"I am {session}.")
    told = json.loads(missions("logs", mission.run, "a", "--json").stdout)
    assert [log["session"] for log in told] == ["a.1", "a.2", "integrator.a.1"]
    assert told[0]["entries"][0]["text"] == "I am a.1."


def test_logs_of_an_unknown_feature_are_said(missions: Missions, mission: Mission) -> None:
    done = missions("logs", mission.run, "nope")
    assert done.returncode == 2
    assert f"{mission.run} has no transcript of 'nope'" in done.stderr


@pytest.mark.parametrize(("command", "status"), [("approve", "paused"), ("reject", "rejected"), ("revise", "rejected")])
def test_a_decision_is_recorded_though_the_process_is_gone(
    missions: Missions, mission: Mission, command: str, status: str
) -> None:
    proposed(mission)
    done = missions(command, "--note", "because")
    assert done.returncode == 0
    assert f"{command} recorded" in done.stdout
    last = read_events(mission.folder.ledger)[-1]
    assert (last.data["decision"], last.data["note"], last.data["plan"]) == (command, "because", mission.plan.digest)
    assert json.loads(missions("status", "--json").stdout)["status"] == status


@pytest.mark.parametrize("command", ["approve", "reject", "revise"])
def test_a_run_that_waits_for_nothing_takes_no_decision(missions: Missions, mission: Mission, command: str) -> None:
    done = missions(command)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "does not wait for a decision" in done.stderr


def test_a_decision_is_taken_once(missions: Missions, mission: Mission) -> None:
    proposed(mission)
    assert missions("reject").returncode == 0
    assert missions("approve").returncode == 2


def test_a_decision_that_prefect_does_not_hear_is_an_error(missions: Missions, mission: Mission) -> None:
    proposed(mission)
    with mission.folder.own():
        done = missions("approve")
    assert done.returncode == 1
    assert "Prefect at http://127.0.0.1:9/api does not answer" in done.stderr


def test_a_run_that_nobody_works_on_is_cancelled_at_once(missions: Missions, mission: Mission) -> None:
    assert missions("cancel").stdout == f"{mission.run}: cancelled\n"
    assert read_events(mission.folder.ledger)[-1].kind is Kind.MISSION_CANCELLED
    assert missions("cancel").returncode == 2


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["cancel"], {"action": "cancel"}),
        (["pause"], {"action": "pause", "drain": True}),
        (["pause", "--now"], {"action": "pause", "drain": False}),
        (["kill", "RUN", "a"], {"action": "kill", "feature": "a"}),
        (["retry", "RUN", "a", "--why", "Again."], {"action": "retry", "feature": "a", "why": "Again."}),
    ],
)
@pytest.mark.parametrize("refused", [False, True])
def test_the_process_that_works_on_a_run_is_asked_and_answers(
    missions: Missions, mission: Mission, words: list[str], asked: dict[str, object], refused: bool
) -> None:
    with mission.folder.own(), missions.start(*[mission.run if word == "RUN" else word for word in words]) as command:
        [(path, request)] = until(lambda: [*pending(mission.folder)])
        reply(path, Answer("told so", refused=refused))
        said = command.communicate()
    assert asked.items() <= asdict(request).items()
    assert (command.returncode, "told so" in said) == ((2, False) if refused else (0, True))


@pytest.mark.parametrize("words", [["kill", "RUN", "nope"], ["retry", "RUN", "nope"]])
def test_a_feature_that_is_none_is_a_mistake_of_usage(missions: Missions, mission: Mission, words: list[str]) -> None:
    done = missions(*[mission.run if word == "RUN" else word for word in words])
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "has no feature 'nope'" in done.stderr


def test_a_run_that_is_not_running_cannot_be_paused(missions: Missions, mission: Mission) -> None:
    assert "is not running" in missions("pause").stderr


@pytest.mark.parametrize(("kind", "code"), [(Kind.MISSION_COMPLETED, 0), (Kind.MISSION_CANCELLED, 4)])
def test_a_run_that_is_over_is_not_resumed(missions: Missions, mission: Mission, kind: Kind, code: int) -> None:
    mission.ledger.append(kind, reason="")
    assert missions("resume").returncode == code


def test_a_plan_that_cannot_be_read_is_said(missions: Missions, mission: Mission) -> None:
    mission.folder.plan_file.write_text("{")
    done = missions("status")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "plan.json: not a plan" in done.stderr


def test_a_ledger_that_was_edited_is_said_with_the_line(missions: Missions, mission: Mission) -> None:
    mission.folder.ledger.write_text("edited\n" + mission.folder.ledger.read_text())
    done = missions("status")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "ledger.jsonl:1: not a ledger line" in done.stderr


def test_one_run_that_cannot_be_read_does_not_hide_the_others(missions: Missions, new_mission: NewMission) -> None:
    broken, whole = new_mission(), new_mission()
    broken.folder.plan_file.write_text("{")
    done = missions("list")
    assert done.returncode == 0
    assert whole.run in done.stdout
    assert broken.run in done.stdout
    assert len(json.loads(missions("list", "--json").stdout)) == 2


def test_a_bug_is_called_a_bug(missions: Missions, mission: Mission) -> None:
    Ledger(mission.folder.ledger).append(Kind.PLAN_REJECTED)  # without what the engine always writes
    done = missions("status")
    assert done.returncode == 3
    assert "Traceback" in done.stderr
    assert done.stderr.endswith("this is a bug in Missions: please report it with the lines above\n")


@pytest.mark.parametrize("variables", [{"MISSION_GRACE": "soon"}], ids=str)
def test_a_wrong_variable_is_said(missions: Missions, variables: dict[str, str]) -> None:
    missions.variables |= variables
    done = missions("list")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "MISSION_GRACE" in done.stderr


def test_watching_a_run_ends_when_it_is_interrupted(missions: Missions, mission: Mission) -> None:
    with mission.folder.own():
        with missions.start("status", "--watch") as process:
            proposed(mission)
            while "the plan waits for approval" not in process.stdout.readline():
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
        assert process.returncode == 130


def test_watching_a_run_that_is_not_running_shows_how_it_stands(missions: Missions, mission: Mission) -> None:
    assert mission.run in missions("status", "--watch").stdout


@pytest.mark.parametrize("command", ["check", "show", "list", "status", "approve", "report", "logs"])
def test_an_answering_command_does_not_import_prefect(missions: Missions, mission: Mission, command: str) -> None:
    proposed(mission)
    words = [str(missions.blueprint(one_milestone()))] if command in ("check", "show") else []
    argv = [sys.executable, "-X", "importtime", "-m", "cli.main", command, *words]
    env = {"MISSION_HOME": str(missions.home)}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "cli" in imported
    assert "prefect" not in imported


@pytest.mark.parametrize("command", ["resume", "pause"])
def test_a_command_needs_nothing_that_another_has_imported(missions: Missions, command: str) -> None:
    missions.fresh = True
    assert missions(command, "--help").returncode == 0
