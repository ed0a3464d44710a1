"""Dispatch plans by what messages say, shares with the world what is so, and keeps little."""

import weakref
from dataclasses import replace

import numpy as np
import pytest
from shapely import Point

from fleet.app.atlases import KEPT, atlases
from fleet.app.load import load_scenario
from fleet.bus.memory import MemoryBus
from fleet.city.model import Zone
from fleet.sim.build import build_layers, build_terrain
from tests.app.test_airspace import BASE
from tests.city.tell import tell

HOUR = 3_600_000
BIKES = BASE.replace("count: 2}", "count: 2}, {name: bike, type: cargo-bike, count: 1}")
STEPS = ", ".join(f'{{at: "{hour:02}:00", height_m: 10, mps: {hour / 4}, from_deg: 200}}' for hour in range(8, 16))
WINDS = f"weather: {{wind: [{STEPS}]}}\n"


@pytest.fixture
def town(tmp_path):
    """The atlases of a town with a drone and a bike in a wind that turns hourly, and a zone over its middle."""
    path = tmp_path / "day.yaml"
    path.write_text(BIKES + WINDS)
    parts = load_scenario(path).build(MemoryBus)
    layers = build_layers(parts.setting)
    terrain = build_terrain(parts.setting, layers)
    x, y = float(terrain.x_m.mean()), float(terrain.y_m.mean())
    zone = Zone("fair", "crowd", Point(x, y).buffer(400.0))
    return atlases(parts.scenario, parts.setting, terrain, layers), zone


def lengths(atlas):
    """Travel times by air, and by street."""
    by_name = dict(zip((kind.name for kind in atlas.types), atlas.travel_ms, strict=True))
    return by_name["light-collector"], by_name["cargo-bike"]


def test_the_shape_is_the_one_in_the_message(town):
    """The world knows of no zone here at all."""
    atlas_of, zone = town
    free, shut = atlas_of((), 0), atlas_of((tell(zone),), 0)
    assert atlas_of((tell(zone),), 0) is shut
    assert (lengths(shut)[0] > lengths(free)[0]).any()
    assert np.array_equal(lengths(shut)[1], lengths(free)[1]), "streets are never closed"
    high = atlas_of((tell(replace(zone, floor_m=500.0, ceiling_m=600.0)),), 0)
    assert np.array_equal(lengths(high)[0], lengths(free)[0])


def test_what_is_replaced_under_a_name_is_another_sky(town):
    atlas_of, zone = town
    small = replace(zone, area=zone.area.centroid.buffer(1.0))
    first, second = atlas_of((tell(zone),), 0), atlas_of((tell(small),), 0)
    assert (lengths(first)[0] > lengths(second)[0]).any()
    assert np.array_equal(lengths(atlas_of((tell(zone),), 0))[0], lengths(first)[0])


def test_what_makes_no_zone_is_passed_over(town):
    atlas_of, zone = town
    free = atlas_of((), 0)
    assert atlas_of((tell(zone, x_m=()), tell(zone, floor_m=float("nan"))), 0) is free


def test_it_is_planned_in_the_wind_of_the_hour_and_what_is_over_is_forgotten(town):
    atlas_of, _ = town
    seen = [weakref.ref(atlas_of((), hour * HOUR)) for hour in range(8)]
    assert [ref() is not None for ref in seen] == [False] * (8 - KEPT) + [True] * KEPT
    assert atlas_of((), 7 * HOUR) is seen[-1]()
    assert not np.array_equal(lengths(atlas_of((), 0))[0], lengths(atlas_of((), 7 * HOUR))[0])
