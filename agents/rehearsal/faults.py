"""When a scripted fault is due, and how each provider words it."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace

from agents.rehearsal.exchange import Problem
from agents.rehearsal.position import Position
from agents.rehearsal.script import ErrorName, Fault

_QUOTA = "You exceeded your current quota, please check your plan and billing details."
_ANTHROPIC: dict[ErrorName, Problem] = {
    "rate-limit": Problem(429, "rate_limit_error", None, "This request would exceed your rate limit."),
    "quota": Problem(400, "invalid_request_error", None, "Your credit balance is too low to access the Anthropic API."),
    "unauthenticated": Problem(401, "authentication_error", None, "invalid x-api-key"),
    "forbidden": Problem(403, "permission_error", None, "Your API key may not use this resource."),
    "overloaded": Problem(529, "overloaded_error", None, "Overloaded"),
    "internal": Problem(500, "api_error", None, "Internal server error"),
    "prompt-too-long": Problem(
        400, "invalid_request_error", None, "prompt is too long: 210000 tokens > 200000 maximum"
    ),
    "model-not-found": Problem(404, "not_found_error", None, "model: {model}"),
    "bad-request": Problem(400, "invalid_request_error", None, "messages: the request is not valid"),
}
_INVALID = "invalid_request_error"
_LONG = "context_length_exceeded"
_OPENAI: dict[ErrorName, Problem] = {
    "rate-limit": Problem(429, "tokens", "rate_limit_exceeded", "Rate limit reached for {model} on tokens per min."),
    "quota": Problem(429, "insufficient_quota", "insufficient_quota", _QUOTA),
    "unauthenticated": Problem(401, _INVALID, "invalid_api_key", "Incorrect API key provided."),
    "forbidden": Problem(403, _INVALID, "unsupported_country_region_territory", "Access is not allowed."),
    "overloaded": Problem(503, "server_error", "server_is_overloaded", "The server is currently overloaded."),
    "internal": Problem(500, "server_error", "server_error", "The server had an error while processing your request."),
    "prompt-too-long": Problem(400, _INVALID, _LONG, "Your input exceeds the context window of this model.", "input"),
    "model-not-found": Problem(404, _INVALID, "model_not_found", "The model `{model}` does not exist.", "model"),
    "bad-request": Problem(400, _INVALID, None, "The request is not valid."),
}
_GEMINI: dict[ErrorName, Problem] = {
    "rate-limit": Problem(429, "RESOURCE_EXHAUSTED", None, "Resource has been exhausted (e.g. check quota)."),
    "quota": Problem(429, "RESOURCE_EXHAUSTED", None, _QUOTA),
    "unauthenticated": Problem(400, "INVALID_ARGUMENT", None, "API key not valid. Please pass a valid API key."),
    "forbidden": Problem(403, "PERMISSION_DENIED", None, "The caller does not have permission"),
    "overloaded": Problem(503, "UNAVAILABLE", None, "The model is overloaded. Please try again later."),
    "internal": Problem(500, "INTERNAL", None, "An internal error has occurred."),
    "prompt-too-long": Problem(
        400,
        "INVALID_ARGUMENT",
        None,
        "The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).",
    ),
    "model-not-found": Problem(404, "NOT_FOUND", None, "models/{model} is not found for API version v1beta."),
    "bad-request": Problem(400, "INVALID_ARGUMENT", None, "Request contains an invalid argument."),
}
_PROBLEMS = {"messages": _ANTHROPIC, "responses": _OPENAI, "chat": _OPENAI, "gemini": _GEMINI}
_USUAL: dict[int, ErrorName] = {
    400: "bad-request",
    401: "unauthenticated",
    403: "forbidden",
    404: "model-not-found",
    429: "rate-limit",
    503: "overloaded",
    529: "overloaded",
}


class Faults:
    """Counts how often each fault happened."""

    def __init__(self) -> None:
        self._happened: Counter[tuple[int, int, str]] = Counter()
        self._lock = threading.Lock()

    def due(self, position: Position) -> Fault | None:
        """The fault of this request, which then has happened."""
        fault = position.script.step(position.step).fault
        if fault is None or fault.times is None:
            return fault
        whose = position.conversation if fault.per == "conversation" else ""
        counted = (id(position.script), position.step, whose)  # names need not be unique
        with self._lock:
            self._happened[counted] += 1
            return fault if self._happened[counted] <= fault.times else None


def explain(fault: Fault, api: str, model: str) -> Problem:
    """The fault in the provider's words."""
    name = fault.error or (_USUAL.get(fault.status, "internal") if fault.status else "overloaded")
    usual = _PROBLEMS[api][name]
    return replace(
        usual,
        status=fault.status or usual.status,
        type=fault.type or usual.type,
        code=fault.code or usual.code,
        message=fault.message or usual.message.replace("{model}", model),
        retry_after=fault.retry_after,
    )


def refuse(api: str, message: str) -> Problem:
    """A request that the provider would not take, or that no script answers."""
    return replace(_PROBLEMS[api]["bad-request"], message=message)
