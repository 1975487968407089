from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from blueprints.checks import HttpCheck
from validators import validator_for
from validators.base import Bench, Observation

Responding = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    """A service in this process: what it answers, and what it was asked."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    respond: Responding | None = None
    asked: list[str] = field(default_factory=list[str])
    received: list[bytes] = field(default_factory=list[bytes])
    request_headers: dict[str, str] = field(default_factory=dict[str, str])
    url: str = ""
    done: threading.Event = field(default_factory=threading.Event)

    def json(self, value: object) -> None:
        self.body, self.headers = json.dumps(value).encode(), {"content-type": "application/json"}

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(f"{request.command} {request.path}")
        self.request_headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(request.rfile.read(int(request.headers.get("content-length", 0))))
        (self.respond or self._respond)(request)

    def _respond(self, request: BaseHTTPRequestHandler) -> None:
        request.send_response(self.status)
        for name, value in {"content-length": str(len(self.body)), **self.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(self.body)


@pytest.fixture
def site() -> Iterator[Site]:
    here = Site()

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if self.raw_requestline and self.parse_request():
                here.answer(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            return  # a client that leaves early is part of the tests

    with Server(("127.0.0.1", 0), Handler) as server:
        here.url = f"http://127.0.0.1:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield here
        here.done.set()
        server.shutdown()
        serving.join()


@dataclass
class Look:
    """`look(path="/x", expect={…})`: what the check says about the site."""

    site: Site
    folder: Path
    stop: threading.Event = field(default_factory=threading.Event)

    def __call__(self, *, service: str = "app", **keys: Any) -> Observation:
        check = HttpCheck.model_validate({"kind": "http", "service": service, "timeout": 60, **keys})
        bench = Bench(self.folder, self.folder / "evidence", self.stop, addresses={"app": self.site.url})
        return validator_for(check).look(bench)

    @property
    def exchange(self) -> Any:
        return json.loads((self.folder / "evidence" / "exchange.json").read_text())


@pytest.fixture
def look(site: Site, tmp_path: Path) -> Look:
    return Look(site, tmp_path)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_an_answer_as_expected_passes(look: Look) -> None:
    finding = look()
    assert finding.status == "passed"
    assert finding.reason.startswith("200 in ")
    assert finding.reason.endswith(" ms")


def test_the_request_is_as_the_check_says(site: Site, look: Look) -> None:
    look(method="PUT", path="/items?a=1&b=%20c d", headers={"X-Kind": "ä"}, body="plain")
    assert (site.asked, site.received) == (["PUT /items?a=1&b=%20c%20d"], [b"plain"])
    assert site.request_headers["x-kind"].encode("latin-1").decode() == "ä"


def test_a_body_that_is_not_a_text_is_sent_as_json(site: Site, look: Look) -> None:
    look(method="POST", body={"name": "ä", "tags": [1, None]})
    assert json.loads(site.received[0]) == {"name": "ä", "tags": [1, None]}
    assert site.request_headers["content-type"] == "application/json"


def test_a_content_type_of_the_check_stays(site: Site, look: Look) -> None:
    look(method="PATCH", headers={"content-type": "application/merge-patch+json"}, body={})
    assert site.request_headers["content-type"] == "application/merge-patch+json"


def test_addresses_are_filled_in(site: Site, look: Look) -> None:
    look(method="POST", path="/?of={{app.port}}", headers={"origin": "{{app.url}}"}, body={"a": ["{{app.url}}/x"]})
    assert site.asked == [f"POST /?of={site.url.rpartition(':')[2]}"]
    assert site.request_headers["origin"] == site.url
    assert json.loads(site.received[0]) == {"a": [f"{site.url}/x"]}


def test_a_path_is_sent_as_it_is_written(site: Site, look: Look) -> None:
    look(path="/a/../../etc/passwd")
    assert site.asked == ["GET /a/../../etc/passwd"]


def test_a_redirect_is_an_answer(site: Site, look: Look) -> None:
    site.status, site.headers = 302, {"location": "/elsewhere"}
    assert look(expect={"status": 302, "headers": {"Location": "^/elsewhere$"}}).status == "passed"
    assert site.asked == ["GET /"]


def test_proxies_of_the_environment_are_not_used(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    assert look().status == "passed"


def test_another_status_fails(site: Site, look: Look) -> None:
    site.status = 500
    finding = look()
    assert (finding.status, finding.reason) == ("failed", "status is 500, not 200")


def test_one_of_several_statuses_will_do(site: Site, look: Look) -> None:
    site.status = 404
    assert look(expect={"status": [403, 404]}).status == "passed"
    assert look(expect={"status": [200, 201]}).reason == "status is 404, not 200 or 201"


def test_every_expectation_that_is_not_met_is_named(site: Site, look: Look) -> None:
    site.json({"total": 3, "items": [{"name": "a"}]})
    site.status = 500
    schema = {"properties": {"items": {"items": {"required": ["id"]}}}}
    wanted = {"headers": {"content-type": "html"}, "json": {"$.total": 4}, "jsonSchema": schema, "text": "Hello"}
    finding = look(expect=wanted)
    assert finding.status == "failed"
    assert finding.reason == (
        "status is 500, not 200; header content-type is 'application/json', which has no match for /html/; "
        "$.total is 3, not 4; body does not satisfy the schema at $.items[0]: 'id' is a required property; "
        "the body has no match for /Hello/"
    )


def test_a_missing_header_fails(look: Look) -> None:
    assert look(expect={"headers": {"X-Kind": "."}}).reason == "header X-Kind is missing"


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("$.total", 3),
        ("$.total", 3.0),
        ("$.items[1].id", "b"),
        ("$.items[*].id", ["a", "b"]),
        ("$.items[*].done", True),
        ("$.items[?@.id == 'b'].done", True),
        ("$.items", [{"id": "a", "done": True}, {"id": "b", "done": True}]),
        ("$.none", None),
    ],
)
def test_a_value_as_expected_passes(site: Site, look: Look, path: str, wanted: object) -> None:
    items = [{"id": "a", "done": True}, {"id": "b", "done": True}]
    site.json({"total": 3, "items": items, "none": None})
    assert look(expect={"json": {path: wanted}}).status == "passed"


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [(1, True), (True, 1), (0, False), (None, False), ("1", 1), ([1], [True]), ({"a": 1}, {"a": True}), ([], [1])],
)
def test_another_value_fails(site: Site, look: Look, seen: object, wanted: object) -> None:
    site.json({"value": seen})
    finding = look(expect={"json": {"$.value": wanted}})
    assert finding.status == "failed"
    assert finding.reason.startswith("$.value is ")


@pytest.mark.parametrize("path", ["$.other", "$.items[*]", "$.items[?@.id == 1].name", "$..nothing"])
def test_a_path_that_leads_nowhere_fails(site: Site, look: Look, path: str) -> None:
    site.json({"items": []})
    finding = look(expect={"json": {path: []}})
    assert (finding.status, finding.reason) == ("failed", f"{path} is missing")


@pytest.mark.parametrize("text", ["[1, 2]", "plain", '{"a": '])
def test_a_body_that_is_a_json_string_is_one(site: Site, look: Look, text: str) -> None:
    site.json(text)
    assert look(expect={"json": {"$": text}}).status == "passed"


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"NaN", b"\xff"])
def test_a_body_that_is_not_json_fails(site: Site, look: Look, body: bytes) -> None:
    site.body = body
    finding = look(expect={"json": {"$": 1}})
    assert finding.status == "failed"
    assert finding.reason.startswith("the body is not JSON: ")


def test_a_body_that_is_nested_too_deeply_is_inconclusive(site: Site, look: Look) -> None:
    site.body = b"[" * 100_000 + b"]" * 100_000
    assert look(expect={"json": {"$": 1}}).status == "inconclusive"


def test_a_body_that_satisfies_the_schema_passes(site: Site, look: Look) -> None:
    site.json({"total": 3})
    assert look(expect={"jsonSchema": {"properties": {"total": {"type": "integer"}}}}).status == "passed"


def test_a_true_is_no_integer_for_a_schema(site: Site, look: Look) -> None:
    site.json({"total": True})
    assert look(expect={"jsonSchema": {"properties": {"total": {"type": "integer"}}}}).status == "failed"


def test_a_text_is_found_in_the_encoding_of_the_answer(site: Site, look: Look) -> None:
    site.body, site.headers = "Grüße".encode("latin-1"), {"content-type": "text/plain; charset=iso-8859-1"}
    assert look(expect={"text": "^Grüße$"}).status == "passed"


def test_a_charset_that_is_none_is_read_as_utf_8(site: Site, look: Look) -> None:
    site.body, site.headers = "Grüße".encode(), {"content-type": "text/plain; charset=hex"}
    assert look(expect={"text": "^Grüße$"}).status == "passed"


def test_a_compressed_body_is_looked_into(site: Site, look: Look) -> None:
    site.body, site.headers = gzip.compress(b"Hello"), {"content-encoding": "gzip"}
    assert look(expect={"text": "^Hello$"}).status == "passed"


def test_a_reason_does_not_repeat_a_long_answer(site: Site, look: Look) -> None:
    site.json({"text": "x" * 100_000})
    assert len(look(expect={"json": {"$": 1, "$.text": 2}}).reason) < 1000


def test_a_reason_can_be_written_down_whatever_the_answer(site: Site, look: Look) -> None:
    site.body = b'{"a": "\\ud800"}'
    assert look(expect={"json": {"$": 1}}).reason.encode()


def test_a_text_beyond_what_is_searched_is_inconclusive(site: Site, look: Look) -> None:
    site.body = b"x" * 1_000_001 + b"Hello"
    finding = look(expect={"text": "Hello"})
    assert finding.status == "inconclusive"
    assert "in the part that is searched" in finding.reason


def test_a_body_beyond_what_is_read_is_not_judged_as_json(site: Site, look: Look, tmp_path: Path) -> None:
    site.json("x" * 5_000_001)
    finding = look(expect={"json": {"$": 1}})
    assert (finding.status, finding.reason) == ("inconclusive", "the body is too long to be read as JSON")
    assert (tmp_path / "evidence" / "response.body").stat().st_size == 5_000_000


@pytest.mark.parametrize(
    ("expect", "reason"),
    [
        ({"text": "("}, "/(/ is not a regular expression: "),
        ({"headers": {"etag": "*"}}, "/*/ is not a regular expression: "),
        ({"json": {"$.a[": 1}}, "$.a[ is not a JSONPath: unexpected end"),
        ({"json": {"a": 1}}, "a is not a JSONPath: "),
        ({"jsonSchema": {"type": "whole"}}, "the JSON Schema is not valid at $.type: "),
        ({"jsonSchema": {"pattern": "("}}, "the JSON Schema is not valid at $.pattern: "),
    ],
)
def test_an_expectation_that_makes_no_sense_is_inconclusive(
    site: Site, look: Look, expect: dict[str, Any], reason: str
) -> None:
    finding = look(expect=expect)
    assert finding.status == "inconclusive"
    assert finding.reason.startswith(reason)
    assert site.asked == []


@pytest.mark.parametrize("reference", ["#/nowhere", "#", "http://127.0.0.1:9/schema.json"])
def test_a_schema_that_cannot_be_applied_is_inconclusive(site: Site, look: Look, reference: str) -> None:
    site.json({})
    finding = look(expect={"jsonSchema": {"$ref": reference}})
    assert finding.status == "inconclusive"
    assert finding.reason.startswith("the schema cannot be applied: ")


def test_a_difference_counts_although_something_else_is_unknown(site: Site, look: Look) -> None:
    site.status, site.body = 500, b"x" * 1_000_001
    assert look(expect={"text": "Hello"}).status == "failed"


def test_a_service_that_is_not_running_is_inconclusive(look: Look) -> None:
    finding = look(service="other")
    assert (finding.status, finding.reason) == ("inconclusive", "service other is not running")


def test_a_refused_connection_is_inconclusive(site: Site, look: Look) -> None:
    site.url = f"http://127.0.0.1:{closed_port()}"
    finding = look(path="/x")
    assert finding.status == "inconclusive"
    assert finding.reason.startswith(f"GET {site.url}/x got no answer: ")


def test_an_answer_that_does_not_come_is_inconclusive(site: Site, look: Look) -> None:
    site.respond = lambda _: (site.done.wait(60), None)[1]
    finding = look(timeout=0.2)
    assert finding.status == "inconclusive"
    assert finding.reason == f"GET {site.url}/ was not answered completely within 0.2 s"


def test_an_answer_that_trickles_is_inconclusive(site: Site, look: Look) -> None:
    def trickle(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not site.done.wait(0.01):
            request.wfile.write(b".")

    site.respond = trickle
    assert look(timeout=0.3).reason.endswith("was not answered completely within 0.3 s")


def test_an_answer_that_is_not_http_is_inconclusive(site: Site, look: Look) -> None:
    site.respond = lambda request: (request.wfile.write(b"hello\r\n\r\n"), None)[1]
    assert look().status == "inconclusive"


def test_an_answer_that_breaks_off_is_inconclusive(site: Site, look: Look) -> None:
    site.body, site.headers = b"short", {"content-length": "1000"}
    assert look().status == "inconclusive"


def test_a_header_that_cannot_be_sent_is_inconclusive(look: Look) -> None:
    assert look(headers={"a b": "c"}).status == "inconclusive"


def test_a_check_of_a_stopped_mission_is_inconclusive(look: Look) -> None:
    look.stop.set()
    finding = look()
    assert (finding.status, finding.reason) == ("inconclusive", "the mission was stopped during the check")


def test_the_exchange_is_kept_as_evidence(site: Site, look: Look, tmp_path: Path) -> None:
    site.json({"a": 1})
    look(method="POST", path="/x", headers={"X-Kind": "k"}, body={"b": 2})
    seen = look.exchange
    headers = {"X-Kind": "k", "Content-Type": "application/json"}
    assert seen["request"] == {"method": "POST", "url": f"{site.url}/x", "headers": headers, "body": '{"b": 2}'}
    assert (seen["response"]["status"], seen["response"]["body"]) == (200, '{"a": 1}')
    assert seen["response"]["headers"]["content-type"] == "application/json"
    assert seen["response"]["milliseconds"] >= 0
    assert (tmp_path / "evidence" / "response.body").read_bytes() == b'{"a": 1}'


def test_a_binary_body_is_described_by_size_and_digest(site: Site, look: Look) -> None:
    site.body = bytes(range(256))
    look()
    digest = "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880"
    assert (look.exchange["response"]["bytes"], look.exchange["response"]["sha256"]) == (256, digest)


def test_a_request_without_answer_is_kept_as_evidence(site: Site, look: Look) -> None:
    site.url = f"http://127.0.0.1:{closed_port()}"
    finding = look()
    assert (look.exchange["response"], look.exchange["problem"]) == (None, finding.reason)
