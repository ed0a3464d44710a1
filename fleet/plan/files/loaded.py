"""What a problem file says: the `Problem`, and what is needed to speak of it in the file's own words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from fleet.base.errors import Fault
from fleet.city.frame import Frame
from fleet.plan.problem import Floats, Problem

Convention = Literal["dimacs", "exact", "integer"]
"""How the lengths and times of a file of the field become whole numbers.

- dimacs: times 10, the rest cut off (the DIMACS challenge; one decimal).
- exact: times 1,000, rounded to the nearest.
- integer: rounded to the nearest whole unit (TSPLIB, CVRPLIB).
"""
CONVENTIONS: tuple[Convention, ...] = ("dimacs", "exact", "integer")
SCALE: dict[Convention, int] = {"dimacs": 10, "exact": 1000, "integer": 1}
"""Whole units of cost, and milliseconds, in one unit of a file."""


@dataclass(frozen=True)
class Positions:
    """Where the nodes are: local metres (x east, y north), and the frame they are in, if it is known.

    `degrees` are longitudes and latitudes, where the file gave those.
    """

    x_m: Floats
    y_m: Floats
    frame: Frame | None = None
    degrees: tuple[Floats, Floats] | None = None

    def lon_lat(self) -> tuple[Floats, Floats] | None:
        """Longitudes and latitudes of all nodes, or None where nobody knows them."""
        if self.degrees is not None or self.frame is None:
            return self.degrees
        return self.frame.to_degrees(self.x_m, self.y_m)


@dataclass(frozen=True)
class Loaded:
    """A problem as it came from a file.

    `node_ids` names the nodes. `convention` is None for a file of our own, `cost_unit` how many units of cost make
    one unit of the `Cost` line of a .sol file. `drives` are the types that do not fly. `is_routes` says whether
    routes of customer numbers can tell a plan: one dock, all vehicles alike, no batteries. `remarks` are what is
    odd about it (`fleet.plan.checks`).
    """

    file: Path
    kind: str
    name: str
    problem: Problem
    node_ids: tuple[str, ...]
    positions: Positions | None = None
    convention: Convention | None = None
    cost_unit: int = 1
    drives: frozenset[int] = frozenset()
    remarks: tuple[Fault, ...] = ()

    @property
    def is_routes(self) -> bool:
        """Whether a .sol file can say everything about a plan."""
        problem = self.problem
        if len(problem.docks) != 1 or problem.docks[0].charger is not None:
            return False
        alike = {(v.type, v.node, v.ready_ms, v.until_ms, v.ends, v.committed) for v in problem.vehicles}
        limited = any(np.isfinite(problem.types[vehicle.type].battery_wh) for vehicle in problem.vehicles)
        return len(alike) <= 1 and not limited
