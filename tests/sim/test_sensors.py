"""Instruments: right on average, wrong by as much as they are said to be, and read without consequence."""

import numpy as np
import pytest

from fleet.base.streams import Streams
from fleet.messages.frames import unpack
from fleet.messages.reports import STATES
from fleet.sim.build import VehicleSpec, build_sensors, roster
from fleet.sim.params import SensorParams
from tests.sim.toy import Toy, pickup, still

MANY = tuple(VehicleSpec(f"v{n:03d}", "light-collector", "home") for n in range(400))


def instruments(toy, **sensors):
    toy.setting = type(toy.setting)(**{**vars(toy.setting), "sensors": SensorParams(**sensors)})
    return build_sensors(toy.setting, Streams(1), toy.motion)


def columns(frame):
    kinds = {"state": "<u1", "vehicle": "<u2", "anchor": "<u2"}
    return {
        name: unpack(getattr(frame, name), kinds.get(name, "<f4"))
        for name in frame.__struct_fields__
        if name != "tick"
    }


def test_telemetry_is_what_the_vehicle_believes_within_its_receivers_error():
    toy = Toy(vehicles=MANY)
    told = columns(instruments(toy, gnss_sigma_m=2.0).telemetry(7, 7000, list(toy.world.bodies)))
    assert told["x_m"].std() == pytest.approx(2.0, rel=0.12)
    assert told["x_m"].mean() == pytest.approx(0.0, abs=0.4)
    assert abs(np.corrcoef(told["x_m"], told["y_m"])[0, 1]) < 0.15
    assert set(told["battery_wh"].tolist()) == {np.float32(599.4)}


def test_telemetry_without_error_is_the_state():
    toy = Toy(sensors=still())
    toy.order("v1", pickup(2))
    toy.run(60)
    told = columns(instruments(toy, gnss_sigma_m=0.0).telemetry(toy.tick, toy.now_ms, list(toy.world.bodies)))
    x, y, h = toy.place("v1")
    assert [told[c][1] for c in ("x_m", "y_m", "height_m", "speed_mps")] == pytest.approx([x, y, h, 12.0])
    assert [STATES[code] for code in told["state"]] == ["idle", "cruising"]
    assert told["battery_wh"][1] == pytest.approx(toy.battery_wh("v1"))


def test_a_range_is_the_true_distance_with_its_error():
    toy = Toy(vehicles=MANY)
    heard = columns(instruments(toy, range_sigma_m=3.0, range_dropout=0.0, range_reach_m=2000.0).ranges(5, 5000))
    far = heard["range_m"][heard["anchor"] == 1]
    assert len(far) == 400
    assert far.mean() == pytest.approx(1000.0, abs=0.6)
    assert far.std() == pytest.approx(3.0, rel=0.12)
    assert (heard["range_m"] >= 0).all()


def test_reach_and_drop_outs():
    toy = Toy(vehicles=MANY)
    heard = columns(instruments(toy, range_reach_m=500.0, range_dropout=0.25).ranges(5, 5000))
    assert set(heard["anchor"].tolist()) == {0}
    assert len(heard["anchor"]) == pytest.approx(300, abs=30)


def test_reading_twice_or_never_changes_nothing():
    toy = Toy(vehicles=MANY)
    sensors = instruments(toy)
    first = sensors.ranges(5, 5000)
    sensors.telemetry(6, 6000, list(toy.world.bodies))
    sensors.ranges(6, 6000)
    assert sensors.ranges(5, 5000) == first
    assert sensors.ranges(6, 5000) != first


def test_truth_is_exact_to_the_columns_width():
    toy = Toy(sensors=still())
    toy.order("v0", pickup(2))
    toy.run(60)
    told = columns(instruments(toy).truth(toy.tick, toy.now_ms))
    assert (told["x_m"][0], told["y_m"][0]) == pytest.approx(toy.place()[:2], rel=1e-6)


def test_the_roster_names_rows_and_anchors():
    said = roster(Toy().setting)
    assert said.vehicles == ("v0", "v1")
    assert list(zip(said.anchors, said.anchor_x_m, said.anchor_y_m, strict=True)) == [
        ("a0", 0.0, 0.0),
        ("a1", 1000.0, 0.0),
    ]
    assert (said.anchor_sigma_m, said.gnss_sigma_m) == (3.0, 2.0)
