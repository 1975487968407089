from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ledger.files import write_file


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    write_file(tmp_path / "a" / "b.json", "é\n")
    assert (tmp_path / "a" / "b.json").read_bytes() == "é\n".encode()


def test_nothing_lies_beside_a_written_file(tmp_path: Path) -> None:
    for text in ("one", "two"):
        write_file(tmp_path / "a", text)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "two"


def test_a_reader_sees_the_old_text_or_the_new_one_and_never_a_part(tmp_path: Path) -> None:
    path = tmp_path / "a"
    texts = {letter * 100_000 for letter in "xy"}
    write_file(path, "x" * 100_000)
    seen: set[str] = set()
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        for text in texts:
            write_file(path, text)
    over.set()
    reader.join()
    assert seen <= texts


def test_the_old_text_stays_when_the_new_one_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_file(path, "\ud800")
    assert path.read_text() == "old"


def test_the_old_text_stays_when_the_disk_is_full(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    script = """
        import resource, sys
        from pathlib import Path
        from ledger.files import write_file
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        write_file(Path(sys.argv[1]), "x" * 100_000)
    """
    argv = [sys.executable, "-c", "\n".join(line.strip() for line in script.splitlines()), str(path)]
    done = subprocess.run(argv, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert f"File too large: '{path}'" in done.stderr
    assert path.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
