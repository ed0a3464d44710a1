"""What legs between nodes take, for vehicles of one type: time, cost and effort, asked for in blocks.

A block, and not the whole, because ten thousand nodes make matrices of a hundred million entries; a part of the
problem needs only its own. `Table` holds matrices; `Plane` reckons straight lines from coordinates when asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Nodes = npt.NDArray[np.int64]

UNREACHABLE_MS = 10**9
"""`travel_ms` of a leg for which there is no legal way; its effort is infinite."""


class Block(NamedTuple):
    """Of every leg from each of some nodes to each of some others: whole milliseconds, whole cost, and the effort
    that energy follows from, hours. A leg from a node to itself takes nothing."""

    travel_ms: Matrix
    cost: Matrix
    effort_h: Floats


class Ways(Protocol):
    """Legs between `size` nodes."""

    @property
    def size(self) -> int:
        """How many nodes there are."""

    def block(self, rows: Nodes, columns: Nodes) -> Block:
        """What legs from `rows` to `columns` take; the arrays are the caller's to read, not to write."""


@dataclass(frozen=True, slots=True)
class Table:
    """Ways that are known leg by leg: three matrices of one shape (size, size)."""

    travel_ms: Matrix
    cost: Matrix
    effort_h: Floats

    def __post_init__(self) -> None:
        for name in Block._fields:
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name)))

    @property
    def size(self) -> int:
        """How many nodes there are."""
        return len(self.travel_ms)

    def block(self, rows: Nodes, columns: Nodes) -> Block:
        """See `Ways`."""
        # Rows follow one another in memory, so one list of places serves for all three; that is twice as quick.
        at = rows[:, None] * self.size + columns
        return Block(self.travel_ms.take(at), self.cost.take(at), self.effort_h.take(at))


@dataclass(frozen=True, slots=True)
class Plane:
    """Straight lines in the plane, with nothing in the way.

    A leg is as long as the distance between two nodes times `scale`, rounded as `rounding` says to whole units; it
    takes `ms_per_unit` for each of them, rounded up, costs `cost_per_unit`, and has an effort of
    `effort_per_unit`.
    """

    x: Floats
    y: Floats
    ms_per_unit: float
    cost_per_unit: int = 1
    effort_per_unit: float = 0.0
    scale: float = 1.0
    rounding: str = "up"
    """"up", "down" or "nearest" (half up)."""

    @property
    def size(self) -> int:
        """How many nodes there are."""
        return len(self.x)

    def block(self, rows: Nodes, columns: Nodes) -> Block:
        """See `Ways`."""
        dx = self.x[rows][:, None] - self.x[columns][None, :]
        dy = self.y[rows][:, None] - self.y[columns][None, :]
        length = self.scale * np.sqrt(dx * dx + dy * dy)
        if self.rounding == "nearest":
            units = np.floor(length + 0.5).astype(np.int64)
        else:
            units = (np.ceil if self.rounding == "up" else np.floor)(length).astype(np.int64)
        travel = np.ceil(units * self.ms_per_unit).astype(np.int64)
        return Block(travel, units * self.cost_per_unit, units.astype(np.float64) * self.effort_per_unit)
