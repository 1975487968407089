"""Whether what an untrusted job made may be published: said in one sentence if not, and nothing of it is executed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from blueprints.errors import MissionError
from blueprints.load import Loaded, load, load_text
from blueprints.plan import Plan
from ledger.report import MissionReport, RunStatus
from workspaces import bundle, git
from workspaces.amended import agreed, require_agreed
from workspaces.delivery import moves
from workspaces.examination import State, examine, report_of
from workspaces.git import RefChange
from workspaces.git_command import git as run_git
from workspaces.remote import FULL_CLONE, fetch, is_shallow, references
from workspaces.state import branch_ref, state_ref


@dataclass(frozen=True)
class Publication:
    """What was looked at and found in order."""

    report: MissionReport
    changes: list[RefChange]
    """On the remote."""
    blueprint: Loaded
    """The publisher's own."""
    base: str


@dataclass(frozen=True)
class Trusted:
    """What the publisher does not take from the bundle."""

    repo: Path
    """Its own checkout."""
    remote: str
    blueprint: Path | None
    """None: the one in the checkout at the run's base commit."""
    settings: dict[str, str]


def look_through(file: Path, trusted: Trusted, *, branch: str | None = None) -> Publication:
    """What is to be pushed for a bundle. Raises MissionError, in one sentence, when any of it is not in order.

    A run that is not over gives its state only. A result goes to `branch`, else to the run's own.
    """
    run, heads = _only_run(file, bundle.heads(trusted.repo, file))
    bundle.unpack(trusted.repo, file)
    with tempfile.TemporaryDirectory() as aside:
        state = examine(trusted.repo, heads[state_ref(run)], run, Path(aside))
        own = _own_blueprint(trusted, state)
        plan = own.plan
        report = _checked_report(state, plan)
    _require_base(trusted, state, plan)
    if report.status is RunStatus.PASSED:
        _require_proved(plan, report, heads.get(branch_ref(run)), trusted.repo)
    target = _target(trusted, plan, branch) if branch else None
    return Publication(report, moves(report, state.commit, state.manifest.follows, branch=target), own, state.base)


def _only_run(file: Path, heads: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The one run that the bundle is of; any other reference in it is refused."""
    runs = {ref.split("/")[2] for ref in heads if ref.startswith("refs/missions/") and ref.endswith("/state")}
    if len(runs) != 1:
        raise MissionError(f"{file}: holds the state of {len(runs)} runs, and must hold that of one", exit_code=1)
    run = runs.pop()
    if strange := [ref for ref in heads if ref not in (state_ref(run), branch_ref(run))]:
        raise MissionError(f"{file}: holds {strange[0]!r}, which is not the state or the branch of {run}", exit_code=1)
    return run, heads


def _own_blueprint(trusted: Trusted, state: State) -> Loaded:
    """The publisher's own blueprint, whose plan must be the run's."""
    own = load(trusted.blueprint, trusted.settings) if trusted.blueprint else _at_base(trusted, state)
    if own.plan.digest != (theirs := agreed(state.events)):
        raise MissionError(
            f"{state.manifest.run} is of the plan {theirs}, and {own.name} is the plan {own.plan.digest}",
            exit_code=1,
        )
    return own


def _at_base(trusted: Trusted, state: State) -> Loaded:
    """The blueprint in the commit that the run began from, which the base branch must hold."""
    path = state.manifest.blueprint
    blob = git.blob_at(trusted.repo, state.base, path) if path else None
    if blob is None:
        raise MissionError(
            f"the blueprint of {state.manifest.run} is not in {state.base[:12]}; name it with --blueprint"
        )
    text = git.read_blob(trusted.repo, blob).decode(errors="replace")
    folder = trusted.repo.joinpath(*PurePosixPath(path).parent.parts)
    return load_text(text, f"{path} at {state.base[:12]}", folder, trusted.settings)


def _checked_report(state: State, plan: Plan) -> MissionReport:
    """The report as the ledger tells it, by the publisher's own plan."""
    try:
        require_agreed(state.folder.plan(), state.folder, state.events)
    except MissionError:
        raise MissionError(f"{state.manifest.run}: its plan is not the one that was accepted", exit_code=1) from None
    return report_of(state, plan)


def _require_base(trusted: Trusted, state: State, plan: Plan) -> None:
    branch = plan.blueprint.repository.base_branch
    ref = f"refs/heads/{branch}"
    tip = references(trusted.repo, trusted.remote, ref).get(ref)
    if tip is None:
        raise MissionError(f"'{trusted.remote}' has no branch '{branch}', which the blueprint names", exit_code=1)
    if git.resolve(trusted.repo, tip) is None:
        fetch(trusted.repo, trusted.remote, [ref])
    if not git.is_ancestor(trusted.repo, state.base, tip):
        hint = f"; this is a shallow clone: {FULL_CLONE}" if is_shallow(trusted.repo) else ""
        raise MissionError(
            f"{state.manifest.run} began from {state.base[:12]}, which '{branch}' on '{trusted.remote}' does not "
            f"hold{hint}",
            exit_code=1,
        )


def _require_proved(plan: Plan, report: MissionReport, tip: str | None, repo: Path) -> None:
    """Everything that the plan asks for has a passed verdict on exactly the commit that is delivered."""
    if tip is None or report.commit != tip:
        raise MissionError(f"{report.run} passed at {report.commit}, but its branch is at {tip}", exit_code=1)
    if not (report.base and git.is_ancestor(repo, report.base, tip)):
        raise MissionError(f"{report.run}: {tip[:12]} is not made from its base", exit_code=1)
    verdicts = {v.id: v for v in report.milestone(plan.milestones[-1].name).verdicts if v.commit == tip}
    asked = {check.id for check in plan.milestones[-1].checks}
    unproved = sorted(name for name in asked if name not in verdicts or verdicts[name].status != "passed")
    unproved += [entry.id for entry in report.contract if entry.status != "passed" or entry.commit != tip]
    if unproved:
        raise MissionError(f"{report.run}: {unproved[0]} has no passed verdict on {tip[:12]}", exit_code=1)


def _target(trusted: Trusted, plan: Plan, branch: str) -> str:
    if branch == plan.blueprint.repository.base_branch:
        raise MissionError(f"--branch {branch}: that is the base branch; publish beside it, and merge as you always do")
    if not run_git(trusted.repo, "check-ref-format", f"refs/heads/{branch}", fine=(0, 1)).ok:
        raise MissionError(f"--branch {branch}: git takes no branch of this name")
    return f"refs/heads/{branch}"
