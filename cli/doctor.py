"""`mission doctor`: what this machine lacks, and whether an agent does what the engine expects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from agents.cli.programs import version
from agents.rehearsal.kit import KINDS, profile_of, rehearse, unrehearsable
from agents.rehearsal.verdicts import Result
from blueprints.agents import Agent
from blueprints.errors import MissionError, suggest
from blueprints.load import load
from blueprints.plan import Plan
from cli import options
from ledger.settings import Settings


@click.command("doctor")
@click.argument("blueprint", type=click.Path(path_type=Path), required=False)
@click.option("--agent", metavar="NAME", help="Rehearse this kind of agent, or this agent of BLUEPRINT.")
@options.as_json
def command(blueprint: Path | None, agent: str | None, as_json: bool) -> int:
    """Say what this machine lacks for missions, and for the one of BLUEPRINT.

    With --agent: let the agent work against a scripted model on this machine, without a key or a bill, and say of
    each case whether it does what the engine expects. Exit code 1 when something is missing or wrong.
    """
    plan = load(blueprint).plan if blueprint else None
    return _rehearse(agent, plan, as_json=as_json) if agent else _examine(plan, as_json=as_json)


def _examine(plan: Plan | None, *, as_json: bool) -> int:
    from cli.machine import Finding, findings

    found: list[Finding] = []
    for finding in findings(Settings(), plan):
        found.append(finding)
        if not as_json:
            _tell(finding.subject, "ok" if finding.ok else "missing", finding.said)
    well = all(finding.ok or not finding.needed for finding in found)
    if as_json:
        options.echo_json({"ok": well, "findings": [asdict(finding) for finding in found]})
    elif well:
        click.echo("Nothing that is needed is missing.")
    return 0 if well else 1


def _rehearse(name: str, plan: Plan | None, *, as_json: bool) -> int:
    profile, folder = _named(name, plan)
    if reason := unrehearsable(profile, folder):
        raise MissionError(f"{name}: {reason}", exit_code=1)
    release = version(profile, folder)
    if not as_json:
        click.echo(
            f"{name}{f' {release}' if release else ''} against a scripted model: no key is used, nothing is paid."
        )
    results = _told(rehearse(profile, folder), aloud=not as_json)
    well = all(result.ok for result in results)
    if as_json:
        options.echo_json({"ok": well, "agent": name, "version": release, "cases": [asdict(r) for r in results]})
    return 0 if well else 1


def _named(name: str, plan: Plan | None) -> tuple[Agent, Path]:
    if plan and name in plan.blueprint.agents:
        return plan.agent(name), Path(plan.folder)
    if name in KINDS:
        return profile_of(name), Path.cwd()
    known = [*KINDS, *(plan.blueprint.agents if plan else ())]
    raise MissionError(
        f"--agent {name}: neither a kind with a model nor an agent of a blueprint; {suggest(name, known)}"
    )


def _told(results: Iterable[Result], *, aloud: bool) -> list[Result]:
    """Each case as soon as it is over: together they take a minute."""
    heard: list[Result] = []
    for result in results:
        heard.append(result)
        if aloud:
            _tell(result.case, "ok" if result.ok else "wrong", result.seen)
    return heard


def _tell(subject: str, word: str, said: str) -> None:
    click.echo(f"{word:<7}  {subject:<14}  {said}")
