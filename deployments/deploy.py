"""A mission as a deployment of the mission flow: its blueprint and its plan are what Prefect's form shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound
from prefect.utilities.urls import url_for
from pydantic import ValidationError

from blueprints import show
from blueprints.errors import BlueprintError, MissionError
from blueprints.load import Loaded, load_text
from deployments.pool import find_pool
from flows.mission import mission

TAG = "missions"
HERE = Path(__file__).parents[1]
IN_THE_IMAGE = Path("/opt/missions")
"""Where the image of `deployments/Dockerfile` has this project."""
_ENTRYPOINT = "flows/mission.py:mission"
_VERSION_DIGITS = 12


@dataclass(frozen=True)
class Target:
    """Where and when a mission is to run."""

    pool: str
    name: str | None = None
    """The deployment's. Default: the mission's."""
    cron: str | None = None
    """Default: the blueprint's `schedule.cron`; so is the time zone."""
    timezone: str | None = None
    image: str | None = None
    """What the container is made of, in a pool of containers."""
    repository: str | None = None
    """As the worker finds it. Default: the blueprint's."""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])


def deploy(client: SyncPrefectClient, loaded: Loaded, target: Target) -> str:
    """Make or update the deployment; its full name, for `prefect deployment run`.

    Raises MissionError when there is no such pool, its runs could not reach the repository, or the schedule is wrong.
    """
    schedule = cron_schedule(loaded, target)
    _require_pool(client, target)
    if target.image:
        _require_all_in_the_image(loaded, target)
    name = target.name or loaded.blueprint.mission
    full = f"{mission.name}/{name}"
    client.create_deployment(
        client.create_flow_from_name(mission.name),
        name,
        version=loaded.plan.digest[:_VERSION_DIGITS],
        description=show.markdown(loaded.plan),
        tags=[TAG, loaded.blueprint.mission],
        work_pool_name=target.pool,
        entrypoint=_ENTRYPOINT,
        pull_steps=[_set_working_directory(IN_THE_IMAGE if target.image else HERE)],
        job_variables={"image": target.image} if target.image else {},
        parameters=_parameters(loaded, target),
        parameter_openapi_schema=mission.parameters.model_dump(),
        enforce_parameter_schema=True,
        schedules=_schedules(client, full, schedule),
    )
    return full


def page(client: SyncPrefectClient, full: str) -> str:
    """Where Prefect's UI shows the deployment, with its form."""
    found = client.read_deployment_by_name(full)
    return url_for("deployment", obj_id=found.id) or str(client.api_url)


def cron_schedule(loaded: Loaded, target: Target) -> CronSchedule | None:
    """When the mission is started by itself. Raises MissionError when Prefect cannot read that."""
    own = loaded.blueprint.schedule
    cron, timezone = target.cron or own.cron, target.timezone or own.timezone
    if cron is None:
        if target.timezone:
            raise MissionError("--timezone: of what? add --cron, or `schedule: {cron: …}` to the blueprint")
        return None
    try:
        return CronSchedule(cron=cron, timezone=timezone)
    except ValidationError as error:
        what = "time zone" if error.errors()[0]["loc"] == ("timezone",) else "crontab line"
        wrong = timezone if what == "time zone" else cron
        example = "Europe/Berlin" if what == "time zone" else "'0 22 * * *' for ten at night"
        raise MissionError(f"'{wrong}' is no {what} that Prefect knows; write it like {example}") from None


def _require_pool(client: SyncPrefectClient, target: Target) -> None:
    pool = find_pool(client, target.pool)
    if pool is None:
        kind = " --type docker" if target.image else ""
        raise MissionError(f"there is no work pool '{target.pool}'; make it with `mission pool {target.pool}{kind}`")
    if target.image and pool.type == "process":
        raise MissionError(f"work pool '{pool.name}' runs processes, not images; name one of containers, or no --image")
    if not target.image and pool.type != "process":
        raise MissionError(f"work pool '{pool.name}' runs containers; say of which image with --image")


def _require_all_in_the_image(loaded: Loaded, target: Target) -> None:
    """A container has no files of this machine, but for what is mounted at a path of its own."""
    if not (target.repository or loaded.blueprint.repository.url):
        raise MissionError(
            "a container does not see this repository; give --repo PATH as it is mounted there, or say "
            "'repository: {url: …}' in the blueprint"
        )
    try:
        load_text(loaded.text, loaded.name, IN_THE_IMAGE, target.settings)
    except BlueprintError as error:
        raise MissionError(f"a container does not see the files beside the blueprint:\n{error}") from None


def _set_working_directory(folder: Path) -> dict[str, Any]:
    return {"prefect.deployments.steps.set_working_directory": {"directory": str(folder)}}


def _parameters(loaded: Loaded, target: Target) -> dict[str, Any]:
    """What the form is filled in with. A container has no files of this machine: there the blueprint is its text."""
    path = str(Path(loaded.name).absolute())
    given = {"repository": target.repository, "settings": dict(target.settings) or None}
    return {"blueprint": loaded.text if target.image else path} | {k: v for k, v in given.items() if v is not None}


def _schedules(client: SyncPrefectClient, full: str, schedule: CronSchedule | None) -> list[DeploymentScheduleCreate]:
    """One that somebody has paused in Prefect's UI stays so."""
    if schedule is None:
        return []
    try:
        known = client.read_deployment_by_name(full).schedules
    except ObjectNotFound:
        known = []
    return [DeploymentScheduleCreate(schedule=schedule, active=all(one.active for one in known))]
