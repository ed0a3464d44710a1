"""How long to search: a stop rule tells which share of its budget is used.

Iterations count work, so a search that stops by them repeats exactly; seconds are there for people and benches.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


class Budget(Protocol):
    """A stop rule."""

    def share(self, done_iterations: int) -> float:
        """The share of the budget used after so many iterations; 1 or more means: stop."""

    def part(self, share: float) -> Budget:
        """A new budget that is a share of this one, and begins now."""

    def elapsed_s(self) -> float | None:
        """Seconds since it was made; None where no clock was handed in."""


@dataclass(frozen=True, slots=True)
class Iterations:
    """Stop after `most` iterations. A `clock` decides nothing; where there is one, progress tells the time, too.

    >>> Iterations(200).share(50)
    0.25
    """

    most: int
    clock: Callable[[], float] | None = field(default=None, compare=False)
    start_s: float = field(default=float("nan"), compare=False)

    def __post_init__(self) -> None:
        if self.clock is not None and self.start_s != self.start_s:
            object.__setattr__(self, "start_s", self.clock())

    def share(self, done_iterations: int) -> float:
        """See `Budget`."""
        return done_iterations / self.most if self.most > 0 else 1.0

    def part(self, share: float) -> Iterations:
        """See `Budget`."""
        return Iterations(round(share * self.most), self.clock)

    def elapsed_s(self) -> float | None:
        """See `Budget`."""
        return None if self.clock is None else self.clock() - self.start_s


@dataclass(frozen=True, slots=True)
class Seconds:
    """Stop after so many seconds of `clock`, counted from when this was made."""

    most_s: float
    clock: Callable[[], float] = time.monotonic
    start_s: float = field(default=float("nan"))

    def __post_init__(self) -> None:
        if self.start_s != self.start_s:
            object.__setattr__(self, "start_s", self.clock())

    def share(self, done_iterations: int) -> float:
        """See `Budget`; how many iterations were done does not matter."""
        del done_iterations
        return (self.clock() - self.start_s) / self.most_s if self.most_s > 0.0 else 1.0

    def part(self, share: float) -> Seconds:
        """See `Budget`."""
        return Seconds(share * self.most_s, self.clock)

    def elapsed_s(self) -> float | None:
        """See `Budget`."""
        return self.clock() - self.start_s
