"""An event of the ledger as a line for a log."""

from __future__ import annotations

from blueprints.errors import one_line
from ledger.cells import duration
from ledger.events import Event, Kind


def told(event: Event) -> str | None:
    """An event as a line for a log, or None for those that only the ledger needs."""
    text = text_of(event)
    return f"{event.at.astimezone():%H:%M:%S} {one_line(text)}" if text else None


def text_of(event: Event) -> str | None:
    """The same without the time."""
    data = event.data
    who = data.get("workerSessionId", "")
    match event.kind:
        case Kind.PLAN_PROPOSED:
            return "the plan waits for approval"
        case Kind.PLAN_APPROVED:
            return f"plan approved by {data['by']}"
        case Kind.PLAN_REJECTED:
            return f"plan: {data['decision']} by {data['by']} {data['note']}".rstrip()
        case Kind.PLAN_AMENDED:
            return f"plan amended by {data['by']}; to be done again: {', '.join(data['again']) or 'no feature'}"
        case Kind.MILESTONE_STARTED:
            return f"milestone {data['milestone']} starts from {data['base'][:12]}"
        case Kind.WORKER_STARTED:
            return f"  {who} starts ({data['role']} {data['agent']})"
        case Kind.WORKER_COMPLETED:
            told = [data.get("commitId", "")[:12], data["summary"][:100]]  # who judges makes no commit
            return f"  {who} done in {duration(data['seconds'])}: {' '.join(filter(None, told))}".rstrip(": ")
        case Kind.WORKER_FAILED | Kind.WORKER_PAUSED:
            return f"  {who} {data['status']}: {data['reason']}"
        case Kind.FEATURE_FAILED | Kind.FEATURE_BLOCKED:
            return f"  {data['featureId']} {data.get('status', 'blocked')}: {data['reason']}"
        case Kind.FEATURE_SKIPPED:
            return f"  {data['featureId']} skipped by {data['by']}: {data['why']}"
        case Kind.FEATURE_RETRIED:
            return f"  {data['featureId']} is to be done anew, says {data['by']} {data['why']}".rstrip()
        case Kind.FEATURE_INTEGRATED:
            return f"  {data['featureId']} merged ({data['how']})"
        case Kind.INTEGRATION_FAILED | Kind.MILESTONE_FAILED:
            return f"milestone {data['milestone']} failed: {data['reason']}"
        case Kind.MILESTONE_VALIDATION_TRIGGERED:
            return f"  validating {data['commit'][:12]}, round {data['round']}"
        case Kind.VERDICT_RECORDED:
            why = "" if data["status"] == "passed" else f": {_shortened(data['reason'])}"
            return f"  {data['id']} {data['status']}{why}"
        case Kind.CHECK_WITNESSED:
            return f"  {data['id']} on {data['base'][:12]}, before the work: {data['status']}"
        case Kind.TESTS_WITNESSED:
            return f"  {data['featureId']}: its tests are red without its work, green with it"
        case Kind.GATE_OPENED:
            return str(data["about"])
        case Kind.GATE_CLOSED:
            return f"  {data['answer']} by {data['by']} {data['note']}".rstrip()
        case Kind.ASSERTION_ACCEPTED:
            return f"{data['assertion']} accepted by {data['by']}, although it passes before the work"
        case Kind.CULPRITS_FOUND:
            who = " and ".join(data["features"])
            return f"  {data['check']} is broken by {who}{' together' if len(data['features']) > 1 else ''}"
        case Kind.REPAIR_STARTED:
            return f"  repairing {', '.join([*data['failing'], *data.get('findings', [])])}"
        case Kind.MILESTONE_SEALED:
            return f"milestone {data['milestone']} sealed at {data['commit'][:12]}"
        case Kind.RESULT_LANDED:
            return f"  landed on {data['branch']}: {data['commit'][:12]}{', a merge' if data['merged'] else ''}"
        case Kind.BASE_MOVED:
            return f"{data['branch']} is not at {data['base'][:12]} any more, from where the run began"
        case Kind.FINDING_RECORDED:
            return f"  finding {data['id']} ({data['severity']}): {data['description'][:200]}"
        case Kind.FINDING_RESOLVED if data["fate"] != "backlog":
            return f"  finding {data['id']} {data['fate']}"
        case Kind.STOP_REQUESTED:
            return f"asked to {data['action']} by {data['by']}"
        case Kind.MISSION_PAUSED | Kind.MISSION_FAILED | Kind.MISSION_CANCELLED:
            return f"{event.kind.replace('_', ' ')}: {data['reason']}"
        case Kind.MISSION_COMPLETED:
            return f"mission passed: {data['branch']} at {data['commit'][:12]}"
        case _:
            return None


def _shortened(reason: str) -> str:
    """Its first words say what, its last ones why: the end of a command's output."""
    flat = " ".join(reason.split())
    return flat if len(flat) <= 200 else f"{flat[:60]} … {flat[-140:]}"
