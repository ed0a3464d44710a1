"""A map file to a City: the build step.

`mapfile` has read the text; here each feature is checked against what its kind asks for, all positions are
projected at once, and the city is put together. Everything wrong with the file is reported together.
The format is described in docs/maps.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon

from fleet.base.errors import did_you_mean
from fleet.city.fields import Fields
from fleet.city.frame import Frame
from fleet.city.jsonfile import Complaints, show
from fleet.city.mapfile import RawMap, read_map
from fleet.city.model import Building, City, Cover, District, Place, Restriction, Site, Street, Zone
from fleet.city.shapes import Positions, Refused, Rings, lines, polygons, repaired
from fleet.city.street_fields import cover_fields, street_fields

Floats = npt.NDArray[np.float64]

GEOMETRY = {
    "building": ("Polygon", "MultiPolygon"),
    "district": ("Polygon",),
    "no_fly": ("Polygon", "MultiPolygon"),
    "site": ("Point",),
    "pickup_point": ("Point",),
    "anchor": ("Point",),
    "street": ("LineString",),
    "cover": ("Polygon", "MultiPolygon"),
}
"""The kinds of feature, and the geometry types each may have."""

MAX_SPREAD_DEG = 1.0
"""A feature farther than this from the middle of the map (about 111 km) is taken for a mistake."""

_AREAS = ("building", "district", "no_fly", "cover")
_NAMELESS = ("street", "cover")
"""Kinds that need no id. They also do not move the middle of the map: they are its background."""

_TAKERS: dict[str, Callable[[Positions, Any], tuple[Rings, ...]]] = {
    "Point": Positions.take_point,
    "LineString": Positions.take_line,
    "Polygon": Positions.take_polygon,
    "MultiPolygon": Positions.take_multipolygon,
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked feature that waits for its coordinates."""

    index: int
    kind: str
    id: str
    values: dict[str, Any]
    shape: tuple[Rings, ...]


def load_city(path: str | Path) -> City:
    """The city in the GeoJSON file `path`, in metres about the middle of its bounding box (streets and
    covers left out).

    Raises InputError with every fault of the file. Outlines of buildings and covers that are not valid are
    repaired and mentioned in `City.notes`; no other shape is changed. A map without sites is legal.
    """
    path = Path(path)
    raw = read_map(path)
    complaints = Complaints(raw.file, raw.text)
    positions = Positions()
    head = _head(raw, complaints, path.stem)
    drafts = [
        draft
        for index, feature in enumerate(raw.features)
        if (draft := _draft(index, feature, positions, complaints)) is not None
    ]
    _refuse_twins(drafts, complaints)
    lon, lat = np.array(positions.lon, dtype=np.float64), np.array(positions.lat, dtype=np.float64)
    _refuse_strays(drafts, lon, lat, complaints)
    frame = _frame(drafts, lon, lat)
    x, y = frame.to_metres(lon, lat)
    builder = _Builder(drafts, (lon, lat), (x, y), complaints)
    city = builder.city(head, frame)
    complaints.raise_if_any()
    return city


def _head(raw: RawMap, complaints: Complaints, stem: str) -> City:
    """The members of the file itself, in a city that is otherwise empty."""
    words: dict[str, str] = {"name": stem, "attribution": ""}
    for name in words:
        value = raw.members.get(name)
        if isinstance(value, str):
            words[name] = value
        elif value is not None:
            complaints.member(name, "text", show(value))
    notes = raw.members.get("notes") or []
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        complaints.member("notes", "a list of texts", show(notes))
        notes = []
    return City(name=words["name"], frame=Frame(0, 0), attribution=words["attribution"], notes=tuple(notes))


def _draft(index: int, feature: Any, positions: Positions, complaints: Complaints) -> Draft | None:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        found = feature.get("type") if isinstance(feature, dict) else feature
        complaints.feature(index, "", 'an object of type "Feature"', show(found))
        return None
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        complaints.feature(index, "properties", "an object with kind and id", show(properties))
        return None
    kind = properties.get("kind")
    if not isinstance(kind, str) or kind not in GEOMETRY:
        hint = did_you_mean(kind, GEOMETRY) if isinstance(kind, str) else ""
        known = f"one of {', '.join(GEOMETRY)}"
        complaints.feature(index, "properties.kind", known, show(kind), hint)
        return None
    fields = Fields(index, properties, complaints)
    name = "" if kind in _NAMELESS else fields.text("id")
    values = _READERS[kind](fields)
    shape = _shape(index, kind, feature.get("geometry"), positions, complaints)
    return Draft(index, kind, name, values, shape) if shape else None


def _shape(
    index: int, kind: str, geometry: Any, positions: Positions, complaints: Complaints
) -> tuple[Rings, ...]:
    allowed = GEOMETRY[kind]
    found = geometry.get("type") if isinstance(geometry, dict) else geometry
    if found not in allowed:
        complaints.feature(index, "geometry.type", f"{' or '.join(allowed)} for a {kind}", show(found))
        return ()
    mark = len(positions.lon)
    try:
        return _TAKERS[found](positions, geometry.get("coordinates"))
    except Refused as refused:
        del positions.lon[mark:], positions.lat[mark:]
        path = f"geometry.coordinates{refused.path}"
        complaints.feature(index, path, refused.expected, refused.found, refused.hint)
        return ()


def _site_fields(fields: Fields) -> dict[str, Any]:
    accepts = frozenset(fields.materials("accepts", all_word=True))
    values = {
        "base": fields.flag("base"),
        "accepts": accepts,
        "capacity_kg": fields.number("capacity_kg", None if fields.has("accepts") else 0.0, 0.0),
        "pads": fields.whole("pads", 1, 1),
        "chargers": fields.whole("chargers", 0, 0),
    }
    if not (values["base"] or values["chargers"] or fields.has("accepts")):
        fields.refuse("base", "a site with base, accepts or chargers", "none of them")
    return values


def _zone_fields(fields: Fields) -> dict[str, Any]:
    floor_m = fields.number("floor_m", 0.0, 0.0)
    ceiling_m = fields.number("ceiling_m", max(120.0, floor_m + 1.0), 0.0)
    if ceiling_m <= floor_m:
        fields.refuse("ceiling_m", f"a number above floor_m ({floor_m:g})", f"{ceiling_m:g}")
    return {
        "reason": fields.text("reason"),
        "floor_m": floor_m,
        "ceiling_m": ceiling_m,
        "restriction": fields.one_of("restriction", get_args(Restriction), "prohibited"),
    }


_READERS: dict[str, Callable[[Fields], dict[str, Any]]] = {
    "building": lambda fields: {"height_m": fields.number("height_m", 6.0, 0.0, open_end=True)},
    "district": lambda fields: {"name": fields.text("name")},
    "no_fly": _zone_fields,
    "site": _site_fields,
    "pickup_point": lambda fields: {"materials": fields.materials("materials")},
    "anchor": lambda fields: {},
    "street": street_fields,
    "cover": cover_fields,
}


def _refuse_twins(drafts: Iterable[Draft], complaints: Complaints) -> None:
    seen: dict[tuple[str, str], int] = {}
    for draft in drafts:
        if not draft.id:
            continue
        first = seen.setdefault((draft.kind, draft.id), draft.index)
        if first != draft.index:
            found = f"{show(draft.id)}, as in features[{first}]"
            complaints.feature(draft.index, "properties.id", f"an id of its own among {draft.kind}s", found)


def _refuse_strays(drafts: Iterable[Draft], lon: Floats, lat: Floats, complaints: Complaints) -> None:
    """One feature with its axes swapped would stretch the frame until nothing has its true length."""
    if not len(lon):
        return
    mid_lon, mid_lat = float(np.median(lon)), float(np.median(lat))
    east = np.abs(lon - mid_lon) * np.cos(np.radians(lat))
    stray = (east > MAX_SPREAD_DEG) | (np.abs(lat - mid_lat) > MAX_SPREAD_DEG)
    if not stray.any():
        return
    for draft in drafts:
        rings = draft.shape[0][0]
        rows = np.arange(rings.start, draft.shape[-1][-1].stop)
        if stray[rows].any():
            row = rows[int(np.argmax(stray[rows]))]
            wanted = f"a place within 1 degree of the map's middle ({mid_lon:.4f}, {mid_lat:.4f})"
            complaints.feature(draft.index, "geometry.coordinates", wanted, f"[{lon[row]:g}, {lat[row]:g}]")


def _frame(drafts: Iterable[Draft], lon: Floats, lat: Floats) -> Frame:
    """Centred on the bounding box of everything but streets and covers, or of these when there is nothing else."""
    used = np.zeros(len(lon), dtype=bool)
    for draft in drafts:
        if draft.kind not in _NAMELESS:
            used[draft.shape[0][0].start : draft.shape[-1][-1].stop] = True
    if not used.any():
        used[:] = True
    if not len(lon):
        return Frame(0.0, 0.0)
    middle = ((float(v[used].min()) + float(v[used].max())) / 2.0 for v in (lon, lat))
    return Frame(*middle)


class _Builder:
    """Drafts and coordinates to the parts of a city."""

    def __init__(
        self,
        drafts: list[Draft],
        degrees: tuple[Floats, Floats],
        metres: tuple[Floats, Floats],
        complaints: Complaints,
    ) -> None:
        self._drafts = drafts
        self._degrees = degrees
        self._x, self._y = metres
        self._complaints = complaints
        self._repaired: list[str] = []

    def city(self, head: City, frame: Frame) -> City:
        areas = {kind: self._areas(kind) for kind in _AREAS}
        districts = tuple(District(name, area=area, **d.values) for name, area, d in areas["district"])
        return replace(
            head,
            frame=frame,
            buildings=tuple(Building(name, footprint=a, **d.values) for name, a, d in areas["building"]),
            districts=districts,
            zones=tuple(Zone(name, area=area, **d.values) for name, area, d in areas["no_fly"]),
            sites=tuple(Site(**where, **d.values) for where, d in self._points("site", districts)),
            pickup_points=tuple(Place(**w, **d.values) for w, d in self._points("pickup_point", districts)),
            anchors=tuple(Place(**where) for where, _ in self._points("anchor", districts)),
            streets=self._streets(),
            covers=tuple(Cover(area=area, **d.values) for _, area, d in areas["cover"]),
            notes=head.notes + self._repair_note(),
        )

    def _of(self, kind: str) -> list[Draft]:
        return [draft for draft in self._drafts if draft.kind == kind]

    def _streets(self) -> tuple[Street, ...]:
        drafts = self._of("street")
        drawn = lines([draft.shape[0][0] for draft in drafts], self._x, self._y)
        return tuple(Street(line, **draft.values) for line, draft in zip(drawn, drafts, strict=True))

    def _areas(self, kind: str) -> list[tuple[str, Polygon, Draft]]:
        """Every polygon of a kind with its id; further parts of a feature are called id~2, id~3 and so on."""
        owners = [(draft, rings) for draft in self._of(kind) for rings in draft.shape]
        shapes = polygons([rings for _, rings in owners], self._x, self._y)
        valid = shapely.is_valid(np.array(shapes, dtype=object))
        taken = {draft.id for draft, _ in owners}
        parts: dict[int, int] = {}
        out: list[tuple[str, Polygon, Draft]] = []
        for (draft, rings), shape, good in zip(owners, shapes, valid, strict=True):
            areas = [shape] if good else self._mended(draft, rings, shape)
            out.extend((_part_id(draft, parts, taken), area, draft) for area in areas)
        return out

    def _mended(self, draft: Draft, rings: Rings, shape: Polygon) -> list[Polygon]:
        pieces = repaired(shape) if draft.kind in ("building", "cover") else []
        if pieces:
            self._repaired.append(draft.id or f"{draft.kind} {draft.index}")
            return pieces
        in_degrees = polygons([rings], *self._degrees)[0]
        reason = shapely.is_valid_reason(shape if in_degrees.is_valid else in_degrees)
        self._complaints.feature(draft.index, "geometry.coordinates", "a valid polygon", reason)
        return []

    def _points(self, kind: str, districts: tuple[District, ...]) -> list[tuple[dict[str, Any], Draft]]:
        drafts = self._of(kind)
        rows = np.array([draft.shape[0][0].start for draft in drafts], dtype=np.intp)
        x, y = self._x[rows], self._y[rows]
        where = district_of(districts, x, y)
        return [
            ({"id": draft.id, "x_m": float(x[n]), "y_m": float(y[n]), "district": where[n]}, draft)
            for n, draft in enumerate(drafts)
        ]

    def _repair_note(self) -> tuple[str, ...]:
        names = list(dict.fromkeys(self._repaired))
        if not names:
            return ()
        some = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
        return (f"{len(names)} outline(s) were not valid and were repaired: {some}",)


def _part_id(draft: Draft, parts: dict[int, int], taken: set[str]) -> str:
    """The feature's id for its first part, then the first free one of id~2, id~3, ..."""
    number = parts.get(draft.index, 0) + 1
    while number > 1 and f"{draft.id}~{number}" in taken:
        number += 1
    parts[draft.index] = number
    name = draft.id if number == 1 else f"{draft.id}~{number}"
    taken.add(name)
    return name


def district_of(districts: Iterable[District], x_m: Floats, y_m: Floats) -> list[str]:
    """For each point the id of the smallest district that holds it, "" if none; the edge belongs to it too.

    Of districts equally small, the first wins.
    """
    found = np.full(len(x_m), "", dtype=object)
    last_first = tuple(districts)[::-1]
    for district in sorted(last_first, key=lambda d: -d.area.area):
        found[shapely.intersects_xy(district.area, x_m, y_m)] = district.id
    return [str(name) for name in found]
