"""The loads, batteries and permissions of a routing model.

Nothing is imported from `ortools` here: functions get the objects of a model, which have no types.

Masses and volumes are counted in millionths of a unit, and rounded up unless by less than a thousandth of that;
energy in millionths of the largest battery, rounded up. What a vehicle unloads or charges is the slack of its
dimension at a dock: the transit from there takes everything off, and the slack puts back what remains.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from fleet.plan.model_frame import Frame
from fleet.plan.model_layout import Copy
from fleet.plan.model_time import add_release, add_time
from fleet.plan.problem import Charger, Matrix, VehicleType

_UNITS = 10**6
_ROUNDING = 1e-3
CHARGES_FIRST, THEN_AMOUNTS = 100, 10
"""What values are chosen in what order, once it is known who goes where: times follow from what is charged, and
chosen before it they would be tried one by one."""
_RATE = 10**6
"""Charging times are reckoned in millionths of a millisecond for each unit of energy."""


def limit(frame: Frame) -> None:
    """Put all rules into the model of `frame`. Costs are not among them."""
    add_time(frame)
    _add_loads(frame)
    _add_aboard(frame)
    _add_materials(frame)
    add_battery(frame)
    add_release(frame)
    _add_trips(frame)
    _add_certificates(frame)
    _limit_ends(frame)


# --------------------------------------------------------------------------------------------------- loads


def _add_loads(frame: Frame) -> None:
    problem = frame.problem
    pickups = [problem.pickups[p] for p in frame.layout.pickups]
    for rule, amounts, capacities in (
        ("mass", [p.mass_kg for p in pickups], [k.payload_kg for k in problem.types]),
        ("volume", [p.volume_l for p in pickups], [k.volume_l for k in problem.types]),
    ):
        if not frame.keeps(rule) or not any(amount > 0.0 for amount in amounts):
            continue
        units = [math.ceil(_UNITS * amount - _ROUNDING) for amount in amounts]
        most = [math.floor(_UNITS * min(c, 2.0 * sum(amounts)) + _ROUNDING) for c in capacities]
        _add_load(frame, rule, units, most)


def _add_load(frame: Frame, name: str, amounts: Sequence[int], capacity_of_type: Sequence[int]) -> Any:
    """A dimension that pickups add to and unloading takes back to nothing."""
    layout, routing = frame.layout, frame.routing
    most = max(0, *capacity_of_type)
    transit = [0] * (layout.end + 1)
    transit[layout.first_pickup : layout.first_copy] = amounts
    for node, copy in zip(layout.copy_nodes(), layout.copies, strict=True):
        transit[node] = -most if copy.unloads else 0
    capacities = [max(0, capacity_of_type[v.type]) for v in frame.problem.vehicles]
    evaluator = routing.RegisterUnaryTransitVector(transit)
    routing.AddDimensionWithVehicleCapacity(evaluator, most, capacities, True, name)
    load = routing.GetDimensionOrDie(name)
    for index, copy in frame.copies():
        if not copy.unloads:
            load.SlackVar(index).SetValue(0)
    for index, _ in frame.pickups():
        load.SlackVar(index).SetValue(0)
    for vehicle in range(len(capacities)):
        load.SlackVar(routing.Start(vehicle)).SetValue(0)
    return load


def _add_aboard(frame: Frame) -> None:
    """How many pickups are on board: none at the end, but for those that the short cut home unloads."""
    count = len(frame.layout.pickups)
    aboard = _add_load(frame, "aboard", [1] * count, [count] * len(frame.problem.types))
    for index, copy in frame.copies():
        if copy.empty and not copy.unloads:
            aboard.CumulVar(index).SetMax(0)
    for vehicle in range(len(frame.problem.vehicles)):
        if frame.keeps("unloaded") and frame.layout.home(vehicle) is None:
            aboard.CumulVar(frame.routing.End(vehicle)).SetMax(0)


def _add_materials(frame: Frame) -> None:
    """How many pickups of each group of materials are on board, where some dock or some other group minds."""
    pickups = frame.pickups()
    apart = {frozenset(pair) for pair in frame.problem.apart} if frame.keeps("apart") else set()
    for number, group in enumerate(groups(frame)):
        ones = [int(p.material in group) for _, p in pickups]
        load = _add_load(frame, f"group{number}", ones, [len(ones)] * len(frame.problem.types))
        for index, copy in frame.copies():
            accepts = frame.problem.docks[copy.dock].accepts
            if copy.unloads and not group <= accepts and frame.keeps("material"):
                load.CumulVar(index).SetMax(0)
        for index, pickup in pickups:
            if any(frozenset((pickup.material, other)) in apart for other in group):
                load.CumulVar(index).SetMax(0)
        for vehicle in range(len(frame.problem.vehicles)):
            home = frame.layout.home(vehicle)
            if home is not None and not group <= home.covers:
                load.CumulVar(frame.routing.End(vehicle)).SetMax(0)


def groups(frame: Frame) -> list[frozenset[str]]:
    """Materials that no rule tells from each other, where there is a rule for them."""
    takers = [frame.problem.docks[d].accepts for d in sorted({c.dock for c in frame.layout.copies if c.unloads})]
    takers += [home.covers for home in frame.layout.homes if home is not None]
    by_rule: dict[tuple[object, ...], set[str]] = {}
    for material in sorted({frame.problem.pickups[p].material for p in frame.layout.pickups}):
        foes = tuple(sorted(tuple(sorted(pair)) for pair in frame.problem.apart if material in pair))
        taken = tuple(material in accepts for accepts in takers)
        if foes or not all(taken):
            by_rule.setdefault((taken, material if foes else ""), set()).add(material)
    return [frozenset(group) for group in by_rule.values()]


def _add_trips(frame: Frame) -> None:
    """How often a vehicle unloads; the short cut home does so once, except from a dock."""
    layout, types = frame.layout, frame.problem.types
    count = len(layout.pickups)
    if not frame.keeps("trips") or all(types[v.type].most_trips >= count for v in frame.problem.vehicles):
        return
    transit = np.zeros((layout.end + 1, layout.end + 1), dtype=np.int64)
    for node, copy in zip(layout.copy_nodes(), layout.copies, strict=True):
        transit[node] = int(copy.unloads)
    transit[layout.first_pickup : layout.first_copy, layout.end] = 1
    most = [max(0, min(types[v.type].most_trips, count + 1)) for v in frame.problem.vehicles]
    evaluator = frame.routing.RegisterTransitMatrix(transit.tolist())
    frame.routing.AddDimensionWithVehicleCapacity(evaluator, 0, most, True, "trips")


# ------------------------------------------------------------------------------------------------- battery


def draws(kind: VehicleType) -> bool:
    """Whether vehicles of a type can run out of energy."""
    return math.isfinite(kind.battery_wh) and kind.power_coefficient > 0.0


def add_battery(frame: Frame) -> None:
    """The dimension "battery": what has been drawn since the battery was full, of what may be.

    A vehicle that begins below its reserve counts as having just the reserve: it can take no leg that draws
    anything, but may charge where it stands. Filling what it has less takes no time in a proof (in a search every
    charge takes as long as from empty).
    """
    problem, routing = frame.problem, frame.routing
    usable_wh = [max(0.0, k.battery_wh - k.reserve_wh) if draws(k) else 0.0 for k in problem.types]
    if not frame.keeps("battery") or not any(draws(problem.types[v.type]) for v in problem.vehicles):
        return
    unit_wh = (max(usable_wh) or 1.0) / _UNITS
    charging = [n for n in frame.layout.copy_nodes() if frame.layout.copy_of(n).charges != "no"]

    def matrix(vehicle: int) -> Matrix:
        drawn = frame.legs[vehicle].energy_wh * draws(problem.types[problem.vehicles[vehicle].type])
        units = np.ceil(np.minimum(drawn / unit_wh, 4 * _UNITS) - _ROUNDING).astype(np.int64)
        units[charging] -= _UNITS
        return np.asarray(units)

    most_of_type = [math.floor(wh / unit_wh + _ROUNDING) for wh in usable_wh]
    most = [
        min(_UNITS, most_of_type[v.type]) if draws(problem.types[v.type]) else _UNITS for v in problem.vehicles
    ]
    routing.AddDimensionWithVehicleTransitAndCapacity(frame.per_class(matrix), _UNITS, most, False, "battery")
    battery = routing.GetDimensionOrDie("battery")
    for number, vehicle in enumerate(problem.vehicles):
        kind = problem.types[vehicle.type]
        spent_wh = kind.battery_wh - min(vehicle.battery_wh, kind.battery_wh) if draws(kind) else 0.0
        spent = min(most[number], math.ceil(spent_wh / unit_wh - _ROUNDING))
        battery.CumulVar(routing.Start(number)).SetValue(spent)
        battery.SlackVar(routing.Start(number)).SetValue(0)
    for index, _ in frame.pickups():
        battery.SlackVar(index).SetValue(0)
    for index, copy in frame.copies():
        charger = problem.docks[copy.dock].charger
        if copy.charges == "no" or charger is None:
            battery.SlackVar(index).SetValue(0)
        else:
            _link_charging(frame, index, copy, charger, unit_wh)


def _link_charging(frame: Frame, index: int, copy: Copy, charger: Charger, unit_wh: float) -> None:
    """Charging comes before whatever comes next, and never makes a battery more than full. It takes as long as it
    does; in searches, where that would let candidates be tried for ever, every stop there takes as long as from
    empty (`service_ms`). Nothing is asked of a stop that nobody visits, whatever its leg is to OR-Tools."""
    solver = frame.routing.solver()
    battery, time = frame.routing.GetDimensionOrDie("battery"), frame.routing.GetDimensionOrDie("time")
    left, pause = battery.SlackVar(index), time.SlackVar(index)
    visited = frame.routing.ActiveVar(index)
    drawn, leg = frame.onward("battery", index), battery.FixedTransitVar(index) + _UNITS * visited
    solver.Add(drawn >= leg)
    if frame.layout.homes:
        return
    charges = solver.BoolVar(f"charges{index}")
    solver.Add(_UNITS - left <= _UNITS * charges)
    if charger.mode != "partial":
        solver.Add(drawn <= leg + _UNITS * (1 - charges))
    rate = 0 if charger.mode == "swap" else math.ceil(_RATE * charger.ms_per_wh * unit_wh)
    solver.Add(_RATE * pause >= _RATE * charger.fixed_ms * charges + rate * (_UNITS - left))
    if copy.charges == "must" and frame.keeps("stop"):
        left.SetMax(_UNITS - 1)
    frame.routing.AddWeightedVariableMinimizedByFinalizer(charges, CHARGES_FIRST)
    frame.routing.AddWeightedVariableMaximizedByFinalizer(left, THEN_AMOUNTS)


# --------------------------------------------------------------------------------------------- permissions


def _add_certificates(frame: Frame) -> None:
    problem = frame.problem
    for index, pickup in frame.pickups():
        able = [v for v, it in enumerate(problem.vehicles) if pickup.needs <= problem.types[it.type].certificates]
        if frame.keeps("certificates") and len(able) < len(problem.vehicles):
            frame.routing.VehicleVar(index).SetValues([-1, *able])


def _limit_ends(frame: Frame) -> None:
    """Without short cuts a route ends at a dock of the vehicle's own; a stop that does nothing ends it."""
    routing, vehicles = frame.routing, frame.problem.vehicles
    every = [routing.End(v) for v in range(len(vehicles))]
    if frame.layout.homes:
        aboard = routing.GetDimensionOrDie("aboard")
        for index, copy in frame.copies():
            if copy.unloads:
                routing.solver().Add(frame.onward("aboard", index) == 0)
            else:
                goes_on = routing.NextVar(index) < routing.Size()
                routing.solver().Add(aboard.CumulVar(index) <= len(frame.layout.pickups) * goes_on)
        return
    for index, copy in frame.copies():
        allowed = [e for e, it in zip(every, vehicles, strict=True) if not it.ends or copy.dock in it.ends]
        if frame.keeps("ends") and len(allowed) < len(every):
            routing.NextVar(index).RemoveValues([e for e in every if e not in allowed])
        if frame.keeps("stop") and not (copy.unloads or copy.committed) and copy.charges == "no":
            routing.NextVar(index).SetValues([*every, index])
    if frame.keeps("unloaded"):
        for index, _ in frame.pickups():
            routing.NextVar(index).RemoveValues(every)
