"""Questions to people in the middle of a mission: manual checks, and findings that nobody has mended."""

from __future__ import annotations

from tests.conftest import Data
from tests.flows.conftest import NewMissions
from tests.flows.stage import Going, answer, check, feature, milestone, play, resume, start, until, workers, write

BLOCKING = {"finding": {"severity": "blocking", "description": "The door is open."}}


def manual(ask: str) -> Data:
    return {"kind": "manual", "ask": ask}


def looked_at(new_missions: NewMissions, *checks: Data) -> Going:
    """A mission that waits for a person to look."""
    blueprint = {"repairs": 0, "milestones": [milestone("one", feature("a"), checks=list(checks))]}
    run = start(new_missions(), blueprint, workers(a=[write("a")]), "--yes")
    run.wait_for("gate_opened")
    return run


def test_a_person_answers_and_the_mission_goes_on(new_missions: NewMissions) -> None:
    run = looked_at(new_missions, manual("Is it blue?"))
    status = run.status()
    assert (status["status"], status["reason"]) == ("waiting", "validate-1 waits for an answer: Is it blue?")
    said = run.missions("answer", "pass", run.name, "--note", "very")
    assert (said.returncode, said.stdout) == (0, f"{run.name}: validate-1: pass sent\n")
    assert run.end() == 0
    [verdict] = [v for v in run.report()["milestones"][0]["verdicts"] if v["kind"] == "manual"]
    assert (verdict["status"], verdict["reason"].partition(": ")[2]) == ("passed", "pass: very")
    assert verdict["commit"] == run.report()["commit"]


def test_an_answer_given_in_prefects_ui_counts(new_missions: NewMissions) -> None:
    run = looked_at(new_missions, manual("Is it blue?"))
    answer(run.events("gate_opened")[0], answer="fail", note="it is green")
    assert run.end() == 1
    assert run.report()["reason"] == "milestone one: not proved: validate-1 failed"


def test_people_are_not_asked_about_what_fails_anyway(new_missions: NewMissions) -> None:
    checks = [manual("Is it blue?"), check("test -e nowhere")]
    blueprint = {"repairs": 0, "milestones": [milestone("one", feature("a"), checks=checks)]}
    run = play(new_missions(), blueprint, workers(a=[write("a")]))
    assert (run.code, run.events("gate_opened")) == (1, [])


def test_an_answer_is_kept_when_nobody_waits_for_it(new_missions: NewMissions) -> None:
    run = looked_at(new_missions, manual("Is it blue?"))
    run.process.kill()
    run.end()
    said = run.missions("answer", "pass", run.name)
    assert said.stdout == f"{run.name}: validate-1: pass recorded; go on with `mission resume {run.name}`\n"
    assert resume(run) == 0
    assert len(run.events("gate_opened")) == 1


def test_a_run_that_waits_for_nothing_takes_no_answer(new_missions: NewMissions) -> None:
    run = play(new_missions(), {"milestones": [milestone("one", feature("a"))]}, workers(a=[write("a")]))
    said = run.missions("answer", "pass", run.name)
    assert (said.returncode, said.stderr) == (
        2,
        f"{run.name} does not wait for an answer; see `mission status {run.name}`\n",
    )


def blocked(new_missions: NewMissions, **more: object) -> Going:
    """A mission whose worker reports something that blocks, and whose repairer does not mend it."""
    blueprint = {"repairs": 0, "milestones": [milestone("one", feature("a"))], **more}
    run = start(new_missions(), blueprint, workers(a=[write("a"), BLOCKING]), "--yes")
    run.wait_for("gate_opened")
    return run


def test_a_blocking_finding_stops_the_milestone_until_it_is_dismissed(new_missions: NewMissions) -> None:
    run = blocked(new_missions)
    assert run.status()["reason"] == "blocking findings of one wait for a decision: F-1"
    said = run.missions("dismiss", "F-1", run.name, "--why", "it has no lock")
    assert (said.returncode, said.stdout) == (0, f"{run.name}: F-1 dismissed\n")
    assert run.end() == 0
    [finding] = run.report()["findings"]
    assert finding["fate"] == "dismissed"
    assert finding["settled"].endswith(": it has no lock")


def test_a_finding_can_be_dismissed_when_nobody_works_on_the_run(new_missions: NewMissions) -> None:
    run = blocked(new_missions)
    run.process.kill()
    run.end()
    assert run.missions("dismiss", "F-2", run.name, "--why", "x").returncode == 2
    assert run.missions("dismiss", "F-1", run.name, "--why", "it has no lock").returncode == 0
    assert resume(run) == 0


def test_a_decision_to_stop_fails_the_mission(new_missions: NewMissions) -> None:
    run = blocked(new_missions)
    answer(run.events("gate_opened")[0], decision="stop", note="mend it", by="ada")
    assert run.end() == 1
    assert run.report()["reason"] == "milestone one: blocking findings F-1 stand, says ada: mend it"
    assert run.report()["findings"][0]["fate"] == "open"


def test_a_blocking_finding_goes_to_the_repairer(new_missions: NewMissions) -> None:
    blueprint = {"milestones": [milestone("one", feature("a"))]}
    script = workers(a=[write("a"), BLOCKING]) | {"repairer": {"one": [[write("lock")]]}}
    run = play(new_missions(), blueprint, script)
    assert run.code == 0
    prompt = (run.folder / "transcripts" / "repairer.one.1.prompt.md").read_text()
    assert "Blocking finding `F-1`: The door is open." in prompt
    [finding] = run.report()["findings"]
    assert (finding["fate"], finding["settled"]) == (
        "fixed",
        f"{run.report()['commit']}: repaired; no check is about it alone",
    )


def test_one_answer_is_about_one_assertion(new_missions: NewMissions) -> None:
    contract = {name: {"says": f"{name} holds.", "check": manual("Well?")} for name in ("VAL-A-001", "VAL-B-001")}
    features = feature("a", fulfills=list(contract))
    blueprint = {"repairs": 0, "contract": contract, "milestones": [milestone("one", features)]}
    run = start(new_missions(), blueprint, workers(a=[write("a")]), "--yes")
    run.wait_for("gate_opened", check="VAL-A-001")
    assert run.missions("answer", "pass", run.name).returncode == 0
    run.wait_for("gate_opened", check="VAL-B-001")
    assert run.missions("answer", "fail", run.name).returncode == 0
    assert run.end() == 1


def test_a_repair_that_was_not_made_mends_nothing(new_missions: NewMissions) -> None:
    blueprint = {"repairs": 1, "milestones": [milestone("one", feature("a"))]}
    script = workers(a=[write("a"), BLOCKING]) | {"repairer": {"one": [[{"fail": "I cannot."}]]}}
    run = start(new_missions(), blueprint, script, "--yes")
    run.wait_for("gate_opened")
    assert _fate_when_asked_again(run) == "open"


def test_a_review_passes_when_what_it_found_is_dismissed(new_missions: NewMissions) -> None:
    issue = {"severity": "blocking", "description": "It is slow."}
    answer = {"answer": {"status": "fail", "summary": "No.", "issues": [issue]}}
    script = workers(a=[write("a")]) | {"scrutiny": {"a": [[answer]]}}
    blueprint = {"repairs": 0, "milestones": [milestone("one", feature("a"), checks=[{"kind": "review"}])]}
    run = start(new_missions(), blueprint, script, "--yes")
    run.wait_for("gate_opened")
    assert run.missions("dismiss", "F-1", run.name, "--why", "fast enough").returncode == 0
    assert run.end() == 0
    [review] = [v for v in run.report()["milestones"][0]["verdicts"] if v["kind"] == "review"]
    assert (review["status"], review["reason"]) == (
        "passed",
        "blocking issues in a: It is slow.; all of them dismissed",
    )


def test_a_second_opinion_on_the_same_commit_settles_nothing(new_missions: NewMissions) -> None:
    issue = {"severity": "blocking", "description": "It is slow."}
    no = {"answer": {"status": "fail", "summary": "No.", "issues": [issue]}}
    yes: Data = {"answer": {"status": "pass", "summary": "Well.", "issues": []}}
    script = workers(a=[write("a")]) | {"scrutiny": {"a": [[no], [yes]]}}
    blueprint = {"repairs": 0, "milestones": [milestone("one", feature("a"), checks=[{"kind": "review"}])]}
    run = start(new_missions(), blueprint, script, "--yes")
    run.wait_for("gate_opened")
    assert _fate_when_asked_again(run) == "open"


def test_a_feature_may_be_called_findings(new_missions: NewMissions) -> None:
    blueprint = {"milestones": [milestone("one", feature("findings"))]}
    noticed = {"finding": {"severity": "suggestion", "description": "The name is short."}}
    run = play(new_missions(), blueprint, workers(findings=[write("a"), noticed]))
    assert run.code == 0


def test_an_edited_plan_is_not_gone_on_with(new_missions: NewMissions) -> None:
    run = looked_at(new_missions, manual("Is it blue?"), check("test -e nowhere-yet || true && test -e a"))
    run.process.kill()
    run.end()
    plan = run.folder / "plan.json"
    plan.write_text(plan.read_text().replace("test -e a", "test -d ."))
    said = run.missions("resume", run.name)
    assert said.returncode == 2
    assert "plan.json: not the plan that was accepted; it was edited: start a new run, or" in said.stderr


def _fate_when_asked_again(run: Going) -> str:
    """What the finding's fate is when the run is killed at its gate and resumed, and asks again."""
    run.process.kill()
    run.end()
    again = Going(run.missions, run.name, run.missions.start("resume", run.name))
    until(lambda: len(run.events("gate_opened")) == 2)
    assert run.missions("cancel", run.name).returncode == 0
    assert again.end() == 4
    return str(run.report()["findings"][0]["fate"])
