"""The power fails while the last line of the ledger is on its way to the disk: a part of it arrives."""

from __future__ import annotations

import pytest

from tests.crash.conftest import Finished
from tests.crash.scene import ended, kill
from tests.flows.conftest import NewMissions


@pytest.mark.parametrize("kind", ["worker_started", "worker_completed", "feature_integrated", "milestone_sealed"])
@pytest.mark.parametrize("arrived", [0.0, 0.5, 1.0], ids=["one-byte", "half", "all-but-its-end"])
def test_a_line_that_is_torn_was_never_written(
    new_missions: NewMissions, finishes: Finished, kind: str, arrived: float
) -> None:
    run = kill(new_missions(), f"after:{kind}")
    assert run.left[-1]["type"] == kind
    ledger = run.folder / "ledger.jsonl"
    *whole, last = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(whole) + last[: max(1, int(arrived * (len(last) - 1)))])
    torn = ended(run, run.code)
    assert torn.left == run.left[:-1]
    finishes(torn)
