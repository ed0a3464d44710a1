"""The times of a routing model: windows, opening hours, ends, and the moments at which trips may set out.

Nothing is imported from `ortools` here: functions get the objects of a model, which have no types. Times are whole
milliseconds from the frame's origin on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from fleet.plan.model_frame import Frame
from fleet.plan.problem import Matrix, Pickup


def add_time(frame: Frame) -> None:
    """The dimension "time": cumul is when service or unloading begins, slack is charging and waiting."""
    routing, horizon = frame.routing, frame.horizon_ms

    def matrix(vehicle: int) -> Matrix:
        legs = frame.legs[vehicle]
        travel = legs.travel_ms + service_ms(frame)[:, None]
        closed = legs.closed if frame.keeps("way") else np.zeros_like(legs.closed)
        return np.asarray(np.where(closed, horizon + 1, np.minimum(travel, horizon + 1)))

    routing.AddDimensionWithVehicleTransits(frame.per_class(matrix), horizon, horizon, False, "time")
    time = routing.GetDimensionOrDie("time")
    for number, vehicle in enumerate(frame.problem.vehicles):
        ready = vehicle.ready_ms - frame.origin_ms
        last = min(vehicle.until_ms - frame.origin_ms, horizon) if frame.keeps("until") else horizon
        if ready > last and not vehicle.committed:
            routing.NextVar(routing.Start(number)).SetValue(routing.End(number))
            ready, last = 0, horizon
        time.CumulVar(routing.Start(number)).SetValue(ready)
        time.CumulVar(routing.End(number)).SetMax(last)
    for index, pickup in frame.pickups():
        _set_window(frame, time, index, pickup)
    for index, copy in frame.copies():
        dock = frame.problem.docks[copy.dock]
        kept = copy.unloads and dock.hours and frame.keeps("hours")
        if kept and not _open(time.CumulVar(index), dock.hours, frame.origin_ms, 0, dock.unload_ms):
            frame.bar(index)
    _open_homes(frame, time)


def service_ms(frame: Frame) -> Matrix:
    """What a visit of each node takes; nothing at starts and at the end. In searches a stop that may charge does,
    for as long as from empty; otherwise charging is not part of it."""
    layout = frame.layout
    service = np.zeros(layout.end + 1, dtype=np.int64)
    for node, index in zip(layout.pickup_nodes(), layout.pickups, strict=True):
        service[node] = layout.problem.pickups[index].service_ms
    for node, copy in zip(layout.copy_nodes(), layout.copies, strict=True):
        dock = layout.dock_of(node)
        service[node] = dock.unload_ms if copy.unloads else 0
        if layout.homes and copy.charges != "no" and dock.charger is not None:
            largest_wh = max(
                (k.battery_wh for k in layout.problem.types if math.isfinite(k.battery_wh)), default=0.0
            )
            rate = 0.0 if dock.charger.mode == "swap" else dock.charger.ms_per_wh
            service[node] += dock.charger.fixed_ms + math.ceil(rate * largest_wh)
    return service


def _set_window(frame: Frame, time: Any, index: int, pickup: Pickup) -> None:
    if not frame.keeps("window"):
        return
    first = max(0, pickup.earliest_ms - frame.origin_ms)
    if frame.keeps("release"):
        first = max(first, pickup.release_ms - frame.origin_ms)
    last = min(pickup.latest_ms - frame.origin_ms, frame.horizon_ms) - pickup.service_ms
    if first <= last:
        time.CumulVar(index).SetRange(first, last)
    else:
        frame.bar(index)


def _open(moment: Any, hours: Sequence[tuple[int, int]], origin_ms: int, after_ms: int, before_ms: int) -> bool:
    """Keep `moment` in one of the hours, `after_ms` after opening and `before_ms` before closing; False if it
    cannot be."""
    spans = [
        (max(opening - origin_ms + after_ms, moment.Min()), min(closing - origin_ms - before_ms, moment.Max()))
        for opening, closing in sorted(hours)
    ]
    spans = [(first, last) for first, last in spans if first <= last]
    if not spans:
        return False
    reached = spans[0][1]
    gaps = []
    for first, last in spans[1:]:
        if first > reached + 1:
            gaps.append((reached + 1, first - 1))
        reached = max(reached, last)
    moment.SetRange(spans[0][0], reached)
    for first, last in gaps:
        moment.RemoveInterval(first, last)
    return True


def _open_homes(frame: Frame, time: Any) -> None:
    """Who may end by a short cut at a dock with hours ends in them. Such a home is one dock, and the end."""
    for vehicle in range(len(frame.problem.vehicles)):
        home = frame.layout.home(vehicle)
        if home is not None and home.hours:
            unload_ms = frame.problem.docks[home.docks[0]].unload_ms
            _open(time.CumulVar(frame.routing.End(vehicle)), home.hours, frame.origin_ms, unload_ms, 0)


def add_release(frame: Frame) -> None:
    """The dimension "release": when the trip that a node is on sets out. It may wait for that at its dock.

    A stop that only charges begins one if it is known that nothing is on board.
    """
    problem, routing = frame.problem, frame.routing
    late = [(i, p.release_ms - frame.origin_ms) for i, p in frame.pickups() if p.release_ms > frame.origin_ms]
    if not late or not frame.keeps("release"):
        return
    nothing = routing.RegisterUnaryTransitVector([0] * (frame.layout.end + 1))
    routing.AddDimension(nothing, frame.horizon_ms, frame.horizon_ms, False, "release")
    release, time = routing.GetDimensionOrDie("release"), routing.GetDimensionOrDie("time")
    for index, moment in late:
        if moment <= frame.horizon_ms:
            release.CumulVar(index).SetMin(moment)
        else:
            frame.bar(index)
    for index, _ in frame.pickups():
        release.SlackVar(index).SetValue(0)
    begins = [(routing.Start(v), 0) for v in range(len(problem.vehicles))]
    for index, copy in frame.copies():
        if copy.unloads or copy.empty:
            begins.append((index, int(service_ms(frame)[frame.manager.IndexToNode(index)])))
        else:
            release.SlackVar(index).SetValue(0)
    for index, service in begins:
        travel = time.FixedTransitVar(index) - service
        routing.solver().Add(frame.onward("time", index) >= frame.onward("release", index) + travel)
        routing.AddVariableMinimizedByFinalizer(release.SlackVar(index))
