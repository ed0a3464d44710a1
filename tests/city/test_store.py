"""Networks kept on disk: found again, never wrong, never in the way."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from shapely import box

import fleet.city.store as store_module
from fleet.city.paths import Airspace
from fleet.city.store import PathStore, default_directory

GROUND = [box(0, 0, 10, 10), box(20, -5, 30, 15)]
X, Y = np.array([-5.0, 15.0, 40.0]), np.array([5.0, 5.0, 5.0])


class Counting(Airspace):
    """Says how often it was asked."""

    asked = 0

    def network(self, x_m, y_m):
        self.asked += 1
        return super().network(x_m, y_m)


def same(one, other):
    assert type(one) is type(other)
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        assert a.dtype == b.dtype
        assert np.array_equal(a, b)


def test_the_second_answer_comes_from_disk_and_is_the_first(tmp_path):
    airspace = Counting(GROUND)
    first = PathStore(tmp_path / "new").network(airspace, X, Y)
    again = PathStore(tmp_path / "new").network(airspace, X, Y)
    assert airspace.asked == 1
    same(first, again)
    same(first, Airspace(GROUND).network(X, Y))
    assert np.array_equal(first.path(0, 2), again.path(0, 2))


@pytest.mark.parametrize(
    "ground, x",
    [
        ([box(0, 0, 10, 10.001), GROUND[1]], X),
        (GROUND[:1], X),
        (GROUND, X + 1e-9),
        (GROUND, X[:2]),
    ],
)
def test_whatever_the_answer_depends_on_asks_anew(tmp_path, ground, x):
    store = PathStore(tmp_path)
    store.network(Airspace(GROUND), X, Y)
    other = Counting(ground)
    found = store.network(other, x, Y[: len(x)])
    assert other.asked == 1
    same(found, Airspace(ground).network(x, Y[: len(x)]))


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.999])
@pytest.mark.parametrize("how", ["cut", "flip"])
def test_a_damaged_file_is_worked_out_again_and_mended(tmp_path, share, how):
    airspace, store = Counting(GROUND), PathStore(tmp_path)
    first = store.network(airspace, X, Y)
    (file,) = tmp_path.iterdir()
    whole = bytearray(file.read_bytes())
    at = int(share * len(whole))
    whole[at] ^= 0x40
    file.write_bytes(whole[:at] if how == "cut" else whole)
    same(first, store.network(airspace, X, Y))
    assert airspace.asked == 2
    same(first, store.network(airspace, X, Y))
    assert airspace.asked == 2


def test_a_place_that_cannot_be_written_fails_nothing(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    airspace = Counting(GROUND)
    for _ in range(2):
        same(PathStore(blocked).network(airspace, X, Y), Airspace(GROUND).network(X, Y))
    assert airspace.asked == 2
    assert blocked.read_text() == "not a directory"


def test_no_directory_keeps_nothing(tmp_path):
    airspace = Counting(GROUND)
    PathStore(None).network(airspace, X, Y)
    PathStore(None).network(airspace, X, Y)
    assert airspace.asked == 2


def test_what_was_used_longest_ago_goes_when_there_is_too_much(tmp_path, monkeypatch):
    import os

    store = PathStore(tmp_path)
    grounds = [[box(0, 0, 10, 10 + n)] for n in range(3)]
    for n, ground in enumerate(grounds):
        store.network(Airspace(ground), X, Y)
        newest = max(tmp_path.iterdir(), key=lambda f: f.stat().st_ctime_ns)
        os.utime(newest, (n, n))
    size = newest.stat().st_size
    left = tmp_path / f".{newest.name}.x.part"
    others = [tmp_path / "my.npz", tmp_path / "my.part"]
    for file in (left, *others):
        file.write_bytes(b"x" * 10)
        os.utime(file, (0, 0))
    oldest = Counting(grounds[0])
    store.network(oldest, X, Y)  # used: now the latest
    monkeypatch.setattr(store_module, "MOST_BYTES", 3 * size + size // 2)
    store.network(Airspace([box(0, 0, 10, 40)]), X, Y)
    kept = [Counting(ground) for ground in grounds]
    monkeypatch.setattr(store_module, "MOST_BYTES", 100 * size)
    for airspace in kept:
        store.network(airspace, X, Y)
    assert oldest.asked == 0
    assert [airspace.asked for airspace in kept] == [0, 1, 0]
    assert not left.exists()
    assert all(file.exists() for file in others)


def test_where_the_store_is():
    home = {"HOME": "/h"}
    assert str(default_directory(home)) == "/h/.cache/fleet"
    assert str(default_directory({**home, "XDG_CACHE_HOME": "/x"})) == "/x/fleet"
    assert str(default_directory({**home, "FLEET_CACHE": "/c"})) == "/c"
    assert default_directory({**home, "FLEET_CACHE": "off"}) is None
    assert default_directory({}) is None
