"""Tampering with plants: what is refused changes nothing, and what is sound is granted, once."""

import pytest

from fleet.messages.tamper import StartTamper
from fleet.sim.tampering import discover
from fleet.sim.tampering.checks import check_refusals
from tests.sim.asking import ask, played, stop
from tests.sim.toy import Toy, check_invariants, dock, pickup, still
from tests.sim_plants.works import plants

ASSAY = {"materials": ["glass"], "every_kg": 5}
PULPING = {"site": "home", "lines": [{"recipe": "paper-pulp"}], "assay": ASSAY, "stock_kg": {"glass": 3.0}}
SOUND = {
    "facility.degraded-recipe": {"shift_share": 0.2},
    "facility.biased-scale": {"factor": 0.5},
    "facility.biased-assay": {"factor": 0.0},
    "facility.silent-withdrawal": {"mass_kg": 0.1, "material": "glass"},
}


def toy(*sites):
    return Toy(sensors=still(), tampering=True, plants=plants(*(sites or (PULPING,))))


def play(asks):
    there = toy()
    there.order("v0", pickup(0), dock("home", unload=True))
    return played(there, asks, seconds=200)


def test_the_family_is_all_here():
    assert SOUND.keys() == {p.name for p in discover().values() if p.family == "facility"}


@pytest.mark.parametrize("name", sorted(SOUND))
def test_what_is_wrong_with_a_request_is_named_and_changes_nothing(name):
    request = StartTamper(tamper_id="t", primitive=name, target="home", parameters=SOUND[name])
    check_refusals(play, discover()[name], request, at_tick=100)


@pytest.mark.parametrize("name", sorted(SOUND))
def test_what_is_sound_is_granted_and_ends(name):
    there = toy()
    assert ask(there, name, "home", **SOUND[name]) == ""
    assert stop(there) == ""
    check_invariants(there.close())


@pytest.mark.parametrize(
    "name, target, parameters, cause",
    [
        ("facility.degraded-recipe", "far", {}, "far is no plant"),
        ("facility.biased-assay", "far", {}, "far is no plant"),
        ("facility.biased-scale", "home", {"factor": 1.0}, "factor: expected another than 1"),
        ("facility.biased-assay", "home", {"factor": 1.0}, "factor: expected another than 1"),
        ("facility.silent-withdrawal", "home", {"mass_kg": 3.1}, "mass_kg: expected at most the glass that home"),
    ],
)
def test_what_nothing_would_come_of_is_refused(name, target, parameters, cause):
    assert ask(toy(), name, target, **{**SOUND[name], **parameters}).startswith(cause)


def test_a_plant_without_lines_or_assays_has_none_to_tamper_with():
    there = toy({"site": "home"})
    for name, cause in (("degraded-recipe", "has no line that makes both"), ("biased-assay", "assays nothing")):
        assert cause in ask(there, f"facility.{name}", "home", **SOUND[f"facility.{name}"])


@pytest.mark.parametrize(
    "name, cause",
    [
        ("facility.degraded-recipe", "the recipes of home are degraded already"),
        ("facility.biased-assay", "the assays of home are off already"),
    ],
)
def test_it_is_done_once_at_a_time(name, cause):
    there = toy()
    assert ask(there, name, "home", **SOUND[name]) == ""
    assert ask(there, name, "home", "u", **SOUND[name]) == cause
    stop(there)
    assert ask(there, name, "home", "v", **SOUND[name]) == ""
