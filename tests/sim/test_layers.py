"""Layers are shared where world and dispatch mean the same, and only the last few are kept."""

import weakref
from dataclasses import replace

import numpy as np
import pytest
from shapely import Polygon, box

from fleet.base.flight import Wind
from fleet.base.winds import Winds, WindStep
from fleet.city.hearsay import heard
from fleet.city.model import Zone
from fleet.city.sky import Closure, Schedule
from fleet.sim.build import build_layers
from fleet.sim.layers import KEPT
from tests.city.tell import tell
from tests.sim.toy import setting

LIGHT = "light-collector"
FAIR = Zone("fair", "", box(300.004, -300.0, 900.0, 300.0))
SHUT = frozenset({"fair"})


def layers():
    """The toy town with a zone."""
    return build_layers(setting(closures=Schedule((Closure(FAIR, 0),))))


def believed(known, *zones, type_name=LIGHT):
    return known.as_believed(type_name, [heard(tell(zone)) for zone in zones], 0)


def same_ways(one, other):
    return np.array_equal(one.network.length_m, other.network.length_m)


def test_what_is_said_of_a_zone_is_the_world_s_own_layer():
    known = layers()
    assert believed(known, FAIR) is known.of(LIGHT, SHUT, 0)
    assert believed(known) is known.of(LIGHT, frozenset(), 0)
    assert not same_ways(believed(known), believed(known, FAIR))


@pytest.mark.parametrize("lie", [replace(FAIR, area=box(-300, -300, 300, 300)), replace(FAIR, floor_m=100.0)])
def test_a_lie_is_believed_and_the_world_is_none_the_wiser(lie):
    known = layers()
    before = known.of(LIGHT, SHUT, 0)
    told = believed(known, lie)
    assert told is believed(known, lie)
    assert not same_ways(told, before)
    assert known.of(LIGHT, SHUT, 0) is before
    unknown = replace(lie, id="fairy")
    assert same_ways(believed(known, unknown), told)
    assert known.of(LIGHT, frozenset({"fairy", "said fair", "is fair"}), 0) is known.of(LIGHT, frozenset(), 0)


def test_what_was_replaced_holds_for_who_has_not_heard_of_it():
    known = layers()
    old = known.of(LIGHT, SHUT, 0)
    other = replace(FAIR, area=box(-300, -300, 300, 300))
    known.add(other)
    new = known.of(LIGHT, SHUT, 0)
    assert not same_ways(old, new)
    assert np.allclose(believed(known, FAIR).network.length_m, old.network.length_m, atol=0.05)
    assert believed(known, other) is new


def test_a_zone_without_an_inside_is_nothing():
    known = layers()
    knot = Polygon([(0.0, 0.0), (9.0, 9.0), (0.0, 9.0), (9.0, 0.0)])
    assert believed(known, replace(FAIR, area=knot)) is known.of(LIGHT, frozenset(), 0)


def test_only_the_last_few_are_kept_and_those_are_not_worked_out_again():
    hours = range(3 * KEPT)
    steps = tuple(WindStep(3_600_000 * hour, 10.0, Wind(0.1 * hour, 0.0)) for hour in hours)
    known = build_layers(setting(winds=Winds(steps)))
    seen = [weakref.ref(known.of(LIGHT, frozenset(), step.at_ms)) for step in steps]
    alive = [ref() is not None for ref in seen]
    assert alive == [False] * (len(hours) - KEPT) + [True] * KEPT
    assert known.of(LIGHT, frozenset(), steps[-1].at_ms) is seen[-1]()
