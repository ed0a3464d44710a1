"""The results of a study as a table: each measure over the seeds, and against the first label seed by seed.

Points with the same seed have the same demand. So differences are taken within a seed (paired), and only then
looked at over the seeds: what chance does to both sides falls out.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from fleet.study.model import Measure, Point, Result, Study


@dataclass(frozen=True, slots=True)
class Spread:
    """Numbers over seeds: `values` in the order of the seeds that have one."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    @property
    def mean(self) -> float:
        """The arithmetic mean."""
        return statistics.fmean(self.values)

    @property
    def least(self) -> float:
        """The smallest."""
        return min(self.values)

    @property
    def most(self) -> float:
        """The largest."""
        return max(self.values)

    def as_json(self) -> dict[str, object]:
        """All of it."""
        return {
            "median": self.median,
            "mean": self.mean,
            "min": self.least,
            "max": self.most,
            "values": self.values,
        }


@dataclass(frozen=True, slots=True)
class Versus:
    """A label against the first one, over the seeds that both have; None where there is no such seed.

    `ratio` leaves out seeds at which the first label has 0, or next to it.
    """

    difference: Spread | None
    ratio: Spread | None


@dataclass(frozen=True, slots=True)
class Row:
    """One measure: by label its spread (None where no seed has a value), and the others against the first."""

    measure: Measure
    spreads: Mapping[str, Spread | None]
    versus: Mapping[str, Versus]
    family: Measure | None = None
    """The pattern that the measure was found by, if it was, and what the pattern's `*` is here."""
    member: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A study's results. `missing` points have no findings: why, or "not run yet".

    `absent` measures were asked for, and no point has a value of them.
    """

    study: Study
    rows: tuple[Row, ...]
    missing: tuple[tuple[Point, str], ...]
    absent: tuple[Measure, ...]

    def as_json(self) -> dict[str, object]:
        """All of it as plain values."""
        return {
            "name": self.study.name,
            "version": self.study.version,
            "labels": self.study.labels,
            "seeds": self.study.seeds,
            "measures": [_row_json(row) for row in self.rows],
            "missing": [{"label": p.label, "seed": p.seed, "why": why} for p, why in self.missing],
        }


def _row_json(row: Row) -> dict[str, object]:
    versus = {
        label: {"difference": _json(v.difference), "ratio": _json(v.ratio)} for label, v in row.versus.items()
    }
    spreads = {label: _json(spread) for label, spread in row.spreads.items()}
    return {"name": row.measure.name, "title": row.measure.title, "by_label": spreads, "versus_first": versus}


def _json(spread: Spread | None) -> dict[str, object] | None:
    return None if spread is None else spread.as_json()


def table_of(study: Study, results: Mapping[Point, Result], wanted: Sequence[Measure] = ()) -> Table:
    """The table of these measures; without any, of the study's own.

    A measure may be a pattern ("districts.*.wait_min"), and then its title may have a `*`, too. One that no point
    has is no row.
    """
    missing = tuple(
        (point, results[point].error if point in results else "not run yet")
        for point in study.points
        if point not in results or not results[point].done
    )
    names = dict.fromkeys(name for result in results.values() for name in result.findings)
    measures = wanted or study.measures
    found = (
        replace(row_of(study, results, measure), family=family, member=member)
        for measure, family, member in _each_by_name(measures, list(names))
    )
    rows = tuple(row for row in found if any(row.spreads.values()))
    shown = [row.measure.name for row in rows]
    absent = tuple(m for m in measures if not any(fnmatchcase(name, m.name) for name in shown))
    return Table(study, rows, missing, absent)


_Found = tuple[Measure, Measure | None, str]


def _each_by_name(measures: Sequence[Measure], names: Sequence[str]) -> tuple[_Found, ...]:
    """The measures with every pattern replaced by the names that it fits, in their order, each name once."""
    found: dict[str, _Found] = {}
    for measure in measures:
        for name in names:
            if fnmatchcase(name, measure.name):
                found.setdefault(name, _found(name, measure))
    return tuple(found.values())


def _found(name: str, measure: Measure) -> _Found:
    """
    >>> _found("districts.market.wait_min", Measure("districts.*.wait_min", "waited in *, min"))[0].title
    'waited in market, min'
    """
    head, star, tail = measure.name.partition("*")
    if not star:
        return measure, None, ""
    member = name[len(head) : len(name) - len(tail)]
    return Measure(name, measure.title.replace("*", member)), measure, member


def row_of(study: Study, results: Mapping[Point, Result], measure: Measure) -> Row:
    """One measure over all labels and seeds."""
    values: dict[str, dict[int, float]] = {label: {} for label in study.labels}
    for point in study.points:
        result = results.get(point)
        value = None if result is None else result.findings.get(measure.name)
        if isinstance(value, (int, float)):
            values[point.label][point.seed] = float(value)
    first, *others = study.labels
    return Row(
        measure,
        {label: _spread(values[label].values()) for label in study.labels},
        {label: _versus(values[first], values[label]) for label in others},
    )


def _versus(first: Mapping[int, float], other: Mapping[int, float]) -> Versus:
    both = [seed for seed in first if seed in other]
    return Versus(
        _spread(other[seed] - first[seed] for seed in both),
        _spread(other[seed] / first[seed] for seed in both if first[seed]),
    )


def _spread(values: Iterable[float]) -> Spread | None:
    """What is too large for a number, such as a ratio to next to nothing, is left out."""
    listed = tuple(value for value in values if math.isfinite(value))
    return Spread(listed) if listed else None
