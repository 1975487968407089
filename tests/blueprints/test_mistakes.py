"""What the schema finds in checks, services and quarantines, as the user reads it: a sentence per mistake."""

# ruff: noqa: E501 - a case per line reads like the table it is

from __future__ import annotations

from collections.abc import Callable

import pytest

Mistakes = Callable[..., list[str]]

STEP = "does nothing; give exactly one of goto, click, fill, press, select, upload, wait and expect"
WAYS = "is not one way to find an element; give exactly one of css, role (perhaps with name), label, text, placeholder and testId"
EITHER = "write text or a mapping of keys to values"
PATH = "write a path that begins with a slash, such as /notes?page=2, on one line"
MAPPING = "write a mapping of keys to values"

CHECKS = [
    ("{kind: comand}", "kind: unknown kind 'comand'; did you mean 'command'?"),
    ("{kind: usertest}", "kind: unknown kind 'usertest'; did you mean 'user-test'?"),
    ("{kind: pytest, pathes: [x]}", "pathes: unknown key 'pathes'; did you mean 'paths'?"),
    ("{kind: pytest, allow_pre_existing: true}", "allow_pre_existing: unknown key 'allow_pre_existing'; did you mean 'allowPreExisting'?"),
    ("{kind: command, run: x, tests: [a]}", "tests: unknown key 'tests'; known: kind, name, run, services, timeout, uses"),
    ("{kind: junit, run: make}", "junit: is missing; add 'junit:' (Path or pattern of the XML files that `run` writes, relative to the checkout; older ones are removed first)"),
    ("{kind: manual, ask: 3}", "ask: is the number 3; put it in quotes to make it text"),
    ("3", f"is the number 3; {MAPPING}"),
    ("[a]", f"is a list; {MAPPING}"),
    ("{kind: command, run: x, services: app}", "services: is the text 'app'; write a list"),
    ("{kind: files}", "says nothing about files; give at least one of exist, absent and unchanged"),
    ("{kind: files, exist: x}", "exist: is the text 'x'; write a list"),
    ("{kind: coverage, run: x, report: x, minimum: x}", "minimum: is the text 'x'; write a number"),
    ("{kind: coverage, run: x, report: x, minimum: true}", "minimum: is true; write a number"),
    ("{kind: coverage, run: x, report: x, minimum: }", "minimum: has no value; write a number, or remove it"),
    ("{kind: coverage, run: x, report: x, minimum: 101}", "minimum: 101 is too large; at most 100 is allowed"),
    ("{kind: coverage, run: x, report: x, minimum: -0.5}", "minimum: -0.5 is too small; at least 0 is needed"),
]  # fmt: skip

HTTP = [
    ("path: x", f"path: 'x' is not allowed here; {PATH}"),
    ('path: "/a\\nb"', f"path: '/a\\nb' is not allowed here; {PATH}"),
    ("method: get", "method: unknown method 'get'; known: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
    ("headers: {a: 3}", "headers.a: is the number 3; put it in quotes to make it text"),
    ("expect: ", f"expect: has no value; {MAPPING}, or remove it"),
    ("expect: {status: x}", "expect.status: is the text 'x'; write a list or a whole number"),
    ("expect: {status: 2.5}", "expect.status: is the number 2.5; write a list or a whole number"),
    ("expect: {status: true}", "expect.status: is true; write a list or a whole number"),
    ("expect: {status: }", "expect.status: has no value; write a list or a whole number, or remove it"),
    ("expect: {status: {a: b}}", "expect.status: is a mapping; write a list or a whole number"),
    ("expect: {status: [200, x]}", "expect.status[1]: is the text 'x'; write a whole number"),
    ("expect: {json: 3}", f"expect.json: is the number 3; {MAPPING}"),
    ("expect: {json_: {}}", "expect.json_: unknown key 'json_'; did you mean 'json'?"),
    ("expect: {jsonSchema: 3}", f"expect.jsonSchema: is the number 3; {MAPPING}"),
    ("expect: {json-schema: {}}", "expect.json-schema: unknown key 'json-schema'; did you mean 'jsonSchema'?"),
]  # fmt: skip

STEPS = [
    ("{}", STEP),
    ("{click: }", STEP),
    ("{timeout: 3s}", STEP),
    ("{goto: /, click: y}", STEP.replace("nothing", "2 things")),
    ("{goto: x}", f"goto: 'x' is not allowed here; {PATH}"),
    ("{goto: 3}", "goto: is the number 3; put it in quotes to make it text"),
    ("{clik: x}", "clik: unknown key 'clik'; did you mean 'click'?"),
    ("{wait: x}", "wait: 'x' is not a duration; write it like 90s, 60m or 8h"),
    ("{click: 3}", f"click: is the number 3; {EITHER}"),
    ("{click: [a]}", f"click: is a list; {EITHER}"),
    ("{click: ''}", "click: is empty; write something, or remove it"),
    ("{click: {}}", f"click: {WAYS}"),
    ("{click: {name: New}}", f"click: {WAYS}"),
    ("{click: {css: a, name: New}}", f"click: {WAYS}"),
    ("{click: {css: a, role: button}}", f"click: {WAYS}"),
    ("{click: {rolle: button}}", "click.rolle: unknown key 'rolle'; did you mean 'role'?"),
    ("{click: {role: 3}}", "click.role: is the number 3; put it in quotes to make it text"),
    ("{fill: x}", f"fill: is the text 'x'; {MAPPING}"),
    ("{fill: {value: x}}", "fill.target: is missing; add 'target:' (The form field)"),
    ("{fill: {target: , value: x}}", f"fill.target: has no value; {EITHER}, or remove it"),
    ("{fill: {target: {testid: a}, value: x}}", "fill.target.testid: unknown key 'testid'; did you mean 'testId'?"),
    ("{fill: {target: a, value: 3}}", "fill.value: is the number 3; put it in quotes to make it text"),
    ("{press: {key: Enter, target: 3}}", f"press.target: is the number 3; {EITHER}"),
    ("{expect: {}}", "expect: expects nothing; give at least one of text, noText, visible, hidden, url or title"),
    ("{expect: {text: }}", "expect: expects nothing; give at least one of text, noText, visible, hidden, url or title"),
    ("{expect: {visible: 3}}", f"expect.visible: is the number 3; {EITHER}"),
    ("{expect: {visible: {role: a, name: [x]}}}", "expect.visible.name: is a list; write text"),
    ("{expect: {no_text: x}}", "expect.no_text: unknown key 'no_text'; did you mean 'noText'?"),
]  # fmt: skip

DATE = "write a date, such as 2030-12-31"
TOP = [
    ("quarantine: {x: {because: x, until: tomorrow}}", f"quarantine.x.until: is the text 'tomorrow'; {DATE}"),
    ("quarantine: {x: {because: x, until: 2026-13-01}}", f"quarantine.x.until: is the text '2026-13-01'; {DATE}"),
    ("quarantine: {x: {because: x, until: 3}}", f"quarantine.x.until: is the number 3; {DATE}"),
    ("quarantine: {x: {because: x, until: }}", f"quarantine.x.until: has no value; {DATE}, or remove it"),
    ("quarantine: {x: {until: 2026-01-01}}", "quarantine.x.because: is missing; add 'because:' (Why, for people: an issue's address at best)"),
    ("tests: 3", f"tests: is the number 3; {MAPPING}"),
    ("tests: {paths: [x]}", "tests.check: is missing; add 'check:' (Runs the files in `$MISSION_TESTS`; a pytest check appends them by itself)"),
    ("tests: {paths: [x], check: {kind: http, service: app}}", "tests.check.kind: unknown kind 'http'; known: command, junit, pytest"),
    ("tests: {pathes: [x], check: {kind: pytest}}", "tests.pathes: unknown key 'pathes'; did you mean 'paths'?"),
    ("tests: {paths: [], check: {kind: pytest}}", "tests.paths: is empty; add at least one"),
    ("reruns: 21", "reruns: 21 is too large; at most 20 is allowed"),
    ("services: [a]", f"services: is a list; {MAPPING}"),
    ("services: {app: {start: x, port: 70000}}", "services.app.port: 70000 is too large; at most 65535 is allowed"),
    ("services: {app: {start: x, env: {A-B: x}}}", "services.app.env.A-B: 'A-B' is not allowed here; write the name of an environment variable, such as API_TOKEN"),
    ("services: {app: {start: x, env: {A: 3}}}", "services.app.env.A: is the number 3; put it in quotes to make it text"),
    ("services: {app: {start: x, depends_on: []}}", "services.app.depends_on: unknown key 'depends_on'; did you mean 'dependsOn'?"),
    ("contract: {VAL-A-001: {says: x}}", "contract.VAL-A-001: has neither 'check' nor 'checks'; give one of the two"),
    ("contract: {VAL-A-001: {says: x, checks: []}}", "contract.VAL-A-001: has neither 'check' nor 'checks'; give one of the two"),
    ("contract: {VAL-A-001: {says: x, check: {kind: manual}, checks: [{kind: manual}]}}", "contract.VAL-A-001: has both 'check' and 'checks'; give one of the two"),
    ("contract: {VAL-A-001: {says: x, check: {kind: manual, ask: 3}}}", "contract.VAL-A-001.check.ask: is the number 3; put it in quotes to make it text"),
    ("contract: {VAL-A-001: {says: x, check: {kind: manul}}}", "contract.VAL-A-001.check.kind: unknown kind 'manul'; did you mean 'manual'?"),
    ("contract: {VAL-A-001: {says: x, check: {run: x}}}", "contract.VAL-A-001.check.kind: is missing; add 'kind:', one of: command, pytest, junit, http, browser, codebase, files, coverage, review, user-test, manual"),
    ("contract: {VAL-A-001: {says: x, checks: [{kind: files}]}}", "contract.VAL-A-001.checks[0]: says nothing about files; give at least one of exist, absent and unchanged"),
    ("contract: {VAL-A-001: {says: x, check: {kind: manual}, from_: x}}", "contract.VAL-A-001.from_: unknown key 'from_'; did you mean 'from'?"),
]  # fmt: skip


def found(mistakes: Mistakes, text: str, place: str) -> list[str]:
    """The mistakes whose path begins so, without the file's name."""
    lines = [line.removeprefix("todo.yaml:") for line in mistakes(text)]
    return [line for line in lines if line.split(": ")[1].startswith(place)]


@pytest.mark.parametrize(("check", "sentence"), CHECKS)
def test_a_mistake_in_a_check_is_one_sentence(mistakes: Mistakes, base: str, check: str, sentence: str) -> None:
    dot = "." if ":" in sentence.split(" ")[0] else ": "
    text = base.replace("{kind: command, run: pytest -q}", check)
    assert found(mistakes, text, "validators") == [f"6: validators[0]{dot}{sentence}"]


@pytest.mark.parametrize(("key", "sentence"), HTTP)
def test_a_mistake_in_a_request_is_one_sentence(mistakes: Mistakes, base: str, key: str, sentence: str) -> None:
    text = base.replace("{kind: command, run: pytest -q}", f"{{kind: http, service: app, {key}}}")
    text += "services: {app: {start: x}}\n"
    assert found(mistakes, text, "validators") == [f"6: validators[0].{sentence}"]


@pytest.mark.parametrize(("step", "sentence"), STEPS)
def test_a_mistake_in_a_step_is_one_sentence(mistakes: Mistakes, base: str, step: str, sentence: str) -> None:
    dot = ": " if sentence.startswith("does") else "."
    text = base.replace("{kind: command, run: pytest -q}", f"{{kind: browser, service: app, steps: [{step}]}}")
    text += "services: {app: {start: x}}\n"
    assert found(mistakes, text, "validators") == [f"6: validators[0].steps[0]{dot}{sentence}"]


@pytest.mark.parametrize("line", ["foo", "POST /x", "post /x -> 200", "POST /x -> 20", "POST a b -> 200"])
def test_a_request_in_the_network_has_its_form(mistakes: Mistakes, base: str, line: str) -> None:
    check = f"{{kind: browser, service: app, steps: [{{goto: /}}], network: [{line}]}}"
    text = base.replace("{kind: command, run: pytest -q}", check)
    assert found(mistakes, text, "validators[0].network") == [
        f"6: validators[0].network[0]: '{line}' is not allowed here; write method, address and status, such as POST /api/notes -> 201"
    ]


@pytest.mark.parametrize(("part", "sentence"), TOP)
def test_a_mistake_beside_the_checks_is_one_sentence(mistakes: Mistakes, base: str, part: str, sentence: str) -> None:
    assert f"12: {sentence}" in found(mistakes, base + part + "\n", sentence.split(":")[0])


def test_mistakes_in_both_parts_of_a_choice_are_told_once_each(mistakes: Mistakes, base: str) -> None:
    check = "{kind: browser, service: app, steps: [{click: {rolle: x, txt: y}}, {click: 3}, {click: [a]}]}"
    lines = found(mistakes, base.replace("{kind: command, run: pytest -q}", check), "validators[0].steps")
    assert [line.split(": ")[1] for line in lines] == [
        "validators[0].steps[0].click.rolle",
        "validators[0].steps[0].click.txt",
        "validators[0].steps[1].click",
        "validators[0].steps[2].click",
    ]


@pytest.mark.parametrize("body", ["3", "x", "{a: {b: [1, null, true]}}", "[]", "1.5", "false", ""])
def test_a_body_is_anything_that_json_knows(mistakes: Mistakes, base: str, body: str) -> None:
    check = f"{{kind: http, service: app, body: {body}, expect: {{json: {{$.a: {body}}}}}}}"
    text = base.replace("{kind: command, run: pytest -q}", check) + "services: {app: {start: x}}\n"
    assert mistakes(text) == []
