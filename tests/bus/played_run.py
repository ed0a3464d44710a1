"""A small run behind a real gate, in a thread: frames, alerts, orders and tampering heard and answered."""

from __future__ import annotations

import threading
import time

from fleet.bus.doors import Doors
from fleet.bus.gate import Gate
from fleet.bus.intake import Intake
from fleet.bus.picture import Picture, RunFacts
from fleet.messages.control import PauseRun, ResumeRun, SetSpeed, StepRun, StopRun
from fleet.messages.envelope import Envelope
from fleet.messages.orders import FlyRoute, Recall
from fleet.messages.reports import OrderAnswered, VehicleReported
from fleet.messages.security import Alert
from fleet.messages.tamper import ForgeOrder, StartTamper, StopTamper, TamperAnswered
from tests.messages.runs import RUN

from .toy_gate import CITY, ROSTER, VEHICLES, frame

ALERT_EVERY = 10


def alert(tick):
    return Alert(
        alert_id=f"a-{tick}", detector="range-check", attack_class="gps-tow", entity="light-02", score=3.0,
        threshold=2.0, evidence="",
    )  # fmt: skip


class PlayedRun:
    """Beats until `ticks`, `tick_s` of wall time each, from the moment somebody is there, or `at_once`.

    A vehicle refuses orders with the cause `refuses`; tampering has no effect for the cause `no_effect`.
    """

    def __init__(self, ticks=100_000, *, keyring=None, trusted=None, tick_s=0.004, at_once=False):
        self.doors = Doors("tcp://127.0.0.1:*", keyring)
        self.url = self.doors.endpoints.base
        self.refuses, self.no_effect = "", ""
        self._heard, self._noted = [], threading.Condition()
        facts = RunFacts(name="played", tick_ms=1000, end_ms=3_600_000, start_hour=8.0, run_id=RUN)
        known = keyring.trusted() if trusted is None and keyring is not None else trusted or {}
        self.gate = Gate(self.doors, Intake(known, RUN), tick_ms=1000, picture=Picture(facts), city=CITY)
        self.gate.beat(1.0, False)
        self._ticks, self._tick_s = ticks, tick_s
        self._paused, self._steps, self._speed = False, 0, 1.0
        self._stop = threading.Event()
        self._seq = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._at_once, self._begun = at_once, threading.Event()
        self._thread.start()
        if at_once:
            assert self._begun.wait(10)

    def heard(self, kind, count=1):
        """The bodies of a kind that the run took in. Waits for `count`: the gate answers before that."""

        def found():
            return [message.body for message in self._heard if isinstance(message.body, kind)]

        with self._noted:
            self._noted.wait_for(lambda: len(found()) >= count, timeout=10)
            return found()

    def stop(self):
        self._stop.set()

    def close(self):
        self.stop()
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()
        self.gate.close()
        self.doors.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    # ---- in its own thread

    def _run(self):
        while not self._at_once and not self.gate.await_reader(0.05):
            if self._stop.is_set():
                return
        said = [ROSTER, *(self._report(name) for name in VEHICLES)]
        tick = 0
        while tick < self._ticks and not self._stop.is_set():
            tick += 1
            if not self._may_go_on(tick):
                break
            incoming = self.gate.take(tick)
            with self._noted:
                self._heard += incoming
                self._noted.notify_all()
            if self.gate.watched:
                said.append(frame(tick))
            if tick % ALERT_EVERY == 0:
                said.append(alert(tick))
            self.gate.hear(tick, [*incoming, *(self._envelope(tick, body) for body in said)])
            said = [answer for message in incoming for answer in self._answer(message, tick)]
            if tick == 2:
                self._begun.set()
            time.sleep(self._tick_s)
        self.gate.end("interrupted" if self._stop.is_set() else "complete", "d")

    def _may_go_on(self, tick):
        if self._steps:
            self._steps -= 1
            self._paused = self._steps == 0
        while True:
            for message in self.gate.take_control(tick):
                self._control(message.body)
            if self._stop.is_set():
                return False
            if not self._paused:
                return True
            self.gate.wait(0.02)

    def _control(self, body):
        if isinstance(body, PauseRun):
            self._paused = True
        elif isinstance(body, ResumeRun):
            self._paused = False
        elif isinstance(body, StepRun):
            self._steps, self._paused = body.ticks, False
        elif isinstance(body, SetSpeed):
            self._speed = body.factor
        elif isinstance(body, StopRun):
            self._stop.set()
        self.gate.beat(self._speed, self._paused)

    def _answer(self, message, tick):
        body = message.body
        if isinstance(body, FlyRoute | Recall) and body.vehicle in VEHICLES:
            yield OrderAnswered(
                vehicle=body.vehicle, order_id=body.order_id, claimed_sender=message.sender, counter=message.seq,
                cause=self.refuses,
            )  # fmt: skip
        elif isinstance(body, StartTamper | StopTamper | ForgeOrder):
            yield TamperAnswered(tamper_id=body.tamper_id, effect_tick=tick + 1, cause=self.no_effect)

    def _report(self, name):
        return VehicleReported(
            vehicle=name, state="cruising", x_m=1.0, y_m=2.0, battery_wh=300.0, load_kg=1.5, load_l=4.0,
            order_id="", step=0, bound_for="depot",
        )  # fmt: skip

    def _envelope(self, tick, body):
        self._seq += 1
        return Envelope(sender="world", seq=self._seq, t_ms=1000 * tick, body=body)
