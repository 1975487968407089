"""What the schema finds, as the user reads it."""

# ruff: noqa: E501 - a case per line reads like the table it is

from __future__ import annotations

from collections.abc import Callable

import pytest

Mistakes = Callable[..., list[str]]

CASES = [
    (
        "mission: todo",
        "mission: To Do",
        "1: mission: 'To Do' is not allowed here; use small letters, digits and single hyphens between them, such as import-export",
    ),
    (
        "mission: todo\n",
        "",
        "1: mission: is missing; add 'mission:' (Short name; runs, branches and the Prefect flow carry it)",
    ),
    ("mission: todo", f"mission: {'x' * 49}", "1: mission: has 49 characters; at most 48 are allowed"),
    (
        "goal: A list of things to do.",
        "goal: 3",
        "2: goal: is the number 3; put it in quotes to make it text",
    ),
    ("goal: A list of things to do.", "goal: true", "2: goal: is true; put it in quotes to make it text"),
    ("goal: A list of things to do.", "goal: [a]", "2: goal: is a list; write text"),
    ("goal: A list of things to do.", "goal: {a: b}", "2: goal: is a mapping; write text"),
    ("goal: A list of things to do.", "goal:", "2: goal: has no value; write text, or remove it"),
    ("goal: A list of things to do.", "goal: ''", "2: goal: is empty; write something, or remove it"),
    (
        "goal:",
        "max_concurrency: 3\ngoal:",
        "2: max_concurrency: unknown key 'max_concurrency'; did you mean 'maxConcurrency'?",
    ),
    (
        "goal:",
        "use-worktrees: true\ngoal:",
        "2: use-worktrees: unknown key 'use-worktrees'; did you mean 'useWorktrees'?",
    ),
    (
        "goal:",
        "maxConcurency: 3\ngoal:",
        "2: maxConcurency: unknown key 'maxConcurency'; did you mean 'maxConcurrency'?",
    ),
    (
        "goal:",
        "roles: {boss: x}\ngoal:",
        "2: roles.boss: unknown key 'boss'; known: integrator, orchestrator, repairer, scrutiny, tester, worker",
    ),
    ("goal:", "maxConcurrency: 65\ngoal:", "2: maxConcurrency: 65 is too large; at most 64 is allowed"),
    ("goal:", "maxConcurrency: 0\ngoal:", "2: maxConcurrency: 0 is too small; at least 1 is needed"),
    ("goal:", "maxConcurrency: '3'\ngoal:", "2: maxConcurrency: is the text '3'; write a whole number"),
    ("goal:", "maxConcurrency: 3.0\ngoal:", "2: maxConcurrency: is the number 3.0; write a whole number"),
    ("goal:", "useWorktrees: yes\ngoal:", "2: useWorktrees: is the text 'yes'; write true or false"),
    ("goal:", "mode: fast\ngoal:", "2: mode: unknown mode 'fast'; known: full, poc"),
    ("goal:", "mode: ful\ngoal:", "2: mode: unknown mode 'ful'; did you mean 'full'?"),
    ("goal:", "setup: uv sync\ngoal:", "2: setup: is the text 'uv sync'; write a list"),
    (
        "goal:",
        'repository: {path: "a\\nb"}\ngoal:',
        "2: repository.path: 'a\\nb' is not allowed here; write it on one line, without control characters",
    ),
    ("goal:", "contract: []\ngoal:", "2: contract: is a list; write a mapping of keys to values"),
    ("goal:", "roles: x\ngoal:", "2: roles: is the text 'x'; write a mapping of keys to values"),
    (
        "kind: command, argv",
        "kind: comand, argv",
        "4: agents.builder.kind: unknown kind 'comand'; did you mean 'command'?",
    ),
    (
        "kind: command, argv",
        "kind: [x], argv",
        "4: agents.builder.kind: unknown kind '['x']'; known: anthropic, claude-code, codex, command, droid, gemini, openai, opencode, scripted",
    ),
    (
        "kind: command, argv",
        "argv",
        "4: agents.builder.kind: is missing; add 'kind:', one of: command, scripted, anthropic, openai, claude-code, codex, opencode, gemini, droid",
    ),
    (
        "argv: [agent]",
        "argv: []",
        "4: agents.builder.argv: no program is named; write the program and its arguments, such as [my-agent, --quiet]",
    ),
    (
        "argv: [agent]",
        "argv: [agent, 3]",
        "4: agents.builder.argv[1]: is the number 3; put it in quotes to make it text",
    ),
    (
        ", argv: [agent]",
        "",
        "4: agents.builder.argv: is missing; add 'argv:' (Program and arguments, run without a shell)",
    ),
    (
        "argv: [agent]",
        "argv: [agent], command: x",
        "4: agents.builder.command: unknown key 'command'; known: argv, env, fallback, idleTimeout, kind, reads, retries, timeout",
    ),
    (
        "argv: [agent]",
        "argv: [agent], env: [A-B]",
        "4: agents.builder.env[0]: 'A-B' is not allowed here; write the name of an environment variable, such as API_TOKEN",
    ),
    (
        "argv: [agent]",
        "argv: [agent], timeout: 5x",
        "4: agents.builder.timeout: '5x' is not a duration; write it like 90s, 60m or 8h",
    ),
    (
        "argv: [agent]",
        "argv: [agent], timeout: 0s",
        "4: agents.builder.timeout: '0s' is out of range; a duration is at least 1ms and at most 365d",
    ),
    (
        "argv: [agent]",
        "argv: [agent], timeout: 366d",
        "4: agents.builder.timeout: '366d' is out of range; a duration is at least 1ms and at most 365d",
    ),
    (
        "argv: [agent]",
        "argv: [agent], timeout: [1]",
        "4: agents.builder.timeout: is not a duration; write it like 90s, 60m or 8h",
    ),
    (
        "  builder:",
        "  my builder:",
        "4: agents['my builder']: 'my builder' is not allowed here; use letters and digits, with single hyphens or underscores between them",
    ),
    (
        "goal:",
        "contract: {VAL-1: {says: x, check: {kind: command, run: pytest}}}\ngoal:",
        "2: contract.VAL-1: 'VAL-1' is not allowed here; write VAL-AREA-NNN, such as VAL-EXPORT-001",
    ),
    (
        "kind: command, run",
        "kind: shell, run",
        "6: validators[0].kind: unknown kind 'shell'; known: browser, codebase, command, coverage, files, http, junit, manual, pytest, review, user-test",
    ),
    (
        "kind: command, run",
        "run",
        "6: validators[0].kind: is missing; add 'kind:', one of: command, pytest, junit, http, browser, codebase, files, coverage, review, user-test, manual",
    ),
    (
        "name: one",
        "name: ../one",
        "8: milestones[0].name: '../one' is not allowed here; use letters and digits, with single hyphens or underscores between them",
    ),
    (
        "{id: a, spec",
        "{id: -a, spec",
        "10: milestones[0].features[0].id: '-a' is not allowed here; use letters and digits, with single hyphens or underscores between them",
    ),
    (
        ", spec: Do b.",
        "",
        "11: milestones[0].features[1].spec: is missing; add 'spec:' (What to build, as the agent will read it)",
    ),
    ("needs: [a]", "needs: a", "11: milestones[0].features[1].needs: is the text 'a'; write a list"),
]


@pytest.mark.parametrize(("old", "new", "line"), CASES)
def test_a_mistake_is_told_in_our_words(mistakes: Mistakes, base: str, old: str, new: str, line: str) -> None:
    assert old in base
    assert f"todo.yaml:{line}" in mistakes(base.replace(old, new, 1))


@pytest.mark.parametrize("text", ["hello", "[a, b]", "3"])
def test_a_file_that_is_no_mapping_says_what_to_write(mistakes: Mistakes, text: str) -> None:
    (line,) = mistakes(text)
    assert line.startswith("todo.yaml:1: is not a mapping but ")
    assert line.endswith("; write keys such as 'mission: todo' and 'goal: ...'")


def test_no_milestones_says_so(mistakes: Mistakes, base: str) -> None:
    text = base[: base.index("milestones:")] + "milestones: []\n"
    assert mistakes(text) == ["todo.yaml:7: milestones: mission has no milestones; add one with a name and features"]


def test_a_milestone_without_features_says_so(mistakes: Mistakes, base: str) -> None:
    text = base[: base.index("    features:")] + "    features: []\n"
    assert mistakes(text) == [
        "todo.yaml:9: milestones[0].features: milestone has no features; add one, or remove the milestone"
    ]


def test_an_empty_milestones_key_says_so(mistakes: Mistakes, base: str) -> None:
    text = base[: base.index("milestones:")] + "milestones:\n"
    assert mistakes(text) == ["todo.yaml:7: milestones: has no value; write a list, or remove it"]


def test_a_long_or_strange_value_stays_short_and_on_one_line(mistakes: Mistakes, base: str) -> None:
    (line,) = mistakes(base.replace("mission: todo", 'mission: "' + "\\n\\t\\e" * 1000 + '"'))
    assert len(line) < 400
    assert line.isprintable()


def test_a_long_or_strange_key_stays_short_and_on_one_line(mistakes: Mistakes, base: str) -> None:
    (line,) = mistakes(base + '? "' + "\\n\\e" * 30_000 + '"\n: 3\n')
    assert len(line) < 1000
    assert line.isprintable()
