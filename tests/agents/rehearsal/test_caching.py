"""Cached tokens are what the provider's cache would give: a client that breaks its prefix is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anthropic
import pytest

from agents.rehearsal.server import ModelServer
from tests.agents.rehearsal.clients import Clients, ask_chat, ask_messages, chat_loop, messages_loop, responses_loop

Serve = Callable[..., ModelServer]
Connect = Callable[[ModelServer], Clients]

TURNS = 50
SYSTEM = "Work carefully. " * 750  # 3000 tokens, as an agent's rules and tools have
LONG: dict[str, Any] = {"steps": [{"calls": [{"shell": "echo {{turn}}"}]}] * (TURNS - 1) + ["done"]}
MARKED = [{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}]


def share_read(server: ModelServer) -> float:
    """How much of all input came from the cache."""
    usages = [call.usage for call in server.calls if call.usage]
    assert len(usages) == TURNS
    return sum(usage.cache_read for usage in usages) / sum(usage.whole_input for usage in usages)


def test_a_long_session_with_automatic_caching_is_read_from_the_cache(serve: Serve, connect: Connect) -> None:
    server = serve(LONG)
    talk = messages_loop(connect(server), "go", False, system=SYSTEM, cache_control={"type": "ephemeral"})
    assert share_read(server) > 0.96
    for before, after in zip(talk.usages, talk.usages[1:], strict=False):
        assert after.cache_read_input_tokens == before.cache_read_input_tokens + before.cache_creation_input_tokens
        assert after.input_tokens == 0


def test_a_long_session_with_explicit_breakpoints_is_read_from_the_cache(serve: Serve, connect: Connect) -> None:
    server = serve({"steps": [{"text": "{{turn}}"}]})
    clients, turns = connect(server), list[Any]()
    for turn in range(TURNS):
        block = {"type": "text", "text": f"go on {turn}", "cache_control": {"type": "ephemeral"}}
        ask_messages(clients, [*turns, {"role": "user", "content": [block]}], system=MARKED)
        turns += [{"role": "user", "content": f"go on {turn}"}, {"role": "assistant", "content": f"{turn + 1}"}]
    assert share_read(server) > 0.96


@pytest.mark.parametrize("loop", [responses_loop, chat_loop])
def test_a_long_session_with_a_stable_prefix_is_cached_by_itself(
    serve: Serve, connect: Connect, loop: Callable[..., Any]
) -> None:
    server = serve(LONG)
    talk = loop(connect(server), f"{SYSTEM} go", False, prompt_cache_key="run-1")
    assert share_read(server) > 0.96
    last = server.calls[-1].usage
    assert last is not None
    assert f"'cached_tokens': {last.cache_read}" in str(talk.usages[-1].to_dict())


def test_a_client_that_changes_its_system_prompt_reads_nothing(serve: Serve, connect: Connect) -> None:
    clients = connect(serve({"steps": ["ok"]}))
    marked, turns = {"type": "ephemeral"}, [{"role": "user", "content": "go"}]
    for second in range(3):
        usage = ask_messages(clients, turns, system=f"It is {second}. {SYSTEM}", cache_control=marked, tools=[]).usage
        assert usage.cache_read_input_tokens == 0
        assert (usage.cache_creation_input_tokens or 0) > 3000


def test_without_a_breakpoint_nothing_is_cached(serve: Serve, connect: Connect) -> None:
    clients, turns = connect(serve({"steps": ["ok"]})), [{"role": "user", "content": SYSTEM}]
    usages = [ask_messages(clients, turns).usage for _ in range(2)]
    assert [(usage.cache_read_input_tokens, usage.cache_creation_input_tokens) for usage in usages] == [(0, 0), (0, 0)]
    assert usages[0].input_tokens > 3000


def test_a_prefix_is_shared_with_neither_another_key_nor_another_model(serve: Serve, connect: Connect) -> None:
    clients, turns = connect(serve({"steps": ["ok"]})), [{"role": "user", "content": SYSTEM}]
    marked = {"type": "ephemeral"}
    ask_messages(clients, turns, cache_control=marked)
    assert ask_messages(clients, turns, cache_control=marked).usage.cache_read_input_tokens
    assert not ask_messages(clients.with_key("other"), turns, cache_control=marked).usage.cache_read_input_tokens
    assert not ask_messages(clients, turns, cache_control=marked, model="other").usage.cache_read_input_tokens


def test_a_breakpoint_further_than_twenty_blocks_from_the_last_one_finds_nothing(
    serve: Serve, connect: Connect
) -> None:
    clients, marked = connect(serve({"steps": ["ok"]})), {"type": "ephemeral"}
    parts = [{"type": "text", "text": str(number)} for number in range(22)]
    ask_messages(clients, [{"role": "user", "content": parts[:1]}], cache_control=marked)
    assert not ask_messages(
        clients, [{"role": "user", "content": parts}], cache_control=marked
    ).usage.cache_read_input_tokens


def test_more_than_four_breakpoints_are_refused(serve: Serve, connect: Connect) -> None:
    parts = [{**MARKED[0], "text": str(number)} for number in range(5)]
    with pytest.raises(anthropic.BadRequestError, match=r"maximum of 4 blocks.*Found 5"):
        ask_messages(connect(serve({"steps": ["ok"]})), [{"role": "user", "content": parts}])


def test_a_changed_item_ends_the_cached_prefix_there(serve: Serve, connect: Connect) -> None:
    clients = connect(serve({"steps": ["ok"]}))
    system, user = {"role": "system", "content": SYSTEM}, {"role": "user", "content": SYSTEM}
    first = ask_chat(clients, [system, user]).usage
    changed = ask_chat(clients, [system, {**user, "content": f"{SYSTEM}!"}]).usage
    assert first.prompt_tokens_details.cached_tokens == 0
    assert 3000 < changed.prompt_tokens_details.cached_tokens < 3200


def test_tokens_are_counted_without_a_call(serve: Serve, connect: Connect) -> None:
    server = serve({"steps": ["ok"]})
    clients, turns = connect(server), [{"role": "user", "content": SYSTEM}]
    counted = clients.messages.messages.count_tokens(model="scripted-1", messages=turns).input_tokens  # type: ignore[arg-type]
    gemini = clients.gemini({"contents": [{"role": "user", "parts": [{"text": SYSTEM}]}]}, "countTokens").json()
    assert 3000 < counted < 3100
    assert 3000 < gemini["totalTokens"] < 3100
    assert server.calls == []
