"""Services: programs that checks need running, each on a leased port of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

_PLACE = re.compile(r"\{\{\s*([A-Za-z0-9_-]+)\.(url|port)\s*\}\}")


def fill(text: str, addresses: Mapping[str, str]) -> str:
    """`{{app.url}}` and `{{app.port}}` put in, for the services whose addresses are known."""

    def put(match: re.Match[str]) -> str:
        url = addresses.get(match[1])
        if url is None:
            return match[0]
        return url if match[2] == "url" else str(urlsplit(url).port)

    return _PLACE.sub(put, text)


def variables(addresses: Mapping[str, str]) -> dict[str, str]:
    """`APP_URL` and `APP_PORT` for each service."""
    found: dict[str, str] = {}
    for name, url in addresses.items():
        prefix = name.upper().replace("-", "_")
        found |= {f"{prefix}_URL": url, f"{prefix}_PORT": str(urlsplit(url).port)}
    return found
