"""Between degrees at the edges and metres inside."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """Azimuthal equidistant metres about a centre in EPSG:4326 degrees.

    Within 20 km of the centre lengths are right to better than 1e-5.

    >>> frame = Frame(7.42, 43.74)
    >>> x, y = frame.to_metres(7.42, 43.75)
    >>> abs(round(float(x), 3)), round(float(y))
    (0.0, 1111)
    """

    lon: float
    lat: float

    @property
    def proj(self) -> str:
        """The local metres as a PROJ string."""
        return f"+proj=aeqd +lat_0={self.lat!r} +lon_0={self.lon!r} +datum=WGS84 +units=m +no_defs"

    @cached_property
    def _transformer(self) -> Transformer:
        return Transformer.from_crs("EPSG:4326", self.proj, always_xy=True)

    def to_metres(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Degrees to (x east, y north) metres; arrays or numbers."""
        x, y = self._transformer.transform(np.asarray(lon, float), np.asarray(lat, float))
        return np.asarray(x), np.asarray(y)

    def to_degrees(self, x_m: npt.ArrayLike, y_m: npt.ArrayLike) -> tuple[Floats, Floats]:
        """The way back: (lon, lat)."""
        lon, lat = self._transformer.transform(np.asarray(x_m, float), np.asarray(y_m, float), direction="INVERSE")
        return np.asarray(lon), np.asarray(lat)
