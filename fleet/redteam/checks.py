"""What every attack must pass; public, so that one of your own can be held to it too.

    check_attack(lambda means: MyAttack(MyParams(onset=...), means), onset_ms=60_000)

plays a scripted city to the attack, in which two vehicles fly, and grants whatever tampering it asks for.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fleet.messages.envelope import Envelope, Message
from fleet.messages.plane import Body, Injection, Truth
from fleet.messages.port import Participant
from fleet.messages.reports import VehicleReported
from fleet.messages.tamper import TamperAnswered
from fleet.messages.truth import AttackBegan, AttackEnded
from fleet.redteam.attack import Means

Make = Callable[[Means], Participant]
_HOURS_TICKS = 7200


class _Tape:
    """A port that keeps what is said."""

    def __init__(self) -> None:
        self.said: list[tuple[int, Body]] = []
        self.tick = 0

    def say(self, body: Body) -> int:
        self.said.append((self.tick, body))
        return len(self.said) - 1

    def say_signed(self, body: Body) -> int:
        raise AssertionError("an attack has no key of its own: what is forged goes through the injection plane")

    def forward(self, message: Envelope[Body]) -> None:
        raise AssertionError("an attack puts no ready envelopes on the bus: it asks the injection plane")


def check_attack(make: Make, onset_ms: int) -> None:
    """Silent before its onset, repeatable, only on its two planes, labelled from its effect to its end."""
    tape = _play(make, granted=True)
    assert tape, "the attack does something within two hours"
    assert tape == _play(make, granted=True), "the same randomness gave another attack"
    planes = {body.plane for _, body in tape}
    assert planes <= {Injection.plane, Truth.plane}, f"an attack speaks on injection and truth only: {planes}"
    first = min(tick for tick, _ in tape)
    assert 1000 * first >= onset_ms, f"onset at {onset_ms} ms, first word at {1000 * first} ms"
    _check_labels(tape)
    refused = _play(make, granted=False)
    assert not [b for _, b in refused if isinstance(b, AttackBegan)], "labelled although nothing took effect"


def _check_labels(tape: list[tuple[int, Body]]) -> None:
    began = [tick for tick, body in tape if isinstance(body, AttackBegan)]
    ended = [tick for tick, body in tape if isinstance(body, AttackEnded)]
    asked = [tick for tick, body in tape if isinstance(body, Injection)]
    assert len(began) == 1, f"expected one AttackBegan, found {len(began)}"
    assert len(ended) == 1, f"expected one AttackEnded, found {len(ended)}"
    assert asked[0] < began[0] <= ended[0], "the label spans the effect"
    assert not [tick for tick in asked if tick > ended[0]], "the attack goes on after its label ended"


def _play(make: Make, *, granted: bool) -> list[tuple[int, Body]]:
    tape = _Tape()
    attack = make(Means("check", tape, tape, np.random.default_rng(7)))
    answered = 0
    for tick in range(_HOURS_TICKS):
        tape.tick = tick
        inbox = [_flying(tick, name) for name in ("a-01", "a-02")] if tick % 60 == 0 else []
        requests = [b for _, b in tape.said if isinstance(b, Injection)]
        inbox += [_answer(tick, getattr(r, "tamper_id", ""), granted=granted) for r in requests[answered:]]
        answered = len(requests)
        attack.on_tick(tick, 1000 * tick, inbox)
    return tape.said


def _flying(tick: int, name: str) -> Message:
    body = VehicleReported(
        vehicle=name,
        state="climbing",
        x_m=float(tick),
        y_m=0.0,
        battery_wh=400.0,
        load_kg=0.0,
        load_l=0.0,
        order_id="o1",
        step=0,
        bound_for="p1",
    )
    return Envelope(sender=name, seq=tick, t_ms=1000 * tick, body=body)


def _answer(tick: int, tamper_id: str, *, granted: bool) -> Message:
    cause = "" if granted else "refused for the test"
    body = TamperAnswered(tamper_id=tamper_id, effect_tick=tick, cause=cause)
    return Envelope(sender="injector", seq=tick, t_ms=1000 * tick, body=body)
