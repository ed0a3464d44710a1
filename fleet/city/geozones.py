"""Official geo-zone files, ED-269 and ED-318, to zones in local metres.

Which format a file has is told by its content. The two readers check fields; here outlines become polygons,
ids become unique, and what was changed or left out is counted. A file is read whole or refused whole, with
every fault in it. docs/maps.md says how each thing is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
import shapely
from shapely import box

from fleet.base.errors import Fault, InputError
from fleet.city.frame import Frame
from fleet.city.geozones_ed269 import read_ed269
from fleet.city.geozones_ed318 import read_ed318
from fleet.city.geozones_fields import Ground
from fleet.city.geozones_raw import Circle, RawZone, RawZones, Volume
from fleet.city.geozones_shapes import FAR_M, Placed, place
from fleet.city.jsonfile import Complaints, read_json, show
from fleet.city.model import City, Zone
from fleet.city.shapes import Positions
from fleet.city.spots import Spot

Format = Literal["ED-269", "ED-318"]
WANTED = "a zone file (ED-269 or ED-318)"
_NUMBERED = re.compile(r".*~[0-9]+")
_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|NaN|-?Infinity', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Counts:
    """What a zone file held, and what became of it.

    `listed` zones have `volumes` in all, `circles` of them. `repaired` volumes crossed themselves; `far` ones lie
    more than 500 km from the map's middle; `flat` ones have nothing above the ground, or nothing between floor
    and ceiling, at this height of the ground. `without_geometry` zones have none in the file. `out_of_reach`
    zones were left out by `within_reach`.
    """

    listed: int = 0
    volumes: int = 0
    circles: int = 0
    repaired: int = 0
    far: int = 0
    flat: int = 0
    without_geometry: int = 0
    out_of_reach: int = 0


@dataclass(frozen=True, slots=True)
class GeoZones:
    """The zones of a file. `notes` say in words what was counted; the validity is the whole file's, if it has one.

    Validity changes nothing here: a zone of a file that is out of date stays closed.
    """

    format: Format
    zones: tuple[Zone, ...]
    counts: Counts
    notes: tuple[str, ...] = ()
    valid_from: datetime | None = None
    valid_to: datetime | None = None


def read_geozones(
    path: Path,
    frame: Frame | None = None,
    ground_amsl_m: float | tuple[float, float] | None = None,
    geoid_m: float | None = None,
) -> GeoZones:
    """The zones in the file `path`, in the metres of `frame`. InputError with every fault of the file.

    Without a frame they are in metres about the middle one of the file's positions: enough to look at them.
    `ground_amsl_m` is the ground's height above mean sea level, or the lowest and the highest of the map; it
    turns AMSL heights into heights above ground. `geoid_m` is the geoid's height above the WGS84 ellipsoid at
    the map. Where one is not given, all that is possible on Earth counts: floors come out lower (at the ground,
    if the ground's height is unknown) and ceilings higher than they are, so that nothing closed is read as open.
    """
    text, document = read_json(path, "zone", WANTED)
    complaints = Complaints(str(path), text)
    _refuse_constants(text, str(path))
    positions, ground = Positions(), _ground(ground_amsl_m, geoid_m)
    form, raw = _read(Spot(document, (), complaints), positions, ground)
    _refuse_numbered(raw, complaints)
    volumes = [volume for zone in raw.zones for volume in zone.volumes]
    placed = place(volumes, positions, frame or _own_frame(volumes, positions), complaints)
    complaints.raise_if_any()
    counts = _counts(raw, volumes, placed)
    twins = len(raw.zones) - len({zone.id for zone in raw.zones})
    notes = _notes(raw, counts, twins, _unknown(volumes, ground))
    zones = tuple(_zones(raw.zones, placed))
    return GeoZones(form, zones, counts, notes, raw.valid_from, raw.valid_to)


def within_reach(found: GeoZones, city: City, reach_m: float) -> GeoZones:
    """Without the zones that are all farther than `reach_m` from the city's bounding box; these are counted.

    Zones that come into reach stay whole: cut at its border, they would leave a way around that is not legal.
    """
    west, south, east, north = extent(city)
    area = box(west - reach_m, south - reach_m, east + reach_m, north + reach_m)
    kept = tuple(zone for zone in found.zones if area.intersects(zone.area))
    left = len(found.zones) - len(kept)
    counts = replace(found.counts, out_of_reach=found.counts.out_of_reach + left)
    notes = (f"zones farther than {reach_m:g} m from the map, left out: {left}",) if left else ()
    return replace(found, zones=kept, counts=counts, notes=found.notes + notes)


def with_zones(city: City, found: GeoZones) -> City:
    """The city with the zones of a file after its own; an id that it has already gets the next free `id~2`."""
    taken = {zone.id for zone in city.zones} | {zone.id for zone in found.zones}
    own = {zone.id for zone in city.zones}
    added = [replace(zone, id=_free(zone.id, taken)) if zone.id in own else zone for zone in found.zones]
    return replace(city, zones=(*city.zones, *added), notes=city.notes + found.notes)


def extent(city: City) -> tuple[float, float, float, float]:
    """West, south, east and north of everything on the map but its zones, in metres; the origin if it is empty."""
    shapes = [b.footprint for b in city.buildings] + [d.area for d in city.districts]
    lines = [street.line for street in city.streets]
    spots = [shapely.Point(p.x_m, p.y_m) for p in (*city.pickup_points, *city.anchors)]
    docks = [shapely.Point(site.x_m, site.y_m) for site in city.sites]
    every = np.array([*shapes, *lines, *spots, *docks], dtype=object)
    if not len(every):
        return 0.0, 0.0, 0.0, 0.0
    west, south, east, north = (float(v) for v in shapely.total_bounds(every))
    return west, south, east, north


def _own_frame(volumes: Sequence[Volume], positions: Positions) -> Frame:
    centres = [volume.shape for volume in volumes if isinstance(volume.shape, Circle)]
    lon = [*positions.lon, *(circle.lon for circle in centres)]
    lat = [*positions.lat, *(circle.lat for circle in centres)]
    return Frame(float(np.median(lon)), float(np.median(lat))) if lon else Frame(0.0, 0.0)


def _refuse_constants(text: str, file: str) -> None:
    """NaN and Infinity, which Python reads and JSON does not know."""
    if "NaN" not in text and "Infinity" not in text:
        return
    for match in _CONSTANT.finditer(text):
        if match.group()[0] != '"':
            line, before = text.count("\n", 0, match.start()) + 1, text.rfind("\n", 0, match.start())
            raise InputError([Fault(file, line, match.start() - before, "", "valid JSON", match.group())])


def _ground(amsl_m: float | tuple[float, float] | None, geoid_m: float | None) -> Ground:
    ground = Ground()
    if amsl_m is not None:
        ground = replace(ground, amsl_m=amsl_m if isinstance(amsl_m, tuple) else (amsl_m, amsl_m))
    return ground if geoid_m is None else replace(ground, geoid_m=(geoid_m, geoid_m))


def _read(root: Spot, positions: Positions, ground: Ground) -> tuple[Format, RawZones]:
    """The zones by the reader of the format that the file has."""
    listed = next((name for name in ("UASZoneList", "features") if root.at(name)), "")
    first = next((e for e in root.at(listed).elements() if isinstance(e.value, dict)), root.at("none"))
    if root.at("type").value == "Feature" and root.at("properties"):
        return "ED-318", read_ed318([root], root.at("none"), positions, ground)
    if _is_ed269(root.at(0)):
        return "ED-269", read_ed269(root.elements(), positions, ground)
    zones = root.at(listed)
    if not listed:
        root.refuse(WANTED)
    elif zones.value == []:  # it would open the whole sky: more likely a mistake than meant
        zones.refuse("at least one zone", "none")
    elif first.at("properties").at("kind") and not first.at("properties").at("identifier"):
        root.refuse(WANTED, "a map", "docs/maps.md tells them apart")
    root.complaints.raise_if_any()
    if listed == "UASZoneList" or _is_ed269(first):
        return "ED-269", read_ed269(zones.elements(), positions, ground)
    if root.at("type").value != "FeatureCollection":
        root.at("type").refuse('"FeatureCollection"')
    return "ED-318", read_ed318(zones.elements(), root.at("metadata"), positions, ground)


def _is_ed269(zone: Spot) -> bool:
    """Whether an object looks like a zone of ED-269: its volumes are a list, and it has no properties."""
    own = zone.at("restriction") or zone.at("applicability") or isinstance(zone.at("geometry").value, list)
    return bool(own) and not zone.at("properties")


def _refuse_numbered(raw: RawZones, complaints: Complaints) -> None:
    """Such an identifier would pass for a part of another zone, and be open to whoever may enter that one."""
    for zone in raw.zones:
        if _NUMBERED.fullmatch(zone.id):
            complaints.value(zone.trail, "an identifier without ~ and a number at its end", show(zone.id))


def _counts(raw: RawZones, volumes: list[Volume], placed: Placed) -> Counts:
    return Counts(
        listed=len(raw.zones) + raw.without_geometry,
        volumes=len(volumes),
        circles=sum(not isinstance(volume.shape, tuple) for volume in volumes),
        repaired=len(placed.repaired),
        far=len(placed.far),
        flat=sum(_is_flat(v) and n not in placed.far for n, v in enumerate(volumes)),
        without_geometry=raw.without_geometry,
    )


def _is_flat(volume: Volume) -> bool:
    return volume.band.ceiling_m <= volume.band.floor_m


def _zones(raw: tuple[RawZone, ...], placed: Placed) -> Iterator[Zone]:
    """A zone for each polygon of each volume; after the first of an identifier come id~2, id~3 and so on."""
    taken: set[str] = set()
    areas = iter(placed.areas)
    for zone in raw:
        for volume in zone.volumes:
            for area in next(areas):
                if not _is_flat(volume):
                    name = _free(zone.id, taken)
                    band = volume.band
                    yield Zone(name, zone.reason, area, band.floor_m, band.ceiling_m, zone.restriction, zone.times)


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}~{number}"
    taken.add(free)
    return free


def _unknown(volumes: list[Volume], ground: Ground) -> int:
    """How many volumes have a height that could only be read as a range."""
    vague = {"AMSL"} if ground.amsl_m[0] < ground.amsl_m[1] else set()
    if vague or ground.geoid_m[0] < ground.geoid_m[1]:
        vague.add("WGS84")
    return sum(bool(volume.band.based_on & vague) for volume in volumes)


def _notes(raw: RawZones, counts: Counts, twins: int, unknown: int) -> tuple[str, ...]:
    said = (
        (counts.repaired, "outlines that cross themselves, read as all they go around"),
        (counts.far, f"volumes farther than {FAR_M / 1000:g} km from the map, left out"),
        (counts.flat, "volumes without any height above this ground, left out"),
        (counts.without_geometry, "zones without geometry, left out"),
        (twins, "zones with the identifier of another, numbered"),
        (raw.odd_spellings, "zones with REQ_AUTHORIZATION, in ED-269 spelt REQ_AUTHORISATION"),
        (unknown, "volumes with heights above sea level or the ellipsoid, read as low and as tall as can be"),
    )
    return tuple(f"{words}: {count}" for count, words in said if count)
