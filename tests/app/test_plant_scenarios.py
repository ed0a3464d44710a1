"""What is wrong with plants in a scenario is said with its place; the examples run."""

from __future__ import annotations

import re
import shutil
from collections import Counter

import pytest

from fleet.app.load import load_scenario
from fleet.app.starter import map_file

from .command import ROOT, fleet

BASE = """\
name: day
city: {map: four-corners.geojson}
fleet:
  groups:
    - {name: light, type: light-collector, count: 2}
demand:
  processes:
    - {name: homes, per_day: 100, materials: {paper: 1, glass: 1}}
facilities:
  - {id: plant, accepts: [paper, glass, batteries], capacity_kg: 100}
  - {id: shed, lon: 9.9965, lat: 50.0030, accepts: [textiles]}
plants:
"""


@pytest.fixture
def told(tmp_path):
    """What `fleet validate` says of a plants section: (line, column, the rest) of each fault."""
    shutil.copy(map_file(), tmp_path / "four-corners.geojson")

    def tell(section: str) -> list[tuple[int, int, str]]:
        path = tmp_path / "day.yaml"
        path.write_text(BASE + section)
        result = fleet("validate", path)
        if result.exit_code == 0:
            return []
        assert result.exit_code == 3, result.output
        faults = re.findall(r"(?m)^.*day\.yaml:(\d+):(\d+): (.*)$", result.stderr)
        return [(int(line) - BASE.count("\n"), int(column), text) for line, column, text in faults]

    return tell


def test_a_recipe_that_makes_mass_from_nothing(told):
    faults = told("""\
  recipes:
    magic:
      takes: [paper]
      products: {gold: {share: 1.2}}
    quiet:
      takes: [paper]
      products: {gold: {share: 0.2}}
""")
    assert [(line, column) for line, column, _ in faults] == [(3, 7), (6, 7)]
    (_, _, magic), (_, _, quiet) = faults
    assert "plants.recipes.magic: expected shares that add up to 1" in magic
    assert "add up to 1.2: this recipe makes mass from nothing" in magic
    assert "add up to 0.2: this recipe loses mass without saying so" in quiet


def test_shares_of_several_outputs_are_added_up(told):
    ((line, column, text),) = told("""\
  recipes:
    magic:
      takes: [paper]
      products: {gold: {share: 0.7}}
      byproducts: {lead: {share: 0.4}}
""")
    assert (line, column) == (3, 7)
    assert "plants.recipes.magic: expected shares that add up to 1" in text
    assert "they add up to 1.1: this recipe makes mass from nothing" in text


@pytest.mark.parametrize(
    "section, place, words",
    [
        ("  recipes: {x: {takes: [papr], losses: {air: 1}}}\n", (1, 25), "did you mean `paper`?"),
        ("  sites:\n    - {site: plant}\n    - {site: plant}\n", (3, 14), "expected each site once"),
        ("  in_use_kg: {pulpp: 4}\n", (1, 15), "did you mean `pulp`?"),
        ("  in_use_kg: {compost: 4}\n", (1, 15), "a product that comes back"),
    ],
)
def test_a_fault_has_its_place(told, section, place, words):
    ((line, column, text),) = told(section)
    assert words in text
    assert (line, column) == place


@pytest.mark.parametrize(
    "plant, column, words",
    [
        ("site: plnt", 14, "expected a site of the map, found 'plnt'; did you mean `plant`?"),
        ("site: depot", 14, "nobody supplies this one"),
        ("site: shed", 14, "nobody supplies this one"),
        ("site: plant, lines: [{recipe: paper-plup}]", 38, "did you mean `paper-pulp`?"),
        (
            "site: plant, lines: [{recipe: textile-sorting}]", 38,
            "it takes textiles, and nobody supplies that here",
        ),
        ("site: plant, licensed: false", 31, "a licence, for a site that accepts batteries"),
        ("site: plant, send_back: {materials: [paper]}", 45, "a material that the site does not accept"),
        ("site: plant, lines: [{recipe: paper-pulp}], stores_kg: {slugde: 4}", 64, "did you mean `sludge`?"),
        (
            "site: plant, lines: [{recipe: paper-pulp}], ships: [{what: oil, at_kg: 4}]", 67,
            "they make: pulp, sludge",
        ),
        (
            "site: plant, lines: [{recipe: paper-pulp, batch_kg: 0.01, kg_per_h: 1000}]", 29,
            "expected batches that take at least 1 s each, found 0.01 kg at 1000 kg/h",
        ),
        (
            "site: plant, lines: [{recipe: paper-pulp, batch_kg: 100.5}]", 29,
            "expected batches of at most what the site holds, 100 kg, found 100.5 kg; no batch would ever begin",
        ),
        ("site: plant, ships: [{what: oil, every_h: 1.0e-6}]", 50, "at least 0.01"),
        ("site: plant, ships: [{what: oil}]", 29, "expected at_kg, every_h, or both"),
        ("site: plant, lines: [{recipe: paper-pulp, workers: 2}]", 59, "at most the site's workers, 0"),
        ("site: plant, stock_kg: {paper: 101}", 31, "at most what the site holds, 100 kg"),
        ('site: plant, opens_at: "08:00", closes_at: "08:00"', 51, "another time"),
    ],
)  # fmt: skip
def test_a_fault_of_a_plant_has_its_place(told, plant, column, words):
    ((line, found_at, text),) = told(f"  sites:\n    - {{{plant}}}\n")
    assert words in text
    assert (line, found_at) == (2, column)


def test_a_site_of_a_plant_that_accepts_what_nobody_knows_is_told_of_that(tmp_path):
    sites = BASE.replace("accepts: [paper, glass, batteries]", "accepts: [plastic]")
    (tmp_path / "four-corners.geojson").symlink_to(map_file())
    (tmp_path / "day.yaml").write_text(sites + "  sites:\n    - {site: plant}\n")
    result = fleet("validate", tmp_path / "day.yaml")
    assert result.exit_code == 3
    assert "facilities.0.accepts.0: expected a material" in result.stderr


def test_a_sound_section_has_no_fault(told):
    assert told("  sites:\n    - {site: plant, lines: [{recipe: paper-pulp}, {recipe: glass-cullet}]}\n") == []
    assert (
        told("  sites:\n    - {site: shed, stock_kg: {textiles: 5}, lines: [{recipe: textile-sorting}]}\n") == []
    )


@pytest.mark.parametrize("name", ["plants", "central", "micro"])
def test_the_examples_are_sound(name):
    assert fleet("validate", ROOT / "configs" / f"{name}.yaml").exit_code == 0


def test_one_plant_and_twelve_are_compared_fairly():
    """The same city, fleet and demand, and as many kilograms an hour and hands."""
    one, twelve = (load_scenario(ROOT / "configs" / f"{name}.yaml").scenario for name in ("central", "micro"))
    for part in ("city", "run", "weather", "fleet", "demand", "docking", "dispatch", "sensors", "grid"):
        assert getattr(one, part) == getattr(twelve, part), part
    assert (len(one.plants.sites), len(twelve.plants.sites)) == (1, 12)

    def kg_per_h(scenario):
        found = Counter()
        for plant in scenario.plants.sites:
            for line in plant.lines:
                found[line.recipe] += line.count * line.kg_per_h
        return dict(found)

    assert kg_per_h(one) == pytest.approx(kg_per_h(twelve))
    assert sum(p.workers for p in one.plants.sites) == sum(p.workers for p in twelve.plants.sites)
