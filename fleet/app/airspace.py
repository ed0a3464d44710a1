"""What a scenario says of the sky: zone files, zones for a time, wind by hour and height; and what it comes to.

Times of day are the city's clock. A zone for a time is closed once: the first time that ends after the run begins;
one without an end, from its time of day on the first day of the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from fleet.base.clock import DAY_MS, ClockTime, clock_ms, next_time_ms
from fleet.base.errors import Fault, InputError
from fleet.base.flight import Wind
from fleet.base.params import Params, refusal
from fleet.base.winds import Winds, WindStep
from fleet.city.airspace import closing
from fleet.city.frame import Frame
from fleet.city.geozones import GeoZones, read_geozones, with_zones, within_reach
from fleet.city.model import City, Zone
from fleet.city.sky import Area, Closure, circle, outline
from fleet.city.times import applies
from fleet.demand.csvfile import REACH_M
from fleet.demand.model import Span
from fleet.sim.declared import MOST_RADIUS_M
from fleet.sim.params import WeatherParams

ZONE_REACH_M = 5_000.0
"""Zones of a file that are all farther from the map than this are left out."""

FaultAt = Callable[[str, str, str, str], Fault]


def _is_date(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise refusal("a date, YYYY-MM-DD") from None
    return text


DateText = Annotated[str, AfterValidator(_is_date)]


class AirspaceParams(Params):
    """The sky's rules beside those of the map."""

    files: tuple[str, ...] = ()
    """Official zone files (ED-269 or ED-318), relative to the scenario file, or to where you are."""
    authorized: tuple[str, ...] = ()
    """Zones, of the map or of a file, that this operator may fly in."""
    notice_s: Annotated[float, Field(ge=0, le=86_400)] = 900.0
    """How long before it closes a zone that has times is announced."""
    ground_amsl_m: Annotated[float | None, Field(ge=-500, le=9_000)] = None
    """The ground's height above mean sea level; without it, heights above the sea count from the ground."""


class CircleParams(Params):
    """A circle on the ground."""

    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-85, le=85)]
    radius_m: Annotated[float, Field(gt=0, le=MOST_RADIUS_M)]


class TemporaryZoneParams(Params):
    """A zone for a time: a festival, an emergency. It is a circle, or a polygon of [longitude, latitude]."""

    id: Annotated[str, Field(min_length=1, max_length=80)]
    reason: str = "temporary"
    circle: CircleParams | None = None
    polygon: Annotated[tuple[tuple[float, float], ...] | None, Field(min_length=3, max_length=10_000)] = None
    from_: Annotated[ClockTime, Field(alias="from")]
    until: ClockTime | None = None
    """Without it the zone stays closed to the end of the run, and `from` is on the day on which the run begins: a
    run that begins later finds it closed."""
    floor_m: Annotated[float, Field(ge=0, le=10_000)] = 0.0
    ceiling_m: Annotated[float, Field(gt=0, le=10_000)] = 120.0
    notice_s: Annotated[float, Field(ge=0, le=86_400)] = 900.0
    """How long before it closes it is announced."""

    @model_validator(mode="after")
    def _is_whole(self) -> TemporaryZoneParams:
        if (self.circle is None) == (self.polygon is None):
            raise refusal("a circle, or a polygon")
        if self.ceiling_m <= self.floor_m:
            raise refusal(f"a ceiling above the floor, {self.floor_m:g} m", at=["ceiling_m"])
        if self.until is not None and clock_ms(self.until) == clock_ms(self.from_):
            raise refusal("a time after from", at=["until"])
        return self


# ---- zones


def closures_of(
    zones: Iterable[TemporaryZoneParams], frame: Frame, span: Span, taken: Iterable[str], fault: FaultAt
) -> tuple[list[Closure], list[Fault]]:
    """The scenario's zones for a time, and what is wrong with them."""
    closures, faults, ids = [], [], set(taken)
    for number, params in enumerate(zones):
        path = f"temporary_zones.{number}"
        area, wrong = _area(params, frame)
        if area is None:
            where = "circle" if params.polygon is None else "polygon"
            faults.append(fault(f"{path}.{where}", *wrong))
        if params.id in ids:
            faults.append(fault(f"{path}.id", "an id that no other zone has", repr(params.id), ""))
        ids.add(params.id)
        if area is not None:
            from_ms, until_ms = _when(params, span)
            zone = Zone(params.id, params.reason, area, params.floor_m, params.ceiling_m)
            closures.append(Closure(zone, from_ms, until_ms, round(1000 * params.notice_s)))
    return closures, faults


def _area(params: TemporaryZoneParams, frame: Frame) -> tuple[Area | None, tuple[str, str, str]]:
    """The zone on the ground; None and (expected, found, hint) where it cannot be used."""
    if params.circle is not None:
        about = params.circle
        x, y = frame.to_metres(about.lon, about.lat)
        if not math.hypot(float(x), float(y)) <= REACH_M:
            return None, (_NEAR, f"{about.lon:g}, {about.lat:g}", "")
        return circle(float(x), float(y), about.radius_m), ("", "", "")
    corners = np.array(params.polygon, dtype=np.float64)
    some = str(corners.tolist()[:3])
    if not (np.abs(corners) <= (180.0, 85.0)).all():
        return None, ("longitudes in -180..180 and latitudes in -85..85", some, "longitude comes first")
    x, y = frame.to_metres(corners[:, 0], corners[:, 1])
    if not (np.hypot(x, y) <= REACH_M).all():
        return None, (_NEAR, some, "longitude comes first")
    area = outline(x, y)
    if isinstance(area, str):
        return None, ("a polygon that does not cross itself", area, "")
    return area, ("", "", "")


_NEAR = f"places within {REACH_M / 1000:g} km of the map's middle"


def _when(params: TemporaryZoneParams, span: Span) -> tuple[int, int | None]:
    """From and until, ms of the run: the first time that is not over when the run begins."""
    if params.until is None:
        return clock_ms(params.from_) - round(span.start_hour * 3_600_000) % DAY_MS, None
    return next_time_ms(params.from_, params.until, span.start_hour)


def with_files(
    city: City, params: AirspaceParams, find: Callable[[str], Path | None], fault: FaultAt
) -> tuple[City, list[Fault], tuple[str, ...]]:
    """The city with the zones of the scenario's files, what is wrong with those, and how much of each counts."""
    faults: list[Fault] = []
    remarks: list[str] = []
    for number, name in enumerate(params.files):
        path = find(name)
        if path is None:
            faults.append(fault(f"airspace.files.{number}", "a zone file", f"no such file: {name}", ""))
            continue
        try:
            found = read_geozones(path, city.frame, params.ground_amsl_m)
        except InputError as error:
            faults += error.faults
            continue
        found = within_reach(found, city, ZONE_REACH_M)
        city = with_zones(city, found)
        remarks.append(f"airspace.files.{number}: {name}: {_heeded(found)}")
    return city, faults, tuple(remarks)


def _heeded(found: GeoZones) -> str:
    """How many zones of a file are heeded, and how many are not, for which reasons."""
    counts = found.counts
    away, empty = counts.out_of_reach + counts.far, counts.flat + counts.without_geometry
    said = [(away, "away from the map"), (empty, "empty")]
    why = ", ".join(f"{number:,} {word}" for number, word in said if number)
    return f"zones heeded: {len(found.zones):,}, left out: {away + empty:,}" + (f" ({why})" if why else "")


def split(
    city: City, params: AirspaceParams, day: str, utc_offset_h: float, span: Span
) -> tuple[City, list[Closure]]:
    """The city with those zones that close its sky all the time, and the closures of those that have times."""
    zones = closing(city.zones, frozenset(params.authorized))
    clock = timezone(timedelta(hours=utc_offset_h))
    midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), clock)
    begins = (midnight + timedelta(hours=span.start_hour)).astimezone(UTC)
    ends = begins + timedelta(milliseconds=span.end_ms)
    closures = []
    for zone in zones:
        if not zone.times:
            continue
        middle = zone.area.representative_point()
        lon, lat = city.frame.to_degrees(middle.x, middle.y)
        # A day more on both sides: what was closed before the run begins was announced then, and so on.
        around = applies(zone.times, begins - timedelta(days=1), ends + timedelta(days=1), float(lon), float(lat))
        for from_ms, until_ms in around:
            if until_ms > DAY_MS and from_ms < DAY_MS + span.end_ms:
                # What lasts to the end of what was asked for has no end that is known.
                last_ms = None if until_ms >= 2 * DAY_MS + span.end_ms else until_ms - DAY_MS
                closures.append(Closure(zone, from_ms - DAY_MS, last_ms, round(1000 * params.notice_s)))
    return replace(city, zones=tuple(zone for zone in zones if not zone.times)), closures


def unknown_zones(city: City, params: AirspaceParams, fault: FaultAt) -> list[Fault]:
    """Zones that are to be open to this operator and are not there: such a wish would do nothing."""
    names = {zone.id for zone in city.zones}
    return [
        fault(f"airspace.authorized.{number}", "a zone of the map or of a zone file", repr(name), "")
        for number, name in enumerate(params.authorized)
        if name not in names
    ]


# ---- wind


def winds_of(weather: WeatherParams, span: Span) -> Winds | None:
    """The wind by hour and height, where the scenario has one."""
    if not weather.wind:
        return None
    steps = tuple(
        WindStep(clock_ms(step.at), step.height_m, Wind.blowing_from(step.mps, step.from_deg))
        for step in weather.wind
    )
    return Winds(steps, round(span.start_hour * 3_600_000))
