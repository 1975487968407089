"""How things are proved: one model for each kind of check, and the services that checks need."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, model_validator

from blueprints.fields import ANSWER_PATTERN, ROUTE_PATTERN, Duration, Line, Model, Name, Text, VariableName


class CheckBase(Model):
    timeout: Duration = 600.0
    """After this the verdict is inconclusive."""
    name: Line | None = None
    """How reports call the check. Default: what it does."""
    uses: list[Line] = []
    """Path patterns of the check's own files, such as `tests/acceptance/**`: before it runs they are restored from the
    approved base, with the test runner's configuration above them. A feature that changes them is flagged."""

    @property
    def needs_services(self) -> list[str]:
        """Names of the services it needs running."""
        return []

    @property
    def summary(self) -> str:
        """What it does, on one line or as a shell command."""
        raise NotImplementedError


class ShellBase(CheckBase):
    run: Text
    """Shell lines, run by `bash -euo pipefail -c` in a clean checkout. `$MISSION_EVIDENCE` is a folder for evidence,
    `$<SERVICE>_URL` and `{{service.url}}` the address of a service it names."""
    services: list[Name] = []
    """Services to be running meanwhile."""

    @property
    def needs_services(self) -> list[str]:
        return self.services

    @property
    def summary(self) -> str:
        return self.run


class CommandCheck(ShellBase):
    """A shell line in a clean checkout of the commit under test; passes on exit 0 unless nothing was run."""

    kind: Literal["command"]
    """command: a shell line decides by its exit code."""


class TestsBase(ShellBase):
    """What is common to checks that know each test's result.

    No test that ran, or a selected one that did not, is inconclusive. So is a test that passed on the milestone's
    base and did not run now, unless it was retired.
    """

    tests: list[Line] = []
    """Ids of tests, such as `tests/test_a.py::test_x`, or beginnings of them, that must be among those that ran."""
    retired: list[Line] = []
    """Patterns of test ids that may be missing although they passed on the base."""
    allow_pre_existing: bool = False
    """Pass when every failing test failed on the milestone's base too, as shown by running there."""


class PytestCheck(TestsBase):
    """pytest, judged by each test's own result."""

    kind: Literal["pytest"]
    """pytest: tests run by pytest, each with its own result."""
    run: Text = "python3 -m pytest"
    """How pytest is started; the engine appends `paths`, `tests` and where to write the results."""
    paths: list[Line] = []
    """Files and folders to collect from. Default: pytest's own configuration."""

    @property
    def summary(self) -> str:
        return " ".join([self.run, *self.paths, *self.tests])


class JunitCheck(TestsBase):
    """Any test runner that writes JUnit XML."""

    kind: Literal["junit"]
    """junit: a command writes JUnit XML, and its results count."""
    junit: Line
    """Path or pattern of the XML files that `run` writes, relative to the checkout; older ones are removed first."""


class HttpExpectation(Model):
    status: int | Annotated[list[int], Field(min_length=1)] = 200
    """The status code, or those that will do."""
    headers: dict[Line, Line] = {}
    """Header name to a regular expression found in its value."""
    json_: Annotated[dict[Line, JsonValue], Field(alias="json")] = {}
    """JSONPath to the value it must have."""
    json_schema: dict[str, Any] | None = None
    """JSON Schema that the body satisfies."""
    text: Text | None = None
    """Regular expression found in the body."""


class HttpCheck(CheckBase):
    """A request to a service, judged by the response."""

    kind: Literal["http"]
    """http: a request to a service, and what must come back."""
    service: Name
    """The service that is asked."""
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    """The request's method."""
    path: Annotated[Line, Field(pattern=ROUTE_PATTERN)] = "/"
    """Path and query."""
    headers: dict[Line, Line] = {}
    """Header name to the value that is sent."""
    body: JsonValue = None
    """A text is sent as it is, anything else as JSON."""
    expect: HttpExpectation = HttpExpectation()
    """Default: status 200."""
    timeout: Duration = 30.0
    """After this the verdict is inconclusive."""

    @property
    def needs_services(self) -> list[str]:
        return [self.service]

    @property
    def summary(self) -> str:
        return f"{self.method} {self.path} of {self.service}"


class Target(Model):
    """An element of a page; exactly one way to find it, `role` perhaps with `name`."""

    css: Line | None = None
    """CSS selector."""
    role: Line | None = None
    """Accessible role, such as button."""
    name: Line | None = None
    """Accessible name."""
    label: Line | None = None
    """Text of a form field's label."""
    text: Line | None = None
    """Text it holds."""
    placeholder: Line | None = None
    """Placeholder of a form field."""
    test_id: Line | None = None
    """Value of its `data-testid`."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.css, self.role, self.label, self.text, self.placeholder, self.test_id]
        if sum(way is not None for way in ways) != 1 or (self.name is not None and self.role is None):
            known = "css, role (perhaps with name), label, text, placeholder and testId"
            raise ValueError(f"is not one way to find an element; give exactly one of {known}")
        return self


Element = Target | Line
"""A mapping, or a CSS selector."""


class Filling(Model):
    target: Element
    """The form field."""
    value: str
    """What it gets."""


class Pressing(Model):
    key: Line
    """Such as Enter or Control+A."""
    target: Element | None = None
    """Default: what has the focus."""


class Uploading(Model):
    target: Element
    """The form field for files."""
    file: Line
    """Path in the checkout."""


class PageExpectation(Model):
    """What must come true within the step's time; all that is given."""

    text: Line | None = None
    """Text to be seen on the page."""
    no_text: Line | None = None
    """Text not to be seen."""
    visible: Element | None = None
    """Element to be seen."""
    hidden: Element | None = None
    """Element not to be seen."""
    url: Line | None = None
    """Regular expression found in the address."""
    title: Line | None = None
    """Regular expression found in the title."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(getattr(self, name) is None for name in type(self).model_fields):
            raise ValueError("expects nothing; give at least one of text, noText, visible, hidden, url or title")
        return self


class BrowserStep(Model):
    """One step; exactly one key, besides `timeout`."""

    goto: Annotated[Line, Field(pattern=ROUTE_PATTERN)] | None = None
    """Path and query at the service."""
    click: Element | None = None
    """Click an element."""
    fill: Filling | None = None
    """Write into a form field, in place of what is there."""
    press: Pressing | None = None
    """Press a key."""
    select: Filling | None = None
    """Choose an option by its value or label."""
    upload: Uploading | None = None
    """Choose a file of the checkout in a form field."""
    wait: Duration | None = None
    """Time to let pass; prefer `expect`, which waits only as long as needed."""
    expect: PageExpectation | None = None
    """Wait for what must be seen."""
    timeout: Duration = 10.0
    """After this the step did not work out."""

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        given = [name for name in self.model_fields_set - {"timeout"} if getattr(self, name) is not None]
        if len(given) != 1:
            keys = "goto, click, fill, press, select, upload, wait and expect"
            found = f"{len(given)} things" if given else "nothing"
            raise ValueError(f"does {found}; give exactly one of {keys}")
        return self


class BrowserCheck(CheckBase):
    """Steps in Chromium, with a screenshot after each, a trace and the network log as evidence."""

    kind: Literal["browser"]
    """browser: steps in a real browser, and what must be seen."""
    service: Name
    """The service whose pages are opened."""
    steps: Annotated[list[BrowserStep], Field(min_length=1)]
    """What is done and what must be seen, one after another."""
    network: list[Annotated[Line, Field(pattern=ANSWER_PATTERN)]] = []
    """Requests that must have been answered so, such as `POST /api/notes -> 201`; `*` stands for any text."""
    console_errors: Literal["refused", "allowed"] = "refused"
    """refused: an error in the console or an uncaught exception fails the check."""
    timeout: Duration = 120.0
    """After this the verdict is inconclusive."""

    @property
    def needs_services(self) -> list[str]:
        return [self.service]

    @property
    def summary(self) -> str:
        return f"{len(self.steps)} steps in a browser at {self.service}"


class CodebaseCheck(CheckBase):
    """Whether a pattern is in the code."""

    kind: Literal["codebase"]
    """codebase: a pattern is present in, or absent from, the files."""
    pattern: Line
    """Regular expression, looked for line by line."""
    paths: list[Line] = ["**"]
    """Path patterns of tracked files to look in. When none exists the verdict is inconclusive."""
    expect: Literal["present", "absent"] = "present"
    """present: some line matches. absent: none does."""

    @property
    def summary(self) -> str:
        return f"/{self.pattern}/ is {self.expect} in {', '.join(self.paths)}"


class FilesCheck(CheckBase):
    """Which files there are."""

    kind: Literal["files"]
    """files: files exist, are absent, or are as they were."""
    exist: list[Line] = []
    """Path patterns that match at least one tracked file each."""
    absent: list[Line] = []
    """Path patterns that match none."""
    unchanged: list[Line] = []
    """Path patterns whose files are all as on the mission's base."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.exist or self.absent or self.unchanged):
            raise ValueError("says nothing about files; give at least one of exist, absent and unchanged")
        return self

    @property
    def summary(self) -> str:
        facts = {"exist": self.exist, "absent": self.absent, "unchanged": self.unchanged}
        return "; ".join(f"{', '.join(paths)} {word}" for word, paths in facts.items() if paths)


class CoverageCheck(ShellBase):
    """How many of the lines changed since the mission's base the tests reach."""

    kind: Literal["coverage"]
    """coverage: a command writes a coverage report, and the changed lines' share counts."""
    report: Line
    """Path of the report that `run` writes: LCOV, Cobertura XML or coverage.py's JSON."""
    minimum: Annotated[float, Field(ge=0, le=100)]
    """Per cent of the changed lines that are executable."""
    paths: list[Line] = ["**"]
    """Path patterns of the files that count."""


class ReviewCheck(CheckBase):
    """A fresh agent in the scrutiny role reads each feature's change. A blocking issue fails it."""

    kind: Literal["review"]
    """review: a fresh agent reviews each feature's change."""
    focus: Text | None = None
    """What to look at besides the specification."""
    timeout: Duration = 1800.0
    """Longest a review of a feature may take."""

    @property
    def summary(self) -> str:
        return "review of each feature's change"


class UserTestCheck(CheckBase):
    """A fresh agent in the tester role uses the running program, without its source."""

    kind: Literal["user-test"]
    """user-test: a fresh agent uses the running program and judges each assertion."""
    services: list[Name] = []
    """Services whose addresses the tester gets."""
    instructions: Text | None = None
    """What the tester should know."""
    timeout: Duration = 1800.0
    """Longest the test may take."""

    @property
    def needs_services(self) -> list[str]:
        return self.services

    @property
    def summary(self) -> str:
        return "user test" + (f" of {', '.join(self.services)}" if self.services else "")


class ManualCheck(CheckBase):
    """A person looks and answers, in Prefect's UI or with `mission answer`."""

    kind: Literal["manual"]
    """manual: a person decides."""
    ask: Text | None = None
    """The question. Default: whether the assertion holds."""

    @property
    def summary(self) -> str:
        return self.ask or "a person decides"


TestCheck = Annotated[CommandCheck | PytestCheck | JunitCheck, Field(discriminator="kind")]
"""A check that runs tests."""

Check = Annotated[
    CommandCheck
    | PytestCheck
    | JunitCheck
    | HttpCheck
    | BrowserCheck
    | CodebaseCheck
    | FilesCheck
    | CoverageCheck
    | ReviewCheck
    | UserTestCheck
    | ManualCheck,
    Field(discriminator="kind"),
]

JUDGED_BY_SOMEBODY = ("review", "user-test", "manual")
"""Kinds that an agent or a person answers: not run before the work, nor again when they fail."""


class Service(Model):
    """A program started for the checks that name it, in their clean checkout, on a port of its own."""

    start: Text
    """Shell line that runs in the foreground and listens on `$PORT` at 127.0.0.1."""
    stop: Text | None = None
    """Shell line that ends it. Default: it is asked to end (SIGTERM), then killed with all it started."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """A fixed port, for programs that insist. Default: a free one, leased."""
    health: Line = "tcp"
    """`/path`: GET it until the status is below 400. `tcp`: until the port accepts. Else a shell line, until exit 0."""
    within: Duration = 60.0
    """Longest it may take to become healthy."""
    env: dict[VariableName, str] = {}
    """Variables for it; `{{other.url}}` and `{{other.port}}` stand for the services it depends on."""
    depends_on: list[Name] = []
    """Services that must be healthy before it starts."""
