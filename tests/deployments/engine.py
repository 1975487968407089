"""A Docker engine: the one that answers, else one that is started for the test, and an image of Missions in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deployments import debian
from tests.deployments.composed import PROJECT
from tests.flows.stage import until

IMAGE = "missions:under-test"
"""With a tag: what is called `latest`, or nothing, Prefect fetches anew for each run."""
_BASE = "missions-base:under-test"
_DEBIANS = Path("/usr/bin/docker")
"""Its client builds with the BuildKit of its engine; others want a plugin for that."""


@dataclass(frozen=True)
class Engine:
    """What answers at DOCKER_HOST."""

    env: dict[str, str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [_client(), *words]
        return subprocess.run(argv, env=os.environ | self.env, capture_output=True, text=True, check=False)

    def build(self) -> None:
        """The image of deployments/Dockerfile; on Debian without a registry of images."""
        base = self._import_base() if debian.is_here() else []
        argv = [str(PROJECT / "scripts" / "docker-image"), IMAGE, "--network=host", *base]
        done = subprocess.run(argv, env=os.environ | self.env | {"DOCKER": _client()}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def _import_base(self) -> list[str]:
        argv = [_client(), "import", "-", _BASE]
        with subprocess.Popen(argv, env=os.environ | self.env, stdin=subprocess.PIPE) as importing:
            assert importing.stdin
            with importing.stdin as stream:
                debian.write_base_image(stream)
        assert importing.returncode == 0
        return ["--build-arg", f"BASE={_BASE}"]


@contextmanager
def docker() -> Generator[Engine | None]:
    """The engine, as long as the block lasts; None where none answers and none can be started."""
    here = Engine({})
    dockerd = shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin")
    if _answers(here):
        yield here
    elif dockerd is None or os.geteuid() != 0:
        yield None
    else:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            yield from _started(dockerd, Path(folder))


def _started(dockerd: str, folder: Path) -> Generator[Engine]:
    """An engine of its own: no bridges, nothing changed in the machine's network."""
    socket = f"unix://{folder}/socket"
    words = [f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid", f"--host={socket}"]
    argv = [dockerd, *words, "--bridge=none", "--iptables=false", "--ip6tables=false"]
    engine = Engine({"DOCKER_HOST": socket})
    with (folder / "log").open("wb") as log, subprocess.Popen(argv, stdout=log, stderr=log) as process:
        try:
            until(lambda: process.poll() is not None or _answers(engine))
            assert process.poll() is None, (folder / "log").read_text()
            yield engine
        finally:
            process.terminate()
            process.wait()
            left = folder / "exec" / "netns" / "default"  # it leaves this mounted, with which no folder can go
            subprocess.run(["umount", str(left)], capture_output=True, check=False)


def _answers(engine: Engine) -> bool:
    return bool(shutil.which(_client())) and engine.run("info").returncode == 0


def _client() -> str:
    return str(_DEBIANS) if _DEBIANS.exists() else "docker"
