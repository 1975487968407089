"""Who is notified: a server on this machine, and blocks of Prefect that call it."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.conftest import Data
from tests.flows.deployment import requested


@dataclass(frozen=True)
class Listener:
    """A server that keeps what it is told."""

    url: str
    heard: list[Data] = field(default_factory=list[Data])


@contextmanager
def listening() -> Generator[Listener]:
    """Until the block ends."""
    heard: list[Data] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class calls it that
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Listener(f"http://127.0.0.1:{server.server_port}", heard)
        server.shutdown()


def make_block(api: str, kind: str, name: str, data: Data) -> str:
    """A block as the form in Prefect's UI makes it; `TYPE/NAME`."""
    block_type = requested("GET", f"{api}/block_types/slug/{kind}").json()["id"]
    question = {"block_schemas": {"block_type_id": {"any_": [block_type]}}}
    schema = requested("POST", f"{api}/block_schemas/filter", question).json()[0]["id"]
    block = {"name": name, "data": data, "block_type_id": block_type, "block_schema_id": schema}
    requested("POST", f"{api}/block_documents/", block)
    return f"{kind}/{name}"
