"""Vehicles on the street: they keep to it, feel no wind, heed no zone, and their books close like all others.

     (0,400) o---------o (900,400)            a no-fly zone lies round b2 and b1
             |         |
home (0,0)   o--b0-b1--b2 (900,0)             y 0 is one-way towards the east
"""

import math
from dataclasses import replace

import pytest
from shapely import LineString, box

from fleet.base.flight import Wind
from fleet.base.streams import Streams
from fleet.city.model import Street, Zone
from fleet.messages.frames import unpack
from fleet.messages.reports import PickupCollected, PickupFailed
from fleet.messages.truth import LegFlown
from fleet.sim.build import VehicleSpec, build_sensors
from fleet.sim.params import BUILT_IN_TYPES

from .asking import ask, stop
from .test_tampering_payload import told
from .toy import CITY, Toy, check_invariants, dock, pickup, still

STREETS = (
    Street(LineString([(0, 0), (300, 0), (900, 0)]), oneway=1),
    Street(LineString([(900, 0), (900, 400), (0, 400), (0, 0)])),
)
ZONE = Zone("prison", "prison", box(500, -100, 1000, 100))
TOWN = replace(CITY, streets=STREETS, zones=(ZONE,))
BIKE, WALKER = BUILT_IN_TYPES["cargo-bike"], BUILT_IN_TYPES["collector-on-foot"]
ROUND_M = 900.0 + 400.0 + 900.0 + 400.0


def town(kind="cargo-bike", **changes) -> Toy:
    vehicles = (VehicleSpec("v0", kind, "home"), VehicleSpec("v1", "light-collector", "home"))
    return Toy(**{"city": TOWN, "vehicles": vehicles, "sensors": still(), **changes})


def legs(toy, vehicle="v0"):
    return toy.heard(LegFlown, vehicle)


def metres(toy, vehicle="v0"):
    return sum(((leg.x1_m - leg.x0_m) ** 2 + (leg.y1_m - leg.y0_m) ** 2) ** 0.5 for leg in legs(toy, vehicle))


def test_it_drives_along_the_streets_and_their_directions_and_draws_by_its_mass():
    toy = town()
    toy.order("v0", pickup(2), dock("home", unload=True))
    toy.until("idle").close()
    assert {leg.phase for leg in legs(toy)} == {"driving"}
    corners = [(leg.x1_m, leg.y1_m) for leg in legs(toy)]
    assert corners == [(300, 0), (900, 0), (900, 400), (0, 400), (0, 0)]
    w_per_kg = BIKE.airframe().power_coefficient
    seconds_out, seconds_back = 900 / 4.2, 1700 / 4.2
    expected = w_per_kg * (135.0 * seconds_out + 136.0 * seconds_back) / 3600.0
    assert sum(leg.energy_wh for leg in legs(toy)) == pytest.approx(expected, rel=1e-4)
    assert toy.states("v0") == ["idle", "driving", "servicing", "driving", "unloading", "idle"]
    check_invariants(toy)


def test_it_is_never_above_the_ground():
    toy = town()
    toy.order("v0", pickup(2), dock("home"))
    toy.watch = lambda toy: heights.append(toy.place()[2])
    heights = []
    toy.until("idle")
    assert len(heights) > 600
    assert set(heights) == {0.0}


def test_what_lies_in_a_no_fly_zone_is_out_of_reach_by_air_and_served_by_street():
    toy = town()
    toy.order("v1", pickup(2), dock("home"))
    toy.order("v0", pickup(1), dock("home", unload=True))
    toy.run(2000).close()
    assert [(f.vehicle, f.pickup_id, f.cause) for f in toy.heard(PickupFailed)] == [("v1", "p2", "out-of-reach")]
    assert [(c.vehicle, c.pickup_id) for c in toy.heard(PickupCollected)] == [("v0", "p1")]
    assert metres(toy) == pytest.approx(ROUND_M, abs=0.1)
    check_invariants(toy)


def test_wind_changes_nothing():
    days = []
    for wind in (Wind(), Wind(9.0, -7.0)):
        toy = town(wind=wind)
        toy.order("v0", pickup(2), dock("home", unload=True))
        days.append(legs(toy.until("idle").close()))
    assert days[0] == days[1]


def test_called_home_half_way_it_goes_on_along_the_street_and_not_back_against_it():
    toy = town()
    toy.order("v0", pickup(2))
    toy.run(100)
    x, y, _ = toy.place()
    assert y == 0.0
    assert 300 < x < 600
    toy.recall("v0")
    toy.until("idle").close()
    assert metres(toy) == pytest.approx(ROUND_M, abs=1.0)
    check_invariants(toy)


def test_an_empty_battery_leaves_it_on_the_street_and_the_books_closed():
    toy = town()
    toy.order("v0", pickup(2))
    toy.run(20)
    toy.flights.leak(toy.body(), "test", 1e5)
    toy.until("lost").run(60).close()
    assert toy.battery_wh() == pytest.approx(0.0, abs=0.1)
    assert toy.place()[1:] == (0.0, 0.0)
    check_invariants(toy)


AREA = {"target": "area", "x_m": 200.0, "y_m": 0.0, "radius_m": 2000.0}


@pytest.mark.parametrize("where", [{}, AREA])
@pytest.mark.parametrize(
    "name, numbers",
    [
        ("navigation.gnss-tow", {"rate_mps": 0.5, "bearing_deg": 0.0}),
        ("navigation.gnss-bias", {"east_m": 0.0, "north_m": 60.0}),
        ("navigation.gnss-freeze", {}),
    ],
)
def test_a_receiver_that_is_tampered_with_leads_it_astray_on_the_street_too(name, numbers, where):
    toy = town(tampering=True)
    toy.order("v0", pickup(2), dock("home"))
    toy.run(30)
    assert ask(toy, name, **where, **numbers) == ""
    toy.run(3000)
    assert abs(toy.place()[1]) > 15 or toy.body().state == "driving"
    assert not toy.heard(PickupCollected)
    assert stop(toy) == ""
    toy.run(3000).close()
    check_invariants(toy)


def test_without_a_fix_it_says_so_while_it_drives_and_not_while_it_stands():
    toy = town(tampering=True)
    toy.order("v0", pickup(2))
    toy.run(30)
    sensors = build_sensors(toy.setting, Streams(1), toy.motion)

    def fix():
        return unpack(sensors.telemetry(toy.tick, toy.now_ms, list(toy.world.bodies)).x_m)[0]

    assert math.isfinite(fix())
    assert ask(toy, "navigation.gnss-jam", drift_mps=0.0) == ""
    assert math.isnan(fix())
    toy.until("servicing")
    assert math.isfinite(fix())


def test_whoever_walks_goes_both_ways_and_draws_nothing():
    toy = town("collector-on-foot")
    toy.order("v0", pickup(2), dock("home", unload=True, charge=True))
    toy.until("idle").close()
    assert metres(toy) == pytest.approx(1800.0, abs=0.1)
    assert sum(leg.energy_wh for leg in legs(toy)) == 0.0
    assert toy.battery_wh() == WALKER.battery_wh
    assert len(toy.heard(PickupCollected)) == 1
    check_invariants(toy)


def test_an_undeclared_stop_off_the_street_pretends_to_drive_on_it():
    toy = town(tampering=True)
    toy.order("v0", pickup(2), dock("home"))
    toy.run(30)
    assert ask(toy, "payload.undeclared-stop", x_m=300.0, y_m=-150.0, duration_s=30.0).startswith("x_m, y_m")
    assert ask(toy, "payload.undeclared-stop", x_m=300.0, y_m=-50.0, duration_s=30.0) == ""
    stood = 0
    while toy.body().flight.phases[-1].x_m != 900.0:
        assert told(toy) == ("driving", 0.0, pytest.approx(4.2))
        stood += toy.place() == pytest.approx((300.0, -50.0, 0.0), abs=0.01)
        toy.run(1)
    assert stood == pytest.approx(30, abs=1)
    toy.until("idle").close()
    assert len(toy.heard(PickupCollected)) == 1
    check_invariants(toy)
