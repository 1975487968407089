"""Which protocol an address belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from agents.rehearsal.chat import ChatApi
from agents.rehearsal.exchange import Api, Data
from agents.rehearsal.gemini import GeminiApi
from agents.rehearsal.messages import MessagesApi
from agents.rehearsal.responses import ResponsesApi

MODEL = "scripted-1"
"""The model that lists name; any other name is taken too."""


@dataclass(frozen=True)
class Route:
    """What is asked at an address."""

    api: Api
    counts: str = ""
    """Set where tokens are counted only: the field of the answer that has them."""
    said: Data = field(default_factory=dict[str, Any])
    """What the address says of the request."""


_ROUTES: dict[str, Route] = {
    "/messages": Route(MessagesApi()),
    "/messages/count_tokens": Route(MessagesApi(), "input_tokens", {"max_tokens": 1}),
    "/responses": Route(ResponsesApi()),
    "/responses/input_tokens": Route(ResponsesApi(), "input_tokens"),
    "/chat/completions": Route(ChatApi()),
}
_VERSION = re.compile(r"^(/v1(alpha|beta)?)?(?=/)")
_GEMINI = re.compile(r"/models/(?P<model>[^:]+):(?P<verb>generateContent|streamGenerateContent|countTokens)")


def find_route(target: str) -> Route | None:
    """The route of a request's target; a version in front and the query do not matter."""
    parts = urlsplit(target)
    path = _VERSION.sub("", parts.path)
    if match := _GEMINI.fullmatch(path):
        stream = match["verb"] == "streamGenerateContent"
        counts = "totalTokens" if match["verb"] == "countTokens" else ""
        return Route(GeminiApi(), counts, {"model": match["model"], "stream": stream})
    return _ROUTES.get(path)


def find_key(headers: Mapping[str, str], target: str) -> str:
    """The credential as sent."""
    bearer = headers.get("authorization", "").removeprefix("Bearer ")
    query = parse_qs(urlsplit(target).query).get("key", [""])[0]
    return headers.get("x-api-key") or headers.get("x-goog-api-key") or bearer or query


def find_session(headers: Mapping[str, str]) -> str:
    """What the client's headers call its conversation."""
    names = ("x-claude-code-session-id", "session-id", "session_id", "x-session-id")
    return next((headers[name] for name in names if name in headers), "")


def models(target: str) -> Data | None:
    """A list of models, or one of them, for every protocol's clients; None for any other address."""
    path = _VERSION.sub("", urlsplit(target).path)
    if path == "/models":
        listed = [_model(MODEL)]
        page = {"has_more": False, "first_id": MODEL, "last_id": MODEL}
        return {"object": "list", "data": listed, "models": listed, **page}
    return _model(path.removeprefix("/models/")) if path.startswith("/models/") else None


def _model(name: str) -> Data:
    openai = {"id": name, "object": "model", "created": 1767225600, "owned_by": "rehearsal"}
    anthropic = {"type": "model", "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
    return {**openai, **anthropic, "name": f"models/{name}", "displayName": name}
