"""What is kept of a run beyond its folder: JUnit XML, and its state on a remote or in a bundle."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from blueprints.errors import MissionError
from cli.junit import write_junit
from ledger.events import Event, Kind, Tail
from ledger.fold import Fold
from ledger.folder import RunFolder
from ledger.report import MissionReport
from ledger.requests import Request, ask
from ledger.standing import standing
from workspaces.amended import current_plan
from workspaces.delivery import Delivery
from workspaces.remote import MovedError

_LOOK = 0.2
"""Seconds between looks at the ledger."""
Listener = Callable[[Event, MissionReport], None]


@dataclass
class Keeping:
    """Written while the run goes on, and at its end, whatever that is."""

    folder: RunFolder
    junit: Path | None = None
    delivery: Delivery | None = None
    troubles: list[str] = field(default_factory=list[str])
    """Why something could not be kept, in a sentence each."""
    _lost: bool = False

    @property
    def listeners(self) -> list[Listener]:
        """Nobody, when there is nothing to do before the end."""
        return [self._heard] if self.delivery else []

    def _heard(self, event: Event, report: MissionReport) -> None:
        """After each milestone the state is kept elsewhere. Who has lost the run to another job stops."""
        if event.kind is Kind.MILESTONE_SEALED and not self._lost:
            self._try(lambda delivery: delivery.midway(report))
            if self._lost:
                ask(self.folder, Request("pause", by="a job that went on with the run elsewhere"))

    def at_end(self, report: MissionReport | None) -> list[str]:
        """Keep the rest; what was done, in sentences. What could not be is among the troubles."""
        report = report or self.seen()
        if report is None:
            return []
        if self.junit:
            write_junit(self.junit, current_plan(self.folder), report)
        if self.delivery is None or self._lost:
            return []
        self.troubles.clear()  # what did not work midway is done now, or does not work now
        told: list[str] = []
        with _undisturbed():
            self._try(lambda delivery: told.append(delivery.at_end(report)))
        return told

    def seen(self) -> MissionReport | None:
        """How the run stands that broke off; a ledger that cannot be read goes nowhere."""
        try:
            return standing(self.folder)
        except MissionError:
            return None

    def _try(self, deliver: Callable[[Delivery], object]) -> None:
        assert self.delivery
        try:
            deliver(self.delivery)
        except MovedError as error:
            self._lost = True
            self.troubles.append(f"{error}: {self.folder.run} goes on there and not here")
        except (MissionError, OSError) as error:
            self.troubles.append(f"the state of {self.folder.run} could not be kept: {error}")


@contextmanager
def _undisturbed() -> Generator[None]:
    """A CI system that ends a job sends one signal after the other; the first has been heard."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def listening(folder: RunFolder, *listeners: Listener) -> Generator[None]:
    """While the block lasts, on a thread of its own, each further event of the run is told to the listeners."""
    if not listeners:
        yield
        return
    tail, fold, over = Tail(folder.ledger), Fold(folder.run, current_plan(folder)), threading.Event()
    for event in tail.new():
        fold.add(event)
    thread = threading.Thread(target=_listen, args=(tail, fold, over, listeners), name="listening", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _listen(tail: Tail, fold: Fold, over: threading.Event, listeners: Sequence[Listener]) -> None:
    ended = False
    while not ended:
        ended = over.wait(_LOOK)  # what was written until then is still told
        for event in tail.new():
            fold.add(event)
            for listener in listeners:
                listener(event, fold.report)
