"""Whether parallel work provably fits together: pairs of real features of the CooperBench data set.

`python -m benchmarks.cooperbench DATASET MIRRORS [--tasks pallets_click_task/2068,…] [--pairs N] [--missions]` makes
each pair of features of a task a mission: two scripted workers that apply the data set's patches at the task's base
commit, each feature's tests the assertion it fulfils, an integrator that has no way to resolve anything. DATASET is the
data set's folder `dataset`, MIRRORS a folder of clones called `owner+name` or `name`. Tasks that are not Python tested
by pytest, or whose clone is not there, are listed with the reason, and so are features whose own tests do not pass on
their own patch: nobody could be measured by them.

What runs: workers, integration and one round of validation, in this process and without a Prefect server; with
`--missions` the same as whole missions by `mission run`, which adds the gate, the witnesses on the base and the seal.
Seconds per pair are those; what the benchmark itself looks at afterwards is not counted. And it looks without the
engine: the commit that became of both is cloned, each feature's tests are applied and run, and every line that a patch
added is looked for.

clean: merged without a textual conflict; caught: of those, refused, and their tests do fail together; named: of those,
told to be exactly these two that break together. solved by: conflicts by the rung whose result was accepted. wrong: the
engine says that both features' assertions hold, and they do not (must be 0). lost: it says so although lines of a patch
are gone and that feature's tests fail (must be 0). good, refused: a result that was refused although its tests pass.
s: the median. Forecasts are measured against textual conflicts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path

from benchmarks.coop.clone import clone_at, succeeds
from benchmarks.coop.dataset import Feature, Task, mirror, tasks
from benchmarks.coop.environment import prepare
from benchmarks.coop.forecast import foretold
from benchmarks.coop.pair import Ended, through_command, through_engine
from benchmarks.coop.proof import Prover
from benchmarks.coop.stage import Pair, Stage
from benchmarks.coop.tally import Judged, table

Play = Callable[[Stage, Pair], Ended]


def main() -> None:
    arguments = _arguments()
    play = through_command if arguments.missions else through_engine
    judged: dict[str, list[Judged]] = {}
    for task in _usable(arguments.dataset, arguments.mirrors, arguments.tasks):
        source = mirror(arguments.mirrors, task.repository)
        assert source
        with tempfile.TemporaryDirectory(prefix="missions-coop-", ignore_cleanup_errors=True) as folder:
            judged[task.name] = [*_measure(task, source, Path(folder), play, arguments.pairs)]
    print(f"\n{table(judged)}")
    if any(pair.wrong or pair.lost for pairs in judged.values() for pair in pairs):
        sys.exit(1)


def _arguments() -> argparse.Namespace:
    about, _, rest = (__doc__ or "").partition("\n\n")
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=about, epilog=rest, formatter_class=shape)
    parser.add_argument("dataset", type=Path, help="the data set's folder `dataset`, or the one it is in")
    parser.add_argument("mirrors", type=Path, help="a folder of clones, called owner+name or name")
    parser.add_argument("--tasks", type=lambda text: text.split(","), default=[], help="default: all that can be run")
    parser.add_argument("--pairs", type=int, help="at most so many of each task, spread over all of its pairs")
    parser.add_argument("--missions", action="store_true", help="whole missions through `mission run`")
    return parser.parse_args()


def _usable(dataset: Path, mirrors: Path, wanted: list[str]) -> Iterator[Task]:
    """The tasks that can be measured here; of the others the reason is printed."""
    for task in tasks(dataset, wanted):
        source = mirror(mirrors, task.repository)
        reason = task.refusal()
        if reason is None and source is None:
            reason = f"there is no clone of {task.repository} in {mirrors}"
        elif reason is None and source and not succeeds(source, "cat-file", "-e", f"{task.base}^{{commit}}"):
            reason = f"{source} does not have its commit {task.base[:12]}"
        if reason is None:
            yield task
        else:
            print(f"skipped {task.name}: {reason}", flush=True)


def _measure(task: Task, source: Path, folder: Path, play: Play, limit: int | None) -> Iterator[Judged]:
    """Each pair judged, and its line printed."""
    repository = clone_at(source, folder / "repository", task.base)
    try:
        environment = prepare(task, clone_at(source, folder / "installed", task.base), folder / "environment")
    except RuntimeError as error:
        print(f"skipped {task.name}: {error}", flush=True)
        return
    prover = Prover(task, repository, environment)
    stage = Stage(task, repository, environment, folder / "missions")
    pairs = [*combinations(_measurable(prover), 2)]
    with _server(stage, play):
        for pair in _spread(pairs, limit or len(pairs)):
            judged = _judged(prover, pair, play(stage, pair))
            print(f"{task.name} {judged}", flush=True)
            yield judged


def _measurable(prover: Prover) -> list[Feature]:
    found = list[Feature]()
    for feature in prover.task.features:
        if reason := prover.own_failure(feature):
            print(f"skipped {prover.task.name} {feature.id}: on its own patch: {reason}", flush=True)
        else:
            found.append(feature)
    return found


def _spread(pairs: list[Pair], most: int) -> list[Pair]:
    return [pairs[number * len(pairs) // most] for number in range(most)] if most < len(pairs) else pairs


def _judged(prover: Prover, pair: Pair, ended: Ended) -> Judged:
    failing = prover.failing(ended.merged, pair) if ended.merged else []
    missing = prover.lost(ended.merged, pair) if ended.merged else {}
    forecast = foretold(prover.repository, prover.task.base, ended.plan, ended.commits)
    return Judged(pair, ended, failing, missing, forecast)


@contextmanager
def _server(stage: Stage, play: Play) -> Generator[None]:
    """The server that whole missions start goes with them."""
    try:
        yield
    finally:
        if play is through_command:
            stage.command("server", "stop")


if __name__ == "__main__":
    main()
