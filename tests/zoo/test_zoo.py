"""Agents and checks that cheat or are broken: none of them ends as passed, and the report says why.

Each file `<name>.yaml` here is one of them, played as a whole mission. To add one, write such a file:

    about: What it tries, in one sentence.
    files:      # of the repository, by path; may be left out
      sum.py: "..."
    blueprint:  # what differs from the habitat: milestone `one` with feature `a`, no repairs, no reruns
      validators: [{kind: command, run: sh check.sh}]
    script:     # what the scripted agent plays
      worker: {a: [[{write: {path: a, text: "..."}}]]}
    ends:
      status: failed    # or waiting (at a gate; it is cancelled there), or refused (the blueprint is)
      told: {verdict: exit code 1}  # a text, or several, that must stand there: mission, milestone, integration,
                                    # feature, verdict, finding; command: what is said of a refused blueprint
      delivered: true   # the mission's branch is there all the same: the animal made it, or what is on it is proved

`{python}` stands for this interpreter and `{port}` for a port on which somebody else answers.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.conftest import Data
from tests.flows.conftest import NewMissions
from tests.zoo.keeper import ANIMALS, Animal, Ending, known, play

AT_ONCE = 3
"""Missions played at once."""


class Stranger(BaseHTTPRequestHandler):
    """Answers everything well, whoever should have."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"fine")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def foreign_port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@dataclass(frozen=True)
class Played:
    expected: Data
    ending: Ending


@pytest.fixture(scope="module")
def plays(
    request: pytest.FixtureRequest, new_missions: NewMissions, foreign_port: int
) -> Iterator[dict[str, tuple[Data, Future[Ending]]]]:
    """All animals that were asked for, at play, some at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        at_play: dict[str, tuple[Data, Future[Ending]]] = {}
        for animal in _selected(request.session.items):
            content = animal.read(**known(foreign_port))
            missions = new_missions(content.get("files", {}))
            at_play[animal.name] = content["ends"], pool.submit(play, missions, content)
        yield at_play


def _selected(tests: Sequence[pytest.Item]) -> list[Animal]:
    ids = [test.nodeid for test in tests if test.path.samefile(__file__)]
    return [animal for animal in ANIMALS if any(name.endswith(f"[{animal.name}]") for name in ids)]


@pytest.fixture(scope="module", params=ANIMALS, ids=[animal.name for animal in ANIMALS])
def played(request: pytest.FixtureRequest, plays: dict[str, tuple[Data, Future[Ending]]]) -> Played:
    animal: Animal = request.param
    expected, ending = plays[animal.name]
    return Played(expected, ending.result())


def test_it_does_not_end_as_passed(played: Played) -> None:
    assert played.ending.status != "passed"
    assert played.ending.code != 0


def test_it_ends_as_it_should(played: Played) -> None:
    assert played.ending.status == played.expected["status"], played.ending.told


def test_the_report_says_why(played: Played) -> None:
    for place, texts in played.expected["told"].items():
        told = played.ending.told.get(place, [])
        for text in [texts] if isinstance(texts, str) else texts:
            assert any(text in one for one in told), f"{text!r} is not among {place}: {told}"


def test_nothing_is_delivered(played: Played) -> None:
    assert played.ending.delivered == [] or played.expected.get("delivered")
