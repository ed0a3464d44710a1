"""A zone closes over a flying fleet: by the record nobody enters it, and nobody stays longer than leaving takes.

The legs are the truth; the zone is the one that was said; the way out is reckoned here, from the map alone.
How many days: two, and six more where the variable FLEET_SEEDS is more than 1.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely import Polygon

from tests.journeys.judge import Record, kind_of

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow

SKIN_M = 0.02
"""What is said of a zone is rounded to a centimetre."""
CLEARANCE_M = 5.0
CLIMB_MPS, DESCENT_MPS, HEIGHT_M = 2.5, 2.0, 80.0
TICKS_MS = 2_000
WIND_MPS = 3.0

LIGHT = "{name: light, type: light-collector, count: %d}"
HEAVY = "{name: heavy, type: heavy-collector, count: %d}"
SCENARIO = """
name: closing
city: {map: %s}
run: {start: "08:00", duration_h: 4}
weather: {wind_mps: 3, wind_from_deg: 250}
fleet: {groups: [%s]}
demand:
  processes:
    - name: bins
      kind: bin
      per_day: %d
      materials: {mixed: 2, organics: 1}
      volume_l: {median: 20, sigma: 0.3, min: 8, max: 36}
      window_min: [{minutes: 60, share: 1}]
temporary_zones:
  - {id: festival, circle: {lon: %s, lat: %s, radius_m: %d}, from: "09:10", until: "10:30", notice_s: %d}
"""


@dataclass(frozen=True)
class Case:
    """A map, a place on it, and whether anybody is warned."""

    town: str
    lon: float
    lat: float
    radius_m: int
    notice_s: int
    seed: int


def cases() -> Iterator[Case]:
    middle, corner = ("neo-terra", 11.0, 48.0, 900), ("four-corners", 10.004, 50.002, 250)
    yield Case(*corner, 600, 2)
    yield Case("four-corners", 9.9944213, 49.9964037, 450, 0, 5)  # over the only base
    if int(os.environ.get("FLEET_SEEDS", "1")) > 1:
        yield Case("neo-terra", 11.0083688, 47.9890165, 500, 0, 4)  # over a base with its drones
        for notice_s, seed in ((0, 1), (600, 2), (0, 3)):
            yield Case(*middle, notice_s, seed)  # schools and a hospital lie in it
        yield from (Case(*corner, 0, 1), Case(*corner, 0, 3))


@dataclass(frozen=True)
class Day:
    """A day that was recorded."""

    case: Case
    record: Record
    summary: dict[str, Any]
    zone: Polygon
    closed_ms: int
    opened_ms: int


@pytest.fixture(scope="module", params=list(cases()), ids=lambda c: f"{c.town}-{c.radius_m}-{c.notice_s}-{c.seed}")
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Day:
    case: Case = request.param
    place = tmp_path_factory.mktemp("sky")
    city = ROOT / "maps" / f"{case.town}.geojson"
    big = case.town == "neo-terra"
    groups = f"{LIGHT}, {HEAVY}" % ((30, 6) if big else (10, 2))
    where = case.lon, case.lat, case.radius_m, case.notice_s
    (place / "day.yaml").write_text(SCENARIO % (city, groups, 6000 if big else 2500, *where))
    command = ["-m", "fleet", "run", str(place / "day.yaml"), "-o", str(place / "run"), "--seed", str(case.seed)]
    done = subprocess.run(
        [sys.executable, *command, "--json", "--quiet"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    record = Record(place / "run", city)
    said = {body["state"]: (t, body) for t, body in record.bodies("AirspaceChanged")}
    (x,), (y,) = (said["closed"][1][name] for name in ("x_m", "y_m"))
    zone = Polygon(np.column_stack([x, y]))
    return Day(case, record, json.loads(done.stdout), zone, said["closed"][0], said["open"][0])


def legs_within(day: Day, from_ms: int, until_ms: int) -> Iterator[tuple[str, str, shapely.LineString]]:
    """(vehicle, phase, the part of the leg that was flown between the two moments)."""
    legs = day.record.legs
    for row in np.nonzero((legs["t1_ms"] > from_ms) & (legs["t0_ms"] < until_ms))[0]:
        ends = [place(legs, row, t) for t in (max(from_ms, legs["t0_ms"][row]), min(until_ms, legs["t1_ms"][row]))]
        yield str(legs["vehicle"][row]), str(legs["phase"][row]), shapely.LineString(ends)


def place(legs: dict[str, Any], row: int, t_ms: int) -> tuple[float, float]:
    share = (t_ms - legs["t0_ms"][row]) / (legs["t1_ms"][row] - legs["t0_ms"][row])
    (x0, x1), (y0, y1) = ((float(legs[f"{axis}0_m"][row]), float(legs[f"{axis}1_m"][row])) for axis in "xy")
    return x0 + share * (x1 - x0), y0 + share * (y1 - y0)


def in_the_air(day: Day) -> dict[str, tuple[str, tuple[float, float], float]]:
    """Phase, place and height of everybody in the air at the moment of closing.

    What changes course then has two legs that touch that moment: the one that ends with it says what it did.
    """
    legs, t, found = day.record.legs, day.closed_ms, {}
    for row in np.nonzero((legs["t0_ms"] < t) & (legs["t1_ms"] >= t))[0]:
        name = str(legs["vehicle"][row])
        found[name] = str(legs["phase"][row]), place(legs, row, t), height_m(legs, name, t)
    return found


def height_m(legs: dict[str, Any], vehicle: str, t_ms: int) -> float:
    """How high it is: the sum of its ups and downs. A leg tells no height, and any leg may be cut short."""
    rows = np.nonzero((legs["vehicle"] == vehicle) & (legs["t0_ms"] < t_ms))[0]
    height = 0.0
    for row in rows[np.argsort(legs["t0_ms"][rows])]:
        rises_mps = {"climbing": CLIMB_MPS, "descending": -DESCENT_MPS}.get(str(legs["phase"][row]), 0.0)
        height += rises_mps * (min(t_ms, legs["t1_ms"][row]) - legs["t0_ms"][row]) / 1000
        height = min(HEIGHT_M, max(0.0, height))
    return height


def way_out_m(day: Day, spot: tuple[float, float]) -> float:
    """The shortest straight way to the zone's edge and 5 m more that leads through nothing closed."""
    edge = day.zone.buffer(CLEARANCE_M, join_style="mitre").exterior
    near = edge.interpolate(edge.project(shapely.Point(spot)))
    ends = [near, *(edge.interpolate(share, normalized=True) for share in np.linspace(0, 1, 720))]
    closed = shapely.union_all([shape.buffer(CLEARANCE_M) for shape in day.record.closed])
    ways = [shapely.LineString([spot, end]) for end in ends]
    return min(way.length for way in ways if not way.crosses(closed))


def test_somebody_was_inside_or_on_the_way(day: Day) -> None:
    """Else the day would show nothing."""
    before = legs_within(day, day.closed_ms - 1_500_000, day.closed_ms)
    assert sum(line.intersects(day.zone) for _, _, line in before) > 3


def inside_when_it_closes(day: Day) -> Iterator[tuple[str, str, float, float]]:
    """(vehicle, phase, seconds that leaving takes it at most, seconds that landing takes it)."""
    inner = day.zone.buffer(-SKIN_M)
    for name, (phase, spot, height) in in_the_air(day).items():
        if inner.contains(shapely.Point(spot)):
            out_s = way_out_m(day, spot) / (kind_of(name).cruise_mps - WIND_MPS)
            yield name, phase, (HEIGHT_M - height) / CLIMB_MPS + out_s, height / DESCENT_MPS


def test_nobody_stays_longer_than_the_way_out_takes(day: Day) -> None:
    """Nor longer than landing takes, where that is sooner."""
    inner = day.zone.buffer(-SKIN_M)
    inside = list(inside_when_it_closes(day))
    for name, _, leaves_s, lands_s in inside:
        until = day.closed_ms + math.ceil(1000 * min(leaves_s, lands_s)) + TICKS_MS
        late = [line for who, _, line in legs_within(day, until, day.opened_ms) if who == name]
        assert not any(line.intersects(inner) for line in late), name
    assert inside or day.case.notice_s or day.case.seed > 3


def test_nobody_comes_down_inside_who_is_out_sooner(day: Day) -> None:
    """Who is on its way down already may go on, if the battery asks for it."""
    inner = day.zone.buffer(-SKIN_M)
    leaving = {
        name
        for name, phase, leaves_s, lands_s in inside_when_it_closes(day)
        if phase != "descending" and leaves_s < lands_s
    }
    for who, phase, line in legs_within(day, day.closed_ms, day.opened_ms):
        assert who not in leaving or phase != "descending" or not line.intersects(inner), who


def test_nobody_enters_while_it_is_closed(day: Day) -> None:
    inner = day.zone.buffer(-SKIN_M)
    was_inside = {name for name, (_, spot, _) in in_the_air(day).items() if inner.contains(shapely.Point(spot))}
    for who, phase, line in legs_within(day, day.closed_ms, day.opened_ms):
        assert who in was_inside or not line.intersects(inner), (who, phase)


def test_who_was_warned_is_out_when_it_closes(day: Day) -> None:
    if day.case.notice_s < 300:
        pytest.skip("nobody was warned early enough")
    inner = day.zone.buffer(-SKIN_M)
    assert not any(inner.contains(shapely.Point(spot)) for _, spot, _ in in_the_air(day).values())


def test_the_map_s_own_zones_stay_closed(day: Day) -> None:
    assert day.record.metres_inside_closed() == 0.0


def test_the_books_close_and_nobody_is_lost(day: Day) -> None:
    assert max(day.summary["residual_kg"], day.summary["residual_wh"]) <= 1e-6
    assert day.summary["lost"] == 0
    legs = day.record.legs
    for vehicle, battery_wh in zip(legs["vehicle"], legs["battery_wh"], strict=True):
        assert battery_wh > 0.1 * kind_of(str(vehicle)).battery_wh


def test_what_lies_inside_is_missed_with_that_reason_and_served_again_afterwards(day: Day) -> None:
    asked = {body["pickup_id"]: body for _, body in day.record.bodies("PickupRequested")}
    inside = {name for name, b in asked.items() if day.zone.contains(shapely.Point(b["x_m"], b["y_m"]))}
    collected = {body["pickup_id"]: t for t, body in day.record.bodies("PickupCollected")}
    missed = {body["pickup_id"]: body["reason"] for _, body in day.record.bodies("PickupMissed")}
    assert asked.keys() == collected.keys() | missed.keys()
    only_then = {
        name
        for name in inside
        if asked[name]["earliest_ms"] >= day.closed_ms and asked[name]["latest_ms"] <= day.opened_ms
    }
    # Who stood beside it on the ground when it closed may still have taken it on board.
    assert all(collected.get(name, day.closed_ms) <= day.closed_ms + 120_000 for name in only_then)
    assert only_then
    reasons = Counter(missed[name] for name in only_then - collected.keys())
    assert reasons["closed-airspace"] > 0.5 * sum(reasons.values()), reasons
    assert reasons.keys() <= {"closed-airspace", "fleet-busy", "window", "too-heavy", "does-not-fit"}
    assert any(name in collected and collected[name] > day.opened_ms for name in inside)
