"""What a man in the middle does to messages on a link, and several such things in a row. Pure, in simulated time.

`Rewrite` changes a number in what passes, `Replay` says again what passed before; each has a stage that does it,
beside `fleet.messages.links.Link`, which loses and delays. A `Chain` is the whole of what lies on one link.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

import msgspec

from fleet.messages.envelope import Message
from fleet.messages.links import FOREVER_MS, Direction, Due, Fault, LossCause, Stage, always
from fleet.messages.plane import Body

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Rewrite:
    """Every number called `field`, at any depth of a body, becomes `factor` times itself, plus `plus`."""

    field: str
    factor: float = 1.0
    plus: float = 0.0

    def of(self, value: float) -> float:
        """The number that is put in its place."""
        return self.factor * value + self.plus


@dataclass(frozen=True, kw_only=True)
class Replay:
    """Every `period_ms` the next of the last reports is said again; after the latest, the oldest follows."""

    period_ms: int


Affliction = Fault | Rewrite | Replay
"""All that can lie on a link."""


class Road(Protocol):
    """Where links are, as one sees it who may lay something on them."""

    def afflict(self, tamper_id: str, name: str, direction: Direction, what: Affliction) -> str:
        """Lay `what` on a link from the next turn on; "" or why it cannot be."""

    def touched(self, tamper_id: str) -> int:
        """How many messages were lost, late, doubled, changed or said again by what was laid under this id."""

    def relieve(self, tamper_id: str) -> None:
        """Take away all that was laid under this id. What is under way then still comes when it would."""


Beset = Literal["malformed", "flood", "stranger"]
"""How a door is beset: garbage, well-formed orders without a signature, orders under a key that nobody knows."""


class Siege(Protocol):
    """Where the command door is beset, as if by a peer through a socket."""

    def begin(self, tamper_id: str, how: Beset, per_tick: int) -> str:
        """Let so many messages arrive in each tick from the next on; "" or why they cannot."""

    def refused(self, tamper_id: str) -> int:
        """How many of them were refused so far."""

    def end(self, tamper_id: str) -> None:
        """Let no more arrive."""


def rewritten(body: Body, rewrite: Rewrite) -> Body:
    """The body as it is passed on: the same one if it has no such number.

    >>> from fleet.messages.reports import PickupCollected
    >>> said = PickupCollected(vehicle="v", pickup_id="p", material="glass", scale_kg=10.0, volume_l=5.0)
    >>> rewritten(said, Rewrite(field="scale_kg", factor=0.5, plus=1.0)).scale_kg
    6.0
    """
    changed: Body = _rewritten(body, rewrite)
    return changed


def _rewritten(value: Any, rewrite: Rewrite) -> Any:
    if isinstance(value, tuple):
        parts = tuple(_rewritten(part, rewrite) for part in value)
        return parts if any(new is not old for new, old in zip(parts, value, strict=True)) else value
    if not isinstance(value, msgspec.Struct):
        return value
    changes = {}
    for name in value.__struct_fields__:
        old = getattr(value, name)
        new = _number(old, rewrite) if name == rewrite.field else _rewritten(old, rewrite)
        if new is not old:
            changes[name] = new
    return msgspec.structs.replace(value, **changes) if changes else value


def _number(value: Any, rewrite: Rewrite) -> Any:
    """A float, an integer, or several of either by key or in a row; anything else stays."""
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return rewrite.of(value)
    if isinstance(value, int):
        return round(rewrite.of(value))
    if isinstance(value, dict):
        return {key: _number(number, rewrite) for key, number in value.items()}
    if isinstance(value, tuple):
        return tuple(_number(number, rewrite) for number in value)
    return value


class Rewriter:
    """A `Stage` of messages that changes a number in each, where `applies`."""

    def __init__(self, rewrite: Rewrite, applies: Callable[[], bool] = always) -> None:
        self.rewrite = rewrite
        self.lost: Counter[LossCause] = Counter()
        self.touched = 0
        self.waiting = 0
        self._applies = applies

    def send(self, now_ms: int, message: Message) -> list[Due[Message]]:
        """The message, changed or not, at once."""
        if self._applies():
            body = rewritten(message.body, self.rewrite)
            if body is not message.body:
                self.touched += 1
                message = msgspec.structs.replace(message, body=body)
        return [Due(now_ms, message)]

    def due(self, now_ms: int) -> list[Due[Message]]:
        """Nothing waits here."""
        return []

    def next_due_ms(self) -> int | None:
        """Nothing waits here."""
        return None


class Replayer(Generic[T]):
    """A `Stage` that lets everything pass and says old messages again, from `from_ms` on, where `applies`."""

    def __init__(
        self, replay: Replay, old: Sequence[T], from_ms: int, applies: Callable[[], bool] = always
    ) -> None:
        self.lost: Counter[LossCause] = Counter()
        self.touched = 0
        self.to_ms = FOREVER_MS
        self.waiting = 0
        self._period_ms = replay.period_ms
        self._old = tuple(old)
        self._next_ms = from_ms
        self._applies = applies

    def send(self, now_ms: int, message: T) -> list[Due[T]]:
        """The message at once, behind what is said again."""
        return [*self.due(now_ms), Due(now_ms, message)]

    def due(self, now_ms: int) -> list[Due[T]]:
        """What is said again by now."""
        out = []
        while self._next_ms <= min(now_ms, self.to_ms - 1):
            if self._old and self._applies():
                out.append(Due(self._next_ms, self._old[self.touched % len(self._old)]))
                self.touched += 1
            self._next_ms += self._period_ms
        return out

    def next_due_ms(self) -> int | None:
        """When the next one is said again; None if none is any more."""
        return self._next_ms if self._old and self._next_ms < self.to_ms else None


class Chain(Generic[T]):
    """Stages one behind the other; what leaves one enters the next at that very moment."""

    def __init__(self, stages: list[Stage[T]]) -> None:
        self.stages = stages

    def take_losses(self) -> Counter[LossCause]:
        """What was lost on any of them since this was last asked."""
        total: Counter[LossCause] = Counter()
        for stage in self.stages:
            if stage.lost:
                total.update(stage.lost)
                stage.lost.clear()
        return total

    def send(self, now_ms: int, message: T) -> list[Due[T]]:
        """Put a message in; what is due by now comes out."""
        return self._through([Due(now_ms, message)], self.stages, now_ms)

    def due(self, now_ms: int) -> list[Due[T]]:
        """What comes out by now, in the order in which it does; each once."""
        return self._through([], self.stages, now_ms)

    @staticmethod
    def _through(entering: list[Due[T]], stages: list[Stage[T]], now_ms: int) -> list[Due[T]]:
        for stage in stages:
            leaving = []
            for at_ms, message in entering:
                leaving += stage.send(at_ms, message)
            leaving += stage.due(now_ms)
            entering = leaving
        return entering

    def next_due_ms(self) -> int | None:
        """No later than the next message comes out if nothing more is sent; None if none is under way."""
        times = [at for stage in self.stages if (at := stage.next_due_ms()) is not None]
        return min(times, default=None)

    @property
    def waiting(self) -> int:
        """How many are under way."""
        return sum(stage.waiting for stage in self.stages)
