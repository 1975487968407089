from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from blueprints.errors import BlueprintError, MissionError
from blueprints.load import Loaded, load, load_blueprint, load_text

Mistakes = Callable[..., list[str]]


def test_the_design_s_example_loads(full: str, tmp_path: Path) -> None:
    loaded = load_text(full, "mission.yaml", tmp_path)
    assert loaded.blueprint.mission == "import-export"
    assert loaded.blueprint.agents["builder"].timeout == 3600
    assert [feature.id for feature in loaded.plan.milestones[0].features] == ["csv-writer", "button", "route"]
    assert loaded.plan.role is not None
    assert (loaded.text, loaded.name, loaded.folder) == (full, "mission.yaml", tmp_path)


def test_every_kind_of_check_loads(every: str, tmp_path: Path) -> None:
    plan = load_text(every, "mission.yaml", tmp_path).plan
    assert len({check.check.kind for milestone in plan.milestones for check in milestone.checks}) == 11


def test_a_file_is_named_as_the_user_named_it(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plans").mkdir()
    Path("plans/todo.yaml").write_text(base.replace("goal: A list of things to do.", "goal: 3"))
    with pytest.raises(BlueprintError, match=r"^plans/todo.yaml:2: goal: is the number 3"):
        load(Path("plans/todo.yaml"))


def test_relative_paths_of_a_file_start_at_its_own_folder(full: str, tmp_path: Path) -> None:
    (tmp_path / "mission.yaml").write_text(full)
    loaded = load(tmp_path / "mission.yaml")
    assert loaded.folder == tmp_path


def test_all_mistakes_are_found_at_once_in_the_order_of_their_lines(mistakes: Mistakes) -> None:
    text = """\
mission: To Do
agents:
  builder: {kind: comand}
  builder: {kind: command, argv: [x]}
milestones:
  - name: one
    features:
      - {id: a, spec: 3, needs: [b], agent: biulder, fulfills: [], because: x}
      - {id: a, spec: x, needs: [zz], fulfills: [], because: x}
max_concurrency: 3
"""
    lines = [int(line.split(":", 2)[1]) for line in mistakes(text)]
    assert lines == [1, 1, 3, 4, 6, 8, 8, 8, 9, 9, 10]


def test_problems_are_values(base: str, tmp_path: Path) -> None:
    with pytest.raises(BlueprintError) as caught:
        load_text(base.replace("needs: [a]", "needs: [c]"), "todo.yaml", tmp_path)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.path) == (
        "todo.yaml",
        11,
        "milestones[0].features[1].needs[0]",
    )
    assert caught.value.exit_code == 2


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissionError, match=r"none.yaml: there is no such file; check the path$"):
        load(tmp_path / "none.yaml")


def test_a_missing_file_suggests_the_one_beside_it(tmp_path: Path) -> None:
    (tmp_path / "todo.yaml").touch()
    with pytest.raises(MissionError, match=r"there is no such file; did you mean '.*/todo.yaml'\?$"):
        load(tmp_path / "tood.yaml")


def test_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissionError, match=r"is a folder; name the blueprint's file in it$"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b"])
def test_a_path_that_cannot_be_is_an_error_of_the_user(name: str) -> None:
    with pytest.raises(MissionError, match="cannot be read"):
        load(Path(name))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "todo.yaml").touch(mode=0)
    with pytest.raises(MissionError, match=r"cannot be read \(permission denied\)"):
        load(tmp_path / "todo.yaml")


def test_ten_megabytes_of_junk_are_refused(tmp_path: Path) -> None:
    (tmp_path / "junk.yaml").write_bytes(random.Random(1).randbytes(10_000_000))
    with pytest.raises(MissionError, match="is larger than 1 MB"):
        load(tmp_path / "junk.yaml")


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "todo.yaml").write_bytes("mission: é".encode("utf-16"))
    with pytest.raises(MissionError, match="is not UTF-8 text; save the file as UTF-8"):
        load(tmp_path / "todo.yaml")


def test_a_byte_order_mark_does_not_matter(base: str, tmp_path: Path) -> None:
    (tmp_path / "todo.yaml").write_text(base, encoding="utf-8-sig")
    assert load(tmp_path / "todo.yaml").blueprint.mission == "todo"


def test_a_parameter_may_be_a_path_or_the_text_itself(base: str, tmp_path: Path) -> None:
    (tmp_path / "todo.yaml").write_text(base)
    by_path = load_blueprint(str(tmp_path / "todo.yaml"))
    assert by_path.plan.digest == load_blueprint(base).plan.digest


def test_very_many_mistakes_are_cut_short(base: str, tmp_path: Path) -> None:
    features = "".join(f"      - {{id: f{n}, spec: x, needs: [g{n}], agnt: x}}\n" for n in range(3000))
    with pytest.raises(BlueprintError) as caught:
        load_text(base + features, "todo.yaml", tmp_path)
    assert 200 <= len(caught.value.problems) <= 400


def test_a_thousand_features_in_a_row_load(base: str, tmp_path: Path) -> None:
    features = "".join(
        f"      - {{id: f{n}, spec: x, needs: [{f'f{n - 1}' if n else 'b'}], fulfills: [], because: x}}\n"
        for n in range(900)
    )
    text = base.replace("goal:", "maxFeaturesPerMilestone: 1000\ngoal:") + features
    plan = load_text(text, "todo.yaml", tmp_path).plan
    assert len(plan.milestones[0].critical_path()) == 902


SIGNS = list("{}[]:?-#%&*!|'~,\"\\\t\n\0\x1b\ud800\u202eé💥")
PIECES = [*SIGNS, "&a ", "*a", "<<: ", "null", "true", "1e999", ".nan", "\n---\n", "- ", ": ", "9" * 50]


def mutate(text: str, dice: random.Random) -> str:
    for _ in range(dice.randint(1, 4)):
        start = dice.randrange(len(text) + 1)
        end = min(len(text), start + dice.choice([0, 0, 1, 5, 40]))
        text = text[:start] + dice.choice(PIECES) * dice.choice([0, 1, 1, 3]) + text[end:]
    return text[: dice.randrange(len(text) + 1)] if dice.random() < 0.3 else text


def outcome(text: str, folder: Path) -> str:
    try:
        return load_text(text, "todo.yaml", folder).blueprint.mission
    except MissionError as error:
        return str(error)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_written_loads_or_is_refused_in_words(seed: int, full: str, every: str, tmp_path: Path) -> None:
    dice = random.Random(seed)
    for number in range(100):
        check_words(outcome(mutate(every if number % 2 else full, dice), tmp_path))


VALUES = [
    "3",
    "2.5",
    "true",
    "",
    "x",
    "''",
    "[]",
    "[3, x, []]",
    "{}",
    "{a: b}",
    "2030-01-01",
    '"a\\nb"',
    "-x",
    "{{a.url}}",
]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_value_stands_anywhere_is_refused_in_words(seed: int, every: str, tmp_path: Path) -> None:
    dice = random.Random(seed)
    places = [match.span(1) for match in re.finditer(r"\w: (\[.*?\]|[^\s,{}\[\]]+)", every)]
    for start, end in dice.sample(places, 40):
        check_words(outcome(every[:start] + dice.choice(VALUES) + every[end:], tmp_path))


def check_words(said: str) -> None:
    assert said
    for line in said.split("\n"):
        assert line.isprintable()
        assert not re.search(
            "Input should|Value error|; correct it$|constrained|function-|list\\[int|it must match", line
        )


def test_every_beginning_of_a_blueprint_loads_or_is_refused(full: str, every: str, tmp_path: Path) -> None:
    for end in range(0, len(full), 17):
        check_words(outcome(full[:end], tmp_path))
    for end in range(0, len(every), 61):
        check_words(outcome(every[:end], tmp_path))


def test_loaded_says_what_was_set(base: str, tmp_path: Path) -> None:
    loaded: Loaded = load_text(base, "todo.yaml", tmp_path, {"maxConcurrency": "8"})
    assert loaded.settings == {"maxConcurrency": "8"}
    assert loaded.blueprint.max_concurrency == 8
