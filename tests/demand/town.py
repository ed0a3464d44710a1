"""A town small enough to think about."""

from __future__ import annotations

from dataclasses import dataclass

from fleet.demand.model import Span
from fleet.demand.params import DemandParams, ProcessParams


@dataclass(frozen=True)
class Corner:
    id: str
    x_m: float
    y_m: float
    district: str
    materials: tuple[str, ...] = ()


POINTS = (
    Corner("n1", 0.0, 100.0, "north"),
    Corner("n2", 50.0, 120.0, "north", ("glass",)),
    Corner("n3", 90.0, 150.0, "north"),
    Corner("s1", 0.0, -100.0, "south"),
    Corner("s2", 30.0, -120.0, "south", ("paper", "glass")),
)
DAY = Span(0.0, 24.0)


def process(name="homes", per_day=200.0, **fields):
    fields.setdefault("materials", {"glass": 1.0, "paper": 2.0})
    return ProcessParams(name=name, per_day=per_day, **fields)


def demand(*processes):
    return DemandParams(processes=processes or (process(),))
