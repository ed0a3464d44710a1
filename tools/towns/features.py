"""Every feature of the contract, and how it is switched off in a problem: what it does shows in what is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fleet.plan.problem import NEVER_MS, UNLIMITED, Charger, Problem

INF = float("inf")
Change = Callable[[Problem], Problem]


def of_types(**changes: Any) -> Change:
    return lambda p: replace(p, types=tuple(replace(t, **changes) for t in p.types))


def of_vehicles(**changes: Any) -> Change:
    return lambda p: replace(p, vehicles=tuple(replace(v, **changes) for v in p.vehicles))


def of_pickups(**changes: Any) -> Change:
    return lambda p: replace(p, pickups=tuple(replace(x, **changes) for x in p.pickups))


def of_docks(**changes: Any) -> Change:
    return lambda p: replace(p, docks=tuple(replace(d, **changes) for d in p.docks))


def of_chargers(change: Callable[[Charger], Charger | None]) -> Change:
    return lambda p: replace(
        p, docks=tuple(replace(d, charger=None if d.charger is None else change(d.charger)) for d in p.docks)
    )


def everything_accepted(p: Problem) -> Problem:
    return of_docks(accepts=frozenset(x.material for x in p.pickups))(p)


FEATURES: dict[str, Change] = {
    "payload": of_types(payload_kg=INF),
    "volume": of_types(volume_l=INF),
    "battery": lambda p: of_vehicles(battery_wh=INF)(of_types(battery_wh=INF)(p)),
    "charge at the start": of_vehicles(battery_wh=INF),
    "reserve": of_types(reserve_wh=0.0),
    "load": of_types(mass_exponent=0.0, power_coefficient=1.0),
    "certificates": of_pickups(needs=frozenset()),
    "fixed cost": of_types(fixed_cost=0),
    "trips": of_types(most_trips=UNLIMITED),
    "until": of_vehicles(until_ms=NEVER_MS),
    "end": lambda p: replace(p, end_ms=NEVER_MS),
    "ends": of_vehicles(ends=()),
    "committed": of_vehicles(committed=()),
    "ready": of_vehicles(ready_ms=0),
    "accepts": everything_accepted,
    "unloading": of_docks(unload_ms=0),
    "hours": of_docks(hours=()),
    "pads": of_docks(pads=UNLIMITED),
    "chargers": of_chargers(lambda charger: None),
    "charging time": of_chargers(lambda charger: replace(charger, fixed_ms=0, ms_per_wh=0.0)),
    "partial charging": of_chargers(lambda c: replace(c, mode="full") if c.mode == "partial" else c),
    "windows": of_pickups(earliest_ms=-NEVER_MS, latest_ms=NEVER_MS),
    "service": of_pickups(service_ms=0),
    "lateness": of_pickups(late_cost_per_s=0),
    "release": of_pickups(release_ms=-NEVER_MS),
    "penalty": of_pickups(penalty=10**9),
    "apart": lambda p: replace(p, apart=frozenset()),
}
