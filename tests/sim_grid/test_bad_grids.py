"""What is wrong with a grid is told with its place."""

import pytest
from click.testing import CliRunner

from fleet.app.cli import cli
from fleet.city.model import Site
from fleet.sim.grid.outages import drawn
from tests.journeys.stages import ROOT

HEAD = f"""\
name: bad
city:
  map: {ROOT / "maps" / "four-corners.geojson"}
fleet:
  groups:
    - {{name: light, type: light-collector, count: 3}}
demand:
  processes:
    - {{name: all, per_day: 40, materials: {{paper: 1}}, volume_l: {{median: 12, sigma: 0.5, min: 2, max: 30}},
       window_min: [{{minutes: 90, share: 1}}]}}
grid:
"""
FIRST = HEAD.count("\n") + 1
ALL = "[depot, plant, pad-1]"


def refused(tmp_path, *lines) -> list[str]:
    """The lines of what `fleet validate` says."""
    file = tmp_path / "bad.yaml"
    file.write_text(HEAD + "".join(f"  {line}\n" for line in lines), encoding="utf-8")
    result = CliRunner().invoke(cli, ["validate", str(file)])
    assert result.exit_code == 3, result.output
    return [line.partition("bad.yaml:")[2] for line in result.output.splitlines() if "bad.yaml:" in line]


@pytest.mark.parametrize(
    ("lines", "line", "says"),
    [
        (["feeders:", "  - {id: f, sites: [depot, plant, pad-1, pad-9]}"], 1, "a site of the map, found 'pad-9'"),
        (["feeders:", "  - {id: f, sites: []}"], 1, "feeders.0.sites"),
        (["feeders:", "  - {id: f}"], 1, "feeders.0"),
        (["feeders:", f"  - {{id: f, sites: {ALL}}}", "  - {id: g, sites: [plant]}"], 2, "(it is on f already)"),
        (["feeders:", "  - {id: f, sites: [depot, plant]}"], 1, "each site with chargers, found 'pad-1'"),
        (["feeders:", f"  - {{id: f, sites: {ALL}, limit_kw: 0}}"], 1, "feeders.0.limit_kw"),
        (["feeders:", f"  - {{id: f, sites: {ALL}}}", "  - {id: f, sites: [pad-1]}"], 2, "that no other has"),
        (["outages:", '  - {zone: north, from: "10:00", until: "11:00"}'], 1, "the zone of a feeder"),
        (["outages:", '  - {feeders: [f], from: "10:00", until: "11:00"}'], 1, "a feeder, found 'f'"),
        (["outages:", '  - {sites: [depott], from: "10:00", until: "11:00"}'], 1, "did you mean `depot`?"),
        (["outages:", '  - {sites: [depot], from: "10:00", until: "10:00"}'], 1, "a time after 10:00"),
        (["outages:", '  - {from: "10:00", until: "11:00"}'], 1, "one of zone, feeders, sites, share_of_chargers"),
        (["devices:", "  - {id: d, site: cellar}"], 1, "a site of the map, found 'cellar'"),
        (["devices:", "  - {id: d, site: depot, material: gold}"], 1, "a material"),
        (["meters: {interval_min: 0}"], 0, "meters.interval_min"),
        (["feeders:", f"  - {{id: f, sites: {ALL}, limit_kw: 1.0e-320}}"], 1, "feeders.0.limit_kw"),
        (["feeders:", f"  - {{id: f, sites: {ALL}, reclose_min: 1.0e-6}}"], 1, "feeders.0.reclose_min"),
        (["devices:", "  - {id: d, site: depot, deposit_every_min: 1.0e-6}"], 1, "devices.0.deposit_every_min"),
        (["spare_kw_per_charger: 1.0e-320"], 0, "grid.spare_kw_per_charger"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line(tmp_path, lines, line, says):
    faults = refused(tmp_path, *lines)
    assert any(fault.startswith(f"{FIRST + line}:") and says in fault for fault in faults), faults


def test_all_faults_are_told_at_once(tmp_path):
    lines = ["feeders:", "  - {id: f, sites: [nowhere, plant]}", "devices:", "  - {id: d, site: cellar}"]
    assert len(refused(tmp_path, *lines)) == 4


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.6, 0.9, 1.0])
@pytest.mark.parametrize("chargers", [(4, 2, 2), (20, 20, 6, 6, 2, 3, 3, 4, 2, 2, 2, 2), (0, 1)])
def test_as_many_charger_places_are_dark_as_asked_and_no_site_more_than_needed(share, chargers):
    sites = [Site(f"s{n}", 0.0, 0.0, chargers=count) for n, count in enumerate(chargers)]
    places = {site.id: site.chargers for site in sites}
    taken = drawn(sites, share)
    dark, wanted = sum(places[name] for name in taken), share * sum(chargers)
    assert dark >= wanted - 1e-6
    assert all(places[name] > 0 for name in taken)
    assert all(dark - places[name] < wanted - 1e-9 for name in taken)
