"""Why a pickup is left out of a plan, the least change found that would admit it, and both in words.

The code comes from `hurdles`, or, where some vehicle could do it alone, from trying it in the plan (`insertion`).

The change is found by trying too. In each of the ways that cost least (`_TRIED` of them), and with a new charger,
another vehicle or another dock that takes it, the pickup is put into a route; whatever rule then breaks is relaxed
by as much as it is broken, until none is. The smallest change by the measure of `relaxations` is kept. So it is
true that it would do, and not sure that none smaller would.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from fleet.plan.hurdles import Hurdles
from fleet.plan.insertion import Insertion, Trial
from fleet.plan.look import Wish
from fleet.plan.problem import UNREACHABLE_MS, Omission, Problem, Relaxation, Route
from fleet.plan.relaxations import apply, is_node, new_vehicle, node_name, node_number, size
from fleet.plan.timetable import Breach, route_cost, schedule

_GAPS = 40
"""Gaps of each type that are looked at for a change: those that should cost least."""
_GAPS_DEAR = 8
"""Gaps of each type that are looked at to see whether a pickup is only too dear."""
_TRIED_DEAR = 20
"""Ways that are tried to see whether a pickup is only too dear."""
_MENDED = 200
"""Pickups for which a change is looked for."""
_TRIED = 8
"""Ways that are mended for a pickup, of the cheapest ones; as many again of those that are not hopeless."""
_TRIED_NEW = 4
"""The same, with something new."""
_SITES = 2
"""Docks that are tried for a charger, for acceptance, and for one more vehicle: the nearest ones."""
_STEPS = 16
"""Changes that are made to one way before it is given up."""
_SLACK = 1e-6
"""Kilograms, litres and watt-hours that a change is larger than it must be, so that rounding does not matter."""

_Change = tuple[Relaxation, ...]


def reasons_for(
    problem: Problem, plan_routes: Iterable[Route], indices: Iterable[int], *, relax: bool = True
) -> tuple[Omission, ...]:
    """`reasons` where there are only routes. They are legal; vehicles without one are idle."""
    routes = {route.vehicle: route for route in plan_routes}
    every = [routes.get(v, Route(v, ())) for v in range(len(problem.vehicles))]
    return reasons(Insertion(problem, every), indices, relax=relax)


def reasons(
    insertion: Insertion,
    indices: Iterable[int],
    *,
    relax: bool = True,
    is_over: Callable[[], bool] = lambda: False,
) -> tuple[Omission, ...]:
    """The reason for each pickup of `indices` not to be on the routes, with the least change found if `relax`.

    Whether a pickup is too dear is looked for among the first `_TRIED_DEAR` ways to take it in; the rest are taken
    to be busy. What could be taken in as it is, so that the plan is not finished, gets no change. Changes are
    looked for for the `_MENDED` dearest ones, and no more are once `is_over` says so; then nobody is too dear.
    """
    indices = tuple(indices)
    hurdles, mender = Hurdles(insertion.problem), _Mender(insertion) if relax else None
    dearest = sorted(indices, key=lambda i: (-insertion.problem.pickups[i].penalty, i))
    told = {}
    for place, index in enumerate(dearest):
        if is_over():
            told[index] = _in_haste(hurdles, index)
        else:
            told[index] = _reason(insertion, hurdles, mender if place < _MENDED else None, index)
    return tuple(told[index] for index in indices)


def _in_haste(hurdles: Hurdles, index: int) -> Omission:
    hurdle = hurdles.reason(index)
    if hurdle is None:
        return Omission(index, "fleet-busy", 1.0, 0.0)
    (code, need, limit), vehicle = hurdle
    return Omission(index, code, need, limit, vehicle)


def _reason(insertion: Insertion, hurdles: Hurdles, mender: _Mender | None, index: int) -> Omission:
    hurdle = hurdles.reason(index)
    if hurdle is not None:
        (code, need, limit), vehicle = hurdle
        bare = Omission(index, code, need, limit, vehicle)
    else:
        place = insertion.cheapest(index, Wish(most_gaps=_GAPS_DEAR), most=_TRIED_DEAR)
        penalty = insertion.problem.pickups[index].penalty
        if place is not None and place.extra_cost < penalty:
            return Omission(index, "fleet-busy", 1.0, 0.0, place.route.vehicle)
        if place is not None:
            bare = Omission(index, "too-dear", float(place.extra_cost), float(penalty), place.route.vehicle)
        else:
            bare = Omission(index, "fleet-busy", 1.0, 0.0)
    return bare if mender is None else mender.mended(bare)


class _Mender:
    """Finds changes that admit pickups to routes."""

    def __init__(self, insertion: Insertion) -> None:
        self.insertion, self.problem = insertion, insertion.problem
        self._changed: dict[tuple[_Change, str], Insertion] = {}

    def mended(self, bare: Omission) -> Omission:
        """`bare` with the smallest change found."""
        best: tuple[float, Omission] | None = None
        for first in self._beginnings(bare):
            if best is not None and size(self.problem, bare.pickup, first) >= best[0]:
                continue
            insertion = self._with(first, bare.pickup)
            for trial in _worth_trying(insertion, bare.pickup, first):
                below = best[0] if best else math.inf
                if self._at_least(trial, bare.pickup, first) >= below:
                    continue
                done = self._mend(insertion, trial, bare.pickup, first, below)
                if done is None:
                    continue
                how_large = size(insertion.problem, bare.pickup, done)
                if best is None or how_large < best[0] - 1e-9:
                    vehicle = trial.vehicle if trial.vehicle < len(self.problem.vehicles) else -1
                    who = vehicle if bare.code == "fleet-busy" else bare.vehicle
                    best = how_large, replace(bare, vehicle=who, relaxations=done)
        return bare if best is None else best[1]

    def _with(self, first: _Change, index: int) -> Insertion:
        """The routes after a first change; the same for all pickups of a material."""
        if not first:
            return self.insertion
        key = first, self.problem.pickups[index].material
        if key not in self._changed:
            problem = self.problem
            for relaxation in first:
                problem = apply(problem, index, relaxation)
            if first[-1].where == node_name(self.problem, self.problem.pickups[index].node):
                return self.insertion.moved(problem)  # nobody else will ask
            self._changed[key] = self.insertion.moved(problem)
        return self._changed[key]

    def _at_least(self, trial: Trial, index: int, first: _Change) -> float:
        """How large the change for a trial must be, if it saves no lateness."""
        short = trial.more + 1 - self.problem.pickups[index].penalty
        dearer = [Relaxation("penalty", float(short), "cost", "")] if short > 0 else []
        return size(self.problem, index, [*first, *dearer])

    def _beginnings(self, bare: Omission) -> Iterator[_Change]:
        """What to start from: nothing, a new charger, a dock that takes it, one more vehicle."""
        problem, pickup = self.problem, self.problem.pickups[bare.pickup]
        near = self._nearest(bare.pickup)
        taken = any(pickup.material in dock.accepts for dock in problem.docks)
        takers: list[_Change] = (
            [()]
            if taken
            else [(Relaxation("accepts", 1.0, "", problem.docks[dock].id),) for dock, _ in near[:_SITES]]
        )
        yield from takers
        if any(type_.battery_wh < math.inf for type_ in problem.types):
            bare_docks = [(problem.docks[dock].id, ms) for dock, ms in near if problem.docks[dock].charger is None]
            for where, ms in [*bare_docks[:_SITES], (node_name(problem, pickup.node), 0)]:
                for first in takers[:1]:
                    yield (*first, Relaxation("charger", float(ms), "ms", where))
        for type_, (dock, _) in itertools.product(problem.types, near[:1]):
            node = node_name(problem, problem.docks[dock].node)
            for first in takers[:1]:
                yield (*first, Relaxation("vehicle", 1.0, type_.name, node))

    def _nearest(self, index: int) -> list[tuple[int, int]]:
        """Docks and the time from the pickup to them, the soonest first, of those that some type can come to."""
        docks = np.array([dock.node for dock in self.problem.docks], dtype=np.int64)
        here = np.array([self.problem.pickups[index].node], dtype=np.int64)
        if not len(docks) or not self.problem.ways:
            return []
        ms = np.min([ways.block(here, docks).travel_ms[0] for ways in self.problem.ways], axis=0)
        order = np.lexsort((np.arange(len(docks)), ms))
        return [(int(dock), int(ms[dock])) for dock in order if ms[dock] < UNREACHABLE_MS]

    def _mend(
        self, insertion: Insertion, trial: Trial, index: int, first: _Change, below: float
    ) -> _Change | None:
        """`first` and what else it takes to make `trial` legal and worth its cost; None if that cannot be done, or
        only by a change of size `below` or more."""
        problem, change = insertion.problem, first
        vehicle = problem.vehicles[trial.vehicle]
        calendar = insertion.calendar(trial.vehicle)
        for _ in range(_STEPS):
            legs = insertion.legs.of(problem)
            result = schedule(problem, trial.vehicle, trial.visits, calendar.copy(problem), legs=legs)
            if isinstance(result, Route):
                more = route_cost(problem, result, legs) - insertion.cost(trial.vehicle)
                short = more + 1 - problem.pickups[index].penalty
                dearer = Relaxation("penalty", float(short), "cost", problem.pickups[index].id)
                return _joined(change, dearer) if short > 0 else change
            relaxation = _against(problem, vehicle.id, trial, index, result)
            if relaxation is None or (relaxation.kind in _ONCE and relaxation in change):
                return None
            change = _joined(change, relaxation)
            if size(insertion.problem, index, change) >= below:
                return None
            problem = apply(problem, index, relaxation)
        return None


_ONCE = ("certificate", "accepts")


def _worth_trying(insertion: Insertion, index: int, first: _Change) -> list[Trial]:
    """The cheapest ways; where something is new, those that use it."""
    vehicles, via, most = None, None, _TRIED
    if first and first[-1].kind == "charger":
        via, most = _sites(insertion.problem, first[-1].where), _TRIED_NEW
    elif first and first[-1].kind == "vehicle":
        vehicles, most = np.arange(len(insertion.routes)) == len(insertion.routes) - 1, _TRIED_NEW
    ways: list[Trial] = []
    for strict in (True, False):
        wish = Wish(vehicles=vehicles, via=via, most_gaps=_GAPS, strict=strict)
        ways += itertools.islice(insertion.trials(index, wish), most)
    return list(dict.fromkeys(ways))


def _sites(problem: Problem, where: str) -> tuple[int, ...]:
    """The dock of a new charger; one that the charger itself has made is the last."""
    if is_node(problem, where):
        return (len(problem.docks) - 1,)
    return tuple(i for i, dock in enumerate(problem.docks) if dock.id == where)


def _against(problem: Problem, vehicle: str, trial: Trial, index: int, breach: Breach) -> Relaxation | None:
    """What would heal a breach; None if nothing does, or only at the expense of others."""
    lack = breach.need - breach.limit
    at = min(breach.position, len(trial.visits) - 1)
    kind, place = trial.visits[at]
    pickup = problem.pickups[index]
    dock = problem.docks[place].id if kind == "dock" else ""
    if breach.rule in ("mass", "volume", "battery"):
        name, unit = {"mass": ("payload", "kg"), "volume": ("volume", "l"), "battery": ("battery", "Wh")}[
            breach.rule
        ]
        return Relaxation(name, lack + _SLACK, unit, vehicle) if 0 < lack < math.inf else None
    if breach.rule in ("certificate", "trips"):
        return Relaxation(breach.rule, 1.0 if breach.rule == "certificate" else lack, "", vehicle)
    if breach.rule in ("accepts", "finish") and dock and pickup.material not in problem.docks[place].accepts:
        return Relaxation("accepts", 1.0, "", dock)
    if breach.rule == "window" and (kind, place) == ("pickup", index):
        return Relaxation("window", lack, "ms", pickup.id)
    if breach.rule == "hours":
        return Relaxation("hours", lack, "ms", dock) if lack > 0 else None
    if breach.rule == "until":
        return Relaxation("until", lack, "ms", vehicle)
    return None


def _joined(change: Sequence[Relaxation], more: Relaxation) -> _Change:
    """`change` with one more step, added to a step of the same kind at the same place."""
    for at, old in enumerate(change):
        if (old.kind, old.where) == (more.kind, more.where):
            both = Relaxation(old.kind, old.amount + more.amount, old.unit, old.where)
            return (*change[:at], both, *change[at + 1 :])
    return (*change, more)


# --------------------------------------------------------------------------------------------------------- words


def words(problem: Problem, omission: Omission) -> str:
    """One or two sentences for people: what bars the pickup, and what would admit it."""
    pickup = problem.pickups[omission.pickup]
    who = problem.vehicles[omission.vehicle].id if omission.vehicle >= 0 else "no vehicle"
    text = f"{pickup.id}: {_why(problem, omission, who)}"
    if not omission.relaxations and omission.code == "fleet-busy" and omission.vehicle >= 0:
        return f"{pickup.id}: {who} has room and time for it as the plan stands"
    if not omission.relaxations:
        return f"{text}; no change is known that would admit it"
    changes = " and ".join(_how(problem, omission, relaxation) for relaxation in omission.relaxations)
    return f"{text}; {changes} would do"


def _why(problem: Problem, omission: Omission, who: str) -> str:
    need, limit, pickup = omission.need, omission.limit, problem.pickups[omission.pickup]
    late = _span(need - limit)
    if omission.code == "battery":
        start = f"node {problem.vehicles[omission.vehicle].node}"
        start = next((d.id for d in problem.docks if f"node {d.node}" == start), start)
        share = f"{100 * (need - limit) / max(limit, _SLACK):.0f} % " if limit > 0 else ""
        return f"the battery of {who} is {share}short from {start} (it takes {need:.4g} Wh of {limit:.4g})"
    return {
        "too-heavy": f"{need:.4g} kg are more than the {limit:.4g} kg that {who} carries",
        "too-voluminous": f"{need:.4g} l are more than the {limit:.4g} l that {who} carries",
        "not-certified": f"{who} has {limit:.0f} of the {need:.0f} certificates it needs",
        "not-accepted": f"no dock takes {pickup.material}",
        "no-legal-path": f"there is no way for {who} to it and on",
        "window": f"{who} cannot be done before {late} after the window closes",
        "closed": f"{who} comes {late} too late for every dock that takes {pickup.material}",
        "shift": f"{who} would be back {late} too late",
        "fleet-busy": "as the plan stands nobody has room or time for it"
        if problem.vehicles
        else "nobody is there",
        "too-dear": f"it would cost {need:.0f}, and its penalty is {limit:.0f}",
    }[omission.code]


def _how(problem: Problem, omission: Omission, relaxation: Relaxation) -> str:
    amount, unit, where = relaxation.amount, relaxation.unit, relaxation.where
    pickup = problem.pickups[omission.pickup]
    where = "it" if where == new_vehicle(problem) else where
    if relaxation.kind == "charger":
        itself = is_node(problem, where) and node_number(where) == pickup.node
        return f"a charger at {'the place itself' if itself else where}" + (
            f", {_span(amount)} from it," if amount > 0 else ""
        )
    return {
        "payload": f"{amount:.4g} kg more for {where} to carry",
        "volume": f"{amount:.4g} l more room in {where}",
        "battery": f"a battery {amount:.4g} {unit} larger for {where}",
        "certificate": f"certificates for {where}",
        "trips": f"{amount:.0f} more trip for {where}",
        "accepts": f"{pickup.material} taken at {where}",
        "window": f"a window {_span(amount)} longer",
        "hours": f"{where} open {_span(amount)} longer",
        "until": f"a shift {_span(amount)} longer for {where}",
        "vehicle": f"one more {unit} at {where}",
        "penalty": f"a penalty {amount:.0f} higher",
    }[relaxation.kind]


def _span(ms: float) -> str:
    """A length of time for people.

    >>> _span(900), _span(61_000), _span(7_500_000)
    ('1 s', '61 s', '125 min')
    """
    seconds = math.ceil(ms / 1000)
    return f"{seconds} s" if seconds < 300 else f"{math.ceil(seconds / 60)} min"
