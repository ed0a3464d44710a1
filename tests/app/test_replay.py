"""`fleet replay`: the same run again from its record alone, and a clear word where it is not."""

from __future__ import annotations

import json
import signal

import pytest

from fleet.app.replay import ReplayOptions, replay_run
from fleet.record.reader import read_run

from .command import FOUR_CORNERS, ROOT, fleet, spawn

SHORT = ("--quiet", "--json", "--set", "run.duration_h=0.75")
LONG = ("--set", "run.duration_h=20", "--set", "demand.processes.0.per_day=800")
FIRST_ATTACK = ROOT / "configs" / "first-attack.yaml"
TEAMS = ("--set", "run.duration_h=0.6", "--seed", "3", "--quiet", "--json")


def recorded(out, *words, scenario=FOUR_CORNERS):
    result = fleet("run", scenario, *SHORT, *words, "-o", out)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def replayed(out, *words):
    """(exit code, what it printed as JSON, its remarks)."""
    result = fleet("replay", out, "--json", *words)
    return result.exit_code, json.loads(result.stdout), result.stderr


def altered(out, number, old, new):
    """Change one event of a record."""
    events = out / "events.jsonl"
    lines = events.read_text().splitlines(keepends=True)
    assert old in lines[number]
    lines[number] = lines[number].replace(old, new)
    events.write_text("".join(lines))


@pytest.fixture
def run(tmp_path):
    out = tmp_path / "run"
    return out, recorded(out)


def test_a_plain_run_and_the_replay_of_its_replay(tmp_path, run):
    out, summary = run
    code, told, talk = replayed(out, "-o", tmp_path / "again")
    assert (code, talk) == (0, "")
    assert told["equal"]
    assert told["digest"] == told["recorded_digest"] == summary["digest"]
    assert told["difference"] is None
    assert told["until_tick"] == 45 * 60 + 1
    again = tmp_path / "again"
    assert (again / "events.jsonl").read_bytes() == (out / "events.jsonl").read_bytes()
    assert fleet("report", again, "--json").exit_code == 0
    assert replayed(again)[0] == 0


def test_in_words(run):
    shown = fleet("replay", run[0])
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[-1] == "the same run  yes"


@pytest.mark.parametrize("telemetry_s", [pytest.param(0, marks=pytest.mark.thorough), 60])
def test_attacks_alerts_and_telemetry(tmp_path, telemetry_s):
    words = ("--seed", "3", "--set", "run.duration_h=0.5", "--set", f"output.telemetry_s={telemetry_s}")
    out = tmp_path / "run"
    summary = recorded(out, *words, scenario=FIRST_ATTACK)
    assert summary["alerts"] > 0
    code, told, _ = replayed(out, "-o", tmp_path / "again")
    assert (code, told["digest"]) == (0, summary["digest"])
    parts = [sorted(p.name for p in (d / "telemetry").glob("*")) for d in (out, tmp_path / "again")]
    assert parts[0] == parts[1]
    assert bool(parts[0]) == bool(telemetry_s)


def test_the_first_event_that_differs_is_named(run):
    out, _ = run
    lines = (out / "events.jsonl").read_text().splitlines()
    number = next(n for n, line in enumerate(lines) if "PickupCollected" in line)
    changed = json.loads(lines[number])
    kg = changed["body"]["scale_kg"]
    altered(out, number, f'"scale_kg":{kg}', '"scale_kg":99.25')
    code, told, _ = replayed(out)
    difference = told["difference"]
    assert code == 1
    assert not told["equal"]
    assert (difference["event"], difference["tick"]) == (number, changed["tick"])
    assert (difference["sender"], difference["type"]) == (changed["sender"], "PickupCollected")
    assert '"scale_kg":99.25' in difference["recorded"]
    assert f'"scale_kg":{kg}' in difference["replayed"]
    shown = fleet("replay", out)
    assert shown.exit_code == 1
    assert f"first difference: event {number}, tick {changed['tick']}, PickupCollected by" in shown.stdout


def test_events_that_are_missing_or_too_many_are_a_difference(run):
    out, _ = run
    events = out / "events.jsonl"
    text = events.read_text()
    lines = text.splitlines(keepends=True)
    events.write_text("".join(lines[:-1]))
    code, told, _ = replayed(out)
    assert (code, told["difference"]["event"], told["difference"]["recorded"]) == (1, len(lines) - 1, "nothing")
    events.write_text(text + lines[-1])
    code, told, _ = replayed(out)
    assert (code, told["difference"]["event"], told["difference"]["replayed"]) == (1, len(lines), "nothing")


def stopped(out, number):
    child = spawn("run", FOUR_CORNERS, *LONG, "-o", out)
    for line in child.stderr:
        if line.startswith(" 10 %"):
            break
    child.send_signal(number)
    child.communicate(timeout=60)


def test_an_interrupted_run_replays_to_the_tick_at_which_it_stopped(tmp_path):
    out = tmp_path / "run"
    stopped(out, signal.SIGINT)
    info = read_run(out).info
    code, told, _ = replayed(out)
    assert (code, told["cut"], told["until_tick"]) == (0, False, info["stop_tick"])
    assert told["digest"] == info["digest"]


def test_a_killed_run_replays_as_far_as_its_events_go(tmp_path):
    out = tmp_path / "run"
    stopped(out, signal.SIGKILL)
    events = out / "events.jsonl"
    with events.open("ab") as file:
        file.write(b'{"tick":99999,"t_m')
    code, told, talk = replayed(out, "-o", tmp_path / "again")
    assert code == 0, told
    assert (told["status"], told["cut"], told["equal"]) == ("running", True, True)
    assert told["events"] == len(list(read_run(out).events()))
    assert "as far as its events go" in talk
    assert read_run(tmp_path / "again").info["status"] == "interrupted"


def test_what_cannot_be_replayed_is_told(run):
    out, _ = run
    info = json.loads((out / "run.json").read_text())

    def said(**changes):
        (out / "run.json").write_text(json.dumps({**info, **changes}))
        result = fleet("replay", out)
        assert (result.exit_code, result.stdout) == (3, "")
        return result.stderr

    assert "from_tick: expected a record from tick 0 on, found 40" in said(from_tick=40)
    assert "outside: expected who was outside in the run" in said(outside={"senders": 3})
    keys = {"run_id": "0" * 32, "senders": [], "order_keys": {"operator/kim": "00"}, "away": []}
    assert "a key of 1 bytes, expected 32" in said(outside=keys)
    assert "run_id: expected 32 lower-case hex digits, found '00'" in said(outside=keys | {"run_id": "00"})
    assert "stop_tick: expected an integer" in said(status="interrupted", stop_tick="x")


def test_other_versions_are_remarked(run):
    out, _ = run
    info = json.loads((out / "run.json").read_text())
    info["dependencies"]["ortools"] = "1.0"
    (out / "run.json").write_text(json.dumps(info))
    said = []
    assert replay_run(out, ReplayOptions(say=said.append)).equal
    assert len(said) == 1
    assert said[0].startswith("recorded with ortools 1.0, here ")


class Away:
    """A run that awaits both teams, and the two processes that are the teams."""

    def __init__(self, out, *words):
        bus = ("--bus", "tcp://127.0.0.1:*", "--insecure", "--await", "red,blue", "-o", out)
        self.city = spawn("run", FIRST_ATTACK, *TEAMS, *bus, *words)
        for line in self.city.stderr:
            if "listening at" in line:
                url = line.split()[-1]
                break
        set_words = TEAMS[:2]
        self.teams = [
            spawn("join", FIRST_ATTACK, url, *set_words, "--insecure", "--seat", team) for team in ("red", "blue")
        ]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.city, *self.teams):
            process.kill()
            process.communicate()


@pytest.mark.thorough
@pytest.mark.slow
def test_teams_in_processes_of_their_own_are_on_the_tape(tmp_path):
    plain = fleet("run", FIRST_ATTACK, *TEAMS)
    out = tmp_path / "run"
    with Away(out) as away:
        stdout, stderr = away.city.communicate(timeout=120)
    assert away.city.returncode == 0, stderr
    assert json.loads(stdout)["digest"] == json.loads(plain.stdout)["digest"]
    assert json.loads(stdout)["alerts"] > 0
    outside = read_run(out).info["outside"]
    assert outside["away"] == ["blue", "red"]
    assert outside["senders"] == ["red/gps-tow-1", "red/stolen-key-0", "respond", "watchman"]
    code, told, _ = replayed(out)
    assert (code, told["difference"], told["digest"]) == (0, None, json.loads(stdout)["digest"])


def last_tick(out):
    """The tick of the last event that is on disk so far; -1 for none."""
    try:
        lines = (out / "events.jsonl").read_text().splitlines(keepends=True)
    except OSError:
        return -1
    whole = [line for line in lines[-3:] if line.endswith("\n")]
    return json.loads(whole[-1])["tick"] if whole else -1


@pytest.mark.thorough
@pytest.mark.slow
def test_a_team_that_dies_is_dropped_at_the_same_tick_again(tmp_path):
    out = tmp_path / "run"
    with Away(out, "--drop-silent", "--patience", "5", "--speed", "400") as away:
        for line in away.city.stderr:
            if "waiting for" in line:
                break
        while last_tick(out) < 400:
            assert away.city.poll() is None
        away.teams[1].kill()
        stdout, stderr = away.city.communicate(timeout=120)
    assert away.city.returncode == 0, stderr
    dropped = [line for line in read_run(out).events() if type(line.body).__name__ == "ParticipantDropped"]
    assert [line.body.seat for line in dropped] == ["blue"]
    code, told, _ = replayed(out)
    assert (code, told["difference"], told["digest"]) == (0, None, json.loads(stdout)["digest"])
