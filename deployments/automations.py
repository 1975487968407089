"""Prefect's automations for a work pool: what `automations.yaml` says, made once and kept up to date by name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import BlockDocument
from prefect.events.schemas.automations import Automation, AutomationCore
from prefect.exceptions import ObjectNotFound

from blueprints.errors import MissionError

_FILE = Path(__file__).with_name("automations.yaml")
_WEBHOOK = "webhook"
"""The block type that Prefect calls rather than notifies."""
_PAYLOAD = (
    '{"subject": {% filter tojson %}$subject{% endfilter %}, "body": {% filter tojson %}$body{% endfilter %}, '
    '"run": {{ event.resource.name|tojson }}, "event": {{ event.event|tojson }}}'
)


def bring_back(client: SyncPrefectClient, pool: str) -> list[str]:
    """See to it that runs of the pool whose process is gone are started again; the automations' names."""
    return [_upsert(client, AutomationCore.model_validate(one)) for one in _of(pool)["lives"]]


def notify(client: SyncPrefectClient, pool: str, blocks: Iterable[BlockDocument]) -> list[str]:
    """See to it that these blocks are told how the pool's missions get on; the automations' names."""
    blocks = list(blocks)
    told: list[dict[str, Any]] = _of(pool)["notifications"]
    return [_upsert(client, _notification(one, blocks)) for one in told if blocks]


def find_block(client: SyncPrefectClient, word: str) -> BlockDocument:
    """The block `TYPE/NAME`. Raises MissionError when there is none, or it cannot notify anybody."""
    kind, _, name = word.partition("/")
    if not name:
        raise MissionError(f"--notify {word}: write it as BLOCK_TYPE/BLOCK_NAME, such as slack-webhook/team")
    try:
        block = client.read_block_document_by_name(name, kind, include_secrets=False)
    except ObjectNotFound:
        raise MissionError(
            f"--notify {word}: there is no such block; make it in Prefect's UI, or name one of `prefect block ls`"
        ) from None
    if kind != _WEBHOOK and "notify" not in _capabilities(block):
        raise MissionError(f"--notify {word}: a {kind} block notifies nobody; take slack-webhook, webhook, or the like")
    return block


def _capabilities(block: BlockDocument) -> list[str]:
    return block.block_schema.capabilities if block.block_schema else []


def _of(pool: str) -> dict[str, Any]:
    found: dict[str, Any] = _filled(yaml.safe_load(_FILE.read_text(encoding="utf-8")), pool)
    return found


def _filled(data: Any, pool: str) -> Any:
    """The same with the pool's name in every text."""
    if isinstance(data, dict):
        return {key: _filled(value, pool) for key, value in data.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(data, list):
        return [_filled(value, pool) for value in data]  # pyright: ignore[reportUnknownVariableType]
    return Template(data).safe_substitute(pool=pool) if isinstance(data, str) else data


def _notification(data: dict[str, Any], blocks: Iterable[BlockDocument]) -> AutomationCore:
    subject, body = data["subject"], data["body"]
    rest = {key: value for key, value in data.items() if key not in ("subject", "body")}
    return AutomationCore.model_validate(rest | {"actions": [_action(block, subject, body) for block in blocks]})


def _action(block: BlockDocument, subject: str, body: str) -> dict[str, Any]:
    if block.block_type and block.block_type.slug == _WEBHOOK:
        payload = Template(_PAYLOAD).substitute(subject=subject, body=body)
        return {"type": "call-webhook", "block_document_id": block.id, "payload": payload}
    return {"type": "send-notification", "block_document_id": block.id, "subject": subject, "body": body}


def _upsert(client: SyncPrefectClient, wanted: AutomationCore) -> str:
    """An automation that is as it should be is left alone: a change makes Prefect forget what it has seen.

    One that somebody has switched off stays so.
    """
    known = client.read_automations_by_name(wanted.name)
    if not known:
        client.create_automation(wanted)
    elif _as_it_is(known[0]) != (wanted := wanted.model_copy(update={"enabled": known[0].enabled})):
        client.update_automation(known[0].id, wanted)
    return wanted.name


def _as_it_is(known: Automation) -> AutomationCore:
    return AutomationCore.model_validate(known.model_dump())
