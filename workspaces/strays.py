"""Processes that outlived the orchestrator that started them."""

from __future__ import annotations

from ledger.owner import Owner
from workspaces import containment


def end_strays(former: Owner) -> None:
    """Kill what commands of a run's dead owner left behind, and nobody else's: it carries that owner's mark.

    Of an owner on another machine, or before this one was started anew, nothing can be here.
    """
    if former.born is None or former.boot != Owner.here().boot or former.lives:
        return
    containment.sweep_all(containment.mark_of(former.pid, former.born))
