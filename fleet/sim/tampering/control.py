"""Control: stolen keys, recorded orders said again, vehicles that a foreign controller flies."""

from __future__ import annotations

from typing import cast

from fleet.messages.envelope import Envelope
from fleet.messages.orders import FlyRoute, Recall
from fleet.messages.seal import LIFETIME_MS, KeyPair
from fleet.sim import autopilot
from fleet.sim.body import Body
from fleet.sim.tampering.overheard import KEPT
from fleet.sim.tampering.primitive import Asked, FarOrder, Parameter, Primitive, Reach, Running


class _Stolen(Running):
    """A copy of a key, good for as long as the holder signs with it."""

    def __init__(self, reach: Reach, asked: Asked, key: KeyPair) -> None:
        self._reach = reach
        self._asked = asked
        self._key = key
        self._forged = 0

    def forge(self, order: FarOrder, tick: int, now_ms: int) -> tuple[int, str]:
        holder = self._asked.target
        number, expires_ms = self._reach.overheard.next_number(holder), now_ms + LIFETIME_MS
        signature = self._key.sign(holder, number, expires_ms, order)
        self._reach.port.forward(
            Envelope(
                sender=holder, seq=number, t_ms=now_ms, body=order, expires_ms=expires_ms, signature=signature
            )
        )
        self._forged += 1
        return tick + 1, ""

    def stop(self) -> None:
        """The copy is thrown away."""

    def tell(self) -> None:
        self._asked.tell(self._asked.target, float(self._forged))


def _steal(reach: Reach, asked: Asked) -> Running | str:
    """Copy the key that a holder signs with at this moment."""
    key = reach.vault[asked.target]() if asked.target in reach.vault else None
    if key is None:
        known = ", ".join(sorted(reach.vault)) or "none"
        return f"target: expected a holder whose key is within reach ({known}), found {asked.target[:40]!r}"
    return _Stolen(reach, asked, key)


class _Replayed(Running):
    """An order that was said again. There is nothing to undo."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def stop(self) -> None:
        """What was said was said."""

    def tell(self) -> None:
        self._asked.tell(self._asked.target, 1.0)


def _replay(reach: Reach, asked: Asked) -> Running | str:
    """Say an order again as it was: the same number, expiry and signature."""
    back = int(asked.numbers["back"])
    message = reach.overheard.latest(asked.target, back)
    if message is None:
        known, found = ", ".join(reach.overheard.senders()) or "nobody", asked.target[:40]
        return f"target: expected a sender of {back} orders or more, found {found!r}; heard so far: {known}"
    reach.port.forward(cast("Envelope[FarOrder]", message))
    return _Replayed(asked)


class _Captured(Running):
    """A vehicle that hears a foreign controller and nobody else."""

    def __init__(self, reach: Reach, asked: Asked, body: Body) -> None:
        self._reach = reach
        self._asked = asked
        self._body = body
        self._before = body.ignored
        body.captured = True

    def forge(self, order: FarOrder, tick: int, now_ms: int) -> tuple[int, str]:
        if not isinstance(order, FlyRoute | Recall):
            return tick, f"order: expected FlyRoute or Recall, found {type(order).__name__}"
        if order.vehicle != self._body.id:
            return tick, f"order.vehicle: expected {self._body.id!r}, found {order.vehicle[:40]!r}"
        if not autopilot.sane(order):
            return tick, "order: expected numbers that can be flown by"
        self._reach.world.carry_out(self._body, order)
        return tick, ""

    def stop(self) -> None:
        self._body.captured = False
        self._reach.world.overhead.look_again(self._body)

    def tell(self) -> None:
        self._asked.tell(self._body.id, float(self._body.ignored - self._before))


def _capture(reach: Reach, asked: Asked) -> Running | str:
    body = reach.world.vehicle(asked.target)
    if body is None:
        return f"target: expected a vehicle, found {asked.target!r}"
    if body.captured:
        return f"{body.id} is flown by a foreign controller already"
    return _Captured(reach, asked, body)


PRIMITIVES = (
    Primitive(
        name="control.steal-key",
        target="holder",
        parameters=(),
        text="Copies the key that a holder (dispatch, authority, respond) signs with at this moment. ForgeOrder "
        "under this tamper_id then puts orders on the command plane in the holder's name: signed with the copy, "
        "under the next number, for whoever trusts that key. Good until the holder's key is changed or the copy "
        "is given up.",
        where="orders obeyed that nobody announced; counters that run ahead; refusals after a change of key",
        quantity="forged_orders",
        begin=_steal,
        attack_class="stolen-key",
    ),
    Primitive(
        name="control.replay",
        target="holder",
        parameters=(
            Parameter("back", "which of the holder's orders, 1 for the latest", 1, KEPT, default=1.0, whole=True),
        ),
        text="Says an order of a holder again as it was, old number and signature included. Vehicles refuse it: "
        "that refusal is the effect.",
        where="OrderAnswered with cause `replay`",
        quantity="replayed_orders",
        begin=_replay,
    ),
    Primitive(
        name="control.foreign-controller",
        target="vehicle",
        parameters=(),
        text="A foreign controller flies the vehicle: ForgeOrder under this tamper_id is obeyed at once, by no "
        "key, over no bus and unanswered. Orders of anybody else are passed over and not answered. Key changes "
        "still count. Let go, the vehicle ends the route it is on and then listens to dispatch again.",
        where="orders without an answer; reports of an order_id that nobody announced; true track against plan",
        quantity="ignored_orders",
        begin=_capture,
    ),
)
