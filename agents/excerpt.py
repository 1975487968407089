"""As much of somebody's text as a prompt has room for."""

from __future__ import annotations


def excerpt(data: bytes, limit: int, where: str) -> str:
    """The text of `data`; of more than `limit` bytes the whole lines within them, and `where` the rest is."""
    text = data[:limit].decode("utf-8-sig", errors="replace")
    if len(data) <= limit:
        return text.strip()
    lines = text.rpartition("\n")[0] or text
    return f"{lines}\n\n[Cut after {limit} of {len(data)} bytes; the rest is in {where}.]"
