"""How each program says what happens to it: the shapes of its lines, as they were recorded, with words of our own."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Protocol

SESSION = "0e8a4a57-2125-4032-9369-b52dcce619bc"


class Dialect(Protocol):
    def start(self) -> None: ...
    def text(self, text: str) -> None: ...
    def tool(self, command: str, output: str, code: int) -> None: ...
    def denied(self) -> None:
        """A tool is refused."""
        ...

    def call(self) -> None:
        """A call of the model is over: 10 tokens are new, 20 cached, 5 written."""
        ...

    def retry(self, status: int, message: str) -> None: ...
    def finish(self) -> int:
        """Told its end; the exit code."""
        ...

    def refused(self, status: int, message: str) -> int:
        """The provider refused for good."""
        ...


def say(**event: Any) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def keep(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text + "\n")


class Claude:
    calls = 0
    denials: list[dict[str, Any]]

    def start(self) -> None:
        self.denials = []
        say(type="system", subtype="init", session_id=_option("--session-id"), model="claude-opus-5")

    def text(self, text: str) -> None:
        self._say("assistant", {"type": "text", "text": text})

    def tool(self, command: str, output: str, code: int) -> None:
        self._say("assistant", {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": command}})
        content = f"Exit code {code}\n{output}" if code else output
        self._say("user", {"type": "tool_result", "tool_use_id": "t1", "content": content, "is_error": bool(code)})

    def denied(self) -> None:
        self.denials.append({"tool_name": "Edit", "tool_use_id": "t2", "tool_input": {"file_path": "x"}})

    def call(self) -> None:
        self.calls += 1
        usage = {"input_tokens": 10, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 0}
        say(type="stream_event", event={"type": "message_delta", "usage": {**usage, "output_tokens": 5}})

    def retry(self, status: int, message: str) -> None:
        say(type="system", subtype="api_retry", attempt=1, retry_delay_ms=500, error_status=status, error=message)

    def finish(self) -> int:
        return self._result(False, "Done.")

    def refused(self, status: int, message: str) -> int:
        return self._result(True, message, api_error_status=status, terminal_reason="api_error")

    def turns_met(self) -> int:
        return self._result(True, "", subtype="error_max_turns", terminal_reason="max_turns")

    def _say(self, role: str, block: dict[str, Any]) -> None:
        usage = {"input_tokens": 10, "output_tokens": 1}
        say(type=role, message={"role": role, "model": "claude-opus-5", "content": [block], "usage": usage})

    def _result(self, is_error: bool, result: str, **more: Any) -> int:
        calls = self.calls
        model = {"inputTokens": 10 * calls, "cacheReadInputTokens": 20 * calls, "outputTokens": 5 * calls}
        say(
            type="result",
            **{"subtype": "success", **more},
            is_error=is_error,
            result=result,
            num_turns=calls,
            session_id=_option("--session-id"),
            total_cost_usd=0.5,
            modelUsage={"claude-opus-5": {**model, "costBasis": "list"}} if calls else {},
            permission_denials=self.denials,
        )
        return int(is_error)


class Codex:
    calls = 0
    items = 0

    def start(self) -> None:
        say(type="thread.started", thread_id=SESSION)
        say(type="turn.started")

    def text(self, text: str) -> None:
        say(type="item.completed", item={"id": self._id(), "type": "agent_message", "text": text})

    def tool(self, command: str, output: str, code: int) -> None:
        item = {"id": self._id(), "type": "command_execution", "command": command, "aggregated_output": ""}
        say(type="item.started", item={**item, "exit_code": None, "status": "in_progress"})
        done = {"aggregated_output": output, "exit_code": code, "status": "failed" if code else "completed"}
        say(type="item.completed", item={**item, **done})

    def denied(self) -> None:
        item = {"id": self._id(), "type": "command_execution", "command": "x", "aggregated_output": ""}
        say(type="item.completed", item={**item, "exit_code": None, "status": "declined"})

    def call(self) -> None:
        self.calls += 1
        folder = Path(os.environ["CODEX_HOME"]) / "sessions" / "2026" / "11" / "21"
        info = {"total_token_usage": self._usage(self.calls), "last_token_usage": self._usage(1)}
        line = {"type": "event_msg", "payload": {"type": "token_count", "info": info}}
        keep(folder / f"rollout-2026-11-21T15-44-19-{SESSION}.jsonl", json.dumps(line))
        say(type="turn.updated")

    def retry(self, status: int, message: str) -> None:
        say(type="error", message=f"Reconnecting... 1/5 (unexpected status {status}: {message})")

    def finish(self) -> int:
        say(type="turn.completed", usage=self._usage(self.calls))
        return 0

    def refused(self, status: int, message: str) -> int:
        say(type="error", message=f"unexpected status {status}: {message}")
        say(type="turn.failed", error={"message": f"unexpected status {status}: {message}"})
        return 1

    def _id(self) -> str:
        self.items += 1
        return f"item_{self.items}"

    def _usage(self, calls: int) -> dict[str, int]:
        return {"input_tokens": 30 * calls, "cached_input_tokens": 20 * calls, "output_tokens": 5 * calls}


class Opencode:
    def start(self) -> None:
        self._say("step_start", type="step-start")

    def text(self, text: str) -> None:
        self._say("text", type="text", text=text)

    def tool(self, command: str, output: str, code: int) -> None:
        state = {"status": "completed", "input": {"command": command}, "output": output, "metadata": {"exit": code}}
        self._say("tool_use", type="tool", tool="bash", callID="c1", state=state)

    def denied(self) -> None:
        state = {"status": "error", "input": {"filePath": "x"}, "error": "The user rejected permission for this tool"}
        self._say("tool_use", type="tool", tool="edit", callID="c2", state=state)

    def call(self) -> None:
        self._step("tool-calls")

    def retry(self, status: int, message: str) -> None:
        complain(f'level=ERROR run=1 message="stream error" providerID=p error.error="AI_APICallError: {message}"')

    def finish(self) -> int:
        self._step("stop", tokens={})
        return 0

    def refused(self, status: int, message: str) -> int:
        data = {"message": message, "statusCode": status, "isRetryable": False}
        say(type="error", sessionID=SESSION, error={"name": "APIError", "data": data})
        return 1

    def _step(self, reason: str, tokens: dict[str, Any] | None = None) -> None:
        used = {"input": 10, "output": 4, "reasoning": 1, "cache": {"read": 20, "write": 0}}
        self._say("step_finish", type="step-finish", reason=reason, tokens=used if tokens is None else tokens, cost=0)

    def _say(self, kind: str, **part: Any) -> None:
        say(type=kind, sessionID=SESSION, part={"sessionID": SESSION, **part})


class Gemini:
    calls = 0

    def start(self) -> None:
        complain("Loaded cached credentials.")
        say(type="init", session_id=_option("--session-id"), model="gemini-3.1-pro-preview")
        say(type="message", role="user", content="the prompt")

    def text(self, text: str) -> None:
        for piece in (text[:3], text[3:]):
            say(type="message", role="assistant", content=piece, delta=True)

    def tool(self, command: str, output: str, code: int) -> None:
        say(type="tool_use", tool_name="run_shell_command", tool_id="s1", parameters={"command": command})
        said = f"{output}Command exited with code: {code}" if code else output
        say(type="tool_result", tool_id="s1", status="success", output=said)

    def denied(self) -> None:
        say(type="tool_use", tool_name="write_file", tool_id="w1", parameters={"file_path": "x"})
        error = {"type": "policy_violation", "message": "Tool execution denied by policy."}
        say(type="tool_result", tool_id="w1", status="error", output="", error=error)

    def call(self) -> None:
        self.calls += 1
        tokens = {"input": 30, "output": 3, "cached": 20, "thoughts": 2, "tool": 0, "total": 35}
        name = f"session-2026-11-21T15-43-{(_option('--session-id') or '')[:8]}.jsonl"
        line = json.dumps({"id": f"m{self.calls}", "type": "gemini", "tokens": tokens})
        keep(Path(os.environ["HOME"]) / ".gemini" / "tmp" / "tree" / "chats" / name, f"{line}\n{line}")
        say(type="progress")

    def retry(self, status: int, message: str) -> None:
        complain(
            f"Attempt 1 failed with status {status}. Retrying with backoff... Error: {message}\n    at retry (x.js)"
        )

    def finish(self) -> int:
        self._result(status="success")
        return 0

    def refused(self, status: int, message: str) -> int:
        self._result(status="error", error={"type": "unknown", "message": f"[API Error: {message}]"})
        return status % 256

    def turns_met(self) -> int:
        self._result(status="error", error={"type": "FatalTurnLimitedError", "message": "Reached max session turns."})
        return 53

    def _result(self, **more: Any) -> None:
        n = self.calls
        model = {"input_tokens": 30 * n, "output_tokens": 3 * n, "cached": 20 * n, "total_tokens": 35 * n}
        say(type="result", stats={**model, "models": {"gemini-3.1-pro-preview": model}}, **more)


class Droid:
    calls = 0

    def start(self) -> None:
        say(type="system", subtype="init", session_id=SESSION, model="custom:Mission-0")
        say(type="message", role="user", text="the prompt")

    def text(self, text: str) -> None:
        say(type="message", role="assistant", id=f"m{self.calls}", text=text)

    def tool(self, command: str, output: str, code: int) -> None:
        say(type="tool_call", id="e1", messageId=f"m{self.calls}", toolName="Execute", parameters={"command": command})
        if code:
            say(type="tool_result", id="e1", isError=True, error={"type": "tool_error", "message": output})
        else:
            say(type="tool_result", id="e1", isError=False, value=output)

    def denied(self) -> None:
        say(type="tool_call", id="e2", messageId=f"m{self.calls}", toolName="Edit", parameters={"file_path": "x"})
        error = {"type": "permission_error", "message": "insufficient permission to proceed"}
        say(type="tool_result", id="e2", isError=True, error=error)

    def call(self) -> None:
        say(type="reasoning", id=f"m{self.calls}", text="I think.")
        self.calls += 1
        usage = {"inputTokens": 10, "cacheReadTokens": 20, "cacheCreationTokens": 0, "outputTokens": 5}
        used = {name: count * self.calls for name, count in usage.items()}
        folder = Path(os.environ["HOME"]) / ".factory" / "sessions" / "-tree"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{SESSION}.settings.json").write_text(json.dumps({"tokenUsage": used}))
        say(type="progress", message="a model answered")

    def retry(self, status: int, message: str) -> None:
        """It prints nothing about that."""
        line = f"[2026-11-21T16:16:18.603Z] WARN: Retry attempt failed\nCaused by:\nError: {status} {message}\n    at x"
        keep(Path(os.environ["HOME"]) / ".factory" / "logs" / "droid-log-single.log", line)

    def finish(self) -> int:
        usage = {"input_tokens": 10, "cache_read_input_tokens": 20, "output_tokens": 5}
        used = {name: count * self.calls for name, count in usage.items()}
        say(type="completion", finalText="Done.", numTurns=self.calls, session_id=SESSION, usage=used)
        return 0

    def refused(self, status: int, message: str) -> int:
        say(type="error", source="agent_loop", message=f"{status} {json.dumps({'error': {'message': message}})}")
        say(type="error", source="cli", message="Exec failed")
        return 1


def _option(name: str) -> str | None:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None


DIALECTS: dict[str, type[Dialect]] = {
    "claude-code": Claude,
    "codex": Codex,
    "opencode": Opencode,
    "gemini": Gemini,
    "droid": Droid,
}
