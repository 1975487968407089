"""`kind: http`: one request to a service, and everything its answer has to be."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from dataclasses import dataclass, replace
from urllib.parse import quote

import httpx
from pydantic import JsonValue

from blueprints.checks import HttpCheck
from validators.base import Bench, Observation
from validators.http_expectations import Answer, compare, problem
from workspaces.services import fill

_KEPT = 5_000_000
"""Bytes of a body that are read."""
_SHOWN = 100_000
"""Characters of a body that are shown beside its headers."""
_PLAIN = "".join(map(chr, range(33, 127)))
"""Characters a path may have as they are."""


@dataclass(frozen=True)
class HttpValidator:
    check: HttpCheck

    def look(self, bench: Bench) -> Observation:
        address = bench.addresses.get(self.check.service)
        if address is None:
            return Observation.inconclusive(f"service {self.check.service} is not running")
        if wrong := problem(self.check.expect):
            return Observation.inconclusive(wrong)
        exchange = _Exchange.of(self.check, address, bench)
        # A limit per read, as synchronous requests have it, never ends an answer that trickles.
        asked = asyncio.run(exchange.made(self.check.timeout, bench))
        asked.keep(bench)
        return self._judge(asked)

    def _judge(self, exchange: _Exchange) -> Observation:
        if exchange.answer is None:
            return Observation.inconclusive(exchange.problem)
        comparison = compare(exchange.answer, self.check.expect)
        if comparison.unmet:
            return Observation.failed("; ".join(comparison.unmet))
        if comparison.unknown:
            return Observation.inconclusive("; ".join(comparison.unknown))
        return Observation.passed(f"{exchange.answer.status} in {exchange.milliseconds} ms")


@dataclass(frozen=True)
class _Exchange:
    """A request, and its answer once there is one."""

    method: str
    address: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: str | None
    answer: Answer | None = None
    problem: str = ""
    """Why there is no answer."""
    milliseconds: int = 0

    @staticmethod
    def of(check: HttpCheck, address: str, bench: Bench) -> _Exchange:
        headers = {name: bench.fill(value) for name, value in check.headers.items()}
        body = _filled(check.body, bench)
        if body is not None and not isinstance(body, str):
            body = json.dumps(body, ensure_ascii=False)
            if "content-type" not in map(str.lower, headers):
                headers["Content-Type"] = "application/json"
        path = quote(bench.fill(check.path).partition("#")[0], safe=_PLAIN)
        return _Exchange(check.method, address, path, tuple(headers.items()), body)

    async def made(self, limit: float, bench: Bench) -> _Exchange:
        """The same with an answer, or with the problem: within `limit` seconds and until the mission is stopped."""
        begun = time.monotonic()
        asking = asyncio.create_task(self._ask())
        while not (asking.done() or bench.stop.is_set() or time.monotonic() >= begun + limit):
            await asyncio.wait({asking}, timeout=max(0.0, min(0.1, begun + limit - time.monotonic())))
        exchange = replace(self, milliseconds=round((time.monotonic() - begun) * 1000))
        if asking.done():
            answer = asking.result()
            return replace(exchange, problem=answer) if isinstance(answer, str) else replace(exchange, answer=answer)
        asking.cancel()
        await asyncio.wait({asking})
        late = f"{self._line} was not answered completely within {limit:g} s"
        return replace(exchange, problem="the mission was stopped during the check" if bench.stop.is_set() else late)

    async def _ask(self) -> Answer | str:
        # `target`: a path is sent as it is written, also `/../etc/passwd`, which a URL would make shorter.
        wire = [(name.encode(), value.encode()) for name, value in self.headers]
        content = None if self.body is None else self.body.encode()
        try:
            async with (
                httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=None) as client,  # noqa: S113 - `made` ends it
                client.stream(
                    self.method, self.address, headers=wire, content=content, extensions={"target": self.path.encode()}
                ) as response,
            ):
                return await _read(response)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"{self._line} got no answer: {str(error) or type(error).__name__}"

    @property
    def _line(self) -> str:
        return f"{self.method} {self.address}{self.path}"

    def keep(self, bench: Bench) -> None:
        """Write the evidence."""
        bench.evidence.mkdir(parents=True, exist_ok=True)
        request = {
            "method": self.method,
            "url": self.address + self.path,
            "headers": dict(self.headers),
            "body": self.body,
        }
        seen: dict[str, object] = {"request": request, "response": None, "problem": self.problem or None}
        if self.answer:
            seen["response"] = {**_described(self.answer), "milliseconds": self.milliseconds}
            (bench.evidence / "response.body").write_bytes(self.answer.body)
        text = json.dumps(seen, indent=2, ensure_ascii=False) + "\n"
        (bench.evidence / "exchange.json").write_text(text, errors="backslashreplace")


async def _read(response: httpx.Response) -> Answer:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _KEPT:
            break
    kept = bytes(body[:_KEPT])
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, kept, _text(kept, response.encoding), len(body) <= _KEPT)


def _text(body: bytes, encoding: str | None) -> str:
    try:
        return body.decode(encoding or "utf-8", errors="replace")
    except (LookupError, ValueError):  # an encoding of something else than text, such as `hex`
        return body.decode(errors="replace")


def _described(answer: Answer) -> dict[str, object]:
    seen: dict[str, object] = {"status": answer.status, "headers": answer.headers, "complete": answer.complete}
    if "\0" in answer.text or "\ufffd" in answer.text:
        return {**seen, "bytes": len(answer.body), "sha256": hashlib.sha256(answer.body).hexdigest()}
    return {**seen, "body": answer.text[:_SHOWN]}


def _filled(value: JsonValue, bench: Bench) -> JsonValue:
    match value:
        case str():
            return fill(value, bench.addresses)
        case list():
            return [_filled(one, bench) for one in value]
        case dict():
            return {key: _filled(one, bench) for key, one in value.items()}
        case _:
            return value
