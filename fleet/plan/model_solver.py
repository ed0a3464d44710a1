"""The door to OR-Tools: builds the routing model of a layout, searches it, and reads routes into it.

Facts of OR-Tools 9.15 that shape the code.

- Only `SolveWithIteratedLocalSearch` runs iterated local search; it takes no start, and there is no seed.
- Its ruin picks a visit at random until it finds one that is made. Where a solution collects nothing, it looks for
  ever, whatever the limits. So the search ends when that comes up.
- Its `solution_limit` counts perturbations that succeed. A monitor counts those that are tried, and stops the
  search by an exception, which the wrapper hands through; the best routes are kept as they are found. Any budget
  of work then ends, and repeats, without a time limit. The first descent is not counted; it ends by itself.
- The first solution of guided search goes through all routes where its rule of thumb fails, in a search within the
  search. No monitor is told of that, but limits are kept there, too. A limit by work is `FailuresLimit`. (One of
  our own, `CustomLimit`, is asked a million times a second, and costs guided search a third of its speed.) The
  time limit is by the wall, and holds everywhere; other clocks are looked at whenever a solution is found.
- Where no solution is found in a small model, CP-SAT is asked, without limit; it knows nothing of constraints that
  are not of dimensions. That is off.
- Large neighbourhoods have a time limit of their own (`lns_time_limit`) and do not repeat; they are off.
- `SetAllowedVehiclesForIndex` fails from Python; `VehicleVar` does the same. Enums may be given as text.
- The transit of a node that nobody visits is that from it to itself where all vehicles have the same transits, and
  0 where they do not. What is said of transits must hold either way.
- `HasDimension` fails from Python. Of a monitor the solver keeps no hold; who adds one must. Of a function it has
  one that Python cannot see; ours lead back to the model, so neither is freed before `Model.close`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Self

from ortools.constraint_solver import pywrapcp

from fleet.plan.budget import Budget, Iterations
from fleet.plan.model_frame import Frame
from fleet.plan.model_layout import Layout, walk
from fleet.plan.model_limits import draws, limit
from fleet.plan.model_stop import most_failures, seconds_of
from fleet.plan.problem import NEVER_MS, Visit

Visits = list[list[Visit]]
_MS_PER_S = 1000
_NO_LIMIT = 2**62
"""Of solutions; any limit keeps OR-Tools from warning that there is none."""
_REFUTED = 1000
"""How many values that turn out wrong count as one iteration."""
_PATIENCE = 20
"""How many iterations it may take to find times and charges for given routes."""


class _Enough(Exception):
    """The budget is used up."""


class _Watch(pywrapcp.SearchMonitor):  # type: ignore[misc]  # OR-Tools has no types here
    """Counts perturbations, or where search is guided solutions and local optima, and stops by `_Enough` when the
    budget says so."""

    def __init__(self, solver: Any, budget: Budget, *, guided: bool) -> None:
        super().__init__(solver)
        self.budget = budget
        self._guided = guided
        self.done = -1
        self._refuted = 0
        self.collecting = True

    def EnterSearch(self) -> None:  # noqa: N802 - the name that OR-Tools calls
        """Before the first solution, and before every perturbation."""
        self._count()
        if self.done > 0 and not self.collecting:
            raise _Enough

    def AtSolution(self) -> bool:  # noqa: N802 - the name that OR-Tools calls
        """At every solution, worse ones too."""
        if self._guided:
            self._count()
        return False

    def LocalOptimum(self) -> bool:  # noqa: N802 - the name that OR-Tools calls
        """Guided search goes on from here, with other costs."""
        if self._guided:
            self._count()
        return False

    def _count(self) -> None:
        self.done += 1
        if self.done > 0 and self.budget.share(self.done) >= 1.0:
            raise _Enough


class _Patience(_Watch):
    """A watch where values may be tried one by one, which takes time too; to look at each costs a search half of
    its speed."""

    def RefuteDecision(self, decision: Any) -> None:  # noqa: N802 - the name that OR-Tools calls
        """Where values are tried one by one, that takes time too."""
        del decision
        self._refuted += 1
        if self._refuted % _REFUTED == 0:
            self._count()


class Model:
    """The OR-Tools model of a layout, in a `with`: behind it the model is freed, and nothing more can be asked."""

    def __init__(self, layout: Layout, *, prefixed: bool = False, relaxed: frozenset[str] = frozenset()) -> None:
        self.layout = layout
        self.problem = layout.problem
        count = len(self.problem.vehicles)
        starts, ends = list(range(count)), [layout.end] * count
        self.manager = pywrapcp.RoutingIndexManager(layout.end + 1, count, starts, ends)
        self.routing = pywrapcp.RoutingModel(self.manager)
        self.frame = Frame(layout, self.manager, self.routing, relaxed)
        late = [layout.problem.pickups[p] for p in layout.pickups]
        self.scale = _MS_PER_S if any(p.late_cost_per_s > 0 and p.due_ms < NEVER_MS for p in late) else 1
        self._add_costs()
        limit(self.frame)
        self._add_lateness()
        if prefixed:
            self.fix(walk(self.problem, [v.committed for v in self.problem.vehicles], whole=False).order)
        self._found: list[tuple[int, Visits]] = []
        self._watches: list[_Watch] = []
        self.tries = 0
        """How many were done in searches."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free what OR-Tools holds: tens of megabytes for a cell, gigabytes for a thousand pickups."""
        del self.frame, self.routing, self.manager, self._watches

    def fix(self, order: Sequence[Sequence[Visit]]) -> None:
        """Each vehicle begins with these visits, a dock visit being the index of a copy."""
        for vehicle, prefix in enumerate(order):
            at = self.routing.Start(vehicle)
            for visit in prefix:
                following = self._index(visit)
                self.routing.solver().Add(self.routing.NextVar(at) == following)
                at = following

    def search(self, budget: Budget, *, guided: bool = False) -> list[Visits]:
        """Ever better routes from scratch, the best first: by ruin and recreate, or by guided local search."""
        parameters = _parameters(budget)
        if guided:
            _guide(parameters)
            # Cheapest insertion puts in one visit at a time, and finds no trip that needs a pickup and a stop.
            parameters.first_solution_strategy = "PATH_CHEAPEST_ARC"
            self._collect(budget, self.routing.SolveWithParameters, parameters, guided=True)
        else:
            solve = self.routing.SolveWithIteratedLocalSearch
            self._collect(budget, solve, _iterated(parameters), guided=False)
        return [visits for _, visits in reversed(self._found)]

    def improve(self, order: Sequence[Sequence[Visit]], budget: Budget) -> list[Visits]:
        """Ever better routes from given ones, the best first."""
        parameters = _parameters(budget)
        _guide(parameters)
        start = self._read_in(order, parameters)
        if start is None:
            return []
        solve = self.routing.SolveFromAssignmentWithParameters
        self._collect(budget, lambda p: solve(start, p), parameters, guided=True)
        return [visits for _, visits in reversed(self._found)]

    def cost(self, order: Sequence[Sequence[Visit]]) -> int | None:
        """Of given routes, lateness by begun seconds; None if they are refused."""
        solution = self._read_in(order, _parameters(Iterations(0)))
        if solution is None:
            return None
        total = int(solution.ObjectiveValue())
        if self.scale == 1:
            return total
        time = self.routing.GetDimensionOrDie("time")
        for index, pickup in self.frame.pickups():
            if time.HasCumulVarSoftUpperBound(index) and self.routing.VehicleVar(index) is not None:
                late_ms = solution.Min(time.CumulVar(index)) - time.GetCumulVarSoftUpperBound(index)
                if late_ms > 0 and solution.Value(self.routing.VehicleVar(index)) >= 0:
                    total += pickup.late_cost_per_s * (-late_ms % _MS_PER_S)
        return total // self.scale

    def _read_in(self, order: Sequence[Sequence[Visit]], parameters: Any) -> Any:
        watch = self._watched(_Patience(self.routing.solver(), Iterations(_PATIENCE), guided=False))
        self.routing.CloseModelWithParameters(parameters)
        routes = [[self._index(visit) for visit in route] for route in order]
        if any(not self.routing.VehicleVar(i).Contains(v) for v, route in enumerate(routes) for i in route):
            return None
        try:
            return self.routing.ReadAssignmentFromRoutes(routes, True)
        except _Enough:
            return None
        finally:
            watch.budget = Iterations(_NO_LIMIT)

    def _index(self, visit: Visit) -> int:
        return self.frame.index(self.layout.node(*visit))

    def _collect(self, budget: Budget, run: Callable[[Any], Any], parameters: Any, *, guided: bool) -> None:
        solver = self.routing.solver()
        watch = _Watch(solver, budget, guided=guided)
        most = most_failures(budget)
        if most is not None:
            self.routing.AddSearchMonitor(solver.FailuresLimit(most))
        # To count by a monitor costs guided search half of its speed.
        is_counted_here = guided and most is None

        def take() -> None:
            watch.done += int(is_counted_here)
            if most is None and budget.share(watch.done) >= 1.0:
                solver.FinishCurrentSearch()
            self._keep(watch)

        self.routing.AddAtSolutionCallback(take)
        if not is_counted_here:
            self._watched(watch)  # behind `take`, so that the solution at which it stops is kept
        with suppress(_Enough):
            run(parameters)
        self.tries += max(0, watch.done)

    def _watched(self, watch: _Watch) -> _Watch:
        """`watch`, held for as long as the solver may call it."""
        self._watches.append(watch)
        self.routing.AddSearchMonitor(watch)
        return watch

    def _keep(self, watch: _Watch) -> None:
        watch.collecting = any(self.routing.VehicleVar(index).Value() >= 0 for index, _ in self.frame.pickups())
        cost = int(self.routing.CostVar().Max())
        if not self._found or cost < self._found[-1][0]:
            self._found.append((cost, [self._route(v) for v in range(len(self.problem.vehicles))]))

    def _route(self, vehicle: int) -> list[Visit]:
        """The vehicle's visits in the present solution, the short cut home spelt out.

        Without stops where nothing is unloaded or charged, and without routes that collect nothing.
        """
        visits: list[Visit] = []
        committed = len(self.problem.vehicles[vehicle].committed)
        aboard, node = False, -1
        index = self.routing.NextVar(self.routing.Start(vehicle)).Value()
        while not self.routing.IsEnd(index):
            node = self.manager.IndexToNode(index)
            kind, _ = self.layout.visit(node)
            used = self._charges(node, index)
            if kind == "pickup" or aboard or used or len(visits) < committed:
                visits.append(self.layout.visit(node))
            aboard = kind == "pickup" or (aboard and not self.layout.copy_of(node).unloads)
            index = self.routing.NextVar(index).Value()
        visits += [("dock", d) for d in self.frame.legs[vehicle].last.get(node, ())]
        return visits if committed or any(kind == "pickup" for kind, _ in visits) else []

    def _charges(self, node: int, index: int) -> bool:
        """Whether a stop charges in the present solution: it does wherever it can."""
        if node < self.layout.first_copy or self.layout.copy_of(node).charges == "no":
            return False
        vehicles = self.problem.vehicles
        if not any(draws(self.problem.types[v.type]) for v in vehicles):
            return False
        return bool(self.routing.GetDimensionOrDie("battery").CumulVar(index).Min() > 0)

    def _add_costs(self) -> None:
        costs = self.frame.per_class(lambda v: self.scale * self.frame.legs[v].cost)
        for number, vehicle in enumerate(self.problem.vehicles):
            self.routing.SetArcCostEvaluatorOfVehicle(costs[number], number)
            self.routing.SetFixedCostOfVehicle(self.scale * self.problem.types[vehicle.type].fixed_cost, number)
        for index, pickup in self.frame.pickups():
            self.routing.AddDisjunction([index], self.scale * max(0, pickup.penalty))
        for index, _ in self.frame.copies():
            self.routing.AddDisjunction([index], 0)

    def _add_lateness(self) -> None:
        time = self.routing.GetDimensionOrDie("time")
        for index, pickup in self.frame.pickups():
            if pickup.late_cost_per_s > 0 and pickup.due_ms < NEVER_MS:
                due_ms = max(0, pickup.due_ms - pickup.service_ms - self.frame.origin_ms)
                time.SetCumulVarSoftUpperBound(index, due_ms, pickup.late_cost_per_s)
                if not self.layout.homes:
                    self.routing.AddVariableMinimizedByFinalizer(time.CumulVar(index))


def _parameters(budget: Budget) -> Any:
    """Cheapest insertion and one descent, which ends by itself; without large neighbourhoods, which have a time
    limit of their own, and so do not repeat."""
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = "PARALLEL_CHEAPEST_INSERTION"
    parameters.local_search_metaheuristic = "GREEDY_DESCENT"
    parameters.fallback_to_cp_sat_size_threshold = 0
    for operator in parameters.local_search_operators.DESCRIPTOR.fields:
        if operator.name.endswith("_lns"):
            setattr(parameters.local_search_operators, operator.name, "BOOL_FALSE")
    seconds = seconds_of(budget)
    if seconds is not None:
        left_s = seconds.most_s * (1.0 - seconds.share(0))
        parameters.time_limit.FromMilliseconds(max(1, int(_MS_PER_S * left_s)))
    return parameters


def _guide(parameters: Any) -> None:
    parameters.local_search_metaheuristic = "GUIDED_LOCAL_SEARCH"
    parameters.solution_limit = _NO_LIMIT


def _iterated(parameters: Any) -> Any:
    """Ruin by strings of neighbours (SISR), recreate by local cheapest insertion, no descent after it."""
    parameters.use_iterated_local_search = True
    iterated = parameters.iterated_local_search_parameters
    iterated.improve_perturbed_solution = False
    iterated.reference_solution_acceptance_strategy.simulated_annealing.automatic_temperatures = True
    ruin = iterated.ruin_recreate_parameters
    ruin.ruin_composition_strategy = "RUN_ONE_RANDOMLY"
    ruin.recreate_strategy.heuristic = "LOCAL_CHEAPEST_INSERTION"
    strings = ruin.ruin_strategies.add().sisr
    strings.max_removed_sequence_size = 10
    strings.avg_num_removed_visits = 10
    strings.bypass_factor = 0.01
    return parameters
