"""Faulty links of a scenario: the same run every time, watched or not; mistakes are shown with their place."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from fleet.app.load import load_scenario
from fleet.app.run import Runner
from fleet.base.errors import UsageError
from fleet.bus.memory import MemoryBus
from fleet.messages.frames import TelemetryFrame, unpack
from fleet.messages.orders import PickupMissed
from fleet.messages.reports import OrderAnswered, PickupCollected, PickupRequested, VehicleReported
from fleet.messages.truth import MessagesLost, WorldClosed
from fleet.record.digest import Digest

from .command import FOUR_CORNERS, fleet
from .scenarios import CORNERS, faults_of

POOR = (
    "links=[{who: '*', latency_ms: 300, jitter_ms: 2000, loss: 0.05, duplicate: 0.05, reorder: 0.1}, "
    "{who: '*', direction: down, latency_ms: 700, jitter_ms: 999, loss: 0.05, duplicate: 0.1, bandwidth_bps: 9e3}]"
)
HARMLESS = "links=[{who: '*', from_s: 900000, loss: 1.0}, {who: 'light-*', direction: down, latency_ms: 3}]"
SHORT = "run.duration_h=0.75"


class Ear:
    def __init__(self):
        self.heard = []

    def hear(self, tick, batch):
        self.heard += [(tick, m) for m in batch]

    def of(self, kind):
        return [(t, m.body) for t, m in self.heard if isinstance(m.body, kind)]


def lived(*changes, frames_every=0, watched=False):
    parts = load_scenario(Path(FOUR_CORNERS), [SHORT, *changes]).build(MemoryBus)
    digest, ear = Digest(), Ear()
    Runner(parts, [digest, ear], frames_every=frames_every, watched=lambda: watched).run()
    return digest.hexdigest(), ear


def test_links_without_effect_change_nothing():
    plain, ear = lived()
    assert lived(HARMLESS)[0] == plain
    assert ear.of(MessagesLost) == []


def test_poor_links_give_the_same_run_every_time_and_watched():
    digest, ear = lived(POOR)
    assert lived(POOR)[0] == digest
    assert lived(POOR, watched=True)[0] == digest
    assert lived(POOR, frames_every=10)[0] == digest
    assert lived(POOR, "seed=2")[0] != digest != lived()[0]
    assert {body.cause for _, body in ear.of(MessagesLost)} >= {"loss"}
    assert {body.direction for _, body in ear.of(MessagesLost)} == {"up", "down"}


def test_a_city_on_poor_links_still_works_and_its_books_close():
    _, ear = lived(POOR)
    ((_, closed),) = ear.of(WorldClosed)
    assert max(closed.residual_kg, closed.residual_wh) < 1e-6
    assert len(ear.of(PickupCollected)) > 3
    asked = {body.pickup_id for _, body in ear.of(PickupRequested)}
    ended = {body.pickup_id for kind in (PickupCollected, PickupMissed) for _, body in ear.of(kind)}
    assert ended <= asked
    seen = Counter((m.sender, m.seq, type(m.body)) for _, m in ear.heard if isinstance(m.body, VehicleReported))
    assert max(seen.values()) == 2, "some come twice, none thrice"


def test_an_order_said_twice_is_refused_as_a_replay():
    _, ear = lived("links=[{who: 'light-*', direction: down, duplicate: 1.0}]")
    causes = Counter(body.cause for _, body in ear.of(OrderAnswered))
    assert causes[""] == causes["replay"] > 0


def test_a_dispatcher_cut_off_for_an_hour_orders_nothing_and_nothing_breaks():
    _, ear = lived("links=[{who: dispatch, cut: true}]")
    assert not ear.of(OrderAnswered)
    assert not [m for _, m in ear.heard if m.sender == "dispatch"]
    lost = Counter()
    for _, body in ear.of(MessagesLost):
        lost[body.who, body.cause] += body.count
    assert lost["dispatch", "cut"] > 5


def test_late_rows_are_the_same_however_often_frames_are_kept():
    poor = "links=[{who: 'light-*', latency_ms: 3500}]"

    def rows(**how):
        frames = [body for _, body in lived(poor, **how)[1].of(TelemetryFrame) if body.tick % 10 == 0]
        return {frame.tick: (unpack(frame.x_m), unpack(frame.age_ms, "<u4")) for frame in frames}

    kept, watched = rows(frames_every=10), rows(watched=True)
    assert kept.keys() == watched.keys()
    for tick, (x_m, age_ms) in kept.items():
        assert np.array_equal(x_m, watched[tick][0], equal_nan=True)
        assert np.array_equal(age_ms, watched[tick][1])


def test_a_vehicle_out_of_reach_has_no_rows():
    _, ear = lived("links=[{who: light-01, cut: true, from_s: 60, to_s: 120}]", frames_every=10)
    frames = {body.tick: unpack(body.x_m) for _, body in ear.of(TelemetryFrame)}
    assert [t for t, x_m in sorted(frames.items()) if np.isnan(x_m).any()] == list(range(60, 120, 10))


@pytest.mark.parametrize(
    "links, path, expected",
    [
        ("[{who: light-7}]", "links.0.who", "somebody with a up link"),
        ("[{who: citizens, direction: down}]", "links.0.who", "somebody with a down link"),
        ("[{who: 'world*'}]", "links.0.who", "somebody"),
        ("[{who: '*', loss: 1.5}]", "links.0.loss", "1"),
        ("[{who: '*', from_s: 5, to_s: 5}]", "links.0.to_s", "more than from_s"),
        ("[{who: '*', queue: 0}]", "links.0.queue", "1"),
        ("[{who: '*', los: 0.1}]", "links.0.los", "loss"),
    ],
)
def test_what_is_wrong_with_a_link_is_shown_with_its_place(links, path, expected, tmp_path):
    assert "\nlinks:" not in CORNERS
    (fault,) = faults_of(tmp_path / "city.yaml", f"{CORNERS}\nlinks: {links}\n")
    assert fault.path == path
    assert expected in f"{fault.expected} {fault.hint}"
    assert fault.line == CORNERS.count("\n") + 2


def test_a_seat_elsewhere_cannot_have_a_faulty_link():
    detectors = "blue.detectors=[{kind: range-check}]"
    loaded = load_scenario(Path(FOUR_CORNERS), [SHORT, detectors, "links=[{who: 'watch*', loss: 0.1}]"])
    loaded.build(MemoryBus)
    with pytest.raises(UsageError, match="stands for watchman too, who takes part from another process"):
        loaded.build(MemoryBus, away=frozenset({"blue"}))


def test_a_run_on_poor_links_is_recorded_and_replayed(tmp_path):
    record = tmp_path / "run"
    ran = fleet("run", FOUR_CORNERS, "--quiet", "--json", "--set", SHORT, "--set", POOR, "--out", str(record))
    assert ran.exit_code == 0, ran.stderr
    assert json.loads(ran.stdout)["digest"] == lived(POOR)[0]
    again = fleet("replay", str(record), "--json")
    assert again.exit_code == 0, again.stderr
    assert b"MessagesLost" in (record / "events.jsonl").read_bytes()
