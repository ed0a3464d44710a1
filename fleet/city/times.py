"""When a zone applies: dates, days of the week, hours of the day, and what the sun does.

All of it is in UTC, so that no summer time can shift it. A zone's periods add up: it applies when any of them
does. Where a period names an event of the sun that does not happen (polar day, polar night), its day counts
as closed from end to end: the safe reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from fleet.city.sun import SunEvent, event_ms, solar_midnight_ms

Day = Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
DAYS: tuple[Day, ...] = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")

DAY_MS = 86_400_000
_MS = timedelta(milliseconds=1)
_MARGIN_DAYS = 4
"""A day's hours may begin a day before it (an offset, a far longitude) and end two days after."""

Span = tuple[int, int]
"""From, to (not included), in milliseconds."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to `end` (None: no such limit; else with a time zone), on `days`, from `opens` to `closes`.

    An hour of the day is a number of milliseconds after midnight UTC, or an event of the sun. The number may be
    negative or above a day: Monday 00:30 two hours east of UTC is day MON, hour -5,400,000. A closing hour
    not after the opening one lies on the next day, so 0 to 0 is a whole day. Events of the sun belong to the
    solar day of that date at the place.
    """

    start: datetime | None = None
    end: datetime | None = None
    days: frozenset[Day] = frozenset(DAYS)
    opens: int | SunEvent = 0
    closes: int | SunEvent = DAY_MS


def applies(times: Sequence[Period], start: datetime, end: datetime, lon: float, lat: float) -> tuple[Span, ...]:
    """The parts of `start`..`end` (with time zones) in which a zone with these periods applies at a place.

    In milliseconds after `start`, each from (included) to (not included), in order and without touching each
    other. No periods at all mean always. ValueError for a time without a zone, which would mean another
    moment on each machine.

    >>> noon = Period(opens=12 * 3_600_000, closes=13 * 3_600_000)
    >>> applies([noon], datetime(2026, 5, 4, 11, tzinfo=UTC), datetime(2026, 5, 5, 11, tzinfo=UTC), 7.4, 46.9)
    ((3600000, 7200000),)
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("start and end need a time zone")
    length = (end - start) // _MS
    if length <= 0:
        return ()
    if not times:
        return ((0, length),)
    return merged(span for period in times for span in _spans(period, start, length, lon, lat))


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The union of spans, in order; those that touch become one, empty ones go."""
    out: list[Span] = []
    for begins, ends in sorted(span for span in spans if span[0] < span[1]):
        if out and begins <= out[-1][1]:
            out[-1] = (out[-1][0], max(ends, out[-1][1]))
        else:
            out.append((begins, ends))
    return tuple(out)


def _spans(period: Period, start: datetime, length: int, lon: float, lat: float) -> Iterator[Span]:
    """The spans of one period within 0..`length`, of neighbouring days perhaps overlapping."""
    begins = 0 if period.start is None else max(0, (period.start - start) // _MS)
    ends = length if period.end is None else min(length, -((start - period.end) // _MS))
    if begins >= ends:
        return
    utc = start.astimezone(UTC)
    today = utc.toordinal()
    midnight = -((utc - utc.replace(hour=0, minute=0, second=0, microsecond=0)) // _MS)
    first = today + (begins - midnight) // DAY_MS - _MARGIN_DAYS
    last = today + (ends - midnight) // DAY_MS + _MARGIN_DAYS
    for day in range(first, last + 1):
        if DAYS[(day - 1) % 7] in period.days:
            opens, closes = _hours(period, day, lon, lat)
            at = midnight + (day - today) * DAY_MS
            yield max(begins, at + opens), min(ends, at + closes)


def _hours(period: Period, day: int, lon: float, lat: float) -> Span:
    """From when to when the period holds on one of its days, in milliseconds after midnight UTC of it."""
    opens, closes = _hour(period.opens, day, lon, lat), _hour(period.closes, day, lon, lat)
    if opens is None or closes is None:
        dawn = solar_midnight_ms(lon)
        known = [hour for hour in (opens, closes) if hour is not None]
        return min(0, dawn, *known), max(DAY_MS, dawn + DAY_MS, *known)
    if closes > opens:
        return opens, closes
    tomorrow = _hour(period.closes, day + 1, lon, lat)
    if tomorrow is None:
        return opens, DAY_MS + max(DAY_MS, solar_midnight_ms(lon) + DAY_MS)
    return opens, DAY_MS + tomorrow


def _hour(hour: int | SunEvent, day: int, lon: float, lat: float) -> int | None:
    return hour if isinstance(hour, int) else event_ms(day, hour, lon, lat)
