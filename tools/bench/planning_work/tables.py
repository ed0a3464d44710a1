"""The tables of docs/planning.md, from the log: what was aimed at, what was measured, how far runs lie apart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from planning_work.figures import (
    Cost,
    Log,
    Ratio,
    best_m1,
    broken,
    cost,
    geometric,
    is_legal,
    over_works,
    overall,
    ratio,
    runs,
    seconds_of,
    values,
    with_better_model,
    works_of,
)
from planning_work.tasks import ALONE, DRONE_WORKS, FIELD, LONG

NOTHING = "—"


def page_tables(log: Log) -> dict[str, str]:
    """Each table by the name of its mark in the page."""
    log = with_better_model(log)
    made: dict[str, tuple[Sequence[str], Iterable[Sequence[str]]]] = {
        "summary": (("work", "aim", "measured", "over seeds", ""), summary(log)),
        "field": (("instance", "s", "ours", "ours / PyVRP", "over seeds", "VROOM / PyVRP"), field(log)),
        "drones": (
            (
                "problem",
                "s",
                "ours",
                "served",
                "ours / rival",
                "over seeds",
                "M3 / best M1",
                "used s",
                "violations",
            ),
            drones(log),
        ),
        "scale": (
            (
                "who",
                "cost",
                "ours / theirs",
                "over seeds",
                "seconds used",
                "complete after s",
                "peak MB",
                "routes",
            ),
            scale(log),
        ),
        "changes": (("what", "measured", "over seeds"), changed(log)),
        "engines": (
            ("problem", "OR-Tools / engine", "over seeds", "then OR-Tools / engine", "over seeds"),
            engines(log),
        ),
    }
    tables = {name: table(head, rows) for name, (head, rows) in made.items()}
    return {**tables, "noise": noise(log)}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown."""
    lines: list[Sequence[str]] = [head, ["---"] * len(head), *rows]
    return (
        "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
        .replace("| --- ", "|---")
        .replace("|--- |", "|---|")
    )


def noise(log: Log) -> str:
    """How busy the machine was, and how many runs there are."""
    loads = [load for line in log.values() for load in line["load"]]
    if not loads:
        return "Nothing is measured yet."
    failed = sum("failed" in line["result"] for line in log.values())
    return (
        f"{len(log):,} runs, {failed} without an answer in time; load of the machine before and after them "
        f"{min(loads):.1f} to {max(loads):.1f}, {sum(loads) / len(loads):.1f} in the mean."
    )


# ------------------------------------------------------------------------------------------------ summary


def summary(log: Log) -> Iterator[list[str]]:
    """A row for each aim."""
    for stage, usual, aim, worst in (("field", FIELD, 0.992, 1.01), ("field-long", LONG, 0.997, math.inf)):
        for seconds in seconds_of(log, stage):
            works = works_of(log, stage, usual)
            name = f"{len(works)} instances of the field, {seconds:g} s"
            yield from _against_pyvrp(log, name, works, stage, (seconds, aim, worst))
    works = [work for work in works_of(log, "drones", DRONE_WORKS) if work.startswith("M1")]
    for seconds in seconds_of(log, "drones"):
        aim = 0.92 if seconds <= 10.0 else 0.97
        sizes = ", ".join(f"{_size(work):,}" for work in works)
        yield from _against_pyvrp(
            log, f"drones M1, n = {sizes}, {seconds:g} s", works, "drones", (seconds, aim, aim)
        )
    yield from _m3(log)
    yield from _scale_aims(log)
    yield from _change_aims(log)


def _size(work: str) -> int:
    return int(work.partition("-")[2])


def _against_pyvrp(
    log: Log, name: str, works: Sequence[str], stage: str, terms: tuple[float, float, float]
) -> Iterator[list[str]]:
    seconds, aim, worst_aim = terms
    wanted = {"stage": stage, "seconds": seconds}
    each = over_works(log, works, "fleet", "pyvrp", **wanted)
    mean = overall(log, works, "fleet", "pyvrp", **wanted)
    refused = sum(cost(log, work=work, who="fleet", **wanted).refused for work in works)
    limit = "" if math.isinf(worst_aim) else f", none above {worst_aim:g}"
    aims = [name, f"at most {aim:g} x PyVRP{limit}"]
    if mean is None:
        yield from _none_legal(aims, refused)
        return
    worst = max(each, key=lambda work: each[work].mean)
    said = f"{mean}; worst {each[worst]} ({worst})"
    word = verdict([(mean.mean, aim), (each[worst].mean, worst_aim)], len(each) == len(works))
    yield [*aims, said, mean.spread, _all_legal(word, refused)]


def verdict(pairs: Iterable[tuple[float, float]], is_whole: bool = True) -> str:
    """Met if every figure is at most its aim; else by how much the worst of them exceeds it."""
    over = max((figure / aim - 1.0 for figure, aim in pairs), default=math.inf)
    word = "met" if over <= 0.0 else f"missed by {max(over, 0.001):.1%}"
    return word if is_whole else f"{word}, not all measured"


def _all_legal(word: str, refused: int) -> str:
    """The word where all of our plans count; where some do not no aim is met."""
    return f"missed: {refused} of our plans not legal" if refused else word


def _none_legal(aims: list[str], refused: int) -> Iterator[list[str]]:
    """The row of an aim for which there is no figure, if that is because none of our plans counts."""
    if refused:
        yield [*aims, NOTHING, "", _all_legal("", refused)]


def _m3(log: Log) -> Iterator[list[str]]:
    works = [work for work in works_of(log, "drones", DRONE_WORKS) if work.startswith("M3")]
    found = [result for work in works for _, result in runs(log, stage="drones", work=work, who="fleet")]
    if not found:
        return
    violations = sum(map(broken, found))
    said = f"{violations} in {len(found)} plans"
    yield ["drones M3, both referees", "no violations", said, "", "missed" if violations else "met"]
    seconds = seconds_of(log, "drones")[0]
    own = {work: cost(log, stage="drones", work=work, who="fleet", seconds=seconds) for work in works}
    over_m1 = {
        w: _over(one, best_m1(log, _size(w)))
        for w, one in own.items()
        if one.by_seed and best_m1(log, _size(w)) < math.inf
    }
    over_model = {work: one for work in works if (one := _beside_model(log, work)) is not None}
    rivals = (1.10, "the best M1 cost known", over_m1), (0.75, "OR-Tools in one model", over_model)
    refused = sum(one.refused for one in own.values())
    for aim, what, each in rivals:
        aims = [f"drones M3, {seconds:g} s", f"at most {aim:.2f} x {what}"]
        if not each:
            yield from _none_legal(aims, refused)
        else:
            said = ", ".join(f"{one} (n = {_size(work):,})" for work, one in each.items())
            spread = ", ".join(one.spread for one in each.values())
            word = verdict([(one.mean, aim) for one in each.values()], len(each) == len(works))
            yield [*aims, said, spread, _all_legal(word, refused)]


def _over(own: Cost, base: float) -> Ratio:
    return Ratio(own.mean / base, min(own.by_seed.values()) / base, max(own.by_seed.values()) / base)


def _beside_model(log: Log, work: str) -> Ratio | None:
    """Ours in the least time over one OR-Tools model in the same, or in more where it serves nobody in that."""
    least, *more = seconds_of(log, "drones")
    own = cost(log, stage="drones", work=work, who="fleet", seconds=least)
    for seconds in (least, *more):
        found = [r for _, r in runs(log, stage="drones", work=work, who="ortools", seconds=seconds) if is_legal(r)]
        if own.by_seed and found and found[0]["served"]:
            return _over(own, float(found[0]["cost"]))
    return None


def _scale_aims(log: Log) -> Iterator[list[str]]:
    for work in works_of(log, "scale"):
        for seconds in seconds_of(log, "scale"):
            yield from _scale_aim(log, {"stage": "scale", "work": work, "seconds": seconds})


def _scale_aim(log: Log, wanted: dict[str, Any]) -> Iterator[list[str]]:
    name = f"{_size(wanted['work']):,} pickups, {wanted['seconds']:g} s"
    own = cost(log, who="fleet", **wanted)
    for who, form, aim in (("pyvrp-bases", "run per base", 0.95), ("pyvrp", "run whole", 0.45)):
        one = ratio(own, cost(log, who=who, **wanted))
        aims = [name, f"at most {aim} x PyVRP {form}"]
        if one is None:
            yield from _none_legal(aims, 0 if own.by_seed else own.refused)
        else:
            word = _all_legal(verdict([(one.mean, aim)]), own.refused)
            yield [*aims, str(one), one.spread, word]
    found = list(runs(log, who="fleet", **wanted))
    for key, aim, unit, what in (("peak_mb", 1024.0, "MB", "memory of the process"),
                                 ("complete_s", 5.0, "s", "first complete plan")):  # fmt: skip
        told = values(found, key)
        if told:
            cells = [f"at most {aim:,.0f} {unit}", f"{max(told):,.1f} {unit}", _span(told, ",.1f")]
            absent = len(found) - len(told)
            word = f"missed: {absent} of {len(found)} runs have none" if absent else verdict([(max(told), aim)])
            yield [f"{name}: {what}", *cells, word]


def _change_aims(log: Log) -> Iterator[list[str]]:
    found = [result for _, result in runs(log, stage="changes")]
    if not found:
        return
    p99 = [result["insert_ms"]["p99"] for result in found]
    cells = ["under 50 ms", f"{max(p99):.1f} ms", _span(p99, ".1f"), verdict([(max(p99), 50.0)])]
    yield [f"insertion into a running plan ({', '.join(works_of(log, 'changes'))}), p99", *cells]
    lost = [one for result in found for one in result["lost"]]
    for what, each in (("a drone lost", lost), ("a zone closed", [result["closed"] for result in found])):
        took = [one["at_once_s"] for one in each]
        cells = ["under 1 s", f"{max(took):.2f} s", _span(took, ".2f"), verdict([(max(took), 1.0)])]
        yield [f"{what}: repair", *cells]
        over = [one["at_once_cost"] / one["anew_cost"] for one in each]
        mean = geometric(over)
        cells = ["at most 1.02 x planning anew", f"{mean:.3f}", _span(over, ".3f"), verdict([(mean, 1.02)])]
        yield [f"{what}: cost", *cells]


def _span(values_: Sequence[float], form: str) -> str:
    return f"{min(values_):{form}}..{max(values_):{form}}" if values_ else NOTHING


def _mean(found: Cost) -> str:
    """The mean cost of the plans that count, and how many do not."""
    refused = f" ({found.refused} not legal)" if found.refused else ""
    return f"{found.mean:,.0f}{refused}" if found.by_seed else f"{NOTHING}{refused}"


# ------------------------------------------------------------------------------------------ the long tables


def field(log: Log) -> Iterator[list[str]]:
    """Instances one by one, and all of them."""
    for stage, usual in (("field", FIELD), ("field-long", LONG)):
        for seconds in seconds_of(log, stage):
            works = works_of(log, stage, usual)
            wanted: dict[str, Any] = {"stage": stage, "seconds": seconds}
            for work in works:
                own, theirs = (cost(log, work=work, who=who, **wanted) for who in ("fleet", "pyvrp"))
                one = ratio(own, theirs)
                cells = [str(one or NOTHING), one.spread if one else "", _vroom(log, theirs, work=work, **wanted)]
                yield [work, f"{seconds:g}", _mean(own), *cells]
            whole = overall(log, works, "fleet", "pyvrp", **wanted)
            if whole is not None:
                yield ["**all**", f"{seconds:g}", "", f"**{whole}**", whole.spread, ""]


def _vroom(log: Log, theirs: Cost, **wanted: Any) -> str:
    found = list(runs(log, who="vroom", **wanted))
    if any("failed" in result for _, result in found):
        return "no answer"
    return str(ratio(cost(log, who="vroom", **wanted), theirs) or NOTHING)


def drones(log: Log) -> Iterator[list[str]]:
    """Drone problems one by one: M1 beside PyVRP, M3 beside OR-Tools in one model."""
    for level, rival in (("M1", "pyvrp"), ("M3", "ortools")):
        for work in works_of(log, "drones", DRONE_WORKS):
            for seconds in seconds_of(log, "drones") if work.startswith(level) else []:
                wanted: dict[str, Any] = {"stage": "drones", "work": work, "seconds": seconds}
                own = cost(log, who="fleet", **wanted)
                found = list(runs(log, who="fleet", **wanted))
                if not found:
                    continue
                beside = list(runs(log, who=rival, **wanted))
                is_nothing = any(not result.get("served") for _, result in beside)
                one = None if is_nothing else ratio(own, cost(log, who=rival, **wanted))
                said = "it serves nobody" if is_nothing else NOTHING
                best = best_m1(log, _size(work))
                price = f"{own.mean / best:.3f}" if own.by_seed and level == "M3" and best < math.inf else ""
                served = values(found, "served")
                spent = [values(who, "spent_s") for who in (found, beside) if who]
                used = " / ".join(f"{max(each):.1f}" if each else NOTHING for each in spent)
                violations = sum(broken(result) for _, result in found)
                yield [f"{level}, n = {_size(work):,}", f"{seconds:g}", _mean(own), _span(served, ".0f"),
                       str(one or said), one.spread if one else "", price, used, str(violations)]  # fmt: skip


def scale(log: Log) -> Iterator[list[str]]:
    """Who plans 10,000 pickups how well, with what."""
    for work in works_of(log, "scale"):
        yield from _scale_rows(log, {"stage": "scale", "work": work})


def _scale_rows(log: Log, wanted: dict[str, Any]) -> Iterator[list[str]]:
    own = cost(log, who="fleet", **wanted)
    for who, name in (("fleet", "ours"), ("pyvrp-bases", "PyVRP, a problem for each base"),
                      ("pyvrp", "PyVRP, whole")):  # fmt: skip
        found = [(seed, result) for seed, result in runs(log, who=who, **wanted) if "failed" not in result]
        if not found:
            continue
        theirs = cost(log, who=who, **wanted)
        one = ratio(own, theirs) if who != "fleet" else None
        complete = values(found, "complete_s")
        yield [name, _mean(theirs), str(one or ""), one.spread if one else "",
               _span(values(found, "spent_s"), ".0f"), _span(complete, ".1f") if complete else "",
               _span(values(found, "peak_mb"), ",.0f"), _span(values(found, "used"), ".0f")]  # fmt: skip


def changed(log: Log) -> Iterator[list[str]]:
    """What changes take."""
    found = [result for _, result in runs(log, stage="changes")]
    if not found:
        return
    for kind, name in (("insert_ms", "of work"), ("insert_wall_ms", "on the wall")):
        for quantile in ("p50", "p99", "max"):
            told = [result[kind][quantile] for result in found]
            yield [f"insertion, ms {name}, {quantile}", f"{sum(told) / len(told):.1f}", _span(told, ".1f")]
    placed = [result["placed"] / result["urgent"] for result in found]
    yield ["share of urgent pickups that found a place", f"{sum(placed) / len(placed):.2f}", _span(placed, ".2f")]
    lost = [one for result in found for one in result["lost"]]
    for what, each in (("a drone lost", lost), ("a zone closed", [result["closed"] for result in found])):
        for name, how in (("at_once", "repaired without search"), ("repaired", "repaired with search")):
            took = [one[f"{name}_s"] for one in each]
            over = [one[f"{name}_cost"] / one["anew_cost"] for one in each]
            yield [f"{what}, {how}: s", f"{sum(took) / len(took):.2f}", _span(took, ".2f")]
            yield [f"{what}, {how}: cost over planning anew", f"{geometric(over):.3f}", _span(over, ".3f")]
    yield ["violations in all these plans", str(sum(result["violations"] for result in found)), ""]


def engines(log: Log) -> Iterator[list[str]]:
    """OR-Tools alone, and after the engine, over the engine alone."""
    for work in works_of(log, "engines", ALONE):
        alone, then = (
            over_works(log, [work], who, "fleet-compiled", stage="engines").get(work)
            for who in ("fleet-ortools", "fleet-then")
        )
        if alone or then:
            cells = [(str(one), one.spread) if one else (NOTHING, "") for one in (alone, then)]
            yield [work, *cells[0], *cells[1]]
