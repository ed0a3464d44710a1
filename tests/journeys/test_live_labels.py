"""A red team outside has its attacks labelled, in the words that detectors use, so that a score can judge both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from fleet.app.build import Guests
from fleet.app.load import load_scenario
from fleet.app.run import Company, Runner
from fleet.bus.memory import MemoryBus
from fleet.detect.detector import discover as detector_kinds
from fleet.messages.envelope import Envelope, Message
from fleet.messages.plane import Injection
from fleet.messages.reports import VehicleReported
from fleet.messages.tamper import TamperAnswered
from fleet.redteam.attack import discover as attack_kinds
from fleet.report.score import AttackScore, Scorer
from fleet.sim.tampering import attack_classes
from tests.app.command import ROOT
from tests.journeys.live import ID, forge, start
from tests.messages.runs import RUN

SETTINGS = (
    "seed=1",
    "run.duration_h=0.5",
    "blue.detectors=[{kind: range-check}, {kind: executed-orders}]",
    # A fix by ranges takes three anchors; as far as they reach by default most places here hear one.
    "sensors.range_reach_m=900",
)
Plot = Callable[[VehicleReported], Iterator[Injection]]


class Eve:
    """Stands outside and listens. Once a vehicle takes off she asks for what she plots, a thing a tick."""

    def __init__(self, plot: Plot) -> None:
        self._plot = plot
        self._asking: Iterator[Injection] | None = None
        self._said = 0
        self.answers: list[str] = []

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        for message in batch:
            body = message.body
            if isinstance(body, TamperAnswered):
                self.answers.append(body.cause)
            elif self._asking is None and isinstance(body, VehicleReported) and body.state == "climbing":
                self._asking = self._plot(body)

    def take(self, tick: int) -> list[Message]:
        body = next(self._asking, None) if self._asking else None
        if body is None:
            return []
        self._said += 1
        return [Envelope(sender="red/eve", seq=self._said, t_ms=1000 * tick, body=body)]


def attacked(plot: Plot) -> dict[str, AttackScore]:
    """How each of Eve's attacks was scored, by the entity that was attacked."""
    loaded = load_scenario(ROOT / "configs" / "four-corners.yaml", SETTINGS)
    eve, scorer = Eve(plot), Scorer()
    parts = loaded.build(MemoryBus, guests=Guests(RUN))
    Runner(parts, [eve, scorer], company=Company(outside=eve)).run()
    assert set(eve.answers) == {""}
    return {attack.entity: attack for attack in scorer.score().attacks}


def tow(victim: VehicleReported) -> Iterator[Injection]:
    yield start("navigation.gnss-tow", victim.vehicle, rate_mps=2.0, bearing_deg=90.0)


def hijack(victim: VehicleReported) -> Iterator[Injection]:
    yield start("control.steal-key", "dispatch")
    yield forge(victim.vehicle, "forged-1", victim.x_m + 300.0, victim.y_m)


@pytest.mark.parametrize(
    ("plot", "attack_class", "detector"),
    [(tow, "gps-tow", "range-check"), (hijack, "stolen-key", "executed-orders")],
)
def test_an_attack_from_outside_is_scored_under_the_class_that_detectors_know(
    plot: Plot, attack_class: str, detector: str
) -> None:
    [attack] = [attack for entity, attack in attacked(plot).items() if entity != "dispatch"]
    assert (attack.attack_id, attack.attack_class, attack.detector) == (ID, attack_class, detector)
    assert (attack.detected, attack.right_entity, attack.right_class) == (True, True, True)


@pytest.mark.parametrize(
    ("primitive", "target", "parameters"),
    [
        ("bus.cut", None, {"for_s": 60.0}),
        ("demand.flood", "city", {"rate_per_min": 6.0, "duration_s": 60.0}),
    ],
)
def test_an_attack_that_is_over_by_itself_is_labelled_so(
    primitive: str, target: str | None, parameters: dict[str, float]
) -> None:
    def plot(victim: VehicleReported) -> Iterator[Injection]:
        yield start(primitive, target or victim.vehicle, **parameters)

    [attack] = attacked(plot).values()
    assert attack.attack_class == primitive
    assert attack.ended_s is not None
    assert 45.0 <= attack.ended_s - attack.began_s <= 62.0


def test_what_is_still_under_way_at_the_end_has_not_ended() -> None:
    [attack] = attacked(tow).values()
    assert attack.ended_s is None


def test_detectors_attacks_and_primitives_share_their_words() -> None:
    named = {name: said for name, said in attack_classes().items() if name != said}
    assert set(named.values()) <= set(attack_kinds())
    assert set(attack_kinds()) == {kind.make(kind.params()).attack_class for kind in detector_kinds().values()}
