"""EUROCAE ED-318: a GeoJSON FeatureCollection, one zone a Feature, with a `layer` beside each geometry.

A circle is a Point with an `extent`; several layers are a GeometryCollection. Facts about the format come from
the public schemas of UASGeoZones/ED-318 and from those that the Swiss authority publishes its files with,
which differ a little: reasons of both are accepted. Members that no flight depends on (names, texts,
authorities) are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from fleet.city.geozones_fields import RESTRICTIONS, Ground, read_band, read_period, read_reasons
from fleet.city.geozones_raw import Circle, RawZone, RawZones, Volume
from fleet.city.geozones_shapes import take_circle, take_outlines
from fleet.city.shapes import Positions, Rings
from fleet.city.spots import Spot
from fleet.city.times import Period

HEIGHTS = ("lower", "lowerReference", "upper", "upperReference", "uom")

_OUTLINES = {"Polygon": "Polygon", "MultiPolygon": "MultiPolygon", "Point": "Point"}
_CIRCLE = {"Circle": "Circle"}
_VARIANTS = {"COMMON": "COMMON", "CUSTOMIZED": "CUSTOMIZED"}


def read_ed318(features: Iterable[Spot], metadata: Spot, positions: Positions, ground: Ground) -> RawZones:
    """A zone for each feature. Complaints go to the spots', coordinates to `positions`."""
    valid_from, valid_to = _metadata(metadata)
    found = [_zone(feature, positions, ground) for feature in features]
    return RawZones(
        tuple(zone for zone in found if zone is not None and zone.volumes),
        without_geometry=sum(zone is not None and not zone.volumes for zone in found),
        valid_from=valid_from,
        valid_to=valid_to,
    )


def _metadata(metadata: Spot) -> tuple[datetime | None, datetime | None]:
    if not metadata or not metadata.is_object():
        return None, None
    metadata.at("issued").moment()
    return metadata.at("validFrom").moment(), metadata.at("validTo").moment()


def _zone(feature: Spot, positions: Positions, ground: Ground) -> RawZone | None:
    """One zone, without volumes when its geometry is null, as GeoJSON allows."""
    if not feature.is_object("a feature"):
        return None
    if feature.at("type").value != "Feature":
        feature.at("type").refuse('"Feature"')
    properties, geometry = feature.at("properties"), feature.at("geometry")
    if not properties.is_object("the properties of a zone"):
        return None
    name = properties.at("identifier").text()
    restriction = properties.at("type").word(RESTRICTIONS)
    if properties.at("variant"):
        properties.at("variant").word(_VARIANTS)
    reason = read_reasons(properties.at("reason"))
    times = _times(properties.at("limitedApplicability"))
    volumes = _volumes(geometry, positions, ground) if geometry else ()
    return RawZone(feature.trail, name, reason, restriction or "prohibited", times, volumes)


def _times(applicability: Spot) -> tuple[Period, ...]:
    """All periods; none, which means always, when one has no limits or the file names none."""
    periods: list[Period] = []
    for period in applicability.elements("a list of periods"):
        if period.is_object("a period with startDateTime, endDateTime and schedule"):
            periods += read_period(period, period.at("schedule"))
    return () if Period() in periods else tuple(periods)


def _volumes(geometry: Spot, positions: Positions, ground: Ground) -> tuple[Volume, ...]:
    if not geometry.is_object("a geometry"):
        return ()
    if geometry.at("type").value != "GeometryCollection":
        return _volume(geometry, positions, ground)
    parts = geometry.at("geometries")
    if not isinstance(parts.value, list) or not parts.value:
        parts.refuse("a list with at least one geometry")
    return tuple(v for part in parts.elements() if part.is_object() for v in _volume(part, positions, ground))


def _volume(geometry: Spot, positions: Positions, ground: Ground) -> tuple[Volume, ...]:
    """One geometry with its layer; without a layer it reaches from the ground up without end."""
    layer = geometry.at("layer")
    if layer:
        layer.is_object("a layer with lower and upper")
    band = read_band(layer, HEIGHTS, ground)
    return tuple(Volume(geometry.trail, shape, band) for shape in _shapes(geometry, positions))


def _shapes(geometry: Spot, positions: Positions) -> tuple[Rings | Circle, ...]:
    kind = geometry.at("type").word(_OUTLINES)
    if kind is None:
        return ()
    if kind != "Point":
        return take_outlines(geometry.at("coordinates"), kind, positions)
    extent = geometry.at("extent")
    if not extent.is_object("the extent of a circle, since a point is no zone"):
        return ()
    extent.at("subType").word(_CIRCLE)
    return take_circle(geometry.at("coordinates"), extent.at("radius"))
