"""`--set KEY=VALUE`: single values of a blueprint replaced from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from blueprints.errors import BlueprintError, Problem
from blueprints.source import Node, Source
from blueprints.text import Data, check_text, quote, refusal, resolve

_DEEPEST = 20


def apply_settings(source: Source, settings: Mapping[str, str]) -> Source:
    """The source with each value put at its dotted key: `agents.builder.timeout`, `milestones.0.name`.

    Raises BlueprintError naming `--set KEY` for keys that lead nowhere; unknown names are found later, with
    the blueprint's own.
    """
    problems: list[Problem] = []
    root = source.root
    for key, text in settings.items():
        try:
            root = _put(root, tuple(key.split(".")), _leaf(key, text))
        except BlueprintError as error:
            problems += [replace(problem, line=0) for problem in error.problems]
    if problems:
        raise BlueprintError(problems)
    return replace(source, root=root)


def _leaf(key: str, text: str) -> Node:
    check_text(text, f"--set {key}")
    if key.count(".") > _DEEPEST:
        raise refusal(f"--set {key}", 0, "the key has too many parts; write a key such as repository.baseBranch")
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return Node(text[1:-1] if quoted else resolve(text), 0, setting=key)


def _put(node: Node, keys: tuple[str, ...], leaf: Node) -> Node:
    """`node` with `leaf` at `keys` below it; missing mappings on the way are made."""
    if not keys:
        return leaf
    value: Data = {} if node.value is None else node.value
    step = _step(value, keys[0], leaf)
    inner = node.inside.get(step, Node(None, node.line, setting=leaf.setting))
    changed = _put(inner, keys[1:], leaf)
    return replace(node, value=_with(value, step, changed.value), inside={**node.inside, step: changed})


def _step(value: Data, key: str, leaf: Node) -> str | int:
    if isinstance(value, dict) and key:
        return key
    if not isinstance(value, list):
        what = "a part of the key is empty" if not key else f"there is no {quote(key)} inside a single value"
        raise _bad_key(leaf, f"{what}; write a key such as repository.baseBranch")
    if key.isascii() and key.isdecimal() and len(key) < 7 and int(key) < len(value):
        return int(key)
    raise _bad_key(leaf, f"no item {quote(key)} in a list of {len(value)}; items are numbered from 0")


def _with(value: Data, step: str | int, inner: Data) -> Data:
    if isinstance(value, list):
        return [inner if n == step else item for n, item in enumerate(value)]
    assert isinstance(value, dict)
    return {**value, str(step): inner}


def _bad_key(leaf: Node, message: str) -> BlueprintError:
    return refusal(f"--set {leaf.setting}", 0, message)
