"""A small day that can be lived through with one trouble in it, and without: everything of it is kept by tick.

v0 fetches p2 (900 m away) and p1, brings them home, charges, and fetches p4; v1 does p3 and p5; a bike fetches p0,
where there are streets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from shapely import LineString

from fleet.base.streams import Streams
from fleet.city.model import Street
from fleet.messages.frames import RangeFrame, TelemetryFrame, unpack
from fleet.messages.reports import VehicleReported
from fleet.messages.truth import TroubleBegan, TroubleEnded
from fleet.sim.build import VehicleSpec, build_sensors
from fleet.sim.troubles.kind import Incident
from fleet.sim.troubles.registry import discover
from tests.sim.toy import CITY, SITES, Toy, dock, pickup, still, waste

STREETS = (Street(LineString([(0, 0), (300, 0), (900, 0)])), Street(LineString([(0, 0), (0, 400)])))
TOWN = replace(CITY, streets=STREETS)
LENGTH_S = 1500
TWO_CHARGERS = tuple(replace(site, chargers=2) if site.id == "home" else site for site in SITES)


@dataclass(frozen=True)
class Strike:
    """Who is struck at which tick, how hard, and for how long; None is to the end."""

    entity: str
    at: int
    size: float
    lasts_s: float | None
    share: float = 0.3


@dataclass(frozen=True)
class Sample:
    """Arrays by vehicle; frames where instruments are looked at."""

    true: np.ndarray
    believed: np.ndarray
    battery_wh: np.ndarray
    drain_w: np.ndarray
    speed_mps: np.ndarray
    height_m: np.ndarray
    told: TelemetryFrame | None
    ranges: RangeFrame | None
    chargers_free: int

    @property
    def told_x(self) -> np.ndarray:
        return unpack(self.told.x_m)

    @property
    def told_wh(self) -> np.ndarray:
        return unpack(self.told.battery_wh)

    @property
    def anchors(self) -> set[int]:
        return set(unpack(self.ranges.anchor, "<u2").tolist())


class Day:
    """One day, struck by `kind` if it is given."""

    def __init__(self, kind: str = "", strike: Strike | None = None, street: bool = False, **changes: Any) -> None:
        fleet = [VehicleSpec(f"v{n}", "light-collector", "home") for n in range(2)]
        if street:
            fleet.append(VehicleSpec("v2", "cargo-bike", "home"))
            changes["city"] = TOWN
        self._looks = not kind or kind.startswith(("gnss", "instrument"))
        sensors = still(gnss_sigma_m=0.0, range_dropout=0.0)
        waiting = tuple(waste(n, n) for n in range(6))
        given = {"vehicles": tuple(fleet), "sensors": sensors, "waiting": waiting, **changes}
        self.toy = toy = Toy(seed=3, tampering=True, **given)
        instruments = build_sensors(toy.setting, Streams(3), toy.motion)
        home = dock("home", unload=True, charge=True)
        orders = {
            5: [("v0", pickup(2), pickup(1), home, pickup(4)), ("v1", pickup(3), pickup(5), home)],
            6: [("v2", pickup(0), home)] if street else [],
        }
        self.heard: list[tuple[int, Any]] = [(0, m) for m in toy.said]
        self.samples: list[Sample] = [self._sample(instruments)]
        self.happened: bool | None = None
        for tick in range(LENGTH_S):
            for vehicle, *stops in orders.get(tick, ()):
                toy.order(vehicle, *stops)
            if strike is not None and tick == strike.at:
                lasts_ms = None if strike.lasts_s is None else round(1000 * strike.lasts_s)
                incident = Incident(f"{kind}/{strike.entity}/0", strike.entity, strike.size, strike.share)
                self.happened = toy.troubles.happen(discover()[kind], incident, lasts_ms)
            known = len(toy.said)
            toy.run(1)
            self.heard += [(tick + 1, m) for m in toy.said[known:]]
            self.samples.append(self._sample(instruments))
        known = len(toy.said)
        toy.close()
        self.heard += [(LENGTH_S + 1, m) for m in toy.said[known:]]

    def _sample(self, instruments) -> Sample:
        toy, now = self.toy, self.toy.now_ms
        motion = toy.motion
        return Sample(
            true=np.column_stack(motion.true(now)),
            believed=np.column_stack(motion.nominal(now)[:2]),
            battery_wh=motion.batteries_wh(now),
            drain_w=motion.drain_w.copy(),
            speed_mps=np.hypot(motion.vx_mps, motion.vy_mps),
            height_m=motion.nominal(now)[2],
            told=instruments.telemetry(toy.tick, now, list(toy.world.bodies)) if self._looks else None,
            ranges=instruments.ranges(toy.tick, now) if self._looks else None,
            chargers_free=toy.world.parts.yards["home"].chargers.free,
        )

    def of(self, kind: type, vehicle: str | None = None) -> list[tuple[int, Any]]:
        """(tick, body) of a type, of one vehicle if it is named."""
        return [
            (t, m.body)
            for t, m in self.heard
            if isinstance(m.body, kind) and vehicle in (None, getattr(m.body, "vehicle", None))
        ]

    def before(self, tick: int) -> list[tuple[int, Any]]:
        """All that was heard before a tick."""
        return [(t, m) for t, m in self.heard if t < tick]

    def states(self, vehicle: str, after: int = 0) -> list[str]:
        """What a vehicle reported to be doing."""
        return [body.state for t, body in self.of(VehicleReported, vehicle) if t > after]

    @property
    def labels(self) -> list[Any]:
        """What was told of trouble."""
        return [m.body for _, m in self.heard if isinstance(m.body, TroubleBegan | TroubleEnded)]


@cache
def clean(street: bool = False) -> Day:
    """The day on which nothing goes wrong."""
    return Day(street=street)
