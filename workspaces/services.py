"""Services: programs that checks need running, each on a leased port of its own."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from blueprints.checks import Service
from blueprints.running import PLACEHOLDER
from workspaces import ports, process
from workspaces.health import ForeignError, Probe
from workspaces.preparation import shell

_LONGEST = 86_400.0
"""Seconds a service may run; it is ended long before."""
_STOP = 30.0
"""Seconds its own `stop` line may take."""
_PAUSE, _LONGEST_PAUSE = 0.05, 0.25
"""Seconds between looks at a service that is not healthy yet: looking costs more where many processes run."""


class NotServedError(Exception):
    """A service is not there to be checked. The text names it and says why."""


@contextmanager
def running(
    services: Mapping[str, Service], *, checkout: Path, logs: Path, leases: Path, stop: threading.Event
) -> Generator[dict[str, str]]:
    """Start services in the order given, each after those it depends on; yield each one's address by name.

    Addresses are `http://127.0.0.1:<port>`. At the end, however it comes, the services are ended in reverse order with
    all they started. Raises NotServedError for one that does not become healthy, or when `stop` is set before that.
    Each service's output goes to `service-<name>.log` in `logs`; `leases` is the folder all missions of this machine
    lease ports in.
    """
    addresses: dict[str, str] = {}
    with ExitStack() as stack:
        for name, service in services.items():
            port = stack.enter_context(_port(name, service, leases))
            addresses[name] = f"http://127.0.0.1:{port}"
            program = _Program(name, service, port, dict(addresses), checkout, logs / f"service-{name}.log")
            stack.enter_context(program.run())
            program.wait_until_healthy(stop)
        yield addresses


def fill(text: str, addresses: Mapping[str, str]) -> str:
    """`{{app.url}}` and `{{app.port}}` put in, for the services whose addresses are known."""

    def put(match: re.Match[str]) -> str:
        url = addresses.get(match[1])
        if url is None:
            return match[0]
        return url if match[2] == "url" else str(urlsplit(url).port)

    return PLACEHOLDER.sub(put, text)


def variables(addresses: Mapping[str, str]) -> dict[str, str]:
    """`APP_URL` and `APP_PORT` for each service."""
    found: dict[str, str] = {}
    for name, url in addresses.items():
        prefix = name.upper().replace("-", "_")
        found |= {f"{prefix}_URL": url, f"{prefix}_PORT": str(urlsplit(url).port)}
    return found


@contextmanager
def _port(name: str, service: Service, leases: Path) -> Generator[int]:
    with ExitStack() as stack:
        try:
            port = stack.enter_context(ports.lease(leases, service.port))
        except ports.PortTakenError as error:
            raise NotServedError(f"service {name} has no port: {error}") from error
        yield port


@dataclass
class _Program:
    """A service's process, which runs on a thread of its own until it is ended."""

    name: str
    service: Service
    port: int
    addresses: Mapping[str, str]
    checkout: Path
    log: Path
    _end: threading.Event = field(default_factory=threading.Event)
    _pids: list[int] = field(default_factory=list[int])
    _finished: Future[process.Finished] = field(default_factory=Future[process.Finished])

    @contextmanager
    def run(self) -> Generator[None]:
        with ThreadPoolExecutor(1, f"service-{self.name}") as pool:
            self._finished = pool.submit(self._run, self.service.start, _LONGEST, stop=self._end, watched=True)
            try:
                yield
            finally:
                try:
                    if self.service.stop:
                        self._run(self.service.stop, _STOP)
                finally:
                    self._end.set()

    def wait_until_healthy(self, stop: threading.Event) -> None:
        deadline, pause = time.monotonic() + self.service.within, _PAUSE
        probe = self._probe(stop)
        while True:
            seen = self._look(probe, deadline)
            self._require_going_on(stop)
            if seen is None:
                return
            if time.monotonic() >= deadline:
                limit = f"within {self.service.within:g} s"
                raise NotServedError(f"service {self.name} was not healthy {limit} ({seen}): {self._said()}")
            wait([self._finished], pause)
            pause = min(pause * 1.2, _LONGEST_PAUSE)

    def _probe(self, stop: threading.Event) -> Probe:
        health = fill(self.service.health, self.addresses)
        return Probe(self.name, self.port, health, self.checkout, self._environment(), stop)

    def _look(self, probe: Probe, deadline: float) -> str | None:
        if not self._pids:
            return "it was not started yet"
        try:
            return probe.look(self._pids[0], max(deadline - time.monotonic(), 0.01))
        except ForeignError as error:
            raise NotServedError(str(error)) from error

    def _require_going_on(self, stop: threading.Event) -> None:
        if stop.is_set():
            raise NotServedError(f"the mission was stopped before service {self.name} was healthy")
        if not self._finished.done():
            return
        finished = self._finished.result()
        if finished.ended is process.Ended.MISSING:
            raise NotServedError(f"service {self.name} could not be started: {finished.error}")
        code = finished.exit_code
        raise NotServedError(f"service {self.name} ended with exit code {code} before it was healthy: {self._said()}")

    def _run(
        self, line: str, timeout: float, *, stop: threading.Event | None = None, watched: bool = False
    ) -> process.Finished:
        return process.run(
            shell(fill(line, self.addresses)),
            cwd=self.checkout,
            env=self._environment(),
            timeout=timeout,
            stop=stop,
            transcript=self.log,
            contained=True,
            started=self._pids.append if watched else None,
        )

    def _environment(self) -> dict[str, str]:
        own = {name: fill(value, self.addresses) for name, value in self.service.env.items()}
        given = {"PORT": str(self.port), "HOST": "127.0.0.1"}
        return process.environment(**{**variables(self.addresses), **own, **given})

    def _said(self) -> str:
        """The end of its log, where programs say what went wrong."""
        log = self.log.read_bytes() if self.log.exists() else b""
        return log[-6000:].decode(errors="replace").strip()[-1500:] or "it printed nothing"
