"""What somebody asks of a mission that is at work, done or refused."""

from __future__ import annotations

from agents.outcome import Outcome
from blueprints.errors import MissionError
from flows.features import Features, features_at_work
from ledger.events import Kind
from ledger.report import StepStatus
from ledger.requests import Answer, Request
from workspaces.mission import Mission
from workspaces.skipping import skip, without


def steer(mission: Mission, request: Request) -> Answer:
    """Do what is asked, or say in one sentence why not. To be called in the flow's event loop."""
    try:
        match request.action:
            case "pause" | "cancel":
                wish(mission, request.action, request.by, drain=request.drain)
                return Answer(f"asked to {request.action}")
            case "kill":
                return Answer(_kill(mission, request))
            case "skip":
                return Answer(_skip(mission, request))
            case _:
                return Answer(_retry(mission, request))
    except MissionError as error:
        return Answer(str(error), refused=True)


def wish(mission: Mission, action: str, by: str, *, drain: bool = False) -> None:
    """Somebody wants the mission to stop; who, and when, is kept."""
    mission.wish(action, by, drain=drain)
    mission.ledger.append(Kind.STOP_REQUESTED, action=action, by=by, drain=drain)


def _kill(mission: Mission, request: Request) -> str:
    name, features = request.feature, _being_built(mission, request)
    if outcome := features.ready.outcomes.get(name):
        raise MissionError(f"{name} is not at work: it is {outcome.status}")
    mission.kill(name, request.by)
    if name not in features.ready.running:
        features.fail(Outcome(name=name, status=StepStatus.FAILED, reason=f"killed by {request.by}"))
    return f"{name} is killed; `mission retry {mission.run} {name}` brings it back"


def _skip(mission: Mission, request: Request) -> str:
    """One at work is ended first: the plan changes when nobody works by the old one."""
    name, features = request.feature, features_at_work(mission)
    if features is None or name not in features.still_open():
        raise MissionError(f"{name} is not open now: pause the run, then skip it")
    if name in features.ready.running:
        without(mission.plan.blueprint, name)  # refused before its agent is ended
        mission.kill(name, request.by)
        features.when_ended[name] = lambda: _leave_out(mission, features, request)
        return f"{name} is ended, and then skipped"
    return _leave_out(mission, features, request)


def _leave_out(mission: Mission, features: Features, request: Request) -> str:
    told = skip(mission, request.feature, by=request.by, why=request.why)
    features.replan()
    return told


def _retry(mission: Mission, request: Request) -> str:
    name, features = request.feature, _being_built(mission, request)
    outcome = features.ready.outcomes.get(name)
    if outcome is None:
        raise MissionError(f"{name} has not ended: there is nothing to try again")
    if outcome.done:
        raise MissionError(f"{name} is {outcome.status}; to do it anew, pause the run and ask again")
    if outcome.status is StepStatus.BLOCKED:
        raise MissionError(f"{name} is blocked ({outcome.reason}); retry that one")
    mission.ledger.append(
        Kind.FEATURE_RETRIED, milestone=features.milestone, featureId=name, by=request.by, why=request.why
    )
    mission.revive(name)
    features.retry(name)
    return f"{name} is tried again"


def _being_built(mission: Mission, request: Request) -> Features:
    """The features at work, with the one that the request names among them."""
    features = features_at_work(mission)
    if features and any(feature.id == request.feature for feature in features.ready.features):
        return features
    raise MissionError(f"{request.feature} is not being built now; see `mission status {mission.run}`")
