"""Parts of a problem: some of its pickups and vehicles as a problem of their own, and their routes put back.

A part has the nodes that it needs and no more, with its ways as a table, so that it is small enough to be sent to
another process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fleet.plan.problem import Pickup, Problem, Vehicle, Visit
from fleet.plan.ways import Table, Ways

Visits = list[list[Visit]]
"""What every vehicle visits, by the vehicle's index."""


@dataclass(frozen=True, slots=True)
class Part:
    """Pickups to be planned together, and the vehicles for them: indices in the whole problem, ascending.

    No vehicle and no pickup is in two parts, and what a vehicle is committed to is in the vehicle's part.
    """

    pickups: tuple[int, ...]
    vehicles: tuple[int, ...]

    @staticmethod
    def of(problem: Problem, pickups: Sequence[int], vehicles: Sequence[int]) -> Part:
        """The part with these pickups and vehicles, and with what the vehicles are committed to."""
        bound = [i for v in vehicles for kind, i in problem.vehicles[v].committed if kind == "pickup"]
        return Part(tuple(sorted({*pickups, *bound})), tuple(sorted(vehicles)))

    def problem(self, whole: Problem) -> Problem:
        """This part of `whole`, with all of its docks."""
        pickups = [whole.pickups[p] for p in self.pickups]
        vehicles = [whole.vehicles[v] for v in self.vehicles]
        places = [p.node for p in pickups] + [v.node for v in vehicles] + [d.node for d in whole.docks]
        used = np.unique(np.array(places, dtype=np.int64))
        node = {int(old): new for new, old in enumerate(used)}
        index = {old: new for new, old in enumerate(self.pickups)}
        tables: dict[int, Ways] = {}
        for ways in whole.ways:
            if id(ways) not in tables:
                tables[id(ways)] = Table(*ways.block(used, used))
        return replace(
            whole,
            vehicles=tuple(_moved_vehicle(v, node, index) for v in vehicles),
            docks=tuple(replace(dock, node=node[dock.node]) for dock in whole.docks),
            pickups=tuple(_moved(p, node) for p in pickups),
            ways=tuple(tables[id(ways)] for ways in whole.ways),
        )

    def visits_in(self, visits: Sequence[Sequence[Visit]]) -> Visits:
        """What this part's vehicles visit in the whole problem's `visits`, in the part's own numbers.

        What is not in the part is left out.
        """
        index = {old: new for new, old in enumerate(self.pickups)}
        return [
            [(kind, index[i] if kind == "pickup" else i) for kind, i in visits[v] if kind == "dock" or i in index]
            for v in self.vehicles
        ]

    def put_back(self, visits: Sequence[Sequence[Visit]], into: Visits) -> None:
        """Write this part's `visits` into those of the whole problem."""
        for vehicle, row in zip(self.vehicles, visits, strict=True):
            into[vehicle] = [(kind, self.pickups[i] if kind == "pickup" else i) for kind, i in row]


def thinned(part: Part, problem: Problem, visits: Sequence[Sequence[Visit]], most: int) -> Part:
    """The part with at most `most` pickups: what its vehicles visit in `visits` (all of that, if it is more), and
    of the rest what costs most to leave out.

    Few vehicles may have more pickups around them than tables have room for.
    """
    if len(part.pickups) <= most:
        return part
    on = {i for v in part.vehicles for kind, i in visits[v] if kind == "pickup"}
    left = sorted(set(part.pickups) - on, key=lambda p: (-problem.pickups[p].penalty, p))
    return Part.of(problem, [*(on & set(part.pickups)), *left[: max(0, most - len(on))]], part.vehicles)


def _moved(pickup: Pickup, node: dict[int, int]) -> Pickup:
    return replace(pickup, node=node[pickup.node])


def _moved_vehicle(vehicle: Vehicle, node: dict[int, int], index: dict[int, int]) -> Vehicle:
    committed: tuple[Visit, ...] = tuple(
        (kind, index[i] if kind == "pickup" else i) for kind, i in vehicle.committed
    )
    return replace(vehicle, node=node[vehicle.node], committed=committed)
