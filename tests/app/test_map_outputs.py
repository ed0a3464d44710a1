"""What `fleet map` writes never takes the place of what it reads."""

from __future__ import annotations

import shutil

import pytest

from .command import ROOT, fleet

MAP = ROOT / "maps" / "four-corners.geojson"
TOWN = ROOT / "tests" / "city_import" / "every-rule.osm"


def refused(words, kept):
    """Exit code 2, its message; the file `kept` is as it was."""
    before = kept.read_bytes()
    done = fleet(*words)
    assert done.exit_code == 2, done.output
    assert kept.read_bytes() == before
    return done.stderr


@pytest.mark.parametrize("source, verb", [(TOWN, "import"), (MAP, "show")])
def test_no_command_writes_over_its_input(tmp_path, source, verb):
    file, link = tmp_path / source.name, tmp_path / "link.png"
    shutil.copy(source, file)
    link.symlink_to(file)
    for out in (file, tmp_path / "." / file.name, link):
        assert "expected another file than the input" in refused(["map", verb, file, "-o", out], file)


def test_rules_and_zone_files_are_inputs_too(tmp_path):
    rules, zones = tmp_path / "rules.yaml", tmp_path / "zones.png"
    rules.write_text(fleet("map", "rules").stdout)
    zones.write_text("{}")
    words = ["map", "import", TOWN, "--zone-rules", rules, "-o", rules]
    assert "another file than the input" in refused(words, rules)
    words = ["map", "show", MAP, "--zones", zones, "-o", zones]
    assert "another file than the input" in refused(words, zones)


@pytest.mark.parametrize("name", ["x.txt", "x", "x.geojson", "x.jpg"])
def test_a_picture_has_the_name_of_a_picture(tmp_path, name):
    out = tmp_path / name
    out.write_text("mine")
    assert "expected a name that ends in .png" in refused(["map", "show", MAP, "-o", out], out)
