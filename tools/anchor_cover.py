"""How much of what was flown the anchors of a map see: at least three in reach, at an HDOP of 2 or less.

    python tools/anchor_cover.py RUN [RUN ...] [--dead 0.1] [--reach 300]

RUN is the directory of a recorded run. Level flight is sampled every 10 m, a climb or descent counts where it is
for the metres it has in height. `--dead` lets a share of the anchors, drawn at random, be silent. Ways by street
and standing still do not count.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fleet.app.load import load_scenario
from fleet.base.dilution import dilution
from fleet.base.errors import FleetError
from fleet.city.load import load_city
from fleet.city.model import City
from fleet.record.reader import read_run

STEP_M = 10.0
UPRIGHT_MPS = {"climbing": 2.5, "descending": 2.0}
"""How fast the built-in types climb and descend: legs tell no heights."""
LEAST, WORST_HDOP = 3, 2.0
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cover:
    """Metres flown, and the share of them with enough anchors, with a good HDOP, and with both."""

    flown_m: float
    enough: float
    good: float
    both: float


def places_flown(legs: Mapping[str, npt.NDArray[Any]]) -> tuple[Floats, Floats, Floats]:
    """(x, y, metres) of samples of the legs in the air: level pieces each 10 m, climbs and descents whole."""
    level = legs["phase"] == "cruising"
    x0, y0, x1, y1 = (np.asarray(legs[name][level], dtype=float) for name in ("x0_m", "y0_m", "x1_m", "y1_m"))
    length = np.hypot(x1 - x0, y1 - y0)
    pieces = np.maximum(1, np.ceil(length / STEP_M)).astype(int)
    leg = np.repeat(np.arange(len(length)), pieces)
    first = np.repeat(np.cumsum(pieces) - pieces, pieces)
    part = (np.arange(len(leg)) - first + 0.5) / pieces[leg]
    xs, ys, metres = [x0[leg] + part * (x1 - x0)[leg]], [y0[leg] + part * (y1 - y0)[leg]], [(length / pieces)[leg]]
    for phase, speed_mps in UPRIGHT_MPS.items():
        rows = legs["phase"] == phase
        xs.append(np.asarray(legs["x0_m"][rows], dtype=float))
        ys.append(np.asarray(legs["y0_m"][rows], dtype=float))
        metres.append(speed_mps * (legs["t1_ms"][rows] - legs["t0_ms"][rows]) / 1000.0)
    return np.concatenate(xs), np.concatenate(ys), np.concatenate(metres)


def cover(
    city: City, samples: tuple[Floats, Floats, Floats], reach_m: float = 300.0, dead: float = 0.0, seed: int = 0
) -> Cover:
    """What the map's anchors, less a share of dead ones, see of the samples."""
    alive = np.random.default_rng(seed).random(len(city.anchors)) >= dead
    anchors = [a for a, there in zip(city.anchors, alive, strict=True) if there]
    x, y, metres = samples
    seen, hdop = dilution(x, y, [a.x_m for a in anchors], [a.y_m for a in anchors], reach_m)
    whole = float(metres.sum())
    enough, good = seen >= LEAST, hdop <= WORST_HDOP
    shares = (float(metres[mask].sum()) / whole for mask in (enough, good, enough & good))
    return Cover(whole, *shares)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--reach", type=float, default=300.0, help="metres over ground")
    parser.add_argument("--dead", type=float, default=0.0, help="share of the anchors that are silent")
    given = parser.parse_args()
    print(f"{'run':24} {'flown km':>9} {'>= 3 seen':>10} {'HDOP <= 2':>10} {'both':>8}")
    for directory in given.runs:
        try:
            run = read_run(directory)
            loaded = load_scenario(directory / "scenario.yaml")
            city = load_city(loaded.directory / loaded.scenario.city.map)
            found = cover(city, places_flown(run.leg_columns()), given.reach, given.dead)
        except FleetError as error:
            parser.error(str(error))
        shares = f"{found.enough:10.2%} {found.good:10.2%} {found.both:8.2%}"
        print(f"{directory.name[:24]:24} {found.flown_m / 1000:9,.1f} {shares}")


if __name__ == "__main__":
    main()
