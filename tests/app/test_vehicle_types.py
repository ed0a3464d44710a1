"""A scenario's own vehicle types: by air unless they say by street, and each with the fields of its own kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.app.build import build
from fleet.app.load import load_scenario
from fleet.base.errors import InputError
from fleet.bus.memory import MemoryBus
from fleet.city.model import MODES
from fleet.sim.params import BUILT_IN_TYPES, StreetTypeParams

ROOT = Path(__file__).parents[2]
FOUR_CORNERS = (ROOT / "configs" / "four-corners.yaml").read_text()
BODY = "empty_kg: 60, payload_kg: 150, volume_l: 1200, battery_wh: 500"
BIKE = f"travels: street, streets: bicycle, cruise_mps: 4, wh_per_km: 15, {BODY}"
DRONE = f"rotor_disc_m2: 1.3, {BODY}"


def with_type(tmp_path, fields):
    """A scenario file that has the type `mine`."""
    path = tmp_path / "day.yaml"
    path.write_text(FOUR_CORNERS.replace("fleet:\n", f"fleet:\n  types:\n    mine: {{{fields}}}\n", 1))
    return path


@pytest.mark.parametrize("fields, flies", [(BIKE, False), (DRONE, True), (f"travels: air, {DRONE}", True)])
def test_a_type_of_either_kind(tmp_path, fields, flies):
    (mine,) = load_scenario(with_type(tmp_path, fields)).scenario.fleet.types.values()
    assert mine.airframe().flies == flies
    assert mine.reserve_wh == 100.0


@pytest.mark.parametrize(
    "fields, faults",
    [
        (BIKE.replace("bicycle", "bike"), [("streets", "'bike'")]),
        (BIKE.replace("street,", "road,", 1), [("travels", "'road'")]),
        (f"{BIKE}, climb_mps: 3", [("climb_mps", "'climb_mps'")]),
        (BIKE.replace(", wh_per_km: 15", ""), [("wh_per_km", "nothing")]),
        (BIKE.replace("wh_per_km: 15", "wh_per_km: -1"), [("wh_per_km", "-1")]),
        (BODY, [("rotor_disc_m2", "nothing")]),
        (f"{DRONE}, wh_per_km: 3", [("wh_per_km", "'wh_per_km'")]),
        (f"{DRONE}, cruise_mps: 1", [("cruise_mps", "1")]),
    ],
)
def test_what_does_not_fit_the_kind_is_told_at_its_place(tmp_path, fields, faults):
    with pytest.raises(InputError) as caught:
        load_scenario(with_type(tmp_path, fields))
    assert [(f.path, f.found) for f in caught.value.faults] == [
        (f"fleet.types.mine.{name}", found) for name, found in faults
    ]


def test_every_way_of_using_streets_can_be_chosen(tmp_path):
    for mode in MODES:
        scenario = load_scenario(with_type(tmp_path, BIKE.replace("bicycle", mode))).scenario
        (mine,) = scenario.fleet.types.values()
        assert isinstance(mine, StreetTypeParams)
        assert mine.streets == mode


def test_the_planner_reckons_with_the_physics_of_each_type(tmp_path):
    path = with_type(tmp_path, f"{BIKE}, crew_kg: 75")
    path.write_text(path.read_text().replace("groups:\n", "groups:\n    - {name: m, type: mine, count: 1}\n", 1))
    loaded = load_scenario(path)
    parts = build(loaded.scenario, ROOT / "configs", lambda now: MemoryBus(now), legs=False)
    types = {kind.name: kind for kind in parts.dispatcher._atlas.types}
    assert types.keys() == {"light-collector", "mine"}
    for name, kind in types.items():
        frame = parts.setting.types[name].airframe()
        for load_kg in (0.0, 2.0):
            power_w = kind.power_coefficient * (kind.empty_kg + load_kg) ** kind.mass_exponent
            assert power_w == pytest.approx(frame.power_w(load_kg))


def test_the_built_in_bike_draws_what_it_is_rated_at_with_half_its_payload():
    bike = BUILT_IN_TYPES["cargo-bike"]
    chassis = bike.airframe()
    hours_per_km = 1000.0 / chassis.cruise_mps / 3600.0
    assert chassis.power_w(bike.payload_kg / 2) * hours_per_km == pytest.approx(15.0)
    assert chassis.empty_kg == 60.0 + 75.0
