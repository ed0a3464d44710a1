"""A map as a picture: what is drawn, at which size, and what happens without matplotlib."""

from __future__ import annotations

import builtins
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from shapely import box

from fleet.app.cli import cli
from fleet.base.errors import UsageError
from fleet.city.airspace import obstacles
from fleet.city.drawing import draw, html, png
from fleet.city.load import load_city
from fleet.city.model import City, Zone
from fleet.city.sample import sample_paths
from fleet.city.times import Period

MAP = Path(__file__).parents[2] / "maps" / "four-corners.geojson"


@pytest.fixture
def city() -> City:
    pytest.importorskip("matplotlib", reason="the drawing needs matplotlib (extra `plot`)")
    return load_city(MAP)


@pytest.fixture
def no_matplotlib(monkeypatch):
    real = builtins.__import__

    def refusing(name, *rest, **more):
        if name.startswith("matplotlib"):
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refusing)


def size_of(picture: bytes) -> tuple[int, int]:
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", picture[16:24])


@pytest.mark.parametrize("width", [600, 1200])
def test_a_picture_is_as_wide_as_asked(city, width):
    assert size_of(png(city, width_px=width))[0] == width


def test_the_same_city_gives_the_same_picture(city):
    assert png(city) == png(city)


def test_the_legend_tells_zones_by_what_they_protect_and_what_stands_where(city):
    (legend,) = draw(city).legends
    told = [text.get_text() for text in legend.get_texts()]
    for reason in {zone.reason for zone in city.zones}:
        count = sum(zone.reason == reason for zone in city.zones)
        assert f"{reason} ({count})" in told
    assert f"pickup point ({len(city.pickup_points)})" in told
    assert any(word.startswith("base") for word in told)


def test_the_legend_tells_what_is_dashed(city):
    def told(drawn, height_m):
        (legend,) = draw(drawn, height_m).legends
        return [" ".join(text.get_text().split()) for text in legend.get_texts()]

    low = Zone("z", "school", box(0, 0, 30, 40), ceiling_m=50.0)
    timed = Zone("t", "school", box(0, 0, 30, 40), times=(Period(opens=0, closes=1),))
    dashed = "not in the way at this height, or only at times"
    assert dashed not in told(replace(city, zones=(low,)), 40.0)
    assert dashed in told(replace(city, zones=(low,)), 60.0)
    assert dashed in told(replace(city, zones=(timed,)), 40.0)
    assert "district border" in told(city, 40.0)
    assert "district border" not in told(replace(city, districts=()), 40.0)


def test_twelve_reasons_have_colours_of_their_own(city):
    zones = tuple(Zone(f"z{n}", f"reason {n:02d}", box(0, 0, 30, 40)) for n in range(12))
    (legend,) = draw(replace(city, zones=zones)).legends
    entries = zip(legend.get_patches(), legend.get_texts(), strict=False)
    assert len({patch.get_facecolor() for patch, text in entries if text.get_text().startswith("reason")}) == 12


def test_nothing_of_the_city_is_out_of_the_picture(city):
    axes = draw(city).axes[0]
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    for place in (*city.sites, *city.pickup_points):
        assert west < place.x_m < east
        assert south < place.y_m < north


def test_an_empty_city_and_one_of_zones_only_can_be_drawn(city):
    empty = City("Nowhere", city.frame)
    zones = replace(empty, zones=(Zone("z", "school", box(0, 0, 30, 40)),))
    assert size_of(png(empty))[0] == size_of(png(zones))[0] == 1200


def test_the_sample_is_of_legal_paths_that_go_round(city):
    paths = sample_paths(city, 60.0)
    closed = shapely.union_all(obstacles(city, 60.0)).buffer(-1e-6, join_style="mitre")
    assert len(paths) >= 2
    assert any(len(path) > 2 for path in paths)
    assert not any(shapely.intersects(shapely.LineString(path), closed) for path in paths)
    assert all(np.array_equal(a, b) for a, b in zip(paths, sample_paths(city, 60.0), strict=True))


def test_a_notebook_gets_a_picture(city):
    assert size_of(city._repr_png_())[0] == 1200
    assert city._repr_html_().startswith('<img alt="Four Corners" src="data:image/png;base64,')


def test_without_matplotlib_there_is_one_line_that_helps(no_matplotlib):
    city = load_city(MAP)
    with pytest.raises(UsageError, match=r"pip install 'fleet-orchestrator\[plot\]'"):
        png(city)
    assert city._repr_png_() is None
    assert "&lt;b&gt;" in html(replace(city, name="<b>"))
    assert f"{len(city.buildings)} buildings" in html(city)


def test_the_command_writes_the_picture_or_says_why_not(city, tmp_path):
    out = tmp_path / "map.png"
    done = CliRunner().invoke(cli, ["map", "show", str(MAP), "-o", str(out), "--height", "60", "--width", "500"])
    assert done.exit_code == 0, done.output
    assert size_of(out.read_bytes())[0] == 500
    done = CliRunner().invoke(cli, ["map", "show", str(MAP), "-o", str(tmp_path / "no" / "map.png")])
    assert done.exit_code == 2
    assert "cannot be written" in done.output
    done = CliRunner().invoke(cli, ["map", "show", str(tmp_path / "none.geojson"), "-o", str(out)])
    assert done.exit_code == 3
    assert list(tmp_path.iterdir()) == [out]
