"""What flows and tasks returned, also when they returned it as a failed state."""

from __future__ import annotations

import asyncio
from typing import Any

from prefect import State
from prefect.futures import PrefectFuture


async def run_flow(flow: Any, *arguments: Any, **options: Any) -> Any:
    """The outcome in a flow's state. An exception in its place is a bug: raised."""
    state: State[Any] = await flow(*arguments, **options, return_state=True)
    return _checked(await state.aresult(raise_on_failure=False))


def submit(task: Any, *arguments: Any) -> PrefectFuture[Any]:
    """Hand a task to the flow's pool. Prefect's own types do not follow decorated functions."""
    return task.submit(*arguments)  # type: ignore[no-any-return]


async def run_task(task: Any, *arguments: Any) -> Any:
    """The outcome of a task."""
    return await result_when_done(submit(task, *arguments))


async def result_when_done(future: PrefectFuture[Any]) -> Any:
    """The outcome of a task, waited for without holding the flow's loop."""
    return _checked(await asyncio.to_thread(future.result, raise_on_failure=False))


def _checked(result: Any) -> Any:
    if isinstance(result, BaseException):
        raise result
    return result
