"""Festivals: how many people there are when, the sky over them, and the waste that they make.

The crowd comes in the first quarter, stays until the last tenth, and leaves in it: a broken line, which is a
guess. What is found while it lasts is in proportion to who is there; the rest is found after the end, evenly. The
mass is what the scenario says, to a gram a pickup, whatever chance makes of sizes and moments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from fleet.base.clock import next_time_ms
from fleet.base.materials import MATERIALS
from fleet.base.streams import Streams
from fleet.city.model import Place, Zone
from fleet.city.sky import Closure, circle
from fleet.demand.model import MINUTE_MS, Request, Span, quantised
from fleet.demand.process import MIN_WINDOW_MS
from fleet.messages.people import CrowdCounted
from fleet.sim.people.festival_params import LEAST_L, FestivalParams
from fleet.sim.surroundings import Surroundings

Floats = npt.NDArray[np.float64]

PROFILE = ((0.0, 0.0), (0.25, 1.0), (0.9, 1.0), (1.0, 0.0))
"""(share of the time, share of the visitors) at the corners of the broken line."""
REASON = "crowd"
_SIZE_SIGMA = 0.4
_COUNTS = 9
SERVICE_MS = 60_000
_PRIORITY = 2


def crowd_share(at: float) -> float:
    """Which part of the visitors is there, `at` being the part of the festival that is over.

    >>> crowd_share(0.125), crowd_share(0.5), round(crowd_share(0.95), 9), crowd_share(1.2)
    (0.5, 1.0, 0.5, 0.0)
    """
    return float(np.interp(at, [x for x, _ in PROFILE], [y for _, y in PROFILE], left=0.0, right=0.0))


def zone_of(params: FestivalParams) -> str:
    """What the zone over a festival is called; "" where there is none."""
    return f"festival.{params.name}" if params.closes_sky else ""


def closure_of(params: FestivalParams, place: tuple[float, float], start_hour: float) -> Closure | None:
    """The sky over a festival; None where it stays open."""
    if not params.closes_sky:
        return None
    from_ms, until_ms = next_time_ms(params.from_, params.until, start_hour)
    zone = Zone(zone_of(params), REASON, circle(*place, params.radius_m), 0.0, params.ceiling_m)
    return Closure(zone, from_ms, until_ms, round(1000 * params.notice_s))


def takers(
    params: FestivalParams, place: tuple[float, float], points: Sequence[Place], material: str
) -> tuple[Place, ...]:
    """The points at which its waste of one material comes up."""
    reach_m = params.radius_m + params.near_m
    return tuple(
        point
        for point in points
        if (point.x_m - place[0]) ** 2 + (point.y_m - place[1]) ** 2 <= reach_m**2
        and (not point.materials or material in point.materials)
    )


def surge(
    params: FestivalParams, place: tuple[float, float], points: Sequence[Place], span: Span, streams: Streams
) -> Iterator[Request]:
    """The pickups of one festival that come up within a run."""
    whole_kg = params.visitors * params.waste_kg_per_visitor
    shares = sum(params.materials.values())
    for material in sorted(params.materials):
        rng = streams.generator(f"people/festival/{params.name}/{material}")
        there = takers(params, place, points, material)
        litres = _lots(params, whole_kg * params.materials[material] / shares, material, rng)
        moments, where = _moments(params, len(litres), span, rng), rng.integers(len(there), size=len(litres))
        for n, volume_l in enumerate(litres):
            latest_ms = min(moments[n] + round(params.window_min * MINUTE_MS), span.end_ms)
            if 0 <= moments[n] <= latest_ms - MIN_WINDOW_MS:
                point = there[int(where[n])]
                yield _request(f"{params.name}/{material}/{n}", point, material, volume_l, moments[n], latest_ms)


def _lots(params: FestivalParams, kg: float, material: str, rng: np.random.Generator) -> list[float]:
    """Litres of each pickup, which hold `kg` in all; the last is what is left."""
    left_l, lots = kg / MATERIALS[material].density_kg_l, []
    while left_l > 0.0:
        volume_l = max(LEAST_L, params.lot_l * float(np.exp(_SIZE_SIGMA * rng.standard_normal())))
        # A rest too small for a bag goes into the last one.
        volume_l = left_l if left_l - volume_l < LEAST_L else volume_l
        lots.append(volume_l)
        left_l -= volume_l
    return lots


def _moments(params: FestivalParams, count: int, span: Span, rng: np.random.Generator) -> list[int]:
    """When each pickup comes up, ms of the run."""
    from_ms, until_ms = next_time_ms(params.from_, params.until, span.start_hour)
    grid = np.linspace(0.0, 1.0, 401)
    there = np.array([crowd_share(float(at)) for at in grid])
    found = np.concatenate(([0.0], np.cumsum((there[1:] + there[:-1]) / 2)))
    draws, later = rng.random(count), rng.random(count) < params.clean_up_share
    during = from_ms + (until_ms - from_ms) * np.interp(draws, found / found[-1], grid)
    after = until_ms + draws * params.clean_up_min * MINUTE_MS
    return [int(t) for t in np.where(later, after, during)]


def _request(name: str, point: Place, material: str, volume_l: float, t_ms: int, latest_ms: int) -> Request:
    litres = quantised(volume_l, 1)
    kg = quantised(volume_l * MATERIALS[material].density_kg_l, 3)
    return Request(
        pickup_id=name,
        announced_ms=t_ms,
        point_id=point.id,
        district=point.district,
        x_m=point.x_m,
        y_m=point.y_m,
        material=material,
        declared_kg=kg,
        declared_l=litres,
        actual_kg=kg,
        actual_l=litres,
        earliest_ms=t_ms,
        latest_ms=latest_ms,
        service_ms=SERVICE_MS,
        priority=_PRIORITY,
        requester=name.partition("/")[0],
    )


class Crowd:
    """The people at one festival, counted by its organiser a few times."""

    def __init__(self, around: Surroundings, params: FestivalParams, place: tuple[float, float]) -> None:
        self._kernel = around.parts.kernel
        self._params = params
        self._place = place
        self._port = around.port_of(f"festival/{params.name}")
        self._error = around.streams.noise(f"people/crowd/{params.name}")
        self._from_ms, self._until_ms = next_time_ms(params.from_, params.until, around.setting.start_hour)

    def begin(self) -> None:
        """Count at even intervals from the beginning to the end, both included."""
        for n in range(_COUNTS):
            t_ms = self._from_ms + n * (self._until_ms - self._from_ms) // (_COUNTS - 1)
            if t_ms >= 0:
                self._kernel.at(t_ms, self._count, n)

    def people(self, t_ms: int) -> int:
        """How many there really are."""
        at = (t_ms - self._from_ms) / (self._until_ms - self._from_ms)
        return round(self._params.visitors * crowd_share(at))

    def _count(self, n: int) -> None:
        error = 1.0 + self._params.count_sigma * self._error.one_normal(0, n)
        (x_m, y_m), people = self._place, self.people(self._kernel.now_ms)
        self._port.say(
            CrowdCounted(
                festival=self._params.name,
                x_m=round(x_m, 1),
                y_m=round(y_m, 1),
                radius_m=self._params.radius_m,
                people=max(0, round(people * error)),
            )
        )
