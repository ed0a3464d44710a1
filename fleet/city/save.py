"""A City to a map file: the inverse of `load`.

One feature per line, so that a map under version control has readable differences, and seven decimals of a
degree, about a centimetre.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from fleet.base.errors import UsageError
from fleet.base.materials import MATERIALS
from fleet.base.wholefile import whole_file
from fleet.city.fields import ORDINARY
from fleet.city.frame import Frame
from fleet.city.model import City, Site
from fleet.city.street_fields import cover_properties, street_properties

DECIMALS = 7


def city_to_geojson(city: City) -> dict[str, Any]:
    """The FeatureCollection of `city` in EPSG:4326. Shells run anticlockwise, as RFC 7946 asks.

    The times of a zone are not written: on the map it is closed always.
    """
    drafts = list(_drafts(city))
    shapes = _in_degrees(city.frame, [shape for _, shape in drafts])
    document: dict[str, Any] = {"type": "FeatureCollection", "name": city.name}
    if city.attribution:
        document["attribution"] = city.attribution
    if city.notes:
        document["notes"] = list(city.notes)
    document["features"] = [
        {"type": "Feature", "properties": properties, "geometry": mapping(shape)}
        for (properties, _), shape in zip(drafts, shapes, strict=True)
    ]
    return document


def write_geojson(city: City, path: Path) -> None:
    """Write `city` to `path` in one step: a reader sees the old file or the whole new one, never a half.

    Raises UsageError when the place cannot be written to.
    """
    try:
        with whole_file(path) as out:
            out.writelines(line.encode() for line in _lines(city_to_geojson(city)))
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None


def _lines(document: dict[str, Any]) -> Iterator[str]:
    yield "{\n"
    for name, value in document.items():
        if name != "features":
            yield f"{_json(name)}: {_json(value)},\n"
    yield '"features": [\n'
    yield ",\n".join(_json(feature) for feature in document["features"])
    yield "\n]\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _drafts(city: City) -> Iterator[tuple[dict[str, Any], BaseGeometry]]:
    """Properties and shape in metres of each feature, in the order of the file."""
    for district in city.districts:
        yield {"kind": "district", "id": district.id, "name": district.name}, orient(district.area)
    for zone in city.zones:
        band = {"floor_m": zone.floor_m, "ceiling_m": zone.ceiling_m}
        rule = {} if zone.restriction == "prohibited" else {"restriction": zone.restriction}
        yield {"kind": "no_fly", "id": zone.id, "reason": zone.reason, **band, **rule}, orient(zone.area)
    for site in city.sites:
        yield _site(site), shapely.Point(site.x_m, site.y_m)
    for place in city.pickup_points:
        only = {"materials": list(place.materials)} if place.materials else {}
        yield {"kind": "pickup_point", "id": place.id, **only}, shapely.Point(place.x_m, place.y_m)
    for anchor in city.anchors:
        yield {"kind": "anchor", "id": anchor.id}, shapely.Point(anchor.x_m, anchor.y_m)
    for building in city.buildings:
        own = {"kind": "building", "id": building.id, "height_m": building.height_m}
        yield own, orient(building.footprint)
    for number, street in enumerate(city.streets, start=1):
        yield street_properties(street, number), street.line
    for number, cover in enumerate(city.covers, start=1):
        yield cover_properties(cover, number), orient(cover.area)


def _site(site: Site) -> dict[str, Any]:
    out: dict[str, Any] = {"kind": "site", "id": site.id, "base": site.base}
    if site.accepts:
        listed = [name for name in MATERIALS if name in site.accepts]
        out["accepts"] = "all" if site.accepts == ORDINARY else listed
    return out | {"capacity_kg": site.capacity_kg, "pads": site.pads, "chargers": site.chargers}


def _in_degrees(frame: Frame, shapes: list[BaseGeometry]) -> list[BaseGeometry]:
    """Every shape projected back in one call and rounded; adding zero turns -0.0 into 0.0."""
    if not shapes:
        return []
    every = np.array(shapes, dtype=object)
    x_m, y_m = shapely.get_coordinates(every).T
    lon, lat = frame.to_degrees(x_m, y_m)
    rounded = np.round(np.column_stack([lon, lat]), DECIMALS) + 0.0
    return list(shapely.set_coordinates(every.copy(), rounded))
