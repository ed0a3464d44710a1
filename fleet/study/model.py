"""What a study is: points, each once per seed, and what came of each, in plain values.

This room does not know what a run is. It is handed a function from a `Point` to its findings, and whoever hands it
over says by `Point.key` what those depend on.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

Finding = float | int | str | None
"""One value that a run came to; None for none, such as a mean of nothing. Texts are kept, and not compared."""

KEY_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Point:
    """One run to be made: a scenario file with changes ("a.b=value"), and a seed.

    `key` stands for everything the findings depend on: two points with the same key have the same findings.
    """

    label: str
    seed: int
    key: str
    scenario: str
    changes: tuple[str, ...] = ()


Run = Callable[[Point], Mapping[str, Finding]]
"""Makes the run of a point. It is called in other processes, so it must be a plain function of a module."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A finding's name, and its name for people, unit included."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Study:
    """All points of a study: every label with every seed. `measures` is what is to be shown of them, in order."""

    name: str
    version: str
    points: tuple[Point, ...]
    measures: tuple[Measure, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the file; the first is what others are compared with."""
        return tuple(dict.fromkeys(point.label for point in self.points))

    @property
    def seeds(self) -> tuple[int, ...]:
        """In the order of the file."""
        return tuple(dict.fromkeys(point.seed for point in self.points))


@dataclass(frozen=True, slots=True)
class Result:
    """What came of the points with this key: findings, or else an `error` for people.

    `trace` says where in the program it happened, if it was none of the user's mistakes.
    """

    key: str
    findings: Mapping[str, Finding] = field(default_factory=dict)
    error: str = ""
    trace: str = ""

    @property
    def done(self) -> bool:
        """Whether the run came to its end."""
        return not self.error


def key_of(parts: Iterable[tuple[str, bytes]]) -> str:
    """A key for what has these (name, content) parts; each counts with its length, so none runs into the next.

    >>> key_of([("a", b"1"), ("b", b"2")]) == key_of([("a", b"1b"), ("", b"2")])
    False
    """
    digest = hashlib.sha256()
    for name, content in parts:
        for piece in (name.encode(), content):
            digest.update(len(piece).to_bytes(8, "big"))
            digest.update(piece)
    return digest.hexdigest()[:KEY_DIGITS]


def wrong_findings(findings: Mapping[str, Finding]) -> str:
    """Why these cannot be kept as JSON and compared; "" where they can.

    >>> wrong_findings({"flown_km": 1.5, "digest": "ab", "wait_min": None})
    ''
    >>> wrong_findings({"flown_km": float("nan")})
    'flown_km: expected a finite number, found nan'
    """
    for name, value in findings.items():
        if not isinstance(value, (int, float, str, type(None))):
            return f"{name}: expected a number or a text, found {type(value).__name__}"
        if isinstance(value, float) and not math.isfinite(value):
            return f"{name}: expected a finite number, found {value}"
    return ""
