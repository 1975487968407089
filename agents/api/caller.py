"""Asking the model until it answers: waiting for shared limits, and trying again what may pass."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from tenacity import RetryCallState, Retrying, retry_if_result

from agents.api.mending import mended
from agents.api.meter import Meter
from agents.api.spec import Spec
from agents.api.trouble import Trouble
from agents.api.turns import Answer, Conversation, Provider
from agents.rate_limit import Hold, RateLimit
from ledger.conversation import Entry, FaultKind, entry

Say = Callable[[bytes], None]
"""Where the lines of the transcript go."""
_LONGEST = 60.0  # seconds between tries of our own choice


@dataclass(frozen=True)
class Clock:
    """Time, as far as waiting is concerned."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


@dataclass
class _Waits:
    """The waits for one answer: all of them together may take no longer than our patience."""

    patience: float
    spent: float = 0.0

    def allow(self, seconds: float) -> bool:
        return self.spent + seconds <= self.patience


@dataclass(frozen=True)
class Caller:
    provider: Provider
    spec: Spec
    say: Say
    clock: Clock
    meter: Meter

    @property
    def limit(self) -> RateLimit:
        return RateLimit(self.spec.rate_limit, self.clock.now, self.clock.chance)

    def ask(self, conversation: Conversation) -> Answer | Trouble:
        """The answer, or the trouble that did not pass within our attempts, our patience and our limits."""
        waits = _Waits(self._patience(conversation))
        retrying = Retrying(
            retry=retry_if_result(lambda result: isinstance(result, Trouble) and result.again),
            wait=lambda state: self._pause(state, waits.patience),
            stop=lambda state: self._is_enough(state, waits),
            sleep=lambda seconds: self._sleep(seconds, waits),
            before_sleep=self._announce,
            retry_error_callback=self._last,
        )
        return retrying(self._once, conversation, waits)

    def _patience(self, conversation: Conversation) -> float:
        """Longer once there is work to lose."""
        begun = len(conversation) > 1
        return max(self.spec.patience, self.spec.patience_at_work) if begun else self.spec.patience

    def _is_enough(self, state: RetryCallState, waits: _Waits) -> bool:
        tried = state.attempt_number >= self.spec.attempts
        return tried or not waits.allow(state.upcoming_sleep) or self.meter.over is not None

    def _sleep(self, seconds: float, waits: _Waits) -> None:
        waits.spent += seconds
        self.clock.sleep(seconds)

    def _once(self, conversation: Conversation, waits: _Waits) -> Answer | Trouble:
        while hold := self.limit.hold():
            seconds = self.limit.wait()
            if hold.kind is not FaultKind.THROTTLED or not waits.allow(seconds):
                return _held(hold)
            self.say(entry(Entry.RETRY, reason=hold.reason, seconds=round(seconds, 3)))
            self._sleep(seconds, waits)
        result = mended(self.provider.request, lambda: self.provider.ask(conversation))
        self._note(result)
        if isinstance(result, Trouble) and result.usage:
            self.say(entry(Entry.USAGE, **self.meter.bill(result.usage)))
        return result

    def _note(self, result: Answer | Trouble) -> None:
        """Tell all that share the credential."""
        if isinstance(result, Trouble):
            self.limit.met(result.kind, result.reason, result.seconds, result.until)
        else:
            self.limit.succeeded()

    def _pause(self, state: RetryCallState, patience: float) -> float:
        trouble = _trouble(state)
        if trouble.kind is FaultKind.THROTTLED:
            return self.limit.wait()
        if trouble.seconds is not None:
            return trouble.seconds + self.clock.chance()
        own = min(_LONGEST, 2.0 ** (state.attempt_number - 1)) * (0.5 + self.clock.chance())
        return min(own, patience)

    def _announce(self, state: RetryCallState) -> None:
        self.say(entry(Entry.RETRY, reason=_trouble(state).reason, seconds=round(state.upcoming_sleep, 3)))

    def _last(self, state: RetryCallState) -> Trouble:
        """With the time when it is worth trying again, where it is known."""
        trouble = _trouble(state)
        if trouble.until is None and (trouble.seconds is not None or trouble.kind is FaultKind.THROTTLED):
            return replace(trouble, until=self.clock.now() + state.upcoming_sleep)
        return trouble


def _trouble(state: RetryCallState) -> Trouble:
    result: object = state.outcome.result() if state.outcome else None
    assert isinstance(result, Trouble)
    return result


def _held(hold: Hold) -> Trouble:
    """What others found out about the credential, without asking again."""
    until = None if hold.kind is FaultKind.UNAUTHENTICATED else hold.until
    return Trouble(hold.kind, hold.reason or "the credential's limit is used up", until=until)
