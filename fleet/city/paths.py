"""Shortest legal paths amid closed ground, exact in the plane.

A shortest path among polygons bends only at their convex corners (Lozano-Perez and Wesley, "An algorithm for
planning collision-free paths among polyhedral obstacles", CACM 22(10), 1979), and there it is tangent to them. So:
which corners see each other, once per airspace; which corners each point sees; a search from each point over the
corners; and for each pair the best last corner, unless the two see each other. The work is done by compiled code
in `fleet.city.kernels`, which is loaded when there is the first obstacle to go round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon

from fleet.city.network import Bent, PathNetwork
from fleet.city.rings import merged, rings_of

if TYPE_CHECKING:
    from fleet.city.kernels.corners import Legs
    from fleet.city.kernels.scene import Scene
    from fleet.city.kernels.table import Table

__all__ = ["Airspace", "Bent", "PathNetwork"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


class Airspace:
    """Closed ground and the legal ways round it.

    `obstacles` are polygons in local metres, such as `fleet.city.airspace.obstacles` gives; they may overlap,
    touch and nest. The interior is closed, the edge is open.
    """

    def __init__(self, obstacles: Sequence[Polygon]) -> None:
        self.obstacles: tuple[Polygon, ...] = merged(obstacles)

    def blocked(self, x_m: npt.ArrayLike, y_m: npt.ArrayLike) -> Bools:
        """For each point whether it lies inside an obstacle."""
        x, y = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
        if not self._closed:
            return np.zeros(x.shape, dtype=bool)
        from fleet.city.kernels.sight import all_inside

        found = np.empty(x.size, dtype=bool)
        all_inside(self._scene.ground, _plain(x.ravel()), _plain(y.ravel()), found)
        return found.reshape(x.shape)

    def network(self, x_m: npt.ArrayLike, y_m: npt.ArrayLike) -> PathNetwork:
        """The shortest legal paths between all pairs of points, given as two arrays of shape (n,)."""
        x, y = _plain(x_m), _plain(y_m)
        if self._closed and len(x):
            from fleet.city.kernels.table import fill_table

            network = self._empty_network(x, y)
            fill_table(self._scene, self.graph, _table(network))
            return network
        dx, dy = x[:, None] - x[None, :], y[:, None] - y[None, :]
        none = np.empty(0)
        return PathNetwork(
            x, y, none, none, np.sqrt(dx * dx + dy * dy), _unset(len(x), len(x)), _unset(len(x), 0)
        )  # fmt: skip

    def path(self, x0: float, y0: float, x1: float, y1: float) -> Floats | None:
        """The shortest legal polyline between two points, shape (k, 2) with both ends, or None.

        A start inside an obstacle (a vehicle towed there) first leaves it by the nearest point of its edge;
        should that lead into a closed courtyard, by the nearest point of its outer edge.
        """
        if not self._closed:
            return np.array([[x0, y0], [x1, y1]], dtype=np.float64)
        if self.blocked([x1], [y1])[0]:
            return None
        from fleet.city.kernels.table import fill_pair

        for x, y in self._ways_out(x0, y0):
            network = self._empty_network(_plain([x, x1]), _plain([y, y1]))
            fill_pair(self._scene, self.graph, _table(network))
            if np.isfinite(network.length_m[0, 1]):
                line = network.path(0, 1)
                return line if (x, y) == (x0, y0) else np.vstack([[[x0, y0]], line])
        return None

    @cached_property
    def graph(self) -> Legs:
        """The corners and the legs between them: worked out when first needed, then kept.

        Where no ground is closed there is none, and nothing asks for it.
        """
        from fleet.city.kernels.corners import graph_of

        return graph_of(self._scene)

    @property
    def _closed(self) -> bool:
        return len(self._rings[0]) > 0

    @cached_property
    def _rings(self) -> tuple[Floats, npt.NDArray[np.int64]]:
        return rings_of(self.obstacles)

    @cached_property
    def _scene(self) -> Scene:
        from fleet.city.kernels.outline import outline_of
        from fleet.city.kernels.scene import scene_of

        return scene_of(outline_of(*self._rings))

    def _empty_network(self, x: Floats, y: Floats) -> PathNetwork:
        graph = self.graph
        length = np.full((len(x), len(x)), np.inf)
        last, before = _unset(len(x), len(x)), _unset(len(x), len(graph.x_m))
        return PathNetwork(x, y, graph.x_m, graph.y_m, length, last, before)

    def _ways_out(self, x: float, y: float) -> Iterator[tuple[float, float]]:
        if not self.blocked([x], [y])[0]:
            yield x, y
            return
        here = shapely.Point(x, y)
        for polygon in self.obstacles:
            if polygon.contains(here):
                for edge in (polygon.boundary, polygon.exterior):
                    near = shapely.get_coordinates(shapely.shortest_line(edge, here))[0]
                    yield float(near[0]), float(near[1])


def _plain(values: npt.ArrayLike) -> Floats:
    """The one kind of array that the kernels are compiled for."""
    return np.require(values, dtype=np.float64, requirements=["C", "A", "W"])


def _unset(rows: int, columns: int) -> Ints:
    return np.full((rows, columns), -1, dtype=np.int32)


def _table(network: PathNetwork) -> Table:
    from fleet.city.kernels.table import Table

    return Table(network.x_m, network.y_m, network.length_m, network.last, network.before)
