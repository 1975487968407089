"""A blueprint's texts inside Markdown: they stay text, whatever they hold."""

from __future__ import annotations

import re

from blueprints.errors import one_line


def as_text(text: str) -> str:
    """Text on one line, without markup, HTML or links."""
    flat = one_line(" ".join(text.split()))
    marked = re.sub(r"([\\`*_\[\]|~])", r"\\\1", flat).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"^(\d*)([-+#>=.)])", r"\1\\\2", marked)


def as_code(text: str) -> str:
    """A code span, also around backticks."""
    fence = _fence(text, 1)
    space = " " if "`" in text else ""
    return f"{fence}{space}{one_line(text)}{space}{fence}"


def as_shell(lines: str) -> str:
    """A command inside a list item, its lines kept apart."""
    lines = lines.rstrip("\n")
    if "\n" not in lines:
        return as_code(lines)
    fence = _fence(lines, 3)
    block = [f"{fence}bash", *map(one_line, lines.split("\n")), fence]
    return "\n\n" + "\n".join(f"  {line}" for line in block) + "\n"


def _fence(text: str, least: int) -> str:
    return "`" * max(least, max(map(len, re.findall("`+", text)), default=0) + 1)
