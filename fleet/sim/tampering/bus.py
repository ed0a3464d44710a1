"""The bus itself: its command door beset by strangers, and connections of participants slow or broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from fleet.messages.interception import Beset, Road, Siege
from fleet.messages.links import Direction, Fault
from fleet.sim.tampering.primitive import Asked, Begin, Parameter, Primitive, Reach, Running

DOOR = "command"
MOST_PER_TICK = 10_000


class _Beset(Running):
    """The door is beset."""

    def __init__(self, siege: Siege, asked: Asked) -> None:
        self._siege = siege
        self._asked = asked

    def stop(self) -> None:
        self._siege.end(self._asked.tamper_id)

    def tell(self) -> None:
        self._asked.tell(DOOR, float(self._siege.refused(self._asked.tamper_id)))


def _beset(how: Beset) -> Begin:
    def begin(reach: Reach, asked: Asked) -> Running | str:
        if asked.target != DOOR:
            return f"target: expected {DOOR}, found {asked.target[:40]!r}"
        if reach.siege is None:
            return "the bus of this run has no door"
        cause = reach.siege.begin(asked.tamper_id, how, round(asked.numbers["per_tick"]))
        return cause or _Beset(reach.siege, asked)

    return begin


class _Connection(Running):
    """The connection of one participant is tampered with."""

    def __init__(self, road: Road, asked: Asked) -> None:
        self._road = road
        self._asked = asked
        self._stopped = False

    def stop(self) -> None:
        self._stopped = True
        self._road.relieve(self._asked.tamper_id)

    def tell(self) -> None:
        self._asked.tell(self._asked.target, float(self._road.touched(self._asked.tamper_id)))

    def end(self, over: Callable[[], None]) -> None:
        """It is over by itself, unless somebody stopped it before: tell, then let go."""
        if not self._stopped:
            over()
            self.stop()


def _slow(reach: Reach, asked: Asked) -> Running | str:
    if reach.road is None:
        return "nobody can get at the links of this run"
    fault = Fault(reads_per_s=asked.numbers["reads_per_s"], queue=round(asked.numbers["queue"]))
    cause = reach.road.afflict(asked.tamper_id, asked.target, "down", fault)
    return f"target: {cause}" if cause else _Connection(reach.road, asked)


def _cut(reach: Reach, asked: Asked) -> Running | str:
    """Whoever only hears, or only speaks, is cut off the one way there is."""
    road = reach.road
    if road is None:
        return "nobody can get at the links of this run"
    until_ms = reach.kernel.now_ms + round(1000 * asked.numbers["for_s"])
    fault = Fault(cut=True, to_ms=until_ms)
    causes = [road.afflict(asked.tamper_id, asked.target, way, fault) for way in get_args(Direction)]
    if all(causes):
        return f"target: {causes[0]}"
    connection = _Connection(road, asked)
    reach.kernel.at(until_ms, connection.end, asked.over)
    return connection


_PER_TICK = Parameter("per_tick", "so many in each tick", 1, MOST_PER_TICK, default=100.0, whole=True)

PRIMITIVES = (
    Primitive(
        name="bus.malformed",
        target="door",
        parameters=(_PER_TICK,),
        text="A stranger sends bytes that are no message to the command door.",
        where="MessagesRefused of the gate: malformed, and flood beyond a peer's share of a tick",
        quantity="messages",
        begin=_beset("malformed"),
        delay_ticks=1,
    ),
    Primitive(
        name="bus.flood",
        target="door",
        parameters=(_PER_TICK,),
        text="A stranger sends well-formed orders without a signature to the command door.",
        where="MessagesRefused of the gate: unknown-key, and flood beyond a peer's share of a tick",
        quantity="messages",
        begin=_beset("flood"),
        delay_ticks=1,
    ),
    Primitive(
        name="bus.unauthenticated-peer",
        target="door",
        parameters=(_PER_TICK,),
        text="A stranger sends orders to the command door, signed with a key that nobody knows.",
        where="MessagesRefused of the gate: unknown-key, and flood beyond a peer's share of a tick",
        quantity="messages",
        begin=_beset("stranger"),
        delay_ticks=1,
    ),
    Primitive(
        name="bus.slow-reader",
        target="participant",
        parameters=(
            Parameter("reads_per_s", "so many messages a second it takes", 0.001, 1e6, default=1.0),
            Parameter("queue", "so many may wait for it; then the oldest go", 1, 1e6, default=100.0, whole=True),
        ),
        text="A participant (dispatch, watchman, respond, or a vehicle) takes what it hears too slowly.",
        where="what it does comes late; MessagesLost on the truth plane, cause overflow",
        quantity="messages",
        begin=_slow,
        delay_ticks=1,
    ),
    Primitive(
        name="bus.cut",
        target="participant",
        parameters=(Parameter("for_s", "how long", 0.1, 1e6),),
        text="The connection of a participant (a vehicle, a site, citizens, dispatch, watchman...) is broken, "
        "both ways, and comes back by itself.",
        where="its silence; MessagesLost on the truth plane, cause cut",
        quantity="messages",
        begin=_cut,
        delay_ticks=1,
    ),
)
