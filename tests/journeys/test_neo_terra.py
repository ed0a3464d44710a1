"""The day in Neo-Terra: the command in processes of its own, judged from the record by `judge`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import zmq

from tests.journeys.judge import Record, alone_in_time, kind_of, loads, trips

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


COMMAND = [sys.executable, "-m", "fleet", "run", "configs/neo-terra.yaml", "--json", "--quiet"]


def fleet(*arguments: str) -> dict[str, Any]:
    """Run `fleet run configs/neo-terra.yaml --json` with more arguments; what it printed."""
    command = [*COMMAND, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


class Subscriber:
    """A real subscriber on the telemetry endpoint, in a thread of this process."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.topics: set[bytes] = set()
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVTIMEO, 100)
        self._socket.subscribe(b"")
        self._socket.connect(endpoint)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                self.topics.add(self._socket.recv_multipart()[0])
            except zmq.Again:
                continue

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()
        self._context.term()


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Record]:
    directory = tmp_path_factory.mktemp("runs") / "day"
    result = fleet("--seed", "7", "-o", str(directory))
    return result, Record(directory, ROOT / "maps" / "neo-terra.geojson")


def endpoint_of(run: subprocess.Popen[str]) -> str:
    """Where a run says that it listens."""
    assert run.stderr is not None
    return next(line.split()[-1] for line in run.stderr if "listening at " in line)


@pytest.mark.thorough
def test_the_same_digest_on_a_watched_bus_under_another_hash_seed(day: tuple[dict[str, Any], Record]) -> None:
    command = [*COMMAND, "--seed", "7", "--bus", "tcp://127.0.0.1:*", "--insecure"]
    environment = {**os.environ, "PYTHONHASHSEED": "123"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        subscriber = Subscriber(endpoint_of(run))
        stdout, stderr = run.communicate()
        subscriber.close()
    assert run.returncode == 0, stderr
    assert json.loads(stdout)["digest"] == day[0]["digest"]
    assert {b"TelemetryFrame", b"VehicleReported", b"OrderIssued"} <= subscriber.topics


def test_the_day_is_a_real_task(day: tuple[dict[str, Any], Record]) -> None:
    record = day[1]
    requests = [body for _, body in record.bodies("PickupRequested")]
    assert len({str(v) for v in record.legs["vehicle"]}) == 40
    assert len(requests) >= 2000
    short = [r for r in requests if r["latest_ms"] - r["earliest_ms"] <= 2 * 3_600_000]
    assert len(short) >= 0.4 * len(requests)
    volume_first = [volume > mass for volume, mass in trips(record)]
    assert sum(volume_first) >= 0.3 * len(volume_first)


@pytest.mark.thorough
def test_half_the_fleet_is_not_enough(day: tuple[dict[str, Any], Record]) -> None:
    """And, the seed being another, so is the digest."""
    half = fleet("--seed", "8", "--set", "fleet.groups.0.count=17", "--set", "fleet.groups.1.count=3")
    assert half["served"] < 0.8 * half["requested"]
    assert half["digest"] != day[0]["digest"]


def test_servable_pickups_are_served_in_their_window(day: tuple[dict[str, Any], Record]) -> None:
    record = day[1]
    collected = {body["pickup_id"]: t for t, body in record.bodies("PickupCollected")}
    servable = [r for t, r in record.bodies("PickupRequested") if alone_in_time(record, r, t)]
    in_time = [r for r in servable if collected.get(r["pickup_id"], 10**12) <= r["latest_ms"]]
    assert len(servable) >= 2000
    assert len(in_time) >= 0.95 * len(servable)


def test_nobody_is_left_out_without_a_reason(day: tuple[dict[str, Any], Record]) -> None:
    record = day[1]
    requested = {body["pickup_id"] for _, body in record.bodies("PickupRequested")}
    collected = {body["pickup_id"] for _, body in record.bodies("PickupCollected")}
    missed = {body["pickup_id"]: body["reason"] for _, body in record.bodies("PickupMissed")}
    assert collected.isdisjoint(missed)
    assert requested - collected == missed.keys()
    assert all(missed.values())


def test_the_books_close(day: tuple[dict[str, Any], Record]) -> None:
    ((_, closed),) = day[1].bodies("WorldClosed")
    assert closed["residual_kg"] <= 1e-6
    assert closed["residual_wh"] <= 1e-6
    assert abs(sum(closed["kg"].values())) < 1e-3
    assert abs(sum(closed["wh"].values())) < 1e-3


def test_no_vehicle_is_ever_below_its_reserve(day: tuple[dict[str, Any], Record]) -> None:
    legs = day[1].legs
    for vehicle, battery_wh in zip(legs["vehicle"], legs["battery_wh"], strict=True):
        kind = kind_of(str(vehicle))
        assert battery_wh >= kind.reserve_share * kind.battery_wh


def test_no_vehicle_is_ever_in_closed_airspace(day: tuple[dict[str, Any], Record]) -> None:
    assert day[1].metres_inside_closed() == 0.0


def test_no_vehicle_is_ever_overloaded(day: tuple[dict[str, Any], Record]) -> None:
    for vehicle, carried in loads(day[1]).items():
        kind = kind_of(vehicle)
        assert max(kg for kg, _ in carried) <= kind.payload_kg + 1e-6
        assert max(litres for _, litres in carried) <= kind.volume_l + 1e-3
