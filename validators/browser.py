"""`kind: browser`: steps played in Chromium, and what the page asked for and printed meanwhile.

`browser_player.py` plays and records in a process of its own; here its record is judged.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from blueprints.checks import BrowserCheck
from validators import chromium
from validators.base import Bench, Observation
from validators.browser_record import Played, expression, instead, read, was_seen
from validators.shell import end, not_run
from workspaces import process

_PLAYER = Path(__file__).with_name("browser_player.py")
_LONGEST_REASON = 300  # characters; pages can be talkative


@dataclass(frozen=True)
class BrowserValidator:
    check: BrowserCheck

    def look(self, bench: Bench) -> Observation:
        if problem := self._problem(bench):
            return Observation.inconclusive(problem)
        if not (executable := chromium.find()):
            return Observation.inconclusive(chromium.MISSING)
        finished = self._play(executable, bench)
        if unfinished := not_run(finished, self.check.timeout):
            return unfinished
        return self._judge(bench.evidence, finished)

    def _problem(self, bench: Bench) -> str | None:
        """Why the steps cannot be played at all."""
        if self.check.service not in bench.addresses:
            return f"the service '{self.check.service}' is not running"
        if self.check.steps[0].goto is None:
            return "the first step opens no page; begin with `goto`"
        uploads = [bench.fill(step.upload.file) for step in self.check.steps if step.upload]
        expressions = [
            text for step in self.check.steps if step.expect for text in (step.expect.url, step.expect.title)
        ]
        problems = [_upload_problem(name, bench.checkout) for name in uploads]
        problems += [_expression_problem(bench.fill(text)) for text in expressions if text]
        return next((problem for problem in problems if problem), None)

    def _play(self, executable: Path, bench: Bench) -> process.Finished:
        bench.evidence.mkdir(parents=True, exist_ok=True)
        (bench.evidence / "result.json").unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(prefix="mission-browser-", ignore_cleanup_errors=True) as scratch:
            return process.run(
                [sys.executable, "-I", str(_PLAYER)],
                cwd=bench.checkout,
                env=process.environment(TMPDIR=scratch),  # a browser that is killed leaves its profile there
                stdin=json.dumps(self._task(executable, bench)).encode(),
                timeout=self.check.timeout,
                stop=bench.stop,
                transcript=bench.evidence / "output.log",
                contained=True,
            )

    def _task(self, executable: Path, bench: Bench) -> dict[str, Any]:
        steps = [_filled(step.model_dump(exclude_none=True), bench) for step in self.check.steps]
        for step in steps:
            if "upload" in step:
                step["upload"]["file"] = str(bench.checkout / step["upload"]["file"])
        return {
            "address": bench.addresses[self.check.service],
            "executable": str(executable),
            "evidence": str(bench.evidence),
            "steps": steps,
            "answers": [expression(answer) for answer in self.check.network],
        }

    def _judge(self, evidence: Path, finished: process.Finished) -> Observation:
        played = read(evidence) if finished.ok else None
        if played is None:
            return Observation.inconclusive(f"the browser's player left no result: {end(finished.output)}")
        match played.ending.outcome:
            case "failed":
                return Observation.failed(_short(played.ending.reason))
            case "inconclusive":
                return Observation.inconclusive(_short(played.ending.reason))
            case "played":
                return self._judge_record(played)

    def _judge_record(self, played: Played) -> Observation:
        if missing := [answer for answer in self.check.network if not was_seen(answer, played.network)]:
            return Observation.failed(_short("; ".join(instead(answer, played.network) for answer in missing)))
        errors = [message.summary for message in played.console if message.is_error]
        amount = _count(len(errors), "console error")
        if errors and self.check.console_errors == "refused":
            return Observation.failed(_short(f"{amount}: {'; '.join(errors[:3])}"))
        steps, requests = _count(len(self.check.steps), "step"), _count(len(played.network), "request")
        return Observation.passed(f"{steps}, {requests}, {amount}")


def _filled(value: Any, bench: Bench) -> Any:
    """The same with the addresses of services put into every text."""
    if isinstance(value, dict):
        return {key: _filled(inner, bench) for key, inner in cast(dict[str, Any], value).items()}
    return bench.fill(value) if isinstance(value, str) else value


def _upload_problem(name: str, checkout: Path) -> str | None:
    path = (checkout / name).resolve()
    if not path.is_relative_to(checkout.resolve()):
        return f"the file to upload, '{name}', is outside the checkout"
    return None if path.is_file() else f"there is no file '{name}' in the checkout to upload"


def _expression_problem(text: str) -> str | None:
    try:
        re.compile(text)
    except re.error as error:
        return f"/{text}/ is not a regular expression: {error}"
    return None


def _count(number: int, thing: str) -> str:
    return f"{number or 'no'} {thing}{'' if number <= 1 else 's'}"


def _short(reason: str) -> str:
    """On one line, and without what cannot be printed."""
    line = "".join(sign for sign in " ".join(reason.split()) if sign.isprintable())
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
