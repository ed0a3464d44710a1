"""Batteries that are not what they were."""

from __future__ import annotations

from fleet.base.flight import DESCENT_FACTOR
from fleet.sim.body import Body
from fleet.sim.books import WH
from fleet.sim.flights import ERROR_CUT
from fleet.sim.troubles.kind import GUESS, Amount, Happened, Incident, Kind, Reach, seconds

CELL_FAILED = ("cell-failure", "")
"""The account of the charge that is gone with a cell."""


def _ageing(reach: Reach, incident: Incident) -> Happened:
    capacity = reach.body(incident.entity).wear.capacity
    capacity.put("age", 1.0 - incident.size)
    return Happened(lambda: capacity.drop("age"))


def _resistance(reach: Reach, incident: Incident) -> Happened:
    body = reach.body(incident.entity)
    body.wear.drag.put("resistance", 1.0 + incident.size)
    reach.fly_on(body)

    def end() -> None:
        body.wear.drag.drop("resistance")
        reach.fly_on(body)

    return Happened(end)


def _self_discharge(reach: Reach, incident: Incident) -> Happened:
    body, cause = reach.body(incident.entity), "self-discharge"
    reach.flights.leak(body, cause, incident.size)
    return Happened(lambda: reach.flights.leak(body, cause, 0.0))


def _landing_wh(reach: Reach, body: Body) -> float:
    """What coming down from here takes at worst, with as much again to choose a place."""
    height_m = reach.motion.place_of(body.index, reach.kernel.now_ms)[2]
    if height_m <= 0.0:
        return 0.0
    worst_w = body.power_w() * DESCENT_FACTOR * (1.0 + ERROR_CUT)
    return 2.0 * worst_w * height_m / body.airframe.descent_mps / 3600.0


def _cell_failure(reach: Reach, incident: Incident) -> Happened | None:
    """The charge of the cell is gone at once, what it could hold for good."""
    body, motion, now = reach.body(incident.entity), reach.motion, reach.kernel.now_ms
    left_wh = motion.battery_of(body.index, now)
    lost_wh = incident.size * left_wh
    if left_wh - lost_wh < _landing_wh(reach, body):
        return None
    body.wear.capacity.put("cell", 1.0 - incident.size)
    name = body.phase
    if name:
        # What runs on is settled with the charge there was, and begins again with what is left.
        reach.flights.replan(body)
    elif body.leak_w:
        reach.flights.leaks.settle_parked(body)
    else:
        motion.rebase(body.index, now)
    reach.books.transfer(WH, ("battery", body.id), CELL_FAILED, lost_wh)
    motion.battery_wh[body.index] -= lost_wh
    reach.books.compare(WH, ("battery", body.id), motion.battery_of(body.index, now))
    if name:
        reach.fly_on(body)
    elif body.leak_w:
        reach.flights.leaks.stand(body)
    capacity = body.wear.capacity
    return Happened(lambda: capacity.drop("cell"))


KINDS = (
    Kind(
        name="battery-ageing",
        whom="vehicle",
        rate=0.1,
        size=Amount("share of the capacity", 0.08, 1.6, 0.02, 0.20),
        lasts=None,
        text="An older pack goes in at the next charge: full, it holds less than a new one.",
        where="delivered_wh below what was flown; the gauge after charging",
        source="packs last some 300 cycles, 150 to 1000, and are given up at 80 % of their capacity; which age is "
        "met when is a guess",
        begin=_ageing,
    ),
    Kind(
        name="battery-resistance",
        whom="vehicle",
        rate=0.1,
        size=Amount("share of power", 0.03, 1.6, 0.01, 0.10),
        lasts=None,
        text="A pack with a high inner resistance turns part of its charge into heat: every flight takes more.",
        where="battery in frames and reports falls faster on all flights of one vehicle",
        source=GUESS,
        begin=_resistance,
    ),
    Kind(
        name="battery-self-discharge",
        whom="vehicle",
        rate=0.05,
        size=Amount("W", 2.0, 2.0, 0.5, 20.0),
        lasts=seconds(7200, 2.0, 1200, 36_000),
        text="A leaking pack, or a camera that was left on: a small draw, on the ground, too. Account `drained`.",
        where="battery in frames and reports falls on the ground; the meter of the next charge",
        source=GUESS,
        begin=_self_discharge,
    ),
    Kind(
        name="battery-cell-failure",
        whom="vehicle",
        rate=0.02,
        size=Amount("share of the charge", 0.08, 1.5, 0.02, 0.20),
        lasts=None,
        text="A cell dies: its charge is gone at once (account `cell-failure`) and the pack holds less from then "
        "on. Whoever is in the air thinks again; enough to land is always left.",
        where="battery in frames falls in one step",
        source="one of twelve cells in series; how often is a guess",
        begin=_cell_failure,
    ),
)
