"""Arguments that several commands share."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from blueprints.errors import MissionError, suggest
from blueprints.plan import Plan
from ledger import accepted
from ledger.events import Ledger
from ledger.folder import RunFolder, find
from ledger.settings import Settings

Command = Callable[..., Any]

blueprint = click.argument("blueprint", type=click.Path(path_type=Path))
run = click.argument("run", required=False)
run_required = click.argument("run")
feature = click.argument("feature")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
accept = click.option(
    "--accept",
    "accepting",
    multiple=True,
    metavar="ASSERTION",
    help="Accept an assertion that passes before any work.",
)
settings = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a key of the blueprint, e.g. maxConcurrency=8.",
)


def changed_blueprint(*, required: bool) -> Command:
    """The file with the changed blueprint of a run."""
    kind = click.Path(path_type=Path)
    return click.option("--blueprint", type=kind, required=required, metavar="FILE", help="The changed blueprint.")


def overrides(words: tuple[str, ...]) -> dict[str, str]:
    """The `--set` options by key."""
    for word in words:
        if "=" not in word:
            raise MissionError(f"--set {word}: write it as KEY=VALUE, for example maxConcurrency=8")
    return {key: value for key, _, value in (word.partition("=") for word in words)}


def known_assertions(names: tuple[str, ...], plan: Plan) -> None:
    """Raises MissionError for a name that is no assertion of the plan's contract."""
    known = plan.blueprint.contract
    for name in names:
        if name not in known:
            raise MissionError(f"--accept {name}: no such assertion; {suggest(name, known)}")


def note_accepted(folder: RunFolder, names: tuple[str, ...]) -> None:
    """Write down that these assertions are accepted although they pass before any work."""
    if names:
        known_assertions(names, folder.plan())
        with folder.own():
            accepted.accept(Ledger(folder.ledger), names, getpass.getuser())


def the_run(name: str | None) -> RunFolder:
    """The run that an argument names: a unique prefix, or nothing for the latest."""
    return find(Settings().home, name)


def echo_json(data: object) -> None:
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))
