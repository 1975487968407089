"""What a repairer is told of who broke what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.events import Kind
from tasks.blame import Blame
from tests.accepted import NewMission
from tests.conftest import Data
from validators.base import Verdict, VerdictStatus
from workspaces import git
from workspaces.mission import Mission

LONG = "Do b.\n\nLike this:\n    b\n" + "x" * 10_000


@pytest.fixture
def mission(new_mission: NewMission) -> Mission:
    features = [{"id": "a", "spec": "Do a."}, {"id": "b", "spec": LONG}, {"id": "c", "spec": "Do c."}]
    return new_mission({"milestones": [{"name": "one", "features": features}]})


def failing(name: str, commit: str) -> Verdict:
    texts = dict.fromkeys(("kind", "says", "contract", "environment", "command", "reason", "seen"), "")
    facts: Data = {"exitCode": 1, "seconds": 0, "runs": [], "evidence": []}
    return Verdict.model_validate({**texts, **facts, "id": name, "status": VerdictStatus.FAILED, "commit": commit})


def blamed(mission: Mission, check: str, *features: str) -> None:
    facts = {"check": check, "commit": git.head(mission.root), "features": features, "trials": 2, "reason": "why"}
    mission.ledger.append(Kind.CULPRITS_FOUND, milestone="one", **facts)


def test_the_repairer_is_told_the_features_and_what_each_was_to_do(mission: Mission) -> None:
    blamed(mission, "x", "a", "b")
    blamed(mission, "y", "b")
    commit = git.head(mission.root)
    blame = Blame.of(mission, "one", commit, [failing(name, commit) for name in "xyz"])
    pair, alone, first, second = blame.told()
    assert pair.startswith("`x` is broken by the features `a` and `b` together.")
    assert alone == "Nothing that was merged with the feature `b` breaks `y`: why"
    assert first == "What `a` was to do: Do a."
    assert second.startswith("What `b` was to do: Do b.\n\n  Like this:\n      b\n  xxx")
    assert second.endswith("x … (cut)")
    assert len(second) < 8_100


def test_who_is_blamed_shapes_the_repair_and_nobody_leaves_it_as_it_was(
    mission: Mission, repo: Path, commit: Callable[..., str]
) -> None:
    base = git.head(repo)
    verdicts = [failing("x", base)]
    assert Blame.of(mission, "one", base, verdicts).shape() == []
    blamed(mission, "x", "a", "b")
    first, later = (Blame.of(mission, "one", on, verdicts) for on in (base, commit(repo, {"later": ""}, on=base)))
    blamed(mission, "x", "a", "c")
    second = Blame.of(mission, "one", base, verdicts)
    assert first.shape() == later.shape() != second.shape()
