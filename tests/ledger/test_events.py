from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from blueprints.errors import MissionError
from ledger.events import Event, Kind, Ledger, Tail, read_events

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def written(path: Path) -> Path:
    """A ledger of four lines."""
    ledger = Ledger(path)
    for number in range(1, 5):
        ledger.append(Kind.MILESTONE_STARTED, milestone=f"m{number}", base="0")
    return path


def names(events: list[Event]) -> list[str]:
    return [event.data["milestone"] for event in events]


def change(path: Path, how: Callable[[list[str]], list[str]]) -> None:
    path.write_text("\n".join(how(path.read_text().splitlines())) + "\n")


def test_a_line_is_json_with_time_type_and_fields(path: Path) -> None:
    event = Ledger(path).append(Kind.FEATURE_INTEGRATED, milestone="one", featureId="a", how="clean")
    line = json.loads(path.read_text())
    assert list(line) == ["timestamp", "type", "milestone", "featureId", "how", "previous"]
    assert (line["type"], line["timestamp"]) == ("feature_integrated", event.timestamp)
    assert event.at.utcoffset() == timedelta(0)


def test_each_line_carries_the_hash_of_the_one_before(written: Path) -> None:
    lines = written.read_bytes().splitlines()
    hashes = ["", *(hashlib.sha256(line).hexdigest()[:16] for line in lines[:-1])]
    assert [json.loads(line)["previous"] for line in lines] == hashes


def test_what_is_read_is_what_was_appended(path: Path) -> None:
    ledger = Ledger(path)
    data = {"reason": "two\nlines, \u2028 and \x00", "usage": None, "seconds": 1.5, "merged": ["a"]}
    event = ledger.append(Kind.MISSION_FAILED, **data)
    assert read_events(path) == [event] == ledger.events
    assert event.data == data


def test_a_reopened_ledger_goes_on_with_the_chain(written: Path) -> None:
    Ledger(written).append(Kind.MILESTONE_STARTED, milestone="m5", base="0")
    assert names(read_events(written)) == ["m1", "m2", "m3", "m4", "m5"]


def test_a_ledger_that_is_not_there_yet_is_empty(path: Path) -> None:
    assert Ledger(path).events == []
    assert not path.exists()


@pytest.mark.parametrize(
    ("order", "line"),
    [
        pytest.param([1, 2, 4], 3, id="one removed"),
        pytest.param([2, 3, 4], 1, id="the first removed"),
        pytest.param([1, 3, 2, 4], 2, id="reordered"),
        pytest.param([1, 2, 2, 3, 4], 3, id="repeated"),
    ],
)
def test_lines_in_another_order_are_found(written: Path, order: list[int], line: int) -> None:
    change(written, lambda lines: [lines[number - 1] for number in order])
    assert broken_at(written) == line


def test_an_edited_line_is_found_at_the_next(written: Path) -> None:
    change(written, lambda lines: [lines[0], lines[1].replace("m2", "m9"), *lines[2:]])
    assert broken_at(written) == 3


def broken_at(path: Path) -> int:
    with pytest.raises(MissionError) as error:
        read_events(path)
    place, _, _ = str(error.value).partition(": the chain is broken here")
    return int(place.removeprefix(f"{path}:"))


@pytest.mark.parametrize("line", ["", "{}", "[]", "null", "plain text", '{"type": "unheard_of", "timestamp": ""}'])
def test_a_line_that_is_none_of_ours_is_found(written: Path, line: str) -> None:
    change(written, lambda lines: [lines[0], line, *lines[1:]])
    with pytest.raises(MissionError) as error:
        Ledger(written)
    assert str(error.value).startswith(f"{written}:2: not a ledger line")
    assert "\n" not in str(error.value)


def test_a_torn_last_line_is_not_there_yet_for_readers(written: Path) -> None:
    whole = written.read_bytes()
    written.write_bytes(whole + b'{"timestamp":"20')
    assert len(read_events(written)) == 4
    assert written.read_bytes() != whole


def test_a_torn_last_line_is_cut_off_and_the_next_append_is_whole(written: Path) -> None:
    written.write_bytes(written.read_bytes()[:-20])
    Ledger(written).append(Kind.MILESTONE_STARTED, milestone="m5", base="0")
    assert names(read_events(written)) == ["m1", "m2", "m3", "m5"]


def test_a_ledger_of_one_torn_line_is_empty(path: Path) -> None:
    path.write_bytes(b'{"timestamp"')
    assert Ledger(path).events == []
    assert path.read_bytes() == b""


@pytest.mark.parametrize("lost", [20, 400])
def test_zeros_in_place_of_what_was_not_flushed_are_cut_off(written: Path, lost: int) -> None:
    whole = written.read_bytes()
    written.write_bytes(whole[:-lost] + bytes(lost))
    left = whole[:-lost].count(b"\n")
    assert len(read_events(written)) == left
    Ledger(written).append(Kind.MILESTONE_STARTED, milestone="m5", base="0")
    assert names(read_events(written)) == [*["m1", "m2", "m3", "m4"][:left], "m5"]


def test_a_ledger_that_lost_its_end_goes_on_from_what_is_left(written: Path) -> None:
    written.write_bytes(b"".join(written.read_bytes().splitlines(keepends=True)[:2]))
    Ledger(written).append(Kind.MILESTONE_STARTED, milestone="m5", base="0")
    assert names(read_events(written)) == ["m1", "m2", "m5"]


def test_an_append_that_did_not_fit_on_the_disk_leaves_the_ledger_whole(written: Path) -> None:
    script = """
        import resource, sys
        from pathlib import Path
        from ledger.events import Kind, Ledger
        ledger = Ledger(Path(sys.argv[1]))
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (ledger.path.stat().st_size + 30, hard))
        try:
            ledger.append(Kind.MILESTONE_STARTED, milestone="lost", base="0")
        except OSError:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            ledger.append(Kind.MILESTONE_STARTED, milestone="m5", base="0")
    """
    argv = [sys.executable, "-c", textwrap.dedent(script), str(written)]
    subprocess.run(argv, cwd=PROJECT, check=True)
    assert names(read_events(written)) == ["m1", "m2", "m3", "m4", "m5"]


def test_appends_of_many_threads_keep_the_chain(path: Path) -> None:
    ledger = Ledger(path)

    def append(number: int) -> None:
        ledger.append(Kind.MILESTONE_STARTED, milestone=str(number), base="0")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(append, range(100)))
    assert sorted(map(int, names(read_events(path)))) == list(range(100))
    assert read_events(path) == ledger.events


def test_a_finished_step_is_found_by_its_key(path: Path) -> None:
    ledger = Ledger(path)
    done = ledger.append(Kind.WORKER_COMPLETED, key="k1", commitId="c")
    assert ledger.recorded("k1") is done
    assert ledger.recorded("k2") is None


def test_a_finished_step_is_found_after_a_restart(path: Path) -> None:
    done = Ledger(path).append(Kind.WORKER_COMPLETED, key="k1", commitId="c")
    assert Ledger(path).recorded("k1") == done


def test_a_forgotten_step_is_yet_to_be_done_until_the_ledger_is_read_again(path: Path) -> None:
    ledger = Ledger(path)
    done = ledger.append(Kind.WORKER_COMPLETED, key="k1", commitId="c")
    ledger.forget("k1")
    assert ledger.recorded("k1") is None
    assert ledger.objection() is None
    assert Ledger(path).recorded("k1") == done


def test_a_step_recorded_twice_is_as_recorded_last(path: Path) -> None:
    ledger = Ledger(path)
    for commit in ("c1", "c2"):
        ledger.append(Kind.WORKER_COMPLETED, key="k", commitId=commit)
    for seen in (ledger.recorded("k"), Ledger(path).recorded("k")):
        assert seen
        assert seen.data["commitId"] == "c2"


def test_a_listener_hears_what_is_appended_from_then_on(written: Path) -> None:
    ledger = Ledger(written)
    heard: list[Event] = []
    ledger.listen(heard.append)
    event = ledger.append(Kind.MISSION_RESUMED)
    assert heard == [event]


def test_a_listener_finds_the_event_on_disk(path: Path) -> None:
    ledger = Ledger(path)
    on_disk: list[Event] = []
    ledger.listen(lambda _: on_disk.extend(read_events(path)))
    ledger.append(Kind.MISSION_RESUMED)
    assert [event.kind for event in on_disk] == [Kind.MISSION_RESUMED]


def test_a_tail_gives_what_is_new_since_the_last_look(written: Path) -> None:
    tail = Tail(written)
    assert names(tail.new()) == ["m1", "m2", "m3", "m4"]
    Ledger(written).append(Kind.MILESTONE_STARTED, milestone="m5", base="0")
    assert names(tail.new()) == ["m5"]
    assert tail.new() == []


def test_a_tail_leaves_a_line_that_is_not_whole_for_later(written: Path) -> None:
    whole = written.read_bytes()
    written.write_bytes(whole[:-10])
    tail = Tail(written)
    assert names(tail.new()) == ["m1", "m2", "m3"]
    written.write_bytes(whole)
    assert names(tail.new()) == ["m4"]


def test_a_tail_names_the_line_that_is_none(written: Path) -> None:
    tail = Tail(written)
    tail.new()
    with written.open("a") as stream:
        stream.write("what?\n")
    with pytest.raises(MissionError, match=r"ledger\.jsonl:5: not a ledger line"):
        tail.new()
