"""Tiny OpenStreetMap towns, written by hand, for the tests of the importer."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from fleet.city.osm import ImportResult, import_osm

LON, LAT = 24.94, 60.17
STEP = 0.001
"""Degrees between neighbours of a town's grid: about 111 m north, 55 m east."""


class Town:
    """Collects nodes, ways and relations, in units of `STEP` from (LON, LAT), and writes them as XML."""

    def __init__(self, bounds: tuple[float, float, float, float] | None = None) -> None:
        self._bounds = bounds
        self._items: dict[str, list[str]] = {"node": [], "way": [], "relation": []}
        self._next = 1

    def node(self, x: float, y: float, **tags: str) -> int:
        lon, lat = self.degrees(x, y)
        return self._add("node", f' lon="{lon:.7f}" lat="{lat:.7f}"', "", tags)

    def way(self, *corners: tuple[float, float], **tags: str) -> int:
        return self.way_of([self.node(x, y) for x, y in corners], **tags)

    def way_of(self, nodes: list[int], **tags: str) -> int:
        return self._add("way", "", "".join(f'<nd ref="{n}"/>' for n in nodes), tags)

    def square(self, x: float, y: float, side: float = 0.3, **tags: str) -> int:
        corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
        nodes = [self.node(*corner) for corner in corners]
        return self.way_of([*nodes, nodes[0]], **tags)

    def relation(self, members: list[tuple[int, str]], **tags: str) -> int:
        body = "".join(f'<member type="way" ref="{ref}" role="{role}"/>' for ref, role in members)
        return self._add("relation", "", body, {"type": "multipolygon", **tags})

    def streets(self, size: int = 6) -> None:
        """A grid of residential streets."""
        for k in range(size):
            self.way(*((k - 0.5, y) for y in range(size)), highway="residential")
            self.way(*((x, k - 0.5) for x in range(size)), highway="residential")

    def xml(self) -> str:
        bounds = ""
        if self._bounds:
            west, south, east, north = self._bounds
            (a, b), (c, d) = self.degrees(west, south), self.degrees(east, north)
            bounds = f'<bounds minlon="{a}" minlat="{b}" maxlon="{c}" maxlat="{d}"/>'
        body = "\n".join(line for lines in self._items.values() for line in lines)
        return f'<?xml version="1.0"?>\n<osm version="0.6">{bounds}\n{body}\n</osm>\n'

    def imported(self, folder: Path, **wishes: Any) -> ImportResult:
        path = folder / "little-town.osm"
        path.write_text(self.xml(), encoding="utf-8")
        return import_osm(path, **wishes)

    @staticmethod
    def degrees(x: float, y: float) -> tuple[float, float]:
        return LON + x * STEP, LAT + y * STEP

    def _add(self, kind: str, attributes: str, body: str, tags: dict[str, str]) -> int:
        number, self._next = self._next, self._next + 1
        body += "".join(f"<tag k={quoteattr(k.replace('__', ':'))} v={quoteattr(v)}/>" for k, v in tags.items())
        self._items[kind].append(f'<{kind} id="{number}" version="1"{attributes}>{body}</{kind}>')
        return number


def plain_town() -> Town:
    """A grid of streets with a house in each block."""
    town = Town()
    town.streets()
    for x in range(5):
        for y in range(5):
            town.square(x, y, building="yes")
    return town
