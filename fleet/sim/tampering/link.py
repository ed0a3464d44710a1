"""The links of vehicles: what they say ("up") or are told ("down") is lost, late, doubled or changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from fleet.messages.interception import Affliction, Replay, Rewrite, Road
from fleet.messages.links import Direction, Fault
from fleet.sim.body import Body
from fleet.sim.tampering.primitive import Asked, Parameter, Primitive, Reach
from fleet.sim.tampering.vehicles import Hold, Take, on_vehicles

BOTH = "both"
FIELDS = ("x_m", "y_m", "battery_wh", "load_kg", "load_l", "scale_kg", "volume_l", "mass_kg", "service_ms")
"""Numbers that a man in the middle can change, in reports and frames, or in orders."""

_DIRECTION = Parameter("direction", "which way", default="up", words=(*get_args(Direction), BOTH))
_SHARE = Parameter("share", "share of the messages that are hit", 0.0, 1.0, default=1.0)
WhatOf = Callable[[Asked], Affliction]


class _Laid:
    """What lies on the links of one vehicle."""

    def __init__(self, road: Road, label: str) -> None:
        self._road = road
        self._label = label

    def size(self) -> float:
        return float(self._road.touched(self._label))

    def let_go(self) -> None:
        self._road.relieve(self._label)


def _lay(what_of: WhatOf, direction: Direction | None = None) -> Take:
    """Takes hold of a vehicle by laying something on its links; `direction` None is as asked."""

    def take(reach: Reach, asked: Asked, body: Body) -> Hold | str:
        if reach.road is None:
            return "nobody can get at the links of this run"
        label = f"{asked.tamper_id}/{body.id}"
        wanted = direction or asked.words.get("direction", BOTH)
        for way in get_args(Direction):
            if wanted in (way, BOTH):
                cause = reach.road.afflict(label, body.id, way, what_of(asked))
                if cause:
                    reach.road.relieve(label)
                    return cause
        return _Laid(reach.road, label)

    return take


def _drop(asked: Asked) -> Affliction:
    return Fault(loss=asked.numbers["share"])


def _delay(asked: Asked) -> Affliction:
    return Fault(latency_ms=round(1000 * asked.numbers["delay_s"]))


def _duplicate(asked: Asked) -> Affliction:
    return Fault(duplicate=asked.numbers["share"])


def _replay(asked: Asked) -> Affliction:
    return Replay(period_ms=round(1000 * asked.numbers["period_s"]))


def _jam(asked: Asked) -> Affliction:
    return Fault(cut=True)


def _rewrite(asked: Asked) -> Affliction:
    return Rewrite(field=asked.words["field"], factor=asked.numbers["factor"], plus=asked.numbers["plus"])


PRIMITIVES = (
    Primitive(
        name="link.drop",
        target="vehicle-or-area",
        parameters=(_SHARE, _DIRECTION),
        text="Messages are lost on the way: reports and rows of frames up, orders down.",
        where="reports, frames and answers that fail to come; MessagesLost on the truth plane",
        quantity="messages",
        begin=on_vehicles(_lay(_drop)),
        delay_ticks=1,
    ),
    Primitive(
        name="link.delay",
        target="vehicle-or-area",
        parameters=(Parameter("delay_s", "how much later messages come", 0.001, 3600.0), _DIRECTION),
        text="Messages come late, in their order. An order that is late by more than its lifetime is stale.",
        where="the tick at which reports are heard against the time they bear; age_ms of frames",
        quantity="messages",
        begin=on_vehicles(_lay(_delay)),
        delay_ticks=1,
    ),
    Primitive(
        name="link.duplicate",
        target="vehicle-or-area",
        parameters=(_SHARE, _DIRECTION),
        text="Messages come twice, the copy right behind the original. A vehicle refuses the copy of an order.",
        where="reports of one number heard twice; orders refused as replay",
        quantity="messages",
        begin=on_vehicles(_lay(_duplicate)),
        delay_ticks=1,
    ),
    Primitive(
        name="link.replay",
        target="vehicle-or-area",
        parameters=(Parameter("period_s", "how often one of them is said again", 0.1, 3600.0, default=1.0),),
        text="The last reports of the vehicle are said again, one after the other, and from the first again.",
        where="reports under numbers that were heard before",
        quantity="messages",
        begin=on_vehicles(_lay(_replay, "up")),
        delay_ticks=1,
    ),
    Primitive(
        name="link.jam",
        target="vehicle-or-area",
        parameters=(),
        text="Nothing gets through, neither way, until it is stopped.",
        where="the vehicle is silent, NaN in its rows of frames, and its orders are not answered",
        quantity="messages",
        begin=on_vehicles(_lay(_jam)),
        delay_ticks=1,
    ),
    Primitive(
        name="link.rewrite",
        target="vehicle-or-area",
        parameters=(
            Parameter("field", "the number that is changed", words=FIELDS),
            Parameter("factor", "it becomes so many times itself", -1e6, 1e6, default=1.0),
            Parameter("plus", "and so much more, in its own unit", -1e6, 1e6, default=0.0),
            _DIRECTION,
        ),
        text="A man in the middle changes a number: up in reports and frames, which nobody signs; down in orders, "
        "whose signature then fails.",
        where="reports against what scales, anchors and meters say; orders refused as bad-signature",
        quantity="messages",
        begin=on_vehicles(_lay(_rewrite)),
        delay_ticks=1,
    ),
)
"""Several may lie on one link; what was laid first acts first."""
