"""What a take shows by git, files, processes and the server's log; never by what the agent says."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agents.handoff import read_handoff
from agents.judges import new_commit
from agents.outcome import NotProvedError
from agents.rehearsal.scenes import SUMMARY, TURNS
from agents.rehearsal.stage import FEATURE, FILE, Take
from blueprints.agents import Agent, ApiAgent, ClaudeCodeAgent, CodexAgent
from blueprints.text import counted
from ledger.conversation import Entry, FaultKind
from workspaces import git
from workspaces.process import Ended


@dataclass(frozen=True)
class Result:
    """What became of one case."""

    case: str
    ok: bool
    seen: str
    """One sentence."""


Judge = Callable[[Take], str]
"""What was seen, when it is right. Raises NotProvedError with what is wrong."""


def verdict(case: str, judge: Judge, take: Take) -> Result:
    """Whatever the case: nothing may be alive afterwards."""
    try:
        seen = judge(take)
        if take.survivors:
            raise NotProvedError(f"it left processes alive: {', '.join(take.survivors)}")
    except (NotProvedError, ValueError) as problem:
        return Result(case, False, str(problem))
    return Result(case, True, seen)


def edited(take: Take) -> str:
    calls = [line for line in take.entries if line["type"] == Entry.CALL]
    _require_asked(take)
    _require((take.workspace.path / FILE).is_file(), f"the file that a tool was to write is not there: {_ending(take)}")
    _require(bool(calls), "the transcript shows no call of a tool")
    return f"{counted(len(calls), 'call')} of {calls[0]['tool']}, and the file is there"


def committed(take: Take) -> str:
    head, base = git.head(take.workspace.path), take.workspace.base
    _require(head != base, f"there is no commit of its own on its branch: {_ending(take)}")
    commit = _commit(take)
    _require(commit == head, "it left changes behind that it had not committed")
    _require(FILE in git.changed_paths(take.workspace.path, base, commit), "the commit does not have the file")
    return f"its own commit {commit[:12]} on its branch, and nothing left uncommitted"


def handed_over(take: Take) -> str:
    handoff = read_handoff(take.handoff, {})
    _require(handoff is not None and handoff.salient_summary == SUMMARY, f"there is no handoff: {_ending(take)}")
    _require(take.run.stopped_by_itself, f"it did not end as asked for: {_ending(take)}")
    return f"the handoff is there, and it ended by itself after {take.run.seconds:.1f} s"


def transcribed(take: Take) -> str:
    """The server's log knows what was used."""
    kinds = [line["type"] for line in take.entries]
    strange = [kind for kind in kinds if kind not in [*Entry]]
    _require(not strange, f"the transcript has lines of unknown types: {', '.join(strange)}")
    for kind in (Entry.START, Entry.END):
        _require(kinds.count(kind) == 1, f"the transcript has {kinds.count(kind)} lines of type {kind}, not one")
    _require(kinds.count(Entry.CALL) == kinds.count(Entry.OUTPUT), "not every call of a tool has its output")
    _require(take.run.model is not None, "the model is not told")
    told = take.run.version or isinstance(take.session.mission.plan.agent(FEATURE), ApiAgent)
    _require(bool(told), "the program's version is not told")
    used, served = _used(take), _served(take)
    _require(used == served, f"it is said to have used {used:.0f} tokens; the server counted {served}")
    return f"{counted(len(kinds), 'line')}; {counted(served, 'token')}, as the server counted them"


def _used(take: Take) -> float:
    return sum(count for kind, count in (take.run.usage or {}).items() if kind != "usd")


def _served(take: Take) -> int:
    usages = [call.usage for call in take.calls if call.usage]
    return sum(usage.whole_input + usage.output for usage in usages)


def key_kept(environment: Path) -> Judge:
    """The key reached the server and no record; nor the tools, where the kind promises that."""

    def judge(take: Take) -> str:
        _require_asked(take)
        _require(all(call.key == take.key for call in take.calls), "the server was sent another key")
        shown = [path.name for path in take.records.rglob("*") if path.is_file() and _has(path, take.key)]
        _require(not shown, f"the key is in {', '.join(shown)}")
        seen_by_tools = _has(environment, take.key)
        promised = hides_key(take.session.mission.plan.agent(FEATURE))
        _require(not (seen_by_tools and promised), "the key is in the environment of its tools")
        tools = "its tools see it, since this kind cannot hide it" if seen_by_tools else "its tools do not see it"
        return f"the key is in no record; {tools}"

    return judge


def hides_key(profile: Agent) -> bool:
    """Whether the kind promises that tools do not have the key in their environment."""
    return isinstance(profile, ApiAgent | CodexAgent) or (
        isinstance(profile, ClaudeCodeAgent) and bool(shutil.which("bwrap"))
    )


def fruitless(take: Take) -> str:
    """It stopped without doing anything: by whatever sign, that must not count as work."""
    _require_asked(take)
    _require(take.run.fault is None, f"it counts as the provider's fault: {take.run.reason}")
    _require(read_handoff(take.handoff, {}) is None, "there is a handoff, although the model wrote none")
    if not take.run.stopped_by_itself:
        return f"it does not count as done: {take.run.reason}"
    try:
        commit = _commit(take)
    except NotProvedError as refusal:
        return f"it does not count as done: {refusal}"
    raise NotProvedError(f"it counts as done, with commit {commit[:12]}")


def limited(take: Take) -> str:
    asked = len(_work(take))
    _require(take.run.fault is None, f"it counts as the provider's fault: {take.run.reason}")
    _require("limit of" in take.run.objection, f"it did not end at its limit of turns: {_ending(take)}")
    _require(asked <= 2 * TURNS, f"it made {asked} calls of the model with a limit of {TURNS}")
    return f"{take.run.objection}; {counted(asked, 'call')} of the model at a limit of {TURNS}"


def ended_as_idle(take: Take) -> str:
    _require_asked(take)
    _require(take.run.ended is Ended.IDLE, f"the idle limit did not end it: {_ending(take)}")
    return f"{take.run.reason}: it was ended after {take.run.seconds:.1f} s"


def ended_with_all(take: Take) -> str:
    _require(take.run.ended is Ended.STOPPED, f"it was not stopped while the command ran: {_ending(take)}")
    _require(take.run.fault is None, f"it counts as the provider's fault: {take.run.reason}")
    return f"everything was gone {take.seconds:.1f} s after the stop, the command's own daemon too"


def worked_again(take: Take) -> str:
    for judge in (edited, committed, handed_over):
        judge(take)
    return f"another attempt did the work in {take.run.seconds:.1f} s"


def at_fault(*kinds: FaultKind) -> Judge:
    """The provider's fault of one of these kinds, which is no failed attempt of the agent's."""

    def judge(take: Take) -> str:
        _require_asked(take)
        fault = take.run.fault
        _require(fault is not None, f"it does not count as the provider's fault: {_ending(take)}")
        assert fault
        _require(fault.kind in kinds, f"it counts as {fault.kind}: {fault.reason}")
        return f"{fault.kind} after {take.run.seconds:.1f} s and {counted(len(_work(take)), 'call')}: {fault.reason}"

    return judge


def _work(take: Take) -> list[str]:
    """Requests for the work itself."""
    return [call.conversation for call in take.calls if call.script == FEATURE]


def _require_asked(take: Take) -> None:
    _require(bool(_work(take)), f"the model was never asked: {_ending(take)}")


def _commit(take: Take) -> str:
    """As the engine judges it when a worker has ended."""
    return new_commit(take.workspace.base, "Rehearsal")(take.workspace, None)


def _ending(take: Take) -> str:
    return "it ended by itself" if take.run.stopped_by_itself else take.run.reason


def _has(path: Path, key: str) -> bool:
    return path.is_file() and key.encode() in path.read_bytes()


def _require(right: bool, otherwise: str) -> None:
    if not right:
        raise NotProvedError(otherwise)
