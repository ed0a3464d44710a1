"""Which features of a map close the air, and how far round them: a table that users change.

Only text and numbers, no geometry. Tag meanings are those of the OpenStreetMap wiki.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fleet.base.errors import UsageError, did_you_mean
from fleet.city.osm_rules import Tags, values_of


@dataclass(frozen=True, slots=True)
class ZoneRule:
    """Features tagged `tag=value` close the air above them and `buffer_m` round them, for `reason`."""

    tag: str
    value: str
    reason: str
    buffer_m: float
    floor_m: float = 0.0
    ceiling_m: float = 120.0

    @property
    def feature(self) -> str:
        """The tag as OpenStreetMap writes it.

        >>> ZoneRule("amenity", "prison", "prison", 300.0).feature
        'amenity=prison'
        """
        return f"{self.tag}={self.value}"


# The distances are engineering defaults. National practice is wider (helipads and heliports 500 m, aerodromes
# 5 km below a graded ceiling, hospitals 50 to 100 m, prisons 300 to 400 m, schools and stadiums 100 m when in
# use). They are kept small here because a city of two kilometres with a dozen helipads would be closed
# altogether; what is official comes from a zone file.
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

OPTIONAL_RULES: tuple[ZoneRule, ...] = (
    ZoneRule("power", "tower", "power-tower", 30.0),
    ZoneRule("power", "substation", "power-station", 30.0),
    ZoneRule("power", "plant", "power-station", 30.0),
    ZoneRule("amenity", "university", "university", 30.0),
    ZoneRule("amenity", "police", "police", 50.0),
    ZoneRule("amenity", "fire_station", "fire-station", 50.0),
    ZoneRule("amenity", "marketplace", "crowd", 100.0),
    ZoneRule("amenity", "place_of_worship", "worship", 50.0),
    ZoneRule("landuse", "military", "military", 100.0),
    ZoneRule("leisure", "nature_reserve", "nature", 0.0),
    ZoneRule("man_made", "chimney", "chimney", 50.0),
    ZoneRule("man_made", "water_tower", "tower", 50.0),
)
"""Counted by every import, and closed only where somebody asks for it by the name of the reason."""

MAX_BUFFER_M = 10_000.0

Buffers = Mapping[str, float | None]
"""A distance in metres for each reason; None leaves such features open."""


def with_buffers(rules: tuple[ZoneRule, ...], buffers: Buffers) -> tuple[ZoneRule, ...]:
    """`rules` with other distances. A reason that has no rule there may be one of `OPTIONAL_RULES`.

    Raises `UsageError` for a reason that nobody knows.

    >>> [r.buffer_m for r in with_buffers(DEFAULT_RULES, {"hospital": 75.0, "police": 20.0})
    ...  if r.reason in ("hospital", "police")]
    [75.0, 75.0, 20.0]
    """
    used = {rule.reason for rule in rules}
    asleep = tuple(rule for rule in OPTIONAL_RULES if rule.reason not in used and rule.reason in buffers)
    known = sorted(used | {rule.reason for rule in OPTIONAL_RULES})
    for reason in buffers:
        if reason not in known:
            near = did_you_mean(reason, known)
            raise UsageError(
                f"expected one of {', '.join(known)}, found {reason!r}" + (f"; {near}" if near else "")
            )
    changed = ((rule, buffers.get(rule.reason, rule.buffer_m)) for rule in (*rules, *asleep))
    return tuple(replace(rule, buffer_m=buffer_m) for rule, buffer_m in changed if buffer_m is not None)


def matching_rules(tags: Tags, rules: tuple[ZoneRule, ...]) -> tuple[ZoneRule, ...]:
    """The rules a feature falls under: for each reason and band of heights the widest, in the table's order."""
    widest: dict[tuple[str, float, float], ZoneRule] = {}
    for rule in rules:
        if rule.value in values_of(tags, rule.tag):
            band = (rule.reason, rule.floor_m, rule.ceiling_m)
            known = widest.get(band)
            if known is None or rule.buffer_m > known.buffer_m:
                widest[band] = rule
    return tuple(widest.values())
