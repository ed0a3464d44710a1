"""`fleet map zones` and `fleet map show --zones`: what a zone file says, in words and in a picture."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet.app.cli import cli
from fleet.city.load import load_city

MAP = Path(__file__).parents[2] / "maps" / "four-corners.geojson"


def square(lon: float, lat: float, half_deg: float) -> list[list[float]]:
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    return [[lon + half_deg * x, lat + half_deg * y] for x, y in corners]


def zone(name: str, lon: float, lat: float) -> dict[str, object]:
    horizontal = {"type": "Polygon", "coordinates": [square(lon, lat, 0.001)]}
    volume = {
        "uomDimensions": "FT", "lowerLimit": 100, "lowerVerticalReference": "AGL",
        "upperLimit": 400, "upperVerticalReference": "AGL", "horizontalProjection": horizontal,
    }  # fmt: skip
    return {
        "identifier": name, "country": "CHE", "type": "COMMON", "restriction": "PROHIBITED",
        "reason": ["NOISE"], "applicability": [{"permanent": "YES"}], "geometry": [volume],
    }  # fmt: skip


@pytest.fixture
def file(tmp_path):
    frame = load_city(MAP).frame
    found = [zone("HERE", frame.lon, frame.lat), zone("AWAY", frame.lon + 1.5, frame.lat)]
    path = tmp_path / "zones.json"
    path.write_text(json.dumps({"title": "two", "features": found}))
    return path


def fleet(*arguments):
    return CliRunner().invoke(cli, ["map", *map(str, arguments)])


def test_a_file_is_told_zone_by_zone(file):
    done = fleet("zones", file)
    assert done.exit_code == 0, done.output
    first, *rows = done.stdout.splitlines()
    assert first == "ED-269: 2 of 2 volumes"
    assert rows[0].split()[:3] == ["HERE", "prohibited", "noise"]
    assert "30 m to 122 m" in rows[0]
    assert rows[1].startswith("AWAY")


def test_with_a_map_only_what_concerns_it_is_told(file):
    told = json.loads(fleet("zones", file, "--map", MAP, "--json").stdout)
    assert [zone["id"] for zone in told["zones"]] == ["HERE"]
    assert told["counts"]["out_of_reach"] == 1


@pytest.mark.parametrize("ground", ["nan", "inf", "-501", "9001", "high"])
def test_the_ground_is_a_height_on_earth(file, ground):
    done = fleet("zones", file, "--ground", ground)
    assert done.exit_code == 2
    assert "--ground" in done.stderr
    assert fleet("zones", file, "--ground", "-500").exit_code == 0


@pytest.mark.parametrize(
    "limits, told",
    [
        ({}, "  MON 08:00-17:00 UTC"),
        ({"startDateTime": "2026-03-01T00:00:00Z"}, "  2026-03-01 00:00 to ..., MON 08:00-17:00 UTC"),
    ],
)
def test_only_dates_that_a_zone_has_are_told(tmp_path, limits, told):
    schedule = [{"day": ["MON"], "startTime": "08:00Z", "endTime": "17:00Z"}]
    timed = zone("TIMED", 10.0, 50.0) | {"applicability": [{"permanent": "NO", "schedule": schedule, **limits}]}
    path = tmp_path / "timed.json"
    path.write_text(json.dumps({"features": [timed]}))
    done = fleet("zones", path)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[1].endswith(told)


def test_the_picture_has_the_zones_of_a_file(file, tmp_path):
    pytest.importorskip("matplotlib", reason="the drawing needs matplotlib (extra `plot`)")
    plain, zoned = tmp_path / "plain.png", tmp_path / "zoned.png"
    assert fleet("show", MAP, "-o", plain).exit_code == 0
    done = fleet("show", MAP, "-o", zoned, "--zones", file)
    assert done.exit_code == 0, done.output
    assert plain.read_bytes() != zoned.read_bytes()


@pytest.mark.parametrize("text", ["", "[]", '{"features": []}', "\x00\x01"])
def test_what_is_no_zone_file_is_refused_with_a_place(tmp_path, text):
    bad = tmp_path / "bad.json"
    bad.write_text(text)
    done = fleet("zones", bad)
    assert done.exit_code == 3
    assert f"{bad}:1:" in done.stderr


def test_the_official_samples_are_read_but_the_invalid_one(tmp_path):
    data = os.environ.get("FLEET_DATA")
    if not data:
        pytest.skip("FLEET_DATA is not set: no official zone files to read")
    ends = {path.name: fleet("zones", path) for path in sorted((Path(data) / "airspace").glob("*.json"))}
    invalid = ends.pop("ed318_invalid_2_layers.json")
    assert len(ends) == 5
    assert {done.exit_code for done in ends.values()} == {0}
    assert invalid.exit_code == 3
    assert ":5:18: metadata.validFrom:" in invalid.stderr
    assert ":89:17: features[0].properties.type:" in invalid.stderr
