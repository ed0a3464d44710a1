"""Whatever is wrong with `people` is told at its place, all of it at once."""

from __future__ import annotations

import pytest

from tests.app.scenarios import CORNERS, faults_of

FAIR = "{name: fair, at: {id: nw-1}, radius_m: 100, from: '09:00', until: '09:20', visitors: 10}"


def faults(tmp_path, text):
    path = tmp_path / "day.yaml"
    return path, faults_of(path, f"{CORNERS}people:\n{text}")


@pytest.mark.parametrize(
    "text, path, found",
    [
        ("  markets: [{name: m, at: {id: nw-9}}]\n", "people.markets.0.at.id", "'nw-9'"),
        ("  markets: [{name: m, at: {lon: 11.0, lat: 50.0}}]\n", "people.markets.0.at.lon", "11, 50"),
        ("  scavengers: [{name: f, home: {id: nw-1}, market: m}]\n", "people.scavengers.0.market", "'m'"),
        (f"  festivals: [{FAIR.replace('nw-1', 'nw-7')}]\n", "people.festivals.0.at.id", "'nw-7'"),
        (f"  festivals: [{FAIR.replace('09:20', '09:00')}]\n", "people.festivals.0.until", "'09:00'"),
        (
            f"  festivals: [{FAIR.replace('09:', '10:')}]\n",
            "people.festivals.0.from",
            "10:00 to 10:20",
        ),
        (
            f"  festivals: [{FAIR.replace('10}', '1000000, waste_kg_per_visitor: 10}')}]\n",
            "people.festivals.0.waste_kg_per_visitor",
            None,
        ),
        (
            f"  festivals: [{FAIR.replace('10}', '10, near_m: 1.0e+300}')}]\n",
            "people.festivals.0.near_m",
            "1e+300",
        ),
        (
            "  scavengers: [{name: f, home: {id: nw-1}, market: m, per_day: 1.0e-300}]\n",
            "people.scavengers.0.per_day",
            "1e-300",
        ),
        (
            "  markets: [{name: m, at: {id: nw-1}, resells_share: 1.0e+308}]\n",
            "people.markets.0.resells_share",
            "1e+308",
        ),
        ("  guards: [{base: depot, sight_sigma_m: 1.0e+308}]\n", "people.guards.0.sight_sigma_m", "1e+308"),
        (f"  festivals: [{FAIR}, {FAIR}]\n", "people.festivals.1.name", "'fair'"),
        ("  guards: [{base: depo}]\n", "people.guards.0.base", "'depo'"),
        ("  guards: [{base: depot, type: cargo-bike}]\n", "people.guards.0.type", "'cargo-bike'"),
        ("  guards: [{base: depot, name: light}]\n", "people.guards.0.name", "'light'"),
        ("  citizens: {day_limit_kg: {gold: 3}}\n", "people.citizens.day_limit_kg.gold", "'gold'"),
        (
            "  citizens: {deposits: [{name: a, per_day: 3, materials: {glass: 1}, districts: {no: 1}}]}\n",
            "people.citizens.deposits.0.districts.no",
            "'no'",
        ),
        ("  markets: [{name: m, at: {id: nw-1, lon: 10, lat: 50}}]\n", "people.markets.0.at", None),
        ("  scavenger: []\n", "people.scavenger", None),
    ],
)
def test_a_fault_and_its_place(tmp_path, text, path, found):
    file, seen = faults(tmp_path, text)
    assert path in [fault.path for fault in seen]
    fault = next(fault for fault in seen if fault.path == path)
    assert (fault.file, fault.line) == (str(file), CORNERS.count("\n") + 2)
    if found is not None:
        assert found in fault.found


def test_a_festival_is_taken_for_no_other_zone(tmp_path):
    zone = "{id: festival.fair, circle: {lon: 10, lat: 50, radius_m: 50}, from: '08:30', until: '09:00'}"
    _, seen = faults(tmp_path, f"  festivals: [{FAIR}]\ntemporary_zones: [{zone}]\n")
    assert [(f.path, f.found) for f in seen] == [("people.festivals.0.name", "'fair'")]


def test_all_at_once(tmp_path):
    text = (
        "  guards: [{base: depo}]\n"
        "  markets: [{name: m, at: {id: nw-9}}]\n"
        "  scavengers: [{name: f, home: {id: nw-8}, market: k}]\n"
    )
    _, seen = faults(tmp_path, text)
    assert [fault.path for fault in seen] == [
        "people.guards.0.base",
        "people.markets.0.at.id",
        "people.scavengers.0.home.id",
        "people.scavengers.0.market",
    ]
    assert {fault.hint for fault in seen if fault.path.endswith("base")} == {"did you mean `depot`?"}


def test_a_festival_whose_waste_nobody_could_put_anywhere(tmp_path):
    """No point is near."""
    text = (
        f"  festivals: [{FAIR.replace('nw-1}', 'depot}').replace('radius_m: 100', 'radius_m: 10, near_m: 0')}]\n"
    )
    _, seen = faults(tmp_path, text)
    assert {fault.path for fault in seen} == {
        f"people.festivals.0.materials.{material}" for material in ("mixed", "organics", "paper", "plastics")
    }


def test_a_type_that_does_not_fly_is_not_proposed_as_one_that_does(tmp_path):
    _, (fault,) = faults(tmp_path, "  guards: [{base: depot, type: cargo-bike}]\n")
    assert "cargo-bike" not in fault.hint
