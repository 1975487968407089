"""The outcome, written down: always, also after failure or cancellation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prefect import get_run_logger, task
from prefect.artifacts import acreate_markdown_artifact

from blueprints.text import counted
from ledger.fold import build_report
from ledger.inbox import inbox
from ledger.inbox import markdown as inbox_page
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
    await publish_inbox(mission)
    return build_report(mission.run, mission.plan, mission.ledger.events)


async def publish(mission: Mission) -> None:
    """Show how the mission stands as a Markdown artifact, a new version of the run's one.

    Prefect shows, it does not remember: a server that is away costs the artifact and nothing else.
    """
    report = build_report(mission.run, mission.plan, mission.ledger.events)
    await _show(f"mission-{mission.run}", f"Mission {mission.run}: {report.status}", markdown(report))


async def publish_inbox(mission: Mission) -> None:
    """Show what waits for a decision, in all runs of this home, and what has ended within a day."""
    found = inbox(mission.settings.home, datetime.now(UTC) - timedelta(days=1))
    await _show("mission-inbox", f"{counted(len(found.waiting), 'decision')} wait", inbox_page(found))


async def _show(key: str, about: str, page: str) -> None:
    try:
        await acreate_markdown_artifact(key=key, markdown=page, description=about)
    except Exception:
        get_run_logger().warning("the artifact %s could not be written", key, exc_info=True)
