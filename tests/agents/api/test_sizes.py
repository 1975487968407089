from __future__ import annotations

from typing import Any

import pytest

from agents.api.sizes import longest_answer, window
from tests.agents.api.conftest import HANDOFF, Data, Talk


@pytest.mark.parametrize(
    ("given", "holds", "answers"),
    [
        ({}, 200_000, 32_000),
        ({"window": 20_000}, 20_000, 5_000),
        ({"window": 20_000, "output_tokens": 9_000}, 20_000, 9_000),
    ],
)
def test_a_model_that_nobody_knows_has_a_usual_size(quick_talk: Talk, given: Data, holds: int, answers: int) -> None:
    quick_talk.serve(["x"])
    spec = quick_talk.spec(**given)
    assert (window(spec), longest_answer(spec)) == (holds, answers)


def test_the_conversation_of_an_unknown_model_is_made_shorter_in_time(quick_talk: Talk) -> None:
    full: Data = {"calls": [{"shell": "seq 3000"}], "usage": {"input": 160_000}}
    steps: list[Any] = [{"calls": [{"shell": f"echo {number}; seq 3000"}]} for number in range(3)]
    quick_talk.have([*steps, full, {"calls": [HANDOFF]}])
    assert len(quick_talk.of("compaction")) == 1
