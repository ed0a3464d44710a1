"""Networks of legal paths that were worked out before, kept on disk by the content they follow from.

The name of a file is the SHA-256 of everything that the answer depends on: closed ground, points, and the version
of the method. So nothing can be out of date, and a map that is changed back finds its old answers. What cannot be
read, or written, is worked out again: a store makes a run quicker and never fails it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely

from fleet.base.wholefile import SUFFIX, whole_file
from fleet.city.paths import Airspace, PathNetwork

METHOD = 1
"""Counts up whenever the same input would give other numbers."""

MOST_BYTES = 2 * 1024**3
"""More than this is not kept: what was used longest ago goes first."""

Floats = npt.NDArray[np.float64]

_SEAL = 32
"""Bytes at the beginning of a file: the SHA-256 of the rest, so that nothing damaged is ever taken apart."""
_OURS = re.compile(r"[0-9a-f]{64}\.paths|\.[0-9a-f]{64}\.paths\..*" + re.escape(SUFFIX))


@dataclass(frozen=True)
class PathStore:
    """Networks in `directory`, made when it is first needed; None keeps nothing."""

    directory: Path | None = None

    def network(self, airspace: Airspace, x_m: Floats, y_m: Floats) -> PathNetwork:
        """What `airspace.network(x_m, y_m)` gives, from disk if it was asked for before."""
        if self.directory is None or not airspace.obstacles:
            return airspace.network(x_m, y_m)
        file = self.directory / f"{_key(airspace, x_m, y_m)}.paths"
        found = _read(file)
        if found is None:
            found = airspace.network(x_m, y_m)
            with contextlib.suppress(OSError):
                _write(file, {field.name: getattr(found, field.name) for field in fields(found)})
                _prune(self.directory)
        return found


NOWHERE = PathStore()
"""Keeps nothing."""


def default_directory(environment: Mapping[str, str]) -> Path | None:
    """Where a user's store is: $FLEET_CACHE ("off" for none), else `fleet` in the user's cache directory."""
    named = environment.get("FLEET_CACHE")
    if named is not None:
        return None if named in ("", "off") else Path(named)
    base = environment.get("XDG_CACHE_HOME", "")
    if not base and not environment.get("HOME"):
        return None
    return (Path(base) if base else Path(environment["HOME"]) / ".cache") / "fleet"


def _key(airspace: Airspace, x_m: Floats, y_m: Floats) -> str:
    names = " ".join(field.name for field in fields(PathNetwork))
    digest = hashlib.sha256(f"fleet paths {METHOD} {names} {len(airspace.obstacles)} {len(x_m)}".encode())
    for area in airspace.obstacles:
        digest.update(shapely.to_wkb(area, byte_order=1))
    for column in (x_m, y_m):
        digest.update(np.ascontiguousarray(column, dtype="<f8").tobytes())
    return digest.hexdigest()


def _read(file: Path) -> PathNetwork | None:
    """The network in `file`; None if it is missing or not whole."""
    try:
        data = file.read_bytes()
        if hashlib.sha256(data[_SEAL:]).digest() != data[:_SEAL]:
            return None
        with np.load(io.BytesIO(data[_SEAL:]), allow_pickle=False) as arrays:
            found = PathNetwork(**{field.name: arrays[field.name] for field in fields(PathNetwork)})
        os.utime(file)
    except OSError:
        return None
    return found


def _write(file: Path, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
    """All of it or nothing: two runs may write the same answer at once, and one may be killed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    with whole_file(file) as out:
        out.write(hashlib.sha256(content.getbuffer()).digest())
        out.write(content.getbuffer())


def _prune(directory: Path) -> None:
    """What a killed run left behind goes too, in its turn. Nothing goes that is not ours."""
    files = [f for f in directory.iterdir() if _OURS.fullmatch(f.name)]
    kept = sorted(((f.stat().st_mtime_ns, f.stat().st_size, f) for f in files), reverse=True)
    total = 0
    for _, size, file in kept:
        total += size
        if total > MOST_BYTES:
            file.unlink(missing_ok=True)
