"""How each program is started: arguments, environment, its own folder, and what it cannot see."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agents.base import Credential
from agents.cli.programs import missing, version
from tests.agents.cli.conftest import KEY, PROFILES, Studio
from tests.agents.cli.fakes.dialects import DIALECTS

KINDS = list(DIALECTS)
URL = "http://127.0.0.1:1"
MODELS = {"opencode": "local/some-model"}


@dataclass(frozen=True)
class Told:
    """What a program found when it was started."""

    argv: list[str]
    env: dict[str, str]

    def after(self, option: str) -> str:
        return self.argv[self.argv.index(option) + 1]

    def has(self, words: Sequence[str]) -> bool:
        """Whether the words stand together in the command line."""
        return any(self.argv[start : start + len(words)] == [*words] for start in range(len(self.argv)))


def told(studio: Studio, kind: str, **profile: Any) -> Told:
    defaults = {"model": MODELS.get(kind, "some-model"), "baseUrl": URL, "prices": {"input": 1, "output": 1}}
    run = studio.run(kind, "tells", **defaults | profile)
    assert run.stopped_by_itself, run.output
    found = json.loads((studio.desk.workspace / "told.json").read_text())
    assert found["cwd"] == str(studio.desk.workspace)
    return Told(found["argv"], found["env"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_key_is_in_one_variable_and_nowhere_else(studio: Studio, kind: str) -> None:
    found = told(studio, kind)
    assert KEY not in " ".join(found.argv)
    names = {
        "claude-code": "ANTHROPIC_API_KEY",
        "codex": "OPENAI_API_KEY",
        "gemini": "GEMINI_API_KEY",
    }
    assert [name for name, value in found.env.items() if KEY in value] == [names.get(kind, "MISSION_AGENT_KEY")]
    assert not [path for path in studio.desk.home.rglob("*") if path.is_file() and KEY in path.read_text()]


@pytest.mark.parametrize("kind", KINDS)
def test_its_folder_is_an_empty_one_and_toolchains_find_theirs(
    studio: Studio, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    env, home = told(studio, kind).env, str(studio.desk.home)
    theirs = {
        "claude-code": {"HOME": "/home/somebody", "CLAUDE_CONFIG_DIR": home},
        "codex": {"HOME": "/home/somebody", "CODEX_HOME": home},
        "opencode": {"HOME": "/home/somebody", "XDG_DATA_HOME": f"{home}/data", "XDG_CONFIG_HOME": f"{home}/config"},
        "gemini": {"HOME": home},
        "droid": {"HOME": home},
    }
    assert theirs[kind].items() <= env.items()


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_the_user_s_takes_its_place_and_is_left_alone(studio: Studio, kind: str, tmp_path: Path) -> None:
    (tmp_path / "login").mkdir()
    found = told(studio, kind, home="login")
    at = {"claude-code": "CLAUDE_CONFIG_DIR", "codex": "CODEX_HOME", "opencode": "XDG_DATA_HOME"}.get(kind, "HOME")
    assert found.env[at].startswith(str(tmp_path / "login"))
    assert not list((tmp_path / "login").rglob("settings.json"))


WORDS: dict[str, list[str]] = {
    "claude-code": [
        "-p --mine",
        "--output-format stream-json --verbose --include-partial-messages",
        "--dangerously-skip-permissions --strict-mcp-config",
        "--max-turns 7 --max-budget-usd 2.5 --model some-model --effort high",
    ],
    "codex": [
        "exec --mine --json --dangerously-bypass-approvals-and-sandbox",
        "--disable plugins --disable apps --disable remote_plugin",
        "-c analytics.enabled=false -c check_for_update_on_startup=false",
        '-c shell_environment_policy.exclude=["OPENAI_API_KEY"]',
        '-c model_provider="missions"',
        f'-c model_providers.missions.base_url="{URL}"',
        '-c model_providers.missions.wire_api="responses"',
        '-c model_reasoning_effort="high" --model some-model -',
    ],
    "opencode": [
        "run --mine --format json --auto",
        "--title work",
        "--model local/some-model --variant high",
    ],
    "gemini": [
        "--mine --output-format stream-json --approval-mode yolo --skip-trust",
        "--model some-model",
    ],
    "droid": [
        "exec --mine --output-format stream-json --skip-permissions-unsafe",
        "--model custom:Mission-0 --reasoning-effort high",
    ],
}
VARIABLES: dict[str, dict[str, str]] = {
    "claude-code": {
        "ANTHROPIC_BASE_URL": URL,
        "IS_SANDBOX": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
        "DISABLE_AUTOUPDATER": "1",
    },
    "codex": {},
    "opencode": {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"},
    "gemini": {"GOOGLE_GEMINI_BASE_URL": URL, "GEMINI_CLI_NO_RELAUNCH": "1"},
    "droid": {"FACTORY_DROID_AUTO_UPDATE_ENABLED": "false"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_its_command_line_is_the_measured_one(studio: Studio, kind: str) -> None:
    found = told(studio, kind, arguments=["--mine"], effort="high", maxTurns=7, maxUsd=2.5)
    assert [words for words in WORDS[kind] if not found.has(words.split())] == []
    assert VARIABLES[kind].items() <= found.env.items()


def test_claude_s_commits_name_nobody_else(studio: Studio) -> None:
    settings = json.loads(told(studio, "claude-code").after("--settings"))
    assert settings["attribution"] == {"commit": "", "pr": ""}


@pytest.mark.parametrize(
    ("api", "npm", "address"),
    [
        ("chat", "@ai-sdk/openai-compatible", URL),
        ("responses", "@ai-sdk/openai", URL),
        ("messages", "@ai-sdk/anthropic", f"{URL}/v1"),
    ],
)
def test_opencode_speaks_all_protocols(studio: Studio, api: str, npm: str, address: str) -> None:
    config = json.loads(told(studio, "opencode", api=api).env["OPENCODE_CONFIG_CONTENT"])
    provider = config["provider"]["local"]
    assert (provider["npm"], provider["options"]["baseURL"]) == (npm, address)
    assert provider["options"]["apiKey"] == "{env:MISSION_AGENT_KEY}"
    assert config["permission"] == {"*": "allow"}
    assert config["autoupdate"] is False


def test_gemini_s_settings_send_nothing_home(studio: Studio) -> None:
    told(studio, "gemini", maxTurns=7)
    settings = json.loads((studio.desk.home / ".gemini" / "settings.json").read_text())
    assert settings["security"]["auth"]["selectedType"] == "gemini-api-key"
    assert settings["privacy"]["usageStatisticsEnabled"] is False
    assert settings["general"]["enableAutoUpdate"] is False
    assert settings["model"]["maxSessionTurns"] == 7


def test_droid_s_settings_hold_the_model_and_no_key(studio: Studio) -> None:
    settings = json.loads(Path(told(studio, "droid", api="chat").env["FACTORY_RUNTIME_SETTINGS_PATH"]).read_text())
    assert settings["includeCoAuthoredByDroid"] is False
    assert settings["cloudSessionSync"] is False
    assert settings["customModels"] == [
        {
            "model": "some-model",
            "displayName": "Mission",
            "baseUrl": URL,
            "apiKey": "${MISSION_AGENT_KEY}",
            "provider": "generic-chat-completion-api",
        }
    ]


def test_a_login_of_claude_s_stays_under_its_name(studio: Studio) -> None:
    login = Credential("CLAUDE_CODE_OAUTH_TOKEN", KEY)
    env = told(studio.at(credential=login), "claude-code").env
    assert env["CLAUDE_CODE_OAUTH_TOKEN"] == KEY
    assert "ANTHROPIC_API_KEY" not in env


def test_without_a_key_codex_keeps_the_user_s_provider(studio: Studio) -> None:
    found = told(studio.at(credential=None), "codex", baseUrl=None, home="login")
    assert not [word for word in found.argv if "model_provider" in word]
    assert "OPENAI_API_KEY" not in found.env


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_program_is_never_started_and_the_sentence_says_how_to_get_it(
    studio: Studio, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    profile, folder = PROFILES.validate_python({"kind": kind}), studio.desk.workspace
    sentence = missing(profile, folder)
    assert sentence
    name = kind.removesuffix("-code")
    assert sentence.startswith(f"needs the program '{name}', which is not on PATH; install it with `npm install -g ")
    assert version(profile, folder) is None
    run = studio.run(kind, "works", program="./no-such-program")
    assert run.reason.startswith("the agent could not be started: it needs the program './no-such-program'")
    assert not studio.desk.transcript.exists()


def test_programs_that_are_there_tell_their_version(studio: Studio) -> None:
    profile = PROFILES.validate_python({"kind": "codex", "program": str(studio.fakes["codex"])})
    assert missing(profile, studio.desk.workspace) is None
    assert version(profile, studio.desk.workspace) == "9.8.7"


def test_the_program_of_a_command_agent_is_looked_for_when_it_is_started(tmp_path: Path) -> None:
    assert missing(PROFILES.validate_python({"kind": "command", "argv": ["no-such-agent"]}), tmp_path) is None
