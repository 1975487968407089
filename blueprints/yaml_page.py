"""Data as YAML that people read and edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise, zip_longest
from typing import Any

import yaml

from blueprints.text import Data, resolve

_WIDTH = 110


def yaml_page(data: Mapping[str, Data], comments: Sequence[str] = ()) -> str:
    """Comments, then the keys in their order: block style, texts of several lines as they are, air between parts."""
    parts = [_dumped(key, value) for key, value in data.items()]
    airy = ["\n" if max(map(_lines, both)) > 1 else "" for both in pairwise(parts)]
    head = "".join(f"# {comment}\n" for comment in comments) + "\n" * bool(comments)
    return head + "".join(part + air for part, air in zip_longest(parts, airy, fillvalue=""))


def _lines(part: str) -> int:
    return part.count("\n")


def _dumped(key: str, value: Data) -> str:
    text: str = yaml.dump({key: value}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text


class _Dumper(yaml.SafeDumper):
    """As people write it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: ARG002
        """Items of a list stand below their key, further in."""
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """What is there twice is written twice."""
        return True


def _text(_dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """In quotes when our reading of plain words would take it for something else."""
    style = "|" if "\n" in text else "'" if not isinstance(resolve(text), str) else None
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)


def _number(_dumper: _Dumper, number: float) -> yaml.ScalarNode:
    """Without an exponent: blueprints know none."""
    text = format(Decimal(repr(number)), "f")
    return yaml.ScalarNode("tag:yaml.org,2002:float", text if "." in text else f"{text}.0")


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _number)
