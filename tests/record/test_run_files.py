"""What is written is read back: events, tables, run.json, whole or cut off."""

from __future__ import annotations

import json
import math
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fleet
from fleet.base.errors import InputError, RunError, UsageError
from fleet.messages import codec, orders, truth
from fleet.messages.plane import Frame
from fleet.messages.truth import LegFlown
from fleet.record.digest import BULK, Digest
from fleet.record.reader import read_run
from fleet.record.writer import RunRecorder
from tests.record import run_of


def record(directory, run=None, results=None, **options):
    recorder = RunRecorder(directory, **options)
    recorder.open("seed: 7\n", {"seed": 7, "name": "small"})
    for tick, batch in run_of.a_run() if run is None else run:
        recorder.hear(tick, batch)
    recorder.close(results or {})
    return read_run(directory)


def names(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def test_a_record_holds_what_was_heard(tmp_path):
    run = record(tmp_path / "new" / "run", results={"wall_s": 1.5})
    assert run.info == {"seed": 7, "name": "small", "wall_s": 1.5, "status": "complete"}
    assert run.scenario == "seed: 7\n"
    expected = [(tick, [m for m in batch if not isinstance(m.body, BULK)]) for tick, batch in run_of.a_run()]
    assert list(run.batches()) == expected


def test_lines_are_what_people_can_read(tmp_path):
    record(tmp_path)
    first = json.loads((tmp_path / "events.jsonl").read_text().splitlines()[0])
    assert list(first) == ["tick", "t_ms", "plane", "sender", "seq", "body"]
    assert (first["plane"], first["body"]["type"]) == ("telemetry", "VehicleRoster")
    keys = [line for line in (tmp_path / "events.jsonl").read_text().splitlines() if "RotateKey" in line]
    assert json.loads(keys[0])["body"]["public_key"].startswith("AQEB")


def test_the_digest_can_be_computed_from_the_record(tmp_path):
    live, again = Digest(), Digest()
    for tick, batch in run_of.a_run():
        live.hear(tick, batch)
    for tick, batch in record(tmp_path).batches():
        again.hear(tick, batch)
    assert again.hexdigest() == live.hexdigest()
    assert again.world_hexdigest() == live.world_hexdigest()


@settings(max_examples=50, deadline=None)
@given(
    kg=st.floats(allow_nan=False),
    text=st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_number_and_text_survives_the_log(tmp_path_factory, kg, text):
    directory = tmp_path_factory.mktemp("run")
    batch = run_of.heard(run_of.collected(text, kg), sender=text)
    found = [line.message for line in record(directory, [(3, batch)]).events()]
    assert found == batch
    assert math.copysign(1, found[0].body.scale_kg) == math.copysign(1, kg)


def test_what_is_not_finite_survives_the_log(tmp_path):
    bodies = [
        orders.PickupMissed(pickup_id="null", reason="battery", need=math.inf, limit=-math.inf),
        truth.WorldClosed(residual_kg=math.nan, residual_wh=0.5, kg={"a": math.nan, "b": 1.0}, wh={}),
        orders.RotateKey(order_id="null", holder="h", public_key=b"\x01\x02"),
    ]
    batch = run_of.heard(*bodies)
    found = [line.message for line in record(tmp_path, [(3, batch)]).events()]
    assert [codec.said_bytes(m) for m in found] == [codec.said_bytes(m) for m in batch]


def test_legs_are_kept_in_order_over_many_parts(tmp_path):
    legs = [run_of.leg(number, t1_ms=number * 1_000) for number in range(23)]
    run = record(tmp_path, [(k, run_of.heard(leg)) for k, leg in enumerate(legs)], rows_per_part=5)
    columns = run.leg_columns()
    assert len(names(tmp_path / "legs")) == 5
    found = [LegFlown(**{name: columns[name][row] for name in columns}) for row in range(23)]
    assert found == legs


def test_a_part_is_written_every_simulated_hour(tmp_path):
    legs = [run_of.leg(number, t1_ms=number * 1_200_000) for number in range(7)]
    record(tmp_path, [(k, run_of.heard(leg)) for k, leg in enumerate(legs)])
    assert names(tmp_path / "legs") == [f"part-{part:05d}.parquet" for part in range(3)]


def test_telemetry_has_a_row_per_vehicle_and_frame(tmp_path):
    ticks = [(0, run_of.heard(run_of.roster()))]
    ticks += [(k, run_of.heard(run_of.frame(k), t_ms=k * 1_000)) for k in range(1, 8)]
    run = record(tmp_path, ticks, rows_per_part=4, to_lon_lat=lambda x, y: (x * 2.0, y * 3.0))
    assert len(names(tmp_path / "telemetry")) == 4
    with run.sql() as sql:
        rows = sql.execute("SELECT t_ms, vehicle, lon, lat, x_m, load_kg, state FROM telemetry").fetchall()
    expected = [
        (k * 1_000, vehicle, 2.0 * v, 3.0 * v, v, v, state)
        for k in range(1, 8)
        for vehicle, v, state in (("v-0", 0.5, "idle"), ("v-1", 1.5, "climbing"))
    ]
    assert rows == expected


def test_rows_beyond_the_roster_and_unknown_states_are_kept_without_a_name(tmp_path):
    run = record(tmp_path, [(1, run_of.heard(run_of.frame(1, rows=2)))])
    with run.sql() as sql:
        assert sql.execute("SELECT vehicle, x_m FROM telemetry ORDER BY x_m").fetchall()[1] == (None, 1.5)


def test_events_can_be_asked_by_sql_in_an_awkwardly_named_place(tmp_path):
    directory = tmp_path / "it's [a] *run?"
    run = record(directory)
    with (directory / "events.jsonl").open("ab") as file:
        file.write(b'{"tick": 9')
    with run.sql() as sql:
        assert sql.execute("SELECT count(*), count(tick) FROM events").fetchall() == [(14, 14)]
        kg = "SELECT sum((body->>'scale_kg')::DOUBLE) FROM events WHERE type = 'PickupCollected'"
        assert sql.execute(kg).fetchall() == [(4.25,)]
        assert sql.execute("SELECT count(*) FROM legs").fetchall() == [(3,)]


def test_a_run_without_legs_reads_as_none(tmp_path):
    columns = record(tmp_path, []).leg_columns()
    assert {len(column) for column in columns.values()} == {0}
    assert "energy_wh" in columns


@pytest.mark.parametrize("status", ["interrupted", "failed"])
def test_an_aborted_run_is_a_valid_partial_record(tmp_path, status):
    recorder = RunRecorder(tmp_path)
    recorder.open("a: 1\n", {"seed": 1})
    assert read_run(tmp_path).info["status"] == "running"
    recorder.hear(0, run_of.heard(run_of.alert("v-0"), run_of.leg(1)))
    recorder.abort(status, {"wall_s": 2.0})
    recorder.close({})
    run = read_run(tmp_path)
    assert run.info == {"seed": 1, "wall_s": 2.0, "status": status}
    assert len(list(run.events())) == len(run.leg_columns()["t0_ms"]) == 1


def test_an_earlier_run_is_replaced_only_when_allowed(tmp_path):
    record(tmp_path, rows_per_part=1)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds a recorded run already"):
        record(tmp_path)
    run = record(tmp_path, run_of.a_run()[:1], overwrite=True)
    assert len(list(run.events())) == 4
    assert names(tmp_path) == ["events.jsonl", "notes.txt", "run.json", "scenario.yaml"]


def test_a_strangers_directory_is_never_written_to(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match="is not a recorded run"):
        record(tmp_path, overwrite=True)
    with pytest.raises(UsageError, match="found a file"):
        record(tmp_path / "thesis.tex")
    assert names(tmp_path) == ["thesis.tex"]


def test_an_overwritten_link_keeps_its_target(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "part-00000.parquet").write_bytes(b"mine")
    record(tmp_path / "run", [])
    (tmp_path / "run" / "legs").symlink_to(target)
    with pytest.raises(RunError, match="cannot write"):
        record(tmp_path / "run", [], overwrite=True)
    assert names(target) == ["part-00000.parquet"]


def test_a_full_disk_is_a_run_error_with_the_path():
    full = Path("/dev/full")
    if not full.exists() or not stat.S_ISCHR(full.stat().st_mode):
        pytest.skip("no /dev/full here")
    script = (
        "import os, sys, pathlib, tempfile\n"
        "from fleet.record.writer import RunRecorder\n"
        "from tests.record import run_of\n"
        "recorder = RunRecorder(pathlib.Path(tempfile.mkdtemp()))\n"
        "recorder.open('a: 1', {})\n"
        "os.dup2(os.open('/dev/full', os.O_WRONLY), recorder._events)\n"
        "try:\n    recorder.hear(0, run_of.heard(run_of.alert('v')))\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(fleet.__file__).parents[1]
    )
    assert done.stdout.startswith("RunError ")
    assert done.stdout.rstrip().endswith("events.jsonl: cannot write: No space left on device")


def test_a_part_that_cannot_be_written_is_a_run_error_and_leaves_nothing(tmp_path):
    recorder = RunRecorder(tmp_path, rows_per_part=1)
    recorder.open("a: 1\n", {})
    (tmp_path / "legs").write_text("in the way")
    recorder.hear(0, run_of.heard(run_of.leg(1)))
    with pytest.raises(RunError, match="legs"):
        recorder.close({})
    assert read_run(tmp_path).info["status"] == "failed"
    assert "part" not in " ".join(names(tmp_path))


def test_hearing_before_opening_is_a_run_error(tmp_path):
    with pytest.raises(RunError, match="not open"):
        RunRecorder(tmp_path).hear(0, run_of.heard(run_of.alert("v")))


def test_a_half_last_line_is_left_out_and_a_broken_one_is_named(tmp_path):
    run = record(tmp_path)
    path = tmp_path / "events.jsonl"
    whole = path.read_bytes()
    for cut in (1, 20, 60):
        path.write_bytes(whole[:-cut])
        assert len(list(run.events())) == 13
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], b'{"tick": "one"}\n', *lines[4:]]))
    with pytest.raises(InputError, match=r"events\.jsonl:5:1: expected an event of this version"):
        list(run.events())


def test_what_is_no_record_is_an_input_error_with_every_fault(tmp_path):
    with pytest.raises(InputError, match="expected the directory of a recorded run, found nothing"):
        read_run(tmp_path / "none")
    with pytest.raises(InputError) as caught:
        read_run(tmp_path)
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize(
    "info, text",
    [
        ("{", r"run\.json:1:2: expected JSON"),
        ("[]", "expected an object, found list"),
        ("{}", "status: expected one of running"),
        ('{"status": "complete", "seed": "x"}', "seed: expected an integer, found 'x'"),
    ],
)
def test_a_broken_run_json_is_an_input_error(tmp_path, info, text):
    record(tmp_path)
    (tmp_path / "run.json").write_text(info)
    with pytest.raises(InputError, match=text):
        read_run(tmp_path)


def test_a_broken_part_is_an_input_error(tmp_path):
    run = record(tmp_path)
    (tmp_path / "legs" / "part-00000.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="Parquet parts of a recorded run"):
        run.leg_columns()


def test_the_same_run_gives_the_same_bytes(tmp_path):
    record(tmp_path / "one")
    record(tmp_path / "two")
    for name in names(tmp_path / "one"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_neither_pandas_nor_pyarrow_is_needed():
    script = (
        "import sys, pathlib, tempfile\n"
        "sys.modules['pandas'] = sys.modules['pyarrow'] = None\n"
        "from tests.record.test_run_files import record\n"
        "run = record(pathlib.Path(tempfile.mkdtemp()))\n"
        "print(len(run.leg_columns()['vehicle']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(fleet.__file__).parents[1]
    )
    assert done.stdout == "3\n", done.stderr


def test_duckdb_is_loaded_only_when_a_table_is_touched():
    script = "import sys, fleet.record.writer, fleet.record.reader; print('duckdb' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(fleet.__file__).parents[1]
    )
    assert done.stdout == "False\n"


def test_the_fixture_has_bulk():
    bodies = [message.body for _, batch in run_of.a_run() for message in batch]
    assert sum(isinstance(body, Frame) for body in bodies) == 1
    assert np.isclose(sum(b.energy_wh for b in bodies if isinstance(b, LegFlown)), 6.6)
