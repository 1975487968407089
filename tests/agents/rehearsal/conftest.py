from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import anthropic
import httpx
import openai
import pytest

from agents.rehearsal.script import Script
from agents.rehearsal.server import ModelServer
from tests.agents.rehearsal.clients import Clients


@pytest.fixture(scope="session")
def _clients() -> Iterator[Clients]:
    """Made once: each reads all root certificates."""
    with (
        anthropic.Anthropic(base_url="http://127.0.0.1:9", api_key="key", max_retries=0, timeout=30) as messages,
        openai.OpenAI(base_url="http://127.0.0.1:9", api_key="key", max_retries=0, timeout=30) as responses,
        httpx.Client(timeout=30, trust_env=False) as http,
    ):
        yield Clients("", messages, responses, http)


@pytest.fixture
def serve() -> Iterator[Callable[..., ModelServer]]:
    """`serve({"steps": […]}, …)`: a server of these scripts, until the test ends."""
    with ExitStack() as stack:
        yield lambda *scripts, **more: stack.enter_context(
            ModelServer([Script.model_validate(script) for script in scripts], **more)
        )


@pytest.fixture
def connect(_clients: Clients) -> Callable[[ModelServer], Clients]:
    """Clients of a server."""

    def make(server: ModelServer) -> Clients:
        messages = _clients.messages.with_options(base_url=server.url)
        responses = _clients.openai.with_options(base_url=f"{server.url}/v1")
        return Clients(server.url, messages, responses, _clients.http)

    return make


@pytest.fixture
def scripted(serve: Callable[..., ModelServer], connect: Callable[..., Clients]) -> Callable[..., Clients]:
    """`scripted(step, …)`: clients of a server with one script of these steps."""

    def make(*steps: Any, **script: Any) -> Clients:
        return connect(serve({"steps": list(steps), **script}))

    return make
