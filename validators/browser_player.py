"""Plays the steps of a browser check in Chromium and writes down what was seen.

A program of its own, so that a browser that hangs is ended with everything it started. It reads JSON on standard
input: `address` of the service, `executable`, `evidence` (a folder), `steps` as in the blueprint, and `answers`,
regular expressions for lines such as `POST /notes -> 201` that are waited for at the end. It writes `result.json`
with the outcome (played, failed or inconclusive), `network.json`, `console.json`, `trace.zip` and a screenshot after
each step. It imports only the standard library and Playwright: it runs isolated, and has to start quickly.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Playwright,
    Request,
    Response,
    TimeoutError,  # noqa: A004  # Playwright's
    WebError,
    sync_playwright,
)

_LAUNCH = 60.0  # seconds that Chromium may take to start
_PICTURE = 10.0  # seconds that a screenshot may take
_SETTLE = 2.0  # seconds that requests still open after the last step have to be answered
_MOST_ENTRIES = 10_000  # a page may print or ask for ever
_LONGEST_TEXT = 2_000  # characters
_UNREACHABLE = ("net::ERR_CONNECTION_REFUSED", "net::ERR_ADDRESS_UNREACHABLE", "net::ERR_UNSAFE_PORT")
_MALFORMED = ("while parsing", "is not a valid selector", "Unknown key:", "Unknown engine")

Json = dict[str, Any]


class StepError(Exception):
    """A step was played and did not work out."""


@dataclass
class Record:
    """What the browser asked for and what it printed, from all of its pages."""

    folder: Path
    network: list[Json] = field(default_factory=list[Json])
    console: list[Json] = field(default_factory=list[Json])
    open: int = 0
    """Requests on the way."""
    full: bool = False
    """Something was left out, for there was too much."""

    def listen(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self._count(request, 1))
        context.on("requestfinished", lambda request: self._count(request, -1))
        context.on("requestfailed", self._unanswered)
        context.on("response", self._answered)
        context.on("console", self._printed)
        context.on("weberror", self._thrown)

    def save(self) -> None:
        for name, entries in {"network": self.network, "console": self.console}.items():
            _write(self.folder / f"{name}.json", entries)

    def has(self, answer: str) -> bool:
        """Whether a request was answered so; the query counts where the expression has one."""
        lines = (f"{entry['method']} {path} -> {entry['status']}" for entry in self.network for path in _paths(entry))
        return any(re.fullmatch(answer, line) for line in lines)

    def _count(self, request: Request, by: int) -> None:
        if request.resource_type != "eventsource":  # these stay open
            self.open += by

    def _unanswered(self, request: Request) -> None:
        self._count(request, -1)
        self._ask(request, None)

    def _answered(self, response: Response) -> None:
        self._ask(response.request, response.status)

    def _ask(self, request: Request, status: int | None) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https"):
            path = _text(parts.path + (f"?{parts.query}" if parts.query else ""))
            entry = {"method": request.method, "url": _text(request.url), "path": path, "status": status}
            self._add(self.network, entry | {"ms": max(0, round(request.timing["responseStart"]))})

    def _printed(self, message: ConsoleMessage) -> None:
        url = _text(message.location["url"])
        self._add(self.console, {"type": message.type, "text": _text(message.text), "url": url})

    def _thrown(self, thrown: WebError) -> None:
        url = _text(thrown.page.url) if thrown.page else ""
        self._add(self.console, {"type": "uncaught", "text": _text(str(thrown.error)), "url": url})

    def _add(self, entries: list[Json], entry: Json) -> None:
        self.full = self.full or len(entries) >= _MOST_ENTRIES
        if not self.full:
            entries.append(entry)


@dataclass
class Stage:
    """The page that the steps are played on."""

    page: Page
    address: str
    crashed: bool = False

    def __post_init__(self) -> None:
        self.page.on("crash", self._crash)

    def _crash(self, _page: Page) -> None:
        self.crashed = True

    @property
    def is_down(self) -> bool:
        browser = self.page.context.browser
        return self.crashed or not (browser and browser.is_connected())

    def find(self, element: Any) -> Locator:
        """The element of a target mapping, or of a CSS selector."""
        if isinstance(element, str):
            return self.page.locator(f"css={element}")
        match element:
            case {"css": selector}:
                return self.page.locator(f"css={selector}")
            case {"role": role}:
                return self.page.get_by_role(role, name=element.get("name"))
            case {"label": label}:
                return self.page.get_by_label(label)
            case {"text": text}:
                return self.page.get_by_text(text)
            case {"placeholder": placeholder}:
                return self.page.get_by_placeholder(placeholder)
            case _:
                return self.page.get_by_test_id(element["testId"])

    def shows(self, found: Locator) -> bool:
        return found.filter(visible=True).count() > 0


# One function per kind of step: the stage, the step's argument, and the seconds it has.


def goto(stage: Stage, path: str, seconds: float) -> None:
    response = stage.page.goto(stage.address.rstrip("/") + path, timeout=seconds * 1000)
    if response and response.status >= 400:
        raise StepError(f"GET {path} answered {response.status}")


def click(stage: Stage, element: Any, seconds: float) -> None:
    stage.find(element).click(timeout=seconds * 1000)


def fill(stage: Stage, filling: Json, seconds: float) -> None:
    stage.find(filling["target"]).fill(filling["value"], timeout=seconds * 1000)


def press(stage: Stage, pressing: Json, seconds: float) -> None:
    if target := pressing.get("target"):
        stage.find(target).press(pressing["key"], timeout=seconds * 1000)
    else:
        stage.page.keyboard.press(pressing["key"])


def select(stage: Stage, filling: Json, seconds: float) -> None:
    stage.find(filling["target"]).select_option(filling["value"], timeout=seconds * 1000)


def upload(stage: Stage, uploading: Json, seconds: float) -> None:
    stage.find(uploading["target"]).set_input_files(uploading["file"], timeout=seconds * 1000)


def wait(stage: Stage, pause: float, _seconds: float) -> None:
    stage.page.wait_for_timeout(pause * 1000)


def expect(stage: Stage, wanted: Json, seconds: float) -> None:
    """Look again and again until all that is wanted is true at the same time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if not (unmet := _unmet(stage, wanted)):
                return
            late: Exception = StepError(", ".join(unmet))
        except Error as error:  # a page that is just being replaced cannot be asked
            late = error
        if time.monotonic() >= deadline:
            raise late
        stage.page.wait_for_timeout(50)


STEPS: dict[str, Callable[[Stage, Any, float], None]] = {
    "goto": goto,
    "click": click,
    "fill": fill,
    "press": press,
    "select": select,
    "upload": upload,
    "wait": wait,
    "expect": expect,
}


def _unmet(stage: Stage, wanted: Json) -> list[str]:
    """What is not as it is wanted, in words."""
    unmet = [_contradiction(stage, what, value) for what, value in wanted.items()]
    return [contradiction for contradiction in unmet if contradiction]


def _contradiction(stage: Stage, what: str, value: Any) -> str | None:
    page, met, seen = stage.page, False, ""
    match what:
        case "text":
            met, seen = stage.shows(page.get_by_text(value)), f"the text '{value}' is not to be seen"
        case "noText":
            met, seen = not stage.shows(page.get_by_text(value)), f"the text '{value}' is to be seen"
        case "visible":
            met, seen = stage.shows(stage.find(value)), f"{_called(value)} is not to be seen"
        case "hidden":
            met, seen = not stage.shows(stage.find(value)), f"{_called(value)} is to be seen"
        case "url":
            met, seen = bool(re.search(value, page.url)), f"the address is {page.url}, which has no match for /{value}/"
        case "title":
            title = page.title()
            met, seen = bool(re.search(value, title)), f"the title is '{title}', which has no match for /{value}/"
        case _:
            raise StepError(f"'{what}' is not known")
    return None if met else seen


def main() -> None:
    task = cast(Json, json.load(sys.stdin.buffer))
    record = Record(Path(task["evidence"]))
    record.save()
    with sync_playwright() as playwright:
        outcome, reason = _play(playwright, record, task)
    _write(record.folder / "result.json", {"outcome": outcome, "reason": reason})


def _play(playwright: Playwright, record: Record, task: Json) -> tuple[str, str]:
    try:
        browser = _launch(playwright, task["executable"])
    except Error as error:
        return "inconclusive", f"Chromium could not be started: {_line(error)}"
    try:
        return _watch(browser, record, task)
    except Error as error:
        return "inconclusive", f"the browser did not do its part: {_line(error)}"


def _launch(playwright: Playwright, executable: str) -> Browser:
    """With Chromium's sandbox where it works: not as root, nor in most containers."""

    def launch(*, sandbox: bool) -> Browser:
        return playwright.chromium.launch(
            executable_path=executable,
            chromium_sandbox=sandbox,
            args=["--disable-dev-shm-usage", "--no-proxy-server"],  # /dev/shm is small in containers
            timeout=_LAUNCH * 1000,
        )

    try:
        return launch(sandbox=os.geteuid() != 0)
    except Error as error:
        if "sandbox" not in str(error).lower() or os.geteuid() == 0:
            raise
        return launch(sandbox=False)


def _watch(browser: Browser, record: Record, task: Json) -> tuple[str, str]:
    context = browser.new_context(
        locale="en-US", timezone_id="UTC", viewport={"width": 1280, "height": 720}, service_workers="allow"
    )
    context.tracing.start(screenshots=True, snapshots=True)
    record.listen(context)
    stage = Stage(context.new_page(), task["address"])
    try:
        outcome, reason = _perform(stage, record, task)
    finally:
        record.save()
    try:
        context.tracing.stop(path=record.folder / "trace.zip")
    except Error as error:
        if outcome == "played":
            return "inconclusive", f"no trace could be written: {_line(error)}"
    return outcome, reason


def _perform(stage: Stage, record: Record, task: Json) -> tuple[str, str]:
    for number, step in enumerate(cast(list[Json], task["steps"]), 1):
        what = next(key for key in step if key != "timeout")
        error = _try(STEPS[what], stage, step[what], step["timeout"])
        no_picture = _try(_take_picture, stage, record.folder / f"{number:02}-{what}.png", _PICTURE)
        record.save()  # now, in case the browser hangs at the next one
        place = f"step {number} ({_described(what, step[what])})"
        if error:
            return _ending(stage, place, error, step["timeout"])
        if no_picture:
            return _without_picture(stage, place, no_picture)
    _settle(stage, record, task["answers"], task["steps"][-1]["timeout"])
    if record.full:
        return "inconclusive", f"the page made more than {_MOST_ENTRIES} requests or messages"
    return "played", ""


def _try(do: Callable[[Stage, Any, float], None], stage: Stage, argument: Any, seconds: float) -> Exception | None:
    try:
        do(stage, argument, seconds)
    except (StepError, Error) as error:
        return error
    return None


def _take_picture(stage: Stage, path: Path, seconds: float) -> None:
    stage.page.screenshot(path=path, timeout=seconds * 1000)


def _settle(stage: Stage, record: Record, answers: list[str], seconds: float) -> None:
    """Wait for the answers that are expected, then for what is still on the way."""
    begun = time.monotonic()
    while time.monotonic() < begun + seconds and not all(map(record.has, answers)):
        stage.page.wait_for_timeout(50)
    begun, quiet = time.monotonic(), 0
    while time.monotonic() < begun + _SETTLE and quiet < 2:
        stage.page.wait_for_timeout(50)
        quiet = 0 if record.open > 0 else quiet + 1


def _ending(stage: Stage, place: str, error: Exception, seconds: float) -> tuple[str, str]:
    if stage.is_down:
        return "inconclusive", f"the browser crashed at {place}"
    if any(sign in str(error) for sign in _UNREACHABLE):
        return "inconclusive", f"{place}: {stage.address} could not be reached"
    if isinstance(error, Error) and any(sign in str(error) for sign in _MALFORMED):
        return "inconclusive", f"{place} is malformed: {_line(error)}"
    return "failed", f"{place} did not work out: {_why(error, seconds)}"


def _without_picture(stage: Stage, place: str, error: Exception) -> tuple[str, str]:
    what = "the browser crashed" if stage.is_down else f"no screenshot could be taken ({_line(error)})"
    return "inconclusive", f"{what} after {place}"


def _why(error: Exception, seconds: float) -> str:
    if not isinstance(error, TimeoutError):
        return _line(error)
    log = str(error)
    if "waiting for" in log and "resolved to" not in log and "navigat" not in log:
        return f"there was no such element within {seconds:g} s"
    return f"it was not possible within {seconds:g} s"


def _described(what: str, argument: Any) -> str:
    match what:
        case "expect":
            return what
        case "wait":
            return f"wait {argument:g} s"
        case "goto":
            return f"goto {argument}"
        case "click":
            return f"click {_called(argument)}"
        case "press":
            return f"press {argument['key']}"
        case _:
            return f"{what} {_called(argument['target'])}"


def _called(element: Any) -> str:
    if isinstance(element, str):
        return f"'{element}'"
    way = next(key for key in ("role", "css", "label", "text", "placeholder", "testId") if key in element)
    if way == "role":
        return str(element["role"]) + (f" '{element['name']}'" if "name" in element else "")
    return f"{way} '{element[way]}'"


def _paths(entry: Json) -> set[str]:
    path = str(entry["path"])
    return {path, path.partition("?")[0]}


def _line(error: Exception) -> str:
    """The first line of a message, without the name of Playwright's method and the log of its calls."""
    first = (str(error).strip().splitlines() or ["no reason was given"])[0]
    return re.sub(r"^\w+\.\w+: (Error: )?", "", first).rstrip(": ")


def _text(text: str) -> str:
    """What a page says: of limited length, and nothing that is no text."""
    return text[:_LONGEST_TEXT].encode(errors="replace").decode()


def _write(path: Path, content: object) -> None:
    aside = path.with_suffix(".tmp")
    aside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    aside.replace(path)


if __name__ == "__main__":
    main()
