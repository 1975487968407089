"""`mission logs`: what agents and checks printed."""

from __future__ import annotations

from pathlib import Path

import click

from blueprints.errors import MissionError
from cli import options


@click.command("logs")
@options.run
@click.argument("feature", required=False)
@options.as_json
def command(run: str | None, feature: str | None, as_json: bool) -> None:
    """Print the transcripts of RUN, or those of one FEATURE; every attempt, oldest first."""
    folder = options.the_run(run)
    logs = [path for path in _transcripts(folder.path / "transcripts") if feature is None or _about(path, feature)]
    if feature is not None and not logs:
        raise MissionError(
            f"{folder.run} has no transcript of '{feature}'; `mission status {folder.run}` shows its features"
        )
    if as_json:
        options.echo_json([{"session": path.stem, "path": str(path), "text": _text(path)} for path in logs])
    for path in [] if as_json else logs:
        click.echo(click.style(f"── {path.stem} ──", bold=True))
        click.echo(_text(path))


def _transcripts(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns)


def _about(path: Path, feature: str) -> bool:
    """A feature's own attempts and the merges that it needed: `<feature>.<n>`, `integrator.<feature>.<n>`."""
    return feature in path.stem.split(".")[:-1]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").rstrip("\n")
