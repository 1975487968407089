"""The outcome, written down: always, also after failure or cancellation."""

from __future__ import annotations

from prefect import get_run_logger, task
from prefect.artifacts import acreate_markdown_artifact

from ledger.fold import build_report
from ledger.render import markdown
from ledger.report import MissionReport
from ledger.written import write_report
from tasks.active import mission_of
from workspaces.mission import Mission


@task(name="report", task_run_name="report")
async def report_task(run: str) -> MissionReport:
    """Write `report.{json,md,html}`, then the artifact in Prefect's UI."""
    mission = mission_of(run)
    try:
        write_report(mission.folder, mission.plan, mission.ledger.events)
    except OSError:  # a full disk; `mission report` reads the ledger
        get_run_logger().warning("the report could not be written", exc_info=True)
    await publish(mission)
    return build_report(mission.run, mission.plan, mission.ledger.events)


async def publish(mission: Mission) -> None:
    """Show how the mission stands as a Markdown artifact, a new version of the run's one.

    Prefect shows, it does not remember: a server that is away costs the artifact and nothing else.
    """
    report = build_report(mission.run, mission.plan, mission.ledger.events)
    key, about = f"mission-{mission.run}", f"Mission {mission.run}: {report.status}"
    try:
        await acreate_markdown_artifact(key=key, markdown=markdown(report), description=about)
    except Exception:
        get_run_logger().warning("the report's artifact could not be written", exc_info=True)
