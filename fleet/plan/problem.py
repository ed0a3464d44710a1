"""The problem: what is to be collected, by whom, where it may be brought, and what every leg costs.

A problem is plain frozen data. Nodes are positions; vehicles start at nodes, pickups and docks lie at nodes;
`travel_ms` and `effort_h` hold, per vehicle type, what the leg between two nodes takes. Energy follows from
effort and the mass that moves:

    energy_wh(leg) = power_coefficient * (empty_kg + load_kg) ** mass_exponent * effort_h[leg]

(`fleet.base.flight` says where that comes from, and `fleet.base.drive` for vehicles on the street).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

UNREACHABLE_MS = 10**9
"""`travel_ms` of a leg for which there is no legal way."""


@dataclass(frozen=True, slots=True)
class VehicleType:
    """What vehicles of a kind can do. `reserve_wh` is what must be in the battery at every moment; `mass_exponent`
    is 1.5 by air and 1 by street."""

    name: str
    empty_kg: float
    payload_kg: float
    volume_l: float
    battery_wh: float
    reserve_wh: float
    power_coefficient: float
    hazmat: bool = False
    mass_exponent: float = 1.5


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle that will be free, empty, at `node` at `ready_ms` with `battery_wh`.

    A vehicle with `ready_ms` in the past is free now.
    """

    id: str
    type: int
    node: int
    ready_ms: int
    battery_wh: float


@dataclass(frozen=True, slots=True)
class Dock:
    """A site as the planner sees it: `accepts` empty means no unloading, `charge_ms` None no charging."""

    id: str
    node: int
    accepts: frozenset[str]
    unload_ms: int
    charge_ms: int | None


@dataclass(frozen=True, slots=True)
class Pickup:
    """One thing to collect. Its service must begin at `earliest_ms` or later and end by `latest_ms`.

    `penalty` is the cost of leaving it out, in the unit of the plan's cost (milliseconds of flight).
    """

    id: str
    node: int
    material: str
    mass_kg: float
    volume_l: float
    earliest_ms: int
    latest_ms: int
    service_ms: int
    penalty: int
    hazardous: bool = False


@dataclass(frozen=True)
class Problem:
    """All of it. `end_ms` is when every route must be over."""

    types: tuple[VehicleType, ...]
    vehicles: tuple[Vehicle, ...]
    docks: tuple[Dock, ...]
    pickups: tuple[Pickup, ...]
    travel_ms: tuple[Matrix, ...]
    effort_h: tuple[Floats, ...]
    end_ms: int


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of a route: the index of a pickup or of a dock, and when it happens.

    `start_ms` is when service begins (after any waiting for the window), `end_ms` when the vehicle is free.
    """

    kind: Literal["pickup", "dock"]
    index: int
    arrive_ms: int
    start_ms: int
    end_ms: int
    unload: bool = False
    charge: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """What one vehicle does, in order. It ends empty, at a dock, with `battery_wh` left."""

    vehicle: int
    stops: tuple[Stop, ...]
    battery_wh: float = 0.0


ReasonCode = Literal[
    "too-heavy",
    "too-voluminous",
    "not-certified",
    "not-accepted",
    "no-legal-path",
    "battery",
    "window",
    "fleet-busy",
]
"""Why a pickup is left out; every code but the last says that no vehicle could do it even *alone*.

Alone, a vehicle stands empty and with a full battery at its node at `ready_ms`. It flies to the pickup, waits for
the window, serves, flies to a taker (a dock that accepts the material) and unloads there by `end_ms`. Out and
back it flies directly or by chargers, as many as it likes, and leaves each with a full battery.

The codes are asked in the order above, and the first that holds is the vehicle's own:

- too-heavy, too-voluminous: the pickup's mass or volume against the type's capacity;
- not-certified, not-accepted, no-legal-path: need 1, limit 0 (certificates, takers, ways);
- battery: the least usable charge that would do, that is the least, over all ways, of the greatest energy
  between two fills, against `battery_wh - reserve_wh` of the type;
- window: the earliest end of service on a way that the battery allows against `latest_ms`; where that holds, the
  earliest end of unloading on such a way against `end_ms`.

The pickup's code is that of the vehicle which comes furthest in this order; of several, the one that misses
by least (`need - limit`). "fleet-busy" (need 1, limit 0: vehicles): one could do it alone, or there is none.
"""


@dataclass(frozen=True, slots=True)
class Omission:
    """A pickup left out: `need` exceeds `limit`, both in the unit that the code implies (kg, l, Wh, ms)."""

    pickup: int
    code: ReasonCode
    need: float
    limit: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Routes, and a reason for every pickup that is on none. `cost` is flight time plus penalties, ms."""

    routes: tuple[Route, ...]
    omitted: tuple[Omission, ...]
    cost: int
    solutions: int = 0
