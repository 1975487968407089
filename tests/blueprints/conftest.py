"""A blueprint without mistakes, and how a test sees the mistakes of a changed one."""

from __future__ import annotations

from collections.abc import Callable
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
      - {id: a, spec: Do a.}
      - {id: b, spec: Do b., needs: [a]}
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
      - {id: button, spec: A button., agent: player, skill: frontend, retries: 0, timeout: 90s}
      - {id: route, spec: A route., needs: [csv-writer], allowEmpty: true}
    validate:
      - {kind: command, run: pytest -q, name: all tests}
  - name: import
    features:
      - {id: csv-reader, spec: Read rows., needs: [csv-writer], fulfills: [VAL-IMPORT-001]}
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
