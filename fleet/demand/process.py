"""Random requests: when, where, what and how much.

Arrivals of one process in one district and of one material are an inhomogeneous Poisson process with a rate
that is constant within each hour. They are made by the time change theorem (Daley and Vere-Jones, "An
Introduction to the Theory of Point Processes", 2nd ed. 2003, theorem 7.4.I): a unit-rate Poisson process,
read through the inverse of the expected count. It is exact, and a changed rate moves and adds arrivals but
redraws none, so two scenarios that differ in one number stay comparable.

Every (process, district, material) has streams of its own: a new process, district or material shifts no
draw of the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fleet.base.errors import Fault, InputError, did_you_mean
from fleet.base.materials import MATERIALS
from fleet.base.streams import Streams
from fleet.demand.inside import contents_of
from fleet.demand.model import MINUTE_MS, Point, Request, Span, in_order, quantised
from fleet.demand.params import DemandParams, ProcessParams

Floats = npt.NDArray[np.float64]

MIN_WINDOW_MS = 10 * MINUTE_MS
"""A request whose window the end of the run would cut to less than this is left out."""


def requests(params: DemandParams, points: Sequence[Point], span: Span, streams: Streams) -> tuple[Request, ...]:
    """All requests of `params.processes` within `span`, by (announced_ms, pickup_id).

    A window that outlasts the run is cut at its end; a request that would so be left less than ten minutes is
    left out. Raises `InputError` for what `demand_faults` finds.
    """
    faults = demand_faults(params, points)
    if faults:
        raise InputError(faults)
    return in_order(
        request
        for process in params.processes
        for cell in _cells(process, points)
        for request in _cell_requests(process, cell, span, streams)
    )


def expected_count(process: ProcessParams, span: Span) -> float:
    """How many requests of `process` to expect in `span`, before the end of the run cuts any off."""
    return float(_expected(process, process.per_day, span)[1][-1])


def demand_faults(params: DemandParams, points: Sequence[Point], file: str = "demand") -> list[Fault]:
    """What in `params` does not fit the map: unknown districts, materials that no point takes.

    Each fault's `path` starts at the demand ("processes.0.districts.north"); its line is 1.
    """
    if params.processes and not points:
        return [Fault(file, 1, 1, "processes", "a map with pickup points", "none", "give their places in a csv")]
    faults = []
    districts = {point.district for point in points}
    for index, process in enumerate(params.processes):
        here = f"processes.{index}"
        for name in process.districts or {}:
            if name not in districts:
                hint = did_you_mean(name, sorted(districts))
                expected = "a district with pickup points"
                faults.append(Fault(file, 1, 1, f"{here}.districts.{name}", expected, repr(name), hint))
        for material in process.materials:
            if not any(cell.material == material for cell in _cells(process, points)):
                expected = "a material that a pickup point in its districts takes"
                faults.append(Fault(file, 1, 1, f"{here}.materials.{material}", expected, repr(material)))
    return faults


@dataclass(frozen=True, slots=True)
class _Cell:
    """The part of a process in one district and of one material."""

    district: str
    material: str
    per_day: float
    points: tuple[Point, ...]


def _cells(process: ProcessParams, points: Sequence[Point]) -> list[_Cell]:
    """Shares `per_day` out: by material, then over the districts that have a point taking the material."""
    total = sum(process.materials.values())
    cells = []
    for material, share in sorted(process.materials.items()):
        takers: dict[str, list[Point]] = {}
        for point in points:
            if not point.materials or material in point.materials:
                takers.setdefault(point.district, []).append(point)
        weights = {
            name: float(len(taking)) if process.districts is None else process.districts.get(name, 0.0)
            for name, taking in sorted(takers.items())
        }
        whole = sum(weights.values())
        per_day = process.per_day * share / total
        cells += [
            _Cell(name, material, per_day * weight / whole, tuple(takers[name]))
            for name, weight in weights.items()
            if weight > 0.0
        ]
    return cells


def _expected(process: ProcessParams, per_day: float, span: Span) -> tuple[Floats, Floats]:
    """Knots of the expected count since the start of the run: (milliseconds, count)."""
    start, end = span.start_hour, span.start_hour + span.duration_h
    inner = np.arange(math.floor(start) + 1, math.ceil(end), dtype=np.float64)
    clock = np.concatenate(([start], inner, [end]))
    hour = np.floor((clock[:-1] + clock[1:]) / 2).astype(np.int64) % 24
    rate = per_day * np.asarray(process.hourly)[hour] / sum(process.hourly)
    counts = np.concatenate(([0.0], np.cumsum(rate * np.diff(clock))))
    return (clock - start) * 3_600_000.0, counts


def _arrivals_ms(process: ProcessParams, cell: _Cell, span: Span, rng: np.random.Generator) -> Floats:
    """Arrival times in milliseconds, increasing."""
    times, counts = _expected(process, cell.per_day, span)
    unit = np.empty(0)
    block = 16
    while unit.size == 0 or unit[-1] < counts[-1]:
        last = float(unit[-1]) if unit.size else 0.0
        unit = np.concatenate((unit, last + np.cumsum(rng.exponential(size=block))))
        block *= 2
    return np.asarray(np.interp(unit[unit < counts[-1]], counts, times))


def _pick(uniform: Floats, weights: Sequence[float]) -> npt.NDArray[np.int64]:
    """For each uniform draw the index of a weight, with probability in proportion."""
    edges = np.cumsum(weights) / sum(weights)
    return np.minimum(np.searchsorted(edges, uniform, side="right"), len(weights) - 1)


def _unbiased(normal: Floats, sigma: float) -> Floats:
    """Lognormal factors with mean 1."""
    return np.asarray(np.exp(sigma * normal - sigma**2 / 2))


@dataclass(frozen=True, slots=True)
class _Draws:
    """What chance decides of each arrival; one row per arrival, whatever the rate is."""

    litres: Floats
    density_kg_l: Floats
    there: Floats
    """What is there as a part of what is declared; 0 for a false call."""
    window_ms: Floats
    point: npt.NDArray[np.int64]
    priority: npt.NDArray[np.int64]
    resident: npt.NDArray[np.int64]


def _draws(process: ProcessParams, cell: _Cell, count: int, streams: Streams, stream: str) -> _Draws:
    normal = streams.generator(f"{stream}/amounts").standard_normal((count, 3)).T
    uniform = streams.generator(f"{stream}/choices").random((count, 5)).T
    size, windows = process.volume_l, process.window_min
    window = _pick(uniform[1], [w.share for w in windows])
    return _Draws(
        litres=np.clip(size.median * np.exp(size.sigma * normal[0]), size.min, size.max),
        density_kg_l=MATERIALS[cell.material].density_kg_l * _unbiased(normal[1], process.density_sigma),
        there=(uniform[3] >= process.empty_share) * _unbiased(normal[2], process.error_sigma),
        window_ms=np.asarray([w.minutes * MINUTE_MS for w in windows])[window],
        point=_pick(uniform[0], [1.0] * len(cell.points)),
        priority=1 + _pick(uniform[2], process.priority_shares),
        resident=_pick(uniform[4], [1.0] * process.requesters_per_point),
    )


def _cell_requests(process: ProcessParams, cell: _Cell, span: Span, streams: Streams) -> Iterator[Request]:
    """The requests of one cell, by the time their windows open."""
    stream = f"demand/{process.name}/{cell.district}/{cell.material}"
    arrivals = _arrivals_ms(process, cell, span, streams.generator(f"{stream}/times"))
    drawn = _draws(process, cell, arrivals.size, streams, stream)
    inside = [i for i in process.inside if i.declared == cell.material]
    lots = streams.generator(f"{stream}/inside").random((arrivals.size, len(inside)))
    for n in range(arrivals.size):
        earliest_ms = int(arrivals[n])
        wanted_ms = earliest_ms + round(drawn.window_ms[n])
        latest_ms = min(wanted_ms, span.end_ms)
        if latest_ms < wanted_ms and latest_ms - earliest_ms < MIN_WINDOW_MS:
            continue
        point = cell.points[drawn.point[n]]
        declared_l = quantised(drawn.litres[n], 1)
        declared_kg = quantised(declared_l * drawn.density_kg_l[n], 3)
        there = float(drawn.there[n])
        actual_kg = quantised(declared_kg * there, 3) if there > 0.0 else 0.0
        actual_l = min(max(declared_l * there, process.volume_l.min), process.volume_l.max)
        found = [(i.material, i.mass) for i, lot in zip(inside, lots[n], strict=True) if lot < i.pickups]
        yield Request(
            pickup_id=f"{process.name}/{cell.district}/{cell.material}/{n}",
            announced_ms=max(0, earliest_ms - round(process.lead_min * MINUTE_MS)),
            point_id=point.id,
            district=cell.district,
            x_m=point.x_m,
            y_m=point.y_m,
            material=cell.material,
            declared_kg=declared_kg,
            declared_l=declared_l,
            actual_kg=actual_kg,
            actual_l=quantised(actual_l, 1) if there > 0.0 else 0.0,
            earliest_ms=earliest_ms,
            latest_ms=latest_ms,
            service_ms=round(process.service_s * 1000.0),
            priority=int(drawn.priority[n]),
            requester=point.id if process.kind == "bin" else f"{point.id}/r{drawn.resident[n]}",
            contents=contents_of(cell.material, actual_kg, found),
        )
