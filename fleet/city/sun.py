"""When the sun rises and sets, and when civil twilight begins and ends.

The equations are those of NOAA's Solar Calculator (Global Monitoring Laboratory, "Calculation Details", after
J. Meeus, Astronomical Algorithms, 2nd edition 1998, chapters 22, 25 and 28). NOAA gives their error as a
minute up to 72 degrees of latitude and ten beyond. They are worked out at the event itself, by three rounds
from local noon on.
"""

from __future__ import annotations

from math import acos, asin, cos, degrees, radians, sin, tan
from typing import Literal

SunEvent = Literal["BMCT", "SR", "SS", "EECT"]
"""Begin of morning civil twilight, sunrise, sunset, end of evening civil twilight."""

_ZENITH_DEG = {"BMCT": 96.0, "SR": 90.833, "SS": 90.833, "EECT": 96.0}
_MORNING = ("BMCT", "SR")
_MINUTE_MS = 60_000
_DAY_MIN = 1440.0
_EPOCH_2000 = 730_120.5
"""Noon of 2000-01-01 as a proleptic Gregorian ordinal: the zero of the series."""


def event_ms(day: int, event: SunEvent, lon: float, lat: float) -> int | None:
    """When `event` happens on the solar day that is called `day` at the place, or None when it does not.

    `day` is a date's ordinal; the answer is milliseconds after midnight UTC of that date, negative or above a
    day where the solar day begins before or ends after it. None means polar day or polar night.
    """
    sign = 1.0 if event in _MORNING else -1.0
    minutes = 720.0 - 4.0 * lon
    for _ in range(3):
        declination, equation_min = sun_at(day + minutes / _DAY_MIN)
        hour_angle = _hour_angle_deg(_ZENITH_DEG[event], declination, lat)
        if hour_angle is None:
            return None
        minutes = 720.0 - 4.0 * (lon + sign * hour_angle) - equation_min
    return round(minutes * _MINUTE_MS)


def solar_midnight_ms(lon: float) -> int:
    """Where the mean solar day of a date begins at `lon`, in milliseconds after midnight UTC of that date."""
    return round(-4.0 * lon * _MINUTE_MS)


def sun_at(day: float) -> tuple[float, float]:
    """The sun's declination in degrees and the equation of time in minutes at a moment in UTC.

    `day` is a date's ordinal with the part of the day that has passed.
    """
    t = (day - _EPOCH_2000) / 36_525.0
    mean_longitude = radians((280.46646 + t * (36_000.76983 + t * 0.0003032)) % 360.0)
    anomaly = radians(357.52911 + t * (35_999.05029 - 0.0001537 * t))
    eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t)
    centre = (
        sin(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t))
        + sin(2 * anomaly) * (0.019993 - 0.000101 * t)
        + sin(3 * anomaly) * 0.000289
    )
    node = radians(125.04 - 1934.136 * t)
    longitude = mean_longitude + radians(centre - 0.00569 - 0.00478 * sin(node))
    arc_seconds = 21.448 - t * (46.8150 + t * (0.00059 - t * 0.001813))
    obliquity = radians(23.0 + (26.0 + arc_seconds / 60.0) / 60.0 + 0.00256 * cos(node))
    y = tan(obliquity / 2.0) ** 2
    equation = (
        y * sin(2 * mean_longitude)
        - 2.0 * eccentricity * sin(anomaly)
        + 4.0 * eccentricity * y * sin(anomaly) * cos(2 * mean_longitude)
        - 0.5 * y * y * sin(4 * mean_longitude)
        - 1.25 * eccentricity * eccentricity * sin(2 * anomaly)
    )
    return degrees(asin(sin(obliquity) * sin(longitude))), 4.0 * degrees(equation)


def _hour_angle_deg(zenith_deg: float, declination_deg: float, lat: float) -> float | None:
    """How far the sun is from noon when it stands at the zenith angle; None when it never does."""
    phi, delta = radians(lat), radians(declination_deg)
    ratio = cos(radians(zenith_deg)) / (cos(phi) * cos(delta)) - tan(phi) * tan(delta)
    return degrees(acos(ratio)) if -1.0 <= ratio <= 1.0 else None
