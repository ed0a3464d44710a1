"""What was signed in one run holds in no other with the same keys, and a record is replayed as the run it was."""

from __future__ import annotations

import json

import pytest

from fleet.bus.client import connect
from fleet.bus.endpoints import endpoints
from fleet.bus.keyring import Identity, Keyring
from fleet.messages.codec import encode
from fleet.messages.orders import Recall
from fleet.record.reader import read_run
from tests.bus.visitor import Visitor, answer

from .command import FOUR_CORNERS, fleet
from .served import Served

HOME = Recall(order_id="home", vehicle="light-01", site="depot", x_m=0.0, y_m=0.0, navigation="gnss")
DAY = ("--set", "run.duration_h=0.5", "--quiet", "--json")
OPEN, LOCKED = ("--insecure",), ()
PATIENCE_S = 60.0


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "kim.key"
    Keyring.make(tmp_path / "ring").new("kim", "operator", path)
    return path


def served(tmp_path, locks, *words):
    return Served("--keys", tmp_path / "ring", "--speed", "5", *locks, *words)


def recorded_orders(out):
    return [
        encode(line.message) for line in read_run(out).events() if line.sender == "operator/kim" and line.signature
    ]


@pytest.mark.thorough
@pytest.mark.parametrize("locks", [OPEN, LOCKED], ids=["insecure", "locked"])
def test_orders_out_of_the_record_of_an_earlier_run_are_refused(tmp_path, key, locks):
    with served(tmp_path, locks, "-o", tmp_path / "one") as city:
        with connect(city.url, key, insecure=locks == OPEN, timeout_s=PATIENCE_S) as kim:
            first = kim.snapshot.run_id
            assert [kim.order(HOME).cause, kim.speed(7.0).cause, kim.stop_run().cause] == ["", "", ""]
        assert city.end()[0] == 0
    old = recorded_orders(tmp_path / "one")
    assert len(old) == 3
    identity = None if locks == OPEN else Identity.load(key)
    with served(tmp_path, locks, "-o", tmp_path / "two") as city:
        with connect(city.url, key, insecure=locks == OPEN, timeout_s=PATIENCE_S) as kim:
            assert kim.snapshot.run_id != first
            with Visitor(endpoints(city.url, listen=False), identity) as thief:
                door = thief.asker("command")
                for order in old:
                    door.send(order)
                assert [answer(door).cause for _ in old] == ["bad-signature"] * 3
            assert [kim.order(HOME).cause, kim.stop_run().cause] == ["", ""]
        assert city.end()[0] == 0
    said = [line.body for line in read_run(tmp_path / "two").events() if line.sender == "gate"]
    assert {(refused.cause, refused.claimed_sender) for refused in said} == {("bad-signature", "operator/kim")}
    assert sum(refused.count for refused in said) == 3


def test_a_replay_verifies_by_the_id_of_the_recorded_run(tmp_path, key):
    out = tmp_path / "one"
    with served(tmp_path, OPEN, "-o", out) as city:
        with connect(city.url, key, insecure=True, timeout_s=PATIENCE_S) as kim:
            run_id = kim.snapshot.run_id
            assert [kim.order(HOME).cause, kim.stop_run().cause] == ["", ""]
        assert city.end()[0] == 0
    info = json.loads((out / "run.json").read_text())
    assert info["outside"]["run_id"] == run_id
    again = fleet("replay", out, "--json")
    assert (again.exit_code, json.loads(again.stdout)["equal"]) == (0, True)

    def replayed_as(outside):
        (out / "run.json").write_text(json.dumps(info | {"outside": outside}))
        return fleet("replay", out, "--json")

    other = replayed_as(info["outside"] | {"run_id": "0" * 32})
    assert other.exit_code == 1
    assert '"cause":"bad-signature"' in json.loads(other.stdout)["difference"]["replayed"]
    unnamed = replayed_as({name: value for name, value in info["outside"].items() if name != "run_id"})
    assert unnamed.exit_code == 3
    assert "run_id" in unnamed.stderr
    assert replayed_as(info["outside"] | {"run_id": "0" * 31}).exit_code == 3


def test_the_log_of_a_run_is_the_same_with_a_gate_and_without(tmp_path, key):
    """Chance has a part in what people sign, and in nothing else: not even in the signatures of the run itself."""
    gates = {
        "none": (),
        "open": ("--bus", "tcp://127.0.0.1:*", "--insecure"),
        "locked": ("--bus", "tcp://127.0.0.1:*", "--keys", tmp_path / "ring"),
    }
    logs = {}
    for name, words in gates.items():
        result = fleet("run", FOUR_CORNERS, *DAY, "-o", tmp_path / name, *words)
        assert result.exit_code == 0, result.stderr
        logs[name] = (tmp_path / name / "events.jsonl").read_bytes()
    assert b'"signature"' in logs["none"]
    assert logs["none"] == logs["open"] == logs["locked"]
