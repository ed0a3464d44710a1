"""What each command prints, where, and with which exit code."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

import fleet as package
from fleet.app.provenance import DEPENDENCIES
from fleet.app.starter import map_file

from .command import FOUR_CORNERS, ROOT, fleet

TINY = ("--quiet", "--set", "run.duration_h=0.2")


def test_help_and_version():
    shown = fleet("--help")
    assert shown.exit_code == 0
    listed = set(re.findall(r"^  (\w+) ", shown.stdout, re.MULTILINE))
    assert listed >= {"run", "validate", "schema", "new", "report", "score", "map"}
    assert fleet("--version").stdout.split()[-1] == package.__version__
    assert fleet("map", "import", "--help").exit_code == 0


def test_help_loads_nothing_heavy():
    timed = [sys.executable, "-X", "importtime", "-m", "fleet", "--help"]
    ended = subprocess.run(timed, capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in ended.stderr.splitlines()}
    assert {"fleet", "click"} <= loaded
    assert not loaded & {
        "ortools", "shapely", "numba", "scipy", "pandas", "duckdb", "numpy", "pydantic", "osmium", "rich",
        "zmq", "simpy", "msgspec", "cryptography", "pyproj", "ruamel",
    }  # fmt: skip


def test_validate_says_what_there_is():
    plain = fleet("validate", FOUR_CORNERS)
    assert (plain.exit_code, plain.stderr) == (0, "")
    assert plain.stdout == f"ok  {FOUR_CORNERS}: four-corners, 3 vehicles, 3 sites, 12 pickup points\n"
    found = json.loads(fleet("validate", FOUR_CORNERS, "--json").stdout)
    assert found["ok"] is True
    assert (found["vehicles"], found["sites"], found["pickup_points"]) == (3, 3, 12)


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "configs").glob("*.yaml")))
def test_every_shipped_scenario_is_valid(name):
    assert fleet("validate", ROOT / "configs" / name).exit_code == 0


SPOILT = (
    ("light-collector", "lihgt-collector", "14:27: fleet.groups.0.type: expected a vehicle type"),
    ("count: 3", "count: 0", "14:51: fleet.groups.0.count: expected an integer of at least 1, found 0"),
    ("../maps/four", "../maps/fuor", "5:8: city.map: expected a map file, found no such file"),
    ("duration_h", "duratoin_h", "8:3: run.duratoin_h: expected a field that exists here"),
    ("per_day: 400", "per_day: 400\n      districts: {nn: 1}",
     "19:19: demand.processes.0.districts.nn: expected a district with pickup points, found 'nn'"),
)  # fmt: skip


@pytest.mark.parametrize("old, new, expected", SPOILT)
def test_a_fault_has_a_place_and_exit_code_3(tmp_path, old, new, expected):
    (tmp_path / "maps").mkdir()
    (tmp_path / "configs").mkdir()
    shutil.copy(map_file(), tmp_path / "maps")
    path = tmp_path / "configs" / "day.yaml"
    path.write_text(FOUR_CORNERS.read_text().replace(old, new, 1))
    for command in (["validate", path], ["run", path, "--quiet"]):
        result = fleet(*command)
        assert (result.exit_code, result.stdout) == (3, "")
        assert f"{path}:{expected}" in result.stderr
    told = fleet("validate", path, "--json")
    assert told.exit_code == 3
    error = json.loads(told.stdout)["error"]
    line, column = expected.split(":")[:2]
    first = error["faults"][0]
    assert (error["exit_code"], first["line"], first["column"]) == (3, int(line), int(column))
    assert f"{path}:{expected}" in told.stderr


def test_all_faults_of_scenario_and_map_at_once():
    sites = "facilities=[{id: plnt}, {id: far, lon: 1, lat: 1}]"
    changes = ("fleet.groups.0.type=x", sites, "demand.csv=none.csv")
    told = fleet("validate", FOUR_CORNERS, *(word for change in changes for word in ("--set", change)))
    assert told.exit_code == 3
    assert len(told.stderr.splitlines()) == 4
    assert "facilities.0.id: expected a site of the map, found 'plnt'; did you mean `plant`?" in told.stderr


@pytest.mark.parametrize(
    "words, code, said",
    [
        (["run"], 2, "Missing argument"),
        (["run", "x.yaml", "--sed", "3"], 2, "--seed"),
        (["fly"], 2, "No such command"),
        (["run", FOUR_CORNERS, "--seed", "-1"], 2, "--seed"),
        (["run", FOUR_CORNERS, "--set", "fleet.groups"], 2, "expected a.b=value"),
        (["run", FOUR_CORNERS, "--set", "fleet.groups.7.count=1"], 2, "expected an index from 0 to 0"),
        (["run", FOUR_CORNERS, "--set", "seed=[1"], 2, "--set seed=[1"),
        (["run", FOUR_CORNERS, "--set", "seed=x"], 3, "--set seed=x:1:1: seed: expected an integer"),
        (["run", "no-such.yaml"], 3, "no-such.yaml:1:1: expected a readable file, found no such file"),
        (["run", FOUR_CORNERS, "--set", f"city.map={'a' * 400}"], 3, "city.map: expected a map file"),
        (["run", FOUR_CORNERS, "--bus", "tcp://8.8.8.8:1", "--insecure"], 2, "other machines"),
        (["run", FOUR_CORNERS, "--bus", "tcp://127.0.0.1:*"], 2, "a bus needs keys"),
        (["serve", FOUR_CORNERS], 2, "fleet keys new"),
        (["serve", FOUR_CORNERS, "--keys", "no-such"], 2, "`no-such` holds no keys"),
        (["serve", FOUR_CORNERS, "--insecure", "--speed", "nan"], 2, "expected a number from 0 to 1e6"),
        (["serve", FOUR_CORNERS, "--insecure", "--bus", "udp://x"], 2, "is not an endpoint"),
        (["serve", FOUR_CORNERS, "--insecure", "--bus", "tcp://127.0.0.1:*", "--await", "red"], 2, "no red team"),
        (["serve", FOUR_CORNERS, "--insecure", "--bus", "tcp://127.0.0.1:*", "--http", "x"], 2, "--http"),
        (["run", FOUR_CORNERS, "--await", "red"], 2, "give --bus"),
        (["replay", "no-such-run"], 3, "expected the directory of a recorded run"),
        (["run", FOUR_CORNERS, "--set", "weather.wind_mps=25"], 4, "the wind is too strong"),
        (["run", FOUR_CORNERS, "--quiet", "-o", "/dev/null/run"], 2, "/dev/null/run: cannot make this directory"),
        (
            ["run", FOUR_CORNERS, "--set", "facilities=[{id: plant}, {id: plant}]"],
            3,
            "1.id: expected each site once",
        ),
        (
            ["run", FOUR_CORNERS, "--set", "red.attacks=[{kind: gps-tow, target: light-3}]"],
            3,
            "red.attacks.0.target: expected a vehicle, or any, found 'light-3'; did you mean `light-03`?",
        ),
        (
            ["run", FOUR_CORNERS, "--set", "red.attacks=[{kind: gps-tow, onset: {earliest_s: 9, latest_s: 8}}]"],
            3,
            "onset.latest_s: expected at least earliest_s, 9, found 8",
        ),
        (["report", "no-such-run"], 3, "expected the directory of a recorded run"),
        (["score", "no-such-run"], 3, "expected the directory of a recorded run"),
        (["map", "import", "no-such.osm.pbf", "-o", "x.geojson"], 3, "no-such.osm.pbf:1:1"),
        (["map", "import", "city.txt", "-o", "x.geojson"], 3, "expected a file named"),
        (["schema", "-o", "no/such/dir/x.json"], 2, "no/such/dir"),
    ],
)
def test_mistakes_have_their_exit_codes(words, code, said, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    result = fleet(*words)
    assert result.exit_code == code
    assert said in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("field", ["empty_kg", "payload_kg", "volume_l", "battery_wh", "rotor_disc_m2"])
def test_a_vehicle_beyond_all_bounds_is_a_fault(field):
    kind = {"empty_kg": 9, "payload_kg": 5, "volume_l": 40, "battery_wh": 600, "rotor_disc_m2": 1.3, field: 1e300}
    result = fleet("validate", FOUR_CORNERS, "--set", f"fleet.types={json.dumps({'x': kind})}")
    assert result.exit_code == 3
    assert f"fleet.types.x.{field}: expected a number of at most" in result.stderr


def test_a_stdout_that_takes_nothing_is_said_without_a_traceback():
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "fleet", "schema"], stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
    assert ended.returncode == 1
    assert ended.stderr == "cannot write the answer: No space left on device\n"


def test_a_schema_goes_into_a_file_whole_and_through_a_device(tmp_path):
    assert fleet("schema", "-o", tmp_path / "s.json").exit_code == 0
    assert (tmp_path / "s.json").read_text() == fleet("schema", "-o", "-").stdout
    assert fleet("schema", "-o", "/dev/null").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["s.json"]


def test_what_is_most_likely_not_meant_is_remarked(tmp_path):
    town = json.loads(map_file().read_text())
    town["features"] = [f for f in town["features"] if f["properties"]["kind"] != "anchor"]
    (tmp_path / "town.geojson").write_text(json.dumps(town))
    late = "red.attacks=[{kind: gps-tow, onset: {earliest_s: 9000}}]"
    watch = "blue.detectors=[{kind: executed-orders}, {kind: range-check}]"
    changes = (f"city.map={tmp_path / 'town.geojson'}", late, watch)
    result = fleet("run", FOUR_CORNERS, *TINY, *(word for change in changes for word in ("--set", change)))
    assert result.exit_code == 0
    assert "blue.detectors.1: range-check will see nothing" in result.stderr
    assert "red.attacks.0: its onset, 9000 s at the earliest, is past the end, 720 s" in result.stderr


def test_an_address_in_use_is_a_matter_of_usage(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        bus = ("--bus", f"tcp://127.0.0.1:{port}", "--insecure")
        result = fleet("run", FOUR_CORNERS, *bus, "-o", tmp_path / "run", "--json")
    assert result.exit_code == 2
    assert "in use" in result.stderr
    assert json.loads(result.stdout)["error"]["exit_code"] == 2
    assert not (tmp_path / "run").exists()


def test_a_taken_directory_is_a_matter_of_usage(tmp_path):
    words = ("run", FOUR_CORNERS, *TINY, "-o", tmp_path / "run")
    assert fleet(*words).exit_code == 0
    again = fleet(*words)
    assert again.exit_code == 2
    assert "holds a recorded run already" in again.stderr
    assert fleet(*words, "--overwrite").exit_code == 0


def test_the_schema_knows_every_shipped_scenario(tmp_path):
    schema = json.loads(fleet("schema").stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    for path in (ROOT / "configs").glob("*.yaml"):
        check.validate(YAML(typ="safe").load(path))
    assert not check.is_valid({"name": "x"})
    out = tmp_path / "schema.json"
    assert fleet("schema", "-o", out).exit_code == 0
    assert json.loads(out.read_text()) == schema
    fields = [field for model in schema["$defs"].values() for field in model["properties"].values()]
    described = sum("description" in field for field in fields)
    assert described > len(fields) / 2


def test_a_starter_runs_as_it_is_and_is_not_overwritten(tmp_path):
    path = tmp_path / "my.yaml"
    assert fleet("new", path).exit_code == 0
    assert path.read_text().startswith("# yaml-language-server: $schema=./fleet-scenario.schema.json\n")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "fleet-scenario.schema.json", "four-corners.geojson", "my.yaml",
    ]  # fmt: skip
    schema = json.loads((tmp_path / "fleet-scenario.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(YAML(typ="safe").load(path))
    assert fleet("validate", path).exit_code == 0
    assert json.loads(fleet("run", path, *TINY, "--json").stdout)["status"] == "complete"
    path.write_text("mine\n")
    (tmp_path / "four-corners.geojson").write_text("mine too\n")
    refused = fleet("new", path)
    assert (refused.exit_code, path.read_text()) == (2, "mine\n")
    written = json.loads(fleet("new", path, "--force", "--json").stdout)["written"]
    assert len(written) == 2
    assert "name: my-first-day" in path.read_text()
    assert (tmp_path / "four-corners.geojson").read_text() == "mine too\n"
    assert fleet("new", tmp_path / "no" / "such" / "dir.yaml").exit_code == 2


def test_the_commented_parts_of_the_starter_are_valid_too(tmp_path):
    fleet("new", tmp_path / "my.yaml")
    text = (tmp_path / "my.yaml").read_text()
    head, body = text.split("name: my-first-day")
    body = re.sub(r"(?m)^# ?(?=\w|  )", "", body)
    body = re.sub(r"(?m)^ csv:.*\n|^ {2}csv:.*\n", "", body)
    (tmp_path / "all.yaml").write_text(head + "name: my-first-day" + body)
    result = fleet("validate", tmp_path / "all.yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(body) > 0.9 * len(text.split("name: my-first-day")[1])


def test_a_map_is_imported_and_flown_over(tmp_path):
    town = """<osm version="0.6"><bounds minlat="50.0" minlon="10.0" maxlat="50.01" maxlon="10.012"/>"""
    corners, ways = [], []
    for n in range(40):
        lat, lon = 50.0005 + 0.001 * (n // 5), 10.0005 + 0.002 * (n % 5)
        ids = [10 * n + k for k in range(1, 5)]
        for node, (dy, dx) in zip(ids, ((0, 0), (0, 3e-4), (2e-4, 3e-4), (2e-4, 0)), strict=True):
            corners.append(f'<node id="{node}" version="1" lat="{lat + dy:.6f}" lon="{lon + dx:.6f}"/>')
        refs = "".join(f'<nd ref="{node}"/>' for node in (*ids, ids[0]))
        ways.append(f'<way id="{n + 1}" version="1">{refs}<tag k="building" v="yes"/></way>')
    source, out = tmp_path / "town.osm", tmp_path / "town.geojson"
    source.write_text(town + "".join(corners) + "".join(ways) + "</osm>")
    result = fleet("map", "import", source, "-o", out, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["objects"]["buildings"] == {"found": 40, "on_map": 40, "left_out": {}}
    plain = fleet("map", "import", source, "-o", out)
    assert re.search(r"^buildings +40 +40$", plain.stdout, re.MULTILINE)
    assert f"wrote {out}" in plain.stderr
    day = ("run", ROOT / "configs" / "day.yaml", "--set", f"city.map={out}", *TINY, "--json")
    ran = json.loads(fleet(*day).stdout)
    assert ran["status"] == "complete"
    assert abs(ran["residual_kg"]) < 1e-6


def test_a_record_names_the_versions_of_what_the_project_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {re.split(r"[><=~!]", need)[0] for need in project["dependencies"]}
    assert set(DEPENDENCIES) <= named
    assert named - set(DEPENDENCIES) == {"click", "rich", "osmium", "starlette", "uvicorn", "websockets"}
