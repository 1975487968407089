"""A run as its ledger tells it, with a clock of the test's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from blueprints.load import load_text
from blueprints.plan import Plan
from ledger.events import Event, Kind
from ledger.fold import build_report
from ledger.report import MissionReport

RUN = "demo-20250101-aaaaaa"
TEXT = """\
mission: demo
goal: Try it.
agents: {builder: {kind: command, argv: [agent]}}
validators: [{kind: command, run: make test}]
contract:
  VAL-A-001: {says: The A is there., check: {kind: command, run: test -e a}}
milestones:
  - name: one
    objective: It can be tried.
    features:
      - {id: a, title: The A, spec: Do a., fulfills: [VAL-A-001]}
      - {id: b, spec: Do b., needs: [a], fulfills: [], because: It is a test.}
  - name: two
    features: [{id: c, spec: Do c., fulfills: [], because: It is a test.}]
"""


def plan() -> Plan:
    return load_text(TEXT, "mission.yaml", Path(__file__).parent).plan


@dataclass
class Story:
    """Events in order; each happens a second after the one before unless time `passes`."""

    events: list[Event] = field(default_factory=list[Event])
    _now: datetime = datetime(2025, 1, 1, tzinfo=UTC)

    def passes(self, seconds: float) -> Story:
        self._now += timedelta(seconds=seconds - 1)
        return self

    def tell(self, kind: Kind, /, **data: Any) -> Story:
        self.events.append(Event(kind, self._now.isoformat(timespec="milliseconds"), data))
        self._now += timedelta(seconds=1)
        return self

    def report(self) -> MissionReport:
        return build_report(RUN, plan(), self.events)

    def begun(self) -> Story:
        self.tell(Kind.MISSION_ACCEPTED, run=RUN)
        return self.life().tell(Kind.MILESTONE_STARTED, milestone="one", base="base")

    def life(self) -> Story:
        return self.tell(Kind.MISSION_RUN_STARTED, repository="/repo", base="base", ui="http://ui/1")

    def started(self, feature: str, *, role: str = "worker", milestone: str = "one") -> Story:
        return self.tell(
            Kind.WORKER_STARTED, role=role, featureId=feature, milestone=milestone, agent="builder", base="base"
        )

    def done(self, feature: str, *, role: str = "worker", seconds: float = 2.0, **more: Any) -> Story:
        data = {"usage": None, "summary": "", "commitId": f"commit-{feature}"} | more
        return self.tell(Kind.WORKER_COMPLETED, role=role, featureId=feature, seconds=seconds, **data)

    def failed(self, feature: str, reason: str, *, seconds: float = 1.0, usage: Any = None) -> Story:
        data = {"seconds": seconds, "usage": usage, "status": "failed"}
        return self.tell(Kind.WORKER_FAILED, role="worker", featureId=feature, reason=reason, **data)

    def integrated(self, feature: str, how: str = "clean") -> Story:
        return self.tell(Kind.FEATURE_INTEGRATED, milestone="one", featureId=feature, commit=f"m-{feature}", how=how)

    def validated(self, number: int, commit: str, **verdicts: str) -> Story:
        """A round with a verdict per check; `VAL_A_001` is the assertion's."""
        self.tell(Kind.MILESTONE_VALIDATION_TRIGGERED, milestone="one", round=number, commit=commit)
        for name, status in verdicts.items():
            check = name.replace("_", "-") if name.startswith("VAL") else name
            self.tell(
                Kind.VERDICT_RECORDED,
                milestone="one",
                round=number,
                id=check,
                kind="command",
                says="make test",
                assertion=check if check.startswith("VAL") else None,
                status=status,
                commit=commit,
                contract="plan",
                environment="environment",
                command="make test",
                runs=[status],
                preExisting=False,
                quarantined=None,
                evidence=["evidence/one/output.log"],
                reason="exit code 0" if status == "passed" else "exit code 1",
                seconds=0.5,
            )
        return self

    def built(self) -> Story:
        """Both features of milestone one done and merged."""
        self.begun().started("a").done("a").started("b").done("b")
        return self.integrated("a").integrated("b")
