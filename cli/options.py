"""Arguments that several commands share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from blueprints.errors import MissionError
from ledger.folder import RunFolder, find
from ledger.settings import Settings

Command = Callable[..., Any]

blueprint = click.argument("blueprint", type=click.Path(path_type=Path))
run = click.argument("run", required=False)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
settings = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a key of the blueprint, e.g. maxConcurrency=8.",
)


def overrides(words: tuple[str, ...]) -> dict[str, str]:
    """The `--set` options by key."""
    for word in words:
        if "=" not in word:
            raise MissionError(f"--set {word}: write it as KEY=VALUE, for example maxConcurrency=8")
    return {key: value for key, _, value in (word.partition("=") for word in words)}


def the_run(name: str | None) -> RunFolder:
    """The run that an argument names: a unique prefix, or nothing for the latest."""
    return find(Settings().home, name)


def echo_json(data: object) -> None:
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))
