"""Tables of requests, whole and broken."""

from __future__ import annotations

import csv
import random

import pytest

from fleet.base.errors import InputError
from fleet.base.streams import Streams
from fleet.demand.csvfile import read_requests
from fleet.demand.model import Span
from fleet.demand.process import requests

from .town import DAY, POINTS, demand, process

BY_ID = {point.id: point for point in POINTS}
SHIFT = Span(6.0, 14.0)


def _flat(lon, lat):
    return (lon - 7.0) * 80_000.0, (lat - 43.0) * 111_000.0


@pytest.fixture
def read(tmp_path):
    def run(text, span=SHIFT):
        path = tmp_path / "day.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_requests(path, BY_ID, _flat, span)

    return run


@pytest.fixture
def faults(read):
    def run(text):
        with pytest.raises(InputError) as caught:
            read(text)
        return [(f.line, f.column, f.path, f.expected, f.found, f.hint) for f in caught.value.faults]

    return run


def test_a_small_table(read):
    first, second, third = read(
        "time,point,material,kg,litres,latest,priority,id,actual_kg\n"
        "08:30,n2,glass,3.2,14,09:00,3,a,0\n"
        "\n"
        "7200,s1,paper,1,7.04,,,,\n"
        "06:00:30,n1,e-waste,0.00001,0.001,23:00,,c,\n"
    )
    assert (first.pickup_id, first.earliest_ms, first.latest_ms) == ("c", 30_000, SHIFT.end_ms)
    assert (first.declared_kg, first.declared_l, first.actual_kg) == (0.001, 0.1, 0.001)
    assert (second.pickup_id, second.earliest_ms, second.latest_ms) == ("csv/4", 7_200_000, 14_400_000)
    assert (second.district, second.x_m, second.actual_l, second.priority) == ("south", 0.0, 7.0, 1)
    assert (third.announced_ms, third.latest_ms, third.priority) == (9_000_000, 10_800_000, 3)
    assert (third.declared_kg, third.actual_kg, third.requester) == (3.2, 0.0, "n2")


def test_degrees_and_the_nearest_district(read):
    (one,) = read("time,lon,lat,material,kg,litres,requester\n0,7.001,42.999,paper,1,9,ann\n")
    assert one.point_id == ""
    assert (round(one.x_m), round(one.y_m), one.district, one.requester) == (80, -111, "south", "ann")


def test_a_night_run_goes_past_midnight(read):
    (one,) = read("time,point,material,kg,litres,latest\n01:30,n1,paper,1,9,06:00\n", Span(22.0, 8.0))
    assert (one.earliest_ms, one.latest_ms) == (12_600_000, 28_800_000)
    (one,) = read("time,point,material,kg,litres,latest\n01:30,n1,paper,1,9,06:00\n", Span(6.0, 24.0))
    assert one.latest_ms == 86_400_000


def test_round_trip(read, tmp_path):
    made = requests(demand(process(lead_min=0.0, empty_share=0.1)), POINTS, DAY, Streams(2))
    path = tmp_path / "made.csv"
    with path.open("w", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(
            ["time", "latest", "point", "material", "kg", "litres", "actual_kg", "actual_l", "priority",
             "service_s", "requester", "id"]
        )  # fmt: skip
        for r in made:
            out.writerow(
                [r.earliest_ms / 1000, r.latest_ms / 1000, r.point_id, r.material, r.declared_kg, r.declared_l,
                 r.actual_kg, r.actual_l, r.priority, r.service_ms / 1000, r.requester, r.pickup_id]
            )  # fmt: skip
    assert len(made) > 100
    assert read(path.read_text(), DAY) == made


def test_all_faults_at_once(faults):
    text = (
        "time,point,material,kg,litres,latest,window_min,priority,id\n"
        "25:00,n22,glas,-1,nan,,,4,a\n"
        "21:30,n1,paper,0,1_0,,0,1.5,a\n"
        "07:00,n2,paper,1,2,06:30,5,,\n"
        "07:00,n1,paper,1\n"
        "soon,,paper,x,1e9,,,,\n"
    )
    number = "a number greater than 0 and at most 1e+06"
    assert faults(text) == [
        (2, 1, "time", "a clock time HH:MM[:SS] or seconds since the start of the run", "'25:00'", ""),
        (2, 2, "point", "the id of a pickup point of the map", "'n22'", "did you mean `n2`?"),
        (2, 3, "material", "a material", "'glas'", "did you mean `glass`?"),
        (2, 4, "kg", number, "'-1'", ""),
        (2, 5, "litres", number, "'nan'", ""),
        (2, 8, "priority", "an integer from 1 to 3", "'4'", ""),
        (3, 1, "time", "a time within the run (06:00 to 20:00, 50400 s)", "'21:30'", ""),
        (3, 4, "kg", number, "'0'", ""),
        (3, 5, "litres", number, "'1_0'", ""),
        (3, 7, "window_min", "a number greater than 0 and at most 100000", "'0'", ""),
        (3, 8, "priority", "an integer from 1 to 3", "'1.5'", ""),
        (3, 9, "id", "an id of its own", "'a'", "line 2 has it"),
        (4, 3, "material", "a material that point 'n2' takes: glass", "'paper'", ""),
        (4, 6, "latest", "a time after `time`", "'06:30'", ""),
        (4, 7, "window_min", "nothing, as `latest` is given", "'5'", ""),
        (5, 5, "", "9 fields", "4", ""),
        (6, 1, "time", "a clock time HH:MM[:SS] or seconds since the start of the run", "'soon'", ""),
        (6, 2, "point", "the id of a pickup point of the map", "nothing", ""),
        (6, 4, "kg", number, "'x'", ""),
        (6, 5, "litres", number, "'1e9'", ""),
    ]


def test_places_off_the_map(faults):
    text = "time,lon,lat,material,kg,litres\n0,43,7,paper,1,1\n0,200,-91,paper,1,1\n0,,43,paper,1,1\n"
    assert [(line, column, hint) for line, column, _, _, _, hint in faults(text)] == [
        (2, 2, "are lon and lat swapped?"),
        (3, 2, ""),
        (3, 3, ""),
        (4, 2, ""),
    ]


@pytest.mark.parametrize(
    "text, line, column, words",
    [
        ("", 1, 1, "a header line"),
        ("\n\n", 1, 1, "a header line"),
        ("time;point;material;kg;litres\n", 1, 1, "fields parted by commas"),
        ("time,point,materiel,kg,litres\n", 1, 3, "did you mean `material`?"),
        ("time,point,kg,litres\n", 1, 1, "material: expected this column"),
        ("time,lon,material,kg,litres\n", 1, 1, "point (or lon and lat)"),
        ("time,point,material,kg,litres,kg\n", 1, 6, "each column once"),
        ('time,point,material,kg,litres\n0,n1,paper,1,"2\n', 2, 1, "rows of comma-separated values"),
        ('time,point,material,kg,litres\n0,"n\n1",paper,1,2\n0,n1,paper,1,x\n', 4, 5, "a number"),
        (b"time,point,material,kg,litres\n0,n1,pap\xffer,1,2\n", 2, 1, "text in UTF-8"),
        (b"time,point,material,kg,litres\n0,n1,paper\x00,1,2\n", 2, 3, "a material"),
        ("time,point,material,kg,litres\n0,n1," + "x" * 200_000 + ",1,2\n", 2, 1, "field larger"),
    ],
)
def test_broken_tables(tmp_path, read, text, line, column, words):
    with pytest.raises(InputError) as caught:
        read(text)
    assert any((f.line, f.column) == (line, column) and words in str(f) for f in caught.value.faults)


def test_a_table_that_cannot_be_read(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(InputError, match="expected a readable file"):
            read_requests(path, BY_ID, _flat, SHIFT)


GOOD = (
    "time,point,lon,lat,material,kg,litres,latest,priority,service_s,requester,id\n"
    '08:30,n2,,,glass,3.2,14,09:00,3,30,"Ann, the second",a\n'
    "7200,,7.001,42.999,paper,1,7.04,,,,,b\n"
    "06:00:30,n1,,,e-waste,0.5,8,19:00,2,,,c\n"
)


@pytest.mark.parametrize("seed", range(4))
def test_spoilt_tables(read, seed):
    """Whatever is done to a table, the answer is requests or placed faults."""
    rng = random.Random(seed)
    bad = 0
    for _ in range(250):
        data = bytearray(GOOD.encode())
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(data))
            choice = rng.randrange(4)
            if choice == 0:
                data[at] = rng.randrange(256)
            elif choice == 1:
                del data[at : at + rng.randint(1, 12)]
            elif choice == 2:
                data[at:at] = rng.choice([b",", b"\n", b'"', b"\r", b"1e999", b"\x00", b";", b"-", "é".encode()])
            else:
                del data[at + 5 :]
        faults = _faults(read, bytes(data))
        bad += bool(faults)
        assert all(f.line >= 1 and f.column >= 1 and f.expected and f.found for f in faults)
    assert bad > 50


def _faults(read, data):
    try:
        made = read(data)
    except InputError as error:
        return error.faults
    assert all(0 <= r.earliest_ms < r.latest_ms <= SHIFT.end_ms for r in made)
    return ()


def test_what_lies_in_it_besides(read):
    first, second = read(
        "time,point,material,kg,litres,inside,id\n"
        "08:30,n2,glass,4,14,paper:0.25 lamps:0.5,a\n"
        "08:40,n2,glass,4,14,,b\n"
    )
    assert first.contents == {
        "glass": pytest.approx(1.0),
        "paper": pytest.approx(1.0),
        "lamps": pytest.approx(2.0),
    }
    assert second.contents == {}


def test_what_cannot_lie_in_it(faults):
    rows = ("glas:0.1", "glass:0.1", "paper", "paper:0", "paper:x", "paper:0.6 lamps:0.6")
    text = "time,point,material,kg,litres,inside\n" + "".join(f"08:30,n2,glass,4,14,{row}\n" for row in rows)
    found = faults(text)
    assert [(line, column, path) for line, column, path, *_ in found] == [(n, 6, "inside") for n in range(2, 8)]
    assert found[0][5] == "did you mean `glass`?"
