"""How a run served each district: what was asked for there, what was fetched, how far it is to where it goes.

For each district (the one that the request names; `ELSEWHERE` for none):

- requested, served: pickups asked for, and those of them that were collected, whether in their window or not;
- waited: from the request, or from when the window opened, until it was collected; collected pickups only;
- nearest: the straight way from where a pickup was asked for to the nearest facility that takes its material and
  was open when the pickup was ready to be fetched; none where all were closed. It says what the form of the
  network gives a district, whatever the fleet does, so it is over all requests;
- brought: the straight way from a pickup to the facility that weighed in the load it was in. It is over what was
  collected and weighed in before the run ended; a vehicle's load is all it collected since it was weighed in last;
- carried: the way that the vehicle really travelled with it in between, other pickups on its tour included, from
  the legs on the truth plane.

Like the tally it believes what it hears, but for the legs.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fleet.messages.envelope import Message
from fleet.messages.plane import Frame
from fleet.messages.plants import SiteClosed, SiteOpened
from fleet.messages.reports import PickupCollected, PickupRequested, Unloaded
from fleet.messages.truth import LegFlown

ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Facility:
    """A site that takes these materials."""

    id: str
    x_m: float
    y_m: float
    accepts: frozenset[str]


@dataclass(frozen=True, slots=True)
class District:
    """One district in numbers, as the module says. Means are None where there is nothing to take one of."""

    id: str
    requested: int
    served: int
    wait_mean_s: float | None
    nearest_mean_m: float | None
    brought_mean_m: float | None
    carried_mean_m: float | None

    @property
    def served_share(self) -> float:
        """Of the pickups requested; every district has at least one."""
        return self.served / self.requested


@dataclass(frozen=True, slots=True)
class _Way:
    """A collected pickup's way to its facility; times tell how far the vehicle travelled in between."""

    vehicle: str
    from_ms: int
    to_ms: int
    facility: str


class Districts:
    """A `fleet.messages.port.Listener` that adds up by district. Facilities are open unless they say otherwise."""

    def __init__(self, facilities: Iterable[Facility]) -> None:
        self._facilities = {facility.id: facility for facility in facilities}
        self._requests: dict[str, tuple[PickupRequested, int]] = {}
        self._collected: dict[str, int] = {}
        self._aboard: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._ways: dict[str, _Way] = {}
        self._weighed_kg: defaultdict[str, float] = defaultdict(float)
        self._turns: defaultdict[str, list[tuple[int, bool]]] = defaultdict(list)
        self._ends_ms: defaultdict[str, list[int]] = defaultdict(list)
        self._travelled_m: defaultdict[str, list[float]] = defaultdict(list)

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        """Count everything heard at `tick`."""
        for message in batch:
            body = message.body
            if isinstance(body, LegFlown):
                self._leg(body)
            elif isinstance(body, Frame):
                continue
            elif isinstance(body, PickupRequested):
                self._requests.setdefault(body.pickup_id, (body, max(message.t_ms, body.earliest_ms)))
            elif isinstance(body, PickupCollected):
                if body.pickup_id not in self._collected:
                    self._collected[body.pickup_id] = message.t_ms
                    self._aboard[body.vehicle][body.pickup_id] = message.t_ms
            elif isinstance(body, Unloaded):
                self._unloaded(body, message.t_ms)
            elif isinstance(body, (SiteOpened, SiteClosed)):
                self._turns[body.site].append((message.t_ms, isinstance(body, SiteOpened)))

    def _leg(self, leg: LegFlown) -> None:
        ends, travelled = self._ends_ms[leg.vehicle], self._travelled_m[leg.vehicle]
        before = travelled[-1] if travelled else 0.0
        ends.append(leg.t1_ms)
        travelled.append(before + math.hypot(leg.x1_m - leg.x0_m, leg.y1_m - leg.y0_m))

    def _unloaded(self, body: Unloaded, t_ms: int) -> None:
        load = self._aboard[body.vehicle]
        if load:
            self._weighed_kg[body.facility] += sum(body.weighed_kg.values())
        for pickup, from_ms in load.items():
            self._ways[pickup] = _Way(body.vehicle, from_ms, t_ms, body.facility)
        load.clear()

    def districts(self) -> tuple[District, ...]:
        """Every district in which something was requested, by name."""
        by_district: defaultdict[str, list[str]] = defaultdict(list)
        for pickup, (request, _) in self._requests.items():
            by_district[request.district or ELSEWHERE].append(pickup)
        return tuple(self._district(name, pickups) for name, pickups in sorted(by_district.items()))

    @property
    def busiest_share(self) -> float | None:
        """The share of all mass weighed in that the busiest facility weighed in."""
        total = math.fsum(self._weighed_kg.values())
        return max(self._weighed_kg.values()) / total if total else None

    def _district(self, name: str, pickups: Sequence[str]) -> District:
        served = [pickup for pickup in pickups if pickup in self._collected]
        weighed = [pickup for pickup in served if pickup in self._ways]
        return District(
            id=name,
            requested=len(pickups),
            served=len(served),
            wait_mean_s=_mean(max(0, self._collected[p] - self._requests[p][1]) / 1000.0 for p in served),
            nearest_mean_m=_mean(way for p in pickups if (way := self._nearest_m(p)) is not None),
            brought_mean_m=_mean(way for p in weighed if (way := self._brought_m(p)) is not None),
            carried_mean_m=_mean(self._carried_m(self._ways[p]) for p in weighed),
        )

    def _nearest_m(self, pickup: str) -> float | None:
        request, ready_ms = self._requests[pickup]
        takes = (f for f in self._facilities.values() if request.material in f.accepts)
        near = (_apart_m(request, facility) for facility in takes if self._is_open(facility.id, ready_ms))
        return min(near, default=None)

    def _is_open(self, facility: str, t_ms: int) -> bool:
        """What it said last by then; what says nothing is open."""
        turns = self._turns[facility]
        before = bisect_right(turns, (t_ms, True))
        return turns[before - 1][1] if before else True

    def _brought_m(self, pickup: str) -> float | None:
        facility = self._facilities.get(self._ways[pickup].facility)
        return None if facility is None else _apart_m(self._requests[pickup][0], facility)

    def _carried_m(self, way: _Way) -> float:
        return self._odometer_m(way.vehicle, way.to_ms) - self._odometer_m(way.vehicle, way.from_ms)

    def _odometer_m(self, vehicle: str, t_ms: int) -> float:
        """How far the vehicle had come by then. It stands while it loads and unloads, so no leg is cut."""
        legs = bisect_right(self._ends_ms[vehicle], t_ms)
        return self._travelled_m[vehicle][legs - 1] if legs else 0.0


def _apart_m(request: PickupRequested, facility: Facility) -> float:
    return math.hypot(request.x_m - facility.x_m, request.y_m - facility.y_m)


def _mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return math.fsum(listed) / len(listed) if listed else None
