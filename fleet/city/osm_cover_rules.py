"""What the tags of land and water mean: a few kinds of ground, for drawing and for choosing where to land.

Meanings are those of the OpenStreetMap wiki (pages "Key:landuse", "Key:natural", "Key:waterway", "Key:leisure").
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fleet.city.osm_heights import number_in, parse_length_m
from fleet.city.osm_rules import Tags, values_of

_VALUES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "landuse": {
        "water": ("basin", "reservoir", "pond", "salt_pond", "aquaculture"),
        "wood": ("forest",),
        "grass": ("grass", "meadow", "greenfield", "village_green"),
        "park": ("recreation_ground",),
        "farmland": ("farmland", "farmyard", "orchard", "vineyard", "allotments", "plant_nursery", "flowerbed",
                     "greenhouse_horticulture"),
        "residential": ("residential",),
        "commercial": ("commercial", "retail"),
        "industrial": ("industrial", "depot", "garages", "landfill", "port", "quarry"),
        "railway": ("railway",),
        "cemetery": ("cemetery",),
        "construction": ("construction", "brownfield"),
        "military": ("military",),
        "institutional": ("institutional", "education", "religious", "civic_admin"),
    },
    "natural": {
        "water": ("water",),
        "wetland": ("wetland", "mud"),
        "wood": ("wood",),
        "grass": ("grassland",),
        "scrub": ("scrub", "heath"),
        "sand": ("beach", "sand", "shingle"),
        "rock": ("bare_rock", "scree"),
    },
    "waterway": {"water": ("riverbank", "dock")},
    "leisure": {
        "park": ("park", "garden", "playground", "dog_park", "common", "golf_course"),
        "pitch": ("pitch", "track"),
        "water": ("swimming_pool",),
    },
})  # fmt: skip

COVER_KEYS = tuple(_VALUES)

_KIND_OF = MappingProxyType({
    (key, value): kind for key, kinds in _VALUES.items() for kind, values in kinds.items() for value in values
})  # fmt: skip

_LINE_WIDTH_M = MappingProxyType({"river": 10.0, "canal": 8.0, "stream": 2.0, "drain": 1.5, "ditch": 1.5})
"""Width of a watercourse that is mapped as a line and says none."""

MAX_WIDTH_M = 2000.0


def cover_kind(tags: Tags) -> str:
    """What the ground is under a feature; empty where its tags say nothing that we know.

    >>> cover_kind({"natural": "water", "landuse": "residential"}), cover_kind({"landuse": "bus_stop"})
    ('water', '')
    """
    kinds = [_KIND_OF.get((key, value), "") for key in COVER_KEYS for value in values_of(tags, key)]
    return "water" if "water" in kinds else next((kind for kind in kinds if kind), "")


def watercourse_width_m(tags: Tags) -> float | None:
    """The width of a river, canal or ditch that is mapped as a line; None for everything else."""
    usual_m = next((_LINE_WIDTH_M[v] for v in values_of(tags, "waterway") if v in _LINE_WIDTH_M), None)
    if usual_m is None:
        return None
    width_m = parse_length_m(tags.get("width", ""))
    return width_m if width_m is not None and 0.0 < width_m <= MAX_WIDTH_M else usual_m


def is_buried(tags: Tags) -> bool:
    """Whether water or land lies out of sight: in a tunnel or a culvert, below the ground, under a roof."""
    layer = number_in(tags.get("layer", "0"))
    covered = any(tags.get(key, "no") != "no" for key in ("tunnel", "covered", "culvert", "indoor"))
    return covered or tags.get("location") in ("underground", "indoor") or (layer is not None and layer < 0.0)
