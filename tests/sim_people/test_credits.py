"""Who is credited for what: by the scale, by the day's limit, by what is seen in it."""

from dataclasses import replace

import pytest

from fleet.base.materials import MATERIALS
from fleet.messages.people import CreditEarned
from tests.sim.toy import pickup, waste
from tests.sim_people.peopled import Peopled


def city(*waiting, citizens=None, **changes):
    return Peopled({"citizens": citizens or {}}, waiting=waiting, **changes)


def fetched(toy, *numbers, minutes=40):
    toy.order("v0", *(pickup(n, 0) for n in numbers))
    return toy.run(60 * minutes).close()


def test_who_asked_is_credited_for_what_the_scale_shows():
    toy = fetched(city(waste(0, material="glass", kg=3.0, requester="ann")), 0)
    (earned,) = toy.heard(CreditEarned)
    assert (earned.citizen, earned.pickup_id, earned.material, earned.kg, earned.cut) == (
        "ann",
        "p0",
        "glass",
        3.0,
        "",
    )
    assert earned.credits == pytest.approx(3.0 * MATERIALS["glass"].credit_per_kg)
    assert toy.account("credits", "citizen") == pytest.approx(earned.credits)
    assert toy.account("credits", "issuer") == pytest.approx(-earned.credits)


def test_a_false_scale_makes_false_credits():
    """The claim counts: what the vehicle says it weighed, and what it calls it."""
    toy = city(waste(0, material="glass", kg=3.0, requester="ann"), citizens={"notice_collected": 0.0})
    toy.body().label = "e-waste"
    (earned,) = fetched(toy, 0).heard(CreditEarned)
    assert earned.material == "e-waste"
    assert earned.credits == pytest.approx(3.0 * MATERIALS["e-waste"].credit_per_kg)


@pytest.mark.parametrize("requester", ["b0", "home", "unknown", "passer-by", ""])
def test_a_bin_earns_nothing(requester):
    assert fetched(city(waste(0, requester=requester)), 0).heard(CreditEarned) == []


def test_without_citizens_nobody_is_credited():
    toy = fetched(Peopled({}, waiting=(waste(0),)), 0)
    assert toy.heard(CreditEarned) == []
    assert toy.account("credits", "issuer") == 0.0


def test_a_day_has_a_limit_for_each_person_and_material():
    asked = [waste(n, kg=2.0, material="glass", requester="ann") for n in (0, 1)]
    toy = city(
        *asked, waste(2, requester="bob", material="glass", kg=1.0), citizens={"day_limit_kg": {"glass": 3.0}}
    )
    earned = fetched(toy, 0, 1, 2).heard(CreditEarned)
    assert [(e.citizen, e.kg, e.cut) for e in earned] == [
        ("ann", 2.0, ""),
        ("ann", 1.0, "daily-limit"),
        ("bob", 1.0, ""),
    ]


def test_the_limit_is_californias_unless_told_otherwise():
    limits = Peopled({"citizens": {}}).setting.people.citizens.day_limit_kg
    assert limits == {"metals": 45.36, "plastics": 45.36, "glass": 453.6}


def test_the_next_day_has_a_limit_of_its_own():
    asked = [waste(n, kg=2.0, material="glass", requester="ann") for n in (0, 1)]
    toy = city(*asked, citizens={"day_limit_kg": {"glass": 2.0}}, start_hour=23.5)
    toy.order("v0", pickup(0, 0))
    toy.run(1900)
    toy.order("v0", pickup(1, 0))
    earned = toy.run(2400).close().heard(CreditEarned)
    assert [(e.kg, e.cut) for e in earned] == [(2.0, ""), (2.0, "")]


@pytest.mark.parametrize(
    "mixed, notice, kg, cut",
    [(0.1, 1.0, 1.8, "contaminated"), (0.5, 1.0, 0.0, "refused"), (0.5, 0.0, 2.0, ""), (0.0, 1.0, 2.0, "")],
)
def test_what_holds_something_else_earns_less_if_that_is_noticed(mixed, notice, kg, cut):
    lot = waste(0, kg=2.0, material="glass", requester="ann")
    inside = {"glass": 2.0 * (1.0 - mixed), "mixed": 2.0 * mixed} if mixed else {}
    toy = fetched(city(replace(lot, contents=inside), citizens={"notice_collected": notice}), 0)
    (earned,) = toy.heard(CreditEarned)
    assert (pytest.approx(earned.kg), earned.cut) == (kg, cut)
    assert earned.credits == pytest.approx(kg * MATERIALS["glass"].credit_per_kg)
