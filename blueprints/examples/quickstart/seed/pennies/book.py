"""The book: expenses in an SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from types import TracebackType

_TABLE = """
create table if not exists expense
    (day text not null, cents integer not null, category text not null, note text not null)
"""


@dataclass(frozen=True, order=True)
class Expense:
    day: str
    """As 2024-05-31."""
    cents: int
    """Money is counted in cents. A refund is negative."""
    category: str
    note: str = ""


class Book:
    """Expenses by day, kept in the file at `path`. Closes itself at the end of a `with` block."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path)
        self._db.execute(_TABLE)

    def __enter__(self) -> Book:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def add(self, *expenses: Expense) -> None:
        """Add all of them or, if one is refused, none."""
        with self._db:
            self._db.executemany("insert into expense values (?, ?, ?, ?)", map(astuple, expenses))

    def __iter__(self) -> Iterator[Expense]:
        rows: Iterable[tuple[str, int, str, str]] = self._db.execute("select * from expense order by day, rowid")
        return (Expense(*row) for row in rows)
