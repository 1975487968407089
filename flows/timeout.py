"""The time-out of the plan's gate: when it is over, and what is decided then."""

from __future__ import annotations

import time
from collections.abc import Sequence

from blueprints.fields import spell_duration
from blueprints.plan import Plan
from blueprints.schema import PlanApproval
from ledger.events import Event, Kind


def deadline(plan: Plan, events: Sequence[Event]) -> float | None:
    """When the decision is due, in seconds since the epoch: counted from when exactly this plan was proposed first.

    That is now, if it was not yet. None: people may take as long as they like.
    """
    terms = plan.blueprint.plan_approval
    proposed = (e.at.timestamp() for e in events if e.kind is Kind.PLAN_PROPOSED and e.data["plan"] == plan.digest)
    return next(proposed, time.time()) + terms.within if terms else None


def by_default(terms: PlanApproval, green: Sequence[str]) -> dict[str, str]:
    """The decision when nobody has made one. `green` pass before any work, and no time-out accepts them."""
    within = spell_duration(terms.within)
    decision, note = terms.otherwise, f"nobody decided within {within}"
    if decision == "approve" and green:
        decision, note = "reject", f"{note}, and nobody accepted {', '.join(green)}, which passed before any work"
    return {"decision": decision, "note": note, "by": f"the time-out of {within}"}
