"""Where in the report an event belongs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ledger.report import FeatureReport, IntegrationReport, MilestoneReport, MissionReport

Data = Mapping[str, Any]
"""An event's fields."""
Folding = Callable[[MissionReport, Data], None]
"""How one kind of event changes the report."""


def feature_of(report: MissionReport, data: Data) -> FeatureReport:
    """The feature an event is about; one that an amended plan no longer has gets its figures where nobody looks."""
    features = [feature for milestone in report.milestones for feature in milestone.features]
    known = next((feature for feature in features if feature.id == data["featureId"]), None)
    return known or FeatureReport(id=data["featureId"], title="", agent="")


def milestone_of(report: MissionReport, name: str) -> MilestoneReport:
    """The same for milestones."""
    known = next((milestone for milestone in report.milestones if milestone.name == name), None)
    return known or MilestoneReport(name=name, objective="", features=[], integration=IntegrationReport())
