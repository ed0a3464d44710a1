"""What the anchors of Neo-Terra see of what is flown there, on records, as `tools/anchor_cover.py` measures it."""

import numpy as np
import pytest

from fleet.base.dilution import dilution
from fleet.base.streams import Streams
from fleet.city.load import load_city
from fleet.messages.frames import unpack
from fleet.record.reader import read_run
from fleet.sim.motion import Motion
from fleet.sim.params import SensorParams
from fleet.sim.ranging import Ranging
from tests.app.command import ROOT, fleet
from tools.anchor_cover import cover, places_flown

LEAST = 0.95
"""Of the metres flown: at least three anchors in reach, HDOP 2 or less."""


@pytest.fixture(scope="module")
def city():
    return load_city(ROOT / "maps" / "neo-terra.geojson")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12])
@pytest.mark.thorough
def test_anchors_see_what_is_flown_even_where_one_in_seven_is_dead(seed, city, tmp_path):
    asked = ["--set", f"seed={seed}", "--set", "run.duration_h=1.5", "--quiet", "-o", tmp_path / "run"]
    assert fleet("run", ROOT / "configs" / "neo-terra.yaml", *asked).exit_code == 0
    samples = places_flown(read_run(tmp_path / "run").leg_columns())
    found = cover(city, samples)
    assert found.flown_m > 200_000.0
    assert found.both >= LEAST
    assert found.both <= min(found.enough, found.good)
    for dead in (0.05, 0.10, 0.14):
        assert cover(city, samples, dead=dead).both >= LEAST
    assert cover(city, samples, dead=0.6).both < LEAST, "what is measured depends on the anchors"


def test_the_edges_of_the_map_are_seen_as_well(city):
    """Whoever flies along the border, or anywhere else on the square."""
    along, border = np.linspace(-1990.0, 1990.0, 200), np.full(200, 1990.0)
    x = np.concatenate([along, along, border, -border])
    y = np.concatenate([border, -border, along, along])
    assert cover(city, (x, y, np.ones(800))).both >= LEAST
    x, y = (grid.ravel() for grid in np.meshgrid(along, along))
    assert cover(city, (x, y, np.ones(len(x)))).both >= LEAST


def test_so_it_is_in_the_frames_with_drop_outs(city):
    """Vehicles anywhere on the square, as the instruments give their ranges: who could be found from one frame."""
    rng, motion = np.random.default_rng(3), Motion(2000)
    motion.x_m[:], motion.y_m[:] = rng.uniform(-2000.0, 2000.0, (2, 2000))
    x, y = np.array([(a.x_m, a.y_m) for a in city.anchors]).T
    frame = Ranging(SensorParams(), Streams(3).noise("r"), motion, x, y).frame(7, 7000)
    vehicle, anchor = unpack(frame.vehicle, "<u2"), unpack(frame.anchor, "<u2")
    found = 0
    for row in range(2000):
        heard = anchor[vehicle == row]
        seen, hdop = dilution(motion.x_m[row], motion.y_m[row], x[heard], y[heard], 300.0)
        found += int(seen[0] >= 3 and hdop[0] <= 2.0)
    assert found / 2000 >= LEAST
    assert len(vehicle) / 2000 == pytest.approx(0.95 * np.pi * 300.0**2 / 250.0**2, rel=0.1), "drop-outs are in it"


def test_a_leg_is_sampled_by_its_length_and_a_climb_where_it_is():
    legs = {
        "phase": np.array(["climbing", "cruising", "descending", "driving", "holding"]),
        "t0_ms": np.array([0, 32_000, 36_000, 0, 0]),
        "t1_ms": np.array([32_000, 36_000, 76_000, 9_000, 9_000]),
        "x0_m": np.array([5.0, 5.0, 53.0, 0.0, 0.0]),
        "x1_m": np.array([5.0, 53.0, 53.0, 99.0, 0.0]),
        "y0_m": np.zeros(5),
        "y1_m": np.zeros(5),
    }
    x, y, metres = places_flown(legs)
    assert metres.tolist() == pytest.approx([9.6] * 5 + [80.0, 80.0])
    assert x.tolist() == pytest.approx([9.8, 19.4, 29.0, 38.6, 48.2, 5.0, 53.0])
    assert not y.any()
