"""A pair of features as a mission: workers that apply the patches, the tests its contract, nobody for conflicts."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.coop.clone import apply, fresh_clone, git
from benchmarks.coop.dataset import Feature, Task
from benchmarks.coop.environment import Environment

MILESTONE = "pair"
Pair = tuple[Feature, Feature]


@dataclass(frozen=True)
class Stage:
    """A task made ready for its pairs: what the tests' files are, and what the patches are, in plain form."""

    task: Task
    repository: Path
    environment: Environment
    folder: Path
    """For blueprints, the tests' files and the mission home; outside the repository."""

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`mission`, whatever its exit code."""
        argv, variables = [sys.executable, "-m", "cli.main", *words], os.environ | {"MISSION_HOME": str(self.home)}
        return subprocess.run(argv, env=variables, capture_output=True, text=True, check=False)

    def files(self, feature: Feature) -> Path:
        """The folder with the feature's test files as the data set has them, ready to be copied over a checkout."""
        folder = self.folder / "tests" / feature.id
        if not folder.is_dir():
            with fresh_clone(self.repository, self.task.base) as clone:
                apply(clone, feature.tests)
                for file in (file for file in self.task.files_of(feature) if (clone / file).is_file()):
                    (folder / file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(clone / file, folder / file)
        return folder

    def patch(self, feature: Feature) -> str:
        """Its patch, as git writes it for exactly this base."""
        with fresh_clone(self.repository, self.task.base) as clone:
            apply(clone, feature.patch)
            git(clone, "add", "-A")
            return git(clone, "diff", "--cached", "--binary", "HEAD")

    def blueprint(self, pair: Pair) -> Path:
        """Written anew, with the script its agents play."""
        folder = self.folder / "-".join(feature.id for feature in pair)
        folder.mkdir(parents=True, exist_ok=True)
        steps = {f.id: [[{"patch": self.patch(f)}, {"commit": f"Add {f.id}"}]] for f in pair}
        (folder / "script.yaml").write_text(yaml.safe_dump({"worker": steps}))
        (folder / "nobody.yaml").write_text("{}\n")
        (folder / "mission.yaml").write_text(yaml.safe_dump(self._mission(pair), sort_keys=False))
        return folder / "mission.yaml"

    def _mission(self, pair: Pair) -> dict[str, object]:
        assertions = {feature.id: f"VAL-PAIR-{number:03}" for number, feature in enumerate(pair, 1)}
        features = [{"id": f.id, "spec": f.spec, "touches": f.touches, "fulfills": [assertions[f.id]]} for f in pair]
        return {
            "mission": "coop",
            "goal": f"Two features of {self.task.name} that were made apart from each other.",
            "requirePlanApproval": False,
            "repairs": 0,
            "agents": {
                "worker": {"kind": "scripted", "script": "script.yaml", "retries": 0},
                "nobody": {"kind": "scripted", "script": "nobody.yaml", "retries": 0},
            },
            "roles": {"worker": "worker", "integrator": "nobody"},
            "contract": {assertions[f.id]: self._assertion(f) for f in pair},
            "milestones": [{"name": MILESTONE, "features": features}],
        }

    def _assertion(self, feature: Feature) -> dict[str, object]:
        """The tests come from the data set, over whatever the branch has in their place."""
        folder = self.files(feature)
        files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        lines = [f"cp -R {shlex.quote(str(folder))}/. .", *self.environment.preparation(), self.environment.line(files)]
        check = {"kind": "command", "run": "\n".join(lines), "uses": files}
        return {"says": f"The data set's tests of {feature.id} pass.", "check": check}
