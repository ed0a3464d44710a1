"""`fleet map import` and `fleet map rules`: the table, the flags, the exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet.app.cli import cli
from fleet.city.load import load_city

TOWN = Path(__file__).parents[1] / "city_import" / "every-rule.osm"


def fleet(*arguments):
    return CliRunner().invoke(cli, [str(a) for a in arguments])


def imported(tmp_path, *arguments, town=TOWN):
    """The command's result, and where it was to write."""
    out = tmp_path / "town.geojson"
    return fleet("map", "import", town, "-o", out, *arguments), out


def reasons(path):
    return {zone.reason for zone in load_city(path).zones}


def test_the_table_says_what_was_found_and_why_the_rest_was_left_out(tmp_path):
    done, out = imported(tmp_path)
    assert done.exit_code == 0, done.output
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["found", "on", "map", "left", "out"]
    (pickups,) = (row for row in rows if row.startswith("amenity=recycling "))
    assert pickups.split()[1:4] == ["5", "2", "3"]
    assert pickups.endswith("1 indoors or on another level, 1 for materials we do not know, 1 outside the box")
    assert any(row.split("  ")[-1] == "pickup points, generated at buildings" for row in rows)
    assert "10 more are generated at buildings" in done.stderr
    assert load_city(out).name == "Every rule"


def test_json_says_the_same(tmp_path):
    done, out = imported(tmp_path, "--json")
    told = json.loads(done.stdout)
    assert told["map"] == str(out)
    assert told["objects"]["amenity=waste_basket"] == {"found": 2, "on_map": 1, "left_out": {"off the earth": 1}}
    assert told["facts"]["no-fly zones"] == 15
    assert any("generated" in remark for remark in told["notes"])


def test_buffers_and_rules(tmp_path):
    done, out = imported(tmp_path, "--buffer", "hospital=off", "--buffer", "police=40")
    assert done.exit_code == 0, done.output
    assert "police" in reasons(out)
    assert "hospital" not in reasons(out)
    rules = tmp_path / "rules.yaml"
    rules.write_text("built_in: false\nrules:\n  - {tag: railway, value: rail, distance_m: 20, ceiling_m: 60}\n")
    done, out = imported(tmp_path, "--zone-rules", rules)
    assert done.exit_code == 0, done.output
    (zone,) = load_city(out).zones
    assert (zone.reason, zone.floor_m, zone.ceiling_m) == ("rail", 0.0, 60.0)
    done, out = imported(tmp_path, "--zone-rules", rules, "--buffer", "rail=off")
    assert load_city(out).zones == ()


def test_a_rule_of_the_file_takes_the_built_in_ones_place(tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules:\n  - {tag: amenity, value: hospital, distance_m: off}\n", encoding="utf-8")
    done, out = imported(tmp_path, "--zone-rules", rules)
    assert done.exit_code == 0, done.output
    hospitals = [zone.id for zone in load_city(out).zones if zone.reason == "hospital"]
    assert hospitals == ["hospital-n21"]  # the clinic's rule is still there


def test_the_printed_rules_are_the_built_in_ones(tmp_path):
    done = fleet("map", "rules", "-o", tmp_path / "rules.yaml")
    assert done.exit_code == 0, done.output
    assert fleet("map", "rules").stdout == (tmp_path / "rules.yaml").read_text(encoding="utf-8")
    (tmp_path / "one").mkdir()
    _, plain = imported(tmp_path)
    done, ruled = imported(tmp_path / "one", "--zone-rules", tmp_path / "rules.yaml")
    assert done.exit_code == 0, done.output
    assert plain.read_bytes() == ruled.read_bytes()


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--buffer", "hospitl=5"), "found 'hospitl'; did you mean `hospital`?"),
        (("--buffer", "hospital"), "expected REASON=M"),
        (("--buffer", "hospital=nan"), "expected REASON=M"),
        (("--buffer", "hospital=-1"), "expected REASON=M"),
        (("--buffer", "hospital=1e9"), "expected REASON=M"),
        (("--pickups", "-1"), "--pickups"),
    ],
)
def test_wrong_calls(tmp_path, arguments, words):
    done, out = imported(tmp_path, *arguments)
    assert done.exit_code == 2
    assert words in done.output
    assert not out.exists()


def test_all_faults_of_a_rules_file_with_their_places(tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "rules:\n  - {tag: amenity, value: school, distance_m: -3}\n  - {tag: amenity, distance_m: of}\n"
        "  - {tag: a, value: b, distance_m: 1, floor_m: 130}\n",
        encoding="utf-8",
    )
    done, out = imported(tmp_path, "--zone-rules", rules)
    assert done.exit_code == 3
    for place in (
        "rules.yaml:2:47: rules.0.distance_m",
        ":3:5: rules.1.value",
        ":3:32: rules.1.distance_m",
        ":4:5: ",
    ):
        assert place in done.stderr
    assert not out.exists()


@pytest.mark.parametrize("name, data", [("a.osm.pbf", b""), ("b.osm.gz", b"garbage"), ("c.osm", b"<osm")])
def test_a_broken_extract_has_a_place_and_exit_code_3(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    done, out = imported(tmp_path, town=tmp_path / name)
    assert done.exit_code == 3
    assert f"{name}:1:" in done.stderr
    assert "Traceback" not in done.output
    assert not out.exists()


def test_a_map_without_mapped_pickup_points_can_be_refused(tmp_path):
    bare = "\n".join(line for line in TOWN.read_text(encoding="utf-8").splitlines() if "amenity" not in line)
    (tmp_path / "bare.osm").write_text(bare, encoding="utf-8")
    done, out = imported(tmp_path, "--pickups", "0", town=tmp_path / "bare.osm")
    assert done.exit_code == 3
    assert "expected a pickup point" in done.stderr
    assert not out.exists()
    done, out = imported(tmp_path, town=tmp_path / "bare.osm")
    assert done.exit_code == 0
    assert "0 pickup points are mapped" in done.stderr
