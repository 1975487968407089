"""`mission logs`: what agents said and did."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from blueprints.errors import MissionError
from blueprints.text import counted
from cli import options
from ledger.conversation import Entry, read_entries

_SHOWN = 20
"""Lines of a tool's output that are shown without `--full`."""


@click.command("logs")
@options.run
@click.argument("feature", required=False)
@click.option("--full", is_flag=True, help="Show the outputs of tools whole.")
@options.as_json
def command(run: str | None, feature: str | None, full: bool, as_json: bool) -> None:
    """Print the transcripts of RUN, or those of one FEATURE; every attempt, oldest first."""
    folder = options.the_run(run)
    logs = [path for path in _transcripts(folder.path / "transcripts") if feature is None or _about(path, feature)]
    if feature is not None and not logs:
        raise MissionError(
            f"{folder.run} has no transcript of '{feature}'; `mission status {folder.run}` shows its features"
        )
    if as_json:
        options.echo_json([{"session": p.stem, "path": str(p), "entries": list(read_entries(p))} for p in logs])
    for path in [] if as_json else logs:
        click.echo(click.style(f"── {path.stem} ──", bold=True))
        for line in (line for said in read_entries(path) for line in _told(said, full=full)):
            click.echo(line)


def _transcripts(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)


def _about(path: Path, feature: str) -> bool:
    """A feature's own attempts and the merges that it needed: `<feature>.<n>`, `integrator.<feature>.<n>`."""
    return feature in path.stem.split(".")[:-1]


def _told(said: Mapping[str, Any], *, full: bool) -> Iterator[str]:
    """A line of the transcript, for people."""
    text = str(said.get("text") or "")
    match said["type"]:
        case Entry.PRINTED | Entry.TEXT:
            yield text
        case Entry.THINKING:
            yield click.style(text, dim=True)
        case Entry.CALL:
            yield click.style(f"▸ {said.get('tool')} {_brief(said.get('input'))}", fg="cyan")
        case Entry.OUTPUT:
            yield from _output(text, full=full)
        case Entry.DENIED:
            yield click.style(f"▸ denied: {said.get('tool')} {_brief(said.get('input'))}", fg="red")
        case Entry.RETRY:
            yield click.style(f"tried again after {said.get('seconds')} s: {said.get('reason')}", fg="yellow")
        case Entry.COMPACTION:
            yield click.style(f"conversation shortened: {said.get('before')} to {said.get('after')} tokens", dim=True)
        case Entry.START:
            yield click.style(" ".join(str(said[k]) for k in ("kind", "version", "model") if said.get(k)), dim=True)
        case Entry.END:
            yield click.style(f"ended: {said.get('reason')}{_faulty(said)}", dim=True)
        case _:
            return


def _output(text: str, *, full: bool) -> Iterator[str]:
    lines = text.splitlines()
    shown = lines if full else lines[:_SHOWN]
    yield from (f"  {line}" for line in shown)
    if left := len(lines) - len(shown):
        yield click.style(f"  … {counted(left, 'line')} more with --full", dim=True)


def _brief(value: Any) -> str:
    """A tool's input on one line; a lone argument without its name."""
    only = next(iter(value.values())) if isinstance(value, dict) and len(value) == 1 else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    text = only if isinstance(only, str) else json.dumps(only, ensure_ascii=False)
    return " ".join(text.split())[:200]


def _faulty(end: Mapping[str, Any]) -> str:
    fault = end.get("fault")
    return f", {fault['kind']}: {fault['reason']}" if fault else ""
