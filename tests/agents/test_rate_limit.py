from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from agents.rate_limit import RateLimit
from ledger.conversation import FaultKind


@dataclass
class Time:
    at: float = 1_000.0


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def limit(tmp_path: Path, time: Time) -> RateLimit:
    return RateLimit(tmp_path / "credentials" / "a.json", now=lambda: time.at, chance=lambda: 0.0)


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"until": "x"}', '{"until": 1e9, "kind": "odd"}', "\xff"])
def test_a_file_that_is_absent_or_damaged_is_no_limit(limit: RateLimit, text: str | None) -> None:
    if text is not None:
        limit.path.parent.mkdir()
        limit.path.write_text(text, encoding="latin-1")
    assert limit.wait() == 0
    assert limit.hold() is None
    limit.succeeded()
    limit.throttled(5)
    assert limit.wait() == 5


def test_a_told_wait_is_seen_by_all_and_never_made_shorter(limit: RateLimit, time: Time) -> None:
    limit.throttled(30, "429")
    limit.throttled(10)
    other = replace(limit)
    assert other.wait() == 30
    hold = other.hold()
    assert hold
    assert (hold.kind, hold.reason) == (FaultKind.THROTTLED, "429")
    time.at += 30
    assert other.wait() == 0


def test_waits_of_our_own_choice_double_up_to_a_minute_until_a_call_succeeds(limit: RateLimit, time: Time) -> None:
    waits: list[float] = []
    for _ in range(8):
        limit.throttled(None)
        waits.append(limit.wait())
        time.at += limit.wait()
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    limit.succeeded()
    limit.throttled(None)
    assert limit.wait() == 1


def test_many_that_are_refused_at_once_are_one_refusal(limit: RateLimit) -> None:
    callers = [threading.Thread(target=limit.throttled, args=(None,)) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert limit.wait() == 1


def test_a_success_does_not_end_the_wait_that_others_were_told(limit: RateLimit) -> None:
    limit.throttled(30)
    limit.succeeded()
    assert limit.wait() == 30


def test_sharers_do_not_come_back_at_once(limit: RateLimit) -> None:
    limit.throttled(20)
    chances = iter(number / 10 for number in range(10))
    waits = [replace(limit, chance=lambda: next(chances)).wait() for _ in range(10)]
    assert len(set(waits)) == 10
    assert 20 <= min(waits) <= max(waits) <= 30


def test_a_used_up_credit_lasts_until_its_time_or_a_while(limit: RateLimit, time: Time) -> None:
    limit.exhausted(5_000, "quota")
    assert limit.wait() == 4_000
    hold = limit.hold()
    assert hold
    assert hold.kind is FaultKind.EXHAUSTED
    limit.succeeded()  # of a call that began before
    assert limit.wait() == 4_000
    time.at = 5_000
    assert limit.wait() == 0
    limit.exhausted(None)
    assert limit.wait() == 900


def test_a_refused_credential_is_not_tried_by_everybody(limit: RateLimit, time: Time) -> None:
    limit.refused("401")
    hold = limit.hold()
    assert hold
    assert (hold.kind, hold.reason) == (FaultKind.UNAUTHENTICATED, "401")
    time.at += 86_400
    assert limit.hold() == hold
    limit.clear()
    assert limit.hold() is None
