from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.api.files import file_tools
from agents.api.nearest import nearest
from agents.api.spec import Spec
from agents.api.tools import Mistake, Output, Toolbox
from agents.api.turns import Call
from blueprints.schema import Role

Use = Callable[..., Output]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text("[core]\n")
    (folder / "a.txt").write_text("one\ntwo\nthree\n")
    (tmp_path / "outside.txt").write_text("secret\n")
    return folder


@pytest.fixture
def use(tmp_path: Path, workspace: Path) -> Use:
    spec = Spec(
        provider="anthropic",
        api="messages",
        model="m",
        base_url="",
        key="",
        role=Role.WORKER,
        prompt="",
        workspace=workspace,
        outputs=tmp_path / "outputs",
        handoff=tmp_path / "handoff.json",
        environment={},
        rate_limit=tmp_path / "limit.json",
    )
    tools = {tool.name: tool for tool in file_tools(spec)}

    def run(name: str, **given: Any) -> Output:
        return tools[name].run(tools[name].arguments(**given))

    return run


def test_a_file_is_read_with_line_numbers_and_in_parts(use: Use) -> None:
    assert use("read", path="a.txt").text == "     1\tone\n     2\ttwo\n     3\tthree"
    part = use("read", path="a.txt", offset=2, limit=1).text
    assert part == "     2\ttwo\n[1 more lines; go on with offset 3]"
    assert "only 3 lines" in use("read", path="a.txt", offset=9).text


def test_a_large_file_is_shown_as_far_as_there_is_room(use: Use, workspace: Path) -> None:
    (workspace / "large").write_text("a line\n" * 9_000 + "x" * 5_000)
    text = use("read", path="large", limit=10_000).text
    assert len(text) < 32_000
    assert "more lines; go on with offset" in text


def test_what_is_no_text_file_says_so(use: Use, workspace: Path) -> None:
    (workspace / "binary").write_bytes(b"a\0b")
    (workspace / "empty").touch()
    assert "not a text file" in use("read", path="binary").text
    assert "empty" in use("read", path="empty").text
    assert "a.txt" in use("read", path=".").text
    assert "no file" in use("read", path="absent").text


def test_what_is_no_regular_file_is_left_alone(use: Use, workspace: Path) -> None:
    os.mkfifo(workspace / "pipe")
    descriptor = os.open(workspace / "pipe", os.O_RDWR)  # otherwise a write of it would wait for a reader
    more: dict[str, dict[str, str]] = {"read": {}, "write": {"content": "x"}, "edit": {"old": "a", "new": "b"}}
    outputs = [use(tool, path="pipe", **given) for tool, given in more.items()]
    os.close(descriptor)
    assert all(output.error and "pipe is not a regular file" in output.text for output in outputs), outputs


def test_a_line_that_is_cut_says_so(use: Use, workspace: Path) -> None:
    (workspace / "long").write_text(f"short\n{'x' * 5_000}\n")
    text = use("read", path="long").text
    assert "[3000 characters left out]" in text
    assert "cannot be written back" in text
    assert "cannot be written back" not in use("read", path="long", limit=1).text


def test_an_output_that_was_kept_can_be_read(use: Use, tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "output-1.txt").write_text("all of it\n")
    assert "all of it" in use("read", path=str(tmp_path / "outputs" / "output-1.txt")).text
    assert use("write", path=str(tmp_path / "outputs" / "output-1.txt"), content="x").denied


def test_a_file_is_written_with_its_folders(use: Use, workspace: Path) -> None:
    assert not use("write", path="new/b.txt", content="é\n").error
    assert (workspace / "new" / "b.txt").read_text() == "é\n"
    assert use("write", path="new", content="x").error


@pytest.mark.parametrize(
    "path",
    ["../outside.txt", "/etc/passwd", "link/outside.txt", "file-link", ".git/config", "b/../.GIT/config", "a\0b"],
)
@pytest.mark.parametrize("tool", ["read", "write", "edit"])
def test_what_is_outside_the_workspace_or_inside_git_is_out_of_reach(
    use: Use, workspace: Path, tmp_path: Path, tool: str, path: str
) -> None:
    (workspace / "link").symlink_to(tmp_path)
    (workspace / "file-link").symlink_to(tmp_path / "outside.txt")
    more = {"read": {}, "write": {"content": "x"}, "edit": {"old": "secret", "new": "x"}}[tool]
    output = use(tool, path=path, **more)
    assert output.denied
    assert output.error
    assert "secret" not in output.text
    assert (tmp_path / "outside.txt").read_text() == "secret\n"
    assert (workspace / ".git" / "config").read_text() == "[core]\n"


def test_a_text_that_occurs_once_is_replaced_and_the_mode_stays(use: Use, workspace: Path) -> None:
    (workspace / "a.txt").chmod(0o755)
    assert not use("edit", path="a.txt", old="two\n", new="2\n").error
    assert (workspace / "a.txt").read_text() == "one\n2\nthree\n"
    assert (workspace / "a.txt").stat().st_mode & 0o777 == 0o755


def test_a_text_that_occurs_more_than_once_is_replaced_only_on_demand(use: Use, workspace: Path) -> None:
    (workspace / "a.txt").write_text("x = 1\ny = 2\nx = 1\n")
    refused = use("edit", path="a.txt", old="x = 1", new="x = 3")
    assert refused.error
    assert "2 times in a.txt, at lines 1, 3" in refused.text
    assert not use("edit", path="a.txt", old="x = 1", new="x = 3", replace_all=True).error
    assert (workspace / "a.txt").read_text() == "x = 3\ny = 2\nx = 3\n"


def test_a_text_that_is_not_there_leads_to_the_nearest(use: Use, workspace: Path) -> None:
    (workspace / "a.py").write_text("import os\n\n\ndef add(a, b):\n    return a - b\n")
    refused = use("edit", path="a.py", old="def add(a, b):\n    return a + b", new="x")
    assert "     4\tdef add(a, b):\n     5\t    return a - b" in refused.text
    assert "nothing in it is like it" in use("edit", path="a.py", old="%%%%%", new="x").text


def test_the_nearest_is_found_among_many_lines_that_are_like_it() -> None:
    lines = [f"    value_{number} = compute(first={number % 7}, second={number % 11})" for number in range(2_900)]
    wanted = "\n".join(line.replace("compute", "count").strip() for line in lines[2_000:2_060])
    assert (nearest("\n".join(lines), wanted) or "").startswith("  2001\t")


def test_an_edit_keeps_line_ends_and_bytes_that_are_no_text(use: Use, workspace: Path) -> None:
    (workspace / "a.txt").write_bytes(b"one\r\ntwo\r\n\xff\r\n")
    assert not use("edit", path="a.txt", old="one\ntwo", new="1\n2").error
    assert (workspace / "a.txt").read_bytes() == b"1\r\n2\r\n\xff\r\n"


def test_declarations_hold_no_references_and_describe_what_needs_it(use: Use) -> None:
    from agents.api.submit import submit

    schema = submit(Role.WORKER, Path("x")).declaration.schema
    assert "$ref" not in str(schema)
    assert schema["properties"]["discoveredIssues"]["items"]["properties"]["severity"]["enum"][0] == "blocking"
    assert isinstance(Toolbox([]).prepare(Call("1", "nothing", "{}")), Mistake)
