"""The field's own instances: what their best known solutions cost, read by our readers, is what is published."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fleet.plan.files.loaded import Loaded
from fleet.plan.files.opening import read_plan, read_problem
from fleet.plan.files.sol import legs_in_file_units
from fleet.plan.problem import NEVER_MS, Plan
from fleet.plan.referee import judge

DATA = Path(os.environ["FLEET_DATA"]) / "vrp" if os.environ.get("FLEET_DATA") else None
needs_data = pytest.mark.skipif(DATA is None or not DATA.is_dir(), reason="FLEET_DATA/vrp is not there")

FIELD = {
    # name: (convention or None for the usual one, Cost line, vehicles used, customers)
    "CVRP_X-n101-k25": (None, "27591", 26, 100),
    "CVRP_X-n502-k39": (None, "69226", 39, 501),
    "VRPTW_C1_10_1": (None, "42444.8", 100, 1000),
    "VRPTW_RC2_10_1": (None, "28122.6", 29, 1000),
    "MTVRPTWR_RC201R0.25": (None, "18391", 8, 100),
    "MTVRPTWR_C2_2_01R0.25": (None, "46876", 20, 200),
}
SOLOMON = {
    # name: (Cost when each leg is cut to a decimal, Cost when legs are exact, vehicles used)
    "solomon_c101": ("827.3", 828.94, 10),
    "solomon_r101": ("1645.7", 1650.80, 19),
    "solomon_rc101": ("1693.2", 1696.95, 14),
    "solomon_rc201": ("1403.3", 1406.94, 4),
}


def stored(problem: str, solution: str, convention=None):
    assert DATA is not None
    loaded = read_problem(DATA / problem, convention)
    return loaded, read_plan(DATA / solution, loaded)


def faults(loaded: Loaded, plan: Plan) -> list[str]:
    """What a walk along the routes finds wrong, without any planner code: load, windows, releases, legs."""
    problem = loaded.problem
    found, served = [], []
    for route in plan.routes:
        vehicle = problem.vehicles[route.vehicle]
        kind = problem.types[vehicle.type]
        node, free_ms, load, trips, trip = vehicle.node, vehicle.ready_ms, 0.0, 0, []
        left_ms = free_ms
        for stop in route.stops:
            thing = (problem.pickups if stop.kind == "pickup" else problem.docks)[stop.index]
            legs = problem.ways[0].block([node], [thing.node])
            if stop.arrive_ms < free_ms + int(legs.travel_ms[0, 0]):
                found.append("too soon")
            if not trip:
                left_ms = stop.arrive_ms - int(legs.travel_ms[0, 0])
            if stop.kind == "pickup":
                served.append(stop.index)
                load += thing.mass_kg
                trip.append(thing)
                if stop.start_ms < thing.earliest_ms or stop.end_ms > thing.latest_ms:
                    found.append("window")
                if stop.end_ms != stop.start_ms + thing.service_ms:
                    found.append("service")
            else:
                if load > kind.payload_kg:
                    found.append("load")
                if max((p.release_ms for p in trip), default=0) > left_ms:
                    found.append("release")
                load, trip, trips = 0.0, [], trips + 1
            node, free_ms = thing.node, stop.end_ms
        if free_ms > vehicle.until_ms or trips > kind.most_trips or not route.stops[-1].unload:
            found.append("end")
    return found + (["served"] if sorted(served) != list(range(len(problem.pickups))) else [])


@needs_data
@pytest.mark.parametrize("name", FIELD)
def test_the_best_known_solution_costs_what_is_published(name):
    convention, cost, used, customers = FIELD[name]
    loaded, read = stored(f"{name}.vrp", f"{name}.sol", convention)
    assert len(loaded.problem.pickups) == customers
    assert len(loaded.problem.vehicles) >= used == len(read.plan.routes)
    assert legs_in_file_units(loaded, read.plan) == cost
    assert read.stated_cost == float(cost)
    assert faults(loaded, read.plan) == []
    assert judge(loaded.problem, read.plan) == ()


@needs_data
@pytest.mark.parametrize("name", SOLOMON)
def test_solomon_costs_what_is_published_under_both_conventions(name):
    cut, exact, used = SOLOMON[name]
    loaded, read = stored(f"{name}.txt", f"{name}.sol.txt")
    assert (loaded.convention, legs_in_file_units(loaded, read.plan)) == ("dimacs", cut)
    assert len(read.plan.routes) == used
    assert faults(loaded, read.plan) == []
    assert judge(loaded.problem, read.plan) == ()
    loaded, read = stored(f"{name}.txt", f"{name}.sol.txt", "exact")
    assert float(legs_in_file_units(loaded, read.plan)) == pytest.approx(exact, abs=0.006)
    assert faults(loaded, read.plan) == []


@needs_data
def test_what_is_usual_for_each_kind():
    assert DATA is not None
    cvrp = read_problem(DATA / "CVRP_X-n101-k25.vrp")
    assert (cvrp.kind, cvrp.convention, cvrp.name) == ("CVRP", "integer", "X-n101-k25")
    assert cvrp.problem.types[0].most_trips == 1
    assert cvrp.problem.end_ms == NEVER_MS
    trips = read_problem(DATA / "MTVRPTWR_RC201R0.25.vrp")
    assert (trips.kind, trips.convention) == ("MTVRPTWR", "dimacs")
    assert trips.problem.types[0].most_trips > 100
    assert trips.problem.pickups[0].release_ms == 3130
    assert trips.problem.vehicles[0].until_ms == 9600
