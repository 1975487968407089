from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from ledger.conversation import Entry, Tally, entry, read_entries


def test_an_entry_is_one_line_of_json_with_its_time_and_type() -> None:
    line = entry(Entry.TEXT, text="two\nlines \ud800", model=None)
    assert line.count(b"\n") == 1
    fields = json.loads(line)
    assert datetime.fromisoformat(fields.pop("at")).tzinfo is not None
    assert fields == {"type": "text", "text": "two\nlines \ufffd"}


def test_a_torn_last_line_is_not_there_yet_and_foreign_lines_were_printed(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    path.write_bytes(b"setup done\n[1]\n" + entry(Entry.TEXT, text="a") + entry(Entry.TEXT, text="b")[:-8])
    read = list(read_entries(path))
    assert [line["type"] for line in read] == ["printed", "printed", "text"]
    assert read[0]["text"] == "setup done"
    assert list(read_entries(tmp_path / "absent")) == []


def test_a_tally_adds_up_the_lines(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    lines = [
        entry(Entry.USAGE, input=10, cacheRead=5, cacheWrite=1, output=2, usd=0.5),
        entry(Entry.CALL, id="1", tool="bash", input={}),
        entry(Entry.CALL, id="2", tool="bash", input={}),
        entry(Entry.CALL, id="3", tool="read", input={}),
        entry(Entry.DENIED, tool="bash", input={}),
        entry(Entry.USAGE, input=1, cacheRead=20, cacheWrite=0, output=3, usd=0.25),
        entry(Entry.END, reason="finished", turns=2, usage={"input": 999}),
    ]
    path.write_bytes(b"".join(lines))
    tally = Tally.of(read_entries(path))
    assert (tally.turns, tally.tools, tally.denied) == (2, {"bash": 2, "read": 1}, 1)
    assert tally.usage == {"input": 11, "cacheRead": 25, "cacheWrite": 1, "output": 5, "usd": 0.75}
    assert tally.end is not None
    assert tally.end["reason"] == "finished"


def test_without_usage_lines_the_end_says_what_was_used_and_without_either_it_is_unknown() -> None:
    end = {"type": "end", "reason": "finished", "turns": 4, "usage": {"input": 7, "output": 1, "usd": 0.1}}
    assert Tally.of([end]).usage == {"input": 7, "cacheRead": 0, "cacheWrite": 0, "output": 1, "usd": 0.1}
    assert Tally.of([end]).turns == 4
    assert Tally.of([]) == Tally()


def test_usage_that_no_line_tells_is_unknown() -> None:
    assert Tally.of([{"type": "usage"}, {"type": "usage"}]) == Tally(turns=2)
    partly = Tally.of([{"type": "usage"}, {"type": "usage", "input": 3, "usd": 0.1}])
    assert partly.usage == {"input": 3, "cacheRead": 0, "cacheWrite": 0, "output": 0}


def test_the_price_of_a_part_is_not_the_price_of_the_whole() -> None:
    priced, unpriced = {"type": "usage", "input": 1, "usd": 0.1}, {"type": "usage", "input": 1}
    tally = Tally.of([priced, unpriced])
    assert tally.usage is not None
    assert "usd" not in tally.usage
    assert tally.turns == 2
