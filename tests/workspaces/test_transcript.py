from __future__ import annotations

import json
from pathlib import Path

import pytest

from workspaces import transcript
from workspaces.transcript import Redactor, Sink

SECRETS = {"TOKEN": "abcdefgh", "LONGER": "abcdefghijkl", "OTHER": "ghXXabc", "PIN": "1234"}


def redacted(text: bytes, size: int) -> bytes:
    redactor = Redactor(SECRETS)
    chunks = [text[i : i + size] for i in range(0, len(text), size)]
    return b"".join(map(redactor.feed, chunks)) + redactor.close()


@pytest.mark.parametrize("size", range(1, 30))
def test_secret_is_found_wherever_the_reads_cut_it(size: int) -> None:
    text = b"abc abcdefgh abcdefghijkl abcdefghXXabc abcdefghi ghXXab abcdefg"
    assert redacted(text, size) == b"abc [TOKEN] [LONGER] [TOKEN]XXabc [TOKEN]i ghXXab abcdefg"


def test_short_values_are_no_secrets() -> None:
    assert redacted(b"1234", 2) == b"1234"


def test_nothing_is_held_back_that_cannot_be_a_secret() -> None:
    assert Redactor(SECRETS).feed(b"a line\n") == b"a line\n"


def test_secret_inside_a_json_string_is_found() -> None:
    redactor = Redactor({"KEY": 'with "quotes"\nand lines'})
    assert redactor.feed(json.dumps({"k": 'with "quotes"\nand lines'}).encode()) == b'{"k": "[KEY]"}'


def test_very_long_transcript_is_cut_with_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript, "LARGEST_TRANSCRIPT", 10)
    sink = Sink({}, keep=4, transcript=tmp_path / "t")
    for chunk in (b"12345678", b"abcdefgh", b"ijklmnop"):
        sink.write(chunk)
    assert sink.close() == b"mnop"
    assert (tmp_path / "t").read_bytes() == b"12345678ab\n[transcript cut here: more than 10 bytes]\n"
