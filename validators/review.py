"""`kind: review`: a fresh agent reads each feature's change. One that did not answer is no pass."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from agents.answers import Review
from agents.base import Assignment
from agents.handoff import Issue
from agents.inquiry import Inquiry, NotAnswered, inquire
from blueprints.checks import ReviewCheck
from blueprints.plan import PlannedFeature, PlannedMilestone
from blueprints.schema import Role
from blueprints.text import counted
from validators.base import Bench, Observation
from validators.change import Work
from workspaces.git import GitError
from workspaces.mission import Mission
from workspaces.workplace import workplace


@dataclass(frozen=True)
class ReviewValidator:
    check: ReviewCheck
    mission: Mission
    milestone: PlannedMilestone
    identifier: str
    """The planned check's."""
    commits: Mapping[str, str]
    """Feature id to the commit it was done with."""
    milestone_base: str
    open_issues: Mapping[str, Sequence[str]]
    """Feature id to blocking issues of earlier rounds, to be verified."""

    def look(self, bench: Bench) -> Observation:
        features = self.milestone.features
        if unknown := [feature.id for feature in features if not self.commits.get(feature.id)]:
            return Observation.inconclusive(f"there is no commit to review of {', '.join(unknown)}")
        with ThreadPoolExecutor(self.mission.max_concurrency) as pool:
            answers = list(pool.map(self._ask, features, [bench] * len(features)))
        return _judge({feature.id: answer for feature, answer in zip(features, answers, strict=True)})

    def _ask(self, feature: PlannedFeature, bench: Bench) -> Review | NotAnswered:
        try:
            return inquire(self.mission, self._inquiry(feature, bench))
        except (GitError, ValueError) as error:  # a commit that is no longer there, a handoff that was garbled
            return NotAnswered(str(error))

    def _inquiry(self, feature: PlannedFeature, bench: Bench) -> Inquiry[Review]:
        return Inquiry(
            assignment=self._assignment(feature, bench.commit),
            answer=Review,
            place=lambda: self._checkout(feature.id, bench.commit),
            timeout=self.check.timeout,
            evidence=bench.evidence / feature.id,
            objection=lambda review, _folder: review.contradiction,
        )

    def _assignment(self, feature: PlannedFeature, now: str) -> Assignment:
        work = Work(self.mission, feature.id, self.commits[feature.id], self.milestone_base)
        return Assignment.of(
            self.mission,
            Role.SCRUTINY,
            self.milestone.name,
            work.base,
            feature.title,
            feature=feature.id,
            spec=feature.spec,
            assertions=feature.assertions,
            touches=feature.touches,
            failures=[f"An earlier review found: {issue}" for issue in self.open_issues.get(feature.id, ())],
            instructions=self.check.focus or "",
            diff=work.diff(now),
            summary=work.claim(),
        )

    @contextmanager
    def _checkout(self, feature: str, commit: str) -> Generator[Path]:
        """Thrown away afterwards: nothing that a reviewer does to it counts."""
        with workplace(self.mission, f"check.{self.milestone.name}.{self.identifier}.review.{feature}", commit) as made:
            yield made.path


def _judge(answers: Mapping[str, Review | NotAnswered]) -> Observation:
    unanswered = {name: answer for name, answer in answers.items() if isinstance(answer, NotAnswered)}
    reviews = {name: answer for name, answer in answers.items() if isinstance(answer, Review)}
    refused = {name: review.blocking for name, review in reviews.items() if review.blocking}
    issues = tuple(_about(issue, name) for name, review in reviews.items() for issue in review.issues)
    if unanswered:
        told = "; ".join(f"review of {name}: {answer.reason}" for name, answer in unanswered.items())
        seen = Observation.inconclusive(told)
    elif refused:
        told = "; ".join(f"{name}: {_first(blocking)}" for name, blocking in refused.items())
        seen = Observation.failed(f"blocking issues in {told}")
    elif reviews:
        noted = f", {counted(len(issues), 'issue')} noted, none blocking" if issues else ""
        seen = Observation.passed(f"{counted(len(reviews), 'feature')} reviewed{noted}")
    else:
        seen = Observation.inconclusive("there was no feature to review")
    return replace(seen, issues=issues)


def _about(issue: Issue, feature: str) -> Issue:
    return issue.model_copy(update={"about": feature})


def _first(blocking: Sequence[Issue]) -> str:
    issue = blocking[0]
    place = f" ({issue.file}{f':{issue.line}' if issue.line else ''})" if issue.file else ""
    more = f" and {len(blocking) - 1} more" if len(blocking) > 1 else ""
    return f"{' '.join(issue.description.split())[:300]}{place}{more}"
