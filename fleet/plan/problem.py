"""The problem: what is to be collected, by whom, where it may be brought, what every leg costs; and a plan for it.

Plain frozen data. Nodes are positions, numbered from 0: vehicles start at nodes, pickups and docks lie at nodes.
What a leg takes is asked of `Problem.ways`, one for each vehicle type (`fleet.plan.ways`). All of time is in
whole milliseconds, all cost in whole units that are the user's own. Energy follows from the mass that moves:

    energy_wh(leg) = power_coefficient * (empty_kg + load_kg) ** mass_exponent * effort_h[leg]

(`fleet.base.flight` says where that comes from, and `fleet.base.drive` for vehicles on the street. A plain range
in kilometres is `mass_exponent` 0, `power_coefficient` 1 and kilometres for `effort_h` and `battery_wh`.)

What a vehicle does. It stands at `node` from `ready_ms` on with `battery_wh`, and visits pickups and docks one by
one, its `committed` visits first. The leg to a visit takes `travel_ms` and energy for the load that is on board.
At a pickup it waits until `earliest_ms`, serves for `service_ms` and must be done by `latest_ms`. At a dock it
may unload (all that is on board, which must be something, and the dock must accept all of it), and may then charge
there; a stop at a dock does at least one of the two, or is committed, or ends the route. What is on board between
two unloadings is a trip: its mass and volume must fit, its materials must be allowed to share, and it may set out
(that is, end its stop at the last dock before its first pickup, or leave its start) no sooner than the last
`release_ms` of its pickups. A route ends empty, at a dock among the vehicle's `ends`, by its `until_ms` and by the
problem's `end_ms`. The battery holds its capacity at most, and has the reserve at the end of every leg that draws
anything.

What a dock can do. Unloading takes `unload_ms` and lies whole within one of its `hours`; at most `pads` vehicles
unload at a time. Charging takes the time its `Charger` says; at most `places` vehicles charge at a time. Who finds
no place free waits before it starts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fleet.plan.ways import UNREACHABLE_MS as UNREACHABLE_MS
from fleet.plan.ways import Floats as Floats
from fleet.plan.ways import Matrix as Matrix
from fleet.plan.ways import Ways

NEVER_MS = 10**15
"""A moment that does not come: a deadline there is none."""
UNLIMITED = 10**9
"""More pads, places or trips than anybody uses."""


@dataclass(frozen=True, slots=True)
class VehicleType:
    """What vehicles of a kind can do.

    `reserve_wh` is what must be in the battery at every moment; a battery of infinite size never needs charging.
    `certificates` are what its pickups may ask for. A route that visits anything costs `fixed_cost` and the cost
    of its legs; it has at most `most_trips` trips.
    """

    name: str
    empty_kg: float
    payload_kg: float
    volume_l: float
    battery_wh: float = float("inf")
    reserve_wh: float = 0.0
    power_coefficient: float = 0.0
    mass_exponent: float = 1.5
    certificates: frozenset[str] = frozenset()
    fixed_cost: int = 0
    most_trips: int = UNLIMITED


VisitKind = Literal["pickup", "dock"]
Visit = tuple[VisitKind, int]
"""("pickup", index) or ("dock", index)."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle that will be free at `node` at `ready_ms` with `battery_wh` and nothing on board.

    `ready_ms` may lie in the past. `committed` visits come first and in that order; nothing is put between them.
    What they break (loads, certificates, windows, hours, reserve) is not held against a plan, which has no choice.
    `ends` are the docks where its route may end; empty means any.
    """

    id: str
    type: int
    node: int
    ready_ms: int
    battery_wh: float = float("inf")
    until_ms: int = NEVER_MS
    ends: tuple[int, ...] = ()
    committed: tuple[Visit, ...] = ()


ChargeMode = Literal["full", "partial", "swap"]


@dataclass(frozen=True, slots=True)
class Charger:
    """How batteries are filled at a dock, and for how many vehicles at a time.

    "swap": a full battery in `fixed_ms`. "full": to the brim, in `fixed_ms` and `ms_per_wh` for each watt-hour.
    "partial": as much as the plan says, in the same time. An amount of time is rounded up.
    """

    mode: ChargeMode = "swap"
    fixed_ms: int = 0
    ms_per_wh: float = 0.0
    places: int = UNLIMITED


@dataclass(frozen=True, slots=True)
class Dock:
    """A site: `accepts` empty means no unloading, `charger` None no charging, `hours` empty always open."""

    id: str
    node: int
    accepts: frozenset[str] = frozenset()
    unload_ms: int = 0
    charger: Charger | None = None
    hours: tuple[tuple[int, int], ...] = ()
    pads: int = UNLIMITED


@dataclass(frozen=True, slots=True)
class Pickup:
    """One thing to collect. Its service begins at `earliest_ms` or later and ends by `latest_ms`.

    Each second, begun or whole, by which service ends after `due_ms` costs `late_cost_per_s`. `penalty` is the
    cost of leaving it out. `needs` are certificates that its vehicle must have. `release_ms`: see the module.
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
    needs: frozenset[str] = frozenset()
    due_ms: int = NEVER_MS
    late_cost_per_s: int = 0
    release_ms: int = -NEVER_MS


@dataclass(frozen=True)
class Problem:
    """All of it. `ways[t]` is for vehicles of type t. `apart` are pairs of materials that must not share a trip.
    `end_ms` is when every route must be over."""

    types: tuple[VehicleType, ...]
    vehicles: tuple[Vehicle, ...]
    docks: tuple[Dock, ...]
    pickups: tuple[Pickup, ...]
    ways: tuple[Ways, ...]
    end_ms: int
    apart: frozenset[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of a route: the index of a pickup or of a dock, and when it happens.

    `start_ms` is when service begins, `end_ms` when the vehicle is free. At a dock unloading takes place from
    `start_ms` on, and charging ends at `end_ms`, by `charge_wh`; between them it may wait for a place.
    """

    kind: VisitKind
    index: int
    arrive_ms: int
    start_ms: int
    end_ms: int
    unload: bool = False
    charge_wh: float = 0.0


@dataclass(frozen=True, slots=True)
class Route:
    """What one vehicle does, in order. It ends empty, at a dock, with `battery_wh` left."""

    vehicle: int
    stops: tuple[Stop, ...]
    battery_wh: float = field(default=float("inf"))


ReasonCode = Literal[
    "too-heavy",
    "too-voluminous",
    "not-certified",
    "not-accepted",
    "no-legal-path",
    "battery",
    "window",
    "closed",
    "shift",
    "fleet-busy",
    "too-dear",
]
"""Why a pickup is left out. The first nine are hurdles that bar a vehicle even if it does nothing else but what it
is committed to, and even if it finds every pad and charger free and every charge takes its `fixed_ms` alone. Each
vehicle has its first hurdle, in this order; the code is the hurdle of the vehicle that gets furthest, and of such
the one that misses by least.

- too-heavy, too-voluminous: the pickup alone is more than it carries (kg, l).
- not-certified: how many certificates it needs, and how many of them the vehicle has.
- not-accepted: no dock takes the material (1, 0).
- no-legal-path: no way there, on to a dock that takes it, and on to where the route may end, in which every stop
  between is at a charger (1, 0).
- battery: the longest stretch without charging, on the way that needs least, takes more than capacity less reserve
  (Wh). A stretch begins at a charger, or at the start, where what is missing to a full battery is added, and ends
  at a charger, or where the route does. (After committed visits the vehicle starts at the last of them, with a
  full battery and after no more than their legs and services.)
- window: the first moment at which service could be over, and `latest_ms`.
- closed: the first arrival at a dock that takes it, and when unloading must begin there at the latest. (Where no
  opening is long enough: how long unloading takes, and the longest opening.)
- shift: the first moment at which the route could be over, and when it must be.
- fleet-busy: no hurdle bars some vehicle, but as the plan stands nobody has room or time for it (1, 0).
- too-dear: it would fit, but costs at least its penalty (the extra cost, and the penalty).
"""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A change to the problem (`fleet.plan.relaxations` applies it and says what it counts).

    `amount` is in `unit`; `where` is the id of a vehicle, a dock or a pickup, or "node 7". It may be something
    that a relaxation before it adds.
    """

    kind: str
    amount: float
    unit: str
    where: str


@dataclass(frozen=True, slots=True)
class Omission:
    """A pickup left out, and why.

    `need` exceeds `limit`, both in the unit that the code implies (kg, l, Wh, ms). `vehicle` is the one that comes
    nearest (-1: there is none). `relaxations` together would admit the pickup to the plan; none are given where
    none were found.
    """

    pickup: int
    code: ReasonCode
    need: float
    limit: float
    vehicle: int = -1
    relaxations: tuple[Relaxation, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Routes, and a reason for every pickup that is on none. `cost`: fixed costs, legs, lateness, penalties."""

    routes: tuple[Route, ...]
    omitted: tuple[Omission, ...]
    cost: int
