"""What Prefect shows of a mission, and missions as flows of its own. Prefect itself stays out of this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import Data
from tests.flows.conftest import NewMissions
from tests.flows.stage import (
    HTTP,
    Ended,
    Going,
    Run,
    api,
    ask,
    feature,
    flow_run,
    git,
    milestone,
    play,
    until,
    workers,
    write,
)

MISSION_FLOW = Path(__file__).parents[2] / "flows" / "mission.py"


def test_the_flow_is_named_after_the_mission_and_its_run_after_the_run(passed: Ended) -> None:
    found = flow_run(passed)
    flow: Data = HTTP.get(f"{api(passed.missions)}/flows/{found['flow_id']}").raise_for_status().json()
    assert flow["name"] == "demo"
    assert found["parameters"]["run"] == passed.name


def test_milestones_are_subflows_named_by_milestone(passed: Ended) -> None:
    children = _children(passed)
    assert {child["name"]: child["state"]["type"] for child in children} == {"first": "COMPLETED", "last": "COMPLETED"}


def test_features_are_tasks_named_by_feature_and_tagged_by_agent(passed: Ended) -> None:
    [last] = [child for child in _children(passed) if child["name"] == "last"]
    wanted = {"left", "right", "integrate last", "validate last, round 1"}
    tasks = _tasks_of(passed, last, wanted)
    assert tasks.keys() == wanted
    assert set(tasks["left"]["tags"]) == {"agent:player", "role:worker"}


def test_the_report_is_an_artifact(passed: Ended) -> None:
    found = ask(passed.missions, "artifacts", {"artifacts": {"key": {"any_": [f"mission-{passed.name}"]}}})
    assert found
    assert any(passed.tip()[:7] in artifact["data"] for artifact in found)


def test_a_passed_mission_is_completed(passed: Ended) -> None:
    state = flow_run(passed)["state"]
    assert (state["type"], state["message"]) == ("COMPLETED", f"passed: {passed.branch} at {passed.tip()}")


def test_a_rejected_mission_is_cancelled(declined: dict[str, Going]) -> None:
    state = flow_run(declined["reject"])["state"]
    assert (state["type"], state["message"]) == ("CANCELLED", "plan rejected: not now")


def test_a_failed_mission_is_failed_with_its_failed_feature(new_missions: NewMissions) -> None:
    blueprint = {"milestones": [milestone("one", feature("liar"), feature("good"))]}
    run = play(new_missions(), blueprint, workers(liar=[], good=[write("good")]))
    state = flow_run(run)["state"]
    assert (state["type"], state["message"]) == ("FAILED", run.report()["reason"])
    [one] = _children(run)
    assert one["state"]["type"] == "FAILED"
    tasks = _tasks_of(run, one, {"liar", "good"})
    assert {name: task["state"]["type"] for name, task in tasks.items()} == {"liar": "FAILED", "good": "COMPLETED"}


def _children(run: Run) -> list[Data]:
    question = {"flow_runs": {"parent_flow_run_id": {"any_": [flow_run(run)["id"]]}}}
    return ask(run.missions, "flow_runs", question)


def _tasks_of(run: Run, milestone: Data, names: set[str]) -> dict[str, Data]:
    """The subflow's tasks by name, when these are there and over: Prefect learns of tasks a little later."""

    def look() -> dict[str, Data] | None:
        found = ask(run.missions, "task_runs", {"flow_runs": {"id": {"any_": [milestone["id"]]}}})
        tasks = {task["name"]: task for task in found}
        over = all(task["end_time"] and task["state"] for task in tasks.values())
        return tasks if over and names <= tasks.keys() else None

    return until(look)


TODO = """
from pathlib import Path

from blueprints.load import load
from flows.compile import compile_flow

todo = compile_flow(load(Path({path!r})), module=__name__, name="todo")
"""

DESCRIBE = """
import json, sys
from prefect import Flow
from prefect.flows import load_flow_from_entrypoint

flow = load_flow_from_entrypoint(sys.argv[1])
assert isinstance(flow, Flow)
schema = flow.parameters.model_dump()
print(json.dumps({"name": flow.name, "description": flow.description, "schema": schema}))
"""

CALL = """
import asyncio, json, sys
from prefect.flows import load_flow_from_entrypoint

flow = load_flow_from_entrypoint(sys.argv[1])
state = asyncio.run(flow(**json.loads(sys.argv[2]), return_state=True))
print(json.dumps({"type": state.type.value, "run": asyncio.run(state.aresult())}))
"""


def test_a_compiled_blueprint_is_found_again_as_a_flow_with_typed_parameters(
    new_missions: NewMissions, tmp_path: Path
) -> None:
    missions = new_missions()
    blueprint = missions.blueprint({"milestones": [milestone("one", feature("a"))]})
    file = tmp_path / "missions_of_mine.py"
    file.write_text(TODO.format(path=str(blueprint)))
    seen = _python(DESCRIBE, f"{file}:todo")
    parameters = seen["schema"]["properties"]
    assert (seen["name"], seen["description"].splitlines()[0]) == ("demo", "Try it.")
    types = {name: [kind["type"] for kind in parameter["anyOf"]] for name, parameter in parameters.items()}
    assert types == {
        "repository": ["string", "null"],
        "max_concurrency": ["integer", "null"],
        "run": ["string", "null"],
        "until": ["string", "null"],
    }
    assert seen["schema"]["required"] == []


def test_the_generic_flow_takes_a_blueprint_and_runs_it(new_missions: NewMissions, passed: Ended) -> None:
    missions = new_missions()
    path = missions.blueprint(
        {"requirePlanApproval": False, "milestones": [milestone("one", feature("a"))]}, workers(a=[write("a")])
    )
    entrypoint = f"{MISSION_FLOW}:mission"
    assert _python(DESCRIBE, entrypoint)["schema"]["properties"]["blueprint"]["type"] == "string"
    parameters = {"blueprint": str(path), "repository": str(missions.repo), "max_concurrency": 1}
    seen = _python(
        CALL,
        entrypoint,
        json.dumps(parameters),
        PREFECT_API_URL=api(passed.missions),
        MISSION_HOME=str(missions.home),
    )
    [name] = missions.runs()
    assert seen == {"type": "COMPLETED", "run": name}
    assert git(missions.repo, "show", f"mission/{name}:a") == "done"
    assert not Run(missions, name).events("plan_proposed", "plan_approved")


def _python(script: str, *words: str, **variables: str) -> Data:
    """The JSON on the last line that the script prints, in a process of its own."""
    argv = [sys.executable, "-c", script, *words]
    done = subprocess.run(argv, env=os.environ | variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    seen: Data = json.loads(done.stdout.splitlines()[-1])
    return seen
