"""What is to be run: a task is one solver on one problem for so many seconds with a seed, by a key in the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

CVRP = ("CVRP_X-n101-k25", "CVRP_X-n502-k39")
VRPTW = ("VRPTW_C1_10_1", "VRPTW_RC2_10_1")
TRIPS = ("MTVRPTWR_RC201R0.25", "MTVRPTWR_C2_2_01R0.25")
SOLOMON = ("solomon_c101", "solomon_r101", "solomon_rc101", "solomon_rc201")
FIELD = (*SOLOMON, *CVRP, *VRPTW, *TRIPS)
LONG = ("CVRP_X-n502-k39", "VRPTW_RC2_10_1", "MTVRPTWR_C2_2_01R0.25")
DRONES = (50, 200, 1000)
DRONE_WORKS = tuple(f"{level}-{n}" for level in ("M1", "M3") for n in DRONES)
SCALE = 10_000
CHANGED = "M3-1000"
ALONE = (*SOLOMON, "CVRP_X-n101-k25", "M1-50", "M3-50", "M3-100", "M3-1000")
ENGINES = ("fleet-ortools", "fleet-compiled", "fleet-then")
STAGES = ("field", "field-long", "drones", "scale", "changes", "engines")


@dataclass(frozen=True)
class Task:
    """A run: `who` is a name in `solvers.SOLVERS`; `clock` is "cpu" or "wall"."""

    stage: str
    work: str
    who: str
    seconds: float
    seed: int
    clock: str = "cpu"

    @property
    def row(self) -> str:
        """The task but for its seed."""
        return f"{self.stage} {self.work} {self.who} {self.seconds:g} s {self.clock}"

    @property
    def key(self) -> str:
        """Its name in the log."""
        return f"{self.row} seed {self.seed}"

    def text(self) -> str:
        """For a child's command line; `Task(**json.loads(text))` reads it."""
        return json.dumps(asdict(self))


def tasks(stages: tuple[str, ...], clock: str, seconds: float | None, seeds: int | None) -> Iterator[Task]:
    """All that is to be run. `seconds` and `seeds`, where given, stand for those of every stage."""
    for stage in stages:
        for work, who, usual_s, count in PLANS[stage]():
            for seed in range(1, (seeds or count) + 1):
                # Neither draws anything: another seed would be the same run.
                if seed == 1 or who not in ("vroom", "ortools", "ortools-guided"):
                    yield Task(stage, work, who, seconds or usual_s, seed, clock)


def quick(clock: str, stages: tuple[str, ...]) -> Iterator[Task]:
    """A second here and there, to see that all of it runs."""
    for stage, work, *people in (
        ("field", "solomon_c101", "fleet", "pyvrp", "vroom"),
        ("field", "MTVRPTWR_RC201R0.25", "fleet", "pyvrp"),
        ("field-long", "MTVRPTWR_C2_2_01R0.25", "fleet", "pyvrp"),
        ("drones", "M1-50", "fleet", "pyvrp"),
        ("drones", "M3-50", "fleet", "ortools"),
        ("scale", "scale-400", "fleet", "pyvrp", "pyvrp-bases"),
        ("changes", "M3-100", "changes"),
        ("engines", "M3-50", *ENGINES),
    ):
        if stage in stages:
            yield from (Task(stage, work, who, 1.0, 1, clock) for who in people)


Planned = Iterator[tuple[str, str, float, int]]


def _field() -> Planned:
    for work in FIELD:
        yield from ((work, who, 10.0, 5) for who in ("fleet", "pyvrp"))
        if work in (*SOLOMON, *CVRP, *VRPTW):
            yield work, "vroom", 10.0, 1


def _long() -> Planned:
    yield from ((work, who, 60.0, 3) for work in LONG for who in ("fleet", "pyvrp"))


def _drones() -> Planned:
    for seconds in (10.0, 60.0):
        for n in DRONES:
            yield from ((f"M1-{n}", who, seconds, 3) for who in ("fleet", "pyvrp"))
            yield f"M3-{n}", "fleet", seconds, 3
            if seconds == 10.0 or n == max(DRONES):
                yield f"M3-{n}", "ortools", seconds, 1
                yield f"M3-{n}", "ortools-guided", seconds, 1


def _scale() -> Planned:
    yield from ((f"scale-{SCALE}", who, 60.0, 2) for who in ("fleet", "pyvrp-bases", "pyvrp"))


def _changes() -> Planned:
    yield CHANGED, "changes", 10.0, 3


def _engines() -> Planned:
    for work in ALONE:
        yield from ((work, who, 10.0, 3) for who in ENGINES if who != "fleet-then" or work != "M3-1000")


PLANS = dict(zip(STAGES, (_field, _long, _drones, _scale, _changes, _engines), strict=True))
