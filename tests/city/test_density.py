"""How closely a place is built."""

import numpy as np
import pytest
from shapely import box

from fleet.city.density import Density
from fleet.city.load import load_city
from fleet.city.model import Building
from tests.app.command import ROOT


def test_roofs_count_in_the_cell_of_their_middle():
    density = Density([Building("a", box(10, 10, 60, 60), 9.0), Building("b", box(-60, 10, -40, 30), 9.0)])
    assert density.at([50.0, -50.0, 50.0, 950.0], [50.0, 50.0, -50.0, 0.0]).tolist() == [0.25, 0.04, 0.0, 0.0]


def test_nothing_is_built_where_there_is_no_building():
    assert Density([]).at([0.0, 1e6], [0.0, -1e6]).tolist() == [0.0, 0.0]


def test_all_roofs_of_a_city_are_there():
    city = load_city(ROOT / "maps" / "neo-terra.geojson")
    middles = np.arange(-1950.0, 2000.0, 100.0)
    x, y = (grid.ravel() for grid in np.meshgrid(middles, middles))
    share = Density(city.buildings).at(x, y)
    assert share.sum() * 1e4 == pytest.approx(sum(b.footprint.area for b in city.buildings))
    assert 0.3 < (share >= 0.2).mean() < 0.9, "some of the city is built up, and some is not"
