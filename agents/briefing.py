"""What an agent is told besides its own part: the project's instructions, and what others learnt."""

from __future__ import annotations

from agents.base import Assignment
from agents.instructions import project_instructions
from agents.library import notes_about
from blueprints.agents import Agent
from blueprints.schema import Role
from workspaces.mission import Mission


def briefed(mission: Mission, assignment: Assignment, profile: Agent) -> Assignment:
    """The assignment for an agent of this profile; a tester, who is to see no source, is told neither."""
    if assignment.role is Role.TESTER:
        return assignment
    project = project_instructions(profile, mission.root, assignment.base)
    notes = notes_about(mission, assignment.touches)
    return assignment.model_copy(update={"project": project, "notes": notes})
