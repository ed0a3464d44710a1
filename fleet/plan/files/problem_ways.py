"""Ways in the project's problem file: straight lines and matrices, to and from the contract's."""

from __future__ import annotations

from typing import Any

import numpy as np

from fleet.city.jsonfile import Complaints, Trail
from fleet.plan.files.loaded import Positions
from fleet.plan.files.problem_model import MatrixModel, StraightModel
from fleet.plan.problem import UNREACHABLE_MS, Floats
from fleet.plan.ways import Matrix, Plane, Table, Ways

MS_PER_H = 3_600_000.0


def as_plane(ways: StraightModel, positions: Positions) -> Plane:
    """Straight lines. Exactly one of `speed_mps` and `ms_per_unit` must be given."""
    if ways.speed_mps is not None:
        ms_per_unit = 1000.0 / (ways.speed_mps * ways.units_per_m)
    else:
        ms_per_unit = ways.ms_per_unit or 0.0
    effort = ms_per_unit / MS_PER_H if ways.effort_h_per_unit is None else ways.effort_h_per_unit
    return Plane(
        positions.x_m, positions.y_m, ms_per_unit, ways.cost_per_unit, effort, ways.units_per_m, ways.rounding
    )


def as_table(ways: MatrixModel, size: int, trail: Trail, complaints: Complaints) -> Table:
    """Matrices; those of the wrong size, or with legs from a node to itself, are noted."""
    empty = np.zeros((0, 0))
    tables: dict[str, Floats] = {}
    given: dict[str, list[Any] | None] = {
        "travel_ms": list(ways.travel_ms),
        "cost": list(ways.cost),
        "effort_h": ways.effort_h if ways.effort_h is None else list(ways.effort_h),
    }
    for name, rows in given.items():
        if rows is None:
            continue
        if _is_square(rows, size, (*trail, name), complaints):
            nothing = float("inf") if name == "effort_h" else float(UNREACHABLE_MS)
            filled = [[nothing if value is None else value for value in row] for row in rows]
            tables[name] = np.array(filled, dtype=np.float64).reshape(size, size)
            for n in np.flatnonzero(np.diagonal(tables[name])):
                found = f"{tables[name][n, n]:g}"
                complaints.value((*trail, name, int(n), int(n)), "0: a node is no way from itself", found)
    if len(tables) < sum(rows is not None for rows in given.values()):
        return Table(empty.astype(np.int64), empty.astype(np.int64), empty)
    travel = tables["travel_ms"].astype(np.int64)
    by_time = np.where(travel >= UNREACHABLE_MS, np.inf, travel / MS_PER_H)
    effort = np.where(travel >= UNREACHABLE_MS, np.inf, tables.get("effort_h", by_time))
    return Table(travel, tables["cost"].astype(np.int64), effort)


def _is_square(rows: list[Any], size: int, trail: Trail, complaints: Complaints) -> bool:
    if len(rows) != size:
        complaints.value(trail, f"{size} rows, one for each node", f"{len(rows)}")
        return False
    wrong = [n for n, row in enumerate(rows) if len(row) != size]
    for n in wrong:
        complaints.value((*trail, n), f"{size} columns, one for each node", f"{len(rows[n])}")
    return not wrong


def ways_said(name: str, ways: Ways, positions: Positions | None) -> dict[str, Any]:
    """The ways as a file says them: straight lines where they are between the positions, else matrices."""
    if isinstance(ways, Plane) and positions is not None and _is_between(ways, positions):
        return {
            "kind": "straight",
            "name": name,
            "ms_per_unit": ways.ms_per_unit,
            "units_per_m": ways.scale,
            "rounding": ways.rounding,
            "cost_per_unit": ways.cost_per_unit,
            "effort_h_per_unit": ways.effort_per_unit,
        }
    everywhere = np.arange(ways.size, dtype=np.int64)
    block = ways.block(everywhere, everywhere)
    return {
        "kind": "matrix",
        "name": name,
        "travel_ms": _said(np.minimum(block.travel_ms, UNREACHABLE_MS), block.travel_ms >= UNREACHABLE_MS),
        "cost": _said(block.cost, np.zeros(block.cost.shape, dtype=bool)),
        "effort_h": _said(block.effort_h, np.isinf(block.effort_h)),
    }


def _is_between(plane: Plane, positions: Positions) -> bool:
    return np.array_equal(plane.x, positions.x_m) and np.array_equal(plane.y, positions.y_m)


def _said(values: Matrix | Floats, none: Any) -> list[list[Any]]:
    return [
        [None if absent else value for value, absent in zip(row, blank, strict=True)]
        for row, blank in zip(values.tolist(), none.tolist(), strict=True)
    ]
