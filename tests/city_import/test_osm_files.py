"""Files that are no OpenStreetMap extract end in an InputError that names the file."""

import bz2
import contextlib
import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.base.errors import InputError
from fleet.city.osm import import_osm
from fleet.city.osm_packed import unpacks_to_more
from fleet.city.save import city_to_geojson
from tests.city_import.towns import plain_town


def test_plain_gzip_and_bzip2_are_the_same_town(tmp_path):
    data = plain_town().xml().encode()
    (tmp_path / "a.osm").write_bytes(data)
    (tmp_path / "b.osm.gz").write_bytes(gzip.compress(data))
    (tmp_path / "c.OSM.BZ2").write_bytes(bz2.compress(data))
    results = [import_osm(tmp_path / name) for name in ("a.osm", "b.osm.gz", "c.OSM.BZ2")]
    assert results[0].account == results[1].account == results[2].account
    assert [r.city.name for r in results] == ["A", "B", "C"]


@pytest.mark.parametrize(
    "name, expected, found",
    [
        ("none.osm.pbf", "a file", "no such file"),
        ("folder.osm", "a file", "a directory"),
        ("map.txt", "a file named .osm.pbf", ".txt"),
        ("map.pbf", "a file named .osm.pbf", "did you mean `.osm.pbf`?"),
        ("map", "a file named .osm.pbf", "no suffix"),
        ("http://example.invalid/x.osm.pbf", "a file", "no such file"),
    ],
)
def test_what_is_not_there_or_not_ours(tmp_path, name, expected, found):
    (tmp_path / "folder.osm").mkdir()
    (tmp_path / "map.txt").write_text("hello")
    with pytest.raises(InputError) as caught:
        import_osm(tmp_path / name)
    (fault,) = caught.value.faults
    assert expected in str(fault)
    assert found in str(fault)
    assert name.rsplit("/", 1)[-1] in fault.file


@pytest.mark.parametrize("name", ["g.osm.pbf", "g.osm", "g.osm.gz", "g.osm.bz2"])
@pytest.mark.parametrize("data", [b"", b"\x00\x00\x00\x0d", b"garbage", b"<osm version='0.6'><node id='1'"])
def test_garbage(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match="intact OpenStreetMap file"):
        import_osm(tmp_path / name)


def test_cut_short(tmp_path):
    data = plain_town().xml().encode()
    for name, whole in (
        ("t.osm", data),
        ("t.osm.gz", gzip.compress(data)),
        ("t.osm.bz2", bz2.compress(data)),
    ):
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(InputError, match="intact OpenStreetMap file"):
            import_osm(tmp_path / name)


def test_a_slip_in_the_text_is_placed(tmp_path):
    text = plain_town().xml().replace("</osm>", "</oms>")
    (tmp_path / "slip.osm").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        import_osm(tmp_path / "slip.osm")
    assert caught.value.faults[0].line == text.count("\n")


def told(path):
    """The fault that an import of `path` ends in."""
    with pytest.raises(InputError) as caught:
        import_osm(path)
    assert caught.value.exit_code == 3
    (fault,) = caught.value.faults
    return fault


@pytest.fixture(scope="module")
def protobuf(tmp_path_factory):
    """A town as .osm.pbf, by osmium's own writer."""
    folder = tmp_path_factory.mktemp("pbf")
    town = plain_town()
    town.node(1.5, 1.5, amenity="waste_basket")
    (folder / "town.osm").write_text(town.xml(), encoding="utf-8")
    with osmium.SimpleWriter(str(folder / "town.osm.pbf")) as writer:
        for item in osmium.FileProcessor(str(folder / "town.osm")):
            writer.add(item)
    return (folder / "town.osm.pbf").read_bytes()


def test_a_protobuf_cut_short_anywhere(protobuf, tmp_path):
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(protobuf)
    assert len(import_osm(path).city.buildings) == 25
    for length in range(len(protobuf)):
        path.write_bytes(protobuf[:length])
        assert told(path).file == str(path)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_protobuf_with_wrong_bytes(data, protobuf, tmp_path_factory):
    at = data.draw(st.integers(0, len(protobuf) - 1))
    wrong = protobuf[:at] + data.draw(st.binary(min_size=1, max_size=4)) + protobuf[at + 1 :]
    path = tmp_path_factory.mktemp("wrong") / "wrong.osm.pbf"
    path.write_bytes(wrong)
    with contextlib.suppress(InputError):
        import_osm(path)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_text_with_wrong_bytes(data, tmp_path_factory):
    text = plain_town().xml().encode()
    at = data.draw(st.integers(0, len(text) - 1))
    wrong = (
        text[:at] + data.draw(st.sampled_from([b"<", b'"', b"-", b"9", b"\xff", b"\0", b"&x;"])) + text[at + 1 :]
    )
    path = tmp_path_factory.mktemp("wrong") / "wrong.osm"
    path.write_bytes(wrong)
    with contextlib.suppress(InputError):
        import_osm(path)


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


BOMB = """<?xml version="1.0"?>
<!DOCTYPE osm [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>
<osm version="0.6"><node id="1" lon="1" lat="1"><tag k="name" v="&c;"/></node></osm>
"""


def test_entities_are_not_expanded(tmp_path):
    fault = told(written(tmp_path / "bomb.osm", BOMB))
    assert (fault.line, fault.found) == (2, "XML entities are not supported")


@pytest.mark.parametrize(
    "old, new, found",
    [
        ('lon="24.9405000"', 'lon="east"', "wrong format for coordinate: 'east'"),
        ('id="7"', 'id="99999999999999999999"', "illegal id: '99999999999999999999'"),
        ('<node id="1"', '<knot id="1"', "Unknown element"),
    ],
)
@pytest.mark.parametrize("pack, suffix", [(bytes, ""), (gzip.compress, ".gz"), (bz2.compress, ".bz2")])
def test_a_wrong_value_is_placed(tmp_path, old, new, found, pack, suffix):
    text = plain_town().xml()
    line = text[: text.index(old)].count("\n") + 1
    path = tmp_path / f"slip.osm{suffix}"
    path.write_bytes(pack(text.replace(old, new, 1).encode()))
    fault = told(path)
    assert (fault.line, fault.column > 1) == (line, True) or "mismatched tag" in fault.found
    assert found.split(":")[0] in fault.found or "mismatched tag" in fault.found


def test_an_error_names_no_file_descriptor(tmp_path):
    packed = bytearray(gzip.compress(plain_town().xml().encode()))
    packed[-6] ^= 1
    (tmp_path / "t.osm.gz").write_bytes(packed)
    assert told(tmp_path / "t.osm.gz").found == "gzip error: read failed: incorrect data check"


def test_negative_numbers_of_an_editor(tmp_path):
    """JOSM numbers what it has not uploaded yet from -1 down."""
    text = plain_town().xml()
    plain = import_osm(written(tmp_path / "plain.osm", text))
    drawn = import_osm(written(tmp_path / "drawn.osm", re.sub(r'(id|ref)="(\d+)"', r'\1="-\2"', text)))
    assert sorted(b.id for b in drawn.city.buildings) == sorted(f"w-{b.id[1:]}" for b in plain.city.buildings)
    assert drawn.account.rows == plain.account.rows


def test_ways_before_their_nodes_and_objects_twice(tmp_path):
    """What a query service gives that is asked for ways first; two answers pasted together hold much twice."""
    text = plain_town().xml()
    head, rest = text.split("\n", 2)[:2], text.split("\n")[2:-2]
    nodes, ways = ([line for line in rest if line.startswith(f"<{kind}")] for kind in ("node", "way"))
    turned = "\n".join([*head, *ways, *nodes, *ways[:3], "</osm>"])
    plain = import_osm(written(tmp_path / "town.osm", text))
    (tmp_path / "turned").mkdir()
    other = import_osm(written(tmp_path / "turned" / "town.osm", turned))
    assert city_to_geojson(other.city) == city_to_geojson(plain.city)
    assert other.account.fact("objects given more than once") == 3


def test_of_two_versions_the_newer_counts(tmp_path):
    """A history of two houses: one was deleted, the other moved."""
    town = plain_town()
    gone, moved = town.square(2.4, 2.4, building="yes"), town.square(3.4, 3.4, building="yes", height="9")
    later = f'<way id="{gone}" version="2" visible="false"/><way id="{moved}" version="0"/>'
    text = town.xml().replace("</osm>", f"{later}</osm>")
    houses = {b.id: b.height_m for b in import_osm(written(tmp_path / "town.osm", text)).city.buildings}
    assert f"w{gone}" not in houses
    assert houses[f"w{moved}"] == 9.0


def test_off_the_earth_and_relations_of_nothing(tmp_path):
    more = """
      <node id="9001" lon="200" lat="95"><tag k="amenity" v="recycling"/></node>
      <way id="9002"><nd ref="9001"/><nd ref="1"/><tag k="highway" v="residential"/></way>
      <way id="9003"><tag k="building" v="yes"/></way>
      <way id="9004"><nd ref="1"/><nd ref="1"/><nd ref="1"/><nd ref="1"/><tag k="building" v="yes"/></way>
      <relation id="9005"><member type="way" ref="0" role="outer"/><tag k="type" v="multipolygon"/>
        <tag k="building" v="yes"/></relation>
      <relation id="9006"><member type="relation" ref="9006" role="outer"/><tag k="type" v="multipolygon"/>
        <tag k="landuse" v="forest"/></relation></osm>"""
    result = import_osm(written(tmp_path / "odd.osm", plain_town().xml().replace("</osm>", more)))
    assert len(result.city.buildings) == 25
    assert result.account.row("amenity=recycling").left_out == (("off the earth", 1),)
    assert sum(number for _, number in result.account.row("buildings").left_out) == 3
    assert result.account.row("landuse").left_out == (("parts missing from the file", 1),)


def test_the_same_bytes_whatever_the_hash_seed(tmp_path):
    """Two processes that order their sets otherwise write the same map."""
    town = Path(__file__).with_name("every-rule.osm")
    maps = []
    for seed in ("1", "2"):
        out = tmp_path / f"{seed}.geojson"
        command = [sys.executable, "-m", "fleet", "map", "import", str(town), "-o", str(out)]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
        subprocess.run(command, env=environment, check=True, capture_output=True)
        maps.append(out.read_bytes())
    assert maps[0] == maps[1]


@pytest.mark.parametrize("data", [b"", b"garbage", b"\0" * 1000, b"<html/>", b"<osm version='0.6'></osm>"])
@pytest.mark.parametrize("pack, name", [(gzip.compress, "g.osm.gz"), (bz2.compress, "g.osm.bz2")])
def test_garbage_well_packed(tmp_path, data, pack, name):
    (tmp_path / name).write_bytes(pack(data))
    assert "OpenStreetMap" in told(tmp_path / name).expected or data.endswith(b"</osm>")


@pytest.mark.parametrize("pack, name", [(gzip.compress, "b.osm.gz"), (bz2.compress, "b.OSM.BZ2")])
def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch, pack, name):
    data = plain_town().xml().encode() + b"\n" * 3_000_000
    (tmp_path / name).write_bytes(pack(data[:2_000_000]) + pack(data[2_000_000:]))
    monkeypatch.setattr("fleet.city.osm.MOST_BYTES", len(data))
    import_osm(tmp_path / name)
    monkeypatch.setattr("fleet.city.osm.MOST_BYTES", 2**21)
    fault = told(tmp_path / name)
    assert (fault.expected, fault.found) == ("at most 0.00195312 GiB unpacked", "more")
    assert "osmium extract" in fault.hint


def test_what_is_damaged_is_measured_no_further(tmp_path):
    whole = gzip.compress(bytes(5_000_000))
    for data in (whole[:1000], whole[:-8] + b"12345678", b"garbage", b""):
        (tmp_path / "b.osm.gz").write_bytes(data)
        assert not unpacks_to_more(tmp_path / "b.osm.gz", 10_000_000)
    (tmp_path / "b.osm.gz").write_bytes(whole + b"garbage")
    assert unpacks_to_more(tmp_path / "b.osm.gz", 4_000_000)
    assert not unpacks_to_more(tmp_path / "b.osm", 0)
