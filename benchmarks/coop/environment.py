"""What a task's tests run in: an environment of uv's, made once, outside every checkout."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from benchmarks.coop.dataset import Task

_OWN = Path(__file__).parents[2] / "scripts" / "uv"
_INSTALL = re.compile(r"(?:uv )?pip install ([^;|&>#}]+)")
_PYTHON = re.compile(r"uv venv .*--python[ =]([\d.]+)")
_ALWAYS = ("-e .", "pytest")


@dataclass(frozen=True)
class Environment:
    """The interpreter, and the clone that was installed: only what it compiled is taken from there."""

    python: Path
    clone: Path

    def line(self, files: Iterable[str]) -> str:
        """The shell line that runs these test files on the checkout it is started in, and on nothing else."""
        paths = list(dict.fromkeys(path for file in files for path in _import_paths(file)))
        found = ":".join(f"$PWD/{path}" if path else "$PWD" for path in paths)
        return (
            f'PYTHONPATH="{found}" {shlex.quote(str(self.python))} -m pytest -q -p no:cacheprovider {shlex.join(files)}'
        )

    def compiled(self) -> list[str]:
        """Files that lie in the clone beside the source because building made them."""
        return [str(path.relative_to(self.clone)) for path in sorted(self.clone.rglob("*.so"))]

    def preparation(self) -> list[str]:
        """Shell lines that bring those into another checkout."""
        return [f"cp {shlex.quote(str(self.clone / path))} {shlex.quote(path)}" for path in self.compiled()]


def prepare(task: Task, clone: Path, folder: Path) -> Environment:
    """As the task's own script says, as far as that is possible here; RuntimeError when there is no pytest in it."""
    script = task.install.replace("\\\n", " ")
    wanted = _PYTHON.findall(script)
    if not wanted or not _uv(clone, folder, "venv", "--quiet", "--python", wanted[-1], str(folder)):
        _uv(clone, folder, "venv", "--quiet", str(folder))
    if "uv sync" in script and (clone / "uv.lock").is_file():
        _uv(clone, folder, "sync", "--quiet", "--inexact")
    for words in dict.fromkeys([*_installs(script), *_ALWAYS]):
        _uv(clone, folder, "pip", "install", "--quiet", *shlex.split(words))
    python = folder / "bin" / "python"
    probe = subprocess.run([str(python), "-c", "import pytest"], capture_output=True, check=False)
    if probe.returncode:
        raise RuntimeError(f"no environment could be made for {task.name}: {probe.stderr.decode()[-300:]}")
    return Environment(python, clone)


def _installs(script: str) -> Iterator[str]:
    """What is installed, one command after another; pip itself is uv's business."""
    for words in _INSTALL.findall(script):
        if words.strip() and "--upgrade pip" not in words:
            yield words.strip()


def _uv(clone: Path, folder: Path, *words: str) -> bool:
    uv = shutil.which("uv") or str(_OWN)
    hidden = ("VIRTUAL_ENV", "PYTHONPATH")
    inherited = {name: value for name, value in os.environ.items() if name not in hidden}
    own = {"VIRTUAL_ENV": str(folder), "UV_PROJECT_ENVIRONMENT": str(folder)}
    return not subprocess.run([uv, *words], cwd=clone, env=inherited | own, capture_output=True, check=False).returncode


def _import_paths(file: str) -> list[str]:
    """The folder that holds the tests' folder, its `src`, and the top."""
    parts = PurePosixPath(file).parts
    depth = next((n for n, part in enumerate(parts) if part.lower() == "tests"), 0)
    project = "/".join(parts[:depth])
    return [f"{project}/src".lstrip("/"), project, ""] if project else ["src", ""]
