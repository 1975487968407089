"""Each of these starts a real Chromium, so one long check is looked at by many tests."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from blueprints.checks import BrowserCheck
from tests.validators.pages import served
from validators import chromium, validator_for
from validators.base import Bench, Observation, VerdictStatus

BROWSERS = chromium.browsers_folder()  # of whoever runs the tests, whose home is emptied later

NOTES: list[dict[str, Any]] = [
    {"goto": "/notes"},
    {"fill": {"target": {"label": "Title"}, "value": "Milk from {{app.url}}"}},
    {"select": {"target": {"css": "select"}, "value": "later"}},
    {"press": {"key": "Escape"}},
    {"upload": {"target": {"label": "Picture"}, "file": "files/milk.txt"}},
    {"click": {"role": "button", "name": "Add note"}},
    {"wait": "1ms"},
    {
        "expect": {
            "text": "Milk from {{app.url}}, l",
            "noText": "A secret that is in the page",
            "visible": {"testId": "list"},
            "hidden": "p[hidden]",
            "url": r"/notes\?added=1$",
            "title": "^One",
        }
    },
    {"expect": {"text": "Chosen: a picture of milk"}},
    {"expect": {"text": "Pressed Escape"}},
]


@dataclass(frozen=True)
class Look:
    """An observation, and where its evidence is."""

    observation: Observation
    evidence: Path

    def json(self, name: str) -> Any:
        return json.loads((self.evidence / name).read_text())


@dataclass(frozen=True)
class Browsing:
    """A folder to check in, and the address of the site."""

    folder: Path
    url: str

    def __call__(self, steps: list[dict[str, Any]], *, stop: threading.Event | None = None, **keys: Any) -> Look:
        """What a browser check with these steps says."""
        check = BrowserCheck.model_validate({"kind": "browser", "service": "app", "steps": steps, **keys})
        upload = self.folder / "checkout" / "files" / "milk.txt"
        upload.parent.mkdir(parents=True, exist_ok=True)
        upload.write_text("a picture of milk")
        addresses = {"app": self.url}
        bench = Bench(
            self.folder / "checkout", self.folder / "evidence", stop or threading.Event(), addresses=addresses
        )
        return Look(validator_for(check).look(bench), bench.evidence)


@pytest.fixture(scope="module", autouse=True)
def _chromium() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(BROWSERS))
        assert chromium.find(), chromium.MISSING
        yield


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture
def browse(tmp_path: Path, url: str) -> Browsing:
    return Browsing(tmp_path, url)


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory, url: str) -> Look:
    """A look at a program that does all it should."""
    browse = Browsing(tmp_path_factory.mktemp("notes"), url)
    return browse(NOTES, network=["POST /api/notes -> 201", "POST /api/*?from=page -> 201", "GET /no* -> 200"])


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory, url: str) -> Look:
    """A look at a program in which the second step does not work out."""
    browse = Browsing(tmp_path_factory.mktemp("broken"), url)
    unmet = {"text": "Something", "noText": "Nothing happens", "visible": "button", "hidden": "p", "title": "^Loud"}
    return browse([{"goto": "/quiet"}, {"expect": unmet, "timeout": "100ms"}, {"goto": "/notes"}])


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory, url: str) -> Look:
    """A look at a page that prints an error, which is allowed, and asks for something long after it was loaded."""
    browse = Browsing(tmp_path_factory.mktemp("lenient"), url)
    return browse([{"goto": "/later"}], network=["GET /api/notes -> 200"], consoleErrors="allowed")


def test_steps_that_all_work_out_pass(notes: Look) -> None:
    passed = Observation(VerdictStatus.PASSED, "10 steps, 2 requests, no console error")
    assert notes.observation == passed


def test_a_screenshot_is_taken_after_each_step(notes: Look) -> None:
    names = ["01-goto", "02-fill", "03-select", "04-press", "05-upload", "06-click", "07-wait", "08-expect"]
    pictures = sorted(notes.evidence.glob("*.png"))
    assert [path.stem for path in pictures] == [*names, "09-expect", "10-expect"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)


def test_a_trace_is_kept(notes: Look) -> None:
    assert "trace.trace" in zipfile.ZipFile(notes.evidence / "trace.zip").namelist()


def test_requests_and_their_answers_are_kept(notes: Look, url: str) -> None:
    page, added = notes.json("network.json")
    assert (page["method"], page["url"], page["path"], page["status"]) == ("GET", f"{url}/notes", "/notes", 200)
    assert (added["method"], added["path"], added["status"]) == ("POST", "/api/notes?from=page", 201)
    assert page["ms"] >= 0


def test_a_missing_icon_is_no_error(notes: Look, url: str) -> None:
    messages = notes.json("console.json")
    assert {(message["type"], message["url"]) for message in messages} == {("error", f"{url}/favicon.ico")}
    assert notes.observation.status == "passed"


def test_a_step_that_does_not_work_out_fails_and_says_why(broken: Look) -> None:
    assert broken.observation.status == "failed"
    assert broken.observation.reason == (
        "step 2 (expect) did not work out: the text 'Something' is not to be seen, the text 'Nothing happens' is to be "
        "seen, 'button' is not to be seen, 'p' is to be seen, the title is 'Quiet', which has no match for /^Loud/"
    )


def test_no_step_is_played_after_one_that_failed(broken: Look) -> None:
    assert [path.name for path in sorted(broken.evidence.glob("*.png"))] == ["01-goto.png", "02-expect.png"]


def test_a_failed_check_has_its_evidence(broken: Look) -> None:
    assert [entry["path"] for entry in broken.json("network.json")] == ["/quiet"]
    assert (broken.evidence / "console.json").exists()
    assert zipfile.is_zipfile(broken.evidence / "trace.zip")


def test_an_element_that_is_not_there_fails_in_one_short_sentence(browse: Browsing) -> None:
    target = {"role": "button", "name": "x" * 1000}
    finding = browse([{"goto": "/quiet"}, {"click": target, "timeout": "100ms"}]).observation
    assert finding.status == "failed"
    assert finding.reason.startswith("step 2 (click button 'xxx")
    assert len(finding.reason) <= 300


def test_a_page_that_answers_with_an_error_fails(browse: Browsing) -> None:
    finding = browse([{"goto": "/broken?id=1"}]).observation
    assert finding == Observation.failed(
        "step 1 (goto /broken?id=1) did not work out: GET /broken?id=1 answered 500",
    )


def test_console_errors_and_uncaught_exceptions_fail(browse: Browsing) -> None:
    printed = {"expect": {"text": "It prints"}}
    finding = browse([{"goto": "/printing"}, printed, {"goto": "/throwing"}]).observation
    assert finding == Observation.failed("2 console errors: The list is broken; Nobody caught this")


def test_console_errors_can_be_allowed(lenient: Look) -> None:
    assert lenient.observation == Observation.passed("1 step, 2 requests, 1 console error")


def test_an_answer_that_was_not_seen_fails(browse: Browsing) -> None:
    network = ["GET /quiet -> 304", "POST /quiet -> 201", "GET /quiet?x=* -> 200", "GET /quie* -> 200"]
    finding = browse([{"goto": "/quiet"}, {"wait": "1ms", "timeout": "1ms"}], network=network).observation
    assert finding.status == "failed"
    assert finding.reason == (
        "GET /quiet -> 304 was not seen; seen: 200; POST /quiet -> 201 was not seen; there was no such request; "
        "GET /quiet?x=* -> 200 was not seen; there was no such request"
    )


def test_an_answer_is_waited_for(lenient: Look) -> None:
    assert [entry["path"] for entry in lenient.json("network.json")] == ["/later", "/api/notes"]


def test_a_service_that_is_not_reached_is_inconclusive(tmp_path: Path) -> None:
    with served() as gone:
        pass
    finding = Browsing(tmp_path, gone)([{"goto": "/quiet"}]).observation
    assert finding == Observation.inconclusive(f"step 1 (goto /quiet): {gone} could not be reached")


def test_a_selector_that_is_none_is_inconclusive(browse: Browsing) -> None:
    finding = browse([{"goto": "/quiet"}, {"click": "[["}]).observation
    assert finding.status == "inconclusive"
    assert finding.reason.startswith("step 2 (click '[[') is malformed: ")


def test_a_browser_that_crashes_is_inconclusive(browse: Browsing, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = browse.folder / "evidence" / "01-goto.png"
    lines = f'{chromium.find()} "$@" & until test -e {picture}; do sleep 0.05; done; kill -KILL $!'
    install(browse.folder, monkeypatch, lines)
    finding = browse([{"goto": "/quiet"}, {"wait": "100s"}]).observation
    assert finding == Observation.inconclusive("the browser crashed at step 2 (wait 100 s)")


def test_a_browser_that_does_not_start_is_inconclusive(browse: Browsing, monkeypatch: pytest.MonkeyPatch) -> None:
    install(browse.folder, monkeypatch, "exit 1")
    finding = browse([{"goto": "/quiet"}]).observation
    assert finding.status == "inconclusive"
    assert finding.reason.startswith("Chromium could not be started: ")


def test_a_browser_that_hangs_is_inconclusive(browse: Browsing, monkeypatch: pytest.MonkeyPatch) -> None:
    install(browse.folder, monkeypatch, "exec sleep 1000")
    finding = browse([{"goto": "/quiet"}], timeout="1s").observation
    assert finding == Observation.inconclusive("still running after its time limit of 1 s")


def test_a_check_of_a_stopped_mission_is_inconclusive(browse: Browsing) -> None:
    stop = threading.Event()
    stop.set()
    finding = browse([{"goto": "/quiet"}], stop=stop).observation
    assert finding == Observation.inconclusive("the mission was stopped during the check")


def test_without_chromium_it_is_inconclusive(browse: Browsing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(browse.folder / "none"))
    monkeypatch.setenv("PATH", str(browse.folder / "none"))
    assert browse([{"goto": "/quiet"}]).observation == Observation.inconclusive(
        "no Chromium was found; install one: `playwright install chromium`, or `apt-get install chromium`"
    )


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([{"expect": {"noText": "x"}}], "the first step opens no page; begin with `goto`"),
        (
            [{"goto": "/notes"}, {"upload": {"target": "input", "file": "files/../../milk.txt"}}],
            "the file to upload, 'files/../../milk.txt', is outside the checkout",
        ),
        (
            [{"goto": "/notes"}, {"upload": {"target": "input", "file": "files"}}],
            "there is no file 'files' in the checkout to upload",
        ),
        (
            [{"goto": "/notes"}, {"expect": {"title": "("}}],
            "/(/ is not a regular expression: missing ), unterminated subpattern at position 0",
        ),
    ],
)
def test_steps_that_cannot_be_played_are_inconclusive(browse: Browsing, steps: Any, reason: str) -> None:
    assert browse(steps).observation == Observation.inconclusive(reason)


def test_a_link_that_leads_out_of_the_checkout_is_not_uploaded(browse: Browsing) -> None:
    (browse.folder / "checkout").mkdir()
    (browse.folder / "checkout" / "link").symlink_to("/etc/passwd")
    finding = browse([{"goto": "/notes"}, {"upload": {"target": "input", "file": "link"}}]).observation
    assert finding == Observation.inconclusive("the file to upload, 'link', is outside the checkout")


def test_a_service_that_is_not_running_is_inconclusive(browse: Browsing) -> None:
    finding = browse([{"goto": "/quiet"}], service="other").observation
    assert finding == Observation.inconclusive("the service 'other' is not running")


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, lines: str) -> None:
    """Shell lines as the only Chromium there is."""
    program = folder / "bin" / "chromium"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{lines}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(folder / "none"))
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
