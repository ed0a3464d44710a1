"""Rounds that alternate between us and a rival, and the line of figures they come to."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

PATIENCE_S = 60.0


@dataclass
class Pair:
    """One question: a rate of ours and of a rival, round by round. `aim` is the least ratio wanted."""

    what: str
    unit: str
    aim: float | None = None
    ours: list[float] = field(default_factory=list)
    rival: list[float] = field(default_factory=list)
    remark: str = ""

    def measure(self, rounds: int, ours: Callable[[], float], rival: Callable[[], float]) -> Pair:
        """Take turns; which side begins alternates too."""
        for number in range(rounds):
            if number % 2:
                self.rival.append(rival())
                self.ours.append(ours())
            else:
                self.ours.append(ours())
                self.rival.append(rival())
        return self

    @property
    def ratios(self) -> list[float]:
        return [ours / rival for ours, rival in zip(self.ours, self.rival, strict=True)]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    def row(self) -> str:
        """A row of the table in README.md."""
        aim = "" if self.aim is None else f"{self.aim:g}"
        met = "" if self.aim is None else ("yes" if self.ratio >= self.aim else "NO")
        spread = f"{self.ratio:.2f} ({min(self.ratios):.2f}..{max(self.ratios):.2f})"
        ours, rival = statistics.median(self.ours), statistics.median(self.rival)
        tail = f" {self.remark}" if self.remark else ""
        return f"| {self.what}{tail} | {number(ours)} | {number(rival)} {self.unit} | {spread} | {aim} | {met} |"


@dataclass
class Figure:
    """A rate with an aim of its own, and no rival. With `most` the aim is a limit from above."""

    what: str
    unit: str
    aim: float | None = None
    most: bool = False
    values: list[float] = field(default_factory=list)

    def row(self) -> str:
        value = statistics.median(self.values)
        aim = "" if self.aim is None else f"{number(self.aim)}"
        good = self.aim is None or (value <= self.aim if self.most else value >= self.aim)
        met = "" if self.aim is None else ("yes" if good else "NO")
        spread = f"({number(min(self.values))}..{number(max(self.values))})"
        return f"| {self.what} | {number(value)} {self.unit} | | {spread} | {aim} | {met} |"


def hear(control: Connection) -> Any:
    """The next word of the other process; it does not come if that died."""
    if not control.poll(PATIENCE_S):
        raise TimeoutError("the other process said nothing")
    return control.recv()


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


HEAD = "| what | ours | rival | ratio, or spread (min..max) | aim | met |\n|---|---|---|---|---|---|"
