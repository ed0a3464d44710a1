"""Figures from the log: costs by seed, ratios, their geometric mean and spread."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Log = Mapping[str, Mapping[str, Any]]
Result = Mapping[str, Any]


@dataclass(frozen=True)
class Cost:
    """The cost of each seed whose plan is legal, and how many plans were not, or never came."""

    by_seed: Mapping[int, int]
    refused: int

    @property
    def mean(self) -> float:
        """The geometric mean; not a number where there is nothing."""
        return geometric(self.by_seed.values())


@dataclass(frozen=True)
class Ratio:
    """A geometric mean of ratios, and the least and the greatest of those it is made of."""

    mean: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.mean:.3f}"

    @property
    def spread(self) -> str:
        """From least to most."""
        return f"{self.least:.3f}..{self.most:.3f}"


def with_better_model(log: Log) -> Log:
    """The log in which the run of one OR-Tools model is the better one of its two set-ups."""
    lines = dict(log)
    for key, line in log.items():
        if line["task"]["who"] != "ortools-guided":
            continue
        other = lines.get(key.replace("ortools-guided", "ortools"))
        if other is None or _serves_for_less(line["result"], other["result"]):
            lines[key.replace("ortools-guided", "ortools")] = {**line, "task": {**line["task"], "who": "ortools"}}
    return lines


def _serves_for_less(result: Result, other: Result) -> bool:
    if not is_legal(result) or not is_legal(other):
        return is_legal(result)
    return bool(result["cost"] < other["cost"])


def geometric(values: Iterable[float]) -> float:
    """The geometric mean; not a number of nothing."""
    logs = [math.log(value) for value in values]
    return math.exp(math.fsum(logs) / len(logs)) if logs else math.nan


def runs(log: Log, **wanted: Any) -> Iterator[tuple[int, Result]]:
    """Seed and result of all runs whose task is so."""
    for line in log.values():
        task = line["task"]
        if all(task[name] == value for name, value in wanted.items()):
            yield task["seed"], line["result"]


def broken(result: Result) -> int:
    """How many rules the plan breaks, by both referees; 1 if there is none."""
    return 1 if "failed" in result else int(result["violations"] + result.get("gen_violations", 0))


def is_legal(result: Result) -> bool:
    """Whether neither referee has anything against the plan, and there is one."""
    return broken(result) == 0


def cost(log: Log, **wanted: Any) -> Cost:
    """Of the runs whose task is so."""
    found = list(runs(log, **wanted))
    legal = {seed: int(result["cost"]) for seed, result in found if is_legal(result)}
    return Cost(legal, len(found) - len(legal))


def ratio(ours: Cost, theirs: Cost) -> Ratio | None:
    """Ours over theirs, seed by seed; or over the one run of who draws nothing. None where one has nothing."""
    if not ours.by_seed or not theirs.by_seed:
        return None
    if len(theirs.by_seed) == 1:
        pairs = [own / theirs.mean for own in ours.by_seed.values()]
    elif len(ours.by_seed) == 1:
        pairs = [ours.mean / other for other in theirs.by_seed.values()]
    else:
        pairs = [own / theirs.by_seed[seed] for seed, own in ours.by_seed.items() if seed in theirs.by_seed]
    return Ratio(geometric(pairs), min(pairs), max(pairs)) if pairs else None


def over_works(log: Log, works: Iterable[str], ours: str, theirs: str, **wanted: Any) -> dict[str, Ratio]:
    """The ratio on each problem where both have an answer."""
    found = {}
    for work in works:
        one = ratio(cost(log, work=work, who=ours, **wanted), cost(log, work=work, who=theirs, **wanted))
        if one is not None:
            found[work] = one
    return found


def overall(log: Log, works: Iterable[str], ours: str, theirs: str, **wanted: Any) -> Ratio | None:
    """The geometric mean over the problems, and its least and greatest when each seed is taken alone."""
    each = over_works(log, works, ours, theirs, **wanted)
    if not each:
        return None
    by_seed: dict[int, list[float]] = {}
    for work in each:
        own = cost(log, work=work, who=ours, **wanted).by_seed
        other = cost(log, work=work, who=theirs, **wanted).by_seed
        for seed in own.keys() & other.keys():
            by_seed.setdefault(seed, []).append(own[seed] / other[seed])
    whole = [geometric(values) for values in by_seed.values() if len(values) == len(each)]
    mean = geometric(one.mean for one in each.values())
    return Ratio(mean, min(whole, default=mean), max(whole, default=mean))


def best_m1(log: Log, pickups: int) -> float:
    """The least cost of any legal plan for the drone problem at level M1 in the whole log, infinite if none."""
    found = [result["cost"] for _, result in runs(log, work=f"M1-{pickups}") if is_legal(result)]
    return float(min(found, default=math.inf))


def values(found: Iterable[tuple[int, Result]], name: str) -> list[float]:
    """What the results say under a name, where they say it."""
    return [float(result[name]) for _, result in found if name in result]


def seconds_of(log: Log, stage: str) -> list[float]:
    """The budgets that a stage was run with, the least first."""
    return sorted({line["task"]["seconds"] for line in log.values() if line["task"]["stage"] == stage})


def works_of(log: Log, stage: str, usual: Iterable[str] = ()) -> list[str]:
    """The problems of a stage, the usual ones first and in their order."""
    found = dict.fromkeys(line["task"]["work"] for line in log.values() if line["task"]["stage"] == stage)
    return [work for work in dict.fromkeys([*usual, *sorted(found)]) if work in found]
