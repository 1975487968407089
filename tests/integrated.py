"""Features merged into milestone `one` as the engine does it, for tests of what looks at the result."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.events import Kind
from workspaces import git
from workspaces.merge import Merged, merge
from workspaces.mission import Mission


def integrated(mission: Mission, commits: Sequence[tuple[str, str]], resolved: str = "") -> str:
    """Merge them in this order, as the engine does; a conflict becomes the tree of the commit `resolved`."""
    tip, root = mission.repository.base, mission.root
    for feature, commit in commits:
        merged = merge(root, tip, commit, f"Merge {feature}")
        if isinstance(merged, Merged):
            tip = merged.commit
        else:
            tip = git.commit_tree(root, git.tree_of(root, resolved), [tip, commit], f"Merge {feature}")
        facts = {"featureId": feature, "commit": tip, "how": "clean"}
        mission.ledger.append(Kind.FEATURE_INTEGRATED, milestone="one", **facts)
    return tip
