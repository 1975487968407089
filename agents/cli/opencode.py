"""`kind: opencode`: the program `opencode`, heard through its events and its log, where it tells what went wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.base import AgentRun, Assignment, Desk
from agents.cli.json_fields import inside, number, text_of
from agents.cli.run import Invocation, Seat, concluded, failed, run_tool, started
from agents.cli.tool import Tool
from agents.credentials import NO_KEY
from agents.hearing import Event, Said, printed
from blueprints.agents import OpencodeAgent
from ledger.conversation import EndReason, Entry
from workspaces.process import Finished

TOOL = Tool("opencode", "opencode-ai")
_KEY = "MISSION_AGENT_KEY"
_PROTOCOLS = {"messages": "@ai-sdk/anthropic", "responses": "@ai-sdk/openai", "chat": "@ai-sdk/openai-compatible"}
_QUIET = {f"OPENCODE_DISABLE_{name}": "1" for name in ("AUTOUPDATE", "MODELS_FETCH", "LSP_DOWNLOAD", "DEFAULT_PLUGINS")}
_LOGGED = re.compile(r"level=ERROR .*message=\"?stream error.* error\.error=\"(?P<error>.*)\"\s*$")
_DENIED = re.compile(r"reject|denied|permission|not allowed", re.I)


@dataclass(frozen=True)
class OpencodeRunner:
    profile: OpencodeAgent
    folder: Path

    def run(self, assignment: Assignment, desk: Desk) -> AgentRun:
        return run_tool(TOOL, self.profile, self.folder, assignment, desk, invoke=_invocation)


def _invocation(profile: OpencodeAgent, seat: Seat) -> Invocation:
    provider = (profile.model or "").partition("/")[0]
    return Invocation(_arguments(profile), _variables(profile, seat), OpencodeSpeech(profile, seat), provider)


def _arguments(profile: OpencodeAgent) -> list[str]:
    return [
        "run",
        *profile.arguments,
        *("--format", "json", "--auto", "--thinking"),
        *("--title", "work"),  # otherwise it asks the model for one
        *("--print-logs", "--log-level", "ERROR"),
        *(("--model", profile.model) if profile.model else ()),
        *(("--variant", profile.effort) if profile.effort else ()),
    ]


def _variables(profile: OpencodeAgent, seat: Seat) -> dict[str, str]:
    folders = {f"XDG_{name.upper()}_HOME": str(seat.home / name) for name in ("config", "data", "state", "cache")}
    key = seat.key or (NO_KEY if profile.base_url else "")
    return {
        **_QUIET,
        **folders,
        "OPENCODE_CONFIG_CONTENT": json.dumps(_config(profile, seat)),
        **({_KEY: key} if key else {}),
    }


def _config(profile: OpencodeAgent, seat: Seat) -> dict[str, Any]:
    settings = {
        "share": "disabled",
        "autoupdate": False,
        "permission": {"*": "allow"},
        "agent": {"build": {"steps": profile.max_turns}},
    }
    provider, _, model = (profile.model or "").partition("/")
    return settings | ({"provider": {provider: _provider(profile, seat, model)}} if model else {})


def _provider(profile: OpencodeAgent, seat: Seat, model: str) -> dict[str, Any]:
    options: dict[str, Any] = {"apiKey": f"{{env:{_KEY}}}"} if seat.key or profile.base_url else {}
    if not profile.base_url:
        return {"options": options} if options else {}
    return {
        "npm": _PROTOCOLS[profile.api],
        "options": {**options, "baseURL": _address(profile)},
        "models": {model: {"name": model}},
    }


def _address(profile: OpencodeAgent) -> str:
    """Its libraries want the version in the address, where others add it by themselves."""
    address = (profile.base_url or "").rstrip("/")
    return f"{address}/v1" if profile.api == "messages" and not address.endswith("/v1") else address


class OpencodeSpeech:
    """A step is a call of the model. There is no last event: a step without a call of a tool is the last, mostly."""

    def __init__(self, profile: OpencodeAgent, seat: Seat) -> None:
        self.model = profile.model.partition("/")[2] if profile.model else None
        self._seat = seat
        self._session = ""
        self._text = ""
        self._turns = 0

    def event(self, event: Event) -> Iterable[Said]:
        part = inside(event, "part")
        return [*self._opening(event), *self._meaning(event, part)]

    def prose(self, text: str) -> Iterable[Said]:
        if found := _LOGGED.search(text):
            return [(Entry.RETRY, {"reason": found["error"]})]
        return printed(text)

    def conclude(self, finished: Finished, last_words: str) -> Iterable[Said]:
        return concluded(finished, last_words)

    def _opening(self, event: Event) -> Iterable[Said]:
        if not self._session:
            self._session = text_of(event, "sessionID")
            yield started("opencode", self._seat, self.model, self._session)

    def _meaning(self, event: Event, part: Mapping[str, Any]) -> Iterable[Said]:
        match event["type"]:
            case "text":
                self._text = part["text"]
                return [(Entry.TEXT, {"text": self._text})]
            case "reasoning":
                return [(Entry.THINKING, {"text": part["text"]})]
            case "tool_use":
                return _tool(part)
            case "step_finish":
                return self._step(part)
            case "error":
                return [self._failed(inside(event, "error"))]
            case _:
                return []

    def _step(self, part: Mapping[str, Any]) -> Iterable[Said]:
        self._turns += 1
        yield Entry.USAGE, self._usage(part)
        reason = text_of(part, "reason")
        if reason == "tool-calls":
            return
        facts: dict[str, Any] = {"text": self._text, "turns": self._turns, "session": self._session}
        if reason != "stop":
            facts["text"] = f"its last answer ended with {reason or 'no reason'}"
        yield Entry.END, {"reason": (EndReason.FINISHED if reason == "stop" else EndReason.FAILED).value, **facts}

    def _usage(self, part: Mapping[str, Any]) -> dict[str, float]:
        tokens, cache, cost = inside(part, "tokens"), inside(part, "tokens", "cache"), number(part, "cost")
        used = {
            "input": number(tokens, "input"),
            "cacheRead": number(cache, "read"),
            "cacheWrite": number(cache, "write"),
            "output": number(tokens, "output") + number(tokens, "reasoning"),
        }
        # It reports no cost where it knows no price.
        return used if self._seat.priced or not cost else {**used, "usd": cost}

    def _failed(self, error: Mapping[str, Any]) -> Said:
        data = inside(error, "data")
        text = text_of(data, "message") or text_of(error, "name")
        status = int(number(data, "statusCode")) or None
        body = text_of(data, "responseBody")
        return failed(status, f"{text} {body}".strip(), session=self._session, turns=self._turns)


def _tool(part: Mapping[str, Any]) -> Iterable[Said]:
    state = inside(part, "state")
    call = {"id": part["callID"], "tool": part["tool"], "input": state.get("input")}
    yield Entry.CALL, call
    error = text_of(state, "error")
    if state.get("status") == "error" and _DENIED.search(error):
        yield Entry.DENIED, {"tool": call["tool"], "input": call["input"]}
    code = inside(state, "metadata").get("exit")
    yield (
        Entry.OUTPUT,
        {
            "id": call["id"],
            "text": error or text_of(state, "output"),
            "exitCode": code,
            "error": bool(error) or None,
        },
    )
