"""The scripted agent: plays the steps that a script file holds for its assignment.

Started like any agent program, with the script's path as its only argument. Which steps are its own follows
from `MISSION_ROLE`, `MISSION_FEATURE` (for a repairer `MISSION_MILESTONE`, for an orchestrator `MISSION_MISSION`)
and `MISSION_ATTEMPT`:

    worker:
      csv-writer:                                   # the feature
        - - write: {path: src/x.py, text: "..."}    # steps of attempt 1
          - commit: Add the CSV writer
        - - fail: Not this time either              # steps of attempt 2 and of all later ones
    integrator:
      csv-reader: [[...]]                           # the feature whose merge is in conflict
    repairer:
      export: [[...]]                               # the milestone; attempts are rounds
    scrutiny:
      csv-writer:                                   # the feature whose change is reviewed; attempts are reviews
        - - answer: {status: pass, summary: It does what it says., issues: []}
    tester:
      VAL-EXPORT-001:                               # the check; attempts are tests
        - - run: curl -s "$APP_URL/export.csv" > export.csv
          - answer: {summary: ..., assertions: [...]}
    orchestrator:
      plan:                                         # the mission's name, where it has one already; attempts are plans
        - - answer: {summary: ..., blueprint: ...}

Exit codes: 0 played, 1 a step failed, 2 the script or its environment is wrong (nothing was played).
It imports only the standard library and YAML: it runs isolated, and a mission may start hundreds of it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

GIT = [
    "git",
    *("-c", "user.name=Scripted agent", "-c", "user.email=scripted@missions.invalid"),
    *(
        "-c",
        "commit.gpgsign=false",
        "-c",
        "core.hooksPath=/dev/null",
    ),  # a rehearsal has no keys
]

FAULTS = ("throttled", "exhausted", "unauthenticated", "unavailable")

_KEYS = {"repairer": "MISSION_MILESTONE", "orchestrator": "MISSION_MISSION"}
"""What a role's steps go by, where that is not the feature."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class ScriptError(Exception):
    """The script says something that cannot be played."""


class StepError(Exception):
    """A step was played and did not work out, as happens to any agent."""


@dataclass
class Stage:
    """Where the steps are played, and what is to be left behind."""

    workspace: Path
    handoff_file: str
    handoff: dict[str, Any] = field(default_factory=dict[str, Any])
    findings: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def path(self, name: str) -> Path:
        """The file called `name`, which must lie in the workspace, also after following links."""
        path = (self.workspace / name).resolve()
        if path == self.workspace or not path.is_relative_to(self.workspace):
            raise StepError(f"'{name}' is outside the workspace")
        return path

    def read(self, name: str) -> str:
        path = self.path(name)
        if not path.is_file():
            raise StepError(f"there is no file '{name}'")
        return path.read_bytes().decode()

    def write(self, name: str, text: str) -> Path:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path

    def save_handoff(self) -> None:
        """Everything known so far, so that a later crash does not lose it."""
        issues = [*self.handoff.get("discoveredIssues", []), *self.findings]
        handoff = {**(self.handoff or _minimal_handoff()), "discoveredIssues": issues}
        aside = Path(self.handoff_file + ".tmp")
        aside.write_text(_json(handoff), encoding="utf-8")
        aside.replace(self.handoff_file)


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, default=str)


def _minimal_handoff() -> dict[str, Any]:
    return {
        "salientSummary": "Reported what was noticed on the way.",
        "whatWasImplemented": "",
        "whatWasLeftUndone": "",
        "verification": {"commandsRun": []},
        "tests": {"added": []},
    }


Action = Callable[[Stage], str]
"""Plays one step; returns its line for the transcript."""


# One function per step: it reads the step's argument, refusing a wrong one, and returns what to do.


def write(argument: object) -> Action:
    fields = _fields(argument, {"path": str, "text": str}, optional={"executable": bool})

    def play(stage: Stage) -> str:
        path = stage.write(fields["path"], fields["text"])
        if fields.get("executable"):
            path.chmod(path.stat().st_mode | 0o111)
        return str(fields["path"])

    return play


def append(argument: object) -> Action:
    fields = _fields(argument, {"path": str, "text": str})

    def play(stage: Stage) -> str:
        before = stage.read(fields["path"]) if stage.path(fields["path"]).exists() else ""
        stage.write(fields["path"], before + fields["text"])
        return str(fields["path"])

    return play


def replace(argument: object) -> Action:
    fields = _fields(argument, {"path": str, "old": str, "new": str})
    if not fields["old"]:
        raise ScriptError("old is empty; give the text to replace")

    def play(stage: Stage) -> str:
        text = stage.read(fields["path"])
        if (found := text.count(fields["old"])) != 1:
            raise StepError(f"the text to replace occurs {found} times in '{fields['path']}', not once")
        stage.write(fields["path"], text.replace(fields["old"], fields["new"]))
        return str(fields["path"])

    return play


def patch(argument: object) -> Action:
    diff = _text(argument)

    def play(stage: Stage) -> str:
        _command(stage, ["git", "apply", "--whitespace=nowarn", "-"], stdin=diff)
        return ", ".join(re.findall(r"^\+\+\+ b/(\S+)", diff, re.MULTILINE))

    return play


def delete(argument: object) -> Action:
    name = _text(argument)

    def play(stage: Stage) -> str:
        stage.read(name)
        (stage.workspace / name).unlink()
        return name

    return play


def run(argument: object) -> Action:
    line = _text(argument)

    def play(stage: Stage) -> str:
        _command(stage, ["bash", "-euo", "pipefail", "-c", line])
        return _first_line(line)

    return play


def sleep(argument: object) -> Action:
    seconds = _seconds(argument)

    def play(_stage: Stage) -> str:
        time.sleep(seconds)
        return f"{seconds:g}s"

    return play


def commit(argument: object) -> Action:
    message = _text(argument)

    def play(stage: Stage) -> str:
        _command(stage, [*GIT, "add", "-A"])
        _command(stage, [*GIT, "commit", "--quiet", "-m", message])
        return _first_line(message)

    return play


def handoff(argument: object) -> Action:
    content = _mapping(argument, "a handoff")
    if not isinstance(content.get("discoveredIssues", []), list):
        raise ScriptError("discoveredIssues is a list")

    def play(stage: Stage) -> str:
        stage.handoff = content
        stage.save_handoff()
        return str(content.get("salientSummary", ""))

    return play


def answer(argument: object) -> Action:
    """Exactly this as the handoff file: a mapping as JSON, a text as it is, even if nobody can read it."""
    text = argument if isinstance(argument, str) else _json(_mapping(argument, "an answer"))

    def play(stage: Stage) -> str:
        Path(stage.handoff_file).write_text(text, encoding="utf-8")
        return f"{len(text)} characters"

    return play


def finding(argument: object) -> Action:
    fields = _fields(argument, {"severity": str, "description": str}, optional={"suggestedFix": str})

    def play(stage: Stage) -> str:
        stage.findings.append(fields)
        stage.save_handoff()
        return f"{fields['severity']}: {fields['description']}"

    return play


def fail(argument: object) -> Action:
    message = _text(argument)

    def play(_stage: Stage) -> str:
        raise StepError(message)

    return play


def hang(argument: object) -> Action:
    _flag(argument)

    def play(_stage: Stage) -> str:
        _say("hang: waiting for ever")
        while True:
            time.sleep(3600)

    return play


def crash(argument: object) -> Action:
    _flag(argument)

    def play(_stage: Stage) -> str:
        _say("crash: killing myself")
        os.kill(os.getpid(), signal.SIGKILL)
        return "survived"

    return play


def say(argument: object) -> Action:
    text = _text(argument)
    return lambda _stage: text


def use(argument: object) -> Action:
    """One call of a model: `{input: 1000, cacheRead: 9000, output: 200, usd: 0.01}`."""
    kinds = ("input", "cacheRead", "cacheWrite", "output", "usd")
    tokens = _fields(argument, {}, optional=dict.fromkeys(kinds, (int, float)))

    def play(_stage: Stage) -> str:
        _say(json.dumps({"type": "usage", **tokens}))
        return "one call"

    return play


def fault(argument: object) -> Action:
    """What a provider does: `{kind: exhausted, reason: Come back later, seconds: 2}` ends the attempt there."""
    told = _fields(argument, {"kind": str, "reason": str}, optional={"seconds": (int, float)})
    if told["kind"] not in FAULTS:
        raise ScriptError(f"kind is {_called(told['kind'])}, not one of {', '.join(FAULTS)}")

    def play(_stage: Stage) -> str:
        until = {"until": time.time() + told["seconds"]} if "seconds" in told else {}
        end = {"reason": "fault", "fault": {"kind": told["kind"], "reason": told["reason"], **until}}
        _say(json.dumps({"type": "end", **end}))
        raise StepError(told["reason"])

    return play


_STEPS = (
    *(write, append, replace, patch, delete, run, sleep, commit, handoff, answer, finding),
    *(fail, hang, crash, say, use, fault),
)
STEPS: dict[str, Callable[[object], Action]] = {step.__name__: step for step in _STEPS}


def main(arguments: list[str]) -> int:
    script = arguments[0] if len(arguments) == 1 else ""
    try:
        if not script:
            raise ScriptError("the only argument is the script's path")
        steps = read_steps(Path(script))
        handoff_file = os.environ.get("MISSION_HANDOFF", "")
        if not handoff_file and any(name in ("handoff", "answer", "finding") for name, _ in steps):
            raise ScriptError("MISSION_HANDOFF is not set; it names the file for handoff and findings")
    except ScriptError as error:
        sys.stderr.write(f"{script or 'player'}: {error}\n")
        return 2
    return play_steps(steps, Stage(Path.cwd().resolve(), handoff_file))


def play_steps(steps: list[tuple[str, Action]], stage: Stage) -> int:
    """Play them in order up to the first that does not work out; a line each tells how it went."""
    for number, (name, action) in enumerate(steps, 1):
        try:
            _say(f"{name}: {action(stage)}")
        except (StepError, OSError, UnicodeDecodeError) as failure:
            _say(f"{name}: failed in step {number}: {failure}")
            return 1
    return 0


def read_steps(script: Path) -> list[tuple[str, Action]]:
    """The steps of this role, assignment and attempt, all of them checked."""
    role = _environment("MISSION_ROLE")
    assignment = _environment(_KEYS.get(role, "MISSION_FEATURE"))
    attempt = _environment("MISSION_ATTEMPT")
    if not attempt.isdecimal() or int(attempt) < 1:
        raise ScriptError(f"MISSION_ATTEMPT is '{attempt}'; it is a number from 1")
    played = _entry(_mapping(_load(script), "a script"), role, "roles in it")
    place = f"{role}.{assignment}"
    attempts = _attempts(_entry(_mapping(played, role), assignment, f"what {role} has steps for"), place)
    number = min(int(attempt), len(attempts))
    return _steps(attempts[number - 1], f"{place}, attempt {number}")


def check_script(script: Path) -> None:
    """Raises ScriptError for the first attempt in it that could not be played, whoever it is for."""
    for role, played in _mapping(_load(script), "a script").items():
        for assignment, entry in _mapping(played, role).items():
            place = f"{role}.{assignment}"
            for number, attempt in enumerate(_attempts(entry, place), 1):
                _steps(attempt, f"{place}, attempt {number}")


def _attempts(entry: object, place: str) -> list[object]:
    if isinstance(entry, list) and entry:
        return cast(list[object], entry)
    raise ScriptError(f"{place} is not a list of attempts, each a list of steps")


def _steps(steps: object, place: str) -> list[tuple[str, Action]]:
    if not isinstance(steps, list):
        raise ScriptError(f"{place} is not a list of steps; an attempt is a list within the list of attempts")
    return [_step(step, f"{place}, step {n}") for n, step in enumerate(cast(list[object], steps), 1)]


def _load(script: Path) -> object:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # about ten times as fast, where it is built in
    try:
        return yaml.load(script.read_bytes(), Loader=loader)  # noqa: S506  # a safe loader, both of them
    except OSError as error:
        raise ScriptError(f"cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScriptError(f"is not YAML: {' '.join(str(error).split())}") from error


def _step(step: object, place: str) -> tuple[str, Action]:
    if not isinstance(step, dict) or len(cast(dict[object, object], step)) != 1:
        raise ScriptError(f"{place} is not a mapping with one key, the step's name")
    [(name, argument)] = cast(dict[object, object], step).items()
    if name not in STEPS:
        raise ScriptError(f"{place}: unknown step '{name}'; known: {', '.join(STEPS)}")
    try:
        return str(name), STEPS[str(name)](argument)
    except ScriptError as error:
        raise ScriptError(f"{place}: {name}: {error}") from error


def _environment(name: str) -> str:
    if value := os.environ.get(name):
        return value
    raise ScriptError(f"{name} is not set; it says what to play")


def _entry(table: dict[str, Any], key: str, known_as: str) -> object:
    if key in table:
        return table[key]
    raise ScriptError(f"no entry '{key}'; {known_as}: {', '.join(map(str, table)) or 'nothing'}")


def _mapping(value: object, what: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return cast(dict[str, Any], value)
    raise ScriptError(f"{what} is a mapping, not {_called(value)}")


Types = Mapping[str, type | tuple[type, ...]]


def _fields(argument: object, required: Types, *, optional: Types | None = None) -> dict[str, Any]:
    """The argument as a mapping that has all of `required`, perhaps some of `optional`, and nothing else."""
    fields = _mapping(argument, "its argument")
    types = {**required, **(optional or {})}
    if missing := [name for name in required if name not in fields]:
        raise ScriptError(f"{' and '.join(missing)} missing; it takes {', '.join(types)}")
    if unknown := [str(name) for name in fields if name not in types]:
        raise ScriptError(f"unknown {' and '.join(unknown)}; it takes {', '.join(types)}")
    for name, value in fields.items():
        if not isinstance(value, types[name]):
            wanted = types[name]
            called = wanted.__name__ if isinstance(wanted, type) else "a number"
            raise ScriptError(f"{name} is {_called(value)}, not {called}")
    return fields


def _text(argument: object) -> str:
    if isinstance(argument, str) and argument.strip():
        return argument
    raise ScriptError(f"its argument is a text, not {_called(argument)}")


def _flag(argument: object) -> None:
    if argument is not True:
        raise ScriptError("its argument is true")


def _seconds(argument: object) -> float:
    if isinstance(argument, int | float) and not isinstance(argument, bool) and 0 <= argument < float("inf"):
        return float(argument)
    if isinstance(argument, str) and (match := _DURATION.fullmatch(argument)):
        return float(match[1]) * _SECONDS[match[2]]
    raise ScriptError(f"its argument is seconds or a duration like 500ms or 2s, not {_called(argument)}")


def _called(value: object) -> str:
    return "nothing" if value is None else f"'{_first_line(str(value))}'"


def _first_line(text: str) -> str:
    lines = text.strip().splitlines() or [""]
    return lines[0] + (" …" if len(lines) > 1 else "")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _command(stage: Stage, argv: list[str], *, stdin: str = "") -> None:
    """Run a program in the workspace; what it prints goes into the transcript."""
    done = subprocess.run(argv, cwd=stage.workspace, input=stdin.encode(), stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise StepError(f"{argv[0]} ended with exit code {done.returncode}")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
