"""A slow GPS tow: the receiver is captured and led away so gently that the fix never jumps.

The vehicle holds what it takes for its track; in truth it drifts off at `rate_mps`. Innovation tests on board
do not see it, because an offset that grows steadily leaves the filter's innovations near zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from fleet.messages.envelope import Message
from fleet.messages.tamper import StartTamper, StopTamper, TamperAnswered
from fleet.redteam.attack import Airborne, AttackKind, AttackParams, Label, Means

KIND = "gps-tow"


class GpsTowParams(AttackParams):
    """Settings of the tow."""

    kind: Literal["gps-tow"]
    rate_mps: float = Field(1.0, gt=0.0, le=20.0, description="how fast the vehicle is led off its track")
    duration_s: float = Field(900.0, gt=0.0, le=86_400.0)


class GpsTow:
    """Waits for its onset and for a victim in the air, tows it, lets go."""

    def __init__(self, params: GpsTowParams, means: Means) -> None:
        self._params = params
        self._means = means
        self._label = Label(means, KIND)
        self._airborne = Airborne()
        self._onset_ms = params.onset.draw_ms(means.rng)
        self._victim = ""
        self._end_ms: int | None = None
        self._over = False

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        for message in inbox:
            self._airborne.hear(message)
            body = message.body
            if isinstance(body, TamperAnswered) and body.tamper_id == self._means.attack_id:
                self._answered(body)
        if not self._victim and now_ms >= self._onset_ms:
            self._capture(now_ms)
        elif self._end_ms is not None and now_ms >= self._end_ms and not self._over:
            self._over = True
            self._means.injection.say(StopTamper(tamper_id=self._means.attack_id))
            self._label.end()

    def _answered(self, answer: TamperAnswered) -> None:
        """A refusal (the victim is parked, or does not listen to GNSS) sends the attack after another one."""
        if self._over or self._label.active:
            return
        if answer.cause:
            self._victim, self._end_ms = "", None
        else:
            self._label.begin(self._victim)

    def _capture(self, now_ms: int) -> None:
        victim = self._airborne.pick(self._params.target, self._means.rng)
        if victim is None:
            return
        self._victim = victim
        self._end_ms = now_ms + int(1000 * self._params.duration_s)
        self._means.injection.say(
            StartTamper(
                tamper_id=self._means.attack_id,
                primitive="navigation.gnss-tow",
                target=victim,
                parameters={
                    "rate_mps": self._params.rate_mps,
                    "bearing_deg": float(round(360.0 * self._means.rng.random(), 1)),
                },
            )
        )

    def next_wake_ms(self) -> int | None:
        if self._over:
            return None
        return self._onset_ms if not self._victim else self._end_ms


ATTACK = AttackKind(KIND, GpsTowParams, GpsTow)
