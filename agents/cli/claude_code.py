"""`kind: claude-code`: the program `claude`, heard through its stream of JSON."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.base import AgentRun, Assignment, Desk
from agents.cli.json_fields import inside, number, objects, text_of, tokens
from agents.cli.run import Invocation, Seat, concluded, failed, run_tool, started
from agents.cli.tool import Tool
from agents.credentials import NO_KEY
from agents.hearing import Event, Said, printed
from blueprints.agents import ClaudeCodeAgent
from ledger.conversation import EndReason, Entry
from workspaces.process import Finished

TOOL = Tool("claude", "@anthropic-ai/claude-code")
_LOGIN = "CLAUDE_CODE_OAUTH_TOKEN"
_LOGIN_BEGINS = "sk-ant-oat"
_NO_ATTRIBUTION = json.dumps({"attribution": {"commit": "", "pr": ""}})
_EXIT_CODE = re.compile(r"Exit code (\d+)")
_LIMITS = {
    "error_max_turns": EndReason.TURNS,
    "max_turns": EndReason.TURNS,
    "error_max_budget_usd": EndReason.MONEY,
    "budget_exhausted": EndReason.MONEY,
}
_TOTALS = {
    "input": "inputTokens",
    "cacheRead": "cacheReadInputTokens",
    "cacheWrite": "cacheCreationInputTokens",
    "output": "outputTokens",
}


@dataclass(frozen=True)
class ClaudeCodeRunner:
    profile: ClaudeCodeAgent
    folder: Path

    def run(self, assignment: Assignment, desk: Desk) -> AgentRun:
        return run_tool(TOOL, self.profile, self.folder, assignment, desk, invoke=_invocation)


def _invocation(profile: ClaudeCodeAgent, seat: Seat) -> Invocation:
    return Invocation(_arguments(profile, seat), _variables(profile, seat), ClaudeCodeSpeech(seat), "anthropic")


def _arguments(profile: ClaudeCodeAgent, seat: Seat) -> list[str]:
    return [
        "-p",
        *profile.arguments,
        *("--output-format", "stream-json", "--verbose", "--include-partial-messages"),
        "--dangerously-skip-permissions",
        "--strict-mcp-config",
        *("--settings", _NO_ATTRIBUTION),
        *("--session-id", seat.session),
        *("--max-turns", str(profile.max_turns)),
        *(("--max-budget-usd", f"{profile.max_usd:g}") if profile.max_usd else ()),
        *(("--model", profile.model) if profile.model else ()),
        *(("--effort", profile.effort) if profile.effort else ()),
    ]


def _variables(profile: ClaudeCodeAgent, seat: Seat) -> dict[str, str]:
    variables = {
        "CLAUDE_CONFIG_DIR": str(seat.home),
        "IS_SANDBOX": "1",  # otherwise it refuses to work unasked for root
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",  # they keep it alive after its end, and start it anew
    }
    if profile.base_url:
        variables["ANTHROPIC_BASE_URL"] = profile.base_url
    if shutil.which("bwrap"):
        variables["CLAUDE_CODE_SUBPROCESS_ENV_SCRUB"] = "1"
    return variables | _credential(profile, seat)


def _credential(profile: ClaudeCodeAgent, seat: Seat) -> dict[str, str]:
    if seat.credential is None:
        return {"ANTHROPIC_API_KEY": NO_KEY} if profile.base_url and not profile.home else {}
    is_login = seat.credential.name == _LOGIN or seat.credential.value.startswith(_LOGIN_BEGINS)
    return {_LOGIN if is_login else "ANTHROPIC_API_KEY": seat.credential.value}


class ClaudeCodeSpeech:
    """`assistant` and `user` events are the conversation, `stream_event` the only place with each call's usage."""

    def __init__(self, seat: Seat) -> None:
        self.model: str | None = None
        self._seat = seat

    def event(self, event: Event) -> Iterable[Said]:
        match event["type"]:
            case "system":
                return self._system(event)
            case "assistant" if event["message"].get("model") != "<synthetic>":  # its own words about an error
                return [said for block in objects(event["message"], "content") for said in _spoken(block)]
            case "user":
                return [said for block in objects(event["message"], "content") for said in _result(block)]
            case "stream_event" if event["event"]["type"] == "message_delta":
                return [(Entry.USAGE, tokens(event["event"]["usage"]))]
            case "result":
                return [*_denials(event), self._end(event)]
            case _:
                return []

    def prose(self, text: str) -> Iterable[Said]:
        return printed(text)

    def conclude(self, finished: Finished, last_words: str) -> Iterable[Said]:
        return concluded(finished, last_words)

    def _system(self, event: Event) -> Iterable[Said]:
        match event.get("subtype"):
            case "init":
                self.model = event.get("model")
                return [started("claude-code", self._seat, self.model, event.get("session_id"))]
            case "api_retry":
                reason = f"status {event.get('error_status')}: {event.get('error')}"
                return [(Entry.RETRY, {"reason": reason, "seconds": number(event, "retry_delay_ms") / 1000})]
            case "compact_boundary":
                told = inside(event, "compact_metadata")
                return [(Entry.COMPACTION, {"before": told.get("pre_tokens"), "after": told.get("post_tokens")})]
            case _:
                return []

    def _end(self, event: Event) -> Said:
        """`is_error` tells; the subtype is `success` also when the provider answered with an error."""
        facts = {"turns": event.get("num_turns"), "session": event.get("session_id"), "usage": self._total(event)}
        text = text_of(event, "result")
        limit = _LIMITS.get(text_of(event, "subtype")) or _LIMITS.get(text_of(event, "terminal_reason"))
        if event["is_error"] and not limit:
            return failed(event.get("api_error_status"), text or text_of(event, "terminal_reason"), **facts)
        return Entry.END, {"reason": (limit or EndReason.FINISHED).value, "text": text, **facts}

    def _total(self, event: Event) -> dict[str, float]:
        """Of all models and subagents, since the start of the conversation, which is this run's own."""
        models = objects(event, "modelUsage")
        if not models:
            return tokens(inside(event, "usage"))
        added = {ours: sum(number(model, name) for model in models) for ours, name in _TOTALS.items()}
        guessed = self._seat.priced or any(model.get("costBasis") == "unknown" for model in models)
        return added if guessed else {**added, "usd": number(event, "total_cost_usd")}


def _spoken(block: Mapping[str, Any]) -> Iterable[Said]:
    match block["type"]:
        case "text":
            yield Entry.TEXT, {"text": block["text"]}
        case "thinking":
            yield Entry.THINKING, {"text": block["thinking"]}
        case "tool_use":
            yield Entry.CALL, {"id": block["id"], "tool": block["name"], "input": block["input"]}
        case _:
            pass


def _result(block: Mapping[str, Any]) -> Iterable[Said]:
    if block["type"] != "tool_result":
        return
    parts = [text_of(part, "text") or f"[{part.get('type')}]" for part in objects(block, "content")]
    text = text_of(block, "content") or "\n".join(parts)
    error = bool(block.get("is_error")) or None
    code = _EXIT_CODE.match(text) if error else None
    yield Entry.OUTPUT, {"id": block["tool_use_id"], "text": text, "error": error, "exitCode": code and int(code[1])}


def _denials(event: Event) -> Iterable[Said]:
    for denial in objects(event, "permission_denials"):
        yield Entry.DENIED, {"tool": denial["tool_name"], "input": denial.get("tool_input")}
