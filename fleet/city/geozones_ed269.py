"""EUROCAE ED-269: zones as objects with `restriction`, `applicability` and a list of volumes in `geometry`.

Published files wrap the list of zones as `UASZoneList`, as `features`, or not at all. Facts about the format
come from the model in InterUSS `uas_standards` (eurocae_ed269) and from published files, since the standard
itself is not public. Coordinates are [longitude, latitude], as in all of these. A circle's radius is read in
metres whatever `uomDimensions` says: public readers disagree whether it covers the radius, and the circle in
metres contains the one in feet.
"""

from __future__ import annotations

from collections.abc import Iterable

from fleet.city.geozones_fields import RESTRICTIONS, Ground, read_band, read_period, read_reasons
from fleet.city.geozones_raw import Circle, RawZone, RawZones, Volume
from fleet.city.geozones_shapes import take_circle, take_outlines
from fleet.city.shapes import Positions, Rings
from fleet.city.spots import Spot
from fleet.city.times import Period

HEIGHTS = ("lowerLimit", "lowerVerticalReference", "upperLimit", "upperVerticalReference", "uomDimensions")

_RESTRICTIONS = {"REQ_AUTHORISATION": RESTRICTIONS["REQ_AUTHORIZATION"]} | RESTRICTIONS
"""REQ_AUTHORISATION is this format's spelling; some states write the later one, which means the same."""

_PERMANENT = {"YES": True, "NO": False}


def read_ed269(zones: Iterable[Spot], positions: Positions, ground: Ground) -> RawZones:
    """The zones. Complaints go to the spots', coordinates to `positions`."""
    found = [(zone, _zone(zone, positions, ground)) for zone in zones]
    return RawZones(
        tuple(raw for _, raw in found if raw is not None),
        odd_spellings=sum(zone.at("restriction").value == "REQ_AUTHORIZATION" for zone, _ in found),
    )


def _zone(zone: Spot, positions: Positions, ground: Ground) -> RawZone | None:
    if not zone.is_object("a zone"):
        return None
    name = zone.at("identifier").text()
    restriction = zone.at("restriction").word(_RESTRICTIONS)
    reason = read_reasons(zone.at("reason"))
    times = _times(zone.at("applicability"))
    volumes = _volumes(zone.at("geometry"), positions, ground)
    return RawZone(zone.trail, name, reason, restriction or "prohibited", times, volumes)


def _times(applicability: Spot) -> tuple[Period, ...]:
    """All periods; none, which means always, when one is permanent or there is nothing to go by."""
    periods: list[Period] = []
    always = False
    for period in applicability.elements("a list of periods"):
        if period.is_object("a period"):
            permanent = period.at("permanent")
            always |= bool(permanent) and permanent.word(_PERMANENT) is True
            schedule = period.at("schedule") or period.at("dailyPeriod")
            periods += read_period(period, schedule)
    return () if always or Period() in periods else tuple(periods)


def _volumes(geometry: Spot, positions: Positions, ground: Ground) -> tuple[Volume, ...]:
    out: list[Volume] = []
    if not isinstance(geometry.value, list) or not geometry.value:
        geometry.refuse("a list with at least one volume")
    for volume in geometry.elements():
        if not volume.is_object("a volume with horizontalProjection"):
            continue
        unit = volume.at("uomDimensions")
        if not unit and (volume.at("lowerLimit") or volume.at("upperLimit")):
            unit.refuse("M or FT")
        band = read_band(volume, HEIGHTS, ground)
        where = volume.at("horizontalProjection")
        out += [Volume(where.trail, shape, band) for shape in _shapes(where, positions)]
    return tuple(out)


def _shapes(where: Spot, positions: Positions) -> tuple[Rings | Circle, ...]:
    if not where.is_object("a Polygon or a Circle"):
        return ()
    kind = where.at("type").word({"Polygon": "Polygon", "Circle": "Circle"})
    if kind == "Circle":
        return take_circle(where.at("center"), where.at("radius"))
    return take_outlines(where.at("coordinates"), kind, positions) if kind else ()
