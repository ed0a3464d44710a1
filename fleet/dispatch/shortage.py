"""What dispatch does while sites are said to have no power.

It plans with their chargers gone, lets every route end where there is power, keeps `rounds.EXTRA_RESERVE` of
each battery beyond the reserve (the next charger may go dark while somebody flies), and puts hazardous waste
first: what missing such a pickup costs counts `rounds.HAZARD_FACTOR` times, and such pickups are offered to
every round before all others. Who was to end at a site that is dark now, or stands there with little, is sent
on to where it can charge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import replace

from fleet.dispatch.belief import Belief, VehicleBelief
from fleet.dispatch.rounds import Atlas
from fleet.plan.calendar import charge_ms
from fleet.plan.problem import UNREACHABLE_MS, Dock, VehicleType

LITTLE = 0.6
"""With less than this share of its battery an idle vehicle goes to charge, once power has failed."""
ENERGY_MARGIN = 1.15
"""An order to charge counts on this much more than the way should take."""


def powered(atlas: Atlas, dark: Set[str]) -> Atlas:
    """The atlas without the chargers of sites that are dark."""
    if not dark:
        return atlas
    return replace(atlas, docks=tuple(replace(d, charger=None) if d.id in dark else d for d in atlas.docks))


def to_charge(atlas: Atlas, belief: Belief, now_ms: int) -> Iterator[tuple[VehicleBelief, Dock]]:
    """Whom to send where, at a moment, because of the power."""
    if not belief.power_failed:
        return
    bound: Counter[str] = Counter()
    for vehicle in belief.vehicles.values():
        if vehicle.quarantined or vehicle.awaits or vehicle.called_off_ms >= 0:
            continue
        if vehicle.state in ("lost", "grounded") or (vehicle.idle and vehicle.load_kg > 0.0):
            continue
        kind = atlas.types[vehicle.type]
        if vehicle.idle:
            goes = vehicle.free_wh < LITTLE * kind.battery_wh
        else:
            goes = vehicle.free_site in belief.dark and vehicle.free_ms > now_ms
        if goes and (dock := _nearest(atlas, vehicle, kind, bound)) is not None:
            bound[dock.id] += 1
            yield vehicle, dock


def _nearest(atlas: Atlas, vehicle: VehicleBelief, kind: VehicleType, bound: Counter[str]) -> Dock | None:
    """Where a vehicle is charged soonest, of where its battery takes it above the reserve."""
    here = atlas.node_of[vehicle.free_site]
    travel, effort = atlas.travel_ms[vehicle.type][here], atlas.effort_h[vehicle.type][here]
    level_w = kind.power_coefficient * kind.empty_kg**kind.mass_exponent
    best: tuple[int, str, Dock] | None = None
    for dock in atlas.docks:
        node = atlas.node_of[dock.id]
        if dock.charger is None or int(travel[node]) >= UNREACHABLE_MS:
            continue
        if vehicle.idle and vehicle.free_wh - ENERGY_MARGIN * level_w * float(effort[node]) < kind.reserve_wh:
            continue
        turns = bound[dock.id] // max(1, dock.charger.places)
        cost = int(travel[node]) + turns * charge_ms(dock.charger, kind.battery_wh)
        if best is None or (cost, dock.id) < best[:2]:
            best = cost, dock.id, dock
    return None if best is None else best[2]
