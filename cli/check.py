"""`mission check`: is the blueprint right?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from agents.obstacles import obstacles
from blueprints.errors import BlueprintError
from blueprints.load import load
from cli import options


@click.command("check")
@options.blueprint
@options.settings
@options.as_json
def command(blueprint: Path, settings: tuple[str, ...], as_json: bool) -> int:
    """Check BLUEPRINT: every mistake at once, each with its place and what to do."""
    try:
        loaded = load(blueprint, options.overrides(settings))
    except BlueprintError as error:
        if not as_json:
            raise
        options.echo_json({"ok": False, "problems": [asdict(problem) for problem in error.problems]})
        return error.exit_code
    plan = loaded.plan
    missing = [*obstacles(plan, None, None)]
    features = sum(len(milestone.features) for milestone in plan.milestones)
    if as_json:
        counts = {"milestones": len(plan.milestones), "features": features}
        options.echo_json({"ok": True, "problems": [], "missing": missing, **counts})
    else:
        click.echo(f"{blueprint}: {len(plan.milestones)} milestones, {features} features, no problems")
        for sentence in missing:
            click.echo(f"on this machine, {sentence}", err=True)
    return 0
