"""Services: names, order, and the places where their addresses are put in."""

# ruff: noqa: E501 - messages stand in one piece, as the user sees them

from __future__ import annotations

from collections.abc import Callable

import pytest

Mistakes = Callable[..., list[str]]

SERVICES = """\
services:
  app: {start: serve, dependsOn: [store]}
  store: {start: store}
  mail: {start: mail}
"""


def checked(base: str, check: str, services: str = SERVICES) -> str:
    return base.replace("{kind: command, run: pytest -q}", check) + services


@pytest.mark.parametrize(
    ("check", "key"),
    [
        ("{kind: command, run: x, services: [app, ap]}", "services[1]"),
        ("{kind: user-test, services: [ap]}", "services[0]"),
        ("{kind: http, service: ap}", "service"),
        ("{kind: browser, service: ap, steps: [{goto: /}]}", "service"),
    ],
)
def test_a_check_names_services_that_there_are(mistakes: Mistakes, base: str, check: str, key: str) -> None:
    assert mistakes(checked(base, check)) == [
        f"todo.yaml:6: validators[0].{key}: unknown service 'ap'; did you mean 'app'?"
    ]


def test_a_service_that_nobody_described_says_where(mistakes: Mistakes, base: str) -> None:
    assert mistakes(checked(base, "{kind: http, service: app}", "")) == [
        "todo.yaml:6: validators[0].service: unknown service 'app'; describe it in the mission's 'services'"
    ]


def test_a_service_depends_on_services_that_there_are(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base + SERVICES.replace("[store]", "[stor]")) == [
        "todo.yaml:13: services.app.dependsOn[0]: unknown service 'stor'; did you mean 'store'?"
    ]


def test_services_in_a_circle_are_printed(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base + SERVICES.replace("{start: store}", "{start: store, dependsOn: [mail, app]}")) == [
        "todo.yaml:13: services.app.dependsOn: services wait for one another: app -> store -> app; remove one of these dependencies"
    ]


def test_a_service_does_not_depend_on_itself(mistakes: Mistakes, base: str) -> None:
    (line,) = mistakes(base + SERVICES.replace("{start: store}", "{start: store, dependsOn: [store]}"))
    assert "services wait for one another: store -> store" in line


FILLED = [
    ("{kind: command, run: 'x ?', services: [app]}", "run", "name it in 'services'"),
    ("{kind: pytest, run: 'x ?', services: [app]}", "run", "name it in 'services'"),
    ("{kind: junit, run: 'x ?', junit: x, services: [app]}", "run", "name it in 'services'"),
    ("{kind: http, service: app, path: '/?'}", "path", "let 'app' depend on it"),
    ("{kind: http, service: app, headers: {A: '?'}}", "headers.A", "let 'app' depend on it"),
    ("{kind: http, service: app, body: [{a: '?'}]}", "body[0].a", "let 'app' depend on it"),
    ("{kind: browser, service: app, steps: [{goto: '/?'}]}", "steps[0].goto", "let 'app' depend on it"),
    (
        "{kind: browser, service: app, steps: [{fill: {target: x, value: '?'}}]}",
        "steps[0].fill.value",
        "let 'app' depend on it",
    ),
]


@pytest.mark.parametrize(("check", "key", "advice"), FILLED)
def test_an_address_in_a_check_is_of_a_service_that_runs(
    mistakes: Mistakes, base: str, check: str, key: str, advice: str
) -> None:
    for place in ("{{app.url}}", "{{store.port}}", "{{ store.url }}", "{{x}}", "{{x.y}}", "{url}"):
        assert mistakes(checked(base, check.replace("?", place))) == []
    assert mistakes(checked(base, check.replace("?", "{{mail.url}}"))) == [
        f"todo.yaml:6: validators[0].{key}: the service of '{{{{mail.url}}}}' does not run here; {advice}"
    ]
    assert mistakes(checked(base, check.replace("?", "{{stor.port}}"))) == [
        f"todo.yaml:6: validators[0].{key}: unknown service 'stor' in '{{{{stor.port}}}}'; did you mean 'store'?"
    ]


def test_an_unknown_service_is_told_once_and_not_for_each_address_it_would_give(mistakes: Mistakes, base: str) -> None:
    assert mistakes(checked(base, "{kind: http, service: ap, path: '/{{store.port}}', body: '{{store.url}}'}")) == [
        "todo.yaml:6: validators[0].service: unknown service 'ap'; did you mean 'app'?"
    ]


@pytest.mark.parametrize("key", ["start", "stop", "health"])
def test_an_address_in_a_service_is_of_one_it_depends_on(mistakes: Mistakes, base: str, key: str) -> None:
    for name in ("app", "store"):
        text = SERVICES.replace("start: serve,", f"start: serve, {key}: 'x {{{{{name}.url}}}}',")
        assert mistakes(base + text.replace("start: serve, start", "start")) == []
    text = SERVICES.replace("start: serve,", f"start: serve, {key}: 'x {{{{mail.url}}}}',")
    assert mistakes(base + text.replace("start: serve, start", "start")) == [
        f"todo.yaml:13: services.app.{key}: the service of '{{{{mail.url}}}}' does not run here; name it in 'dependsOn'"
    ]


def test_an_address_in_the_environment_of_a_service_is_looked_at(mistakes: Mistakes, base: str) -> None:
    text = SERVICES.replace("start: serve,", "start: serve, env: {A: '{{store.url}} {{mail.port}} {{mail.port}}'},")
    assert mistakes(base + text) == [
        "todo.yaml:13: services.app.env.A: the service of '{{mail.port}}' does not run here; name it in 'dependsOn'"
    ]


def test_a_service_that_is_described_wrongly_is_not_unknown_too(mistakes: Mistakes, base: str) -> None:
    assert mistakes(checked(base, "{kind: command, run: x, services: [app]}", "services: {app: 3}\n")) == [
        "todo.yaml:12: services.app: is the number 3; write a mapping of keys to values"
    ]


def test_services_without_users_and_user_tests_without_services_are_fine(mistakes: Mistakes, base: str) -> None:
    assert mistakes(checked(base, "{kind: user-test}")) == []
