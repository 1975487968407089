"""The work pool that missions are deployed to."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.objects import WorkPool
from prefect.exceptions import ObjectNotFound
from prefect.workers.utilities import get_default_base_job_template_for_infrastructure_type

from blueprints.errors import MissionError

PoolType = Literal["process", "docker"]
_ONLINE = "ONLINE"
_HEARTBEAT = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
"""Seconds; Prefect takes nothing shorter. Without it nobody notices that a flow run's process is gone."""
_HOME = "missions:/missions"
"""Where the image of `deployments/Dockerfile` keeps runs: the next container of a mission has to find them."""


@dataclass(frozen=True)
class Wanted:
    """A work pool as somebody wants it; None leaves what an existing one has."""

    name: str
    kind: PoolType | None = None
    limit: int | None = None
    """Most missions at work in it at once."""
    image: str | None = None
    """What containers are made of, for those deployments that do not say it themselves."""
    volumes: tuple[str, ...] = ()
    """What containers see of the worker's machine, each as `SOURCE:TARGET`."""


def find_pool(client: SyncPrefectClient, name: str) -> WorkPool | None:
    try:
        return client.read_work_pool(name)
    except ObjectNotFound:
        return None


def make_pool(client: SyncPrefectClient, wanted: Wanted) -> WorkPool:
    """The pool, made or brought up to date. Raises MissionError when one of another type has its name."""
    pool = find_pool(client, wanted.name)
    kind = wanted.kind or (pool.type if pool else "process")
    if pool and pool.type != kind:
        raise MissionError(f"work pool '{wanted.name}' is of type {pool.type}; take another name for one of {kind}")
    if (wanted.image or wanted.volumes) and kind != "docker":
        raise MissionError("--image and --volume are for a pool of containers; add --type docker")
    if pool is None:
        _create(client, wanted, kind)
    else:
        _update(client, wanted, pool)
    return client.read_work_pool(wanted.name)


def has_worker(client: SyncPrefectClient, name: str) -> bool:
    """Whether a worker is there that takes flow runs up."""
    return any(worker.status and worker.status.value == _ONLINE for worker in client.read_workers_for_work_pool(name))


def _create(client: SyncPrefectClient, wanted: Wanted, kind: str) -> None:
    template = asyncio.run(get_default_base_job_template_for_infrastructure_type(kind))
    if template is None:
        raise MissionError(f"Prefect does not know how to make a pool of type {kind} here; install prefect-{kind}")
    client.create_work_pool(
        WorkPoolCreate(
            name=wanted.name,
            type=kind,
            description="Missions.",
            concurrency_limit=wanted.limit,
            base_job_template=_with_defaults(template, wanted),
        )
    )


def _update(client: SyncPrefectClient, wanted: Wanted, pool: WorkPool) -> None:
    template = _with_defaults(pool.base_job_template, wanted)
    limit = pool.concurrency_limit if wanted.limit is None else wanted.limit
    if (template, limit) != (pool.base_job_template, pool.concurrency_limit):
        client.update_work_pool(wanted.name, WorkPoolUpdate(base_job_template=template, concurrency_limit=limit))


def _with_defaults(template: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    """The template of the pool's jobs with what missions need; what somebody set there otherwise stays."""
    filled = deepcopy(template)
    properties = filled["variables"]["properties"]
    properties["env"]["default"] = _HEARTBEAT | (properties["env"].get("default") or {})
    if "volumes" in properties:
        known: list[str] = properties["volumes"].get("default") or [_HOME]
        properties["volumes"]["default"] = list({_target(each): each for each in (*known, *wanted.volumes)}.values())
    if wanted.image:
        properties["image"]["default"] = wanted.image
    return filled


def _target(volume: str) -> str:
    """Where a container sees it: one thing at a place."""
    return volume.split(":")[1] if ":" in volume else volume
