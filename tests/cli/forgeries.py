"""Bundles that somebody made up: the references of a true one, changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Data
from tests.flows.stage import git
from workspaces.git import blob_at, commit_tree, read_blob, tree_of
from workspaces.state import branch_ref, parents, state_ref
from workspaces.trees import with_entries, write_blob

Forge = Callable[[Path, dict[str, str], str], dict[str, str]]
"""Takes the repository, the references and their commits, and the run."""


def edited(repo: Path, heads: dict[str, str], run: str) -> dict[str, str]:
    return _with_ledger(repo, heads, run, lambda text: text.replace('"agent":"player"', '"agent":"prayer"', 1))


def another_reference(_repo: Path, heads: dict[str, str], run: str) -> dict[str, str]:
    return heads | {"refs/heads/main": heads[branch_ref(run)]}


def another_result(repo: Path, heads: dict[str, str], run: str) -> dict[str, str]:
    tip = heads[branch_ref(run)]
    return heads | {branch_ref(run): commit_tree(repo, tree_of(repo, tip), [tip], "Unverified")}


def without_verdicts(repo: Path, heads: dict[str, str], run: str) -> dict[str, str]:
    return _with_ledger(repo, heads, run, lambda text: _rechained(text, lambda e: e["type"] != "verdict_recorded"))


def another_base(repo: Path, heads: dict[str, str], run: str) -> dict[str, str]:
    def move(event: Data) -> bool:
        if event["type"] in ("mission_accepted", "mission_run_started"):
            event["base"] = heads[branch_ref(run)]
        return True

    return _with_ledger(repo, heads, run, lambda text: _rechained(text, move), base=heads[branch_ref(run)])


def all_forged(repo: Path, heads: dict[str, str], run: str) -> dict[str, str]:
    """A whole story that never happened: the ledger is consistent, and about a commit with nothing in it."""
    tip, base = heads[branch_ref(run)], git(repo, "rev-parse", "main")
    nothing = commit_tree(repo, tree_of(repo, base), [base], "Nothing")
    heads = heads | {branch_ref(run): nothing}
    return _with_ledger(repo, heads, run, lambda text: _rechained(text.replace(tip, nothing), lambda _: True), old=tip)


def _with_ledger(
    repo: Path,
    heads: dict[str, str],
    run: str,
    change: Callable[[str], str],
    *,
    base: str | None = None,
    old: str | None = None,
) -> dict[str, str]:
    """The state with another ledger, and a result that takes the place of the `old` one in everything."""
    state, ledger, about = heads[state_ref(run)], "run/ledger.jsonl", "state.json"
    texts = {path: read_blob(repo, str(blob_at(repo, state, path))).decode() for path in (ledger, about)}
    texts[ledger] = change(texts[ledger])
    texts[about] = texts[about].replace(old, heads[branch_ref(run)]) if old else texts[about]
    entries = {path: ("100644", write_blob(repo, text.encode())) for path, text in texts.items()}
    on = parents(base or git(repo, "rev-parse", "main"), json.loads(texts[about])["refs"])
    return heads | {state_ref(run): commit_tree(repo, with_entries(repo, tree_of(repo, state), entries), on, "Forged")}


def _rechained(text: str, keep: Callable[[Data], bool]) -> str:
    """The ledger of somebody who knows how the chain is made."""
    previous, lines = "", list[str]()
    for event in filter(keep, map(json.loads, text.splitlines())):
        lines.append(json.dumps(event | {"previous": previous}, separators=(",", ":")))
        previous = hashlib.sha256(lines[-1].encode()).hexdigest()[:16]
    return "\n".join(lines) + "\n"
