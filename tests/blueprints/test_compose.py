from __future__ import annotations

from collections.abc import Callable

import pytest

from blueprints.compose import compose
from blueprints.errors import BlueprintError
from blueprints.text import decode


def refused(text: str) -> str:
    with pytest.raises(BlueprintError) as caught:
        compose(text, "todo.yaml")
    return str(caught.value)


def test_every_value_knows_its_line() -> None:
    source = compose("a: 1\nb:\n  - x\n  - {c: 2,\n     d: 3}\n", "todo.yaml")
    assert source.root.value == {"a": 1, "b": ["x", {"c": 2, "d": 3}]}
    places = [("a",), ("b",), ("b", 0), ("b", 1), ("b", 1, "c"), ("b", 1, "d")]
    assert [source.node(place).line for place in places] == [1, 2, 3, 4, 4, 5]


def test_a_path_that_is_missing_has_the_line_of_what_is_around_it() -> None:
    assert compose("a: 1\nb:\n  - x: 1\n", "todo.yaml").node(("b", 0, "y", "z")).line == 3


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3", 3),
        ("-1_000", -1000),
        ("1.5", 1.5),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("60m", "60m"),
        ("yes", "yes"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("2024-05-01", "2024-05-01"),
        ("010", "010"),
        ("0x10", "0x10"),
        (".inf", ".inf"),
        ("1e400", "1e400"),
        ("9" * 5000, "9" * 5000),
        ("'3'", "3"),
        ('"true"', "true"),
        ("|\n  two\n  lines", "two\nlines\n"),
    ],
)
def test_a_scalar_means_what_it_looks_like(written: str, value: object) -> None:
    found = compose(f"k: {written}\n", "todo.yaml").root.value
    assert found == {"k": value}
    assert isinstance(found, dict)
    assert type(found["k"]) is type(value)


def test_an_alias_has_the_value_of_its_anchor_and_its_own_line() -> None:
    source = compose("a: &x\n  k: 1\nb: *x\nc:\n  - *x\n", "todo.yaml")
    assert source.root.value == {"a": {"k": 1}, "b": {"k": 1}, "c": [{"k": 1}]}
    assert [source.node(place).line for place in [("b",), ("b", "k"), ("c", 0)]] == [3, 2, 5]


def test_merged_keys_give_way_to_own_ones_and_to_earlier_merges() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\n"
    root = compose(text, "todo.yaml").root.value
    assert isinstance(root, dict)
    assert root["c"] == {"x": 3, "y": 1, "z": 2}


def test_a_merge_of_something_else_is_refused() -> None:
    assert refused("a:\n  <<: 3\n") == (
        "todo.yaml:2: '<<' takes in a mapping or a list of mappings; give it an alias to one"
    )


def test_a_quoted_merge_sign_is_a_key() -> None:
    assert compose("'<<': 3\n", "todo.yaml").root.value == {"<<": 3}


def test_keys_given_twice_are_all_noted() -> None:
    source = compose("a: 1\nb: {c: 1, c: 2}\na: 3\n", "todo.yaml")
    assert [str(problem) for problem in source.problems] == [
        "todo.yaml:2: b.c: is there twice, first in line 2; keep one",
        "todo.yaml:3: a: is there twice, first in line 1; keep one",
    ]


@pytest.mark.parametrize("key", ["3", "true", "~", "[a]", "? {a: b}\n", "1.5"])
def test_a_key_that_is_not_text_is_noted(key: str) -> None:
    (problem,) = compose(f"{key}: x\n", "todo.yaml").problems
    assert "a key here is not text" in str(problem)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "---\n...\n", "\ufeff", "~"])
def test_an_empty_file_is_refused(text: str) -> None:
    assert refused(text) == "todo.yaml:1: is empty; a blueprint begins with 'mission:' and 'goal:'"


def test_a_second_document_is_refused() -> None:
    assert refused("a: 1\n---\nb: 2\n").startswith("todo.yaml:2: a second document begins")


def test_a_tab_is_named_as_such() -> None:
    assert refused("a:\n  b: 1\n\tc: 2\n") == "todo.yaml:3: a tab indents this line; indent with spaces"


@pytest.mark.parametrize(
    "text",
    ["a: [1, 2", "a: 'open", "a: b: c", "a: }", "- a\nb: 1", "a: @x", "%YAML 9.9\n---\na: 1", "&a", "*"],
)
def test_a_syntax_error_is_one_line_with_its_place(text: str) -> None:
    message = refused(text)
    assert message.startswith("todo.yaml:")
    assert "\n" not in message


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system [ls]", "!!int '3'", "! x", "!mine {a: b}"])
def test_tags_are_refused(tag: str) -> None:
    assert "is not supported; remove it" in refused(f"a: {tag}\n")


def test_an_alias_without_anchor_is_refused() -> None:
    assert refused("a: 1\nb: *x\n") == "todo.yaml:2: the alias *x has no anchor; write &x before it"


def test_an_alias_inside_its_own_anchor_is_refused() -> None:
    assert refused("a: &x\n  - *x\n") == "todo.yaml:2: the alias *x is inside its own anchor; write the value out"


@pytest.mark.parametrize("character", ["\0", "\x1b", "\ud800", "\x7f"])
def test_control_characters_are_refused(character: str) -> None:
    assert refused(f"a: 1\nb: {character}\n") == (
        f"todo.yaml:2: the character U+{ord(character):04X} is not allowed; remove it"
    )


@pytest.mark.parametrize("escape", ["\\0", "\\x00", "\\ud800"])
def test_escapes_that_text_cannot_hold_are_refused(escape: str) -> None:
    assert refused(f'a: "{escape}"\n').startswith("todo.yaml:1: ")


def test_a_byte_order_mark_is_allowed() -> None:
    assert compose("\ufeffa: 1\n", "todo.yaml").root.value == {"a": 1}


def test_bytes_that_are_not_utf_8_are_refused_with_their_line() -> None:
    with pytest.raises(BlueprintError, match=r"^todo.yaml:2: is not UTF-8 text; save the file as UTF-8$"):
        decode(b"a: 1\nb: \xff\xfe\n", "todo.yaml")


def laughs() -> str:
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 12))
    return f"l0: &l0 [ha]\n{levels}"


def deep_aliases() -> str:
    return "".join(f"l{n}: &l{n} [{f'*l{n - 1}' if n else 1}]\n" for n in range(200))


@pytest.mark.parametrize(
    ("junk", "reason"),
    [
        (lambda: "x" * 10_000_000, "is larger than 1 MB"),
        (lambda: "[" * 100_000, "nested deeper than 100 levels"),
        (lambda: "{a: " * 100_000, "nested deeper than 100 levels"),
        (lambda: "? " * 100_000, "nested deeper than 100 levels"),
        (lambda: "- " * 100_000, "nested deeper than 100 levels"),
        (lambda: "[" + "1," * 400_000 + "]", "more than 50000 values"),
        (lambda: "".join(f"k{n}: 1\n" for n in range(60_000)), "more than 50000 values"),
        (laughs, "more than 50000 values"),
        (deep_aliases, "nested deeper than 100 levels"),
    ],
)
def test_junk_is_refused(junk: Callable[[], str], reason: str) -> None:
    assert reason in refused(junk())
