"""How tall a building is, as mappers write it: metres, feet, storeys, roofs, ranges, lists.

Where a tag gives several values the greatest counts, and a roof is added to the storeys below it: a building
that is drawn too tall costs a detour, one drawn too low costs a drone. Meanings are those of the OpenStreetMap
wiki (pages "Key:height", "Key:building:levels", "Key:roof:levels", "Key:min_height", "Map features/Units").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeGuard

Tags = Mapping[str, str]

LEVEL_M = 3.0
"""Height of one storey."""

DEFAULT_HEIGHT_M = 6.0
"""Height of a building of which nothing is said: two storeys."""

MAX_HEIGHT_M = 1000.0
"""A height above this is a slip of the mapper (no building is that high), hence not believed."""

FOOT_M = 0.3048

_UNIT_M = MappingProxyType({
    "": 1.0, "m": 1.0, "m.": 1.0, "metre": 1.0, "metres": 1.0, "meter": 1.0, "meters": 1.0, "mtr": 1.0,
    "cm": 0.01, "km": 1000.0, "ft": FOOT_M, "ft.": FOOT_M, "foot": FOOT_M, "feet": FOOT_M, "in": FOOT_M / 12.0,
})  # fmt: skip
_NUMBER = r"[+-]?\d{1,9}(?:[.,]\d{1,9})?"
_FRACTION = rf"({_NUMBER})?\s*(?:(\d{{1,3}})/(\d{{1,3}}))?"
_HEIGHT_TAGS = ("height", "building:height", "est_height")


def number_in(text: str) -> float | None:
    """A number with a point, a comma or a fraction; None where it is not one.

    >>> number_in("2.5"), number_in("2,5"), number_in("2 1/2"), number_in("1/2"), number_in("two")
    (2.5, 2.5, 2.5, 0.5, None)
    """
    found = re.fullmatch(_FRACTION, text.strip(), re.ASCII)
    if found is None or not text.strip() or found[3] in ("0", "00", "000"):
        return None
    whole = float((found[1] or "0").replace(",", "."))
    return whole + int(found[2]) / int(found[3]) if found[2] else whole


def parse_length_m(text: str) -> float | None:
    """A length as mappers write it, in metres: of a range or a list the greatest. None where it is not one.

    >>> parse_length_m("12.13 m"), parse_length_m("12,5"), parse_length_m("~10 m"), parse_length_m("about ten")
    (12.13, 12.5, 10.0, None)
    >>> parse_length_m("40 ft"), round(parse_length_m("5'11\\"") or 0, 4), parse_length_m("10-12; 9")
    (12.192, 1.8034, 12.0)
    """
    return _greatest(text, _one_length_m)


def _one_length_m(text: str) -> float | None:
    feet = re.fullmatch(r"(\d{1,5})\s*(?:'|′)\s*(?:(\d{1,2})\s*(?:\"|''|″))?", text, re.ASCII)
    if feet:
        return (int(feet[1]) + int(feet[2] or 0) / 12.0) * FOOT_M
    plain = re.fullmatch(r"([^a-z]*)([a-z]*\.?)", text.lower(), re.ASCII)
    if plain is None or plain[2] not in _UNIT_M:
        return None
    number = number_in(plain[1])
    return None if number is None else number * _UNIT_M[plain[2]]


def _greatest(text: str, read: Callable[[str], float | None]) -> float | None:
    """The greatest of several values parted by semicolons or as a range; None if one of them is no value."""
    parts = [part.strip().removeprefix("~").strip() for part in text.split(";")]
    values: list[float | None] = []
    for part in parts:
        value = read(part)
        span = re.fullmatch(r"([\d.,]+)\s*(?:-|–|to)\s*([\d.,]+.*)", part) if value is None else None
        values += [read(span[1]), read(span[2])] if span else [value]
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


HeightSource = Literal["height", "levels", "default"]


@dataclass(frozen=True, slots=True)
class Height:
    """`metres` above ground, what it was read from, and whether a tag was there that could not be believed."""

    metres: float
    source: HeightSource
    unclear: bool = False


def height_of(tags: Tags) -> Height:
    """A building's height above ground; what cannot be believed falls to the next way of telling.

    `height` (else `building:height`, `est_height`), else storeys of 3 m with the roof's height or storeys on
    top, else 6 m. What begins at `min_height` or `building:min_level` is one storey higher than that at least.

    >>> height_of({"height": "12.13 m"}).metres, height_of({"building:levels": "2.5"}).metres
    (12.13, 7.5)
    >>> height_of({"building:levels": "4", "roof:levels": "1"}).metres, height_of({"height": "-3"})
    (15.0, Height(metres=6.0, source='default', unclear=True))
    """
    unclear = False
    least_m = starts_at_m(tags) + LEVEL_M if starts_at_m(tags) else 0.0
    for tag in _HEIGHT_TAGS:
        if tag in tags:
            height_m = parse_length_m(tags[tag])
            if _believed(height_m):
                return Height(max(height_m, least_m), "height", unclear)
            unclear = True
    storeys_m = _storeys_m(tags, "building:levels")
    if _believed(storeys_m):
        total_m = min(storeys_m + _roof_m(tags), MAX_HEIGHT_M)
        return Height(max(total_m, least_m), "levels", unclear)
    unclear = unclear or ("building:levels" in tags and storeys_m is None)
    return Height(max(DEFAULT_HEIGHT_M, least_m), "default", unclear)


def starts_at_m(tags: Tags) -> float:
    """How far above ground a building or a part of one begins; 0 where nothing is said.

    >>> starts_at_m({"min_height": "18"}), starts_at_m({"building:min_level": "2"}), starts_at_m({})
    (18.0, 6.0, 0.0)
    """
    from_m = parse_length_m(tags.get("min_height", "")) or _storeys_m(tags, "building:min_level") or 0.0
    return from_m if 0.0 < from_m <= MAX_HEIGHT_M - LEVEL_M else 0.0


def _roof_m(tags: Tags) -> float:
    roof_m = parse_length_m(tags.get("roof:height", "")) or _storeys_m(tags, "roof:levels") or 0.0
    return max(roof_m, 0.0)


def _storeys_m(tags: Tags, tag: str) -> float | None:
    levels = _greatest(tags.get(tag, ""), number_in)
    return None if levels is None else levels * LEVEL_M


def _believed(height_m: float | None) -> TypeGuard[float]:
    return height_m is not None and 0.0 < height_m <= MAX_HEIGHT_M
