from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from agents.api.loop import converse
from agents.rate_limit import RateLimit
from tests.agents.api.conftest import HANDOFF, Api, Data, Talk

PASSING: list[tuple[Api, Data]] = [
    ("messages", {"status": 429, "retry_after": "3s"}),
    ("messages", {"status": 529}),
    ("messages", {"status": 500}),
    ("messages", {"kind": "reset"}),
    ("messages", {"kind": "stream-reset", "after": 3}),
    ("messages", {"kind": "stream-truncate", "after": 4}),
    ("messages", {"kind": "stream-error", "error": "overloaded", "after": 3}),
    ("responses", {"status": 429, "retry_after": "3s"}),
    ("responses", {"kind": "stream-reset", "after": 3}),
    ("responses", {"kind": "stream-truncate", "after": 4}),
    ("responses", {"kind": "stream-error", "error": "overloaded", "after": 3}),
    ("responses", {"kind": "response-failed", "error": "internal", "after": 3}),
    ("chat", {"kind": "reset"}),
    ("chat", {"kind": "stream-reset", "after": 2}),
    ("chat", {"kind": "stream-truncate", "after": 3}),
    ("chat", {"kind": "stream-error", "error": "internal", "after": 1}),
]


@pytest.mark.parametrize(("api", "fault"), PASSING)
def test_a_fault_that_passes_is_tried_again_and_runs_no_call_twice(quick_talk: Talk, api: Api, fault: Data) -> None:
    steps: list[Data] = [
        {"text": "Now it runs.", "calls": [{"shell": "echo x >> ran"}], "fault": {**fault, "times": 2}},
        {"calls": [HANDOFF]},
    ]
    end = quick_talk.have(steps, api)
    assert end["reason"] == "finished", end
    assert (quick_talk.workspace / "ran").read_text() == "x\n"
    # One more where the broken connection was still in the pool: that try never reaches the server.
    assert len(quick_talk.of("retry")) == len(quick_talk.time.slept) >= 2
    assert end["turns"] == 2
    assert quick_talk.asked == 4


def test_a_stream_that_falls_silent_is_tried_again(quick_talk: Talk) -> None:
    hanging = {"kind": "stream-hang", "after": 3, "times": 1}
    end = quick_talk.have([{"calls": [HANDOFF], "fault": hanging}], silence=0.5)
    assert end["reason"] == "finished", end
    assert quick_talk.of("retry")  # more than one on a machine that is slower than that


def test_waits_grow_and_a_told_wait_is_kept(quick_talk: Talk) -> None:
    quick_talk.have([{"calls": [HANDOFF], "fault": {"status": 500, "times": 3}}])
    assert quick_talk.time.slept == [1, 2, 4]
    quick_talk.time.slept.clear()
    quick_talk.have([{"calls": [HANDOFF], "fault": {"status": 429, "retry_after": "40s", "times": 1}}])
    assert len(quick_talk.time.slept) == 1
    assert 40 < quick_talk.time.slept[0] <= 50


LASTING: list[tuple[Api, Data, str, int]] = [
    ("messages", {"error": "unauthenticated"}, "unauthenticated", 1),
    ("responses", {"error": "unauthenticated"}, "unauthenticated", 1),
    ("messages", {"error": "forbidden"}, "unauthenticated", 1),
    ("messages", {"error": "quota"}, "exhausted", 1),
    ("responses", {"error": "quota"}, "exhausted", 1),
    ("chat", {"error": "quota"}, "exhausted", 1),
    ("messages", {"error": "model-not-found"}, "unavailable", 1),
    ("responses", {"error": "model-not-found"}, "unavailable", 1),
    ("messages", {"status": 529}, "unavailable", 4),
    ("responses", {"status": 500}, "unavailable", 4),
    ("messages", {"status": 429}, "throttled", 4),
]


@pytest.mark.parametrize(("api", "fault", "kind", "asked"), LASTING)
def test_a_fault_that_lasts_is_handed_back(quick_talk: Talk, api: Api, fault: Data, kind: str, asked: int) -> None:
    end = quick_talk.have([{"calls": [{"shell": "touch ran"}], "fault": fault}], api, attempts=4)
    assert end["reason"] == "fault", end
    assert end["fault"]["kind"] == kind
    assert end["fault"]["reason"]
    assert quick_talk.asked == asked
    assert not (quick_talk.workspace / "ran").exists()


@pytest.mark.parametrize("api", ["messages", "responses", "chat"])
def test_a_long_wait_is_handed_back_without_sleeping(quick_talk: Talk, api: Api) -> None:
    end = quick_talk.have([{"text": "x", "fault": {"status": 429, "retry_after": "1h"}}], api, patience=60)
    assert end["fault"]["kind"] == "throttled"
    assert end["fault"]["until"] >= quick_talk.time.at + 3600
    assert quick_talk.time.slept == []
    assert quick_talk.asked == 1


def test_a_limit_that_another_agent_met_is_waited_for_or_handed_back_without_a_call(quick_talk: Talk) -> None:
    quick_talk.have([{"text": "x", "fault": {"status": 429, "retry_after": "100s", "times": 1}}], patience=60)
    end = quick_talk.go_on(quick_talk.spec(patience=60))
    assert end["fault"]["kind"] == "throttled"
    assert quick_talk.asked == 1
    quick_talk.serve([{"calls": [HANDOFF]}])
    assert quick_talk.go_on(quick_talk.spec(patience=200))["reason"] == "finished"
    assert sum(quick_talk.time.slept) > 100


def test_the_end_of_a_used_up_credit_is_told(quick_talk: Talk) -> None:
    soon = int(time.time()) + 30 * 86400
    when = time.strftime("%Y-%m-%d at %H:%M:%S UTC", time.gmtime(soon))
    message = f"You have reached your specified API usage limits. You will regain access on {when}."
    fault = {"status": 400, "error": "bad-request", "message": message}
    end = quick_talk.have([{"text": "x", "fault": fault}])
    assert end["fault"] == {"kind": "exhausted", "reason": end["fault"]["reason"], "until": soon}
    assert message in end["fault"]["reason"]


def test_a_request_that_the_provider_does_not_take_is_a_failure(quick_talk: Talk) -> None:
    end = quick_talk.have([{"text": "x", "fault": {"error": "bad-request"}}])
    assert end["reason"] == "failed"
    assert "not valid" in end["text"]
    assert quick_talk.asked == 1


@pytest.mark.parametrize("api", ["messages", "responses"])
def test_a_provider_that_cannot_be_reached_is_unavailable(quick_talk: Talk, api: Api) -> None:
    quick_talk.serve(["x"])
    end = quick_talk.go_on(quick_talk.spec(api, base_url="http://127.0.0.1:9", attempts=3))
    assert end["fault"]["kind"] == "unavailable"
    assert len(quick_talk.of("retry")) == 2


def test_what_was_said_before_a_fault_is_known(quick_talk: Talk) -> None:
    steps: list[Any] = [{"calls": [{"shell": "true"}]}, {"text": "x", "fault": {"error": "unauthenticated"}}]
    end = quick_talk.have(steps, prices={"input": 1.0, "output": 1.0})
    assert end["turns"] == 1
    assert end["usage"]["usd"] > 0
    assert abs(time.time() - quick_talk.time.at) > 1  # the clock of these tests is not the real one


def test_with_work_to_lose_a_longer_wait_is_worth_it(quick_talk: Talk) -> None:
    wait = {"status": 429, "error": "rate-limit", "retry_after": 60, "times": 1}
    steps: list[Data] = [{"calls": [{"shell": "true"}]}, {"calls": [HANDOFF], "fault": wait}]
    assert quick_talk.have(steps, patience=30, patience_at_work=300)["reason"] == "finished"
    assert sum(quick_talk.time.slept) >= 60


@pytest.mark.parametrize("fault", [{"status": 500, "retry_after": "25s"}, {"status": 429, "retry_after": "25s"}])
def test_all_waits_for_one_answer_together_take_no_longer_than_the_patience(quick_talk: Talk, fault: Data) -> None:
    end = quick_talk.have([{"text": "x", "fault": fault}], patience=60)
    assert end["reason"] == "fault"
    assert end["fault"]["until"] > quick_talk.time.at
    assert 50 < sum(quick_talk.time.slept) <= 60
    assert quick_talk.asked == 3


def test_a_limit_that_others_meet_again_and_again_is_not_waited_for_for_ever(quick_talk: Talk) -> None:
    quick_talk.serve([{"calls": [HANDOFF]}])
    spec, said = quick_talk.spec(patience=60), list[bytes]()
    limit = RateLimit(spec.rate_limit, lambda: quick_talk.time.at)
    limit.throttled(20)

    def sleep(seconds: float) -> None:
        quick_talk.time.sleep(seconds)
        assert len(quick_talk.time.slept) < 9
        limit.throttled(20)

    converse(spec, said.append, replace(quick_talk.time.clock, sleep=sleep))
    assert json.loads(said[-1])["fault"]["kind"] == "throttled"
    assert quick_talk.asked == 0
    assert 40 < sum(quick_talk.time.slept) <= 60
