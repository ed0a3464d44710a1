"""The parse step of a map: bytes to raw features, each with its place in the file.

Nothing here knows what a building is. `read_map` refuses what is not a GeoJSON FeatureCollection.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet.base.errors import Fault, InputError
from fleet.city.jsonfile import Complaints, read_json, show

_DEGREE_NAMES = ("CRS84", "EPSG:4326", "EPSG::4326")


@dataclass(frozen=True)
class RawMap:
    """A FeatureCollection as it stands in the file, before anybody asked whether it makes sense."""

    file: str
    text: str
    members: dict[str, Any]

    @property
    def features(self) -> list[Any]:
        """The list under `features`, unchecked."""
        features: list[Any] = self.members["features"]
        return features


def read_map(path: Path) -> RawMap:
    """The raw map in `path`. InputError when the file cannot be read or is no GeoJSON FeatureCollection."""
    file = str(path)
    text, document = read_json(path, "map", "a GeoJSON FeatureCollection")
    if not isinstance(document, dict):
        raise InputError([Fault(file, 1, 1, "", "a GeoJSON FeatureCollection", show(document))])
    complaints = Complaints(file, text)
    if document.get("type") != "FeatureCollection":
        complaints.member("type", '"FeatureCollection"', show(document.get("type")))
    if not isinstance(document.get("features"), list):
        complaints.member("features", "a list of features", show(document.get("features")))
    elif not document["features"]:
        complaints.member("features", "at least one feature", "none")
    _check_crs(document.get("crs"), complaints)
    complaints.raise_if_any()
    return RawMap(file, text, document)


def _check_crs(crs: object, complaints: Complaints) -> None:
    """GeoJSON of 2008 could name another reference system; RFC 7946 knows degrees only."""
    if crs is not None and not any(name in json.dumps(crs) for name in _DEGREE_NAMES):
        complaints.member(
            "crs", "degrees (EPSG:4326)", "another reference system", "reproject the file to EPSG:4326"
        )
