"""The flight model against what makers state, and what must hold for any airframe."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.base.flight import CLIMB_FACTOR, CRUISE_FACTOR, DESCENT_FACTOR, HOVER_FACTOR, Airframe
from fleet.messages.truth import LegFlown
from fleet.sim.params import BUILT_IN_TYPES
from tests.sim.toy import Toy, dock, pickup, still, waste
from tools.makers_figures import (
    AS_MODELLED,
    FLYCART_KM,
    MEASURED_EFFICIENCY,
    OTHER_BATTERIES,
    airframe_of,
    fairest,
)

ALL, ODD = (*AS_MODELLED, *OTHER_BATTERIES), OTHER_BATTERIES[-1]
NAMED = pytest.mark.parametrize("figure", ALL, ids=lambda f: f.name)


def test_every_drone_of_the_fleet_is_compared_and_all_types_share_one_efficiency():
    flying = {name: kind for name, kind in BUILT_IN_TYPES.items() if kind.travels == "air"}
    guard, scout = flying.pop("guard-drone"), flying["scout"]
    assert (guard.empty_kg, guard.rotor_disc_m2, guard.battery_wh) == (
        scout.empty_kg, scout.rotor_disc_m2, scout.battery_wh,
    )  # fmt: skip
    assert {f.type_name for f in AS_MODELLED} == flying.keys()
    assert {kind.efficiency for kind in flying.values()} == {MEASURED_EFFICIENCY}
    for figure in AS_MODELLED:
        assert figure.battery_wh == pytest.approx(flying[figure.type_name].battery_wh)


@pytest.mark.parametrize("figure", AS_MODELLED, ids=lambda f: f.name)
def test_one_efficiency_is_within_18_percent_of_what_makers_state(figure):
    assert abs(figure.error()) <= 0.18


@pytest.mark.parametrize("figure", OTHER_BATTERIES[:-1], ids=lambda f: f.name)
def test_so_it_is_for_batteries_by_which_nothing_was_chosen(figure):
    assert abs(figure.error()) <= 0.18


def test_the_one_figure_that_is_missed_contradicts_another_of_its_maker():
    """At one mass, minutes over watt-hours are the same whatever the model; these two are 16 % apart."""
    like = next(f for f in AS_MODELLED if f.drone == ODD.drone and f.take_off_kg == 15.1)
    per_wh = [f.value / f.battery_wh for f in (like, ODD)]
    assert per_wh[0] / per_wh[1] == pytest.approx(1.156, abs=0.01)
    assert 0.18 < ODD.error() < 0.25


def test_the_measured_efficiency_is_no_worse_than_the_best_that_could_be_chosen_by_much():
    best = fairest(AS_MODELLED)
    errors = [f.error(best) for f in AS_MODELLED]
    assert max(errors) == pytest.approx(-min(errors))
    assert max(abs(f.error()) for f in AS_MODELLED) < max(errors) + 0.03
    for other in (0.99 * best, 1.01 * best):
        assert max(abs(f.error(other)) for f in AS_MODELLED) > max(errors)


@NAMED
def test_the_efficiency_that_a_figure_asks_for_gives_that_figure(figure):
    assert figure.reckoned(figure.asks_for()) == pytest.approx(figure.value)


@pytest.mark.parametrize("on, tried", list(permutations(FLYCART_KM, 2)), ids=lambda f: f"{f.take_off_kg:g}-kg")
def test_fitted_on_one_range_of_the_flycart_it_is_within_7_percent_of_the_other(on, tried):
    assert abs(on.error(on.asks_for())) < 1e-9
    assert abs(tried.error(on.asks_for())) <= 0.07


@pytest.mark.parametrize("drone", ["Matrice 600", "Matrice 100"])
def test_so_it_is_for_every_pair_of_times_of_the_others(drone):
    times = [f for f in AS_MODELLED if f.drone == drone]
    assert len(times) >= 2
    for on, tried in permutations(times, 2):
        assert abs(tried.error(on.asks_for())) <= 0.07


# ---- any airframe

AIRFRAMES = st.builds(
    Airframe,
    empty_kg=st.floats(0.1, 500.0),
    rotor_disc_m2=st.floats(0.01, 50.0),
    efficiency=st.floats(0.2, 1.0),
    cruise_mps=st.floats(2.0, 40.0),
    climb_mps=st.floats(0.5, 10.0),
    descent_mps=st.floats(0.5, 10.0),
    cruise_height_m=st.floats(10.0, 120.0),
)
LOADS = st.floats(0.0, 200.0)


@given(AIRFRAMES, LOADS, st.floats(1e-3, 100.0))
def test_power_grows_with_payload_and_faster_than_the_mass(frame, load_kg, more_kg):
    light, heavy = frame.power_w(load_kg), frame.power_w(load_kg + more_kg)
    assert light < heavy
    mass = frame.empty_kg + load_kg
    assert heavy / light == pytest.approx(((mass + more_kg) / mass) ** 1.5)


@given(AIRFRAMES, LOADS)
def test_a_better_rotor_or_a_larger_disc_draws_less(frame, load_kg):
    for better in ({"efficiency": 1.1 * frame.efficiency}, {"rotor_disc_m2": 1.1 * frame.rotor_disc_m2}):
        assert replace(frame, **better).power_w(load_kg) < frame.power_w(load_kg)


@given(AIRFRAMES, LOADS)
def test_climbing_draws_more_than_hovering_than_cruising_than_descending(frame, load_kg):
    level = frame.power_w(load_kg)
    drawn = [factor * level for factor in (CLIMB_FACTOR, HOVER_FACTOR, CRUISE_FACTOR, DESCENT_FACTOR)]
    assert drawn == sorted(drawn, reverse=True)
    assert len(set(drawn)) == 4
    assert drawn[-1] > 0.0


@pytest.mark.parametrize("kg", [0.2, 2.0, 5.0])
def test_the_world_draws_what_the_formula_says_in_every_phase(kg):
    """Legs of a flight out empty and home with `kg`: watts in each phase, from energy and time."""
    toy = Toy(waiting=(waste(1, 1, kg=kg),), sensors=still())
    toy.order("v0", pickup(1, mass_kg=kg), dock("home", unload=True))
    toy.until("unloading")
    frame = airframe_of("light-collector", MEASURED_EFFICIENCY)
    watts = {
        (leg.phase, leg.payload_kg): leg.energy_wh * 3.6e6 / (leg.t1_ms - leg.t0_ms) for leg in toy.heard(LegFlown)
    }
    for load in (0.0, kg):
        drawn = [watts[phase, load] for phase in ("climbing", "cruising", "descending")]
        assert drawn == sorted(drawn, reverse=True)
        factors = (CLIMB_FACTOR, CRUISE_FACTOR, DESCENT_FACTOR)
        assert drawn == pytest.approx([factor * frame.power_w(load) for factor in factors], rel=1e-4)
