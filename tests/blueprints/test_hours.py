"""The hours of a schedule's window, by the clocks of its time zone, also when these are changed."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from blueprints.hours import Window

BERLIN = "Europe/Berlin"


def _at(local: str, *, fold: int = 0) -> float:
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(BERLIN), fold=fold).timestamp()


@pytest.mark.parametrize(
    ("hours", "now", "opens", "closes"),
    [
        ("22:00-06:30", "2026-11-20 21:59", "2026-11-20 22:00", None),
        ("22:00-06:30", "2026-11-20 22:00", "2026-11-20 22:00", "2026-11-21 06:30"),
        ("22:00-06:30", "2026-11-21 06:29", "2026-11-21 06:29", "2026-11-21 06:30"),
        ("22:00-06:30", "2026-11-21 06:30", "2026-11-21 22:00", None),
        ("09:00-17:00", "2026-11-20 08:00", "2026-11-20 09:00", None),
        ("09:00-17:00", "2026-11-20 12:00", "2026-11-20 12:00", "2026-11-20 17:00"),
        ("09:00-17:00", "2026-11-20 23:00", "2026-11-21 09:00", None),
        ("00:00-23:59", "2026-11-20 23:59", "2026-11-21 00:00", None),
    ],
)
def test_a_window_opens_and_closes_by_local_time(hours: str, now: str, opens: str, closes: str | None) -> None:
    window = Window.of(hours, BERLIN)
    assert window.opening(_at(now)) == _at(opens)
    assert window.closing(_at(now)) == (_at(closes) if closes else None)


def test_a_night_is_an_hour_shorter_in_spring_and_an_hour_longer_in_autumn() -> None:
    window = Window.of("22:00-06:30", BERLIN)
    spring, autumn = _at("2026-03-28 22:00"), _at("2026-10-24 22:00")
    assert window.seconds == 8.5 * 3600
    assert window.closing(spring) == spring + 7.5 * 3600
    assert window.closing(autumn) == autumn + 9.5 * 3600


def test_an_opening_in_the_skipped_hour_comes_after_it() -> None:
    window = Window.of("02:15-04:00", BERLIN)
    assert window.opening(_at("2026-03-29 01:59")) == _at("2026-03-29 03:15")
    assert window.closing(_at("2026-03-29 03:20")) == _at("2026-03-29 04:00")


def test_a_closing_in_the_skipped_hour_comes_after_it() -> None:
    assert Window.of("23:00-02:15", BERLIN).closing(_at("2026-03-29 01:00")) == _at("2026-03-29 03:15")


def test_of_an_hour_that_comes_twice_the_first_opens_and_the_second_closes() -> None:
    first, second = _at("2026-10-25 02:30"), _at("2026-10-25 02:30", fold=1)
    assert second - first == 3600
    assert Window.of("02:30-06:00", BERLIN).opening(_at("2026-10-25 01:00")) == first
    assert Window.of("22:00-02:30", BERLIN).closing(_at("2026-10-25 00:00")) == second
    assert Window.of("22:00-02:30", BERLIN).closing(first) == second


@pytest.mark.parametrize("hours", ["", "22-6", "22:00", "25:00-06:00", "22:00-22:00", "22:00 - 06:30", "٢٢:00-06:30"])
def test_what_is_no_window_is_refused(hours: str) -> None:
    with pytest.raises(ValueError, match=r"window|opens when it closes"):
        Window.of(hours, BERLIN)
