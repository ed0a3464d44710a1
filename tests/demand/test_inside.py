"""What lies in a pickup besides what it is called."""

import pytest
from pydantic import ValidationError

from fleet.base.streams import Streams
from fleet.city.model import Place
from fleet.demand.model import Span
from fleet.demand.params import DemandParams
from fleet.demand.process import requests

POINTS = tuple(Place(f"b{n}", 10.0 * n, 0.0, "north") for n in range(5))
SPAN = Span(8.0, 10.0)


def day(**changes):
    process = {"name": "h", "per_day": 800, "materials": {"mixed": 1, "paper": 1}, **changes}
    return requests(DemandParams.model_validate({"processes": [process]}), POINTS, SPAN, Streams(3))


def test_without_it_everything_is_what_it_is_called():
    assert all(not r.contents for r in day())


def test_a_part_of_the_pickups_holds_a_part_of_its_mass_of_something_else():
    hidden = [{"declared": "mixed", "material": "batteries", "pickups": 0.3, "mass": 0.05}]
    found = day(inside=hidden)
    mixed = [r for r in found if r.material == "mixed"]
    holding = [r for r in mixed if r.contents]
    assert 0.2 < len(holding) / len(mixed) < 0.4
    assert all(sum(r.contents.values()) == pytest.approx(r.actual_kg) for r in holding)
    assert all(r.contents["batteries"] == pytest.approx(0.05 * r.actual_kg) for r in holding)
    assert not any(r.contents for r in found if r.material == "paper")


def test_it_shifts_no_other_draw():
    hidden = [{"declared": "paper", "material": "lamps"}]
    plain, other = day(), day(inside=hidden)
    assert [(r.pickup_id, r.actual_kg, r.latest_ms) for r in plain] == [
        (r.pickup_id, r.actual_kg, r.latest_ms) for r in other
    ]


def test_a_whole_load_may_be_something_else():
    hidden = [{"declared": "paper", "material": "lamps", "mass": 1.0}]
    found = [r for r in day(inside=hidden) if r.material == "paper"]
    assert found
    assert all(r.contents == {"lamps": r.actual_kg} for r in found)


@pytest.mark.parametrize(
    "inside",
    [
        [{"declared": "glass", "material": "lamps"}],
        [{"declared": "paper", "material": "paper"}],
        [{"declared": "paper", "material": "kryptonite"}],
        [
            {"declared": "paper", "material": "lamps", "mass": 0.6},
            {"declared": "paper", "material": "glass", "mass": 0.6},
        ],
        [{"declared": "paper", "material": "lamps", "mass": 0.0}],
    ],
)
def test_what_cannot_be_inside(inside):
    with pytest.raises(ValidationError):
        day(inside=inside)
