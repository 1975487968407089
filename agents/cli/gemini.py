"""`kind: gemini`: the program `gemini`, heard through its events, its words about errors and its own record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.base import AgentRun, Assignment, Desk
from agents.cli.journal import Journal
from agents.cli.json_fields import inside, number, objects, text_of
from agents.cli.run import Invocation, Seat, concluded, failed, run_tool, started
from agents.cli.tool import Tool
from agents.credentials import NO_KEY
from agents.hearing import Event, Said, printed
from blueprints.agents import GeminiAgent
from ledger.conversation import EndReason, Entry
from workspaces.process import Finished
from workspaces.transcript import redacted

TOOL = Tool("gemini", "@google/gemini-cli")
_TURNS_MET = 53
_NOT_ASKED_TO_END = ()
"""It ignores the gentle signals, and would go on working."""
_STATUSES = (400, 401, 402, 403, 404, 408, 429, 500, 502, 503, 504, 529)
_RETRYING = re.compile(r"^Attempt \d+ failed(?P<reason>.*)")


@dataclass(frozen=True)
class GeminiRunner:
    profile: GeminiAgent
    folder: Path

    def run(self, assignment: Assignment, desk: Desk) -> AgentRun:
        return run_tool(TOOL, self.profile, self.folder, assignment, desk, invoke=_invocation)


def _invocation(profile: GeminiAgent, seat: Seat) -> Invocation:
    variables = _variables(profile, seat)
    return Invocation(_arguments(profile, seat), variables, GeminiSpeech(seat), "google", _NOT_ASKED_TO_END)


def _arguments(profile: GeminiAgent, seat: Seat) -> list[str]:
    return [
        *profile.arguments,
        *("--output-format", "stream-json"),
        *("--approval-mode", "yolo", "--skip-trust"),
        *("--session-id", seat.session),
        *(("--model", profile.model) if profile.model else ()),
    ]


def _variables(profile: GeminiAgent, seat: Seat) -> dict[str, str]:
    settings = seat.own / ".gemini" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps(_settings(profile, seat)), encoding="utf-8")
    # Those of the system overrule the user's own, and are not read below a folder that others may write to.
    overruling = {} if seat.home == seat.own else {"GEMINI_CLI_SYSTEM_SETTINGS_PATH": str(settings)}
    key = seat.key or (NO_KEY if profile.base_url else "")
    return {
        "HOME": str(seat.home),
        **overruling,
        "GEMINI_CLI_NO_RELAUNCH": "1",
        **({"GEMINI_API_KEY": key} if key else {}),
        **({"GOOGLE_GEMINI_BASE_URL": profile.base_url} if profile.base_url else {}),
    }


def _settings(profile: GeminiAgent, seat: Seat) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "privacy": {"usageStatisticsEnabled": False},
        "telemetry": {"enabled": False},
        "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
        "model": {"maxSessionTurns": profile.max_turns},
    }
    if seat.key or profile.base_url:
        settings["security"] = {"auth": {"selectedType": "gemini-api-key"}}
    if profile.effort:
        thinking = {"thinkingConfig": {"thinkingLevel": profile.effort.upper()}}
        override = {"match": {}, "modelConfig": {"generateContentConfig": thinking}}
        settings["modelConfigs"] = {"customOverrides": [override]}
    return settings


class GeminiSpeech:
    """Text comes in pieces. Usage is told once, at the end; of each call only in the record in its folder."""

    def __init__(self, seat: Seat) -> None:
        self.model: str | None = None
        self._seat = seat
        self._session = seat.session
        self._text = ""
        self._told = ""
        self._calls = set[str]()
        self._tools: dict[str, dict[str, Any]] = {}
        pattern = f".gemini/tmp/*/chats/session-*{seat.session[:8]}.jsonl"
        self._journal = Journal(seat.home, pattern)

    def event(self, event: Event) -> Iterable[Said]:
        if event["type"] == "message":
            self._text += event["content"] if event["role"] == "assistant" else ""
            return []
        return [*self._whole_text(), *self._usage(), *self._meaning(event)]

    def prose(self, text: str) -> Iterable[Said]:
        found = _RETRYING.search(text)
        return [(Entry.RETRY, {"reason": found["reason"].strip(" .:") or text})] if found else printed(text)

    def conclude(self, finished: Finished, last_words: str) -> Iterable[Said]:
        return [*self._whole_text(), *self._usage(), *concluded(finished, last_words, _status(finished.exit_code))]

    def _meaning(self, event: Event) -> Iterable[Said]:
        match event["type"]:
            case "init":
                self.model, self._session = event.get("model"), event["session_id"]
                return [started("gemini", self._seat, self.model, self._session)]
            case "tool_use":
                used = {"tool": event["tool_name"], "input": event.get("parameters")}
                self._tools[event["tool_id"]] = used
                return [(Entry.CALL, {"id": event["tool_id"], **used})]
            case "tool_result":
                used = self._tools.pop(event["tool_id"], {})
                denied = text_of(inside(event, "error"), "type") == "policy_violation"
                return [*([(Entry.DENIED, used)] if denied else []), (Entry.OUTPUT, _output(event))]
            case "error":
                return printed(text_of(event, "message"))
            case "result":
                return [self._end(event)]
            case _:
                return []

    def _whole_text(self) -> Iterable[Said]:
        text, self._text = redacted(self._text.encode(), self._seat.secrets).decode(), ""
        if text:
            self._told = text
            yield Entry.TEXT, {"text": text}

    def _usage(self) -> Iterable[Said]:
        """A message is written down again when its tools have answered."""
        for line in self._journal.news():
            tokens = inside(line, "tokens")
            if tokens and line.get("id") not in self._calls:
                self._calls.add(line["id"])
                written = number(tokens, "output") + number(tokens, "thoughts") + number(tokens, "tool")
                yield Entry.USAGE, _tokens(number(tokens, "input"), number(tokens, "cached"), written)

    def _end(self, event: Event) -> Said:
        facts = {"session": self._session, "turns": len(self._calls) or None, "usage": _total(event)}
        error = inside(event, "error")
        if event["status"] == "success":
            return Entry.END, {"reason": EndReason.FINISHED.value, "text": self._told, **facts}
        text = text_of(error, "message")
        if "TurnLimited" in text_of(error, "type"):
            return Entry.END, {"reason": EndReason.TURNS.value, "text": text, **facts}
        return failed(None, text, **facts)


def _output(event: Event) -> dict[str, Any]:
    error = text_of(inside(event, "error"), "message")
    text = text_of(event, "output") or error
    return {"id": event["tool_id"], "text": text, "error": event["status"] == "error" or None}


def _total(event: Event) -> dict[str, float]:
    """Of all models. Those for thoughts are in no part of it but the sum."""
    models = objects(inside(event, "stats"), "models") or [inside(event, "stats")]
    sums = {name: sum(number(model, name) for model in models) for name in ("input_tokens", "cached", "total_tokens")}
    return _tokens(sums["input_tokens"], sums["cached"], sums["total_tokens"] - sums["input_tokens"])


def _tokens(sent: float, cached: float, written: float) -> dict[str, float]:
    return {"input": max(0, sent - cached), "cacheRead": cached, "cacheWrite": 0, "output": written}


def _status(exit_code: int | None) -> int | None:
    """Its exit code is what is left of the provider's status in a byte."""
    return next((status for status in _STATUSES if exit_code and status % 256 == exit_code), None)
