"""`mission plan`: from a goal to a blueprint."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from agents.commission import Commission, Frame, Revision, frame, new_folder, source_of
from agents.obstacles import obstacles_of
from agents.planning import NotPlanned, Planned, draw_up
from blueprints import show
from blueprints.errors import MissionError
from cli import options
from cli.blocks import blocks_for
from cli.revision import proposed
from ledger.files import write_file
from ledger.settings import Settings
from workspaces.acceptance import require_none

_OUTPUT = Path("mission.yaml")


@click.command("plan")
@click.argument("goal", required=False)
@click.option(
    "--agents",
    "file",
    type=click.Path(path_type=Path),
    help="YAML with `agents:` and what else is settled, such as `roles:` and `setup:`. A blueprint will do: its goal, "
    "contract and milestones are left out.",
)
@click.option("--repo", type=click.Path(path_type=Path), help="Plan for the repository in this folder.")
@click.option("--revise", "revised", metavar="RUN", help="Plan again what was proposed as RUN, as its `revise` says.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Where the blueprint is written; its relative paths start there. Default: mission.yaml; for --revise "
    "`<mission>-revised.yaml` in the folder of the blueprint before.",
)
@click.option("--max-milestones", "most", type=click.IntRange(1, 100), help="Plan at most so many.")
@click.option("--force", is_flag=True, help="Replace what is at --output.")
@options.as_json
def command(
    goal: str | None,
    file: Path | None,
    repo: Path | None,
    revised: str | None,
    output: Path | None,
    most: int | None,
    force: bool,
    as_json: bool,
) -> int:
    """Plan a mission for GOAL.

    The agent of the role `orchestrator` looks at a throw-away checkout and writes contract and milestones. The
    result is a blueprint without a mistake, for you to read, edit and run; or nothing, when the agent does not
    manage one within its retries. That a check fails before the work is no more than the agent's claim: `mission
    run` tries each of them on the base first, and stops at one that passes.

    With --revise, goal, agents and repository are those of RUN unless given; the agent sees its blueprint and the note.

    Exit codes: 0 planned, 1 no plan came of it, 2 usage, agents or repository.
    """
    before = proposed(options.the_run(revised)) if revised else None
    if before:
        goal, file, repo = goal or before.goal, file or before.file, repo or before.repository
        output = output or before.output
    if goal is None or file is None:
        raise click.UsageError("give a GOAL and --agents FILE, or --revise RUN")
    output = output or _OUTPUT
    if output.exists() and not force:
        raise MissionError(f"{output}: is there already; give --force to replace it, or another --output")
    commission = _commission(
        frame(goal, file, output, most=most), Settings(), repo, before.revision if before else None
    )
    click.echo(f"{commission.frame.agents[0]} plans; what it says is kept in {commission.folder}", err=True)
    result = draw_up(commission)
    if isinstance(result, NotPlanned):
        return _tell_failure(result, commission, as_json=as_json)
    write_file(output, result.loaded.text)
    _tell(result, commission, _next(output, repo), as_json=as_json)
    return 0


def _commission(known: Frame, settings: Settings, repo: Path | None, revision: Revision | None) -> Commission:
    """Everything is looked at before anything runs."""
    source = source_of(known, settings, repo)
    blocks = blocks_for(map(known.plan.agent, known.agents), known.plan.blueprint, settings.home)
    require_none(obstacles_of(known.agents, known.plan, blocks))
    folder = new_folder(settings.home, known.plan.blueprint.mission)
    return Commission(known, source, settings, folder, blocks, revision)


def _next(output: Path, repo: Path | None) -> str:
    return shlex.join(["mission", "run", str(output), *(["--repo", str(repo)] if repo else [])])


def _tell(result: Planned, commission: Commission, following: str, *, as_json: bool) -> None:
    plan, output = result.loaded.plan, commission.frame.output
    if as_json:
        facts = {"ok": True, "blueprint": str(output), "agent": result.agent, "summary": result.summary}
        options.echo_json({**facts, "folder": str(commission.folder), "next": following, "plan": show.as_data(plan)})
        return
    click.echo(show.text(plan))
    click.echo(f"{result.agent} says: {' '.join(result.summary.split())}\n")
    click.echo(f"{output} is written; read it, edit it, then: {following}")


def _tell_failure(result: NotPlanned, commission: Commission, *, as_json: bool) -> int:
    answer = str(result.answer) if result.answer else None
    if as_json:
        facts = {"ok": False, "reason": result.reason, "problems": [*result.mistakes], "answer": answer}
        options.echo_json({**facts, "folder": str(commission.folder)})
        return 1
    where = f"; its last blueprint is {answer}" if answer else ""
    lines = [f"no plan came of it, and nothing is written: {result.reason}{where}", *result.mistakes]
    raise MissionError("\n".join(lines), exit_code=1)
