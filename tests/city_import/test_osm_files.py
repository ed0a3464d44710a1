"""Files that are no OpenStreetMap extract end in an InputError that names the file."""

import bz2
import gzip

import pytest

from fleet.base.errors import InputError
from fleet.city.osm import import_osm
from tests.city_import.towns import plain_town


def test_plain_gzip_and_bzip2_are_the_same_town(tmp_path):
    data = plain_town().xml().encode()
    (tmp_path / "a.osm").write_bytes(data)
    (tmp_path / "b.osm.gz").write_bytes(gzip.compress(data))
    (tmp_path / "c.OSM.BZ2").write_bytes(bz2.compress(data))
    results = [import_osm(tmp_path / name) for name in ("a.osm", "b.osm.gz", "c.OSM.BZ2")]
    assert results[0].counts == results[1].counts == results[2].counts
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
