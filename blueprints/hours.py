"""The hours of the day in which a mission may work."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as TimeOfDay  # noqa: N812  # beside the module of the same name
from zoneinfo import ZoneInfo

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_DAY = timedelta(days=1)


def now() -> float:
    """Seconds since the epoch, by the wall clock: it goes on while a laptop sleeps."""
    return time.time()


@dataclass(frozen=True)
class Window:
    """From one time of the day to another, on every day, by the clocks of a time zone.

    An opening in the hour that is skipped in spring is moved behind it. Of an hour that comes twice in autumn the
    first counts for an opening and the second for a closing, so that a window never becomes shorter by it.
    """

    opens: TimeOfDay
    closes: TimeOfDay
    zone: ZoneInfo

    @classmethod
    def of(cls, hours: str, zone: str) -> Window:
        """The window `22:00-06:30`. Raises ValueError with what is wrong."""
        match = _HOURS.fullmatch(hours)
        if match is None:
            raise ValueError(f"'{hours}' is not a window; write it like 22:00-06:30")
        hour, minute, end_hour, end_minute = (int(number) for number in match.groups())
        opens, closes = TimeOfDay(hour, minute), TimeOfDay(end_hour, end_minute)
        if opens == closes:
            raise ValueError(f"'{hours}' opens when it closes; leave the window out for the whole day")
        return cls(opens, closes, ZoneInfo(zone))

    def closing(self, moment: float) -> float | None:
        """When it closes, if it is open at this moment; both in seconds since the epoch."""
        return next((end for start, end in self._around(moment) if start <= moment < end), None)

    def opening(self, moment: float) -> float:
        """This moment if it is open, else when it opens next."""
        return next(max(start, moment) for start, end in self._around(moment) if moment < end)

    @property
    def seconds(self) -> float:
        """How long it is on a day without a change of clocks."""
        return (_minutes(self.closes) - _minutes(self.opens)) % (24 * 60) * 60.0

    def _around(self, moment: float) -> Iterator[tuple[float, float]]:
        today = datetime.fromtimestamp(moment, self.zone).date()
        for day in (today - _DAY, today, today + _DAY, today + 2 * _DAY):
            end = day if self.closes > self.opens else day + _DAY
            yield min(self._moments(day, self.opens)), max(self._moments(end, self.closes))

    def _moments(self, day: date, at: TimeOfDay) -> list[float]:
        """The moments at which clocks show this; where they never do, when they would have without the change."""
        both = [datetime.combine(day, at, self.zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
        shown = [moment for moment in both if moment.astimezone(self.zone).timetz().replace(tzinfo=None) == at]
        return [moment.timestamp() for moment in shown or both[:1]]


def _minutes(at: TimeOfDay) -> int:
    return at.hour * 60 + at.minute
