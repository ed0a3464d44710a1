"""How vehicles hear: over links that may be faulty, each order checked, answered, and then carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fleet.base.errors import MessageError
from fleet.messages.envelope import Message
from fleet.messages.orders import FlyRoute, Recall, RotateKey
from fleet.messages.reports import OrderAnswered
from fleet.sim import autopilot
from fleet.sim.body import Body
from fleet.sim.parts import Ears


class Receivers:
    """The receivers of all vehicles, by id. `carry_out` does what an order says that was found good.

    `ears`, if given, may let vehicles hear orders late, twice or not at all.
    """

    def __init__(self, bodies: Mapping[str, Body], carry_out: Callable[[Body, FlyRoute | Recall], None]) -> None:
        self._bodies = bodies
        self._carry_out = carry_out
        self.ears: Ears | None = None

    def catch_up(self, now_ms: int) -> None:
        """Let vehicles hear what comes to them late, and is there now."""
        if self.ears is not None:
            for name, message in self.ears.late(now_ms):
                self._hear(self._bodies[name], message, now_ms)

    def hear(self, message: Message, now_ms: int) -> None:
        """One order is on the air: to the vehicle that it names, or about keys, to all."""
        order = message.body
        if isinstance(order, RotateKey):
            for body in self._bodies.values():
                self._send(body, message, now_ms)
        elif isinstance(order, FlyRoute | Recall):
            target = self._bodies.get(order.vehicle)
            if target is not None:
                self._send(target, message, now_ms)

    def _send(self, body: Body, message: Message, now_ms: int) -> None:
        if self.ears is None:
            self._hear(body, message, now_ms)
            return
        for heard in self.ears.hears(body.id, now_ms, message):
            self._hear(body, heard, now_ms)

    def _hear(self, body: Body, message: Message, now_ms: int) -> None:
        order = message.body
        if isinstance(order, RotateKey):
            self._rekey(body, message, order, now_ms)
        elif isinstance(order, FlyRoute | Recall):
            self._obey(body, message, order, now_ms)

    def _obey(self, body: Body, message: Message, order: FlyRoute | Recall, now_ms: int) -> None:
        if body.captured:
            body.ignored += 1
            return
        cause: str = body.verifier.check(message, now_ms) or ("" if autopilot.sane(order) else "malformed")
        cause = cause or ("held" if body.held else "")
        _answer(body, order.order_id, message, cause)
        if not cause:
            self._carry_out(body, order)

    def _rekey(self, body: Body, message: Message, order: RotateKey, now_ms: int) -> None:
        cause: str = body.verifier.check(message, now_ms)
        if not cause:
            try:
                body.verifier.rotate(order.holder, order.public_key)
            except MessageError:
                cause = "malformed"
        _answer(body, order.order_id, message, cause)


def _answer(body: Body, order_id: str, message: Message, cause: str) -> None:
    body.port.say(
        OrderAnswered(
            vehicle=body.id,
            order_id=order_id,
            claimed_sender=message.sender,
            counter=message.seq,
            cause=cause,
        )
    )
