"""`mission land`: bring the result of a run that passed to its base branch, verified there."""

from __future__ import annotations

import getpass
import signal
from types import FrameType

import click

from agents.turns import ParkedError, forget_refusals
from blueprints.agents import Agent
from blueprints.errors import MissionError, suggest
from blueprints.plan import PlannedCheck, PlannedMilestone
from blueprints.schema import Role
from blueprints.text import counted
from cli import options
from cli.blocks import blocks_for
from cli.lines import told
from ledger.events import Event, Kind
from ledger.folder import RunFolder
from ledger.settings import Settings
from ledger.written import write_report
from validators.landing import Landed, Landing, Refused
from workspaces.mission import Mission
from workspaces.opening import opened

_INTERRUPTED = 130


@click.command("land")
@options.run
@click.option(
    "--accept",
    "accepting",
    multiple=True,
    metavar="CHECK",
    help="Vouch for a check that an agent or a person would make, by its id, its assertion or its name.",
)
@options.as_json
def command(run: str | None, accepting: tuple[str, ...], as_json: bool) -> int:
    """Land the result of RUN on its base branch.

    Where the branch has moved since, the two are merged first, and every check of the last milestone runs on
    exactly that commit. A checkout of the branch is moved with it, unless something is changed there.

    Exit codes: 0 landed, 1 refused and nothing moved.
    """
    folder = options.the_run(run)
    with opened(folder, Settings(), to_land=True) as mission:
        mission.ledger.listen(lambda event: _show(event, stderr=as_json))
        outcome = _land(mission, accepting)
        write_report(folder, mission.plan, mission.ledger.events)
    _tell(folder, outcome, as_json=as_json)
    if mission.stop.is_set():
        return _INTERRUPTED
    return 1 if isinstance(outcome, Refused) else 0


def _show(event: Event, *, stderr: bool) -> None:
    line = told(event)
    if line:
        click.echo(line, err=stderr)


def _land(mission: Mission, accepting: tuple[str, ...]) -> Landed | Refused:
    """The checks of the last milestone are those of the whole."""
    milestone = mission.plan.milestones[-1]
    accepted = {_check(name, milestone).id for name in accepting}
    completed = [event for event in mission.ledger.events if event.kind is Kind.MISSION_COMPLETED]
    mission.blocks.update(blocks_for(_judges(mission, milestone), mission.plan.blueprint, mission.settings.home))
    forget_refusals(mission)
    _stop_on_signals(mission)
    landing = Landing(mission, milestone.name, completed[-1].data["commit"], accepting=accepted, by=getpass.getuser())
    try:
        return landing.land()
    except ParkedError as error:
        return Refused(reason=f"an agent that is to judge it has to wait: {error}", verdicts=[])


def _stop_on_signals(mission: Mission) -> None:
    """Checks and agents at work are ended, and the landing is refused."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        mission.stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def _check(name: str, milestone: PlannedMilestone) -> PlannedCheck:
    """The check that somebody vouches for. Raises MissionError for one that the engine makes."""
    judged = {known: check for check in milestone.checks if not check.automatic for known in check.names}
    if name in judged:
        return judged[name]
    if any(name in check.names for check in milestone.checks):
        raise MissionError(f"--accept {name}: the engine runs this check itself; nobody can vouch for it")
    raise MissionError(f"--accept {name}: no check of an agent or a person goes by it; {suggest(name, judged)}")


def _judges(mission: Mission, milestone: PlannedMilestone) -> list[Agent]:
    """The agents that may be asked, with those that may take over from them."""
    roles = {"review": Role.SCRUTINY, "user-test": Role.TESTER}
    names = {mission.plan.role(roles[c.check.kind]) for c in milestone.checks if c.check.kind in roles}
    names |= {other for name in names for other in mission.plan.agent(name).fallback}
    return [mission.plan.agent(name) for name in sorted(names)]


def _tell(folder: RunFolder, outcome: Landed | Refused, *, as_json: bool) -> None:
    if as_json:
        facts = outcome.model_dump(mode="json", exclude={"verdicts"})
        verdicts = [{"id": v.id, "status": v.status, "reason": v.reason} for v in outcome.verdicts]
        options.echo_json({"run": folder.run, "landed": isinstance(outcome, Landed), **facts, "verdicts": verdicts})
    elif isinstance(outcome, Landed):
        click.echo(_told(folder, outcome))
    else:
        click.echo(f"{folder.run} is not landed, and nothing moved: {outcome.reason}", err=True)


def _told(folder: RunFolder, landed: Landed) -> str:
    if not landed.moved:
        return f"{landed.branch} holds the result of {folder.run} already; nothing moved"
    what = f"a merge of the result with {str(landed.onto)[:12]}" if landed.merged else "the result itself"
    proof = (
        f"{counted(len(landed.verdicts), 'check')} passed on exactly that commit"
        if landed.verdicts
        else "proved before"
    )
    return f"{folder.run} is landed: {landed.branch} is at {landed.commit[:12]}, {what}; {proof}"
