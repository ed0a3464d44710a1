"""What OpenStreetMap tags mean to us: zones, pickup points, materials, heights.

Only text and tables, no geometry, so that a rule can be read, changed and tested by itself. Tag meanings are
those of the OpenStreetMap wiki (pages "Key:height", "Key:building:levels", "Key:level", "Key:recycling:*").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Tags = Mapping[str, str]

LEVEL_M = 3.0
"""Height of one storey where only `building:levels` is given."""

DEFAULT_HEIGHT_M = 6.0
"""Height of a building of which nothing is said: two storeys."""

MAX_HEIGHT_M = 1000.0
"""A `height` above this is a slip of the mapper (no building is that high), hence not believed."""

FOOT_M = 0.3048


@dataclass(frozen=True, slots=True)
class ZoneRule:
    """Features tagged `tag=value` close the air above them and `buffer_m` round them, for `reason`."""

    tag: str
    value: str
    reason: str
    buffer_m: float


# The kinds of feature are those that our extracts hold; the distances are engineering defaults. National
# practice is wider (helipads and heliports 500 m, aerodromes 5 km below a graded ceiling, hospitals 50 to
# 100 m, prisons 300 to 400 m, schools and stadiums 100 m when in use). They are kept small here because a
# city of two kilometres with a dozen helipads would be closed altogether. `import_osm` takes another table.
DEFAULT_RULES: tuple[ZoneRule, ...] = (
    ZoneRule("amenity", "hospital", "hospital", 50.0),
    ZoneRule("amenity", "clinic", "hospital", 50.0),
    ZoneRule("aeroway", "helipad", "helipad", 100.0),
    ZoneRule("aeroway", "heliport", "heliport", 300.0),
    ZoneRule("aeroway", "aerodrome", "airfield", 300.0),
    ZoneRule("amenity", "prison", "prison", 300.0),
    ZoneRule("amenity", "school", "school", 30.0),
    ZoneRule("amenity", "kindergarten", "school", 30.0),
    ZoneRule("leisure", "stadium", "stadium", 50.0),
    ZoneRule("power", "line", "power-line", 30.0),
    ZoneRule("power", "minor_line", "power-line", 30.0),
    ZoneRule("man_made", "mast", "mast", 50.0),
    ZoneRule("man_made", "crane", "crane", 50.0),
    ZoneRule("man_made", "tower", "tower", 50.0),
)

PICKUP_AMENITIES = ("recycling", "waste_basket", "waste_disposal")

SEED_PLACES = ("suburb", "quarter", "neighbourhood")
"""Values of `place` whose nodes are the seeds of districts."""

SITE_HIGHWAYS = (
    "residential", "service", "unclassified", "living_street", "pedestrian", "tertiary", "secondary", "track",
)  # fmt: skip
"""Streets beside which a depot, facility or charging pad could stand."""

_MATERIAL_OF = MappingProxyType({
    "glass": "glass", "glass_bottles": "glass", "glass_jars": "glass",
    "paper": "paper", "paper_packaging": "paper", "newspaper": "paper",
    "magazines": "paper", "books": "paper",
    "cardboard": "cardboard", "cartons": "cardboard", "beverage_cartons": "cardboard",
    "pet": "plastics", "styrofoam": "plastics",
    "cans": "metals", "metal": "metals", "scrap_metal": "metals", "aluminium": "metals", "foil": "metals",
    "clothes": "textiles", "textiles": "textiles", "shoes": "textiles", "fabric": "textiles",
    "batteries": "batteries",
    "electrical_items": "e-waste", "electrical_appliances": "e-waste", "small_appliances": "e-waste",
    "small_electrical_appliances": "e-waste", "computers": "e-waste", "mobile_phones": "e-waste",
    "electronics": "e-waste",
    "organic": "organics", "green_waste": "organics", "garden_waste": "organics", "food_waste": "organics",
    "low_energy_bulbs": "lamps", "fluorescent_tubes": "lamps", "light_bulbs": "lamps",
    "paint": "solvents", "solvents": "solvents",
    "waste": "mixed",
})  # fmt: skip


def values_of(tags: Tags, key: str) -> tuple[str, ...]:
    """The values of a tag; several are parted by semicolons.

    >>> values_of({"amenity": "school; kindergarten"}, "amenity")
    ('school', 'kindergarten')
    """
    return tuple(part.strip() for part in tags.get(key, "").split(";") if part.strip())


def matching_rules(tags: Tags, rules: tuple[ZoneRule, ...]) -> tuple[ZoneRule, ...]:
    """The rules a feature falls under: for each reason the widest one, in the table's order."""
    widest: dict[str, ZoneRule] = {}
    for rule in rules:
        if rule.value in values_of(tags, rule.tag):
            known = widest.get(rule.reason)
            if known is None or rule.buffer_m > known.buffer_m:
                widest[rule.reason] = rule
    return tuple(widest.values())


def is_pickup(tags: Tags) -> bool:
    """Whether a feature is one that waste is collected from."""
    return any(value in PICKUP_AMENITIES for value in values_of(tags, "amenity"))


def materials_of(tags: Tags) -> tuple[str, ...] | None:
    """Our names of what a pickup feature takes, sorted; () for anything, None for nothing that we know.

    >>> materials_of({"amenity": "recycling", "recycling:glass_bottles": "yes", "recycling:cans": "yes"})
    ('glass', 'metals')
    >>> materials_of({"amenity": "waste_basket"})
    ('mixed',)
    >>> materials_of({"amenity": "recycling", "recycling:cooking_oil": "yes"}) is None
    True
    """
    if "recycling" not in values_of(tags, "amenity"):
        return ("mixed",)
    taken = [key.removeprefix("recycling:") for key, value in sorted(tags.items())
             if key.startswith("recycling:") and value in ("yes", "only")]  # fmt: skip
    names = {"plastics" if name.startswith("plastic") else _MATERIAL_OF.get(name.lower()) for name in taken}
    known = tuple(sorted(name for name in names if name is not None))
    return known if known or not taken else None


def is_outdoors(tags: Tags) -> bool:
    """Whether a drone can come near: not `indoor`, and on level 0 where a level is given.

    `location=underground` does not count: it marks sunk containers, whose mouth is at the surface.

    >>> is_outdoors({"level": "-2"}), is_outdoors({"level": "0;1"}), is_outdoors({"indoor": "yes"})
    (False, True, False)
    """
    if tags.get("indoor", "no") != "no" or tags.get("location") == "indoor":
        return False
    levels = values_of(tags, "level")
    return not levels or any(_number(level) == 0.0 for level in levels)


def is_open_ground(tags: Tags) -> bool:
    """Whether a street or car park lies on the ground under the open sky: no tunnel, bridge, roof, storey."""
    covered = any(tags.get(key, "no") != "no" for key in ("tunnel", "bridge", "covered"))
    on_ground = _number(tags.get("layer", "0")) == 0.0
    return not covered and on_ground and tags.get("parking", "surface") == "surface" and is_outdoors(tags)


def _number(text: str) -> float | None:
    if not re.fullmatch(r"[+-]?\d{1,9}(?:[.,]\d{1,9})?", text.strip(), re.ASCII):
        return None
    return float(text.strip().replace(",", "."))


def parse_length_m(text: str) -> float | None:
    """A length as mappers write it, in metres; None where it is not one.

    >>> parse_length_m("12.13 m"), parse_length_m("12,5"), parse_length_m("about ten")
    (12.13, 12.5, None)
    >>> parse_length_m("40 ft"), round(parse_length_m("5'11\\"") or 0, 4)
    (12.192, 1.8034)
    """
    feet = re.fullmatch(r"\s*(\d{1,5})\s*'\s*(?:(\d{1,2})\s*(?:\"|''))?\s*", text, re.ASCII)
    if feet:
        return (int(feet[1]) + int(feet[2] or 0) / 12.0) * FOOT_M
    plain = re.fullmatch(r"\s*(\d{1,6}(?:[.,]\d{1,6})?)\s*(m|metres?|meters?|ft|feet)?\s*", text.lower(), re.ASCII)
    if plain is None:
        return None
    return float(plain[1].replace(",", ".")) * (FOOT_M if plain[2] in ("ft", "feet") else 1.0)


HeightSource = Literal["height", "levels", "default"]


def height_of(tags: Tags) -> tuple[float, HeightSource]:
    """A building's height in metres and what it was read from; what cannot be believed falls to the next.

    >>> height_of({"height": "12.13 m"}), height_of({"building:levels": "2.5"}), height_of({"height": "-3"})
    ((12.13, 'height'), (7.5, 'levels'), (6.0, 'default'))
    """
    height_m = parse_length_m(tags.get("height", ""))
    if height_m is not None and 0.0 < height_m <= MAX_HEIGHT_M:
        return height_m, "height"
    levels = _number(tags.get("building:levels", ""))
    if levels is not None and 0.0 < levels * LEVEL_M <= MAX_HEIGHT_M:
        return levels * LEVEL_M, "levels"
    return DEFAULT_HEIGHT_M, "default"
