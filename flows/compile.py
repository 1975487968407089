"""A blueprint as a real Prefect flow."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from prefect import Flow, State
from prefect.client.schemas.objects import FlowRun
from prefect.runtime import flow_run
from prefect.states import Cancelled
from pydantic import AwareDatetime, PositiveInt

from agents.obstacles import obstacles
from agents.turns import forget_refusals
from blueprints.load import Loaded
from flows import alarm
from flows.blocks import secret_blocks
from flows.conduct import conduct, current_flow_run, ended_without_prefect, state_of
from flows.deployed import hosted, leave
from flows.events import heard_in_order
from flows.opening import at_work
from flows.scheduled import Skip, one_at_a_time, require_free, unfinished
from ledger.events import read_events
from ledger.fold import build_report
from ledger.folder import RunFolder
from ledger.report import MissionReport, RunStatus
from ledger.settings import Settings
from workspaces.acceptance import accept

_PARAMETERS = """Args:
    repository: A folder in the repository to work on, instead of the blueprint's.
    max_concurrency: Most agents at work at once, instead of the blueprint's or the approver's number.
    run: The run to go on with, or the name for a new one.
    until: Pause cleanly before this time, and start nothing that would take longer.
"""


def compile_flow(loaded: Loaded, *, module: str = __name__, name: str = "run_mission") -> Flow[..., State[str]]:
    """A flow named after the mission that can be called, served or deployed.

    Its parameters are the run's options; its state tells the outcome; the report is in the run's folder. To
    serve or deploy it, keep it in a variable and say where: `todo = compile_flow(load(path), module=__name__,
    name="todo")`. That is how Prefect finds it again in the process that runs it.
    """
    blueprint = loaded.blueprint

    async def run_mission(
        repository: str | None = None,
        max_concurrency: PositiveInt | None = None,
        run: str | None = None,
        until: AwareDatetime | None = None,
    ) -> State[str]:
        options = Options(repository=repository, max_concurrency=max_concurrency, run=run, until=until)
        async with heard_in_order(current_flow_run()):
            return await run_loaded(loaded, options)

    run_mission.__doc__ = f"{blueprint.goal}\n\n{_PARAMETERS}"
    run_mission.__module__, run_mission.__name__, run_mission.__qualname__ = module, name, name
    body: Any = run_mission
    return Flow(body, name=blueprint.mission, flow_run_name=lambda: run_id(blueprint.mission))


def run_id(mission: str) -> str:
    """The run's name: the `run` parameter, else one that a retry of the same flow run finds again."""
    if alarm.TAG in flow_run.tags:
        return str(flow_run.name)  # a flow run that is no run of the mission has its own
    given = flow_run.parameters.get("run")
    scheduled = flow_run.scheduled_start_time
    return str(given or f"{mission}-{scheduled:%Y%m%d}-{str(flow_run.id)[:6]}")


@dataclass(frozen=True)
class Options:
    """How this one flow run is to go: its parameters besides the blueprint."""

    repository: str | None = None
    max_concurrency: int | None = None
    run: str | None = None
    until: datetime | None = None


async def run_loaded(loaded: Loaded, options: Options) -> State[str]:
    """The body of every mission flow. Raises MissionError when no mission can start, or the run is over."""
    here = current_flow_run()
    if alarm.TAG in here.tags:
        return await alarm.ring(str(options.run), Settings())
    try:
        return await _run(loaded, options, here)
    except Skip as nothing_to_do:
        return Cancelled(name="Skipped", message=f"{nothing_to_do}; nothing was started")


async def _run(loaded: Loaded, options: Options, here: FlowRun) -> State[str]:
    settings, blocks = Settings(), await secret_blocks(loaded.blueprint)
    with ExitStack() as owned:
        with one_at_a_time(settings.home, here):
            folder = await _accepted(loaded, options, here, settings, blocks)
            if (report := _known(folder)).status in (RunStatus.PASSED, RunStatus.REJECTED, RunStatus.CANCELLED):
                return state_of(report)  # retried in Prefect, or finished elsewhere meanwhile
            await require_free(folder, here)
            limit, page = options.max_concurrency, flow_run.ui_url
            mission = owned.enter_context(at_work(folder, settings, max_concurrency=limit, ui=page, flow_run=here.id))
        mission.blocks.update(blocks)
        mission.until = mission.closes_at = options.until.timestamp() if options.until else None
        forget_refusals(mission)
        with hosted(mission, here) as host, ended_without_prefect(here):
            report = await conduct(mission)
    await leave(mission, report, host)
    return state_of(report)


async def _accepted(
    loaded: Loaded, options: Options, here: FlowRun, settings: Settings, blocks: Mapping[str, str]
) -> RunFolder:
    """The run that was asked for, that a schedule goes on with, or a new one."""
    path = Path(options.repository) if options.repository else None
    return accept(
        loaded,
        settings,
        objections=lambda source: obstacles(loaded.plan, source, blocks),
        run=options.run or await unfinished(loaded.plan, settings, here, path) or run_id(loaded.blueprint.mission),
        path=path,
    )


def _known(folder: RunFolder) -> MissionReport:
    return build_report(folder.run, folder.plan(), read_events(folder.ledger))
