"""A blueprint as a real Prefect flow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import Flow, State
from prefect.runtime import flow_run
from pydantic import PositiveInt

from agents.obstacles import obstacles
from agents.turns import forget_refusals
from blueprints.load import Loaded
from flows.blocks import secret_blocks
from flows.conduct import conduct, current_flow_run, ended_without_prefect, state_of
from flows.deployed import hosted, leave
from flows.opening import at_work
from flows.scheduled import unfinished
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
    ) -> State[str]:
        return await run_loaded(loaded, repository=repository, max_concurrency=max_concurrency, run=run)

    run_mission.__doc__ = f"{blueprint.goal}\n\n{_PARAMETERS}"
    run_mission.__module__, run_mission.__name__, run_mission.__qualname__ = module, name, name
    body: Any = run_mission
    return Flow(body, name=blueprint.mission, flow_run_name=lambda: run_id(blueprint.mission))


def run_id(mission: str) -> str:
    """The run's name: the `run` parameter, else one that a retry of the same flow run finds again."""
    given = flow_run.parameters.get("run")
    scheduled = flow_run.scheduled_start_time
    return str(given or f"{mission}-{scheduled:%Y%m%d}-{str(flow_run.id)[:6]}")


async def run_loaded(
    loaded: Loaded, *, repository: str | None, max_concurrency: int | None, run: str | None
) -> State[str]:
    """The body of every mission flow. Raises MissionError when no mission can start, or the run is over."""
    settings = Settings()
    path = Path(repository) if repository else None
    blocks = await secret_blocks(loaded.blueprint)
    here = current_flow_run()
    folder = accept(
        loaded,
        settings,
        objections=lambda source: obstacles(loaded.plan, source, blocks),
        run=run or await unfinished(loaded.plan, settings.home, here) or run_id(loaded.blueprint.mission),
        path=path,
    )
    if (report := _known(folder)).status in (RunStatus.PASSED, RunStatus.REJECTED, RunStatus.CANCELLED):
        return state_of(report)  # retried in Prefect, or finished elsewhere meanwhile
    with at_work(folder, settings, max_concurrency=max_concurrency, ui=flow_run.ui_url) as mission:
        mission.blocks.update(blocks)
        forget_refusals(mission)
        with hosted(mission, here), ended_without_prefect(here):
            report = await conduct(mission)
    await leave(mission, report, here)
    return state_of(report)


def _known(folder: RunFolder) -> MissionReport:
    return build_report(folder.run, folder.plan(), read_events(folder.ledger))
