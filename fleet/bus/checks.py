"""What every road must keep, as a suite that anybody can run against a road of their own.

    from fleet.bus.checks import check_bus
    check_bus(MyBus)

`make` takes a clock and gives a fresh road. The first promise broken raises `AssertionError` with what was
expected and what was found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fleet.base.errors import MessageError
from fleet.messages.codec import said_bytes
from fleet.messages.envelope import Envelope, Message
from fleet.messages.orders import QuarantineVehicle, Recall
from fleet.messages.plane import Body, Plane
from fleet.messages.port import Bus
from fleet.messages.reports import UnloadRefused
from fleet.messages.run_id import RunId
from fleet.messages.seal import LIFETIME_MS, KeyPair, Verifier
from fleet.messages.tamper import StopTamper
from fleet.messages.truth import AttackEnded

Make = Callable[[Callable[[], int]], Bus]
"""Gives a fresh road for a clock in milliseconds."""

MANY = 10_000


def check_bus(make: Make) -> None:
    """Run every check below against fresh roads. Raises `AssertionError`."""
    for check in (
        check_order, check_values, check_counters, check_ticks, check_signing, check_forgery, check_twins,
        check_many,
    ):  # fmt: skip
        check(make)


def _require(true: bool, expected: str, found: object) -> None:
    if not true:
        raise AssertionError(f"expected {expected}, found {found}")


def _bodies(number: int) -> list[Body]:
    """One body for each plane that has any, in plane order."""
    return [
        UnloadRefused(facility="f", vehicle=f"v-{number}", cause="full"),
        QuarantineVehicle(alert_id=f"a-{number}", vehicle="v", bring_home_by="anchors"),
        StopTamper(tamper_id=f"t-{number}"),
        AttackEnded(attack_id=f"x-{number}"),
    ]


def _places(batch: Sequence[Message]) -> list[tuple[int, str, int]]:
    return [(message.body.plane, message.sender, message.seq) for message in batch]


def _run(make: Make, act: Callable[[Bus], None], now_ms: Callable[[], int] = lambda: 7_000) -> None:
    bus = make(now_ms)
    try:
        act(bus)
    finally:
        bus.close()


def check_order(make: Make) -> None:
    """A turn is sorted by (plane, sender, sequence), whoever spoke first."""

    def act(bus: Bus) -> None:
        for sender in ("zeta", "alpha", "mid"):
            port = bus.port(sender)
            for body in [*reversed(_bodies(0)), *_bodies(1)]:
                port.say(body)
        places = _places(bus.turn())
        _require(len(places) == 24, "24 messages", len(places))
        _require(places == sorted(places), "the order (plane, sender, sequence)", places)

    _run(make, act)


def check_values(make: Make) -> None:
    """What comes out is what went in, down to the bytes the digest covers."""

    def act(bus: Bus) -> None:
        for body in _bodies(0):
            bus.port("a").say(body)
        expected = [Envelope(sender="a", seq=0, t_ms=7_000, body=body) for body in _bodies(0)]
        found = bus.turn()
        _require(found == expected, f"{expected}", found)
        _require([said_bytes(m) for m in found] == [said_bytes(m) for m in expected], "the same bytes", found)

    _run(make, act)


def check_counters(make: Make) -> None:
    """Each sender counts from 0 on each plane, over all of its ports."""

    def act(bus: Bus) -> None:
        first, second, other = bus.port("a"), bus.port("a"), bus.port("b")
        for body in _bodies(0):
            given = [first.say(body), second.say(body), other.say(body), first.say(body)]
            _require(given == [0, 1, 0, 2], "the sequence numbers [0, 1, 0, 2]", given)

    _run(make, act)


def check_ticks(make: Make) -> None:
    """A turn gives what was said since the last one, and nothing twice."""

    def act(bus: Bus) -> None:
        _require(not bus.pending and bus.turn() == [], "nothing before anything is said", bus.pending)
        port = bus.port("a")
        for number in range(3):
            for body in _bodies(number):
                port.say(body)
            _require(bus.pending, "something pending", bus.pending)
            found = [message.body for message in bus.turn()]
            _require(found == _bodies(number), f"only tick {number}'s messages", found)
            _require(not bus.pending and bus.turn() == [], "nothing left over", bus.pending)
        for plane in (Plane.TELEMETRY, Plane.COMMAND, Plane.INJECTION, Plane.TRUTH):
            count = bus.statistics()[plane]
            _require(tuple(count) == (3, 3, 1), f"3 sent, 3 delivered, peak 1 on {plane.name}", count)

    _run(make, act)


def check_signing(make: Make) -> None:
    """A signed order verifies on the far side; a port without a key cannot sign; a key can be replaced."""
    run = RunId("0" * 32)
    old, new = KeyPair(b"\x01" * 32, run), KeyPair(b"\x02" * 32, run)
    verbs = {"a": frozenset({"Recall"})}
    order = Recall(order_id="o", vehicle="v", site="s", x_m=1.0, y_m=2.0, navigation="gnss")

    def act(bus: Bus) -> None:
        port = bus.port("a", old)
        port.say_signed(order)
        port.key = new
        port.say_signed(order)
        port.key = None
        try:
            port.say_signed(order)
        except MessageError:
            pass
        else:
            raise AssertionError("expected MessageError for a port without a key, found none")
        batch = bus.turn()
        _require([m.seq for m in batch] == [0, 1], "two orders, numbered 0 and 1", batch)
        for message, key in zip(batch, (old, new), strict=True):
            answer = Verifier({"a": key.public}, verbs, run).check(message, 7_000 + LIFETIME_MS)
            _require(answer == "", "a valid signature until it expires", answer)

    _run(make, act)


def check_forgery(make: Make) -> None:
    """A ready envelope is carried as it is, in whosever name, and moves no counter."""
    forged = Envelope(
        sender="dispatch",
        seq=41,
        t_ms=3,
        body=_bodies(9)[1],
        expires_ms=5,
        signature=b"\x00not a signature",
    )

    def act(bus: Bus) -> None:
        thief = bus.port("thief")
        thief.forward(forged)
        _require(thief.say(_bodies(0)[1]) == 0, "the forger's own counter at 0", "a counter that moved")
        found = bus.turn()
        _require(len(found) == 2 and found[0] == forged, f"{forged} first", found)

    _run(make, act)


def check_twins(make: Make) -> None:
    """Two envelopes of the same place come in the same order, whichever was said first."""
    twins = [Envelope(sender="a", seq=0, t_ms=0, body=_bodies(n)[1], signature=bytes([n])) for n in range(4)]
    twins.append(Envelope(sender="a", seq=0, t_ms=0, body=_bodies(0)[1], signature=b"other"))
    heard: list[list[Message]] = []
    for order in (twins, twins[::-1], twins[2:] + twins[:2]):

        def act(bus: Bus, order: list[Envelope[Body]] = order) -> None:
            for number, twin in enumerate(order):
                bus.port(f"p-{number}").forward(twin)
            heard.append(bus.turn())

        _run(make, act)
    _require(heard[0] == heard[1] == heard[2], "one order of equal places", heard)


def check_many(make: Make) -> None:
    """Nothing is lost: 10,000 messages in one tick, over all planes and many senders."""

    def act(bus: Bus) -> None:
        ports = [bus.port(f"s-{number:02d}") for number in range(25)]
        for number in range(MANY // 4):
            for body in _bodies(number):
                ports[number % len(ports)].say(body)
        batch = bus.turn()
        _require(len(batch) == MANY, f"{MANY} messages", len(batch))
        _require(len(set(_places(batch))) == MANY, "every message once", "some twice")
        said = sum(count.sent for count in bus.statistics().values())
        _require(said == MANY, f"{MANY} counted as sent", said)

    _run(make, act)
