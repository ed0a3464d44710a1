"""The tamper primitives that the world offers, and how each takes hold. It knows nothing of attacks.

Every request is answered with the tick of its effect, or with why it has none: an injection that is accepted
and does nothing would be worse than a refusal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from fleet.messages.envelope import Envelope, Message
from fleet.messages.orders import FlyRoute, Recall
from fleet.messages.plane import Plane
from fleet.messages.port import Port
from fleet.messages.seal import LIFETIME_MS, KeyPair
from fleet.messages.tamper import ForgeOrder, StartTamper, StopTamper, TamperAnswered
from fleet.messages.truth import TamperEffect
from fleet.sim.body import Body
from fleet.sim.flights import Flights

Vault = Mapping[str, Callable[[], KeyPair | None]]
"""Whose key may be stolen, and how to get at the one in force."""


class Tampering:
    """Carries out requests of the injection plane; `port` answers, `truth` tells the effect."""

    def __init__(self, flights: Flights, bodies: Sequence[Body], vault: Vault, port: Port, truth: Port) -> None:
        self._flights = flights
        self._bodies = {body.id: body for body in bodies}
        self._vault = vault
        self._port = port
        self._truth = truth
        self._towed: dict[str, str] = {}
        self._stolen: dict[str, tuple[str, KeyPair]] = {}
        self._counter: dict[str, int] = {}

    def hear(self, tick: int, now_ms: int, message: Message) -> None:
        """Carry out, or refuse, one message of the injection plane; listen to counters on the command plane."""
        body = message.body
        if body.plane is Plane.COMMAND:
            self._counter[message.sender] = max(message.seq, self._counter.get(message.sender, -1))
        elif isinstance(body, StartTamper):
            self._answer(body.tamper_id, tick, self._start(body))
        elif isinstance(body, StopTamper):
            self._answer(body.tamper_id, tick, self._stop(body))
        elif isinstance(body, ForgeOrder):
            self._answer(body.tamper_id, tick + 1, self._forge(body, now_ms))

    def _answer(self, tamper_id: str, tick: int, cause: str) -> None:
        self._port.say(TamperAnswered(tamper_id=tamper_id, effect_tick=tick, cause=cause))

    def _start(self, request: StartTamper) -> str:
        start = PRIMITIVES.get(request.primitive)
        if start is None:
            return f"unknown primitive; known: {', '.join(PRIMITIVES)}"
        return start(self, request)

    def _tow(self, request: StartTamper) -> str:
        """Lead a vehicle's receiver away, at `rate_mps` towards `bearing_deg`."""
        body = self._bodies.get(request.target)
        if body is None:
            return f"no vehicle {request.target!r}"
        rate, bearing = request.parameters.get("rate_mps"), request.parameters.get("bearing_deg")
        if rate is None or bearing is None:
            return "expected parameters rate_mps and bearing_deg"
        if not (math.isfinite(rate) and math.isfinite(bearing)):
            return "expected finite parameters"
        if body.navigation != "gnss":
            return f"{body.id} does not navigate by GNSS"
        if body.phase not in ("climbing", "cruising", "descending"):
            return f"{body.id} is not in the air"
        if body.index in self._flights.tow_mps:
            return f"{body.id} is towed already"
        if request.tamper_id in self._towed:
            return f"{self._towed[request.tamper_id]} is towed under this id"
        angle = math.radians(bearing)
        self._flights.tow_mps[body.index] = (rate * math.sin(angle), rate * math.cos(angle))
        self._flights.retow(body)
        self._towed[request.tamper_id] = body.id
        return ""

    def _steal(self, request: StartTamper) -> str:
        """Copy the key that a holder signs with at this moment."""
        key = self._vault[request.target]() if request.target in self._vault else None
        if key is None:
            return f"no key of {request.target!r} within reach; known: {', '.join(sorted(self._vault))}"
        self._stolen[request.tamper_id] = (request.target, key)
        return ""

    def _stop(self, request: StopTamper) -> str:
        vehicle = self._towed.pop(request.tamper_id, None)
        if vehicle is None:
            return "nothing running under this id"
        body = self._bodies[vehicle]
        self._flights.tow_mps.pop(body.index, None)
        offset = math.hypot(*self._flights.motion.offset_of(body.index, self._flights.kernel.now_ms))
        self._truth.say(
            TamperEffect(tamper_id=request.tamper_id, entity=vehicle, quantity="offset_m", size=round(offset, 2))
        )
        self._flights.retow(body)
        return ""

    def _forge(self, request: ForgeOrder, now_ms: int) -> str:
        stolen = self._stolen.get(request.tamper_id)
        if stolen is None:
            return "no key stolen under this id"
        holder, key = stolen
        order: FlyRoute | Recall = request.order
        seq = self._counter.get(holder, -1) + 1
        self._counter[holder] = seq
        expires = now_ms + LIFETIME_MS
        self._port.forward(
            Envelope(
                sender=holder,
                seq=seq,
                t_ms=now_ms,
                body=order,
                expires_ms=expires,
                signature=key.sign(holder, seq, expires, order),
            )
        )
        return ""


PRIMITIVES: Mapping[str, Callable[[Tampering, StartTamper], str]] = MappingProxyType(
    {"navigation.gnss-tow": Tampering._tow, "control.steal-key": Tampering._steal}
)
"""How each primitive takes hold, by name; what comes back is why it did not, or ""."""
