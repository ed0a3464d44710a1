"""What is wrong with a problem before anybody plans it: contradictions, and things worth a remark.

Every fault is found, not the first alone. `path` names the field as the project's problem file does, by position:
`pickups.3.latest_ms`. A fault makes planning senseless or unsafe; a remark is only unusual (legs that are longer
than a way round, a material that nobody takes): planning goes on, and the reasons of the plan say the rest.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import numpy as np

from fleet.base.errors import Fault, InputError
from fleet.base.streams import Streams
from fleet.plan.legs import Legs, node_of
from fleet.plan.problem import UNREACHABLE_MS, Charger, Dock, Pickup, Problem, Vehicle, VehicleType
from fleet.plan.ways import Plane, Table, Ways

_ALL_TRIANGLES = 60
"""Up to as many nodes every triangle is looked at; of more, `_SAMPLED` nodes."""
_SAMPLED = 60
MOST_LEG_COST = 10**10
"""No leg that can be taken costs more, so that what plans cost is a number that searches can tell from none."""
MOST_BATTERY_WH = 1e6
MOST_SPAN_MS = 10**11
"""No service, unloading or charge takes longer (three years), so that sums of them fit in 64 bits."""
MOST_SUM = 5 * 10**14
"""All penalties together, all fixed costs together, and what a pickup's lateness costs."""
MOST_RATE, MOST_COMMITTED = 10**9, 1000
_DEAR = "it is the cost of a leg: count in larger units of cost"
_LONG = "it is the time that a leg takes, in milliseconds"
MOST_MATERIALS = 62
"""Materials are bits of one word to the search."""


class Finding(NamedTuple):
    """Something about a problem; only a "fault" forbids planning."""

    level: Literal["fault", "remark"]
    path: str
    expected: str
    found: str
    hint: str = ""

    def fault(self, file: str) -> Fault:
        """In the style of the house."""
        return Fault(file, 1, 1, self.path, self.expected, self.found, self.hint)


def faults(problem: Problem, file: str = "problem") -> list[Fault]:
    """All contradictions of `problem`; nothing if it can be planned. `file` is what faults name as their place."""
    return [finding.fault(file) for finding in findings(problem) if finding.level == "fault"]


def remarks(problem: Problem, file: str = "problem") -> list[Fault]:
    """What is odd but can be planned; nothing where there are faults that keep one from looking."""
    return [finding.fault(file) for finding in findings(problem) if finding.level == "remark"]


def check(problem: Problem, file: str = "problem") -> None:
    """Raise `InputError` with all contradictions, if there are any."""
    if found := faults(problem, file):
        raise InputError(found)


def findings(problem: Problem) -> list[Finding]:
    """Faults and remarks, in the order of the problem's fields."""
    found = list(_types(problem))
    found += _ways(problem)
    found += _vehicles(problem)
    found += _docks(problem)
    found += _pickups(problem)
    found += _apart(problem)
    found += _sums(problem)
    if not any(finding.level == "fault" for finding in found):
        found += _cut_off(problem)
        found += _triangles(problem)
        found += _unreachable(problem)
    return found


# ---------------------------------------------------------------------------------------------------- small words


def _wrong(path: str, expected: str, found: object, hint: str = "") -> Finding:
    return Finding("fault", path, expected, str(found), hint)


def _odd(path: str, expected: str, found: object, hint: str = "") -> Finding:
    return Finding("remark", path, expected, str(found), hint)


def _number(path: str, value: float, least: float = 0.0, endless: bool = False) -> Iterator[Finding]:
    """A fault unless `value` is a number of at least `least`, and finite unless `endless` is allowed."""
    if not value >= least or (math.isinf(value) and not endless):
        yield _wrong(path, f"a {'' if endless else 'finite '}number of at least {least:g}", value)


def _at_most(path: str, value: float, most: float, hint: str = "") -> Iterator[Finding]:
    """A fault if `value` is finite and larger than `most`."""
    if most < value < math.inf:
        yield _wrong(path, f"at most {most:,.15g}", f"{value:.15g}", hint)


def _index(path: str, value: int, count: int, what: str) -> Iterator[Finding]:
    if not 0 <= value < count:
        known = f"one of {what} 0 to {count - 1}" if count else f"a problem with {what}"
        yield _wrong(path, known, value)


def _names(path: str, names: Iterable[str]) -> Iterator[Finding]:
    """Names must differ: plans and relaxations use them."""
    seen: dict[str, int] = {}
    for at, name in enumerate(names):
        if name in seen:
            yield _wrong(f"{path}.{at}.id", "a name of its own", repr(name), f"{path}.{seen[name]} has it too")
        seen.setdefault(name, at)


def _nodes(problem: Problem) -> int:
    return min((_size(ways) for ways in problem.ways), default=0)


def _node(problem: Problem, path: str, node: int) -> Iterator[Finding]:
    """A fault if there is no such node. Without types nobody knows how many there are, and nobody goes there."""
    if problem.ways:
        yield from _index(f"{path}.node", node, _nodes(problem), "nodes")


def _size(ways: Ways) -> int:
    return ways.size


# --------------------------------------------------------------------------------------------------- each in turn


def _types(problem: Problem) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for at, kind in enumerate(problem.types):
        path = f"types.{at}"
        if kind.name in seen:
            yield _wrong(
                f"{path}.name", "a name of its own", repr(kind.name), f"types.{seen[kind.name]} has it too"
            )
        seen.setdefault(kind.name, at)
        yield from _type(path, kind)


def _type(path: str, kind: VehicleType) -> Iterator[Finding]:
    for name in ("empty_kg", "reserve_wh", "power_coefficient", "mass_exponent", "fixed_cost"):
        yield from _number(f"{path}.{name}", getattr(kind, name))
    for name in ("payload_kg", "volume_l", "battery_wh"):
        yield from _number(f"{path}.{name}", getattr(kind, name), endless=True)
    yield from _number(f"{path}.most_trips", kind.most_trips)
    yield from _at_most(f"{path}.battery_wh", kind.battery_wh, MOST_BATTERY_WH, "leave it out if it has no limit")
    if kind.reserve_wh > kind.battery_wh:
        yield _wrong(f"{path}.reserve_wh", f"at most the battery's {kind.battery_wh:g}", f"{kind.reserve_wh:g}")


def _ways(problem: Problem) -> Iterator[Finding]:
    if len(problem.ways) != len(problem.types):
        yield _wrong("ways", f"one for each of {len(problem.types)} types", len(problem.ways))
    sizes = Counter(_size(ways) for ways in problem.ways)
    if len(sizes) > 1:
        yield _wrong("ways", "as many nodes for every type", ", ".join(str(size) for size in sorted(sizes)))
    seen: set[int] = set()
    for at, ways in enumerate(problem.ways):
        if id(ways) in seen:
            continue
        seen.add(id(ways))
        if isinstance(ways, Table):
            yield from _table(f"ways.{at}", ways)
        elif isinstance(ways, Plane):
            yield from _plane(f"ways.{at}", ways)


def _table(path: str, table: Table) -> Iterator[Finding]:
    count = len(table.travel_ms)
    for name, dtype in (("travel_ms", np.int64), ("cost", np.int64), ("effort_h", np.float64)):
        matrix = getattr(table, name)
        if matrix.shape != (count, count):
            yield _wrong(f"{path}.{name}", f"{count} rows of {count}", " by ".join(map(str, matrix.shape)))
            continue
        if matrix.dtype != dtype:
            yield _wrong(f"{path}.{name}", f"entries of {np.dtype(dtype).name}", matrix.dtype)
            continue
        bad = np.isnan(matrix) | (matrix < 0)
        if name == "effort_h" and table.travel_ms.shape == matrix.shape:
            bad |= np.isinf(matrix) & (table.travel_ms < UNREACHABLE_MS)
        if bad.any():
            row, column = (int(i) for i in np.argwhere(bad)[0])
            more = f"and {int(bad.sum()) - 1} more" if bad.sum() > 1 else ""
            yield _wrong(f"{path}.{name}.{row}.{column}", "a number of at least 0", matrix[row, column], more)
        elif count and matrix.diagonal().any():
            node = int(np.flatnonzero(matrix.diagonal())[0])
            yield _wrong(f"{path}.{name}.{node}.{node}", "0 from a node to itself", matrix[node, node])
        elif name == "cost" and (dear := (matrix > MOST_LEG_COST) & (table.travel_ms < UNREACHABLE_MS)).any():
            row, column = (int(i) for i in np.argwhere(dear)[0])
            yield from _at_most(f"{path}.cost.{row}.{column}", int(matrix[row, column]), MOST_LEG_COST, _DEAR)


def _plane(path: str, plane: Plane) -> Iterator[Finding]:
    if plane.x.shape != plane.y.shape or plane.x.ndim != 1:
        yield _wrong(path, "as many x as y", f"{plane.x.shape} and {plane.y.shape}")
    for name in ("x", "y"):
        bad = ~np.isfinite(getattr(plane, name))
        if bad.any():
            yield _wrong(f"{path}.{name}.{int(np.flatnonzero(bad)[0])}", "a finite number", "none")
    for name in ("ms_per_unit", "cost_per_unit", "effort_per_unit", "scale"):
        yield from _number(f"{path}.{name}", getattr(plane, name))
    across = math.hypot(*(float(np.ptp(axis)) if len(axis) else 0.0 for axis in (plane.x, plane.y)))
    units = across * plane.scale + 1
    yield from _at_most(f"{path}.cost_per_unit", units * plane.cost_per_unit, MOST_LEG_COST, _DEAR)
    yield from _at_most(f"{path}.ms_per_unit", units * plane.ms_per_unit, UNREACHABLE_MS - 1, _LONG)
    if plane.rounding not in ("up", "down", "nearest"):
        yield _wrong(f"{path}.rounding", '"up", "down" or "nearest"', repr(plane.rounding))


def _vehicles(problem: Problem) -> Iterator[Finding]:
    yield from _names("vehicles", (vehicle.id for vehicle in problem.vehicles))
    owner: dict[int, int] = {}
    for at, vehicle in enumerate(problem.vehicles):
        path = f"vehicles.{at}"
        yield from _index(f"{path}.type", vehicle.type, len(problem.types), "types")
        yield from _node(problem, path, vehicle.node)
        yield from _number(f"{path}.battery_wh", vehicle.battery_wh, endless=True)
        if 0 <= vehicle.type < len(problem.types):
            yield from _charge(path, vehicle, problem.types[vehicle.type])
        for i, end in enumerate(vehicle.ends):
            yield from _index(f"{path}.ends.{i}", end, len(problem.docks), "docks")
        if len(vehicle.committed) > MOST_COMMITTED:
            yield _wrong(f"{path}.committed", f"at most {MOST_COMMITTED:,} visits", len(vehicle.committed))
        for i, (kind, index) in enumerate(vehicle.committed):
            here = f"{path}.committed.{i}"
            if kind not in ("pickup", "dock"):
                yield _wrong(here, 'a "pickup" or a "dock"', repr(kind))
                continue
            yield from _index(here, index, len(problem.pickups if kind == "pickup" else problem.docks), f"{kind}s")
            if kind == "pickup" and index in owner:
                before = f"{problem.vehicles[owner[index]].id!r} is"
                found = repr(problem.pickups[index].id) if 0 <= index < len(problem.pickups) else index
                yield _wrong(here, "a pickup that nobody is committed to yet", found, before)
            if kind == "pickup":
                owner.setdefault(index, at)


def _charge(path: str, vehicle: Vehicle, kind: VehicleType) -> Iterator[Finding]:
    if vehicle.battery_wh > kind.battery_wh and vehicle.battery_wh < math.inf:
        most, found = f"at most the {kind.battery_wh:g} that the type holds", f"{vehicle.battery_wh:g}"
        yield _odd(f"{path}.battery_wh", most, found, "it counts as full")
    if vehicle.battery_wh < kind.battery_wh == math.inf:
        yield _wrong(f"{path}.battery_wh", "an infinite number, as the type says", f"{vehicle.battery_wh:g}")


def _docks(problem: Problem) -> Iterator[Finding]:
    yield from _names("docks", (dock.id for dock in problem.docks))
    for at, dock in enumerate(problem.docks):
        path = f"docks.{at}"
        yield from _node(problem, path, dock.node)
        yield from _number(f"{path}.unload_ms", dock.unload_ms)
        yield from _at_most(f"{path}.unload_ms", dock.unload_ms, MOST_SPAN_MS)
        yield from _number(f"{path}.pads", dock.pads, 1)
        yield from _hours(path, dock)
        if dock.charger is not None:
            yield from _charger(f"{path}.charger", dock.charger)
            fullest = max((k.battery_wh for k in problem.types if k.battery_wh < math.inf), default=0.0)
            yield from _at_most(f"{path}.charger.ms_per_wh", dock.charger.ms_per_wh * fullest, MOST_SPAN_MS,
                                "milliseconds that the largest battery takes")  # fmt: skip


def _hours(path: str, dock: Dock) -> Iterator[Finding]:
    before: float = -math.inf
    for i, (begin, end) in enumerate(dock.hours):
        if end <= begin:
            yield _wrong(f"{path}.hours.{i}", f"to close after it opens at {begin}", end)
        elif begin < before:
            yield _wrong(f"{path}.hours.{i}", f"to open after the last closing at {before:g}", begin)
        elif end - begin < dock.unload_ms:
            yield _odd(f"{path}.hours.{i}", f"long enough to unload, {dock.unload_ms} ms", end - begin)
        before = max(before, end)


def _charger(path: str, charger: Charger) -> Iterator[Finding]:
    if charger.mode not in ("full", "partial", "swap"):
        yield _wrong(f"{path}.mode", '"full", "partial" or "swap"', repr(charger.mode))
    yield from _number(f"{path}.fixed_ms", charger.fixed_ms)
    yield from _at_most(f"{path}.fixed_ms", charger.fixed_ms, MOST_SPAN_MS)
    yield from _number(f"{path}.ms_per_wh", charger.ms_per_wh)
    yield from _number(f"{path}.places", charger.places, 1)


def _pickups(problem: Problem) -> Iterator[Finding]:
    yield from _names("pickups", (pickup.id for pickup in problem.pickups))
    taken = frozenset[str]().union(*(dock.accepts for dock in problem.docks))
    untaken: dict[str, int] = {}
    for at, pickup in enumerate(problem.pickups):
        path = f"pickups.{at}"
        yield from _node(problem, path, pickup.node)
        for name in ("mass_kg", "volume_l", "service_ms", "penalty", "late_cost_per_s"):
            yield from _number(f"{path}.{name}", getattr(pickup, name))
        yield from _at_most(f"{path}.service_ms", pickup.service_ms, MOST_SPAN_MS)
        yield from _at_most(f"{path}.late_cost_per_s", pickup.late_cost_per_s, MOST_RATE)
        yield from _window(path, pickup)
        if pickup.material not in taken:
            untaken.setdefault(pickup.material, at)
    for material, at in untaken.items():
        yield _odd(
            f"pickups.{at}.material", "a material that some dock takes", repr(material), "it will be left out"
        )


def _window(path: str, pickup: Pickup) -> Iterator[Finding]:
    if pickup.latest_ms < pickup.earliest_ms:
        yield _wrong(f"{path}.latest_ms", f"at or after the opening at {pickup.earliest_ms}", pickup.latest_ms)
    elif pickup.latest_ms - pickup.earliest_ms < pickup.service_ms:
        room = pickup.latest_ms - pickup.earliest_ms
        yield _wrong(
            f"{path}.latest_ms", f"a window of at least the service, {pickup.service_ms} ms", f"{room} ms"
        )


def _apart(problem: Problem) -> Iterator[Finding]:
    for pair in sorted(problem.apart, key=sorted):
        if len(pair) != 2:
            yield _wrong("apart", "pairs of two materials", ", ".join(sorted(pair)) or "none")


def _sums(problem: Problem) -> Iterator[Finding]:
    """What is too much only together, or for the pickup that comes latest."""
    whole = {
        "pickups.0.penalty": sum(pickup.penalty for pickup in problem.pickups),
        "types.0.fixed_cost": sum(
            problem.types[v.type].fixed_cost for v in problem.vehicles if 0 <= v.type < len(problem.types)
        ),
    }
    for path, total in whole.items():
        yield from _at_most(path, total, MOST_SUM, "all of them together")
    for at, pickup in enumerate(problem.pickups):
        late_s = max(0, pickup.earliest_ms + pickup.service_ms - pickup.due_ms) // 1000
        yield from _at_most(f"pickups.{at}.late_cost_per_s", late_s * pickup.late_cost_per_s, MOST_SUM,
                            f"what {late_s:,} s of lateness cost, which is the least there can be")  # fmt: skip
    materials = {pickup.material for pickup in problem.pickups}
    if len(materials) > MOST_MATERIALS:
        yield _wrong("pickups", f"at most {MOST_MATERIALS} different materials", len(materials))


def _cut_off(problem: Problem) -> Iterator[Finding]:
    """Committed visits to which there is no way, so that no plan can keep them."""
    legs = Legs(problem)
    for at, vehicle in enumerate(problem.vehicles):
        nodes = [vehicle.node, *(node_of(problem, visit) for visit in vehicle.committed)]
        for i, (leg_ms, _, _) in enumerate(legs.along(vehicle.type, nodes)):
            if leg_ms >= UNREACHABLE_MS:
                yield _wrong(f"vehicles.{at}.committed.{i}", "a way to it from where the vehicle is then", "none")


# --------------------------------------------------------------------------------------------------------- remarks


def _triangles(problem: Problem) -> Iterator[Finding]:
    """Legs that are longer than a way round by one node; all of them where there are few nodes, else a sample."""
    count = _nodes(problem)
    nodes = np.arange(count)
    if count > _ALL_TRIANGLES:
        nodes = np.sort(Streams(0).generator("plan.checks").choice(count, _SAMPLED, replace=False))
    for at, ways in enumerate(problem.ways):
        if any(ways is other for other in problem.ways[:at]) or isinstance(ways, Plane) or not count:
            continue  # straight lines are shortest, but for rounding
        ms = ways.block(nodes, nodes).travel_ms
        legs = np.where(ms >= UNREACHABLE_MS, np.inf, ms)
        around = np.min(legs[:, :, None] + legs[None, :, :], axis=1)
        # A millisecond may be the rounding of two legs against one.
        longer = np.isfinite(legs) & (around < legs - 1)
        if longer.any():
            row, column = (int(i) for i in np.argwhere(longer)[0])
            path = f"ways.{at}.travel_ms.{nodes[row]}.{nodes[column]}"
            hint = f"{int(longer.sum())} such legs among {len(nodes)} nodes; plans take legs as they are given"
            yield _odd(path, f"no more than a way round, {around[row, column]:.0f}", int(legs[row, column]), hint)


def _unreachable(problem: Problem) -> Iterator[Finding]:
    """Docks that no type can come to from any start."""
    starts = np.array(sorted({vehicle.node for vehicle in problem.vehicles}), dtype=np.int64)
    docks = np.array([dock.node for dock in problem.docks], dtype=np.int64)
    if not len(starts) or not len(docks):
        return
    soonest = np.min([ways.block(starts, docks).travel_ms.min(axis=0) for ways in problem.ways], axis=0)
    for at in np.flatnonzero(soonest >= UNREACHABLE_MS):
        found = repr(problem.docks[at].id)
        yield _odd(f"docks.{at}.node", "a dock that some vehicle can come to from its start", found)
