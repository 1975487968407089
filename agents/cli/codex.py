"""`kind: codex`: the program `codex`, heard through its JSON and the usage in its own record of the conversation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.base import AgentRun, Assignment, Desk
from agents.cli.journal import Journal
from agents.cli.json_fields import inside, number, text_of
from agents.cli.run import Invocation, Seat, concluded, failed, run_tool, started
from agents.cli.tool import Tool
from agents.credentials import NO_KEY
from agents.hearing import Event, Said, printed
from blueprints.agents import CodexAgent
from ledger.conversation import EndReason, Entry
from workspaces.process import Finished

TOOL = Tool("codex", "@openai/codex")
_KEY = "OPENAI_API_KEY"
_OPENAI = "https://api.openai.com/v1"
# The first three fetch from elsewhere, and end late; the last reads the user's shell profile.
_NO_EXTRAS = ("plugins", "apps", "remote_plugin", "shell_snapshot")
_SETTINGS = {
    "analytics.enabled": False,
    "check_for_update_on_startup": False,
    "allow_login_shell": False,  # its environment would be the user's profile, not ours
    "shell_environment_policy.exclude": [_KEY],
}
_TOOLS = {"command_execution": "shell", "file_change": "edit"}
_RETRYING = re.compile(r"Reconnecting\.\.\.", re.I)


@dataclass(frozen=True)
class CodexRunner:
    profile: CodexAgent
    folder: Path

    def run(self, assignment: Assignment, desk: Desk) -> AgentRun:
        return run_tool(TOOL, self.profile, self.folder, assignment, desk, invoke=_invocation)


def _invocation(profile: CodexAgent, seat: Seat) -> Invocation:
    variables = {"CODEX_HOME": str(seat.home), **({_KEY: seat.key or NO_KEY} if _has_provider(profile, seat) else {})}
    return Invocation(_arguments(profile, seat), variables, CodexSpeech(profile, seat), "openai")


def _arguments(profile: CodexAgent, seat: Seat) -> list[str]:
    settings: dict[str, Any] = _SETTINGS | _provider(profile, seat)
    if profile.effort:
        settings["model_reasoning_effort"] = profile.effort
    return [
        "exec",
        *profile.arguments,
        *("--json", "--dangerously-bypass-approvals-and-sandbox", "--skip-git-repo-check"),
        *(word for name in _NO_EXTRAS for word in ("--disable", name)),
        *(word for name, value in settings.items() for word in ("-c", f"{name}={json.dumps(value)}")),
        *(("--model", profile.model) if profile.model else ()),
        "-",
    ]


def _has_provider(profile: CodexAgent, seat: Seat) -> bool:
    """Whether the blueprint says whom to ask; otherwise the user's own settings do."""
    return bool(profile.base_url or seat.key)


def _provider(profile: CodexAgent, seat: Seat) -> dict[str, Any]:
    """A provider of ours, since only such a one takes its key from a variable."""
    if not _has_provider(profile, seat):
        return {}
    provider = {
        "name": "Missions",
        "base_url": profile.base_url or _OPENAI,
        "env_key": _KEY,
        "wire_api": "responses",
    }
    named = {f"model_providers.missions.{name}": value for name, value in provider.items()}
    return {"model_provider": "missions", **named}


class CodexSpeech:
    """Items are the conversation. Usage is told once, at the end; of each call only in the record in its folder."""

    def __init__(self, profile: CodexAgent, seat: Seat) -> None:
        self.model = profile.model
        self._seat = seat
        self._session = ""
        self._text = ""
        self._calls = set[str]()
        self._turns = 0
        self._journal: Journal | None = None

    def event(self, event: Event) -> Iterable[Said]:
        return [*self._usage(), *self._meaning(event)]

    def prose(self, text: str) -> Iterable[Said]:
        return printed(text)

    def conclude(self, finished: Finished, last_words: str) -> Iterable[Said]:
        return [*self._usage(), *concluded(finished, last_words)]

    def _meaning(self, event: Event) -> Iterable[Said]:
        match event["type"]:
            case "thread.started":
                self._session = event["thread_id"]
                self._journal = Journal(self._seat.home / "sessions", f"**/*{self._session}.jsonl")
                return [started("codex", self._seat, self.model, self._session)]
            case "item.started" | "item.completed":
                return self._item(event["item"], done=event["type"] == "item.completed")
            case "error":
                return _error(text_of(event, "message"))
            case "turn.completed":
                return [self._end(inside(event, "usage"))]
            case "turn.failed":
                return [failed(None, text_of(inside(event, "error"), "message"), session=self._session)]
            case _:
                return []

    def _item(self, item: Mapping[str, Any], *, done: bool) -> Iterable[Said]:
        match item["type"]:
            case "agent_message":
                self._text = item["text"]
                return [(Entry.TEXT, {"text": item["text"]})]
            case "reasoning":
                return [(Entry.THINKING, {"text": item["text"]})]
            case "error":
                return printed(item["message"])
            case "todo_list":
                return []
            case _:
                return self._tool(item, done=done)

    def _tool(self, item: Mapping[str, Any], *, done: bool) -> Iterable[Said]:
        """Some tools are told only when they are done."""
        if item["id"] not in self._calls:
            self._calls.add(item["id"])
            yield Entry.CALL, {"id": item["id"], "tool": _tool_name(item), "input": _tool_input(item)}
        if item.get("status") == "declined":
            yield Entry.DENIED, {"tool": _tool_name(item), "input": _tool_input(item)}
        if done:
            yield Entry.OUTPUT, _output(item)

    def _usage(self) -> Iterable[Said]:
        for line in self._journal.news() if self._journal else ():
            payload = inside(line, "payload")
            if payload.get("type") == "token_count" and (used := inside(payload, "info", "last_token_usage")):
                self._turns += 1
                yield Entry.USAGE, _tokens(used)

    def _end(self, usage: Mapping[str, Any]) -> Said:
        """The usage is the conversation's, which is this run's own."""
        facts = {"text": self._text, "turns": self._turns or None, "session": self._session, "usage": _tokens(usage)}
        return Entry.END, {"reason": EndReason.FINISHED.value, **facts}


def _error(message: str) -> Iterable[Said]:
    """Final ones come again as `turn.failed`."""
    return [(Entry.RETRY, {"reason": message})] if _RETRYING.search(message) else printed(message)


def _tool_name(item: Mapping[str, Any]) -> str:
    kind: str = item["type"]
    return _TOOLS.get(kind) or text_of(item, "tool") or kind


def _tool_input(item: Mapping[str, Any]) -> Any:
    known = ("command", "changes", "arguments", "query")
    return {name: item[name] for name in known if name in item}


def _output(item: Mapping[str, Any]) -> dict[str, Any]:
    told = item.get("aggregated_output", item.get("result", item.get("error")))
    text = told if isinstance(told, str) else "" if told is None else json.dumps(told, ensure_ascii=False)
    error = item.get("status") in ("failed", "declined") or None
    return {"id": item["id"], "text": text, "exitCode": item.get("exit_code"), "error": error}


def _tokens(usage: Mapping[str, Any]) -> dict[str, float]:
    """Its input includes what a cache held."""
    read, written = number(usage, "cached_input_tokens"), number(usage, "cache_write_input_tokens")
    fresh = max(0, number(usage, "input_tokens") - read - written)
    return {"input": fresh, "cacheRead": read, "cacheWrite": written, "output": number(usage, "output_tokens")}
