"""Where the outside meets a run: what is said inside is published, what is asked outside is checked and let in.

The gate is a `Listener` (it publishes what is heard) and the run's `Outside` (it hands over what came in). Both
cost the run's own thread next to nothing, whoever is connected: the work is the relay's (see `relay.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from typing import Literal

import msgspec

from fleet.bus.announcing import announcement
from fleet.bus.closing import Closing
from fleet.bus.doors import Doors
from fleet.bus.intake import Intake
from fleet.bus.relay import Arrival, Picture, Relay
from fleet.messages.envelope import Envelope, Message
from fleet.messages.notices import GATE, Cause, CityMap, RunEnded
from fleet.messages.orders import FlyRoute, Recall
from fleet.messages.roles import CONTROL_VERBS, Door

SWITCH_S = 0.0005
"""How long a thread of Python may keep the others waiting while there is a gate. With the usual 5 ms, one that
lets go and takes hold again more often than that, as a run does, can starve the gate's threads for seconds."""


class Gate(Closing):
    """The gate of one run, serving `doors` from the beginning to `close`.

    `intake` checks what comes in. `picture` hears what is published and answers late joiners, in the relay's
    thread; `city` is the map they may ask for. `pace` is what `beat` would say before the first tick: the speed,
    and whether the run is paused. `unattended` are doors at which the run waits for nobody: who comes there is
    sent away, because what nobody reads would pile up.

    hear, take, take_control, wait, beat, end and close are for the run's own thread.
    """

    def __init__(
        self,
        doors: Doors,
        intake: Intake,
        *,
        tick_ms: int,
        picture: Picture,
        city: CityMap | None = None,
        pace: tuple[float, bool] = (0.0, False),
        unattended: Sequence[Door] = (),
    ) -> None:
        self._doors = doors
        self._tick_ms = tick_ms
        self._relay = Relay(doors, intake, picture, city, pace=pace, unattended=unattended)
        self._waiting: list[Arrival] = []
        self._controls = 0
        self._receipted = 0
        self._announced: dict[str, int] = {}
        self._tick = -1
        self._switch_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        self._relay.start()

    @property
    def watched(self) -> bool:
        """Whether anybody outside subscribes to telemetry frames (`Runner` makes them only then)."""
        return self._relay.frames_wanted

    def await_reader(self, timeout_s: float) -> bool:
        """Wait until somebody subscribes to what is published; False if nobody came in time."""
        return self._relay.subscribed.wait(timeout_s)

    # ---- from the run to the outside

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        """Publish what is heard at `tick`. Raises `RunError` if the relay is broken."""
        self._tick = tick
        self._doors.require_guarded()
        self._relay.give(partial(self._relay.publish, tick, tick * self._tick_ms, batch))

    def beat(self, speed: float, paused: bool) -> None:
        """Tell viewers now how fast the run goes, or that it is paused; later beats repeat it."""
        self._relay.give(partial(self._relay.set_pace, speed, paused))

    def end(self, status: Literal["complete", "interrupted", "failed"], digest: str) -> None:
        """Publish that the run is over. What comes in afterwards, or was not yet taken, is answered as late."""
        self._fetch()
        late: list[tuple[Arrival, int, Cause]] = [(a, -1, "late") for a in self._waiting[self._receipted :]]
        self._relay.give(partial(self._relay.answer, late))
        self._forget()
        self._relay.give(partial(self._relay.end, RunEnded(tick=max(self._tick, 0), status=status, digest=digest)))

    # ---- from the outside to the run

    def wait(self, timeout_s: float) -> None:
        """Return when something came in that was not yet taken, or after `timeout_s`."""
        self._relay.arrived.wait(timeout_s)

    def take_control(self, tick: int | None = None) -> list[Message]:
        """The control verbs (`PauseRun`, ...) that came in since this was last asked, in the order they came.

        They stay part of what `take` hands over. With `tick`, the tick of the next `take`, everybody who waits is
        answered at once, also in a long pause; without it they are answered when `take` is called.
        """
        self._fetch()
        found = [a.message for a in self._waiting[self._controls :] if _verb(a.message) in CONTROL_VERBS]
        self._controls = len(self._waiting)
        if tick is not None:
            self._answer(tick)
        return found

    def take(self, tick: int) -> list[Message]:
        """What came in since this was last asked, dated as heard at `tick`, and what was refused.

        A control verb that came in after `take_control` looked stays for the next time: it is heard at the tick at
        which it is obeyed, and not passed over.

        Raises `RunError` if the lock of the doors or the relay is broken.
        """
        self._doors.require_guarded()
        self._relay.now_ms = max(self._relay.now_ms, tick * self._tick_ms)
        self._fetch()
        heard: list[Message] = []
        unseen: list[Arrival] = []
        answers: list[tuple[Arrival, int, Cause]] = []
        for place, arrival in enumerate(self._waiting):
            control = _verb(arrival.message) in CONTROL_VERBS
            if control and place >= self._controls:
                unseen.append(arrival)
                continue
            revoked = not control and self._revoked(arrival)
            if revoked:
                self._doors.refusals.add(arrival.door, "revoked", arrival.message.sender)
            else:
                heard += self._heard(arrival.message, tick)
            if place >= self._receipted:
                answers.append((arrival, -1, "revoked") if revoked else (arrival, tick, ""))
        self._forget(unseen)
        if answers:
            self._relay.give(partial(self._relay.answer, answers))
        return self._notices(tick) + heard

    def _fetch(self) -> None:
        self._relay.arrived.clear()
        while self._relay.arrivals:
            arrival = self._relay.arrivals.popleft()
            if self._revoked(arrival):
                self._settle([arrival])
                self._doors.refusals.add(arrival.door, "revoked", arrival.message.sender)
                self._relay.give(partial(self._relay.answer, [(arrival, -1, "revoked")]))
            else:
                self._waiting.append(arrival)

    def _revoked(self, arrival: Arrival) -> bool:
        return arrival.peer != "" and self._doors.revoked(arrival.peer)

    def _settle(self, arrivals: Sequence[Arrival]) -> None:
        self._relay.settled += len(arrivals)
        self._relay.settled_bytes += sum(arrival.size for arrival in arrivals)

    def _forget(self, but: Sequence[Arrival] = ()) -> None:
        """What waited is settled, `but` for some that wait on."""
        waiting_on = {id(arrival) for arrival in but}
        self._settle([arrival for arrival in self._waiting if id(arrival) not in waiting_on])
        self._waiting = list(but)
        self._controls = self._receipted = 0

    def _answer(self, tick: int) -> None:
        answers: list[tuple[Arrival, int, Cause]] = [(a, tick, "") for a in self._waiting[self._receipted :]]
        self._receipted = len(self._waiting)
        if answers:
            self._relay.give(partial(self._relay.answer, answers))

    def _notices(self, tick: int) -> list[Message]:
        return [
            Envelope(sender=GATE, seq=self._doors.next_notice(), t_ms=tick * self._tick_ms, body=refused)
            for refused in self._doors.refusals.drain()
        ]

    def _heard(self, message: Message, tick: int) -> list[Message]:
        now_ms = tick * self._tick_ms
        heard = [msgspec.structs.replace(message, t_ms=now_ms)]
        if isinstance(message.body, FlyRoute | Recall):
            number = self._announced.get(message.sender, 0)
            self._announced[message.sender] = number + 1
            issued = announcement(message.body, message.seq)
            heard.append(Envelope(sender=message.sender, seq=number, t_ms=now_ms, body=issued))
        return heard

    # ---- the end

    def close(self) -> None:
        """Finish what is to be sent and let go of the sockets; the doors are closed by who opened them."""
        self._relay.stop()
        sys.setswitchinterval(self._switch_s)


def _verb(message: Message) -> str:
    return type(message.body).__name__
