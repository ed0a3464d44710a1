"""A study as its file states it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, JsonValue

from fleet.base.errors import Fault
from fleet.base.params import Params

Seed = Annotated[int, Field(ge=0, le=2**63 - 1)]


PLAIN = r"^[^<>\x00-\x1f]*$"
"""Names stand in tables, pages and pictures: on one line, and not as marks."""


class PointParams(Params):
    """One point: a scenario, with changes."""

    label: str = Field(min_length=1, max_length=60, pattern=PLAIN, description="its name in tables and plots")
    scenario: str = Field(min_length=1, description="a scenario file, relative to this one")
    set: dict[str, JsonValue] = Field(
        default_factory=dict, description="changes: a dotted path into the scenario, and the value there"
    )


class StudyParams(Params):
    """Which scenarios are run with which seeds, and what of them is shown."""

    name: str = Field(min_length=1, max_length=80, pattern=PLAIN)
    seeds: tuple[Seed, ...] = Field(min_length=1, max_length=10_000, description="every point runs with each")
    points: tuple[PointParams, ...] = Field(
        min_length=1, max_length=10_000, description="the first is what the others are compared with"
    )
    measures: tuple[str, ...] = Field((), max_length=1000, description="what is shown, in order; none = the usual")


def faults(params: StudyParams) -> Iterator[Fault]:
    """What is wrong with a study beside the form of its values."""
    for n, seed in enumerate(params.seeds):
        if seed in params.seeds[:n]:
            yield Fault("", 1, 1, f"seeds.{n}", "each seed once", str(seed))
    labels = [point.label for point in params.points]
    for n, point in enumerate(params.points):
        if point.label in labels[:n]:
            yield Fault("", 1, 1, f"points.{n}.label", "a label that no other point has", repr(point.label))
        if "seed" in point.set:
            hint = "the study's `seeds` say which"
            yield Fault("", 1, 1, f"points.{n}.set.seed", "another setting than the seed", "'seed'", hint)
