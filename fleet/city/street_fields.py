"""Streets and ground covers as they stand in a map file: from properties and back.

A property that has its usual value is not written, so that a hand-drawn street needs nothing but its line.
"""

from __future__ import annotations

from typing import Any

from shapely import LineString

from fleet.city.fields import Fields
from fleet.city.model import MODES, Cover, Street

LAYERS = range(-9, 10)
_BOTH_WAYS = (-1, 0, 1)
_PLAIN = Street(LineString())
_USUAL = ("highway", "oneway", "oneway_bicycle", "maxspeed_kmh", "layer", "bridge", "tunnel", "name")


def street_fields(fields: Fields) -> dict[str, Any]:
    """The arguments of a `Street` but for its line."""
    return {
        "id": fields.text("id", ""),
        "highway": fields.text("highway", "residential"),
        "oneway": fields.one_of("oneway", _BOTH_WAYS, 0),
        "oneway_bicycle": fields.one_of("oneway_bicycle", _BOTH_WAYS, None),
        "maxspeed_kmh": fields.number("maxspeed_kmh", None, 0.0, open_end=True)
        if fields.has("maxspeed_kmh")
        else None,
        "access": frozenset(fields.some_of("access", MODES, MODES)),
        "layer": fields.one_of("layer", LAYERS, 0),
        "bridge": fields.flag("bridge"),
        "tunnel": fields.flag("tunnel"),
        "name": fields.text("name", ""),
    }


def cover_fields(fields: Fields) -> dict[str, Any]:
    """The arguments of a `Cover` but for its area."""
    return {"kind": fields.text("cover")}


def street_properties(street: Street, number: int) -> dict[str, Any]:
    """The properties of the street that is number `number` of its map."""
    out: dict[str, Any] = {"kind": "street", "id": street.id or f"street-{number}"}
    out |= {name: value for name in _USUAL if (value := getattr(street, name)) != getattr(_PLAIN, name)}
    if street.access != _PLAIN.access:
        out["access"] = [mode for mode in MODES if mode in street.access]
    return out


def cover_properties(cover: Cover, number: int) -> dict[str, Any]:
    """The properties of the ground cover that is number `number` of its map."""
    return {"kind": "cover", "id": f"cover-{number}", "cover": cover.kind}
