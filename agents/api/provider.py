"""Which API a conversation goes over; the SDK of the other ones is not loaded."""

from __future__ import annotations

from collections.abc import Sequence

from agents.api.spec import Spec
from agents.api.turns import Declaration, Provider


def provider_for(spec: Spec, system: str, tools: Sequence[Declaration]) -> Provider:
    """The API of this conversation, ready to be asked."""
    match spec.api:
        case "messages":
            from agents.api.messages import MessagesApi

            return MessagesApi(spec, system, tools)
        case "responses":
            from agents.api.responses import ResponsesApi

            return ResponsesApi(spec, system, tools)
        case "chat":
            from agents.api.chat import ChatApi

            return ChatApi(spec, system, tools)
