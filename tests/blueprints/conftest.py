"""A blueprint without mistakes, and how a test sees the mistakes of a changed one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from blueprints.errors import MissionError
from blueprints.load import load_text

Mistakes = Callable[..., list[str]]


@pytest.fixture
def base() -> str:
    return """\
mission: todo
goal: A list of things to do.
agents:
  builder: {kind: command, argv: [agent]}
validators:
  - {kind: command, run: pytest -q}
milestones:
  - name: one
    features:
      - {id: a, spec: Do a., fulfills: [], because: Groundwork.}
      - {id: b, spec: Do b., needs: [a], fulfills: [], because: Groundwork.}
"""


@pytest.fixture
def full(tmp_path: Path) -> str:
    """The example of the design, in the kinds of agents that need nothing installed."""
    (tmp_path / "script.yaml").write_text("steps: []\n")
    return """\
# yaml-language-server: $schema=mission.schema.json
mission: import-export
goal: Users export their data as CSV and import it back.
repository: {path: ., baseBranch: main}
mode: full
requirePlanApproval: true
maxConcurrency: 3
maxMilestones: 6
maxFeaturesPerMilestone: 6
useWorktrees: true
repairs: 1
setup: [uv sync]
agents:
  builder: {kind: command, argv: [agent, --quiet], timeout: 60m, env: [API_TOKEN]}
  player: {kind: scripted, script: script.yaml}
roles: {worker: builder, repairer: builder, integrator: player}
contract:
  VAL-EXPORT-001:
    says: GET /export.csv returns every row under a header.
    check: {kind: command, run: pytest -q tests/test_export.py}
  VAL-IMPORT-001:
    says: POST /import takes what the export gives.
    check: {kind: command, run: pytest -q tests/test_import.py}
milestones:
  - name: export
    objective: The data can leave.
    features:
      - id: csv-writer
        title: Writing | `CSV`
        spec: Write rows as CSV.
        touches: [src/export/**]
        fulfills: [VAL-EXPORT-001]
      - id: button
        spec: A button.
        fulfills: []
        because: The export's assertion covers it.
        agent: player
        skill: frontend
        retries: 0
        timeout: 90s
      - {id: route, spec: A route., needs: [csv-writer], allowEmpty: true, fulfills: [], because: Part of the export.}
    validate:
      - {kind: command, run: pytest -q, name: all tests}
  - name: import
    features:
      - {id: csv-reader, spec: Read rows., needs: [csv-writer], fulfills: [VAL-IMPORT-001]}
"""


@pytest.fixture
def every() -> str:
    """Every kind of check, and every key that has to do with proof."""
    return f"""\
mission: notes
goal: Notes that outlive the session.
agents:
  builder: {{kind: command, argv: [agent]}}
  critic: {{kind: command, argv: [critic]}}
roles: {{worker: builder, scrutiny: critic, tester: critic}}
reruns: 2
services:
  store:
    start: store --port $PORT
    stop: store --end
    port: 5001
    within: 10s
  app:
    start: python3 -m notes --port $PORT
    health: /health
    env: {{STORE: "{{{{store.url}}}}"}}
    dependsOn: [store]
tests:
  paths: [tests/**/test_*.py]
  check: {{kind: pytest, run: python3 -m pytest -q}}
quarantine:
  VAL-NOTES-002: {{until: {date.today() + timedelta(days=30)}, because: "The clock, see issue 7."}}
contract:
  VAL-NOTES-001:
    says: A note that was posted is listed with its title.
    from: issue 12
    evidence: ["*.json"]
    checks:
      - kind: http
        service: app
        method: POST
        path: /notes
        headers: {{Accept: application/json, Origin: "{{{{app.url}}}}"}}
        body: {{title: milk, at: "{{{{app.url}}}}/x", tags: [a, null, 1.5]}}
        expect:
          status: [200, 201]
          headers: {{Content-Type: ^application/json}}
          json: {{$.title: milk, "$.tags[1]": null}}
          jsonSchema: {{type: object, required: [title]}}
          text: mi(lk|nt)
        timeout: 5s
        uses: [acceptance/**]
      - kind: browser
        service: app
        steps:
          - {{goto: /}}
          - {{click: {{role: button, name: New}}}}
          - {{fill: {{target: {{label: Title}}, value: "milk {{{{store.port}}}}"}}}}
          - {{select: {{target: "#kind", value: list}}}}
          - {{upload: {{target: {{testId: file}}, file: tests/milk.txt}}}}
          - {{press: {{key: Enter}}}}
          - {{wait: 100ms}}
          - {{click: {{placeholder: Search}}, timeout: 3s}}
          - {{expect: {{text: milk, noText: error, visible: .note, hidden: {{css: .spin}}}}}}
          - {{expect: {{url: /notes$, title: Notes}}}}
        network: [POST /notes -> 201]
        consoleErrors: allowed
  VAL-NOTES-002:
    says: Notes are kept in the order of their dates.
    check: {{kind: pytest, paths: [tests/test_order.py], tests: ["tests/test_order.py::test_dates"], retired: [old*]}}
  VAL-NOTES-003:
    says: The command line lists notes.
    invariant: true
    checks:
      - {{kind: command, run: ./notes list, name: the list, services: [app]}}
      - {{kind: review, focus: Mind the flags.}}
  VAL-LOOKS-001:
    says: The page is pleasant.
    checks:
      - {{kind: manual, ask: Is it pleasant?}}
      - {{kind: user-test, services: [app], instructions: Open it.}}
  VAL-CODE-001:
    says: No secret is in the code.
    checks:
      - {{kind: codebase, pattern: "password ?=", paths: [src/**], expect: absent}}
      - {{kind: files, exist: [src/notes.py], absent: ["*.key"], unchanged: [LICENSE]}}
      - {{kind: junit, run: make test, junit: out/*.xml, allowPreExisting: true}}
      - {{kind: coverage, run: make cover, report: out/lcov.info, minimum: 80.5, paths: [src/**]}}
validators:
  - {{kind: review}}
milestones:
  - name: base
    features:
      - {{id: store, spec: Store notes., fulfills: [VAL-NOTES-001, VAL-NOTES-002]}}
      - {{id: probe, spec: Test more., testsOnly: true, fulfills: [], because: It only adds tests.}}
  - name: looks
    features:
      - id: page
        spec: A page.
        needs: [store]
        fulfills: [VAL-LOOKS-001, VAL-NOTES-003, VAL-CODE-001, VAL-NOTES-001]
    validate:
      - {{kind: user-test}}
      - {{kind: command, run: make lint, name: lint}}
"""


@pytest.fixture
def mistakes(tmp_path: Path) -> Mistakes:
    """The lines of the error that a text causes; none if it loads."""

    def look(text: str, **settings: str) -> list[str]:
        try:
            load_text(text, "todo.yaml", tmp_path, {key.replace("__", "."): v for key, v in settings.items()})
        except MissionError as error:
            return str(error).splitlines()
        return []

    return look
