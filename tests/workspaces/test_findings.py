from __future__ import annotations

import pytest

from blueprints.errors import MissionError
from tests.accepted import NewMission, new_mission
from workspaces.findings import ENGINE, open_finding, open_findings, record, resolve
from workspaces.mission import Mission

__all__ = ["new_mission"]


@pytest.fixture
def mission(new_mission: NewMission) -> Mission:
    return new_mission()


def found(mission: Mission, description: str = "It leaks.", source: str = ENGINE, **facts: str) -> None:
    record(mission, "one", source, **{"severity": "blocking", "description": description} | facts)


def test_findings_are_numbered_through_the_mission(mission: Mission) -> None:
    found(mission)
    found(mission, "It drips.")
    assert [(f.id, f.description) for f in open_findings(mission)] == [("F-1", "It leaks."), ("F-2", "It drips.")]


def test_a_finding_that_is_open_is_not_recorded_again(mission: Mission) -> None:
    found(mission)
    found(mission)
    assert len(open_findings(mission)) == 1


def test_a_finding_that_comes_back_after_its_fate_is_a_new_one(mission: Mission) -> None:
    found(mission)
    resolve(mission, open_finding(mission, "F-1"), "fixed", commit="c0ffee", proof="seen")
    found(mission)
    assert [f.id for f in open_findings(mission)] == ["F-2"]


def test_the_same_sentence_about_another_feature_is_another_finding(mission: Mission) -> None:
    found(mission, about="a")
    found(mission, about="b")
    assert [f.about for f in open_findings(mission)] == ["a", "b"]


def test_findings_can_be_asked_for_by_milestone_and_source(mission: Mission) -> None:
    found(mission)
    found(mission, "It is slow.", source="a.1")
    assert [f.description for f in open_findings(mission, "one", source="a.1")] == ["It is slow."]
    assert open_findings(mission, "two") == []


def test_a_fate_needs_an_open_finding(mission: Mission) -> None:
    with pytest.raises(MissionError, match=r"'F-7' is no open finding of .*; none is open"):
        open_finding(mission, "F-7")
    found(mission)
    with pytest.raises(MissionError, match="open are F-1"):
        open_finding(mission, "F-7")


def test_what_was_dismissed_is_not_brought_up_again(mission: Mission) -> None:
    found(mission, about="a")
    resolve(mission, open_finding(mission, "F-1"), "dismissed", by="ada", why="it is ours")
    found(mission, about="a")
    assert open_findings(mission) == []
    found(mission, about="b")
    assert [f.about for f in open_findings(mission)] == ["b"]


def test_a_finding_is_readable_whatever_it_was_made_of(mission: Mission) -> None:
    found(mission, "caf\udce9/conftest.py and \ud800")
    [finding] = open_findings(mission)
    assert finding.model_dump_json()
    found(mission, "caf\udce9/conftest.py and \ud800")
    assert len(open_findings(mission)) == 1
