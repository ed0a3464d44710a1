"""What a message says of a zone, true or not."""

import math

import pytest
from shapely import Polygon, box

from fleet.city.hearsay import heard, is_said_of, makes_ground
from fleet.city.model import Zone
from fleet.city.sky import circle
from fleet.messages.airspace import AirspaceChanged
from tests.city.tell import tell

AREAS = [
    box(0.0, 0.0, 300.0, 200.0),
    circle(12.3456, -7.891, 77.77),
    Polygon(box(0, 0, 9, 9).exterior, [box(2, 2, 4, 4).exterior]),
]
KNOT = ((0.0, 9.0, 0.0, 9.0, 0.0),), ((0.0, 9.0, 9.0, 0.0, 0.0),)
FLAT = ((0.0, 9.0, 5.0, 0.0),), ((0.0, 0.0, 0.0, 0.0),)


def said(**changes) -> AirspaceChanged:
    return tell(Zone("z", "", AREAS[0], 10.0, 90.0), **changes)


@pytest.mark.parametrize("area", AREAS)
def test_what_is_said_of_a_zone_is_known_for_that_zone(area):
    zone = Zone("z", "why", area, 1.004, 90.0)
    told = heard(tell(zone))
    assert told is not None
    assert makes_ground(told)
    assert is_said_of(told, zone)
    assert told.area.symmetric_difference(area).area < 0.01 * area.length


@pytest.mark.parametrize(
    "changes", [{"floor_m": 11.0}, {"ceiling_m": math.inf}, {"x_m": ((0.0, 0.02, 300.0, 300.0, 0.0),)}]
)
def test_what_differs_is_another_zone(changes):
    told = heard(said(**changes))
    assert told is not None
    assert not is_said_of(told, Zone("z", "", AREAS[0], 10.0, 90.0))


@pytest.mark.parametrize(
    "changes",
    [
        {"x_m": ()},
        {"x_m": (), "y_m": ()},
        {"x_m": ((0.0, 1.0, 0.0),), "y_m": ((0.0, 1.0, 0.0),)},
        {"x_m": ((0.0, 1.0, 1.0, 0.0, 0.0, 0.0),)},
        {"x_m": ((0.0, math.nan, 300.0, 300.0, 0.0),)},
        {"x_m": ((0.0, 1e300, 300.0, 300.0, 0.0),)},
        {"y_m": ((0.0, math.inf, 300.0, 300.0, 0.0),)},
        {"floor_m": math.nan},
        {"ceiling_m": math.nan},
    ],
)
def test_a_lie_that_makes_no_zone_is_none(changes):
    assert heard(said(**changes)) is None


@pytest.mark.parametrize(("x_m", "y_m"), [KNOT, FLAT])
def test_what_crosses_itself_or_is_flat_has_no_ground(x_m, y_m):
    told = heard(said(x_m=x_m, y_m=y_m))
    assert told is not None
    assert not makes_ground(told)
