"""The generic mission flow: `flows/mission.py:mission` for deployments, with the blueprint as a parameter."""

from __future__ import annotations

from prefect import State, flow
from prefect.runtime import flow_run
from pydantic import AwareDatetime, PositiveInt

from blueprints.errors import MissionError
from blueprints.load import load_blueprint
from flows.compile import Options, run_id, run_loaded
from flows.conduct import current_flow_run
from flows.events import heard_in_order


def _run_name() -> str:
    try:
        return run_id(load_blueprint(flow_run.parameters["blueprint"]).blueprint.mission)
    except MissionError:
        return "no-blueprint"  # the flow itself says what is wrong, where people read it


@flow(name="mission", flow_run_name=_run_name)
async def mission(
    blueprint: str,
    repository: str | None = None,
    max_concurrency: PositiveInt | None = None,
    run: str | None = None,
    settings: dict[str, str] | None = None,
    until: AwareDatetime | None = None,
) -> State[str]:
    """Run a mission from its blueprint.

    Args:
        blueprint: The blueprint's YAML text, or the path of its file.
        repository: A folder in the repository to work on, instead of the blueprint's.
        max_concurrency: Most agents at work at once, instead of the blueprint's.
        run: The run to go on with, or the name for a new one.
        settings: Keys of the blueprint with other values, such as {"agents.builder.timeout": "5m"}.
        until: Pause cleanly before this time, and start nothing that would take longer.
    """
    options = Options(repository=repository, max_concurrency=max_concurrency, run=run, until=until)
    async with heard_in_order(current_flow_run()):
        return await run_loaded(load_blueprint(blueprint, settings), options)
