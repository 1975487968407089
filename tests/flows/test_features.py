"""Features: when they start, what they find, and what the engine makes of what they leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Data
from tests.flows.conftest import NewMissions
from tests.flows.stage import (
    Ended,
    alive,
    feature,
    git,
    milestone,
    play,
    shell,
    workers,
    write,
)

AS_AGENT = "git -c user.name=Agent -c user.email=agent@localhost"
NO_COMPILER = "[ ! -e broken ] || { echo compiler missing; exit 3; }"
"""A line of setup that works only before the feature `broken`."""

UNRULY: Data = {
    "liar": [{"handoff": {"salientSummary": "All done.", "whatWasImplemented": "Everything."}}],
    "talker": [shell(f"{AS_AGENT} commit -q --allow-empty -m Talk")],
    "elsewhere": [shell("git checkout -q -b elsewhere"), write("elsewhere"), {"commit": "On another branch"}],
    "detached": [shell("git checkout -q --detach"), write("detached"), {"commit": "On no branch"}],
    "rewriter": [write("rewriter"), shell(f"git add -A && {AS_AGENT} commit -q --amend -m History")],
    "mumbler": [write("mumbler"), shell("echo '{not JSON' > $MISSION_HANDOFF")],
    "silent": [write("silent"), shell("echo '{}' > $MISSION_HANDOFF")],
    "quitter": [write("quitter"), {"fail": "I give up"}],
    "victim": [write("victim"), {"crash": True}],
    "sleeper": [write("sleeper"), {"hang": True}],
}

REASONS = {
    "liar": "no work: the agent stopped without changing anything",
    "talker": "no work: the agent's commits change nothing",
    "elsewhere": "the agent left its branch: it is on elsewhere",
    "detached": "the agent left its branch: it is on a detached HEAD",
    "rewriter": "is not built on its base",
    "mumbler": "malformed handoff: not JSON",
    "silent": "malformed handoff: salientSummary",
    "quitter": "the agent ended with exit code 1: fail: failed in step 2: I give up",
    "victim": "the agent ended with exit code 137",
    "sleeper": "still at work after its time limit of 10 s",
    "nobody": "the agent could not be started: no-such-agent",
    "after-broken": f"setup `{NO_COMPILER}` did not work (exit code 3): compiler missing",
}
"""What the report says about each feature of the mission `unruly` that fails."""


@pytest.fixture(scope="module")
def marker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A path among the arguments of a process that an agent left in the background."""
    return tmp_path_factory.mktemp("background") / "never"


@pytest.fixture(scope="module")
def unruly(new_missions: NewMissions, marker: Path) -> Ended:
    """A milestone in which most features fail, each in its own way, and one that would come after it."""
    missions = new_missions()
    others = {
        "after-liar": [write("after-liar")],
        "last": [write("last")],
        "independent": [write("independent")],
        "empty": [{"say": "Nothing was to be done"}],
        "broken": [write("broken")],
        "after-broken": [write("after-broken")],
        "daemon": [shell(f"setsid tail -F {marker} > /dev/null 2>&1 < /dev/null & disown"), write("daemon")],
        "nobody": [],
        "later": [write("later")],
    }
    script: Data = workers(**UNRULY, **others)
    script["worker"]["retried"] = [
        [write("first-try"), {"fail": "the first try went wrong"}],
        [shell("test ! -e first-try"), write("second-try")],
    ]
    player = {"kind": "scripted", "script": "script.yaml", "retries": 0}
    blueprint = {
        "maxConcurrency": 4,
        "maxFeaturesPerMilestone": 40,
        "setup": [NO_COMPILER],
        "agents": {"player": player, "nobody": {"kind": "command", "argv": ["no-such-agent"], "retries": 0}},
        "roles": {"worker": "player"},
        "milestones": [
            milestone(
                "one",
                *(feature(name) for name in UNRULY if name != "sleeper"),
                feature("sleeper", timeout="10s"),
                feature("after-liar", "liar"),
                feature("last", "after-liar", "independent"),
                feature("independent"),
                feature("empty", allowEmpty=True),
                feature("retried", retries=1),
                feature("nobody", agent="nobody"),
                feature("broken"),
                feature("after-broken", "broken"),
                feature("daemon"),
            ),
            milestone("two", feature("later")),
        ],
    }
    return play(missions, blueprint, script)


def test_a_feature_starts_as_soon_as_its_needs_are_done(passed: Ended) -> None:
    order = [(event["type"], event["featureId"]) for event in passed.events("worker_started", "worker_completed")]
    assert order.index(("worker_started", "second")) < order.index(("worker_completed", "slow"))
    assert order.index(("worker_completed", "first")) < order.index(("worker_started", "second"))
    assert order.index(("worker_completed", "slow")) < order.index(("worker_started", "joined"))


def test_no_more_features_than_max_concurrency_are_at_work(passed: Ended) -> None:
    assert passed.most_at_once() == 2


def test_a_workspace_contains_the_work_of_all_needs(passed: Ended) -> None:
    start = passed.feature("joined")["base"]
    assert git(passed.repo, "ls-tree", "--name-only", start).split() == [
        ".gitignore",
        "first.txt",
        "second.txt",
        "shared.txt",
        "slow.txt",
    ]


def test_a_workspace_without_needs_starts_from_the_milestones_base(passed: Ended) -> None:
    assert passed.feature("alone")["base"] == passed.report()["base"]
    assert passed.feature("right")["base"] == passed.milestone("first")["commit"]


@pytest.mark.parametrize("name", REASONS)
def test_what_is_not_proved_fails_with_its_reason(unruly: Ended, name: str) -> None:
    seen = unruly.feature(name)
    assert seen["status"] == "failed"
    assert REASONS[name] in seen["reason"]


@pytest.mark.parametrize("name", [*UNRULY, "nobody", "retried"])
def test_every_attempts_commit_stays_reachable(unruly: Ended, name: str) -> None:
    archived = unruly.archived()[f"{name}.1"]
    wrote = any("write" in step for step in UNRULY.get(name, []))
    assert not wrote or unruly.file(name, archived) == "done"


def test_dependents_of_a_failed_feature_are_blocked_with_the_reason(unruly: Ended) -> None:
    blocked = [unruly.feature(name) for name in ("after-liar", "last")]
    assert [(f["status"], f["reason"], f["attempts"]) for f in blocked] == [
        ("blocked", "needs liar, which is failed", 0),
        ("blocked", "needs after-liar, which is blocked", 0),
    ]


def test_independent_features_finish(unruly: Ended) -> None:
    done = {name: unruly.feature(name)["status"] for name in ("independent", "broken", "daemon", "retried")}
    assert done == dict.fromkeys(done, "done")


def test_no_change_is_done_where_the_blueprint_allows_it(unruly: Ended) -> None:
    seen = unruly.feature("empty")
    assert (seen["status"], seen["commit"]) == ("done", seen["base"])


def test_a_milestone_with_a_failed_feature_ends_the_mission(unruly: Ended) -> None:
    report = unruly.report()
    assert (unruly.code, report["status"]) == (1, "failed")
    assert "liar failed: no work" in report["reason"]
    assert [m["status"] for m in report["milestones"]] == ["failed", "pending"]
    assert unruly.feature("later")["attempts"] == 0


def test_a_retry_gets_a_fresh_workspace_and_the_earlier_failure(unruly: Ended) -> None:
    seen = unruly.feature("retried")
    assert (seen["status"], seen["attempts"]) == ("done", 2)
    assert git(unruly.repo, "ls-tree", "--name-only", seen["commit"]).split() == ["a.txt", "second-try", "shared.txt"]
    prompts = [(unruly.folder / "transcripts" / f"retried.{n}.prompt.md").read_text() for n in (1, 2)]
    assert ["the first try went wrong" in text for text in prompts] == [False, True]


def test_a_background_process_of_an_agent_is_dead_after_its_task(unruly: Ended, marker: Path) -> None:
    assert unruly.feature("daemon")["status"] == "done"
    assert not alive(marker)


def test_a_failed_mission_leaves_no_worktree_and_no_work_branch(unruly: Ended) -> None:
    assert unruly.leftovers() == []


def test_an_agent_in_the_users_checkout_is_quarantined_and_not_tried_again(new_missions: NewMissions) -> None:
    missions = new_missions()
    run = play(
        missions,
        {
            "maxConcurrency": 1,
            "milestones": [milestone("one", feature("vandal", retries=2), feature("good"), feature("next", "vandal"))],
        },
        workers(
            vandal=[write("mine"), shell(f"echo mine > {missions.repo}/vandal.txt")], good=[write("good")], next=[]
        ),
    )
    assert (run.code, run.report()["status"]) == (1, "failed")
    vandal = run.feature("vandal")
    assert (vandal["status"], vandal["attempts"]) == ("quarantined", 1)
    assert vandal["reason"] == "the user's checkout changed while this agent ran: vandal.txt is new"
    assert run.feature("good")["status"] == "done"
    assert run.feature("next")["reason"] == "needs vandal, which is quarantined"
    assert run.file("mine", run.archived()["vandal.1"]) == "done"


def test_a_secret_appears_nowhere_and_reaches_only_who_declares_it(new_missions: NewMissions) -> None:
    missions = new_missions()
    token = "s3cr3t-0123456789"
    missions.variables["DEMO_TOKEN"] = token
    missions.variables["OTHER_TOKEN"] = "undeclared-0123456789"
    player = {"kind": "scripted", "script": "script.yaml", "retries": 0}
    tell = 'echo "{\\"salientSummary\\": \\"used $DEMO_TOKEN\\"}" > $MISSION_HANDOFF'
    run = play(
        missions,
        {
            "agents": {"trusted": {**player, "env": ["DEMO_TOKEN"]}, "other": player},
            "roles": {"worker": "other"},
            "validators": [{"kind": "command", "run": 'echo "${DEMO_TOKEN:-unset}"; test -z "${DEMO_TOKEN:-}"'}],
            "milestones": [
                milestone("one", feature("teller", agent="trusted"), feature("blind")),
                milestone("two", feature("failing", agent="trusted")),
            ],
        },
        workers(
            teller=[shell('echo "$DEMO_TOKEN" && test -z "${OTHER_TOKEN:-}"'), shell(tell), write("told")],
            blind=[shell('test -z "${DEMO_TOKEN:-}"'), write("blind")],
            failing=[shell('echo "$DEMO_TOKEN is wrong" >&2; exit 1')],
        ),
    )
    assert [m["status"] for m in run.report()["milestones"]] == ["sealed", "failed"]
    assert run.feature("teller")["summary"] == "used [DEMO_TOKEN]"
    assert "[DEMO_TOKEN]" in (run.folder / "transcripts" / "teller.1.jsonl").read_text()
    records = [*run.folder.rglob("*"), *(missions.home / "prefect").glob("*.db*")]
    assert [str(path) for path in records if path.is_file() and token.encode() in path.read_bytes()] == []
