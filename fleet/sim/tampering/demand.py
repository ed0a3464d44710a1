"""Demand: requests for pickups where nothing lies, in the form of the day's honest ones."""

from __future__ import annotations

from fleet.sim.calls import vain_call
from fleet.sim.tampering.primitive import CITY_WORD, Asked, Parameter, Primitive, Reach, Running

_DRAW_LANE = 3


class _Liar:
    """Asks for pickups in the name of citizens. Each request is an honest one of the day, moved in time."""

    def __init__(self, reach: Reach, asked: Asked) -> None:
        self._reach = reach
        self.asked = 0
        self.pool = [
            (at_ms, request)
            for at_ms, request in reach.world.parts.day
            if asked.area is None or asked.area.holds(request.x_m, request.y_m)
        ]

    def ask(self) -> None:
        """One more request, from now on; nothing is there."""
        reach, parts = self._reach, self._reach.world.parts
        now = reach.kernel.now_ms
        share = float(reach.draw.uniform(len(parts.waste), now, _DRAW_LANE))
        at_ms, like = self.pool[int(share * len(self.pool))]
        request = vain_call(parts, like, now - at_ms)
        reach.world.announce(request)
        self.asked += 1


class _Asking(Running):
    """Requests on their way: `left` more of them, one each `every_ms`."""

    def __init__(self, reach: Reach, asked: Asked, liar: _Liar, left: int, every_ms: float) -> None:
        self._reach = reach
        self._asked = asked
        self._liar = liar
        self._left = left
        self._every_ms = every_ms
        self._began_ms = reach.kernel.now_ms
        self._next()

    def _next(self) -> None:
        while self._left > 0:
            self._left -= 1
            self._liar.ask()
            due_ms = self._began_ms + round(self._liar.asked * self._every_ms)
            if self._left and due_ms > self._reach.kernel.now_ms:
                self._reach.kernel.at(due_ms, self._next)
                return
        if self._every_ms:
            self._asked.over()

    def stop(self) -> None:
        self._left = 0
        self._every_ms = 0.0

    def tell(self) -> None:
        self._asked.tell(self._asked.target, float(self._liar.asked))


def _phantom(reach: Reach, asked: Asked) -> Running | str:
    liar = _Liar(reach, asked)
    return _Asking(reach, asked, liar, int(asked.numbers["count"]), 0.0) if liar.pool else _unlike(asked)


def _flood(reach: Reach, asked: Asked) -> Running | str:
    rate, span_s = asked.numbers["rate_per_min"], asked.numbers["duration_s"]
    liar = _Liar(reach, asked)
    count = max(1, round(rate * span_s / 60.0))
    return _Asking(reach, asked, liar, count, 60_000.0 / rate) if liar.pool else _unlike(asked)


def _unlike(asked: Asked) -> str:
    where = "in the city" if asked.target == CITY_WORD else "in this area"
    return f"target: expected a place with honest requests to imitate, found none {where} all day"


PRIMITIVES = (
    Primitive(
        name="demand.phantom-pickup",
        target="city-or-area",
        parameters=(Parameter("count", "how many, at once", 1, 1000, default=1.0, whole=True),),
        text="Citizens ask for pickups where nothing lies. Each request is a copy of one of the day's honest "
        "ones, moved to now, under a number of its own; vehicles that come find it `gone`, as with honest empty "
        "bins.",
        where="PickupRequested; later PickupFailed with cause `gone`, and time and energy lost",
        quantity="requests",
        begin=_phantom,
    ),
    Primitive(
        name="demand.flood",
        target="city-or-area",
        parameters=(
            Parameter("rate_per_min", "requests a minute", 0.1, 6000.0),
            Parameter("duration_s", "for how long", 1.0, 86_400.0),
        ),
        text="The same at a steady rate for a while: rate_per_min x duration_s / 60 requests in all.",
        where="PickupRequested far above the day's rate; rounds of planning with many more open pickups",
        quantity="requests",
        begin=_flood,
    ),
)
