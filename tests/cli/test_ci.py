"""`mission run --ci`: jobs that end before the mission does, the ones that go on, and the one that may push."""

from __future__ import annotations

import re
import shlex
import signal
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest

from tests.cli.forgeries import (
    Forge,
    all_forged,
    another_base,
    another_reference,
    another_result,
    edited,
    without_verdicts,
)
from tests.cli.jobs import AGENT_SAYS, Ci, Done, Job, agents, new_ci, put, tree, undisturbed_tree
from tests.conftest import Data
from tests.flows.stage import git, until, wait_for
from tests.recipes import recipe
from workspaces import bundle
from workspaces.state import branch_ref, ended_ref, state_ref


@pytest.fixture
def ci(tmp_path: Path, mission_home: Path) -> Ci:
    return new_ci(tmp_path, mission_home)


def test_a_job_that_is_ended_goes_on_in_another_clone_and_delivers_the_same(ci: Ci) -> None:
    go = ci.folder / "go"
    put(ci, agents(wait_for(go)))
    going = ci.job("first", depth=1).start("--yes", "--state-remote", "origin")
    going.wait_for("worker_started", featureId="c")
    pushed = until(lambda: [commit for ref, commit in ci.refs().items() if ref == state_ref(going.name)])
    going.process.send_signal(signal.SIGTERM)
    assert going.end() == 130
    assert list(ci.refs()) == ["refs/heads/main", state_ref(going.name)]
    assert ci.refs()[state_ref(going.name)] != pushed[0], "the state was kept at the end, too"

    go.touch()
    second = ci.job("second", depth=1)
    github = second.told_at_github()
    done = second.run("--state-remote", "origin", "--junit", str(github / "junit.xml"))
    assert done.code == 0, done.out + done.errors
    tip = ci.refs()[branch_ref(going.name)]
    assert set(ci.refs()) == {"refs/heads/main", branch_ref(going.name), ended_ref(going.name)}
    assert tree(ci.origin, tip) == undisturbed_tree(second)
    assert sorted(done.run.sessions()) == ["a.1", "b.1", "c.1", "c.2"], "what was finished was not done again"
    assert [Path(life["repository"]).parent.name for life in done.run.events("mission_run_started")] == [
        "first",
        "second",
    ]
    outputs = dict(line.split("=", 1) for line in (github / "GITHUB_OUTPUT").read_text().splitlines())
    branch = branch_ref(going.name).removeprefix("refs/heads/")
    assert outputs == {"run": going.name, "status": "passed", "branch": branch, "commit": tip}
    assert (github / "GITHUB_STEP_SUMMARY").read_text().startswith("# ✓ passed: demo\n")
    assert all(
        case.find("failure") is case.find("error") is None for case in parse(github / "junit.xml").iter("testcase")
    )
    assert AGENT_SAYS in done.out, "what the agent handed in is told"
    assert not [
        line for line in (done.out + done.errors).splitlines() if line.lstrip().startswith("::") or "##[" in line
    ]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, mission_home: Path) -> dict[str, Done]:
    """Three jobs of one mission: it asks; it is approved and runs out of time; it is finished. None of them pushes."""
    ci = new_ci(tmp_path_factory.mktemp("bundles"), mission_home)
    go = ci.folder / "go"
    put(ci, agents(wait_for(go)), requirePlanApproval=True)
    asked = _worked_and_published(ci, "asks")
    digest = _plan(asked)
    wrong = ci.job("wrong").run("--state-remote", "origin", "--approve", "0" * 32)
    late = _worked_and_published(ci, "late", "--approve", digest, "--deadline", "4s")
    go.touch()
    finished = ci.job("finished")
    finished.told_at_github()
    done = finished.follow(documented()["run"])
    return {"asked": asked, "wrong": wrong, "late": late, "done": done}


def documented() -> dict[str, list[str]]:
    """What the README says to do from CI: each command's words."""
    [commands] = recipe("From CI")
    lines = [shlex.split(line) for line in commands.splitlines()]
    return {words[1]: words[1:] for words in lines}


def _worked_and_published(ci: Ci, name: str, *words: str) -> Done:
    """A job that may only read, and one that may write."""
    job = ci.job(name)
    done = job.run("--state-remote", "origin", *_files(job), *words)
    published = ci.job(f"{name}-published").missions(
        "publish", _bundle(done.job), "--remote", "origin", *_repo(ci, name)
    )
    assert published.returncode == 0, done.out + published.stderr
    return done


def _files(job: Job) -> list[str]:
    return ["--bundle", str(_bundle(job)), "--junit", str(job.file("junit.xml"))]


def _bundle(job: Job) -> Path:
    return job.file("mission.bundle")


def _repo(ci: Ci, name: str) -> list[str]:
    return ["--repo", str(ci.folder / f"{name}-published" / "checkout")]


def _plan(done: Done) -> str:
    accepted: Data = done.run.events("mission_accepted")[0]
    return str(accepted["plan"])


def _origin(done: Done) -> Path:
    return done.job.missions.folder.parent / "origin.git"


def test_a_job_that_nobody_answers_ends_and_tells_the_plan_to_approve(told: dict[str, Done]) -> None:
    asked = told["asked"]
    assert asked.code == 5, asked.out + asked.errors
    assert f"the plan {_plan(asked)} waits for approval" in asked.out
    assert f"`--approve {_plan(asked)}`" in asked.out
    assert asked.run.sessions() == []
    cases = {case.get("name"): case for case in parse(asked.job.file("junit.xml")).iter("testcase")}
    assert len(cases) == 3
    assert all(case.find("error") is not None for case in cases.values())


def test_an_approval_of_another_plan_is_none(told: dict[str, Done]) -> None:
    wrong = told["wrong"]
    assert wrong.code == 5
    assert wrong.job.missions.runs() == []
    assert f"the plan is {_plan(told['asked'])}, and nobody has approved that" in wrong.errors


def test_a_job_stops_at_its_deadline_and_the_next_one_finishes(told: dict[str, Done]) -> None:
    late, done = told["late"], told["done"]
    assert (late.code, done.code) == (130, 0), late.out + done.out + done.errors
    assert late.run.name == done.run.name == told["asked"].run.name
    assert late.run.events("plan_approved")[0]["by"].endswith("with --approve")
    assert len(done.run.events("plan_approved")) == 1
    features = [event["featureId"] for event in done.run.events("worker_completed")]
    assert sorted(features) == ["a", "b", "c"], "what was finished was not done again"


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (edited, "is refused: ledger line [0-9]+: the chain is broken here"),
        (another_reference, "'refs/heads/main', which is not the state or the branch of"),
        (another_result, "passed at [0-9a-f]{40}, but its branch is at"),
        (without_verdicts, "has no passed verdict on"),
        (another_base, "which 'main' on 'origin' does not hold"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_forged_bundle_is_refused(told: dict[str, Done], tmp_path: Path, forge: Forge, said: str) -> None:
    done = told["done"]
    repo = done.job.checkout
    heads = forge(repo, bundle.heads(repo, _bundle(done.job)), done.run.name)
    bundle.write(repo, tmp_path / "forged", heads, without=git(repo, "rev-parse", "main"))
    before = git(_origin(done), "for-each-ref")
    refused = done.job.missions("publish", tmp_path / "forged", "--remote", "origin", "--repo", repo)
    assert refused.returncode == 1, refused.stdout
    assert re.search(said, refused.stderr), refused.stderr
    assert refused.stderr.count("\n") == 1
    assert git(_origin(done), "for-each-ref") == before


def test_a_bundle_of_another_plan_than_the_publishers_is_refused(told: dict[str, Done], tmp_path: Path) -> None:
    done = told["done"]
    other = tmp_path / "mission.yaml"
    other.write_text((done.job.checkout / "mission.yaml").read_text().replace("The end is there.", "It is there."))
    (tmp_path / "script.yaml").write_text((done.job.checkout / "script.yaml").read_text())
    words: list[str | Path] = ["--remote", "origin", "--repo", done.job.checkout, "--blueprint", other]
    refused = done.job.missions("publish", _bundle(done.job), *words)
    assert refused.returncode == 1
    assert f"is of the plan {_plan(done)}, and {other} is the plan" in refused.stderr


def test_a_result_is_verified_by_a_job_that_believes_no_ledger(told: dict[str, Done], tmp_path: Path) -> None:
    done = told["done"]
    repo, run = done.job.checkout, done.run.name
    fine = done.job.follow(documented()["verify"])
    assert fine.code == 0, fine.out + fine.errors
    assert "VAL-A-001 passed on " in fine.out
    heads = all_forged(repo, bundle.heads(repo, _bundle(done.job)), run)
    bundle.write(repo, tmp_path / "forged", heads, without=git(repo, "rev-parse", "main"))
    forged = done.job.missions("verify", tmp_path / "forged", "--remote", "origin", "--repo", repo)
    assert forged.returncode == 1, forged.stdout + forged.stderr
    assert "VAL-A-001 failed on " in forged.stdout


def test_a_run_without_a_result_is_verified_by_nobody(told: dict[str, Done]) -> None:
    late = told["late"]
    words = ["verify", str(_bundle(late.job)), "--remote", "origin", "--repo", str(late.job.checkout)]
    asked, allowed = late.job.missions(*words), late.job.missions(*words, "--if-passed")
    said = f"{late.run.name} is paused: there is no result to verify"
    assert (asked.returncode, asked.stderr) == (2, f"{said}; with --if-passed that is no error\n")
    assert (allowed.returncode, allowed.stdout) == (0, f"{said}\n")


def test_a_result_is_published_by_a_job_that_ran_nothing_of_it(told: dict[str, Done]) -> None:
    done = told["done"]
    words = [*documented()["publish"], "--branch", "result"]
    dry = done.job.follow([*words, "--dry-run"])
    assert dry.code == 0, dry.errors
    assert _references(done) == ["refs/heads/main", state_ref(done.run.name)]
    published, again = done.job.follow(words), done.job.follow(words)
    assert (published.code, again.code) == (0, 0), published.errors + again.errors
    assert _references(done) == ["refs/heads/main", "refs/heads/result", ended_ref(done.run.name)]
    assert tree(_origin(done), "result") == undisturbed_tree(done.job)


def _references(done: Done) -> list[str]:
    return git(_origin(done), "for-each-ref", "--format=%(refname)").splitlines()
