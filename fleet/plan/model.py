"""The OR-Tools routing model of record: it searches cells, proves routes that others found, and improves them.

Up to about 150 pickups. What the model says of a problem, in `search` and `improve`, and in `prove`:

| rule | search, improve | prove |
|---|---|---|
| ways, own costs and times by type, fixed cost, penalties | exact | exact |
| mass, volume, materials accepted, materials apart | exact (a millionth of a kg or l) | exact |
| certificates, windows, service, hours of docks, `until_ms`, `end_ms`, ends | exact | exact |
| committed visits | exact; who cannot go on from his does nothing more | exact |
| number of trips | exact, but that unloading nothing counts | exact |
| release | exact, but that a stop which only charges begins no trip | the same |
| soft lateness | linear in time, not by whole seconds | exact for the times the model finds |
| energy by load | conservative: a full load from a pickup on | exact (the loads of a given route are known) |
| charging: swap, full, partial | conservative: where a stop may charge it takes as long as from empty | exact |
| unload or not, where a loaded vehicle may do either | free | it unloads |
| pads, places at chargers | not said | not said |

What `search` returns is therefore legal by all but pads and places; whoever fixes its times may have to wait for
those. `improve` reckons with the loads of the routes it starts from, which is no bound: what it finds counts only
once it is proved. Where the routes it starts from have no time to charge from empty at every stop that can charge,
it refuses them, and so returns them as they are.

What OR-Tools itself does or does not do is told in `model_solver`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from fleet.plan.budget import Budget, Iterations
from fleet.plan.copies import choose_copies, choose_homes
from fleet.plan.finish import filled
from fleet.plan.legs import Legs, node_of
from fleet.plan.model_frame import RULES
from fleet.plan.model_layout import Layout, walk
from fleet.plan.model_solver import Model, Visits
from fleet.plan.model_stop import GUIDED_ITERATIONS, RUIN_ITERATIONS, Tries, is_late
from fleet.plan.parts import Part, thinned
from fleet.plan.problem import Problem, Visit
from fleet.plan.solver import MODEL_PICKUPS, Routes, Tell
from fleet.plan.timetable import timetable

_RUINS = 0.5
"""Share of a search's budget for ruin and recreate; the rest is for guided local search."""
_RUINS_BESIDE, _GUIDED_BESIDE = 0.2, 0.6
"""The same, and that of guided local search from nothing, where both are done."""
_TRIED = 20
"""How many of the best finds are proved before giving up."""
_FOR_PROOFS = 1.1
"""Of seconds, so many times the budget may be used up by proofs; the best find is proved in any case."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the model says of given routes.

    `cost` is None unless they are `accepted`. `refused` are vehicles whose routes are refused even alone, and
    `broken` names the rules without which they would be accepted, one for each ("several" where no one rule does);
    "twice" is a pickup on more than one stop. `not_said` are rules of the problem that the model does not know.
    """

    accepted: bool
    cost: int | None = None
    refused: tuple[int, ...] = ()
    broken: tuple[str, ...] = ()
    not_said: tuple[str, ...] = ()


# ------------------------------------------------------------------------------------------------- public


def solve_cell(
    problem: Problem,
    budget: Budget,
    seed: int = 0,
    start: Sequence[Sequence[Visit]] | None = None,
    on_progress: Tell | None = None,
) -> Routes:
    """A `Solver` (`fleet.plan.solver`) for up to about 150 pickups. The model draws no lots: `seed` does nothing.

    A legal start that serves anything is improved by guided local search, and that is all. Without one it begins
    with cheapest insertion, and searches from nothing by ruin and recreate; where trips are many or batteries are
    charged, and a pickup often goes in only with a stop, by guided local search too; the best of all is improved.
    Iterations are those of the compiled engine; a try of the model counts as many (`model_stop`), so that equal
    budgets are about equal work (within a factor of two). Of more pickups it sees what is on routes and what costs
    most to leave out. Where no budget is left the start comes back.
    """
    del seed
    begun: Visits = [list(v.committed) for v in problem.vehicles] if start is None else [list(r) for r in start]
    visits, done = (begun, 0) if is_late(budget) else _solved(problem, budget, begun)
    served = {i for row in visits for kind, i in row if kind == "pickup"}
    cost = _reckoned(problem, visits, served)
    if on_progress is not None:
        on_progress(done, cost, len(served))
    return Routes(tuple(tuple(row) for row in visits), done, cost)


def search(problem: Problem, budget: Budget, *, guided: bool = False) -> Visits:
    """Routes for every vehicle, by cheapest insertion and then ruin and recreate, or by the cheapest arcs and then
    guided local search; legal but for pads and places.

    With `Iterations`, that many perturbations are tried, and the answer is the same every time. Any other budget
    is asked after each of them; `Seconds` also end the descent before the first.
    """
    return _searched(problem, budget, guided=guided)[0]


def prove(problem: Problem, visits: Sequence[Sequence[Visit]]) -> Proof:
    """Whether the model accepts the visits of every vehicle, at what cost; if not, whom it refuses, and why.

    Vehicles are looked at one by one, in a model each: what they share is pads and places, of which it knows
    nothing.
    """
    silent = not_said(problem)
    served = [index for route in visits for kind, index in route if kind == "pickup"]
    if len(set(served)) < len(served):
        return Proof(False, None, (), ("twice",), silent)
    strays = [v for v, it in enumerate(problem.vehicles) if tuple(visits[v][: len(it.committed)]) != it.committed]
    if strays:
        return Proof(False, None, tuple(strays), ("committed",), silent)
    costs = [_alone(problem, v, route) for v, route in enumerate(visits)]
    refused = tuple(v for v, cost in enumerate(costs) if cost is None)
    if refused:
        return Proof(False, None, refused, _blame(problem, visits, refused), silent)
    left = set(range(len(problem.pickups))) - set(served)
    whole = sum(cost or 0 for cost in costs) + sum(problem.pickups[p].penalty for p in left)
    return Proof(True, whole, not_said=silent)


def can_go_on(problem: Problem, vehicle: int) -> bool:
    """Whether the model knows a legal route that begins with what the vehicle is committed to."""
    alone = replace(problem, vehicles=(problem.vehicles[vehicle],))
    pickups = tuple(i for kind, i in problem.vehicles[vehicle].committed if kind == "pickup")
    with Model(_search_layout(alone, pickups), prefixed=True) as model:
        return model.search(Iterations(0)) != []


def improve(problem: Problem, visits: Sequence[Sequence[Visit]], budget: Budget) -> Visits:
    """Routes that cost less than the given ones and are proved, or the given ones; by guided local search.

    The budget counts solutions and local optima.
    """
    return _improved(problem, visits, budget)[0]


def not_said(problem: Problem) -> tuple[str, ...]:
    """What binds in the problem, or may, and is unknown to the model."""
    fleet = len(problem.vehicles)
    return tuple(
        name
        for name, binds in (
            ("pads", any(dock.pads < fleet for dock in problem.docks)),
            ("places", any(d.charger is not None and d.charger.places < fleet for d in problem.docks)),
        )
        if binds
    )


# ------------------------------------------------------------------------------------------------ searches


def _solved(problem: Problem, budget: Budget, begun: Visits) -> tuple[Visits, int]:
    """See `solve_cell`; with how many iterations it took."""
    is_start = any(kind == "pickup" for row in begun for kind, _ in row) and timetable(problem, begun).legal
    visits = begun
    if not is_start:
        visits = filled(problem, begun, len(problem.pickups), lambda: is_late(budget))
    if len(problem.pickups) <= MODEL_PICKUPS:
        return _bettered(problem, budget, visits, is_start)
    everything = Part.of(problem, range(len(problem.pickups)), range(len(problem.vehicles)))
    part = thinned(everything, problem, visits, MODEL_PICKUPS)
    found, done = _bettered(part.problem(problem), budget, part.visits_in(visits), is_start)
    part.put_back(found, visits)
    return visits, done


def _bettered(problem: Problem, budget: Budget, visits: Visits, is_start: bool) -> tuple[Visits, int]:
    """`visits` after searches from nothing, where they are no start that was given, and from them."""
    done = 0
    if not is_start:
        visits, done = _from_nothing(problem, budget, visits)
    rest = Tries(budget.part(max(0.0, 1.0 - budget.share(done))), GUIDED_ITERATIONS)
    visits, tries = _improved(problem, visits, rest)
    return visits, done + GUIDED_ITERATIONS * tries


def _from_nothing(problem: Problem, budget: Budget, visits: Visits) -> tuple[Visits, int]:
    """The best of `visits` and of what is searched from nothing; and the iterations it took."""
    done = 0
    stops = bool(problem.vehicles and problem.pickups and problem.docks and choose_copies(problem))
    ways = [(_RUINS_BESIDE if stops else _RUINS, RUIN_ITERATIONS, False)]
    ways += [(_GUIDED_BESIDE, GUIDED_ITERATIONS, True)] if stops else []
    for share, each, guided in ways:
        other, tries = _searched(problem, Tries(budget.part(share), each), guided=guided)
        done += each * tries
        visits = other if _is_better(problem, other, visits) else visits
    return visits, done


def _searched(problem: Problem, budget: Budget, *, guided: bool = False) -> tuple[Visits, int]:
    """See `search`; with how many tries were made."""
    routes: Visits = [list(v.committed) for v in problem.vehicles]
    tries = 0
    able = [v for v, it in enumerate(problem.vehicles) if not it.committed or can_go_on(problem, v)]
    taken = {i for v, it in enumerate(problem.vehicles) if v not in able for k, i in it.committed if k == "pickup"}
    pickups = tuple(p for p in range(len(problem.pickups)) if p not in taken)
    if able and pickups and problem.docks and not is_late(budget):
        part = replace(problem, vehicles=tuple(problem.vehicles[v] for v in able))
        with Model(_search_layout(part, pickups), prefixed=True) as model:
            found = model.search(budget, guided=guided)
            tries = model.tries
        proved = next((f for f in _in_time(found, budget) if _cost(part, f) is not None), ())
        for v, route in zip(able, proved, strict=bool(proved)):
            routes[v] = route
    return [_tidy(problem, v, route) for v, route in enumerate(routes)], tries


def _is_better(problem: Problem, visits: Sequence[Sequence[Visit]], other: Visits) -> bool:
    """Whether the model accepts `visits` and they cost less than `other`, or `other` is refused."""
    mine, its = prove(problem, visits).cost, prove(problem, other).cost
    return mine is not None and (its is None or mine < its)


def _improved(problem: Problem, visits: Sequence[Sequence[Visit]], budget: Budget) -> tuple[Visits, int]:
    """See `improve`; with how many tries were made."""
    given: Visits = [list(route) for route in visits]
    if is_late(budget) or not (problem.vehicles and problem.pickups and problem.docks):
        return given, 0
    before = prove(problem, given)
    if before.cost is None:
        return given, 0
    walked = walk(problem, given)
    with Model(_warm_layout(walked.layout)) as model:
        model.fix([route[: len(it.committed)] for route, it in zip(walked.order, problem.vehicles, strict=True)])
        found = model.improve(walked.order, budget)
        tries = model.tries
    for better in _in_time(found, budget):
        if (after := prove(problem, better)).cost is not None and after.cost < before.cost:
            return better, tries
    return given, tries


def _in_time(found: Sequence[Visits], budget: Budget) -> Iterator[Visits]:
    """The best finds, for as long as there is time to prove them; the very best in any case."""
    for number, visits in enumerate(found[:_TRIED]):
        if number and is_late(budget, _FOR_PROOFS):
            return
        yield visits


# ------------------------------------------------------------------------------------------------ layouts


def _search_layout(problem: Problem, pickups: tuple[int, ...]) -> Layout:
    """The layout for a search: copies for committed stops first, then those that trips are likely to need."""
    committed = walk(problem, [v.committed for v in problem.vehicles], whole=False).layout.copies
    return Layout(problem, pickups, (*committed, *choose_copies(problem)), choose_homes(problem))


def _warm_layout(walked: Layout) -> Layout:
    """The layout to go on from given routes: their stops and some more, loads taken from them where known."""
    problem = walked.problem
    known = dict(zip(walked.pickups, walked.known_kg[walked.first_pickup :], strict=False))
    mean_kg = sum(known.values()) / len(known) if known else 0.0
    stops = [replace(c, charges="may") if c.charges == "must" else c for c in walked.copies]
    more = choose_copies(problem)
    loads = [0.0] * len(problem.vehicles) + [known.get(p, mean_kg) for p in range(len(problem.pickups))]
    loads += walked.known_kg[walked.first_copy :]
    loads += [0.0 if c.unloads else mean_kg for c in more]
    pickups = tuple(range(len(problem.pickups)))
    return Layout(problem, pickups, (*stops, *more), choose_homes(problem), tuple(loads))


def _alone(
    problem: Problem, vehicle: int, route: Sequence[Visit], relaxed: frozenset[str] = frozenset()
) -> int | None:
    """What the route of a vehicle costs; None where the model refuses."""
    alone = replace(problem, vehicles=(problem.vehicles[vehicle],))
    return _cost(alone, [route], relaxed) if route else 0


def _reckoned(problem: Problem, visits: Sequence[Sequence[Visit]], served: set[int]) -> int:
    """Fixed costs, legs and penalties."""
    legs = Legs(problem)
    cost = sum(p.penalty for i, p in enumerate(problem.pickups) if i not in served)
    for vehicle, row in zip(problem.vehicles, visits, strict=True):
        if row:
            nodes = [vehicle.node, *(node_of(problem, visit) for visit in row)]
            cost += problem.types[vehicle.type].fixed_cost
            cost += sum(leg[1] for leg in legs.along(vehicle.type, nodes))
    return cost


def _cost(
    problem: Problem, visits: Sequence[Sequence[Visit]], relaxed: frozenset[str] = frozenset()
) -> int | None:
    """Of the visited, without what is left out; None where the model refuses."""
    walked = walk(problem, visits)
    with Model(walked.layout, relaxed=relaxed) as model:
        return model.cost(walked.order)


def _tidy(problem: Problem, vehicle: int, route: list[Visit]) -> list[Visit]:
    """The route without stops at docks that it can do without at no cost."""
    alone = replace(problem, vehicles=(problem.vehicles[vehicle],))
    cost = _cost(alone, [route]) if any(kind == "dock" for kind, _ in route[:-1]) else None
    for at in range(len(route) - 2, len(problem.vehicles[vehicle].committed) - 1, -1):
        if (
            cost is not None
            and route[at][0] == "dock"
            and "dock" in (route[at - 1][0] if at else "dock", route[at + 1][0])
        ):
            fewer = route[:at] + route[at + 1 :]
            without = _cost(alone, [fewer])
            if without is not None and without <= cost:
                route, cost = fewer, without
    return route


def _blame(problem: Problem, visits: Sequence[Sequence[Visit]], refused: Sequence[int]) -> tuple[str, ...]:
    """Rules each of which, relaxed, makes the route of one of the refused accepted."""
    broken: set[str] = set()
    for vehicle in refused:
        rules = (r for r in RULES if _alone(problem, vehicle, visits[vehicle], frozenset((r,))) is not None)
        broken |= set(rules) or {"several"}
    return tuple(sorted(broken))
