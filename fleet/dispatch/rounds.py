"""One round of planning: from the belief to a problem, and from a plan to stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from fleet.base.materials import MATERIALS
from fleet.dispatch.belief import Belief, PickupBelief, VehicleBelief
from fleet.dispatch.params import DispatchParams
from fleet.messages.orders import StopOrder
from fleet.plan.problem import (
    UNREACHABLE_MS,
    Dock,
    Floats,
    Matrix,
    Pickup,
    Problem,
    Route,
    Vehicle,
    VehicleType,
)
from fleet.plan.ways import Block, Table

ORDER_DELAY_MS = 2_000
"""An order takes a tick to be heard, and its answer another."""
FULL_SHARE = 0.95
"""A facility this full takes no more loads in a plan."""
HAZMAT = "hazmat"
"""The certificate that hazardous materials ask for."""
ORDINARY = "ordinary"
"""What vehicles are certified for that may carry ordinary waste while no charger has power."""
HAZARD_FACTOR = 4
"""While power is short, leaving out a hazardous pickup costs so many times as much."""
EXTRA_RESERVE = 0.05
"""While power is short, plans keep this share of each battery beyond the reserve."""
_NO_WAY_COST = 10**8
_LEAVE_OUT_MS = 900_000
_URGENT_MS = 5_400_000
_DOUBT = 4
"""Each time that more lay there than there was room for, the margin of the load grows by so many times itself."""


@dataclass(frozen=True)
class Atlas:
    """What is planned with: types, docks, where everything is, what legs take. It changes with the sky alone."""

    types: tuple[VehicleType, ...]
    docks: tuple[Dock, ...]
    capacity_kg: Mapping[str, float]
    node_of: Mapping[str, int]
    x_m: Floats
    y_m: Floats
    travel_ms: tuple[Matrix, ...]
    effort_h: tuple[Floats, ...]
    end_ms: int

    @cached_property
    def open_nodes(self) -> npt.NDArray[np.bool_]:
        """For each node whether any type has a way to it from a dock and back."""
        docks = [dock.node for dock in self.docks]
        ways = [np.maximum(m[docks, :], m[:, docks].T).min(axis=0) < UNREACHABLE_MS for m in self.travel_ms]
        return np.asarray(np.logical_or.reduce(ways))


@dataclass(frozen=True)
class Round:
    """A problem, and whom and what its indices mean."""

    problem: Problem
    vehicles: tuple[VehicleBelief, ...]
    pickups: tuple[PickupBelief, ...]


def make_round(atlas: Atlas, belief: Belief, params: DispatchParams, now_ms: int) -> Round:
    """The problem of vehicles that are free soon, and of the open pickups nearest in time and place."""
    soon = now_ms + 1000 * params.lookahead_s
    able = tuple(v for v in belief.vehicles.values() if _plannable(v, soon))
    short = bool(belief.dark)
    ends = tuple(n for n, dock in enumerate(atlas.docks) if dock.charger is not None) if short else ()
    pickups = _candidates(atlas, belief, able, params.candidates_per_vehicle)
    vehicles = _nearest(atlas, able, pickups)
    end_ms = min(atlas.end_ms, soon + 1000 * params.horizon_s)
    nodes = np.array(
        sorted({atlas.node_of[d.id] for d in atlas.docks} | {atlas.node_of[p.request.point_id] for p in pickups}),
        dtype=np.int64,
    )
    local = {int(node): i for i, node in enumerate(nodes)}
    problem = Problem(
        types=tuple(map(_with_more_reserve, atlas.types)) if short else atlas.types,
        vehicles=tuple(replace(_vehicle(atlas, v, local, now_ms), ends=ends) for v in vehicles),
        docks=tuple(_dock(atlas, belief, d, local) for d in atlas.docks),
        pickups=tuple(
            _pickup(p, local[atlas.node_of[p.request.point_id]], now_ms, atlas.types, params.load_margin)
            for p in pickups
        ),
        ways=tuple(
            _ways(travel, effort, nodes) for travel, effort in zip(atlas.travel_ms, atlas.effort_h, strict=True)
        ),
        end_ms=end_ms,
    )
    if short:
        problem = replace(problem, pickups=_hazardous_first(problem.pickups))
    if short and not ends:
        problem = _kept_for_hazards(problem)
    return Round(problem, vehicles, pickups)


def _with_more_reserve(kind: VehicleType) -> VehicleType:
    return replace(kind, reserve_wh=kind.reserve_wh + EXTRA_RESERVE * kind.battery_wh)


def _hazardous_first(pickups: tuple[Pickup, ...]) -> tuple[Pickup, ...]:
    return tuple(replace(p, penalty=HAZARD_FACTOR * p.penalty) if HAZMAT in p.needs else p for p in pickups)


def _kept_for_hazards(problem: Problem) -> Problem:
    """No charger has power: what is left in vehicles certified for hazards is for those, if there are others."""
    if all(HAZMAT in kind.certificates for kind in problem.types):
        return problem
    types = tuple(
        kind if HAZMAT in kind.certificates else replace(kind, certificates=kind.certificates | {ORDINARY})
        for kind in problem.types
    )
    pickups = tuple(p if HAZMAT in p.needs else replace(p, needs=p.needs | {ORDINARY}) for p in problem.pickups)
    return replace(problem, types=types, pickups=pickups)


def _ways(travel_ms: Matrix, effort_h: Floats, nodes: npt.NDArray[np.int64]) -> Table:
    """Legs between `nodes`; what a leg costs is the time it takes, and one that cannot be gone is never paid."""
    grid = np.ix_(nodes, nodes)
    travel = travel_ms[grid]
    return Table(*Block(travel, np.minimum(travel, _NO_WAY_COST), effort_h[grid]))


def _plannable(vehicle: VehicleBelief, soon_ms: int) -> bool:
    if vehicle.quarantined or vehicle.awaits or vehicle.state in ("lost", "grounded") or vehicle.free_ms > soon_ms:
        return False
    if vehicle.called_off_ms >= 0:
        return False
    return not (vehicle.idle and vehicle.load_kg > 0.0)


def _candidates(
    atlas: Atlas, belief: Belief, vehicles: Sequence[VehicleBelief], per_vehicle: int
) -> tuple[PickupBelief, ...]:
    """Half by how soon their window closes, half by how near a free vehicle is.

    What nobody could ever carry or take comes on top: it gets its reason and costs no place.
    """
    if not vehicles:
        return ()
    count = per_vehicle * len(vehicles)
    in_order = sorted(belief.open.values(), key=lambda p: (p.request.latest_ms, p.request.pickup_id))
    if belief.dark:
        in_order.sort(key=lambda p: HAZMAT not in needs_of(p.request.material))
    accepted = frozenset[str]().union(*(d.accepts for d in atlas.docks if takes_loads(atlas, belief, d)))
    waiting: list[PickupBelief] = []
    beyond: list[PickupBelief] = []
    for pickup in in_order:
        possible = _is_possible(pickup, atlas.types, accepted) and _is_open(pickup, atlas)
        (waiting if possible else beyond).append(pickup)
    if len(waiting) <= count:
        return tuple(in_order)
    urgent, rest = waiting[: count // 2], waiting[count // 2 :]
    nodes = [atlas.node_of[p.request.point_id] for p in rest]
    near = _soonest(atlas, vehicles, nodes)
    order = sorted(range(len(rest)), key=lambda i: (int(near[i]), rest[i].request.pickup_id))
    return tuple(urgent + [rest[i] for i in order[: count - len(urgent)]] + beyond)


def _soonest(atlas: Atlas, vehicles: Sequence[VehicleBelief], nodes: Sequence[int]) -> Matrix:
    """How near each node is to one of `vehicles`, as each of them goes."""
    starts: dict[int, list[int]] = {}
    for vehicle in vehicles:
        starts.setdefault(vehicle.type, []).append(atlas.node_of[vehicle.free_site])
    there = [atlas.travel_ms[number][np.ix_(nodes_from, nodes)] for number, nodes_from in starts.items()]
    return np.asarray(np.minimum.reduce([times.min(axis=0) for times in there]))


def others_could(atlas: Atlas, belief: Belief, pickup: PickupBelief) -> bool:
    """Whether a pickup to which no vehicle of the round has a way is open to somebody who is busy now."""
    request, node = pickup.request, atlas.node_of[pickup.request.point_id]
    needs = needs_of(request.material)
    takers = [atlas.node_of[d.id] for d in atlas.docks if request.material in d.accepts]
    for vehicle in belief.vehicles.values():
        if vehicle.quarantined or vehicle.state == "lost":
            continue
        kind, travel = atlas.types[vehicle.type], atlas.travel_ms[vehicle.type]
        if request.declared_kg > kind.payload_kg or request.declared_l > kind.volume_l:
            continue
        if not needs <= kind.certificates:
            continue
        home = min((int(travel[node, taker]) for taker in takers), default=UNREACHABLE_MS)
        if max(int(travel[atlas.node_of[vehicle.free_site], node]), home) < UNREACHABLE_MS:
            return True
    return False


def _is_open(pickup: PickupBelief, atlas: Atlas) -> bool:
    return bool(atlas.open_nodes[atlas.node_of[pickup.request.point_id]])


def _is_possible(pickup: PickupBelief, types: Sequence[VehicleType], accepted: Set[str]) -> bool:
    """Whether any vehicle of the fleet could carry it and any dock would take it, leaving place and time aside."""
    request = pickup.request
    return request.material in accepted and any(
        request.declared_kg <= kind.payload_kg
        and request.declared_l <= kind.volume_l
        and needs_of(request.material) <= kind.certificates
        for kind in types
    )


def needs_of(material: str) -> frozenset[str]:
    """The certificates that a vehicle must have to carry `material`."""
    return frozenset({HAZMAT}) if MATERIALS[material].hazardous else frozenset()


def _nearest(
    atlas: Atlas, able: tuple[VehicleBelief, ...], pickups: Sequence[PickupBelief]
) -> tuple[VehicleBelief, ...]:
    """When many are free and little is to be done: for each pickup the two of each type that are nearest."""
    if len(able) <= 2 * len(pickups):
        return able
    chosen: set[str] = set()
    for pickup in pickups:
        node = atlas.node_of[pickup.request.point_id]
        for number in range(len(atlas.types)):
            there = sorted(
                (int(atlas.travel_ms[number][atlas.node_of[v.free_site], node]), v.free_ms, v.id)
                for v in able
                if v.type == number
            )
            chosen |= {name for _, _, name in there[:2]}
    return tuple(v for v in able if v.id in chosen)


def _vehicle(atlas: Atlas, vehicle: VehicleBelief, local: Mapping[int, int], now_ms: int) -> Vehicle:
    """A vehicle that should be free and has not said so is given one more minute."""
    late = 0 if vehicle.idle else 60_000
    ready = max(vehicle.free_ms, now_ms + late if vehicle.free_ms <= now_ms else 0) + ORDER_DELAY_MS
    return Vehicle(vehicle.id, vehicle.type, local[atlas.node_of[vehicle.free_site]], ready, vehicle.free_wh)


def takes_loads(atlas: Atlas, belief: Belief, dock: Dock) -> bool:
    """Whether a site is believed to be open, and to have room."""
    full_kg = FULL_SHARE * atlas.capacity_kg[dock.id]
    return dock.id not in belief.closed and belief.stock_kg.get(dock.id, 0.0) < full_kg


def _dock(atlas: Atlas, belief: Belief, dock: Dock, local: Mapping[int, int]) -> Dock:
    accepts = dock.accepts if takes_loads(atlas, belief, dock) else frozenset()
    return replace(dock, node=local[atlas.node_of[dock.id]], accepts=accepts)


def _pickup(
    pickup: PickupBelief, node: int, now_ms: int, types: Sequence[VehicleType], load_margin: float
) -> Pickup:
    """Requesters are off by some percent, so a little more is planned for; never more than any box holds."""
    request = pickup.request
    margin = 1.0 + (load_margin - 1.0) * (1 + _DOUBT * pickup.misfits)
    most_kg, most_l = max(t.payload_kg for t in types), max(t.volume_l for t in types)
    slack = min(1.0, max(0, request.latest_ms - now_ms) / _URGENT_MS)
    penalty = round(_LEAVE_OUT_MS * request.priority * (1.0 + 3.0 * (1.0 - slack)))
    return Pickup(
        id=request.pickup_id,
        node=node,
        material=request.material,
        mass_kg=max(request.declared_kg, min(margin * request.declared_kg, most_kg)),
        volume_l=max(request.declared_l, min(margin * request.declared_l, most_l)),
        earliest_ms=request.earliest_ms,
        latest_ms=request.latest_ms,
        service_ms=request.service_ms,
        penalty=penalty,
        needs=needs_of(request.material),
    )


def stop_orders(this: Round, atlas: Atlas, route: Route) -> tuple[StopOrder, ...]:
    """What the vehicle is told."""
    stops = []
    for stop in route.stops:
        if stop.kind == "pickup":
            request = this.pickups[stop.index].request
            stops.append(
                StopOrder(
                    kind="pickup",
                    target=request.pickup_id,
                    x_m=request.x_m,
                    y_m=request.y_m,
                    earliest_ms=request.earliest_ms,
                    latest_ms=request.latest_ms,
                    service_ms=request.service_ms,
                    mass_kg=request.declared_kg,
                )
            )
        else:
            stops.append(
                dock_order(atlas, atlas.docks[stop.index].id, unload=stop.unload, charge=stop.charge_wh > 0)
            )
    return tuple(stops)


def dock_order(atlas: Atlas, site: str, *, unload: bool, charge: bool) -> StopOrder:
    """A stop at a site."""
    node = atlas.node_of[site]
    return StopOrder(
        kind="dock",
        target=site,
        x_m=round(float(atlas.x_m[node]), 2),
        y_m=round(float(atlas.y_m[node]), 2),
        unload=unload,
        charge=charge,
    )
