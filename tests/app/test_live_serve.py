"""Live runs with keys: steered, ordered about and attacked from outside, then replayed to the same digest."""

from __future__ import annotations

import json
import signal
import time

import pytest

from fleet.base.errors import RunError
from fleet.bus.keyring import Keyring
from fleet.messages.control import PauseRun
from fleet.messages.orders import QuarantineVehicle, Recall

from .command import FOUR_CORNERS, ROOT, fleet, spawn
from .served import DEADLINE_S, Served, connected, events_of, replayed


@pytest.mark.thorough
def test_steered_from_outside_and_replayed_to_the_tick(tmp_path, keys):
    out = tmp_path / "run"
    with Served("--keys", keys / "ring", "--speed", "200", "--paused", "-o", out) as served:
        with connected(served.url, keys / "kim.key") as city:
            assert city.snapshot.paused
            assert city.snapshot.name == "four-corners"
            assert city.step(5).cause == ""
            beats = (m.body for m in city.messages(("Beat",), timeout_s=10.0))
            held = next(beat for beat in beats if beat.paused and beat.tick > 0)
            assert held.tick == 4
            with connected(served.url, keys / "vi.key") as late:
                assert (late.snapshot.tick, late.snapshot.paused) == (4, True)
                assert late.snapshot.frame is not None
            city.speed(0.0)
            city.resume()
            last = list(city.messages(("Beat",), timeout_s=10.0))[-1].body
            assert (last.speed, last.paused) == (0.0, False)
        code, stdout = served.end()
    assert code == 0, served.said
    summary = json.loads(stdout)
    assert summary["status"] == "complete"
    assert [line.tick for line in events_of(out, "StepRun")] == [0]
    assert [line.tick for line in events_of(out, "ResumeRun")] == [5]
    code, told = replayed(out)
    assert (code, told["difference"], told["digest"]) == (0, None, summary["digest"])


def test_orders_attacks_and_a_stop_from_outside_are_in_the_record_and_replay_to_the_same_digest(tmp_path, keys):
    out = tmp_path / "run"
    with Served("--keys", keys / "ring", "--speed", "100", "-o", out) as served:
        with connected(served.url, keys / "kim.key") as city, connected(served.url, keys / "eve.key") as thief:
            airborne = next(
                m.body for m in city.messages(("VehicleReported",), timeout_s=30.0) if m.body.state == "climbing"
            )
            answer = thief.inject("navigation.gnss-tow", airborne.vehicle, rate_mps=1.0, bearing_deg=90.0)
            assert answer.cause == ""
            recall = Recall(
                order_id="kim-1", vehicle=airborne.vehicle, site="depot", x_m=0.0, y_m=0.0, navigation="anchors"
            )
            assert city.order(recall).cause == ""
            intent = QuarantineVehicle(alert_id="kim-a", vehicle="light-03", bring_home_by="gnss")
            assert city.order(intent).cause == ""
            assert thief.stop(answer.tamper_id).cause == ""
            assert city.stop_run().cause == ""
            assert list(city.messages(("Alert",), timeout_s=10.0)) == []
            ended = city.ended
        code, stdout = served.end()
    assert code == 0, served.said
    summary = json.loads(stdout)
    assert summary["status"] == ended.status == "interrupted"
    assert summary["digest"] == ended.digest
    info = json.loads((out / "run.json").read_text())
    assert info["stopped_by"] == "operator/kim"
    stop = events_of(out, "StopRun")
    assert [line.tick for line in stop] == [info["stop_tick"]] == [ended.tick]
    assert [line.body.cause for line in events_of(out, "OrderAnswered") if line.body.order_id == "kim-1"] == [""]
    assert [line.body.vehicle for line in events_of(out, "VehicleQuarantined")] == ["light-03"]
    began, over = events_of(out, "AttackBegan"), events_of(out, "AttackEnded")
    assert [(line.sender, line.body.entity) for line in began] == [("gate/labels", airborne.vehicle)]
    assert len(over) == 1
    code, told = replayed(out, "-o", tmp_path / "again")
    assert (code, told["equal"], told["difference"]) == (0, True, None)
    assert told["recorded_digest"] == told["digest"] == summary["digest"]
    assert told["until_tick"] == info["stop_tick"]
    assert (out / "events.jsonl").read_bytes() == (tmp_path / "again" / "events.jsonl").read_bytes()
    assert replayed(tmp_path / "again")[1]["equal"]


def test_ctrl_c_in_a_pause(tmp_path, keys):
    out = tmp_path / "run"
    with Served("--keys", keys / "ring", "--speed", "1", "-o", out) as served:
        with connected(served.url, keys / "kim.key") as city:
            city.pause()
            next(m for m in city.messages(("Beat",), timeout_s=10.0) if m.body.paused)
        served.process.send_signal(signal.SIGINT)
        code, stdout = served.end()
    assert code == 130
    assert json.loads(stdout)["status"] == "interrupted"
    assert replayed(out)[0] == 0


@pytest.mark.thorough
def test_who_may_not_steer_is_refused_counted_and_replayed(tmp_path, keys):
    out = tmp_path / "run"
    stranger = Keyring.make(tmp_path / "ring").new("kim", "operator", tmp_path / "kim.key")
    with Served("--keys", keys / "ring", "--speed", "100", "-o", out) as served:
        with pytest.raises(RunError, match=r"refuses this key|is locked"):
            connected(served.url, stranger, timeout_s=2.0)
        with connected(served.url, keys / "bo.key") as guard:
            assert guard.order(PauseRun()).cause == "not-allowed"
            intent = QuarantineVehicle(alert_id="bo-1", vehicle="light-02", bring_home_by="gnss")
            assert guard.order(intent).cause == ""
            quarantined = next(iter(guard.messages(("VehicleQuarantined",), timeout_s=10.0)))
            assert quarantined.body.vehicle == "light-02"
        served.process.send_signal(signal.SIGTERM)
        code, _ = served.end()
    assert code == 130
    refused = {
        (line.body.door, line.body.cause, line.body.claimed_sender) for line in events_of(out, "MessagesRefused")
    }
    assert ("command", "not-allowed", "blue/bo") in refused
    assert any(cause == "unknown-key" for _, cause, _ in refused)
    assert replayed(out)[0] == 0


def test_without_locks_orders_still_need_a_key_that_counts(tmp_path, keys):
    out = tmp_path / "run"
    with Served("--insecure", "--keys", keys / "ring", "--speed", "50", "-o", out) as served:
        assert any("INSECURE" in line for line in served.said)
        with connected(served.url) as anybody:
            assert anybody.snapshot.name == "four-corners"
        with connected(served.url, keys / "kim.key", insecure=True) as city:
            assert city.stop_run().cause == ""
        code, stdout = served.end()
    assert (code, json.loads(stdout)["status"]) == (0, "interrupted")
    assert replayed(out)[0] == 0


def test_the_users_own_keyring_serves_where_none_is_named(tmp_path):
    own = {"XDG_CONFIG_HOME": str(tmp_path)}
    made = spawn("keys", "new", "kim", "--role", "operator", "-o", tmp_path / "kim.key", **own)
    _, stderr = made.communicate(timeout=DEADLINE_S)
    assert made.returncode == 0, stderr
    with Served("--paused", **own) as served:
        with connected(served.url, tmp_path / "kim.key") as city:
            assert city.stop_run().cause == ""
        assert served.end()[0] == 0


def test_a_seat_that_nobody_takes_is_told_and_nothing_is_written(tmp_path):
    scenario = ROOT / "configs" / "first-attack.yaml"
    bus = ("--bus", "tcp://127.0.0.1:*", "--insecure", "--await", "red", "--bus-wait", "0.2")
    result = fleet("run", scenario, "--quiet", *bus, "-o", tmp_path / "run")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "waiting for red to join" in result.stderr
    assert "nobody took seat `red` within 0.2 s" in result.stderr
    assert not (tmp_path / "run").exists()


def test_a_seat_whose_name_looks_like_a_slip_is_remarked_on():
    bus = ("--bus", "tcp://127.0.0.1:*", "--insecure", "--await", "bleu", "--bus-wait", "0.2")
    result = fleet("run", FOUR_CORNERS, "--quiet", *bus)
    assert (result.exit_code, result.stdout) == (1, "")
    told = "waiting for bleu to join; `bleu` is no team but a seat for an agent (did you mean `blue`?)"
    assert told in result.stderr.splitlines()


def test_at_a_speed_without_a_bus():
    began_s = time.monotonic()
    result = fleet("run", FOUR_CORNERS, "--quiet", "--json", "--set", "run.duration_h=0.02", "--speed", "144")
    assert result.exit_code == 0, result.stderr
    assert 0.5 <= json.loads(result.stdout)["wall_s"] <= time.monotonic() - began_s
