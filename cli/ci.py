"""A run in a CI job: plain lines, what the CI system takes beside them, and no wait for anybody."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from blueprints.errors import MissionError
from cli.annotations import Annotation, annotated, at_github, inert, write_outputs, write_summary
from cli.keeping import Keeping, listening
from cli.lines import text_of
from cli.terminal import EXIT_CODES
from ledger.events import Event, Kind, read_events
from ledger.folder import RunFolder
from ledger.gates import still_open
from ledger.report import MissionReport, RunStatus
from ledger.requests import Request, ask
from workspaces.amended import current_plan

_ASKS = (Kind.PLAN_PROPOSED, Kind.GATE_OPENED)


@contextmanager
def plainly(*, wanted: bool) -> Generator[None]:
    """What is refused before a run begins is said in lines of the same kind."""
    try:
        yield
    except MissionError as error:
        if not wanted:
            raise
        if at_github():
            click.echo(Annotation("error", "mission refused", str(error)))
        text = "\n".join(_line(datetime.now(UTC), line) for line in str(error).splitlines())
        raise MissionError(text, exit_code=error.exit_code) from None


def _line(at: datetime, text: str) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {inert(text)}"


class Job:
    """Nobody sits here: a question ends the job, and the next one goes on with the answer."""

    def __init__(self, folder: RunFolder, *, as_json: bool, keeping: Keeping) -> None:
        self._folder, self._as_json, self._keeping = folder, as_json, keeping

    def say(self, text: str) -> None:
        """Lines that begin with the time: whatever an agent prints, none is a command to GitHub."""
        for line in text.splitlines():
            self._print(datetime.now(UTC), line)

    @contextmanager
    def follow(self) -> Generator[None]:
        self.say(f"the plan is {current_plan(self._folder).digest}")
        with listening(self._folder, self._heard, *self._keeping.listeners):
            yield

    def rest(self) -> bool:
        return False  # the next job goes on

    def close(self, report: MissionReport | None, error: MissionError | None) -> int:
        report = report or self._keeping.seen()
        kept_where = self._keeping.at_end(report)
        for line in [*([str(error)] if error else []), *self._keeping.troubles, *kept_where]:
            self.say(line)
        if report is None:
            return error.exit_code if error else 1
        gate = _question(self._folder, report)
        status = RunStatus.WAITING if gate else report.status
        self._conclude(report, status)
        if gate:
            self.say(_how_to_go_on(self._folder, gate))
        if self._as_json:
            click.echo(report.model_dump_json(indent=2))
        if error:
            return error.exit_code
        return 1 if self._keeping.troubles else EXIT_CODES[status]

    def _conclude(self, report: MissionReport, status: RunStatus) -> None:
        result = f": {report.branch} at {report.commit}" if report.branch else ""
        self.say(f"{report.run} {status}{result}{f' ({report.reason})' if report.reason else ''}")
        self.say(f"report {self._folder.report('md')}")
        if at_github():
            troubles = [Annotation("error", "state not kept", trouble) for trouble in self._keeping.troubles]
            for line in [*annotated(report), *map(str, troubles)]:
                click.echo(line, err=self._as_json)
        write_summary(report)
        write_outputs(report, status)

    def _heard(self, event: Event, _report: MissionReport) -> None:
        if text := text_of(event):
            self._print(event.at, text)
        if event.kind in _ASKS:
            ask(self._folder, Request("pause", by="CI, where nobody answers"))

    def _print(self, at: datetime, text: str) -> None:
        click.echo(_line(at, text), err=self._as_json)


def _question(folder: RunFolder, report: MissionReport) -> Event | None:
    """What the run waits for, although its process has ended."""
    waits = report.status in (RunStatus.WAITING, RunStatus.PAUSED)
    return still_open(read_events(folder.ledger)) if waits else None


def _how_to_go_on(folder: RunFolder, gate: Event) -> str:
    by_hand = "`mission run BLUEPRINT --state-remote REMOTE` without --ci takes the run up where somebody can answer"
    if gate.kind is not Kind.PLAN_PROPOSED:
        return f"{gate.data['about']}\n{by_hand}"
    digest, green = current_plan(folder).digest, [f"--accept {name}" for name in gate.data.get("green", [])]
    words = " ".join([f"--approve {digest}", *green])
    return f"the plan {digest} waits for approval: read it with `mission show`, and start the next job with `{words}`"
