"""HTTP: reads a request, sends the answer, and ends the connection the way the answer says."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, cast

from agents.rehearsal.answer import Answer, json_answer
from agents.rehearsal.exchange import Data
from agents.rehearsal.player import Arrived, Player
from agents.rehearsal.routes import find_key, find_route, find_session, models

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""For SO_LINGER: closing sends RST."""


class Listener(ThreadingMixIn, TCPServer):
    """A server whose connections all end, and whose threads all have ended, once it is stopped."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, player: Player, port: int) -> None:
        self.player = player
        self.stopped, self._stop = socket.socketpair()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Without the FIN that would come before a reset."""
        with self._lock:
            self._open.discard(request)
        self.close_request(request)

    def stop(self) -> None:
        """End what is waiting, then wait for the threads, which have nothing left to wait for."""
        self._stop.close()
        self.shutdown()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self.stopped.close()


class Handler(BaseHTTPRequestHandler):
    """One connection, with any number of requests after each other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def _listener(self) -> Listener:
        return cast("Listener", self.server)

    def handle(self) -> None:
        """A client may go at any time."""
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the base class calls it so
        """Nothing: calls are logged by the player."""

    def do_HEAD(self) -> None:
        self._send(Answer(200, (), 0))

    def do_GET(self) -> None:
        found = models(self.path)
        self._send(json_answer(found) if found else _missing(self.path))

    def do_POST(self) -> None:
        body = self._body()
        route = find_route(self.path)
        if body is None:
            self.close_connection = True
        elif route is None:
            self._send(_missing(self.path))
        elif (sent := _parse(body)) is None:
            self._send(json_answer({"error": {"message": "the body is not a JSON object"}}, status=400))
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            arrived = Arrived(route, sent, find_key(headers, self.path), find_session(headers))
            self._send(self._listener.player.answer(arrived))

    def _body(self) -> bytes | None:
        """The request's body; None if the client left in the middle of it."""
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunks()
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        return body if len(body) == length else None

    def _chunks(self) -> bytes | None:
        body = b""
        while (line := self.rfile.readline()) and (size := int(line.split(b";")[0], 16)):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body if line else None

    def _send(self, answer: Answer) -> None:
        ending = answer.ending
        if (answer.delay and not self._pause(answer.delay)) or not self._write(answer):
            self.close_connection = True
        elif ending == "whole" or (ending == "truncate" and answer.length is None):
            self.close_connection = self.close_connection or ending == "truncate"
        else:
            self._break(answer)

    def _write(self, answer: Answer) -> bool:
        """Whether all of it could be sent; without delays in one piece."""
        framed = [self._frame(chunk, answer) for chunk in answer.chunks]
        if answer.length is None and answer.ending in ("whole", "truncate"):
            framed.append(b"0\r\n\r\n")
        parts = [self._head(answer) + b"".join(framed[:1]), *framed[1:]]
        for at, part in enumerate(parts if answer.chunk_delay else [b"".join(parts)]):
            if at and not self._pause(answer.chunk_delay):
                return False
            self.wfile.write(part)
        return True

    def _head(self, answer: Answer) -> bytes:
        """Status line and headers as the base class would write them, to be sent with what follows."""
        if not answer.status:
            return b""
        kind = "application/json" if answer.length is not None else "text/event-stream"
        framing = f"Content-Length: {answer.length}" if answer.length is not None else "Transfer-Encoding: chunked"
        more = [f"{name}: {value}" for name, value in answer.headers.items()]
        lines = [f"HTTP/1.1 {answer.status} Scripted", f"Content-Type: {kind}", framing, "request-id: req_rehearsal"]
        return "\r\n".join([*lines, *more, "", ""]).encode()

    def _frame(self, chunk: bytes, answer: Answer) -> bytes:
        return chunk if answer.length is not None else b"%x\r\n%s\r\n" % (len(chunk), chunk)

    def _break(self, answer: Answer) -> None:
        """End the connection early: after the client did, by RST, or in the middle of the body."""
        if answer.ending == "hang":
            self._pause(None)
        elif answer.ending == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.close_connection = True

    def _pause(self, seconds: float | None) -> bool:
        """Wait so long; False as soon as the client leaves or the server stops."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.connection, selectors.EVENT_READ)
            selector.register(self._listener.stopped, selectors.EVENT_READ)
            return not selector.select(seconds)


def _parse(body: bytes) -> Data | None:
    try:
        data: object = json.loads(body)
    except ValueError:
        return None
    return cast("Data", data) if isinstance(data, dict) else None


def _missing(target: str) -> Answer:
    return json_answer({"error": {"message": f"there is nothing at {target}"}}, status=404)
