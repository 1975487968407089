"""The blueprint of an unfinished mission is changed: what can stay stays, the rest is done again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from blueprints.contract import contract_page
from blueprints.differences import Differences, differences
from blueprints.errors import MissionError
from blueprints.load import Loaded
from blueprints.plan import Plan, PlannedCheck
from blueprints.schema import Repository
from ledger.events import Event, Kind, read_events
from ledger.fold import build_report
from ledger.folder import RunFolder
from ledger.report import RunStatus
from workspaces import amended, findings
from workspaces.acceptance import Objections, as_accepted, require_none
from workspaces.findings import Finding
from workspaces.git_command import GitError, answer
from workspaces.mission import Mission
from workspaces.whereabouts import path_of


def compare(folder: RunFolder, loaded: Loaded) -> Differences:
    """What `amend` would change; nothing is written. Raises MissionError when the run cannot be amended so."""
    events, before = read_events(folder.ledger), amended.current_plan(folder)
    _require_allowed(folder, before, loaded, events)
    return differences(before, loaded.plan)


def amend(
    mission: Mission,
    loaded: Loaded,
    *,
    by: str,
    approved: str = "",
    objections: Objections = lambda _: (),
) -> Differences:
    """Go on with another blueprint; its plan is `approved` by whom that names, if it does. For the run's owner.

    For a run that nobody works on, open it first. The plan is written beside the one it replaces, then comes the line
    in the ledger that makes it hold, then it is put in its place: a crash in between is made good when the run is
    opened next. Raises MissionError, with nothing changed, when the run cannot be amended so.
    """
    folder, before, after = mission.folder, mission.plan, loaded.plan
    _require_allowed(folder, before, loaded, mission.ledger.events)
    require_none(objections(mission.repository))
    different = differences(before, after)
    if not different.nothing:
        _replace(mission, loaded, different, by)
    if approved:
        _approve(mission, approved)
    return different


def _replace(mission: Mission, loaded: Loaded, different: Differences, by: str) -> None:
    folder, before, after = mission.folder, mission.plan, loaded.plan
    files = {
        "blueprint.yaml": as_accepted(loaded),
        amended.CONTRACT: contract_page(after.blueprint),
        "plan.json": after.model_dump_json(),
    }
    replaced, file = amended.keep_current(folder), amended.keep(folder, files)
    limit = after.blueprint.max_concurrency
    chosen = {"maxConcurrency": limit} if limit != before.blueprint.max_concurrency else {}
    mission.ledger.append(
        Kind.PLAN_AMENDED,
        plan=after.digest,
        before=before.digest,
        file=file,
        replaced=replaced,
        by=by,
        again=different.again,
        provedAgain=different.proved_again,
        assertions=different.changed_proofs,
        **chosen,
    )
    amended.finish(folder, mission.ledger.events)
    mission.plan = after
    mission.limit(limit if chosen else mission.max_concurrency)
    _settle_findings(mission, before, different, by)


def _approve(mission: Mission, by: str) -> None:
    """As a person would at the gate; what is approved already is not approved again."""
    plan, events = mission.plan, mission.ledger.events
    if any(e.kind is Kind.PLAN_APPROVED and e.data["plan"] == plan.digest for e in events):
        return
    facts = {"decision": "approve", "by": by, "note": "", "maxConcurrency": mission.max_concurrency}
    mission.ledger.append(Kind.PLAN_APPROVED, plan=plan.digest, **facts)


def _require_allowed(folder: RunFolder, before: Plan, loaded: Loaded, events: list[Event]) -> None:
    status = build_report(folder.run, before, events).status
    if status in (RunStatus.PASSED, RunStatus.REJECTED, RunStatus.CANCELLED):
        code = 2 if status is RunStatus.PASSED else 4
        raise MissionError(f"{folder.run} is over ({status}); start a new run", exit_code=code)
    if reason := next(_refusals(before, loaded, events, path_of(folder, events)), None):
        raise MissionError(f"{folder.run} cannot go on with {loaded.name}: {reason}; start a new run")


def _refusals(before: Plan, loaded: Loaded, events: list[Event], home: Path) -> Iterator[str]:
    after = loaded.plan
    if after.blueprint.mission != before.blueprint.mission:
        yield f"it is of another mission, '{after.blueprint.mission}'"
    old, new = before.blueprint.repository, after.blueprint.repository
    if new.base_branch != old.base_branch:
        yield f"the run began on branch '{old.base_branch}', not on '{new.base_branch}'"
    if new.url != old.url or not _same_place(loaded.folder, old, new, home):
        yield f"the run began in {home}, which is not the repository that the blueprint names"
    names = {milestone.name for milestone in after.milestones}
    for event in events:
        if event.kind is Kind.MILESTONE_LANDED and event.data["milestone"] not in names:
            yield f"milestone {event.data['milestone']} has landed on {event.data['branch']} and cannot be removed"


def _same_place(folder: Path, old: Repository, new: Repository, recorded: Path) -> bool:
    """The run's own repository stays in use; a path that is given anew must lead there."""
    return new.path == old.path or _top(folder / (new.path or ".")) == recorded


def _top(path: Path) -> Path | None:
    try:
        return Path(answer(path, "rev-parse", "--path-format=absolute", "--show-toplevel"))
    except GitError:
        return None


def _settle_findings(mission: Mission, before: Plan, different: Differences, by: str) -> None:
    """What was found about work or by checks that are no more stands in nobody's way; the rest stays with its feature.

    What is built anew or looked at anew brings up again what is still so.
    """
    gone = {*different.changed_work, *different.of("feature", "removed")}
    homes = {feature.id: m.name for m in mission.plan.milestones for feature in m.features}
    for finding in findings.open_findings(mission):
        home = homes.get(finding.about, finding.milestone)
        if finding.about in gone or _looked_at_anew(finding, before, mission.plan):
            findings.resolve(mission, finding, "backlog", by=by, why="the plan was amended")
        elif home != finding.milestone:
            findings.resolve(mission, finding, "backlog", by=by, why=f"goes on with milestone {home}")
            facts = finding.model_dump(mode="json", exclude={"id", "milestone", "source"})
            findings.record(mission, home, finding.source, **facts)


def _looked_at_anew(finding: Finding, before: Plan, after: Plan) -> bool:
    """Whether the check that found it is another one by now, or none."""
    old, new = ({c.key for c in _checks(plan, finding.milestone) if c.id == finding.source} for plan in (before, after))
    return old != new


def _checks(plan: Plan, milestone: str) -> list[PlannedCheck]:
    return [check for m in plan.milestones if m.name == milestone for check in m.checks]
