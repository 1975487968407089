from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest

from workspaces import ports
from workspaces.ports import PortTakenError, UnknownHolderError, belongs, holders, lease


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def port_of(server: socket.socket) -> int:
    return int(server.getsockname()[1])


def free_port(folder: Path) -> int:
    with lease(folder / "others") as port:
        return port


def test_a_leased_port_can_be_listened_on(tmp_path: Path) -> None:
    with lease(tmp_path) as port, socket.create_server(("127.0.0.1", port)) as server:
        assert port_of(server) == port


def test_leased_ports_are_not_those_of_outgoing_connections(tmp_path: Path) -> None:
    with lease(tmp_path) as port:
        assert 20_000 <= port < 30_000


def test_a_wanted_port_is_leased(tmp_path: Path) -> None:
    wanted = free_port(tmp_path)
    with lease(tmp_path, wanted) as port:
        assert port == wanted


def test_a_port_is_leased_once(tmp_path: Path) -> None:
    with (
        lease(tmp_path) as port,
        pytest.raises(PortTakenError, match=f"port {port} is leased to another service"),
        lease(tmp_path, port),
    ):
        pass


def test_a_port_can_be_leased_again_afterwards(tmp_path: Path) -> None:
    with lease(tmp_path) as port:
        pass
    with lease(tmp_path, port) as again:
        assert again == port


def test_a_port_is_free_again_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lease(tmp_path) as port:
        _ = 1 / 0
    with lease(tmp_path, port) as again:
        assert again == port


def test_leases_taken_at_once_are_all_different(tmp_path: Path) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(8) as pool:
        leased = [pool.submit(stack.enter_context, lease(tmp_path)) for _ in range(40)]
        assert len({one.result() for one in leased}) == 40


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_somebody_listens_on_is_taken_and_by_whom_is_said(tmp_path: Path, host: str) -> None:
    with socket.create_server((host, 0)) as server:
        by_whom = rf"port {port_of(server)} is taken by another process \(pid {os.getpid()}, .+\)"
        with pytest.raises(PortTakenError, match=by_whom), lease(tmp_path, port_of(server)):
            pass


def test_a_port_that_is_listened_on_in_ipv6_is_taken(tmp_path: Path) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    with server, pytest.raises(PortTakenError), lease(tmp_path, port_of(server)):
        pass


def test_connections_that_are_over_do_not_take_a_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = port_of(server)
        with socket.create_connection(("127.0.0.1", port)) as client:
            server.accept()[0].close()  # the end that closes first waits for a minute
            assert client.recv(1) == b""
    with lease(tmp_path, port) as again:
        assert again == port


def test_when_every_port_is_taken_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with lease(tmp_path) as port:
        monkeypatch.setattr(ports, "_RANGE", range(port, port + 1))
        with pytest.raises(PortTakenError, match=f"no port from {port} to {port} is free"), lease(tmp_path):
            pass


def test_a_lease_ends_with_its_process(tmp_path: Path) -> None:
    holding = "import sys, pathlib, workspaces.ports as p\n"
    holding += "with p.lease(pathlib.Path(sys.argv[1])) as port: print(port, flush=True); sys.stdin.read()"
    argv = [sys.executable, "-c", holding, str(tmp_path)]
    project = Path(__file__).parents[2]
    with subprocess.Popen(argv, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        port = int(holder.stdout.readline())
        with pytest.raises(PortTakenError), lease(tmp_path, port):
            pass
        holder.kill()
        holder.wait()
    with lease(tmp_path, port) as again:
        assert again == port


def test_who_listens_is_told(listener: socket.socket) -> None:
    assert [holder.pid for holder in holders(port_of(listener))] == [os.getpid()]


def test_a_listener_that_came_while_processes_were_listed_is_looked_at_again(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, looks = psutil.net_connections, list[str]()

    def first_without_owners(kind: str) -> list[Any]:
        looks.append(kind)
        found = look(kind)
        return [one._replace(pid=None) for one in found] if len(looks) == 1 else found

    monkeypatch.setattr(psutil, "net_connections", first_without_owners)
    assert [holder.pid for holder in holders(port_of(listener))] == [os.getpid()]


def test_a_listener_whose_owner_stays_hidden_is_unknown(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [one._replace(pid=None) for one in psutil.net_connections("tcp")]

    def without_owners(kind: str) -> list[Any]:
        return found

    monkeypatch.setattr(psutil, "net_connections", without_owners)
    with pytest.raises(UnknownHolderError, match="perhaps another user's process"):
        holders(port_of(listener))


def test_who_listens_at_another_address_does_not_matter() -> None:
    with socket.create_server(("127.0.0.2", 0)) as server:
        assert holders(port_of(server)) == []


def test_who_is_connected_does_not_count_as_listening(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()) as client:
        assert holders(port_of(client)) == []


def test_a_grandchild_belongs_to_its_ancestor() -> None:
    argv = ["sh", "-c", "sh -c 'echo $$; read x; exit 0'; exit 0"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        grandchild = int(child.stdout.readline())
        assert belongs(grandchild, child.pid)
        assert not belongs(child.pid, grandchild)
        child.communicate("\n")


def test_a_thread_waits_for_nobody_when_a_port_is_leased(tmp_path: Path) -> None:
    found: list[int] = []

    def other() -> None:
        with lease(tmp_path) as port:
            found.append(port)

    with lease(tmp_path) as mine:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(30)
    assert found
    assert mine not in found
