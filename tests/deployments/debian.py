"""A base image made of this machine's own Debian packages: within seconds, and without a registry of images."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

PACKAGES = [
    *("base-files", "base-passwd", "bash", "ca-certificates", "coreutils", "dash", "debianutils", "diffutils"),
    *("findutils", "git", "grep", "gzip", "hostname", "libc-bin", "libstdc++6", "login", "passwd", "procps"),
    *("python3", "python3-venv", "sed", "tar", "util-linux"),
]
_NOT_NEEDED = ("/usr/share/doc", "/usr/share/info", "/usr/share/locale", "/usr/share/man", "/usr/share/perl")
_MADE = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/ssl/certs", "/bin", "/lib", "/lib64", "/sbin", "/usr/bin/awk")
"""What no package holds: it is made when packages are set up."""
_EMPTY = ("/dev", "/proc", "/run", "/sys", "/tmp", "/var/tmp")


def is_here() -> bool:
    """Whether this machine has all of them."""
    listed = [line.split() for line in _lines("dpkg-query", "-W", "-f", "${Package} ${db:Status-Abbrev}\n")]
    return {*PACKAGES} <= {words[0] for words in listed if words[-1] == "ii"}


def write_base_image(stream: IO[bytes]) -> None:
    """The packages' files, and those of all packages they need, as a tar archive for `docker import`."""
    with tarfile.open(fileobj=stream, mode="w|") as archive:
        for path in _EMPTY:
            archive.addfile(_folder(path))
        for path in (*_MADE, *_files(_needed())):
            if os.path.lexists(path):
                archive.add(path, recursive=path in _MADE)
        for name in ("passwd", "group"):
            archive.add(f"/usr/share/base-passwd/{name}.master", f"/etc/{name}")


def _needed() -> list[str]:
    words = ["--recurse", "--installed", "--important", "--no-conflicts", "--no-breaks", "--no-replaces"]
    listed = _lines("apt-cache", "depends", *words, *PACKAGES)
    names = {line for line in listed if line and not line.startswith((" ", "<", "|"))}
    there = _lines("dpkg-query", "-W", "-f", "${binary:Package} ${db:Status-Abbrev}\n")
    installed = {name.partition(":")[0]: name for name, status in map(str.split, there) if status == "ii"}
    return sorted(installed[name] for name in names if name in installed)


def _files(packages: list[str]) -> Iterator[str]:
    """Each file and folder once, where it really is: `/bin` is a link to `/usr/bin`."""
    named = {path for path in _lines("dpkg-query", "-L", *packages) if path.startswith("/") and path != "/."}
    real = {str(Path(path).parent.resolve() / Path(path).name) for path in named}
    yield from sorted(path for path in real if not path.startswith((*_NOT_NEEDED, *_MADE)))


def _folder(path: str) -> tarfile.TarInfo:
    folder = tarfile.TarInfo(path)
    folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if path.endswith("tmp") else 0o755
    return folder


def _lines(*argv: str) -> list[str]:
    if not shutil.which(argv[0]):
        return []  # not Debian
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.splitlines()
