"""The environment of a command: built, not copied."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterable, Sequence

from workspaces.containment import MARK

_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")
_CERTIFICATES = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
)
_USER = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "TMPDIR")
_ALLOWED = frozenset({*_USER, *_CERTIFICATES, *_PROXIES, *map(str.upper, _PROXIES)})
_ALLOWED_BEGINNINGS = ("LC_", "XDG_", "UV_", "PIP_")
_CREDENTIAL_ENDS = ("PASSWORD", "TOKEN", "USERNAME")  # UV_PUBLISH_TOKEN and its like are declared by name
_NEVER = frozenset({"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_PROJECT_ENVIRONMENT", MARK})
_NEVER_BEGINNINGS = ("GIT_", "PREFECT_")
# No questions, and no `git replace`: a commit is what its name says, for whoever looks.
_GIT = {"GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true", "GIT_NO_REPLACE_OBJECTS": "1"}


def environment(*names: str, **extra: str) -> dict[str, str]:
    """What every program needs, the `names` a step declares, then `extra`.

    Nobody's GIT_DIR, PYTHONPATH or token gets in by accident, and PATH does not lead to the virtual
    environment of Missions: `python` in a check is the user's.
    """
    built = {name: value for name, value in os.environ.items() if _is_allowed(name, names)}
    path, active = os.environ.get("PATH", os.defpath), os.environ.get("VIRTUAL_ENV")
    built["PATH"] = _path_without_our_python(path, active)
    return {**built, **_GIT, **extra}


def secret_values(names: Iterable[str]) -> dict[str, str]:
    """The values that a step declared by name and that no record may show."""
    return {name: value for name in names if (value := os.environ.get(name))}


def _is_allowed(name: str, declared: Sequence[str]) -> bool:
    if name in _NEVER or name.startswith(_NEVER_BEGINNINGS):
        return False
    common = name.startswith(_ALLOWED_BEGINNINGS) and not name.endswith(_CREDENTIAL_ENDS)
    return name in _ALLOWED or name in declared or common


@functools.cache
def _path_without_our_python(path: str, active: str | None) -> str:
    folders = {sys.prefix} if sys.prefix != sys.base_prefix else set[str]()  # otherwise it may be /usr
    ours = {os.path.realpath(f"{folder}/bin") for folder in (*folders, active) if folder}
    return os.pathsep.join(p for p in path.split(os.pathsep) if p and os.path.realpath(p) not in ours)
