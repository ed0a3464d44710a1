"""What OpenStreetMap tags mean to us: pickup points and their materials, levels, places to stand.

Only text and tables, no geometry, so that a rule can be read, changed and tested by itself. Tag meanings are
those of the OpenStreetMap wiki (pages "Key:level", "Key:recycling:*"). Heights are in `osm_heights`, zones in
`osm_zone_rules`, streets in `osm_street_rules`, the ground in `osm_cover_rules`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from fleet.city.osm_heights import number_in

Tags = Mapping[str, str]

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
    """Whether a drone can come near: not `indoor`, and on level 0 where levels are given ("0;1", "-1-0").

    `location=underground` does not count: it marks sunk containers, whose mouth is at the surface.

    >>> is_outdoors({"level": "-2"}), is_outdoors({"level": "0;1"}), is_outdoors({"indoor": "yes"})
    (False, True, False)
    """
    if tags.get("indoor", "no") != "no" or tags.get("location") == "indoor":
        return False
    levels = values_of(tags, "level")
    return not levels or any(_reaches_ground(level) for level in levels)


def _reaches_ground(level: str) -> bool:
    span = re.fullmatch(r"([+-]?[\d.]{1,9})-([+-]?[\d.]{1,9})", level, re.ASCII)
    low, high = (number_in(span[1]), number_in(span[2])) if span else (number_in(level),) * 2
    return low is not None and high is not None and low <= 0.0 <= high


def is_open_ground(tags: Tags) -> bool:
    """Whether a street or car park lies on the ground under the open sky: no tunnel, bridge, roof, storey."""
    covered = any(tags.get(key, "no") != "no" for key in ("tunnel", "bridge", "covered"))
    on_ground = number_in(tags.get("layer", "0")) == 0.0
    return not covered and on_ground and tags.get("parking", "surface") == "surface" and is_outdoors(tags)
