"""PostgreSQL from Debian's packages, prepared as its image prepares itself before the first start."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path


def its_user() -> list[str]:
    """Words before a command: PostgreSQL does not let itself be started by root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


def make_database(folder: Path, said: Mapping[str, str], path: str) -> Path:
    """The data folder, with the user and the database that the image's variables name. `path` is where programs are."""
    data, secret = folder / "data", folder / "password"
    secret.write_text(said["POSTGRES_PASSWORD"])
    if its_user():
        for owned in (folder.parent, folder, secret):
            shutil.chown(owned, "postgres")
    owner = [f"--username={said['POSTGRES_USER']}", f"--pwfile={secret}", "--auth=scram-sha-256"]
    make = ["initdb", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", *owner, "-D", str(data)]
    first = ["postgres", "--single", "-D", str(data), "postgres"]
    create = f"CREATE DATABASE {said['POSTGRES_DB']}\n"
    for argv, words in ((make, ""), (first, create)):
        done = subprocess.run(
            [*its_user(), *argv], input=words, env={"PATH": path}, cwd="/", capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    return data
