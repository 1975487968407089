"""Rules beyond the schema, each with the sentence the user reads."""

# ruff: noqa: E501 - messages stand in one piece, as the user sees them

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blueprints.proof import cannot_fail

Mistakes = Callable[..., list[str]]

SECOND = "  - name: two\n    features:\n      - {id: c, spec: Do c., fulfills: [], because: Groundwork.}\n"
NOTHING = "fulfills: [], because: Groundwork."
CONTRACT = "contract:\n  VAL-A-001: {says: It works., check: {kind: command, run: pytest}}\n"


def claiming(base: str, assertions: str) -> str:
    """The base, its first feature claiming assertions."""
    return base.replace(NOTHING, f"fulfills: [{assertions}]", 1)


def test_the_base_has_no_mistakes(mistakes: Mistakes, base: str, full: str) -> None:
    assert mistakes(base) == []
    assert mistakes(full) == []


def test_feature_ids_are_unique_in_the_mission_whatever_their_case(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base + SECOND.replace("id: c", "id: A")) == [
        "todo.yaml:14: milestones[1].features[0].id: a feature 'a' is already in line 10; choose another id"
    ]


def test_milestone_names_are_unique(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base + SECOND.replace("two", "One")) == [
        "todo.yaml:12: milestones[1].name: a milestone 'one' is already in line 8; choose another name"
    ]


def test_an_unknown_need_suggests_the_nearest_feature(mistakes: Mistakes, base: str) -> None:
    text = base.replace("id: a,", "id: parser,").replace("[a]", "[praser]")
    assert mistakes(text) == [
        "todo.yaml:11: milestones[0].features[1].needs[0]: unknown feature 'praser'; did you mean 'parser'?"
    ]


def test_a_feature_does_not_need_itself(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base.replace("[a]", "[a, b]")) == [
        "todo.yaml:11: milestones[0].features[1].needs[1]: 'b' needs itself; remove it"
    ]


def test_a_need_in_a_later_milestone_is_an_error(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base.replace("[a]", "[c]") + SECOND) == [
        "todo.yaml:11: milestones[0].features[1].needs[0]: 'c' is in the later milestone 'two'; move one of the two"
    ]


def test_a_need_in_an_earlier_milestone_is_fine(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base + SECOND.replace("Do c.", "Do c., needs: [b]")) == []


def test_a_cycle_is_printed(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base.replace("spec: Do a.", "spec: Do a., needs: [b]")) == [
        "todo.yaml:10: milestones[0].features[0].needs: features wait for one another: a -> b -> a; remove one of these needs"
    ]


def test_each_cycle_is_printed_once(mistakes: Mistakes, base: str) -> None:
    graph = {"a": "b", "b": "c", "c": "a", "d": "a, e", "e": "d, d", "f": "c, e"}
    features = "".join(
        f"      - {{id: {name}, spec: x, needs: [{needs}], {NOTHING}}}\n" for name, needs in graph.items()
    )
    found = mistakes(base[: base.index("      - {id: a")] + features)
    assert [line.split(": ")[3].split(";")[0] for line in found] == ["a -> b -> c -> a", "d -> e -> d"]


def test_a_very_long_cycle_is_found(mistakes: Mistakes, base: str) -> None:
    features = "".join(f"      - {{id: f{n}, spec: x, needs: [f{(n + 1) % 4000}], {NOTHING}}}\n" for n in range(4000))
    assert any("f0 -> f1 -> f2" in line for line in mistakes(base + features))


def test_an_unknown_agent_suggests_the_nearest(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base.replace("spec: Do a.", "spec: Do a., agent: biulder")) == [
        "todo.yaml:10: milestones[0].features[0].agent: unknown agent 'biulder'; did you mean 'builder'?"
    ]


@pytest.mark.parametrize("role", ["worker", "integrator", "repairer", "scrutiny", "tester"])
def test_an_unknown_agent_in_a_role_is_an_error(mistakes: Mistakes, base: str, role: str) -> None:
    assert mistakes(base + f"roles:\n  {role}: x\n") == [
        f"todo.yaml:13: roles.{role}: unknown agent 'x'; known: builder"
    ]


@pytest.mark.parametrize(
    ("fallback", "message"),
    [
        ("biulder", "unknown agent 'biulder'; did you mean 'builder'?"),
        ("builder", "'builder' cannot take over from itself; name another agent"),
    ],
)
def test_a_fallback_is_another_agent(mistakes: Mistakes, base: str, fallback: str, message: str) -> None:
    assert mistakes(base.replace("argv: [agent]}", f"argv: [agent], fallback: [{fallback}]}}")) == [
        f"todo.yaml:4: agents.builder.fallback[0]: {message}"
    ]


def test_a_mission_without_agents_is_an_error(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base.replace("agents:\n  builder: {kind: command, argv: [agent]}\n", "agents: {}\n")) == [
        "todo.yaml:3: agents: no agents; add one, such as 'builder: {kind: command, argv: [my-agent]}'"
    ]


def test_several_agents_need_a_worker_where_a_feature_names_none(mistakes: Mistakes, base: str) -> None:
    text = base.replace("validators:", "  other: {kind: command, argv: [x]}\nvalidators:", 1)
    assert mistakes(text) == [
        "todo.yaml:11: milestones[0].features[0].agent: no agent is named, and there are several (builder, other); name one here or as 'worker' in 'roles'"
    ]
    assert mistakes(text + "roles: {worker: other}\n") == []
    assert mistakes(text.replace("spec: Do", "agent: other, spec: Do")) == []


def test_more_milestones_than_the_limit_are_an_error_never_a_cut(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base + SECOND + "maxMilestones: 1\n") == [
        "todo.yaml:7: milestones: 2 milestones, but maxMilestones is 1; raise it or split the mission"
    ]


def test_more_features_than_the_limit_are_an_error_never_a_cut(mistakes: Mistakes, base: str) -> None:
    more = "".join(f"      - {{id: f{n}, spec: x, {NOTHING}}}\n" for n in range(5))
    assert mistakes(base + more) == [
        "todo.yaml:9: milestones[0].features: 7 features, but maxFeaturesPerMilestone is 6; raise it or split the milestone"
    ]


@pytest.mark.parametrize("skill", ["scrutiny-validator", "user-testing-validator"])
def test_the_engine_s_own_skills_are_refused(mistakes: Mistakes, base: str, skill: str) -> None:
    assert mistakes(base.replace("spec: Do a.", f"spec: Do a., skill: {skill}")) == [
        f"todo.yaml:10: milestones[0].features[0].skill: '{skill}' is the engine's own; name another skill"
    ]


def test_one_worktree_is_for_one_agent_at_a_time(mistakes: Mistakes, base: str) -> None:
    text = base + "useWorktrees: false\n"
    assert mistakes(text) == [
        "todo.yaml:12: useWorktrees: 3 agents at once would share a worktree; set maxConcurrency to 1, or this to true"
    ]
    assert mistakes(text + "maxConcurrency: 1\n") == []


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("/etc/**", "is absolute"),
        ("~/x", "is absolute"),
        ("C:/x", "is absolute"),
        ("../x", "leaves its folder"),
        ("a/../../x", "leaves its folder"),
        ("-x", "starts with '-'"),
    ],
)
def test_touches_stay_in_the_repository(mistakes: Mistakes, base: str, pattern: str, reason: str) -> None:
    assert mistakes(base.replace("spec: Do a.", f"spec: Do a., touches: [src/**, '{pattern}']")) == [
        f"todo.yaml:10: milestones[0].features[0].touches[1]: '{pattern}' {reason}; write it relative to the repository's root, such as src/**"
    ]


def test_a_script_that_is_not_there_is_an_error(mistakes: Mistakes, base: str, tmp_path: Path) -> None:
    text = base.replace("{kind: command, argv: [agent]}", "{kind: scripted, script: plays/a.yaml}")
    assert mistakes(text) == [
        "todo.yaml:4: agents.builder.script: there is no file 'plays/a.yaml' in the blueprint's folder; correct the path"
    ]
    (tmp_path / "plays").mkdir()
    (tmp_path / "plays/a.yaml").touch()
    assert mistakes(text) == []
    assert mistakes(text.replace("plays/a.yaml", str(tmp_path / "plays/a.yaml"))) == []


def test_a_program_beside_the_blueprint_must_be_there_and_run(mistakes: Mistakes, base: str, tmp_path: Path) -> None:
    text = base.replace("[agent]", "[./agent]")
    assert mistakes(text) == [
        "todo.yaml:4: agents.builder.argv[0]: there is no file './agent' in the blueprint's folder; correct the path"
    ]
    (tmp_path / "agent").touch(mode=0o644)
    assert mistakes(text) == ["todo.yaml:4: agents.builder.argv[0]: './agent' is not executable; run 'chmod +x' on it"]
    (tmp_path / "agent").chmod(0o755)
    assert mistakes(text) == []


def test_a_script_s_name_may_be_too_long_to_be_one(mistakes: Mistakes, base: str) -> None:
    text = base.replace("{kind: command, argv: [agent]}", f"{{kind: scripted, script: {'x' * 3000}}}")
    assert len(mistakes(text)) == 1


def test_a_repository_has_a_path_or_a_url(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base + "repository: {path: ., url: https://example.org/x.git}\n") == [
        "todo.yaml:12: repository.url: path and url are both given; keep one"
    ]


@pytest.mark.parametrize("key", ["path", "url", "baseBranch"])
def test_what_git_would_take_for_an_option_is_refused(mistakes: Mistakes, base: str, key: str) -> None:
    assert mistakes(base + f"repository: {{{key}: --upload-pack=x}}\n") == [
        f"todo.yaml:12: repository.{key}: '--upload-pack=x' starts with '-'; git would take it for an option"
    ]


def test_an_unknown_assertion_suggests_the_nearest(mistakes: Mistakes, base: str) -> None:
    text = claiming(base, "VAL-A-001, VAL-A-010") + CONTRACT
    assert mistakes(text) == [
        "todo.yaml:10: milestones[0].features[0].fulfills[1]: unknown assertion 'VAL-A-010'; did you mean 'VAL-A-001'?"
    ]


def test_an_assertion_without_any_contract_says_where_to_write_it(mistakes: Mistakes, base: str) -> None:
    assert mistakes(claiming(base, "VAL-A-001")) == [
        "todo.yaml:10: milestones[0].features[0].fulfills[0]: unknown assertion 'VAL-A-001'; write it in the contract"
    ]


def test_an_assertion_that_no_feature_fulfills_is_an_error(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base + CONTRACT) == [
        "todo.yaml:13: contract.VAL-A-001: no feature fulfills it; name it in the 'fulfills' of one, or remove it"
    ]


def unproved(base: str) -> str:
    return base.replace("validators:\n  - {kind: command, run: pytest -q}\n", "")


def test_a_milestone_that_nothing_proves_is_an_error(mistakes: Mistakes, base: str) -> None:
    assert mistakes(unproved(base)) == [
        "todo.yaml:6: milestones[0]: nothing would prove this milestone; add a check to its 'validate' or to 'validators', or let a feature fulfill an assertion"
    ]


def test_a_check_of_its_own_proves_only_that_milestone(mistakes: Mistakes, base: str) -> None:
    text = unproved(base) + "    validate: [{kind: command, run: pytest}]\n"
    assert mistakes(text) == []
    (line,) = mistakes(text + SECOND)
    assert line.startswith("todo.yaml:11: milestones[1]: nothing would prove this milestone; ")


def test_an_assertion_proves_its_milestone_and_all_later_ones(mistakes: Mistakes, base: str) -> None:
    text = claiming(unproved(base), "VAL-A-001")
    assert mistakes(text + SECOND + CONTRACT) == []


@pytest.mark.parametrize(
    "run",
    ["true", ":", "exit 0", "exit", "echo ok", "echo", "true && echo ok", "echo a; echo b", "pytest || true",
     "pytest -q  ||  true", "pytest || :", "pytest || echo failed", "pytest || exit 0", "# pytest", "true # later",
     "pytest || true # flaky", "echo a\n\npytest || true\n", "cd x && pytest || true", "  true  "],
)  # fmt: skip
def test_a_command_that_cannot_fail_is_seen_through(run: str) -> None:
    assert cannot_fail(run)


@pytest.mark.parametrize(
    "run",
    ["pytest", "pytest; true", "pytest && echo ok", "echo x | grep y", "echo x > f", "exit 1", "false", "! true",
     "pytest || exit 1", "pytest || (echo bad; exit 1)", "pytest || { echo bad; exit 1; }", "true-ish", "truefoo",
     "pytest || true && ./check", 'test "$(x || true)"', "bash -c 'true; pytest'", "exit 0; pytest", "grep '#' f"],
)  # fmt: skip
def test_a_command_that_may_fail_is_left_alone(run: str) -> None:
    assert not cannot_fail(run)


def test_every_check_is_looked_at(mistakes: Mistakes, base: str) -> None:
    text = claiming(base.replace("run: pytest -q", "run: 'true'"), "VAL-A-001")
    text += "    validate: [{kind: command, run: echo ok}]\n" + CONTRACT.replace("pytest", "'pytest || true'")
    places = ["6: validators[0]", "12: milestones[0].validate[0]", "14: contract.VAL-A-001.check"]
    runs = ["true", "echo ok", "pytest || true"]
    assert mistakes(text) == [
        f"todo.yaml:{place}.run: '{run}' cannot fail, so it proves nothing; run something that can"
        for place, run in zip(places, runs, strict=True)
    ]


def test_rules_run_although_the_schema_has_mistakes(mistakes: Mistakes, base: str) -> None:
    text = base.replace("goal: A list of things to do.", "goal: 3").replace("[a]", "[c, 3]")
    assert [line.split(": ")[1] for line in mistakes(text)] == [
        "goal",
        "milestones[0].features[1].needs[1]",
        "milestones[0].features[1].needs[0]",
    ]


@pytest.mark.parametrize("value", ["", "3", "x", "[]", "{}", "[3, x, []]", "{a: 3, b: [x]}", "[{}, {a: b}]", "true"])
@pytest.mark.parametrize(
    "key",
    ["agents", "contract", "milestones", "validators", "roles", "repository", "maxMilestones", "setup", "services", "quarantine", "tests", "merges"]
)  # fmt: skip
def test_rules_take_wrong_types_anywhere(mistakes: Mistakes, base: str, key: str, value: str) -> None:
    kept = [line for line in base.splitlines() if line.startswith(("mission", "goal"))]
    assert mistakes("\n".join([*kept, f"{key}: {value}"]))


def test_a_feature_names_its_assertions(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base.replace(", fulfills: [], because: Groundwork.", "", 1)) == [
        "todo.yaml:10: milestones[0].features[0].fulfills: is missing; name the assertions that this feature makes true, or write [] and say 'because'"
    ]


def test_a_feature_that_fulfills_nothing_says_why(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base.replace(", because: Groundwork.", "", 1)) == [
        "todo.yaml:10: milestones[0].features[0].fulfills: names no assertion; name one, or say why there is none in 'because'"
    ]


def test_a_feature_that_fulfills_something_has_no_excuse(mistakes: Mistakes, base: str) -> None:
    text = base.replace("fulfills: []", "fulfills: [VAL-A-001]", 1) + CONTRACT
    assert mistakes(text) == [
        "todo.yaml:10: milestones[0].features[0].because: says why the feature fulfills nothing, but it does; remove this, or the assertions"
    ]


def test_a_claim_of_the_wrong_type_is_told_once(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base.replace("fulfills: [], because: Groundwork.", "fulfills: x", 1)) == [
        "todo.yaml:10: milestones[0].features[0].fulfills: is the text 'x'; write a list"
    ]


def contract(checks: str) -> str:
    return f"contract:\n  VAL-A-001: {{says: It works., checks: [{checks}]}}\n"


@pytest.mark.parametrize("checks", ["{kind: review}", "{kind: review}, {kind: review, focus: x}"])
def test_a_review_alone_proves_no_assertion(mistakes: Mistakes, base: str, checks: str) -> None:
    assert mistakes(claiming(base, "VAL-A-001") + contract(checks)) == [
        "todo.yaml:13: contract.VAL-A-001.checks[0]: a review alone proves nothing; add a check that the engine runs, or one of kind user-test or manual"
    ]


@pytest.mark.parametrize("other", ["{kind: manual}", "{kind: user-test}", "{kind: command, run: pytest}"])
def test_a_review_may_stand_beside_others(mistakes: Mistakes, base: str, other: str) -> None:
    assert mistakes(claiming(base, "VAL-A-001") + contract(f"{{kind: review}}, {other}")) == []


def test_a_review_alone_proves_no_milestone(mistakes: Mistakes, base: str) -> None:
    text = base.replace("{kind: command, run: pytest -q}", "{kind: review}")
    assert mistakes(text + "    validate: [{kind: review}]\n") == [
        "todo.yaml:8: milestones[0]: nothing would prove this milestone (a review alone proves nothing); add a check to its 'validate' or to 'validators', or let a feature fulfill an assertion"
    ]


@pytest.mark.parametrize("check", ["{kind: user-test}", "{kind: manual}", "{kind: codebase, pattern: x}"])
def test_somebody_or_the_engine_proves_a_milestone(mistakes: Mistakes, base: str, check: str) -> None:
    assert mistakes(base.replace("{kind: command, run: pytest -q}", check)) == []


@pytest.mark.parametrize(
    "check",
    [
        "{kind: pytest, run: 'true'}",
        "{kind: junit, run: 'true', junit: x.xml}",
        "{kind: coverage, run: 'true', report: x.json, minimum: 80}",
    ],
)
def test_every_kind_with_a_command_can_fail(mistakes: Mistakes, base: str, check: str) -> None:
    line = "'true' cannot fail, so it proves nothing; run something that can"
    text = base.replace("{kind: command, run: pytest -q}", check)
    assert mistakes(text) == [f"todo.yaml:6: validators[0].run: {line}"]
    text = claiming(base, "VAL-A-001") + contract(f"{{kind: manual}}, {check}")
    assert mistakes(text) == [f"todo.yaml:13: contract.VAL-A-001.checks[1].run: {line}"]


def test_the_witness_of_tests_can_fail(mistakes: Mistakes, base: str) -> None:
    assert mistakes(base + "tests: {paths: [x], check: {kind: command, run: echo}}\n") == [
        "todo.yaml:12: tests.check.run: 'echo' cannot fail, so it proves nothing; run something that can"
    ]


def test_instructions_may_use_the_placeholders_of_the_pages(mistakes: Mistakes, base: str) -> None:
    page = "Build $title, ${spec}, for $$5."
    assert mistakes(f"{base}instructions: {{worker: '{page}', scrutiny: 'Read $diff.'}}\n") == []


def test_an_unknown_placeholder_is_a_mistake_that_lists_the_known_ones(mistakes: Mistakes, base: str) -> None:
    [mistake] = mistakes(f"{base}instructions: {{worker: 'Build $titel in ${{titel}} and $title.'}}\n")
    assert mistake.startswith(
        "todo.yaml:12: instructions.worker: unknown placeholder '$titel'; known: $mission, $goal, $milestone, $feature, "
    )
    assert mistake.endswith("$project, $notes, $handoff")


@pytest.mark.parametrize("text", ["$5", "${a b}", "$", "$-title"])
def test_a_dollar_sign_that_begins_no_placeholder_is_a_mistake(mistakes: Mistakes, base: str, text: str) -> None:
    [mistake] = mistakes(f"{base}instructions:\n  worker: |\n    Build $title.\n    It costs {text}\n")
    assert mistake.startswith(
        "todo.yaml:13: instructions.worker: a '$' in line 2 of the text begins no placeholder; write '$$' for the sign itself; known: $mission"
    )


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("planApproval: {within: 12h}", ".otherwise: is missing; add 'otherwise:' (The decision after that)"),
        (
            "planApproval: {otherwise: reject}",
            ".within: is missing; add 'within:' (How long the question stays open, from when it is asked first)",
        ),
        (
            "planApproval: {within: 12h, otherwise: revise}",
            ".otherwise: unknown otherwise 'revise'; known: approve, reject",
        ),
        (
            "planApproval: {within: soon, otherwise: reject}",
            ".within: 'soon' is not a duration; write it like 90s, 60m or 8h",
        ),
        (
            "planApproval: {within: 12h, otherwise: reject}\nrequirePlanApproval: false",
            ": nobody is asked, since requirePlanApproval is false; remove one of the two",
        ),
    ],
)
def test_a_time_out_of_the_approval_is_said_in_full(mistakes: Mistakes, base: str, text: str, mistake: str) -> None:
    assert mistakes(base + text + "\n") == [f"todo.yaml:12: planApproval{mistake}"]
