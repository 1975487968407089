"""The tool that hands the work over: the only normal end of a conversation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from agents.answers import PlanAnswer, Review, UserTest
from agents.api.tools import Output, Tool
from agents.handoff import LIMIT, Handoff
from blueprints.schema import Role
from ledger.files import write_file

_MODELS: dict[Role, type[BaseModel]] = {
    Role.SCRUTINY: Review,
    Role.TESTER: UserTest,
    Role.ORCHESTRATOR: PlanAnswer,
}
_WORK = "Hand the work over when it is done and committed, or cannot be done; this ends the conversation."
_JUDGEMENT = "Give your answer; this ends the conversation."


def submit(role: Role, handoff: Path) -> Tool[Any]:
    """`submit` with the fields that this role's handoff has; it is written to `handoff`."""
    model = _MODELS.get(role, Handoff)

    def run(given: BaseModel) -> Output:
        if isinstance(given, Review) and given.contradiction:
            return Output(f"{given.contradiction}; mend it and submit again", error=True)
        text = json.dumps(given.model_dump(mode="json", by_alias=True), ensure_ascii=False)
        if len(text.encode(errors="replace")) > LIMIT:
            return Output(f"it is too long: at most {LIMIT} bytes; make it shorter and submit again", error=True)
        write_file(handoff, text.encode(errors="replace").decode())
        return Output("Received.", submitted=True)

    return Tool("submit", _WORK if model is Handoff else _JUDGEMENT, model, run)
