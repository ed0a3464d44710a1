"""The client of a run, for programs that block: `fleet.connect`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import zmq

from fleet.bus.closing import Closing
from fleet.bus.columns import Columns, columns
from fleet.bus.keyring import Identity
from fleet.bus.known import Known
from fleet.bus.talk import Flow, Talk, Wish
from fleet.bus.wire import Published
from fleet.messages.control import PauseRun, ResumeRun, SetSpeed, StepRun, StopRun
from fleet.messages.envelope import Message
from fleet.messages.frames import TelemetryFrame
from fleet.messages.notices import CityMap, Receipt, Snapshot
from fleet.messages.orders import FlyRoute, QuarantineVehicle, Recall, RevokeKey, RotateKey
from fleet.messages.plane import Body
from fleet.messages.security import Alert
from fleet.messages.tamper import ForgeOrder, StartTamper, StopTamper, TamperAnswered

T = TypeVar("T")

Forged = FlyRoute | Recall | RotateKey | QuarantineVehicle | RevokeKey

FRAMES = ("TelemetryFrame",)
ALERTS = ("Alert",)


def connect(
    url: str,
    key: str | Path | Identity | None = None,
    *,
    timeout_s: float = 5.0,
    topics: Collection[str] | None = None,
    insecure: bool = False,
    queue: int = 1_000,
) -> Client:
    """Connect to the run at `url`, e.g. `tcp://127.0.0.1:5570`, and return once its snapshot is here.

    `key` is a person's identity file; a locked run needs one, and so does whoever gives orders. `insecure` goes
    through doors without locks even though there is a key, which then only signs. `topics` are the message types
    to subscribe to (None: all); `queue` is how many may wait to be read before they are lost, and counted.

    Raises `UsageError` for a URL of no known form, `InputError` for a key file that is none, and `RunError` if
    nobody answers within `timeout_s` or this key is refused.

        import fleet

        with fleet.connect("tcp://127.0.0.1:5570") as city:
            print(city.snapshot.name, "at", city.snapshot.now_ms / 1000, "s")
            for frame in city.frames():
                flying = frame.state == 2
                print(frame.tick, flying.sum(), "cruise,", frame.battery_wh.mean(), "Wh on average")
                if frame.battery_wh.min() < 50:
                    print("nearly empty:", frame.vehicles[frame.battery_wh.argmin()])
            print("it ended:", city.ended.status, "- missed:", dict(city.missed))
    """
    identity = key if key is None or isinstance(key, Identity) else Identity.load(Path(key))
    return Client(Talk(Wish(url, identity, timeout_s, topics, insecure, queue)))


class Client(Known, Closing):
    """One connection to a run; to be used in a `with`, and by one thread.

    All that is published is one stream: what an iteration passes over, because it is of another topic, is gone.
    Raises `RunError` when the run is gone, from whichever call finds out.

    An operator, with a key, gives orders:

        import fleet

        with fleet.connect("tcp://127.0.0.1:5570", "kim.key") as city:
            city.pause()
            print("held at", city.snapshot.now_ms / 1000, "s")
            city.speed(20.0)
            receipt = city.resume()
            print("refused:" if receipt.cause else "heard at tick", receipt.cause or receipt.tick)
            for alert in city.alerts():
                print(alert.detector, "suspects", alert.entity, "of", alert.attack_class)

    The red team injects:

        import fleet

        with fleet.connect("tcp://127.0.0.1:5570", "mallory.key") as city:
            flying = next(f for f in city.frames() if (f.state == 2).any())
            victim = flying.vehicles[(flying.state == 2).argmax()]
            answer = city.inject("navigation.gnss-tow", victim, rate_mps=1.0, bearing_deg=90.0)
            if answer.cause:
                print("refused:", answer.cause)
            else:
                print(victim, "is towed from tick", answer.effect_tick)
                city.stop(answer.tamper_id)
    """

    def __init__(self, talk: Talk) -> None:
        super().__init__(talk)
        self._poller = zmq.Poller()
        self._polled: tuple[zmq.Socket[bytes], ...] = ()
        try:
            self._drive(talk.open())
        except BaseException:
            talk.close()
            raise

    # ---- reading

    def city(self) -> CityMap:
        """The city's map as GeoJSON text, and the frame of its local metres."""
        return self._drive(self._talk.city())

    def __iter__(self) -> Iterator[Message]:
        return self.messages()

    def messages(self, topics: Collection[str] | None = None, timeout_s: float | None = None) -> Iterator[Message]:
        """What is published, as it comes, until the run ends; with `timeout_s` until nothing came for so long."""
        wanted = self._talk.wanted(topics)
        while True:
            # What is at hand needs no waiting, and is most of what a busy run says.
            given = self._talk.pick(wanted)
            if given is None:
                given = self._drive(self._talk.take(topics, timeout_s))
            if given is None:
                return
            yield given.opened()

    def published(self) -> Iterator[Published]:
        """The same as it came over the wire, for whoever passes it on: topic, number in the topic, envelope."""
        while (given := self._drive(self._talk.take(None, None))) is not None:
            yield given.item

    def catch_up(self) -> Snapshot:
        """The state of the run now. What was published before and did not come counts as missed."""
        return self._drive(self._talk.catch_up())

    def frames(self, timeout_s: float | None = None) -> Iterator[Columns]:
        """Telemetry frames as arrays, one row per vehicle."""
        for message in self.messages(FRAMES, timeout_s):
            if isinstance(message.body, TelemetryFrame):
                yield columns(message.body, self._talk.reading.names)

    def alerts(self, timeout_s: float | None = None) -> Iterator[Alert]:
        """Alerts as they are raised; those from before are in the snapshot."""
        for message in self.messages(ALERTS, timeout_s):
            if isinstance(message.body, Alert):
                yield message.body

    # ---- asking

    def order(self, body: Body) -> Receipt:
        """Sign an order and send it; the receipt says at which tick it was heard, or why it was refused.

        Raises `UsageError` without a key, `RunError` if no receipt comes.
        """
        return self._drive(self._talk.order(body))

    def pause(self) -> Receipt:
        """Hold the run."""
        return self.order(PauseRun())

    def resume(self) -> Receipt:
        """Let it go on."""
        return self.order(ResumeRun())

    def step(self, ticks: int = 1) -> Receipt:
        """Hold so many ticks, then pause."""
        return self.order(StepRun(ticks=ticks))

    def speed(self, factor: float) -> Receipt:
        """Simulated seconds per second; 0 for as fast as it goes."""
        return self.order(SetSpeed(factor=float(factor)))

    def stop_run(self) -> Receipt:
        """End the run."""
        return self.order(StopRun())

    def inject(self, primitive: str, target: str, **parameters: float | str) -> TamperAnswered:
        """Start a tamper primitive and wait for what came of it.

        The answer bears the tick from which it takes effect, or the cause of its refusal; its `tamper_id` is what
        `stop` takes. `fleet inject --list` names the primitives. Raises `RunError` if no answer comes.
        """
        tamper_id = self._talk.fresh_id()
        return self._drive(self._talk.tamper(tamper_id, start_of(tamper_id, primitive, target, parameters)))

    def stop(self, tamper_id: str) -> TamperAnswered:
        """End what `tamper_id` started."""
        return self._drive(self._talk.tamper(tamper_id, StopTamper(tamper_id=tamper_id)))

    def forge(self, tamper_id: str, order: Forged) -> TamperAnswered:
        """Put an order on the road under the key that `tamper_id` stole."""
        return self._drive(self._talk.tamper(tamper_id, ForgeOrder(tamper_id=tamper_id, order=order)))

    # ---- the connection

    def _drive(self, flow: Flow[T]) -> T:
        try:
            while True:
                wait = next(flow)
                if wait.sockets != self._polled:
                    self._polled, self._poller = wait.sockets, zmq.Poller()
                    for socket in wait.sockets:
                        self._poller.register(socket, zmq.POLLIN)
                self._poller.poll(wait.left_ms())
        except StopIteration as done:
            result: T = done.value
            return result

    def close(self) -> None:
        """Hang up; a second call does nothing."""
        self._talk.close()


def start_of(tamper_id: str, primitive: str, target: str, parameters: Mapping[str, float | str]) -> StartTamper:
    """The request for a primitive; numbers travel as floats, words as they are."""
    values = {name: value if isinstance(value, str) else float(value) for name, value in parameters.items()}
    return StartTamper(tamper_id=tamper_id, primitive=primitive, target=target, parameters=values)
