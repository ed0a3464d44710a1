"""What must change nothing: being watched, and the errors of scales."""

import msgspec

from fleet.base.streams import Streams
from fleet.messages.codec import decode, encode
from fleet.messages.reports import PickupCollected, Unloaded, VehicleReported
from fleet.messages.truth import LegFlown
from fleet.sim.build import build_sensors
from fleet.sim.params import SensorParams
from tests.sim.toy import Toy, dock, pickup, still, waste


def morning(*, frames=False, **world):
    toy = Toy(waiting=tuple(waste(n, n % 6, kg=0.5 + 0.1 * n) for n in range(9)), **world)
    sensors = build_sensors(toy.setting, Streams(1), toy.motion)
    if frames:
        toy.watch = lambda t: (
            sensors.telemetry(t.tick, t.now_ms, list(t.world.bodies)),
            sensors.ranges(t.tick, t.now_ms),
        )
    toy.order(
        "v0", pickup(0), pickup(1), pickup(3), dock("home", unload=True, charge=True), pickup(6, 0), dock("home")
    )
    toy.order(
        "v1", pickup(5), dock("home", unload=True, charge=True), pickup(4), pickup(2), dock("far", unload=True)
    )
    toy.run(700)
    toy.order("v1", pickup(7, 1), dock("home", unload=True))
    return toy.run(500).close()


def events(toy):
    return [m for m in toy.said if not isinstance(m.body, LegFlown)]


def without_readings(toy):
    """Events with what a scale says blotted out."""
    blotted = []
    for message in events(toy):
        body = message.body
        if isinstance(body, PickupCollected):
            body = msgspec.structs.replace(body, scale_kg=0.0)
        elif isinstance(body, Unloaded):
            weighed = dict.fromkeys(body.weighed_kg, 0.0)
            body = msgspec.structs.replace(body, weighed_kg=weighed, stock_kg=0.0)
        elif isinstance(body, VehicleReported):
            body = msgspec.structs.replace(body, load_kg=float(body.load_kg > 0.0))
        blotted.append(msgspec.structs.replace(message, body=body))
    return blotted


def test_telling_the_truth_about_legs_changes_no_event():
    told, silent = morning(), morning(legs=False)
    assert len(told.said) > len(silent.said)
    assert events(told) == silent.said


def test_frames_change_no_event():
    assert morning(frames=True).said == morning().said


def test_scales_that_err_change_readings_and_nothing_else():
    wrong = SensorParams(vehicle_scale_sigma=0.3, weighbridge_sigma=0.2)
    right, erring = morning(), morning(sensors=wrong)
    assert without_readings(erring) == without_readings(right)
    assert events(erring) != events(right)


def test_one_vehicles_weighing_shifts_no_other_scale():
    """v0 empties one more bin; every reading of v1 stays what it was."""

    def readings(toy):
        return [c.scale_kg for c in toy.heard(PickupCollected, "v1")]

    def day(extra):
        toy = Toy(waiting=tuple(waste(n, n) for n in range(6)))
        toy.order("v0", *([pickup(0)] if extra else []), dock("home"))
        toy.order("v1", pickup(3), pickup(4), pickup(5), dock("home"))
        return toy.run(1000)

    assert readings(day(False)) == readings(day(True))
    assert len(readings(day(True))) == 3


def test_seeds_differ_in_errors_and_not_in_time():
    one, other = morning(seed=1), morning(seed=2)

    def states(toy):
        return [(m.t_ms, m.body.vehicle, m.body.state) for m in toy.said if isinstance(m.body, VehicleReported)]

    assert states(one) == states(other)
    assert events(one) != events(other)
    assert events(morning(seed=1, sensors=still())) == events(morning(seed=2, sensors=still()))


def test_whatever_the_world_says_survives_the_wire():
    """An integer or a NumPy number in a float field would change its bytes on a road that encodes."""
    toy = morning()
    kinds = set()
    for message in toy.said:
        assert encode(decode(encode(message))) == encode(message)
        kinds.add(type(message.body).__name__)
    assert {"VehicleReported", "PickupCollected", "Unloaded", "Charged", "OrderAnswered", "WorldClosed"} <= kinds
