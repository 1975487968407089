from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agents.api.shell import SHOWN, Command, shell
from agents.api.spec import Spec
from agents.api.tools import Output
from blueprints.schema import Role
from workspaces.process import environment

KEY = "sk-very-secret"
Run = Callable[..., Output]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def make(command: str, timeout: float = 20) -> Output:
        spec = Spec(
            provider="anthropic",
            api="messages",
            model="m",
            base_url="",
            key=KEY,
            role=Role.WORKER,
            prompt="",
            workspace=tmp_path,
            outputs=tmp_path / "outputs",
            handoff=tmp_path / "handoff.json",
            environment=environment(LEAKED=f"Bearer {KEY}", KNOWN="yes"),
            rate_limit=tmp_path / "limit.json",
            shell_timeout=5,
        )
        return shell(spec).run(Command(command=command, timeout=timeout))

    return make


def test_a_command_shows_both_outputs_and_its_exit_code(run: Run) -> None:
    output = run("echo out; echo err >&2; exit 3")
    assert output.text == "out\nerr\nexit code 3"
    assert (output.exit_code, output.error) == (3, True)
    assert run("true").text == "exit code 0"
    assert run("printf x").text == "x\nexit code 0"


def test_a_command_has_the_given_environment_no_input_and_a_fresh_shell(run: Run, tmp_path: Path) -> None:
    assert run("cat; echo $KNOWN; pwd; cd /").text == f"yes\n{tmp_path.resolve()}\nexit code 0"
    assert run("pwd").text.startswith(str(tmp_path.resolve()))


def test_a_command_that_takes_too_long_is_ended_with_what_it_started(run: Run, tmp_path: Path) -> None:
    output = run("(trap '' TERM; sleep 60; touch late) & echo begun; exec sleep 60", timeout=2)
    assert output.text.startswith("begun\n")
    assert output.text.endswith("timed out after 2 s; everything it started was ended")
    assert output.error
    assert not (tmp_path / "late").exists()


def test_a_long_output_loses_its_middle_and_is_kept_whole(run: Run, tmp_path: Path) -> None:
    output = run("seq 20000")
    assert len(output.text) < SHOWN + 300
    assert output.text.startswith("1\n2\n")
    assert output.text.endswith("\n20000\nexit code 0")
    (kept,) = (tmp_path / "outputs").iterdir()
    assert str(kept) in output.text
    assert kept.read_text().split() == [str(number) for number in range(1, 20001)]


def test_a_short_output_leaves_no_file(run: Run, tmp_path: Path) -> None:
    run("echo x")
    assert list((tmp_path / "outputs").iterdir()) == []


def test_a_variable_that_holds_the_key_is_not_passed_on(run: Run) -> None:
    assert "LEAKED" not in run("env").text
