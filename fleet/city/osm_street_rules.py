"""What the tags of a street mean: its class, who may use it, which way, how fast, on which level.

Meanings are those of the OpenStreetMap wiki (pages "Key:highway", "Key:access", "OSM tags for routing/Access
restrictions", "Key:oneway", "Key:oneway:bicycle", "Key:maxspeed"). Conditional and turn restrictions, weight and
height limits, and gates and bollards on a street are not read.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any

from fleet.city.model import Mode
from fleet.city.osm_heights import number_in
from fleet.city.osm_rules import Tags, values_of

MPH_KMH = 1.609344
MAX_KMH = 200.0
WALK_KMH = 7.0
"""What `maxspeed=walk` means where the law gives a figure (Germany: Schrittgeschwindigkeit, 4 to 7 km/h)."""

_ALL: frozenset[Mode] = frozenset({"foot", "bicycle", "motor"})
_NO_MOTOR: frozenset[Mode] = frozenset({"foot", "bicycle"})
_ON_FOOT: frozenset[Mode] = frozenset({"foot"})

_ACCESS_OF: MappingProxyType[str, frozenset[Mode]] = MappingProxyType({
    "motorway": frozenset({"motor"}), "motorway_link": frozenset({"motor"}),
    **dict.fromkeys(
        ("trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link", "tertiary",
         "tertiary_link", "unclassified", "residential", "living_street", "service", "road"), _ALL),
    **dict.fromkeys(("track", "path", "trail", "cycleway", "pedestrian"), _NO_MOTOR),
    **dict.fromkeys(("footway", "steps", "bridleway", "crossing"), _ON_FOOT),
    "busway": frozenset(), "bus_guideway": frozenset(), "escape": frozenset(), "emergency_bay": frozenset(),
})  # fmt: skip
"""The classes that are streets, and who may use one on which nothing else is said."""

_UNBUILT = ("construction", "proposed", "planned", "abandoned", "disused", "razed", "dismantled", "demolished")
_OPEN = ("yes", "permissive", "designated", "destination", "delivery", "customers", "customer", "official",
         "public", "permit")  # fmt: skip
_SHUT = ("no", "private", "agricultural", "forestry", "use_sidepath", "dismount", "military", "emergency",
         "restricted", "unknown", "service")  # fmt: skip

# From the general to the particular: the last one that is tagged decides.
_KEYS: MappingProxyType[Mode, tuple[str, ...]] = MappingProxyType({
    "foot": ("access", "foot"),
    "bicycle": ("access", "vehicle", "bicycle"),
    "motor": ("access", "vehicle", "motor_vehicle", "motorcar", "goods"),
})  # fmt: skip

_FORWARD, _BACKWARD = ("yes", "true", "1"), ("-1", "reverse")


def why_no_street(tags: Tags) -> str:
    """The reason why a way tagged `highway` is no street to follow; empty for one that is.

    >>> why_no_street({"highway": "residential"}), why_no_street({"highway": "platform"})
    ('', 'not a street')
    """
    highway = tags.get("highway", "")
    if highway in _UNBUILT:
        return "not built, or no more"
    if highway == "corridor" or tags.get("indoor", "no") != "no":
        return "indoors"
    if highway not in _ACCESS_OF:
        return "not a street"
    return ""


def access_of(tags: Tags) -> frozenset[Mode]:
    """Who may use a street. Private ones are shut; a delivery or a resident's errand is let in.

    >>> sorted(access_of({"highway": "service", "access": "private", "bicycle": "yes"}))
    ['bicycle']
    >>> sorted(access_of({"highway": "pedestrian", "motor_vehicle": "delivery"}))
    ['bicycle', 'foot', 'motor']
    """
    usual = _ACCESS_OF.get(tags.get("highway", ""), frozenset())
    if tags.get("motorroad") == "yes":
        usual &= {"motor"}
    return frozenset(mode for mode in _KEYS if _let_in(mode, tags, mode in usual))


def _let_in(mode: Mode, tags: Tags, usual: bool) -> bool:
    if mode == "motor" and tags.get("oneway") == "reversible":  # it depends on the hour
        return False
    allowed = usual
    for key in _KEYS[mode]:
        values = values_of(tags, key)
        if any(value in _OPEN for value in values):
            # `access=yes` lets no car on a footway: it says that the way is public.
            allowed = allowed or key != "access"
        elif any(value in _SHUT for value in values):
            allowed = False
    return allowed


def oneway_of(tags: Tags) -> int:
    """1 along the way as drawn, -1 against it, 0 both ways; roundabouts and motorways are one-way unasked.

    >>> oneway_of({"oneway": "yes"}), oneway_of({"oneway": "-1"}), oneway_of({"junction": "roundabout"})
    (1, -1, 1)
    """
    said = tags.get("oneway", "")
    if said in _FORWARD:
        return 1
    if said in _BACKWARD:
        return -1
    implied = tags.get("junction") in ("roundabout", "circular") or tags.get("highway") == "motorway"
    return 1 if implied and said != "no" else 0


def oneway_for_bicycles(tags: Tags) -> int | None:
    """The direction for bicycles where the tags give them one of their own, else None."""
    said = tags.get("oneway:bicycle", "")
    if said in _FORWARD:
        return 1
    if said in _BACKWARD:
        return -1
    sides = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
    against = any(tags.get(side, "").startswith("opposite") for side in sides)
    return 0 if said == "no" or against else None


def maxspeed_kmh_of(tags: Tags) -> float | None:
    """The posted speed; of several the lowest; None where none is posted or it is not a number.

    >>> maxspeed_kmh_of({"maxspeed": "30"}), maxspeed_kmh_of({"maxspeed": "25 mph"}), maxspeed_kmh_of({})
    (30.0, 40.2336, None)
    """
    speeds = [_speed_kmh(value) for value in values_of(tags, "maxspeed")]
    believed = [speed for speed in speeds if speed is not None and 0.0 < speed <= MAX_KMH]
    return min(believed) if believed else None


def _speed_kmh(text: str) -> float | None:
    if text == "walk":
        return WALK_KMH
    found = re.fullmatch(r"([\d.,]{1,9})\s*(km/h|kmh|kph|mph)?", text, re.ASCII)
    number = number_in(found[1]) if found else None
    if found is None or number is None:
        return None
    return round(number * MPH_KMH, 6) if found[2] == "mph" else number


def layer_of(tags: Tags) -> int:
    """The level relative to what is crossed; 0 where it is not a whole number from -9 to 9."""
    layer = number_in(tags.get("layer", "0"))
    return int(layer) if layer is not None and layer == int(layer) and abs(layer) <= 9 else 0


def street_values(tags: Tags) -> dict[str, Any]:
    """The arguments of a `Street` that its tags give."""
    oneway, bicycles = oneway_of(tags), oneway_for_bicycles(tags)
    return {
        "highway": tags["highway"],
        "oneway": oneway,
        "oneway_bicycle": bicycles if bicycles != oneway else None,
        "maxspeed_kmh": maxspeed_kmh_of(tags),
        "access": access_of(tags),
        "layer": layer_of(tags),
        "bridge": tags.get("bridge", "no") != "no",
        "tunnel": tags.get("tunnel", "no") != "no",
        "name": tags.get("name", "").strip(),
    }
