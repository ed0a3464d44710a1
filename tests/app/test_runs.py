"""Runs by the command: the same again, watched, recorded, over sockets, and read back."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile

import duckdb
import pytest

from .command import FOUR_CORNERS, fleet, spawn

SHORT = ("--quiet", "--json", "--set", "run.duration_h=0.75")
DETECTORS = "blue.detectors=[{kind: range-check}, {kind: executed-orders}]"
WATCHED = ("--set", DETECTORS, "--set", "run.duration_h=0.2")

SUBSCRIBER = """
import json, sys, zmq
socket = zmq.Context().socket(zmq.SUB)
socket.connect(sys.argv[1])
socket.subscribe(b"")
poller = zmq.Poller()
poller.register(socket, zmq.POLLIN)
poller.register(sys.stdin, zmq.POLLIN)
counts = {}
while True:
    ready = dict(poller.poll())
    if socket in ready:
        topic, number, _ = socket.recv_multipart()
        counts[topic.decode()] = int.from_bytes(number, "little") + 1
    elif not sys.stdin.readline():
        break
print(json.dumps(counts))
"""


def digest_of(*words):
    result = fleet("run", FOUR_CORNERS, *SHORT, *words)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)["digest"]


@pytest.fixture(scope="module")
def plain_digest():
    return digest_of()


def test_the_same_run_twice_and_another_seed(plain_digest):
    assert digest_of("--seed", "1") == plain_digest
    assert digest_of("--seed", "2") == digest_of("--set", "seed=2") != plain_digest


@pytest.mark.parametrize("hash_seed", ["1", pytest.param("2", marks=pytest.mark.thorough)])
def test_hash_order_decides_nothing(plain_digest, hash_seed):
    child = spawn("run", FOUR_CORNERS, *SHORT, PYTHONHASHSEED=hash_seed)
    stdout, stderr = child.communicate(timeout=60)
    assert child.returncode == 0, stderr
    assert json.loads(stdout)["digest"] == plain_digest


def test_a_run_over_sockets_is_the_same_run_watched_or_not(plain_digest):
    with tempfile.TemporaryDirectory() as short_name:
        endpoint = f"ipc://{short_name}/bus"
        assert digest_of("--bus", endpoint, "--insecure") == plain_digest
        viewer = subprocess.Popen(
            [sys.executable, "-c", SUBSCRIBER, endpoint], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            watched = digest_of("--bus", endpoint, "--insecure", "--bus-wait", "30")
            seen = json.loads(viewer.communicate(timeout=30)[0])
        finally:
            viewer.kill()
            viewer.wait()
    assert watched == plain_digest
    assert seen["VehicleRoster"] == 1
    assert seen["PickupRequested"] > 5
    assert seen["TelemetryFrame"] == 45 * 60
    assert seen["Beat"] >= 45 * 60
    assert seen["RunEnded"] == 1


def test_a_bus_that_nobody_subscribes_to_starts_all_the_same(plain_digest):
    with tempfile.TemporaryDirectory() as short_name:
        words = ("--bus", f"ipc://{short_name}/bus", "--insecure", "--bus-wait", "0.01")
        result = fleet("run", FOUR_CORNERS, *SHORT, *words)
    assert "nobody subscribed within 0.01 s" in result.stderr
    assert "INSECURE" in result.stderr
    assert json.loads(result.stdout)["digest"] == plain_digest


def test_recording_and_telemetry_change_nothing(tmp_path, plain_digest):
    assert digest_of("-o", tmp_path / "a") == plain_digest
    assert digest_of("-o", tmp_path / "b", "--set", "output.telemetry_s=30") == plain_digest
    assert not (tmp_path / "a" / "telemetry").exists()
    parts = tmp_path / "b" / "telemetry" / "*.parquet"
    times = duckdb.sql(f"SELECT DISTINCT t_ms FROM '{parts}' ORDER BY t_ms").fetchall()
    assert [t for (t,) in times] == list(range(0, 45 * 60_000, 30_000))


def test_frames_for_detectors_are_recorded_only_as_often_as_asked(tmp_path):
    plain = digest_of(*WATCHED)
    assert digest_of(*WATCHED, "-o", tmp_path / "none") == plain
    assert not (tmp_path / "none" / "telemetry").exists()
    assert digest_of(*WATCHED, "-o", tmp_path / "some", "--set", "output.telemetry_s=60") == plain
    parts = tmp_path / "some" / "telemetry" / "*.parquet"
    rows = duckdb.sql(f"SELECT count(*) FROM '{parts}'").fetchall()
    assert rows == [(12 * 3,)]


def test_a_record_gives_the_same_summary_and_the_same_run_again(tmp_path):
    out = tmp_path / "some" / "run"
    ran = fleet("run", FOUR_CORNERS, "--quiet", "-o", out)
    assert ran.exit_code == 0
    assert ran.stderr == ""
    assert fleet("report", out).stdout == ran.stdout
    told = json.loads(fleet("report", out, "--json").stdout)
    info = json.loads((out / "run.json").read_text())
    assert info["status"] == "complete"
    assert info["summary"] == {name: value for name, value in told.items() if name in info["summary"]}
    assert info["dependencies"]["ortools"] != "unknown"
    again = fleet("run", out / "scenario.yaml", "--quiet", "--json")
    assert json.loads(again.stdout)["digest"] == told["digest"]
    assert "map: ../" in (out / "scenario.yaml").read_text()
    score = fleet("score", out)
    assert score.stdout.startswith("attacks       0, detected 0")
    assert json.loads(fleet("score", out, "--json").stdout)["attacks"] == []


def test_a_table_of_requests_is_found_from_the_record_too(tmp_path):
    (tmp_path / "day.csv").write_text("time,point,material,kg,litres\n08:05,nw-1,glass,2,9\n300,se-2,paper,1,8\n")
    words = ("--set", f"demand={{csv: {tmp_path / 'day.csv'}}}", "-o", tmp_path / "runs" / "one")
    first = digest_of(*words)
    again = fleet("run", tmp_path / "runs" / "one" / "scenario.yaml", "--quiet", "--json")
    assert json.loads(again.stdout)["digest"] == first
    assert json.loads(again.stdout)["requested"] == 2


def test_an_altered_record_is_refused(tmp_path):
    digest_of("-o", tmp_path / "run")
    events = tmp_path / "run" / "events.jsonl"
    lines = events.read_text().splitlines(keepends=True)
    events.write_text("".join(lines[:-1]))
    result = fleet("report", tmp_path / "run")
    assert result.exit_code == 3
    assert "the event log was altered" in result.stderr


def test_progress_is_a_line_per_tenth_on_stderr():
    result = fleet("run", FOUR_CORNERS, "--set", "run.duration_h=0.5")
    lines = result.stderr.splitlines()
    assert [line[:5] for line in lines] == [f"{tenth:3d} %" for tenth in range(10, 101, 10)]
    assert all("served" in line and "waiting" in line for line in lines)
    assert lines[-1].split()[2] == "08:30"
    assert len(result.stdout.splitlines()) >= 15


def test_json_has_what_the_text_has():
    shown = fleet("run", FOUR_CORNERS, "--quiet", "--set", "run.duration_h=0.25")
    told = json.loads(fleet("run", FOUR_CORNERS, "--quiet", "--set", "run.duration_h=0.25", "--json").stdout)
    assert told["digest"] in shown.stdout
    assert told["requested"] == told["served"] + told["open"] + sum(told["missed"].values())
    assert max(abs(told["residual_kg"]), abs(told["residual_wh"])) < 1e-6
