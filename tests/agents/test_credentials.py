"""Credentials: where they are found, what is said when they are not, and who shares their limits."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from agents.base import Credential
from agents.credentials import credential_of, lacking, rate_limit_file
from blueprints.agents import Agent
from ledger.settings import Settings
from tests.conftest import Data

PROFILES: TypeAdapter[Agent] = TypeAdapter(Agent)
USUAL = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "claude-code": "ANTHROPIC_API_KEY",
    "codex": "OPENAI_API_KEY",
    "opencode": "ANTHROPIC_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "droid": "FACTORY_API_KEY",
}


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*USUAL.values(), "CLAUDE_CODE_OAUTH_TOKEN", "CODEX_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def profile(kind: str, **more: object) -> Agent:
    fields: Data = {"kind": kind, "model": "anthropic/some-model", **more}
    return PROFILES.validate_python(fields)


@pytest.mark.parametrize("kind", USUAL)
def test_each_kind_has_a_usual_variable(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert USUAL[kind] in str(lacking(profile(kind), {}))
    monkeypatch.setenv(USUAL[kind], "value")
    assert lacking(profile(kind), {}) is None
    assert credential_of(profile(kind), {}) == Credential(USUAL[kind], "value")


def test_a_named_variable_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "usual")
    mine = profile("anthropic", credential="MY_KEY")
    assert lacking(mine, {}) == "MY_KEY is not set; export it, or name where the key is as `credential:`"
    monkeypatch.setenv("MY_KEY", "mine")
    assert credential_of(mine, {}) == Credential("MY_KEY", "mine")


def test_a_secret_block_is_told_only_where_blocks_are_known() -> None:
    mine = profile("openai", credential={"block": "my-key"})
    assert credential_of(mine, {"my-key": "value"}) == Credential("block my-key", "value")
    assert "there is no Secret block 'my-key'" in str(lacking(mine, {}))
    assert lacking(mine, None) is None


@pytest.mark.parametrize(
    ("kind", "more"), [("openai", {"baseUrl": "http://127.0.0.1:1/v1"}), ("claude-code", {"home": "~/.claude"})]
)
def test_a_server_of_ones_own_and_a_login_need_no_key(kind: str, more: Data) -> None:
    assert lacking(profile(kind, **more), {}) is None


def test_limits_are_shared_by_the_key_and_not_by_its_name(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    files = {
        rate_limit_file(profile(kind, credential={"block": name}), settings, {name: value})
        for name, value, kind in [("a", "one", "anthropic"), ("b", "one", "claude-code"), ("a", "two", "anthropic")]
    }
    assert len(files) == 2
    assert not [file for file in files if "one" in file.name or "two" in file.name]


def test_a_representation_shows_no_value() -> None:
    assert "secret" not in repr(Credential("NAME", "secret"))
