"""A whole mission, as a user sees it."""

from __future__ import annotations

from tests.conftest import Missions


def test_a_mission_whose_features_are_proved_passes(missions: Missions) -> None:
    code, report = missions.run(
        {
            "milestones": [
                {
                    "name": "one",
                    "features": [{"id": "a", "spec": "Write a."}, {"id": "b", "spec": "Write b.", "needs": ["a"]}],
                    "validate": [{"kind": "command", "run": "grep -q a a.txt && grep -q b b.txt"}],
                }
            ]
        },
        {
            "worker": {
                "a": [[{"write": {"path": "a.txt", "text": "a\n"}}]],
                "b": [[{"run": "cat a.txt"}, {"write": {"path": "b.txt", "text": "b\n"}}, {"commit": "Add b"}]],
            }
        },
    )
    assert (code, report["status"]) == (0, "passed")
