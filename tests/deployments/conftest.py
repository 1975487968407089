"""Missions for a whole module, as in `tests/flows`."""

from tests.flows.conftest import new_missions

__all__ = ["new_missions"]
