"""`kind: droid`: the program `droid`, heard through its events and what it keeps in its own folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.base import AgentRun, Assignment, Desk
from agents.cli.droid_folder import DroidFolder
from agents.cli.json_fields import inside, number, text_of, tokens
from agents.cli.run import Invocation, Seat, concluded, failed, run_tool, started
from agents.cli.tool import Tool
from agents.credentials import NO_KEY
from agents.hearing import Event, Said, printed
from blueprints.agents import DroidAgent
from ledger.conversation import EndReason, Entry
from workspaces.process import Ended, Finished

TOOL = Tool("droid", "droid")
_KEY = "MISSION_AGENT_KEY"
_NOT_ASKED_TO_END = ()
"""Asked to end, it makes one more call of the model."""
_NOWHERE = "http://127.0.0.1:9"
"""Where it may report to, since it cannot be told not to."""
_PROTOCOLS = {"messages": "anthropic", "responses": "openai", "chat": "generic-chat-completion-api"}
_PROVIDERS = {"messages": "anthropic", "responses": "openai", "chat": "openai"}
_CUSTOM = "Mission"


@dataclass(frozen=True)
class DroidRunner:
    profile: DroidAgent
    folder: Path

    def run(self, assignment: Assignment, desk: Desk) -> AgentRun:
        return run_tool(TOOL, self.profile, self.folder, assignment, desk, invoke=_invocation)


def _invocation(profile: DroidAgent, seat: Seat) -> Invocation:
    provider = _PROVIDERS[profile.api] if profile.base_url else _provider_of(profile.model or "")
    variables = _variables(profile, seat)
    return Invocation(_arguments(profile), variables, DroidSpeech(profile, seat), provider, _NOT_ASKED_TO_END)


def _provider_of(model: str) -> str:
    beginnings = {"claude": "anthropic", "gpt": "openai", "gemini": "google"}
    return next((name for beginning, name in beginnings.items() if model.startswith(beginning)), "")


def _arguments(profile: DroidAgent) -> list[str]:
    model = f"custom:{_CUSTOM}-0" if profile.base_url else profile.model
    return [
        "exec",
        *profile.arguments,
        *("--output-format", "stream-json", "--skip-permissions-unsafe"),
        *(("--model", model) if model else ()),
        *(("--reasoning-effort", profile.effort) if profile.effort else ()),
    ]


def _variables(profile: DroidAgent, seat: Seat) -> dict[str, str]:
    settings = seat.own / "settings.json"
    settings.write_text(json.dumps(_settings(profile)), encoding="utf-8")
    name = _KEY if profile.base_url else "FACTORY_API_KEY"
    key = seat.key or (NO_KEY if profile.base_url else "")
    return {
        "HOME": str(seat.home),
        "FACTORY_RUNTIME_SETTINGS_PATH": str(settings),
        "FACTORY_DROID_AUTO_UPDATE_ENABLED": "false",
        "FACTORY_TELEMETRY_INGEST_BASE_URL": _NOWHERE,
        **({name: key} if key else {}),
    }


def _settings(profile: DroidAgent) -> dict[str, Any]:
    settings: dict[str, Any] = {"includeCoAuthoredByDroid": False, "cloudSessionSync": False}
    if profile.base_url:
        model = {
            "model": profile.model,
            "displayName": _CUSTOM,
            "baseUrl": profile.base_url,
            "apiKey": f"${{{_KEY}}}",
            "provider": _PROTOCOLS[profile.api],
        }
        settings["customModels"] = [model]
    return settings


class DroidSpeech:
    """An `error` is not the end before the program has ended; usage and what it tries again stand in its folder."""

    def __init__(self, profile: DroidAgent, seat: Seat) -> None:
        self.model = profile.model
        self._seat = seat
        self._session = ""
        self._error = ""
        self._folder = DroidFolder(seat.home)
        self._call = ""
        self._calls = set[str]()

    def event(self, event: Event) -> Iterable[Said]:
        if event["type"] != "error":  # it went on
            self._error = ""
            self._folder.progressed(number(event, "timestamp") / 1000)
        return [*self._called(_call_of(event)), *self._meaning(event)]

    def prose(self, text: str) -> Iterable[Said]:
        return printed(text)

    def conclude(self, finished: Finished, last_words: str) -> Iterable[Said]:
        return [*self._called(""), *self._conclusion(finished, last_words)]

    def _conclusion(self, finished: Finished, last_words: str) -> Iterable[Said]:
        if finished.ended is Ended.EXITED and self._error:
            return [failed(None, self._error, session=self._session)]
        if finished.ended in (Ended.IDLE, Ended.TIMEOUT):
            return concluded(finished, self._folder.trouble())
        return concluded(finished, last_words)

    def _meaning(self, event: Event) -> Iterable[Said]:
        match event["type"]:
            case "system":
                self._session = event["session_id"]
                return [started("droid", self._seat, self.model, self._session)]
            case "message" if event["role"] == "assistant":
                return [(Entry.TEXT, {"text": event["text"]})]
            case "reasoning":
                return [(Entry.THINKING, {"text": event["text"]})]
            case "tool_call":
                return [(Entry.CALL, {"id": event["id"], "tool": event["toolName"], "input": event.get("parameters")})]
            case "tool_result":
                return [(Entry.OUTPUT, _output(event))]
            case "error":
                self._error = self._error or text_of(event, "message")
                return printed(text_of(event, "message"))
            case "completion":
                return [self._end(event)]
            case _:
                return []

    def _called(self, call: str) -> Iterable[Said]:
        """A call of the model is over when something else is heard than what it said."""
        if self._call and call != self._call:
            self._calls.add(self._call)
            yield Entry.USAGE, self._folder.added(self._session)
        self._call = "" if call in self._calls else call

    def _end(self, event: Event) -> Said:
        facts = {"turns": event.get("numTurns"), "session": self._session}
        usage = tokens(inside(event, "usage"))
        return Entry.END, {"reason": EndReason.FINISHED.value, "text": event["finalText"], "usage": usage, **facts}


def _call_of(event: Event) -> str:
    """The message of the model that an event is a part of."""
    if event["type"] == "tool_call":
        return text_of(event, "messageId")
    is_said = event["type"] == "reasoning" or (event["type"] == "message" and event.get("role") == "assistant")
    return text_of(event, "id") if is_said else ""


def _output(event: Event) -> dict[str, Any]:
    error = inside(event, "error")
    value = event.get("value", event.get("result", ""))
    text = text_of(error, "message") or (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return {"id": event["id"], "text": text, "error": bool(event.get("isError")) or None}
