"""Prefect's own command line, for the embedded server, which does two things with SQLite in its own way.

Its transactions take the write lock when they begin: otherwise two that read first and write later end each other
with `database is locked`, which callers see as 503. And rows of events are parameters of a statement, as they are
with PostgreSQL: to compile a new one for each batch, with all its values, was two fifths of the server's work.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import sqlalchemy
from prefect.cli import app
from prefect.server.database import provide_database_interface
from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.events.schemas.events import ReceivedEvent
from prefect.server.events.storage import database as storage
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction

_begin = AioSqliteConfiguration.begin_transaction


@asynccontextmanager
async def _begin_immediate(
    self: AioSqliteConfiguration,
    session: AsyncSession,
    with_for_update: bool = False,  # noqa: ARG001  # as its callers say it
) -> AsyncGenerator[AsyncSessionTransaction]:
    async with _begin(self, session, with_for_update=True) as transaction:
        yield transaction


async def _write_events(session: AsyncSession, events: Sequence[ReceivedEvent]) -> None:
    """An event that is there already is not written again."""
    db, new = provide_database_interface(), {event.id: event for event in events}
    for known in await session.scalars(sqlalchemy.select(db.Event.id).where(db.Event.id.in_(new))):
        del new[known]
    if new:
        await session.execute(db.queries.insert(db.Event), [event.as_database_row() for event in new.values()])
    if resources := [row for event in new.values() for row in event.as_database_resource_rows()]:
        await session.execute(db.queries.insert(db.EventResource), resources)


if __name__ == "__main__":
    AioSqliteConfiguration.begin_transaction = _begin_immediate  # type: ignore[method-assign]
    storage._write_sqlite_events = _write_events  # pyright: ignore[reportPrivateUsage]
    app()
