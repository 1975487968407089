"""Scripted faults, as the providers' own clients see them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anthropic
import httpx
import httpx2
import openai
import pytest

from agents.rehearsal.script import Script
from agents.rehearsal.server import ModelServer
from tests.agents.rehearsal.clients import Clients, ask_chat, ask_messages, ask_responses

Serve = Callable[..., ModelServer]
Connect = Callable[[ModelServer], Clients]
Scripted = Callable[..., Clients]

HELLO: list[Any] = [{"role": "user", "content": "hello"}]
GEMINI: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}

ERRORS: dict[str, tuple[type[Exception], str, type[Exception], str | None, int]] = {
    "rate-limit": (anthropic.RateLimitError, "rate_limit_error", openai.RateLimitError, "rate_limit_exceeded", 429),
    "quota": (anthropic.BadRequestError, "invalid_request_error", openai.RateLimitError, "insufficient_quota", 429),
    "unauthenticated": (
        anthropic.AuthenticationError,
        "authentication_error",
        openai.AuthenticationError,
        "invalid_api_key",
        400,
    ),
    "overloaded": (
        anthropic.InternalServerError,
        "overloaded_error",
        openai.InternalServerError,
        "server_is_overloaded",
        503,
    ),
    "internal": (anthropic.InternalServerError, "api_error", openai.InternalServerError, "server_error", 500),
    "prompt-too-long": (
        anthropic.BadRequestError,
        "invalid_request_error",
        openai.BadRequestError,
        "context_length_exceeded",
        400,
    ),
    "model-not-found": (anthropic.NotFoundError, "not_found_error", openai.NotFoundError, "model_not_found", 404),
}


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_looks_like_the_provider_s(scripted: Scripted, error: str) -> None:
    for_messages, kind, for_openai, code, gemini = ERRORS[error]
    clients = scripted({"text": "never", "fault": {"error": error}})
    with pytest.raises(for_messages) as caught:
        ask_messages(clients, HELLO)
    assert isinstance(caught.value, anthropic.APIStatusError)
    body: Any = caught.value.body
    assert (body["type"], body["error"]["type"]) == ("error", kind)
    for ask in (ask_responses, ask_chat):
        with pytest.raises(for_openai) as refused:
            ask(clients, HELLO)
        assert isinstance(refused.value, openai.APIStatusError)
        assert refused.value.code == code
    assert clients.gemini(GEMINI).json()["error"]["code"] == gemini


def test_status_message_and_retry_after_may_be_given(serve: Serve, connect: Connect) -> None:
    server = serve({"steps": [{"fault": {"status": 429, "retry_after": "3s", "message": "Slowly"}}]})
    clients = connect(server)
    with pytest.raises(anthropic.RateLimitError, match="Slowly") as caught:
        ask_messages(clients, HELLO)
    assert caught.value.response.headers["retry-after"] == "3"
    assert clients.gemini(GEMINI).json()["error"]["details"][0]["retryDelay"] == "3s"
    assert [(call.status, call.fault, call.usage) for call in server.calls] == [(429, "status", None)] * 2


def test_the_client_s_own_retries_get_past_a_fault_that_happens_once(serve: Serve, connect: Connect) -> None:
    fault = {"status": 529, "times": 1, "retry_after": "1ms"}
    server = serve({"steps": [{"text": "hi", "fault": fault}]})
    patient = connect(server).messages.with_options(max_retries=1)
    answer = patient.messages.create(model="m", max_tokens=9, messages=HELLO)
    assert answer.stop_reason == "end_turn"
    assert [call.status for call in server.calls] == [529, 200]


@pytest.mark.parametrize(
    ("per", "statuses"), [("conversation", [529, 529, 200, 200]), ("server", [529, 200, 200, 200])]
)
def test_a_fault_is_counted_for_each_conversation_or_for_all(
    serve: Serve, connect: Connect, per: str, statuses: list[int]
) -> None:
    server = serve({"steps": [{"fault": {"status": 529, "times": 1, "per": per}}]})
    for prompt in ("a", "b", "a", "b"):
        connect(server).http.post(f"{server.url}/v1/messages", json={"max_tokens": 9, "messages": _user(prompt)})
    assert [call.status for call in server.calls] == statuses


def _user(prompt: str) -> list[Any]:
    return [{"role": "user", "content": prompt}]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_reset_before_the_first_byte_is_a_connection_error(scripted: Scripted, stream: bool) -> None:
    clients = scripted({"fault": {"kind": "reset"}})
    with pytest.raises(anthropic.APIConnectionError):
        ask_messages(clients, HELLO, stream=stream)
    for ask in (ask_responses, ask_chat):
        with pytest.raises(openai.APIConnectionError):
            ask(clients, HELLO, stream=stream)
    with pytest.raises(httpx.NetworkError):
        clients.gemini(GEMINI)


@pytest.mark.parametrize("kind", ["stream-reset", "stream-truncate"])
def test_a_whole_answer_that_breaks_off_is_a_connection_error(scripted: Scripted, kind: str) -> None:
    clients = scripted({"text": "never whole", "fault": {"kind": kind}})
    with pytest.raises((anthropic.APIConnectionError, httpx2.TransportError)):
        ask_messages(clients, HELLO)
    for ask in (ask_responses, ask_chat):
        with pytest.raises((openai.APIConnectionError, httpx2.TransportError)):
            ask(clients, HELLO)


def test_a_reset_in_a_stream_comes_after_the_events_asked_for(scripted: Scripted) -> None:
    clients = scripted({"text": "never whole", "fault": {"kind": "stream-reset", "after": 3}})
    seen: list[str] = []
    streamed = clients.messages.messages.create(model="m", max_tokens=9, messages=HELLO, stream=True)
    with pytest.raises((anthropic.APIConnectionError, httpx2.TransportError)):
        seen.extend(event.type for event in streamed)
    assert seen == ["message_start", "content_block_start", "content_block_delta"]
    for ask in (ask_responses, ask_chat):
        with pytest.raises((openai.APIConnectionError, httpx2.TransportError)):
            ask(clients, HELLO, stream=True)


def test_a_stream_that_ends_early_has_no_stop_reason(scripted: Scripted) -> None:
    clients = scripted({"text": "never whole", "fault": {"kind": "stream-truncate", "after": 3}})
    assert ask_messages(clients, HELLO, stream=True).stop_reason is None
    with pytest.raises(RuntimeError, match=r"response\.completed"):
        ask_responses(clients, HELLO, stream=True)
    lines = clients.gemini(GEMINI, "streamGenerateContent?alt=sse").text
    assert "never whole" in lines


def test_an_error_event_in_a_stream_is_an_error_of_the_provider(scripted: Scripted) -> None:
    clients = scripted({"text": "never whole", "fault": {"kind": "stream-error", "after": 2}})
    with pytest.raises(anthropic.APIStatusError) as caught:
        ask_messages(clients, HELLO, stream=True)
    assert (caught.value.status_code, caught.value.type) == (200, "overloaded_error")
    for ask in (ask_responses, ask_chat):
        with pytest.raises(openai.APIError, match="overloaded"):
            ask(clients, HELLO, stream=True)
    assert '"UNAVAILABLE"' in clients.gemini(GEMINI, "streamGenerateContent?alt=sse").text


def test_a_failed_response_says_so_in_its_event_and_whole(scripted: Scripted) -> None:
    clients = scripted({"text": "never", "fault": {"kind": "response-failed", "error": "rate-limit"}})
    events = clients.openai.responses.create(model="m", input="hello", stream=True)
    failed = [event.response for event in events if event.type == "response.failed"]
    failed.append(ask_responses(clients, HELLO))
    assert [(response.status, response.error and response.error.code) for response in failed] == [
        ("failed", "rate_limit_exceeded")
    ] * 2


@pytest.mark.parametrize("kind", ["hang", "stream-hang"])
def test_a_hang_is_a_timeout_for_the_client_and_ends_with_it(connect: Connect, kind: str) -> None:
    step = {"text": "never", "fault": {"kind": kind}}
    with ModelServer([Script.model_validate({"steps": [step]})]) as server:
        before = set(threading.enumerate())
        with pytest.raises((anthropic.APITimeoutError, httpx2.ReadTimeout)):
            ask_messages(connect(server), HELLO, stream=kind == "stream-hang", timeout=0.2)
        for connection in set(threading.enumerate()) - before:
            connection.join(30)
        assert set(threading.enumerate()) <= before
    assert [call.fault for call in server.calls] == [kind]


@pytest.mark.parametrize("step", [{"fault": {"kind": "stream-hang"}}, {"text": "x", "chunk_delay": "1h"}])
def test_a_server_that_stops_lets_go_of_who_waits(connect: Connect, step: dict[str, Any]) -> None:
    before = threading.active_count()
    with ModelServer([Script.model_validate({"steps": [step]})]) as server:
        streamed = connect(server).messages.messages.create(model="m", max_tokens=9, messages=HELLO, stream=True)
        assert next(streamed).type == "message_start"
    assert threading.active_count() == before
    with pytest.raises((anthropic.APIConnectionError, httpx2.TransportError)):
        next(streamed)


def test_a_client_that_leaves_is_no_matter(connect: Connect, capfd: pytest.CaptureFixture[str]) -> None:
    step = {"text": "word " * 50, "chunk_delay": "1ms"}
    with ModelServer([Script.model_validate({"steps": [step]})]) as server:
        clients = connect(server)
        for _ in range(3):
            with clients.messages.messages.create(model="m", max_tokens=9, messages=HELLO, stream=True) as streamed:
                next(streamed)
        assert ask_messages(clients, HELLO, stream=True).stop_reason == "end_turn"
    assert capfd.readouterr() == ("", "")
