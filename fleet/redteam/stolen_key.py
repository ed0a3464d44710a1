"""Orders under dispatch's stolen key: a vehicle is flown to where a thief waits, again and again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from fleet.messages.envelope import Message
from fleet.messages.orders import FlyRoute, StopOrder
from fleet.messages.tamper import ForgeOrder, StartTamper, TamperAnswered
from fleet.redteam.attack import Airborne, AttackKind, AttackParams, Label, Means

KIND = "stolen-key"


class StolenKeyParams(AttackParams):
    """Settings of the hijack."""

    kind: Literal["stolen-key"]
    distance_m: float = Field(1200.0, gt=0.0, le=50_000.0, description="how far off the thief waits")
    wait_s: float = Field(600.0, ge=0.0, le=86_400.0, description="how long the vehicle is kept there")
    repeat_s: float = Field(120.0, ge=1.0, le=86_400.0, description="the order is forged again so often")
    repeats: int = Field(5, ge=1, le=1000)


class StolenKey:
    """Steals the key at its onset, then forges."""

    def __init__(self, params: StolenKeyParams, means: Means) -> None:
        self._params = params
        self._means = means
        self._label = Label(means, KIND)
        self._airborne = Airborne()
        self._next_ms = params.onset.draw_ms(means.rng)
        self._asked = False
        self._stolen = False
        self._forged = 0
        self._over = False
        self._victim = ""
        self._goal = (0.0, 0.0)

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        for message in inbox:
            self._airborne.hear(message)
            body = message.body
            if isinstance(body, TamperAnswered) and body.tamper_id == self._means.attack_id and not body.cause:
                if self._stolen and self._forged:
                    self._label.begin(self._victim)
                self._stolen = True
        if self._over or now_ms < self._next_ms:
            return
        if not self._asked:
            self._asked = True
            self._means.injection.say(
                StartTamper(
                    tamper_id=self._means.attack_id,
                    primitive="control.steal-key",
                    target="dispatch",
                    parameters={},
                )
            )
        elif self._stolen and self._forged < self._params.repeats:
            self._forge(now_ms)
        elif self._forged >= self._params.repeats:
            self._over = True
            self._label.end()

    def _forge(self, now_ms: int) -> None:
        if not self._victim and not self._choose():
            return
        self._forged += 1
        self._next_ms = now_ms + int(1000 * self._params.repeat_s)
        x, y = self._goal
        stop = StopOrder(
            kind="pickup",
            target=f"{self._means.attack_id}-meeting",
            x_m=round(x, 1),
            y_m=round(y, 1),
            service_ms=int(1000 * self._params.wait_s),
        )
        order = FlyRoute(
            order_id=f"{self._means.attack_id}-{self._forged}", vehicle=self._victim, append=False, stops=(stop,)
        )
        self._means.injection.say(ForgeOrder(tamper_id=self._means.attack_id, order=order))

    def _choose(self) -> bool:
        victim = self._airborne.pick(self._params.target, self._means.rng)
        if victim is None:
            return False
        self._victim = victim
        bearing = 2.0 * math.pi * self._means.rng.random()
        x, y = self._airborne.place[victim]
        d = self._params.distance_m
        self._goal = (x + d * math.sin(bearing), y + d * math.cos(bearing))
        return True

    def next_wake_ms(self) -> int | None:
        return None if self._over else self._next_ms


ATTACK = AttackKind(KIND, StolenKeyParams, StolenKey)
