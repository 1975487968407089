"""Work that cannot go on now: a provider throttles, a quota is used up, a key is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from prefect import State
from prefect.states import Failed

from agents.turns import ParkedError
from blueprints.fields import Value
from ledger.conversation import FaultKind

P = ParamSpec("P")
T = TypeVar("T")


class Parked(Value):
    """What a task returns instead of its outcome when it is to be run again later."""

    kind: FaultKind
    reason: str
    credential: str
    rate_limit: str
    """The file in which the credential's limits are noted."""


def may_park(work: Callable[P, T]) -> Callable[P, T | State[Any]]:
    """For a task's function: a provider's fault ends it as `Parked`, to be run again when that is over."""

    @wraps(work)
    def run(*arguments: P.args, **options: P.kwargs) -> T | State[Any]:
        try:
            return work(*arguments, **options)
        except ParkedError as error:
            parked = Parked(
                kind=error.fault.kind,
                reason=error.fault.reason,
                credential=error.credential,
                rate_limit=str(error.rate_limit),
            )
            return Failed(name="Parked", message=f"parked: {parked.reason}", data=parked)

    return run
