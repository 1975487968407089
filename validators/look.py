"""One look of a check at a commit: a clean checkout, prepared, its own files restored, its services running."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from blueprints.digest import digest
from blueprints.plan import PlannedCheck, services_of
from validators import recorded_results, validator_for
from validators.base import Bench, Observation, Validator, VerdictStatus
from workspaces import git, harness
from workspaces.mission import Mission
from workspaces.preparation import NotPreparedError, prepare
from workspaces.room import pause_for_room, pausing_for_room
from workspaces.services import NotServedError, running
from workspaces.workplace import workplace


def look(
    mission: Mission,
    planned: PlannedCheck,
    commit: str,
    *,
    evidence: Path,
    name: str,
    validator: Validator | None = None,
    tests: Sequence[str] = (),
    tests_from: str | None = None,
) -> Observation:
    """Look once. `evidence` is emptied first; `name` is the checkout's.

    `tests` are the files that `$MISSION_TESTS` names; with `tests_from` they are taken from that commit.
    """
    try:
        shutil.rmtree(evidence, ignore_errors=True)
        evidence.mkdir(parents=True)
        with _bench(mission, planned, commit, evidence, name, tests, tests_from) as bench:
            observation = (validator or validator_for(planned.check)).look(bench)
            if observation.status is not VerdictStatus.PASSED:
                pause_for_room(mission)  # then it says nothing about the commit
        recorded_results.write(evidence, observation.tests)
    except (NotPreparedError, NotServedError, git.GitError, OSError) as error:
        return Observation.inconclusive(str(error))
    return _with_evidence(planned, observation, evidence)


@contextmanager
def _bench(
    mission: Mission,
    planned: PlannedCheck,
    commit: str,
    evidence: Path,
    name: str,
    tests: Sequence[str],
    tests_from: str | None,
) -> Generator[Bench]:
    """The checkout, set up and with its services running, as long as the block lasts."""
    blueprint, base = mission.plan.blueprint, mission.repository.base
    services = {service: blueprint.services[service] for service in services_of(blueprint, planned.check)}
    leases = mission.settings.home / "ports"
    with workplace(mission, name, commit) as workspace, pausing_for_room(mission):
        checkout = workspace.path

        def restore() -> None:
            harness.restore(checkout, base, planned.check.uses)
            if tests_from:
                git.put_back(checkout, tests_from, tests)

        setup = [] if planned.check.kind == "review" else blueprint.setup  # reviewers get checkouts of their own
        prepare(checkout, setup, stop=mission.stop, transcript=evidence / "setup.log")
        restore()
        with running(services, checkout=checkout, logs=evidence, leases=leases, stop=mission.stop) as addresses:
            restore()  # what a service did to them while it started does not count either
            yield Bench(checkout, evidence, mission.stop, commit, base, addresses, tuple(tests))


def _with_evidence(planned: PlannedCheck, observation: Observation, evidence: Path) -> Observation:
    """A pass that did not leave the evidence it was to leave is none."""
    missing = [pattern for pattern in planned.evidence if not any(evidence.glob(pattern))]
    if observation.status is VerdictStatus.PASSED and missing:
        return Observation.inconclusive(f"it left no evidence {', '.join(missing)} in $MISSION_EVIDENCE")
    return observation


def environment_digest(mission: Mission) -> str:
    """Digest of what checks run in, besides the commit: the system, the setup, and what their commands find."""
    variables = {name: os.environ.get(name, "") for name in ("PATH", "LANG", "TZ")}
    return digest(platform.system(), platform.release(), platform.machine(), variables, mission.plan.blueprint.setup)
