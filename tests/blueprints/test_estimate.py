"""How many agent runs a plan takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprints.estimate import AgentRuns, agent_runs
from blueprints.load import load_text

BLUEPRINT = """\
mission: todo
goal: Try it.
agents:
  builder: {kind: command, argv: [agent], retries: 2}
  critic: {kind: command, argv: [critic], retries: 1}
roles: {worker: builder, scrutiny: critic, tester: critic}
repairs: 0
services: {app: {start: app}}
validators: [{kind: command, run: make test}]
contract:
  VAL-A-001: {says: It works., checks: [{kind: user-test, services: [app]}, {kind: command, run: make a}]}
milestones:
  - name: one
    features:
      - {id: a, spec: x, fulfills: [VAL-A-001]}
      - {id: b, spec: x, retries: 0, fulfills: [], because: y}
  - {name: two, features: [{id: c, spec: x, fulfills: [], because: y}]}
"""


@pytest.mark.parametrize(
    ("old", "new", "runs"),
    [
        ("", "", AgentRuns(least=3 + 2, most=3 + 1 + 3 + 2 * 2)),  # the tester tests what it did before, again
        ("repairs: 0", "repairs: 2", AgentRuns(least=5, most=7 + 2 * (2 * 3) + 2 * (2 * 3))),
        ("run: make test}", "run: make test}, {kind: review}", AgentRuns(least=5 + 3, most=11 + 3 * 2)),
    ],
    ids=["features and testers", "every repair and another round", "a reviewer for each feature"],
)
def test_everything_once_up_to_every_retry_and_repair(tmp_path: Path, old: str, new: str, runs: AgentRuns) -> None:
    assert agent_runs(load_text(BLUEPRINT.replace(old, new, 1), "todo.yaml", tmp_path).plan) == runs
