"""What a case of `test_primitives` is, and how cases find their victims in a clean run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fleet.messages.orders import FlyRoute, StopOrder
from fleet.messages.plane import Injection
from fleet.messages.tamper import ForgeOrder, StartTamper
from tests.journeys.stages import PLAIN, Run, Scene

ID = "t"


@dataclass(frozen=True)
class Ask:
    """What is asked, when, and when it is stopped; `victim` is a row."""

    request: StartTamper
    at_tick: int
    stop_tick: int
    victim: int = 0
    more: Mapping[int, Sequence[Injection]] = field(default_factory=dict)


@dataclass(frozen=True)
class Live:
    """A clean run and the attacked one. `e` is the acknowledged tick, `v` the victim's row."""

    clean: Run
    attacked: Run
    ask: Ask
    e: int

    @property
    def v(self) -> int:
        return self.ask.victim

    @property
    def name(self) -> str:
        return self.clean.names[self.v]


@dataclass(frozen=True)
class Case:
    """`prepare` reads in a clean run whom to ask for, and when; `measure` compares the two runs."""

    prepare: Callable[[Run], Ask]
    measure: Callable[[Live], None]
    scene: Scene = PLAIN


def start(primitive: str, target: str, **parameters: float | str) -> StartTamper:
    return StartTamper(tamper_id=ID, primitive=primitive, target=target, parameters=parameters)


def cruising(run: Run, seconds: int, *, after: int = 60, loaded: bool = False) -> tuple[int, int]:
    """(tick, row): from the tick before it to `seconds` after it the vehicle is on one level straight piece."""
    for tick in range(after, max(run.samples) - seconds):
        for row in range(len(run.names)):
            if _straight(run, tick - 1, tick + seconds, row) and (
                not loaded or sum(run.samples[tick].loads[row].values()) > 0.5
            ):
                return tick, row
    raise AssertionError("nobody cruises so long")


def _straight(run: Run, first: int, last: int, row: int) -> bool:
    if any(run.samples[tick].phases[row] != "cruising" for tick in (first, (first + last) // 2, last)):
        return False
    places = np.array([run.samples[tick].believed[row] for tick in (first, first + 1, last - 1, last)])
    return bool(np.allclose(places[1] - places[0], places[3] - places[2], atol=1e-6))


def by_drone(primitive: str, seconds: int, **parameters: float | str) -> Callable[[Run], Ask]:
    """Asks for the first vehicle that cruises so long, and stops in good time."""

    def prepare(run: Run) -> Ask:
        tick, row = cruising(run, seconds)
        return Ask(start(primitive, run.names[row], **parameters), tick - 1, tick + seconds - 6, row)

    return prepare


def by_area(primitive: str, seconds: int, **parameters: float | str) -> Callable[[Run], Ask]:
    """The same vehicle, by a circle of 400 m around where it then is."""

    def prepare(run: Run) -> Ask:
        tick, row = cruising(run, seconds)
        x, y = run.samples[tick].true[row][:2]
        circle = {"x_m": round(x), "y_m": round(y), "radius_m": 400.0}
        return Ask(start(primitive, "area", **circle, **parameters), tick - 1, tick + seconds - 6, row)

    return prepare


def forge(vehicle: str, order_id: str, x_m: float, y_m: float) -> ForgeOrder:
    """A flight to a place where a thief waits."""
    stop = StopOrder(kind="pickup", target="meeting", x_m=x_m, y_m=y_m, service_ms=60_000)
    return ForgeOrder(
        tamper_id=ID, order=FlyRoute(order_id=order_id, vehicle=vehicle, append=False, stops=(stop,))
    )
