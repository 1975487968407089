"""Text on its way into and out of a blueprint."""

from __future__ import annotations

import re
from typing import TypeAlias

from blueprints.errors import BlueprintError, Problem, one_line

Data: TypeAlias = "dict[str, Data] | list[Data] | str | int | float | bool | None"
Path: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 1_000_000

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WORDS: dict[str, Data] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]{0,17})", re.ASCII)
_NUMBER = re.compile(r"[-+]?([0-9][0-9_]{0,17}\.[0-9_]*|\.[0-9]+)", re.ASCII)


def decode(data: bytes, name: str) -> str:
    """The text of a blueprint file. Raises BlueprintError when it is too large or not UTF-8."""
    if len(data) > MAX_BYTES:
        raise _too_large(name)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refusal(name, line, "is not UTF-8 text; save the file as UTF-8") from None


def check_text(text: str, name: str) -> str:
    """`text` without a byte order mark. Raises BlueprintError for its size or control characters."""
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_BYTES:
        raise _too_large(name)
    if found := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise refusal(name, line, f"the character U+{ord(found[0]):04X} is not allowed; remove it")
    return text


def refusal(name: str, line: int, message: str) -> BlueprintError:
    """What keeps a text from being read at all."""
    return BlueprintError([Problem(name, line, "", message)])


def _too_large(name: str) -> BlueprintError:
    return refusal(name, 0, f"is larger than {MAX_BYTES // 1_000_000} MB; keep only the plan in the blueprint")


def resolve(text: str) -> Data:
    """What a plain scalar stands for.

    The core of YAML: `true` and `false` are the only booleans; dates, `yes`, `1:30` and `010` stay text.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text.replace("_", ""))
    if _NUMBER.fullmatch(text):
        return float(text.replace("_", ""))
    return text


def spell(path: Path) -> str:
    """A path as people write it: `milestones[1].features[0].agent`."""
    return "".join(map(_step, path)).removeprefix(".")


def _step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if re.fullmatch(r"[\w-]{1,64}", part) else f"[{quote(part)}]"


def quote(value: object) -> str:
    """A piece of a blueprint inside a sentence: short, on one line, in quotes."""
    text = str(value)
    return f"'{one_line(text if len(text) <= 60 else text[:57] + '...')}'"


def counted(number: int, noun: str) -> str:
    """`1 feature`, `2 features`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
