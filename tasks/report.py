"""The outcome, written down: always, also after failure or cancellation."""

from __future__ import annotations

from prefect import task
from prefect.artifacts import acreate_markdown_artifact

from ledger.files import write_file
from ledger.render import html, markdown
from ledger.report import MissionReport, build_report
from tasks.active import mission_of
from workspaces.mission import Mission


@task(name="report", task_run_name="report")
async def report_task(run: str) -> MissionReport:
    """Write `report.{json,md,html}` and the artifact in Prefect's UI."""
    mission = mission_of(run)
    report = await publish(mission)
    folder = mission.folder
    write_file(folder.report("json"), report.model_dump_json(indent=1))
    write_file(folder.report("md"), markdown(report))
    write_file(folder.report("html"), html(report))
    return report


async def publish(mission: Mission) -> MissionReport:
    """Show how the mission stands as a Markdown artifact, a new version of the run's one."""
    report = build_report(mission.run, mission.plan, mission.ledger.events)
    await acreate_markdown_artifact(
        key=f"mission-{mission.run}",
        markdown=markdown(report),
        description=f"Mission {mission.run}: {report.status}",
    )
    return report
