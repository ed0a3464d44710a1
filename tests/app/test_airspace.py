"""What a scenario says of the sky: what it comes to, and what is wrong with it, at which place."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from shapely import Point

from fleet.app.airspace import AirspaceParams, split, winds_of
from fleet.app.cli import cli
from fleet.app.load import load_scenario
from fleet.app.setting import stage_of
from fleet.app.starter import map_file
from fleet.base.flight import Wind
from fleet.city.frame import Frame
from fleet.city.model import City, Zone
from fleet.city.sky import circle
from fleet.city.times import Period
from fleet.demand.model import Span

HOUR = 3_600_000
BASE = f"""
name: sky
city: {{map: {map_file()}}}
run: {{start: "08:00", duration_h: 8}}
fleet: {{groups: [{{name: light, type: light-collector, count: 2}}]}}
demand: {{processes: [{{name: bins, per_day: 40, materials: {{mixed: 1}}}}]}}
"""
ROUND = "circle: {lon: 10.0, lat: 50.0, radius_m: 100}"


def stage(tmp_path, more=""):
    path = tmp_path / "day.yaml"
    path.write_text(BASE + more)
    loaded = load_scenario(path)
    with loaded.placed():
        return stage_of(loaded.scenario, tmp_path)


def closures(tmp_path, zones, run=""):
    more = "temporary_zones:\n" + "".join(f"  - {{{zone}}}\n" for zone in zones)
    return stage(tmp_path, more + run).closures.closures


def faults(tmp_path, more):
    path = tmp_path / "day.yaml"
    path.write_text(BASE + more)
    result = CliRunner().invoke(cli, ["validate", str(path)])
    assert result.exit_code == 3, result.output
    assert "Traceback" not in result.output
    return [line for line in result.stderr.splitlines() if re.match(r"[^:]+:\d+:\d+: ", line)]


# ---- zones for a time


def test_a_zone_has_its_times_heights_and_notice(tmp_path):
    more = 'id: fair, reason: crowd, from: "10:00", until: "12:30", floor_m: 20, ceiling_m: 90, notice_s: 60, '
    (one,) = closures(tmp_path, [more + ROUND])
    assert (one.from_ms, one.until_ms, one.announced_ms) == (2 * HOUR, 9 * HOUR // 2, 2 * HOUR - 60_000)
    assert (one.zone.id, one.zone.reason, one.zone.floor_m, one.zone.ceiling_m) == ("fair", "crowd", 20.0, 90.0)
    assert one.zone.area.contains(Point(0.0, 99.9))


@pytest.mark.parametrize(
    "words, span",
    [
        ('from: "07:00", until: "09:00"', (-1, 1)),  # it is under way when the run begins
        ('from: "06:00", until: "07:00"', (22, 23)),  # over: it is meant for tomorrow
        ('from: "22:00", until: "01:00"', (14, 17)),
        ('from: "08:00", until: "07:00"', (0, 23)),
        ('from: "09:00"', (1, None)),
        ('from: "08:00"', (0, None)),
        ('from: "07:00"', (-1, None)),  # without an end it is not over
    ],
)
def test_times_are_the_first_that_are_not_over_when_the_run_begins(tmp_path, words, span):
    (one,) = closures(tmp_path, [f"id: a, {words}, {ROUND}"])
    assert (one.from_ms, one.until_ms) == tuple(None if hour is None else hour * HOUR for hour in span)


def test_a_polygon_is_in_the_map_s_metres(tmp_path):
    corners = "polygon: [[9.999, 49.999], [10.001, 49.999], [10.001, 50.001], [9.999, 50.001]]"
    (one,) = closures(tmp_path, [f'id: a, from: "09:00", {corners}'])
    assert one.zone.area.area == pytest.approx(143.3 * 222.5, rel=0.01)


@pytest.mark.parametrize(
    "zone, where, words",
    [
        (f'{{id: a, from: "25:00", {ROUND}}}', "from", "a time of day"),
        ('{id: a, from: "10:00"}', "temporary_zones.0", "circle, or a polygon"),
        (f'{{id: a, from: "10:00", {ROUND}, polygon: [[1, 2], [3, 4], [5, 6]]}}', "zones.0", "a circle, or"),
        (f'{{id: a, from: "10:00", {ROUND}, floor_m: 90, ceiling_m: 60}}', "ceiling_m", "a ceiling above"),
        (f'{{id: park, from: "10:00", {ROUND}}}', "id", "an id that no other zone has"),
        ('{id: a, from: "10:00", circle: {lon: 0, lat: 0, radius_m: 5}}', "circle", "places within"),
        ('{id: a, from: "10:00", polygon: [[50, 10], [50.1, 10], [50, 10.1]]}', "polygon", "longitude comes"),
        (
            '{id: a, from: "10:00", polygon: [[10, 50], [10.001, 50.001], [10.001, 50], [10, 50.001]]}',
            "polygon", "cross itself",
        ),
        ('{id: a, from: "10:00", polygon: [[10, 50], [10, 99], [10.001, 50]]}', "polygon", "latitudes"),
        (f'{{id: a, from: "08:00", until: "08:00", {ROUND}}}', "zones.0.until", "a time after from"),
        ('{id: a, form: "10:00"}', "form", "from"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_zone_is_said_at_its_place(tmp_path, zone, where, words):
    found = faults(tmp_path, f"temporary_zones:\n  - {zone}\n")
    assert any(where in line and words in line for line in found), found
    assert all(line.split(":")[1] == "8" for line in found), found


# ---- zones of the map and of files, and their times


def test_zones_with_times_close_at_their_hours_and_others_always():
    daily = Zone("daily", "", circle(0, 0, 10), times=(Period(opens=9 * HOUR, closes=10 * HOUR),))
    always, open_, mine = Zone("always", "", circle(0, 0, 5)), *(
        Zone(name, "", circle(0, 0, 5), restriction=kind)
        for name, kind in (("o", "none"), ("mine", "authorization"))
    )  # fmt: skip
    city = City("c", Frame(10.0, 50.0), zones=(always, daily, open_, mine))
    kept, timed = split(city, AirspaceParams(authorized=("mine",)), "2026-06-15", 2.0, Span(8.0, 30.0))
    assert [zone.id for zone in kept.zones] == ["always"]
    # 09:00 UTC is 11:00 by this clock, three hours after the run begins; and once more the next day
    assert [(c.zone.id, c.from_ms, c.until_ms) for c in timed] == [
        ("daily", 3 * HOUR, 4 * HOUR), ("daily", 27 * HOUR, 28 * HOUR),
    ]  # fmt: skip
    assert timed[0].notice_ms == 900_000


def test_a_zone_that_applies_now_is_closed_from_before_the_beginning():
    zone = Zone("z", "", circle(0, 0, 10), times=(Period(opens=6 * HOUR, closes=10 * HOUR),))
    _, (one,) = split(City("c", Frame(10.0, 50.0), zones=(zone,)), AirspaceParams(), "2026-06-15", 0.0, Span(8, 1))
    assert (one.from_ms, one.until_ms) == (-2 * HOUR, 2 * HOUR)
    assert one.state(0) == "closed"


@pytest.mark.parametrize(
    "times, until_ms",
    [
        ((Period(start=datetime(2026, 6, 1, tzinfo=UTC)),), None),
        ((Period(start=datetime(2026, 6, 1, tzinfo=UTC), end=datetime(2026, 6, 15, 20, tzinfo=UTC)),), 12 * HOUR),
    ],
)
def test_where_no_end_is_known_none_is_said(times, until_ms):
    city = City("c", Frame(10.0, 50.0), zones=(Zone("z", "", circle(0, 0, 10), times=times),))
    _, (one,) = split(city, AirspaceParams(), "2026-06-15", 0.0, Span(8.0, 1.0))
    assert (one.state(0), one.until_ms) == ("closed", until_ms)


def zone_file(path: Path, lon=10.0):
    feature = {
        "type": "Feature",
        "geometry": {
            "type": "Point", "coordinates": [lon, 50.0], "extent": {"subType": "Circle", "radius": 120},
            "layer": {"upper": 100, "upperReference": "AGL", "lower": 0, "lowerReference": "AGL", "uom": "m"},
        },
        "properties": {
            "identifier": "ABC0001", "country": "DEU", "name": [{"text": "x", "lang": "en-GB"}],
            "variant": "COMMON", "type": "PROHIBITED", "reason": ["POPULATION"],
            "limitedApplicability": [
                {"startDateTime": "2026-06-15T10:00:00Z", "endDateTime": "2026-06-15T11:00:00Z"}
            ],
            "zoneAuthority": [{"name": [{"text": "x", "lang": "en-GB"}], "purpose": "AUTHORIZATION"}],
        },
    }  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "title": "t", "features": [feature]}))


def test_an_official_file_closes_the_sky_by_the_date(tmp_path):
    zone_file(tmp_path / "zones.json")
    more = "airspace: {files: [zones.json], notice_s: 60}\n"
    (one,) = stage(tmp_path, more).closures.closures
    assert (one.zone.id, one.from_ms, one.until_ms, one.notice_ms) == ("ABC0001", 2 * HOUR, 3 * HOUR, 60_000)
    another_day = more + 'run: {start: "08:00", duration_h: 8, date: 2026-06-16}\n'
    path = tmp_path / "next.yaml"
    path.write_text(re.sub(r"(?m)^run:.*\n", "", BASE) + another_day)
    assert stage_of(load_scenario(path).scenario, tmp_path).closures.closures == ()


@pytest.mark.parametrize(
    "lon, told",
    [(10.0, "zones heeded: 1, left out: 0"), (11.0, "zones heeded: 0, left out: 1 (1 away from the map)")],
)
def test_how_much_of_a_file_counts_is_said_before_the_run(tmp_path, lon, told):
    zone_file(tmp_path / "zones.json", lon)
    path = tmp_path / "day.yaml"
    path.write_text(BASE + "airspace: {files: [zones.json]}\n")
    for words in (["validate", path], ["run", path, "--set", "run.duration_h=0.1", "--json"]):
        done = CliRunner().invoke(cli, [str(word) for word in words])
        assert done.exit_code == 0, done.output
        assert f"airspace.files.0: zones.json: {told}" in done.stderr


def test_what_is_wrong_with_files_is_said(tmp_path):
    (tmp_path / "bad.json").write_text("{}")
    found = faults(tmp_path, "airspace: {files: [none.json, bad.json], authorized: [nobody]}\n")
    assert any("no such file: none.json" in line for line in found)
    assert any("bad.json" in line for line in found)
    assert any("airspace.authorized.0" in line for line in found)


def test_the_resolved_scenario_runs_from_elsewhere(tmp_path):
    zone_file(tmp_path / "zones.json")
    (tmp_path / "day.yaml").write_text(
        BASE + f'airspace: {{files: [zones.json]}}\ntemporary_zones: [{{id: a, from: "09:00", {ROUND}}}]\n'
    )
    away = tmp_path / "away"
    away.mkdir()
    text = load_scenario(tmp_path / "day.yaml").resolved_yaml(away)
    (away / "day.yaml").write_text(text)
    assert "- ../zones.json" in text
    again = stage_of(load_scenario(away / "day.yaml").scenario, away)
    assert {c.zone.id for c in again.closures.closures} == {"ABC0001", "a"}


# ---- wind


def test_the_wind_by_the_hour(tmp_path):
    path = tmp_path / "day.yaml"
    table = 'weather: {wind: [{at: "06:00", mps: 4, from_deg: 270}, {at: "10:00", height_m: 50, mps: 0}]}\n'
    path.write_text(BASE + table)
    scenario = load_scenario(path).scenario
    winds = winds_of(scenario.weather, scenario.run.span)
    assert winds.at(0, 80.0).east_mps == pytest.approx(4.0)
    assert winds.next_ms(0) == 2 * HOUR
    assert winds.at(2 * HOUR, 80.0) == Wind(-0.0, -0.0)


@pytest.mark.parametrize(
    "weather, words",
    [
        ('{wind_mps: 3, wind: [{at: "06:00", mps: 4}]}', "either wind_mps or wind"),
        ('{wind: [{at: "06:00", mps: 4}, {at: "06:00", mps: 5}]}', "one wind for each time and height"),
        ('{wind: [{at: "6", mps: 4}]}', "a time of day"),
        ('{wind: [{at: "06:00", mps: 40}]}', "25"),
    ],
)
def test_what_is_wrong_with_the_wind_is_said(tmp_path, weather, words):
    found = faults(tmp_path, f"weather: {weather}\n")
    assert any(words in line for line in found), found
