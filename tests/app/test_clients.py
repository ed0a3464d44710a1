"""`fleet watch`, `fleet send`, `fleet inject` against a run behind a real gate: what is printed, how it ends."""

from __future__ import annotations

import io
import json
import signal
import time

import pytest
from rich.console import Console

import fleet as package
from fleet.app.watch import watch_table
from fleet.bus.keyring import Keyring
from fleet.messages.control import PauseRun, StepRun, StopRun
from fleet.messages.orders import FlyRoute, QuarantineVehicle, Recall
from fleet.messages.tamper import StartTamper, StopTamper
from fleet.sim.tampering.registry import discover
from tests.bus.played_run import PlayedRun
from tests.bus.toy_gate import VEHICLES, ToyGate

from .command import fleet, spawn


@pytest.fixture
def ring(tmp_path):
    keyring = Keyring.make(tmp_path / "keys")
    for name, role in (("kim", "operator"), ("bea", "blue"), ("mallory", "red"), ("vera", "viewer")):
        keyring.new(name, role, tmp_path / f"{name}.key")
    return keyring


@pytest.fixture
def run(ring):
    with PlayedRun(keyring=ring, at_once=True) as played:
        yield played


@pytest.fixture
def send(run, tmp_path):
    def call(*words, who="kim"):
        return fleet("send", *words, "--url", run.url, "--key", tmp_path / f"{who}.key")

    return call


@pytest.fixture
def inject(run, tmp_path):
    def call(*words, who="mallory"):
        return fleet("inject", *words, "--url", run.url, "--key", tmp_path / f"{who}.key")

    return call


# ---- watch


def test_a_run_is_watched_to_its_end_in_lines():
    with PlayedRun(40) as run:
        result = fleet("watch", run.url, "--every", "0.05")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] in ("played: 0 vehicles", "played: 3 vehicles"), "the roster is said at the first tick"
    assert lines[-1] == "the run ended at tick 40: complete"
    assert lines[-2].startswith("08:00:40  tick 40  1x  served 0  waiting 0")
    assert "alerts 4" in lines[-2]
    assert "lost messages 0" in lines[-2]
    assert sum("ALERT gps-tow: light-02 (range-check, 3 over 2)" in line for line in lines) == 4
    assert 8 <= len(lines) <= 30


def test_watching_as_json_gives_every_message():
    with PlayedRun(20) as run:
        result = fleet("watch", run.url, "--json")
    messages = [json.loads(line) for line in result.stdout.splitlines()]
    bodies = [message["body"] for message in messages]
    beats = [body["tick"] for body in bodies if body["type"] == "Beat"]
    assert beats == list(range(beats[0], 21))
    assert bodies[-1] == {"type": "RunEnded", "tick": 20, "status": "complete", "digest": "d"}
    frame = next(body for body in bodies if body["type"] == "TelemetryFrame")
    assert frame["vehicles"] == list(VEHICLES)
    assert frame["x_m"] == [frame["tick"] + 0.5] * 3
    assert frame["state"] == ["cruising"] * 3


def test_watching_one_topic_as_json():
    with PlayedRun(40) as run:
        result = fleet("watch", run.url, "--json", "--topic", "Alert", "--topic", "RunEnded")
    found = [json.loads(line)["body"]["type"] for line in result.stdout.splitlines()]
    assert found == ["Alert"] * 4 + ["RunEnded"]
    assert fleet("watch", "--json", "--topic", "Alart").exit_code == 2


def test_the_state_now_and_no_more():
    with ToyGate() as gate:
        text, as_json = fleet("watch", gate.url, "--once"), fleet("watch", gate.url, "--once", "--json")
    lines = text.stdout.splitlines()
    assert lines[0] == "toy: 3 vehicles"
    assert lines[1].startswith("08:00:00  tick 0  1x  served 2  waiting 0  missed 1")
    assert lines[3].split() == ["light-01", "cruising", "0", "0.5", "0", "0"]
    found = json.loads(as_json.stdout)
    assert (found["name"], found["collected"], found["frame"]["battery_wh"]) == ("toy", 2, [0.5] * 3)


def test_the_state_of_a_run_that_has_not_begun_is_that_after_its_first_tick():
    with PlayedRun() as run:
        text = fleet("watch", run.url, "--once")
    assert (text.exit_code, text.stdout.splitlines()[0]) == (0, "played: 3 vehicles")


@pytest.mark.parametrize("paused", [False, True])
def test_a_run_that_does_not_begin_is_told_to_be_one(paused):
    with ToyGate() as gate:
        gate.begun, gate.paused = False, paused
        patience_s = 60.0 if paused else 0.2
        began_s = time.monotonic()
        text, as_json = (
            fleet("watch", gate.url, "--once", "--timeout", patience_s, *more) for more in ((), ("--json",))
        )
        took_s = time.monotonic() - began_s
    told = "toy has not begun" + (": it is paused before its first tick" if paused else "")
    assert (text.exit_code, text.stdout) == (0, told + "\n")
    assert (json.loads(as_json.stdout)["roster"], as_json.stderr) == (None, told + "\n")
    assert (took_s < patience_s) is paused, "that it is paused is known at once: nobody waits for the end"


def test_the_table_on_a_terminal():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120, height=30)
    with PlayedRun(30) as run, package.connect(run.url) as client:
        assert watch_table(client, console) == "the run ended at tick 30: complete"
    last = screen.getvalue().rsplit("played", 1)[-1]
    assert "tick 30" in last
    assert "last alert: range-check: gps-tow light-02" in last
    for word in ("vehicle", "battery Wh", "heavy-01", "cruising", "depot", "gps-tow"):
        assert word in last
    assert last.index("light-02") < last.index("light-01"), "the suspect comes first"


def test_a_table_is_no_longer_than_the_terminal():
    screen = io.StringIO()
    with PlayedRun(10) as run, package.connect(run.url) as client:
        watch_table(client, Console(file=screen, force_terminal=True, width=120, height=9))
    assert "and 1 more" in screen.getvalue().rsplit("played", 1)[-1]


def test_a_run_that_vanishes_is_a_failure():
    gate = ToyGate()
    watcher = spawn("watch", gate.url, "--timeout", "0.5", "--every", "0.05")
    assert watcher.stdout.readline() == "toy: 3 vehicles\n"
    gate.close()
    _, errors = watcher.communicate(timeout=30)
    assert (watcher.returncode, errors) == (1, f"the run at {gate.url} is gone\n")


def test_an_interrupted_watcher_says_so():
    with ToyGate() as gate:
        watcher = spawn("watch", gate.url)
        assert watcher.stdout.readline() == "toy: 3 vehicles\n"
        watcher.send_signal(signal.SIGINT)
        _, errors = watcher.communicate(timeout=30)
    assert (watcher.returncode, errors.split()) == (130, ["interrupted"])


def test_nobody_is_there():
    result = fleet("watch", "tcp://127.0.0.1:9", "--timeout", "0.2")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "nobody answers at tcp://127.0.0.1:9 within 0.2 s\n"
    assert fleet("watch", "nowhere").exit_code == 2


# ---- send


def test_controls(send, run):
    paused = send("pause")
    assert (paused.exit_code, paused.stderr) == (0, "")
    assert paused.stdout.startswith("heard at tick ")
    stepped = json.loads(send("step", "3", "--json").stdout)
    assert (stepped["cause"], stepped["tick"] > 0) == ("", True)
    assert send("speed", "2.5").exit_code == 0
    assert send("resume").exit_code == 0
    assert send("stop").exit_code == 0
    assert run.heard(PauseRun | StepRun | StopRun, 2)[:2] == [PauseRun(), StepRun(ticks=3)]


def test_a_vehicle_is_recalled_to_a_site_and_says_that_it_obeys(send, run):
    result = send("recall", "light-01", "depot", "--navigation", "anchors")
    assert result.exit_code == 0, result.stderr
    tick, answer = result.stdout.splitlines()
    assert tick.startswith("heard at tick ")
    assert answer == "light-01 obeys"
    (order,) = run.heard(Recall)
    assert (order.vehicle, order.site, order.navigation) == ("light-01", "depot", "anchors")
    assert (order.x_m, order.y_m) == pytest.approx((805.3, 1111.0), abs=1.5)


def test_a_vehicle_flies_to_places(send, run):
    result = send("fly", "light-02", "--to", "7.43,43.74", "--to", "depot", "--append", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["cause"], found["answer"]) == (0, "", {"cause": ""})
    assert send("fly", "light-02", "--to", "10,-20.5", "--metres").exit_code == 0
    route, metres = run.heard(FlyRoute, 2)
    assert route.order_id == found["order_id"]
    assert route.append
    assert [stop.kind for stop in route.stops] == ["pickup", "dock"]
    assert (route.stops[0].x_m, route.stops[0].y_m) == (route.stops[1].x_m, route.stops[1].y_m)
    assert (metres.stops[0].x_m, metres.stops[0].y_m) == (10.0, -20.5)


def test_a_vehicle_that_refuses_is_a_failure(send, run):
    run.refuses = "unknown-key"
    result = send("recall", "light-01", "depot")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "light-01 refuses: unknown-key"


def test_a_refused_order_is_a_failure(send):
    result = send("speed", "3", who="bea")
    assert (result.exit_code, result.stdout) == (1, "refused: not-allowed\n")
    assert json.loads(send("speed", "3", "--json", who="bea").stdout)["cause"] == "not-allowed"


def test_intents_and_raw_orders(send, run):
    assert send("quarantine", "light-03", who="bea").exit_code == 2, "there is no such vehicle"
    assert send("quarantine", "light-02", who="bea").exit_code == 0
    assert send("raw", '{"type": "StepRun", "ticks": 5}').exit_code == 0
    (intent,) = run.heard(QuarantineVehicle)
    assert (intent.vehicle, intent.bring_home_by) == ("light-02", "anchors")
    assert run.heard(StepRun) == [StepRun(ticks=5)]


@pytest.mark.parametrize(
    "words, code, said",
    [
        (("recall", "light-1", "depot"), 2, "no vehicle `light-1` in this run; did you mean `light-01`?"),
        (("recall", "light-01", "depto"), 2, "no site `depto` in this run; did you mean `depot`?"),
        (("fly", "light-01", "--to", "1,x"), 2, "`1,x` is not a place"),
        (("fly", "light-01", "--to", "700,1"), 2, "for local metres give --metres"),
        (("raw", "{"), 2, "not a message: "),
        (("raw", '{"type": "Charged"}'), 2, "not a message: Object missing required field"),
        (("raw", '{"type": "StopTamper", "tamper_id": "x"}'), 2, "nothing that the command door takes"),
        (("step", "0"), 2, "0 is not in the range"),
        (
            ("raw", '{"type": "StepRun", "ticks": 0}'),
            2,
            "StepRun: ticks: expected a whole number from 1 to 1,000,000",
        ),
        (
            ("fly", "light-01", "--metres", "--to", "1e13,0"),
            2,
            "FlyRoute: stops.0.x_m: expected a number from -1e+12",
        ),
        (("pause", "extra"), 2, "unexpected extra argument"),
    ],
)
def test_mistakes_in_orders(send, words, code, said):
    result = send(*words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr


def test_keys_that_will_not_do(send, run, tmp_path):
    assert "viewer, which opens no command door" in send("pause", who="vera").stderr
    without = fleet("send", "pause", "--url", run.url)
    assert (without.exit_code, "give your key by --key" in without.stderr) == (2, True)
    missing = fleet("send", "pause", "--key", tmp_path / "no.key")
    assert (missing.exit_code, "no.key:1:1" in missing.stderr) == (3, True)


# ---- inject


def test_tampering_is_started_and_stopped(inject, run):
    started = inject("navigation.gnss-tow", "light-01", "rate_mps=1", "bearing_deg=-90", "--json")
    found = json.loads(started.stdout)
    assert (started.exit_code, found["cause"], found["effect_tick"] > 0) == (0, "", True)
    (request,) = run.heard(StartTamper)
    assert request.parameters == {"rate_mps": 1.0, "bearing_deg": -90.0}
    stopped = inject("--stop", found["tamper_id"])
    assert stopped.stdout.startswith(f"{found['tamper_id']} ends at tick ")
    assert run.heard(StopTamper) == [StopTamper(tamper_id=found["tamper_id"])]


def test_tampering_for_a_while(inject, run):
    result = inject("navigation.gnss-tow", "light-01", "rate_mps=1", "--stop-after", "20", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert "takes effect at tick" in result.stderr
    assert found["stop"]["effect_tick"] >= found["effect_tick"] + 20


def test_a_number_beyond_all_bounds_is_not_sent(inject, run):
    result = inject("navigation.gnss-tow", "light-01", "rate_mps=inf")
    assert (result.exit_code, run.heard(StartTamper, 0)) == (2, [])
    assert "StartTamper: parameters.rate_mps: expected a number from -1e+12 to 1e+12, found inf" in result.stderr


def test_a_refusal_names_its_cause(inject, run):
    run.no_effect = "unknown primitive"
    result = inject("navigation.gnss-tov", "light-01")
    assert (result.exit_code, result.stdout) == (
        1,
        "refused: unknown primitive; did you mean `navigation.gnss-tow`?\n",
    )
    run.no_effect = "light-01 is not in the air"
    assert inject("navigation.gnss-tow", "light-01").stdout == "refused: light-01 is not in the air\n"


@pytest.mark.parametrize(
    "words, said",
    [
        ((), "give PRIMITIVE and TARGET"),
        (("navigation.gnss-tow",), "give PRIMITIVE and TARGET"),
        (("navigation.gnss-tow", "light-01", "rate"), "`rate`: expected a parameter as name=value"),
        (("navigation.gnss-tow", "light-01", "a=1", "a=2"), "`a` is given twice"),
    ],
)
def test_mistakes_in_requests(words, said):
    result = fleet("inject", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_an_operator_does_not_tamper(inject):
    result = inject("navigation.gnss-tow", "light-01", who="kim")
    assert (result.exit_code, "operator, which opens no injection door" in result.stderr) == (2, True)


def test_every_primitive_is_listed_without_a_run():
    text, found = fleet("inject", "--list").stdout, json.loads(fleet("inject", "--list", "--json").stdout)
    assert [each["name"] for each in found["primitives"]] == sorted(discover())
    assert len(found["primitives"]) >= 2
    for name, primitive in discover().items():
        (block,) = (" ".join(block.split()) for block in text.split("\n\n") if block.startswith(f"{name}\n"))
        assert primitive.text in block
        for parameter in primitive.parameters:
            assert f"- {parameter.name}: {parameter.text}" in block
    assert max(len(line) for line in text.splitlines()) <= 100


def test_a_run_without_locks():
    with PlayedRun() as run:
        found = fleet("inject", "navigation.gnss-tow", "light-01", "--url", run.url)
        assert found.exit_code == 0, found.stderr


def test_a_run_that_has_ended_and_is_still_there():
    with PlayedRun(5) as run:
        assert fleet("watch", run.url).exit_code == 0
        late = fleet("watch", run.url)
        assert (late.exit_code, late.stderr) == (1, f"the run at {run.url} has ended\n")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e300"])
@pytest.mark.parametrize("words", [("watch", "--timeout"), ("watch", "--every"), ("send", "speed")])
def test_a_number_that_nobody_can_mean_is_refused_at_once(words, value):
    done = fleet(*words, value)
    assert done.exit_code == 2
    assert "Traceback" not in done.stderr
