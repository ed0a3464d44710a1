"""What ED-269 and ED-318 say of a zone in the same words: kinds, reasons, heights, hours.

Heights come above ground (AGL), above mean sea level (AMSL) or above the WGS84 ellipsoid. The model knows
heights above ground only, so the other two need the ground's height, and an ellipsoidal one also the geoid's.
Where a height is known only as a range, a floor is read with the highest ground and a ceiling with the lowest:
the zone may come out too tall, never too low.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from math import inf

from fleet.city.model import Restriction
from fleet.city.spots import Spot
from fleet.city.sun import SunEvent
from fleet.city.times import DAY_MS, DAYS, Day, Period

UNLIMITED_M = 99_999.0
"""The ceiling of a zone without one: the number that the formats themselves write for it."""

FOOT_M = 0.3048

RESTRICTIONS: dict[str, Restriction] = {
    "PROHIBITED": "prohibited",
    "REQ_AUTHORIZATION": "authorization",
    "CONDITIONAL": "conditional",
    "USPACE": "uspace",
    "NO_RESTRICTION": "none",
}
"""The kinds of restriction in the words of ED-318."""

REASONS = {
    word: word.lower()
    for word in (
        "AIR_TRAFFIC", "SENSITIVE", "PRIVACY", "POPULATION", "NATURE", "NOISE", "EMERGENCY", "DAR",
        "FOREIGN_TERRITORY", "OTHER",
    )
}  # fmt: skip
"""Both formats' reasons. DAR, dynamic airspace reconfiguration, came with the later one."""

LOWEST_GROUND_M = -440.0
"""Below the shore of the Dead Sea, the lowest land there is."""

GEOID_M = (-107.0, 86.0)
"""The geoid's height above the WGS84 ellipsoid is between these everywhere (EGM96: -106.99 to 85.39 m)."""

_UNITS = {"m": 1.0, "M": 1.0, "ft": FOOT_M, "FT": FOOT_M}
_REFERENCES = {"AGL": "AGL", "AMSL": "AMSL", "WGS84": "WGS84"}
_DAYS: dict[str, tuple[Day, ...]] = {day: (day,) for day in DAYS} | {"ANY": DAYS}
_EVENTS: dict[str, SunEvent] = {"BMCT": "BMCT", "SR": "SR", "SS": "SS", "EECT": "EECT"}
_CLOCK = re.compile(
    r"([01][0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,9}))?)?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))"
)


@dataclass(frozen=True, slots=True)
class Ground:
    """Between which heights the ground of the map and its geoid lie: (lowest, highest), in metres."""

    amsl_m: tuple[float, float] = (LOWEST_GROUND_M, inf)
    geoid_m: tuple[float, float] = GEOID_M

    def floor_m(self, height_m: float, reference: str) -> float:
        """Above ground, the lowest that a floor at this height may be; 0 when that is below ground."""
        return max(0.0, height_m - self._base(reference)[1])

    def ceiling_m(self, height_m: float, reference: str) -> float:
        """Above ground, the highest that a ceiling at this height may be."""
        return min(UNLIMITED_M, height_m - self._base(reference)[0])

    def _base(self, reference: str) -> tuple[float, float]:
        low = high = 0.0
        if reference != "AGL":
            low, high = self.amsl_m
        if reference == "WGS84":
            low, high = low + self.geoid_m[0], high + self.geoid_m[1]
        return low, high


@dataclass(frozen=True, slots=True)
class Band:
    """From where to where above ground a zone reaches; `based_on` is where the file's heights count from."""

    floor_m: float = 0.0
    ceiling_m: float = UNLIMITED_M
    based_on: frozenset[str] = frozenset()


def read_band(volume: Spot, names: tuple[str, str, str, str, str], ground: Ground) -> Band:
    """The heights of a volume; `names` are its members for floor and reference, ceiling and reference, unit.

    No floor means the ground, no ceiling (or 99999) none. Without a unit, heights are metres. A band in which
    nothing fits is a fault when both heights count from the same base; else that depends on the ground.
    """
    unit = volume.at(names[4]).word(_UNITS) if volume.at(names[4]) else 1.0
    floor, ceiling = volume.at(names[0]), volume.at(names[2])
    lower = floor.number("a height as a number, or null") if floor else None
    upper = ceiling.number("a height as a number, or null") if ceiling else None
    if upper is not None and upper >= UNLIMITED_M:
        upper = None
    above = volume.at(names[1]).word(_REFERENCES) if lower is not None else None
    below = volume.at(names[3]).word(_REFERENCES) if upper is not None else None
    if lower is not None and upper is not None and above == below and lower >= upper:
        ceiling.refuse(f"a height above the floor ({lower:g})")
    if unit is None:
        return Band()
    return Band(
        0.0 if lower is None or above is None else ground.floor_m(lower * unit, above),
        UNLIMITED_M if upper is None or below is None else ground.ceiling_m(upper * unit, below),
        frozenset(word for word in (above, below) if word),
    )


def read_reasons(reasons: Spot) -> str:
    """The reasons in the file's order, joined by commas; "unspecified" when there are none."""
    words = [word for reason in reasons.elements("a list of reasons") if (word := reason.word(REASONS))]
    return ", ".join(dict.fromkeys(words)) or "unspecified"


def read_period(period: Spot, schedule: Spot) -> tuple[Period, ...]:
    """A validity from `startDateTime` to `endDateTime`, with one Period for each entry of its daily schedule.

    An entry that has both a time and an event of the sun for one end counts as the union of its readings.
    Without a schedule the whole of every day is meant.
    """
    begins, ends = period.at("startDateTime").moment(), period.at("endDateTime").moment()
    if begins is not None and ends is not None and begins >= ends:
        period.at("endDateTime").refuse("a moment after startDateTime")
    daily = [
        hours for entry in schedule.elements("a list of daily periods") for hours in _daily(entry, begins, ends)
    ]
    return tuple(daily) or (Period(begins, ends),)


def _daily(entry: Spot, begins: datetime | None, ends: datetime | None) -> list[Period]:
    if not entry.is_object("a daily period with day, startTime and endTime"):
        return []
    words = [day.word(_DAYS) for day in entry.at("day").elements("a list of days")]
    days = frozenset(day for meant in words for day in meant or ()) or frozenset(DAYS)
    opens, closes = _hours(entry, "start"), _hours(entry, "end")
    return [Period(begins, ends, days, *hours) for hours in product(opens or [0], closes or [DAY_MS])]


def _hours(entry: Spot, end: str) -> list[int | SunEvent]:
    """What the file says of one end of a daily period: an hour, an event, both or neither."""
    hours: list[int | SunEvent] = []
    clock, event = entry.at(f"{end}Time"), entry.at(f"{end}Event")
    if clock and (hour := _clock_ms(clock, end)) is not None:
        hours.append(hour)
    if event and (word := event.word(_EVENTS)) is not None:
        hours.append(word)
    return hours


def _clock_ms(clock: Spot, end: str) -> int | None:
    """Milliseconds from midnight UTC of the written date; an end at 23:59 or 23:59:59 is the midnight after."""
    match = _CLOCK.fullmatch(clock.value) if isinstance(clock.value, str) else None
    if match is None:
        bare = isinstance(clock.value, str) and _CLOCK.fullmatch(f"{clock.value}Z")
        clock.refuse('a time such as "06:30:00Z"', hint="add Z for UTC, or +hh:mm" if bare else "")
        return None
    hours, minutes, seconds, fraction, sign, zone_hours, zone_minutes = match.groups()
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
    written = whole * 1000 + int((fraction or "0").ljust(3, "0")[:3])
    if end == "end" and (whole == 86_399 or (whole == 86_340 and seconds is None)):
        written = DAY_MS
    if written > DAY_MS:
        clock.refuse("a time of the day")
        return None
    offset = int(f"{sign}1") * (int(zone_hours) * 60 + int(zone_minutes)) if sign else 0
    return written - offset * 60_000
