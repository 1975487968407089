from __future__ import annotations

import os
import re
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from blueprints.checks import Service
from tests.workspaces.test_process import containing, pretend_no_namespaces, until
from workspaces import ports
from workspaces.services import NotServedError, fill, running, variables

__all__ = ["containing"]

FILES = f"exec {sys.executable} -m http.server $PORT --bind $HOST"
"""Serves the files of the checkout."""

Start = Callable[..., AbstractContextManager[dict[str, str]]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """`start(app={…}, …)`: the services, running in `checkout`."""

    def serving(
        stop: threading.Event | None = None, folder: Path = tmp_path, **services: dict[str, Any]
    ) -> AbstractContextManager[dict[str, str]]:
        checkout = folder / "checkout"
        checkout.mkdir(parents=True, exist_ok=True)
        models = {name: Service.model_validate({"within": 60, **keys}) for name, keys in services.items()}
        never = threading.Event()
        return running(models, checkout=checkout, logs=folder / "logs", leases=tmp_path / "leases", stop=stop or never)

    return serving


def get(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False)


def refusal(start: Start, stop: threading.Event | None = None, **services: dict[str, Any]) -> str:
    """Why the services are not served."""
    with pytest.raises(NotServedError) as error, start(stop=stop, **services):
        pass
    return str(error.value)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def program(folder: Path, text: str) -> str:
    """A shell line that runs a Python program in the checkout."""
    (folder / "checkout").mkdir(exist_ok=True)
    (folder / "checkout" / "program.py").write_text(text)
    return f"exec {sys.executable} program.py"


SERVER = """
import os, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    asked = 0
    def do_GET(self):
        Handler.asked += 1
        self.send_response(STATUS if Handler.asked < UNTIL else 200)
        self.send_header("content-length", "0")
        self.send_header("location", "/elsewhere")
        self.end_headers()
"""
SERVE = 'HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()\n'

DAEMON = (
    SERVER.replace("STATUS if Handler.asked < UNTIL else 200", "200")
    + """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open("daemon.pid", "w").write("started")
        HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
    os._exit(0)
os.wait()
time.sleep(1000)
"""
)


def test_a_service_answers_at_its_address(tmp_path: Path, start: Start) -> None:
    with start(app={"start": FILES}) as addresses:
        (tmp_path / "checkout" / "page.txt").write_text("hello")
        assert get(addresses["app"] + "/page.txt").text == "hello"


def test_an_address_is_on_the_loopback(start: Start) -> None:
    with start(app={"start": FILES}) as addresses:
        assert re.fullmatch(r"http://127\.0\.0\.1:2\d{4}", addresses["app"])


def test_without_services_there_are_no_addresses(start: Start) -> None:
    with start() as addresses:
        assert addresses == {}


def test_a_service_has_the_port_it_insists_on(tmp_path: Path, start: Start) -> None:
    with ports.lease(tmp_path / "others") as port:
        pass
    with start(app={"start": FILES, "port": port}) as addresses:
        assert addresses == {"app": f"http://127.0.0.1:{port}"}


def test_a_wanted_port_that_is_taken_is_told(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        why = refusal(start, app={"start": FILES, "port": port})
    assert why.startswith(f"service app has no port: port {port} is taken by another process (pid {os.getpid()}, ")


def test_the_output_of_a_service_is_kept(tmp_path: Path, start: Start) -> None:
    with start(app={"start": f"echo welcome; {FILES}"}):
        pass
    assert "welcome\n" in (tmp_path / "logs" / "service-app.log").read_text()


def test_a_service_has_its_variables_and_those_of_earlier_ones(tmp_path: Path, start: Start) -> None:
    say = 'echo "$GREETING $DB_URL $DB_PORT {{db.url}} $APP_PORT $PORT $HOST"; '
    app = {"start": say + FILES, "env": {"GREETING": "{{db.port}} {{app.url}}", "HOST": "0.0.0.0", "PORT": "1"}}
    with start(db={"start": FILES}, app=app) as addresses:
        db, own = addresses["db"], addresses["app"]
    port, own_port = db.rpartition(":")[2], own.rpartition(":")[2]
    expected = f"{port} {own} {db} {port} {db} {own_port} {own_port} 127.0.0.1\n"
    assert (tmp_path / "logs" / "service-app.log").read_text().startswith(expected)


def test_services_are_ended_in_reverse_order(tmp_path: Path, start: Start) -> None:
    def service(name: str) -> dict[str, Any]:
        return {"start": FILES, "stop": f"echo {name} >> stopped"}

    with start(one=service("one"), two=service("two")):
        pass
    assert (tmp_path / "checkout" / "stopped").read_text() == "two\none\n"


def test_a_stop_line_runs_while_the_service_is_up(tmp_path: Path, start: Start) -> None:
    ask = f'{sys.executable} -c \'import urllib.request as r; r.urlopen("{{{{app.url}}}}/"); print("was up")\''
    with start(app={"start": FILES, "stop": ask}):
        pass
    assert "was up" in (tmp_path / "logs" / "service-app.log").read_text()


def test_a_service_is_asked_to_end(tmp_path: Path, start: Start) -> None:
    gentle = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: (print('goodbye', flush=True), sys.exit()))\n"
    line = program(tmp_path, SERVER + gentle + SERVE)
    with start(app={"start": line}):
        pass
    assert "goodbye" in (tmp_path / "logs" / "service-app.log").read_text()


def test_a_service_is_ended_when_the_check_raises(start: Start) -> None:
    seen: dict[str, str] = {}
    with pytest.raises(KeyError), start(app={"start": FILES}) as addresses:
        addresses[seen.setdefault("url", addresses["app"])]
    assert ports.holders(int(seen["url"].rpartition(":")[2])) == []


def test_earlier_services_are_ended_when_a_later_one_fails(tmp_path: Path, start: Start) -> None:
    refusal(start, one={"start": FILES, "stop": "touch stopped"}, two={"start": "exit 1"})
    assert (tmp_path / "checkout" / "stopped").exists()


def test_a_service_that_became_a_daemon_is_believed_and_ended(tmp_path: Path, start: Start, containing: str) -> None:
    with start(app={"start": program(tmp_path, DAEMON)}) as addresses:
        [holder] = ports.holders(int(addresses["app"].rpartition(":")[2]))
        assert get(addresses["app"]).status_code == 200
    assert not is_alive(holder.pid)


def test_the_port_of_a_foreign_process_is_not_talked_to(tmp_path: Path, start: Start) -> None:
    with ports.lease(tmp_path / "others") as port, socket.socket() as foreign:
        taking = threading.Thread(target=take, args=(foreign, port, tmp_path / "checkout" / "begun"))
        taking.start()
        why = refusal(start, app={"start": "touch begun; sleep 1000", "port": port, "health": "/"})
        taking.join()
        foreign.setblocking(False)
        with pytest.raises(BlockingIOError):
            foreign.accept()
    held = rf"port {port} of service app is held by another process \(pid {os.getpid()}, .+\), not by the service"
    assert re.fullmatch(held, why)


def take(server: socket.socket, port: int, begun: Path) -> None:
    """Listen on the port once the service has begun."""
    until(begun.exists)
    server.bind(("127.0.0.1", port))
    server.listen()


def test_a_service_that_ends_early_is_told_at_once_with_the_end_of_its_log(start: Start) -> None:
    why = refusal(start, app={"start": "seq 5000; echo no database >&2; exit 3", "within": "10m"})
    assert why.startswith("service app ended with exit code 3 before it was healthy: ")
    assert why.endswith("5000\nno database")
    assert len(why) < 2000


def test_a_service_that_goes_to_the_background_has_ended(start: Start) -> None:
    why = refusal(start, app={"start": FILES.removeprefix("exec ") + " >/dev/null 2>&1 &", "within": "10m"})
    assert why == "service app ended with exit code 0 before it was healthy: it printed nothing"


def test_a_service_that_does_not_listen_is_not_healthy(start: Start) -> None:
    why = refusal(start, app={"start": "echo waiting; sleep 1000", "within": 0.3})
    assert re.fullmatch(
        r"service app was not healthy within 0\.3 s \((nothing listens on 127\.0\.0\.1:\d+|it was not started yet)\): "
        r"(waiting|it printed nothing)",
        why,
    )


def test_a_service_is_healthy_once_its_page_answers_below_400(tmp_path: Path, start: Start) -> None:
    line = program(tmp_path, SERVER + "STATUS, UNTIL = 503, 3\n" + SERVE)
    with start(app={"start": line, "health": "/health"}):
        assert (tmp_path / "logs" / "service-app.log").read_text().count("GET /health") == 3


def test_a_redirect_is_healthy_and_not_followed(tmp_path: Path, start: Start) -> None:
    line = program(tmp_path, SERVER + "STATUS, UNTIL = 302, 1000\n" + SERVE)
    with start(app={"start": line, "health": "/"}):
        assert "elsewhere" not in (tmp_path / "logs" / "service-app.log").read_text()


def test_a_shell_line_decides_about_health(tmp_path: Path, start: Start) -> None:
    health = 'test "$APP_URL" = {{app.url}} -a "$PORT" -gt 0; echo x >> asked; test "$(cat asked | wc -l)" -ge 3'
    with start(app={"start": FILES, "health": health}):
        assert (tmp_path / "checkout" / "asked").read_text() == "x\n" * 3


def test_a_stopped_mission_waits_for_no_service(tmp_path: Path, start: Start) -> None:
    stop = threading.Event()

    def set_when_begun() -> None:
        until((tmp_path / "checkout" / "begun").exists)
        stop.set()

    setting = threading.Thread(target=set_when_begun)
    setting.start()
    why = refusal(start, stop, app={"start": "touch begun; sleep 1000", "within": "10m"})
    setting.join()
    assert why == "the mission was stopped before service app was healthy"


def test_a_service_that_ends_during_the_check_is_left_to_the_check(start: Start) -> None:
    with start(app={"start": FILES}) as addresses:
        port = int(addresses["app"].rpartition(":")[2])
        for holder in ports.holders(port):
            psutil.Process(holder.pid).kill()
        until(lambda: not ports.holders(port))


def test_services_without_namespaces_are_served_too(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_no_namespaces(monkeypatch)
    with start(app={"start": FILES, "health": "/"}) as addresses:
        assert get(addresses["app"]).status_code == 200


def test_eight_at_once_do_not_meet(tmp_path: Path, start: Start) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(8) as pool:

        def one(number: int) -> str:
            folder = tmp_path / str(number)
            address = stack.enter_context(start(folder=folder, app={"start": FILES, "health": "/"}))["app"]
            (folder / "checkout" / "who").write_text(str(number))
            return address

        addresses = list(pool.map(one, range(8)))
        assert len(set(addresses)) == 8
        assert [get(f"{address}/who").text for address in addresses] == [str(number) for number in range(8)]


def test_addresses_are_filled_in() -> None:
    text = "{{app.url}}/x {{ app.port }} {{other.url}}"
    assert fill(text, {"app": "http://127.0.0.1:20001"}) == "http://127.0.0.1:20001/x 20001 {{other.url}}"


def test_addresses_are_variables() -> None:
    found = variables({"web-app": "http://127.0.0.1:20001"})
    assert found == {"WEB_APP_URL": "http://127.0.0.1:20001", "WEB_APP_PORT": "20001"}
