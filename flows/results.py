"""What flows and tasks returned, also when they returned it as a failed state."""

from __future__ import annotations

import asyncio
from typing import Any

from prefect import State
from prefect.futures import PrefectFuture


async def result_of(state: State[Any]) -> Any:
    """The outcome in a flow's state. An exception in its place is a bug: raised."""
    return _checked(await state.aresult(raise_on_failure=False))


async def result_when_done(future: PrefectFuture[Any]) -> Any:
    """The outcome of a task, waited for without holding the flow's loop."""
    return _checked(await asyncio.to_thread(future.result, raise_on_failure=False))


def _checked(result: Any) -> Any:
    if isinstance(result, BaseException):
        raise result
    return result
