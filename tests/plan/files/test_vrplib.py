"""VRPLIB and Solomon files: what they mean, and how each mistake in one is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.base.errors import InputError
from fleet.plan.files.matrices import FORMATS, entries, unfolded
from fleet.plan.files.opening import read_problem
from fleet.plan.files.problem_write import problem_json
from fleet.plan.problem import NEVER_MS

from .samples import EXPLICIT, MULTI_TRIP, SOLOMON, VRP


@pytest.fixture
def read(tmp_path):
    def reading(text, convention=None, name="case.vrp"):
        path = tmp_path / name
        path.write_text(text)
        return read_problem(path, convention)

    return reading


def legs(loaded):
    everywhere = np.arange(loaded.problem.ways[0].size)
    return loaded.problem.ways[0].block(everywhere, everywhere)


def test_a_cvrp_file_is_one_depot_and_musts(read):
    loaded = read(VRP)
    problem = loaded.problem
    assert (loaded.name, loaded.kind, loaded.node_ids) == ("five", "CVRP", ("depot", "1", "2", "3", "4"))
    assert [pickup.mass_kg for pickup in problem.pickups] == [4, 5, 6, 1]
    assert {pickup.material for pickup in problem.pickups} == problem.docks[0].accepts
    assert problem.types[0].payload_kg == 10
    assert all(vehicle.ends == (0,) for vehicle in problem.vehicles)
    every_leg_twice = 2 * legs(loaded).cost.sum()
    assert all(pickup.penalty > every_leg_twice / 4 for pickup in problem.pickups)
    assert problem.pickups[0].penalty > 2 * len(problem.pickups) * legs(loaded).cost.max()


@pytest.mark.parametrize("convention, leg, scale", [("integer", 1, 1), ("dimacs", 14, 10), ("exact", 1414, 1000)])
def test_conventions(read, convention, leg, scale):
    found = legs(read(VRP, convention))
    assert found.cost[0, 4] == found.travel_ms[0, 4] == leg
    assert found.cost[0, 1] == 5 * scale


@pytest.mark.parametrize("edges, leg", [("CEIL_2D", 2), ("FLOOR_2D", 1), ("EUC_2D", 1)])
def test_edge_weight_types(read, edges, leg):
    text = VRP.replace("EUC_2D", edges)
    assert legs(read(text)).cost[0, 4] == leg
    assert legs(read(text, "dimacs")).cost[0, 4] == (14 if edges == "EUC_2D" else 10 * leg)


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_lines_end_as_they_like(read, tmp_path, end):
    path = tmp_path / "ends.vrp"
    path.write_bytes(VRP.encode().replace(b"\n", end))
    assert read_problem(path).problem.pickups == read(VRP).problem.pickups


def test_a_depot_that_is_not_the_first_node(read):
    text = VRP.replace("DEPOT_SECTION\n1", "DEPOT_SECTION\n3").replace("\n3 5\n", "\n3 0\n")
    text = text.replace("DEMAND_SECTION\n1 0", "DEMAND_SECTION\n1 7")
    loaded = read(text)
    assert [pickup.mass_kg for pickup in loaded.problem.pickups] == [7, 4, 6, 1]
    assert legs(loaded).cost[0].tolist() == [0, 10, 5, 7, 9]


def test_several_trips_and_release_times(read):
    loaded = read(MULTI_TRIP)
    problem = loaded.problem
    assert problem.types[0].most_trips > 100
    assert [pickup.release_ms for pickup in problem.pickups] == [70, 0, 500]
    assert [pickup.service_ms for pickup in problem.pickups] == [20] * 3
    assert (problem.pickups[0].earliest_ms, problem.pickups[0].latest_ms) == (100, 620)
    assert {vehicle.until_ms for vehicle in problem.vehicles} == {2000} == {problem.end_ms}


def test_solomon(read):
    loaded = read(SOLOMON, name="tiny.txt")
    problem = loaded.problem
    assert (loaded.name, loaded.kind, loaded.convention) == ("TINY", "Solomon", "dimacs")
    assert (len(problem.vehicles), problem.types[0].payload_kg, problem.types[0].most_trips) == (2, 10, 1)
    assert (problem.pickups[1].earliest_ms, problem.pickups[1].latest_ms) == (200, 700)


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_of_a_matrix(form):
    size = 4
    full = np.array([[0, 1, 2, 3], [1, 0, 4, 5], [2, 4, 0, 6], [3, 5, 6, 0]], dtype=float)
    column_wise = form.endswith("COL")
    matrix = full.T if column_wise else full
    kept = []
    for row in range(size):
        for column in range(size):
            low = column < row if form.startswith("LOWER") != column_wise else column > row
            if form == "FULL_MATRIX" or low or ("DIAG" in form and row == column):
                kept.append(matrix[row, column])
    assert len(kept) == entries(form, size)
    assert np.array_equal(unfolded(form, size, np.array(kept)), full)


def test_an_explicit_matrix_needs_no_coordinates(read):
    assert legs(read(EXPLICIT)).cost.tolist() == [[0, 7, 9], [7, 0, 4], [9, 4, 0]]
    eilon = EXPLICIT.replace("TYPE : CVRP", "COMMENT : (Christofides and Eilon)\nTYPE : CVRP", 1)
    assert legs(read(eilon)).cost.tolist() == [[0, 7, 9], [7, 0, 4], [9, 4, 0]]


def test_how_many_vehicles_where_a_file_does_not_say(read):
    many = read(VRP.replace("CAPACITY : 10", "CAPACITY : 16"))
    assert len(many.problem.vehicles) == 4, "no more than customers"
    assert len(read(VRP.replace("CAPACITY", "VEHICLES : 2\nCAPACITY")).problem.vehicles) == 2
    assert len(read(VRP.replace("CAPACITY", "VEHICLES : 0\nCAPACITY")).problem.vehicles) == 0


def test_vehicles_are_enough_even_where_two_never_fit_together(read):
    count = 60
    nodes = range(1, count + 2)
    text = "\n".join(
        [
            "TYPE : CVRP",
            f"DIMENSION : {count + 1}",
            "EDGE_WEIGHT_TYPE : EUC_2D",
            "CAPACITY : 100",
            "NODE_COORD_SECTION",
        ]
        + [f"{n} {n} 0" for n in nodes]
        + ["DEMAND_SECTION", "1 0"]
        + [f"{n} 51" for n in nodes if n > 1]
        + ["DEPOT_SECTION", "1", "-1", "EOF"]
    )
    assert len(read(text).problem.vehicles) == count
    light = text.replace(" 51", " 10")
    assert len(read(light).problem.vehicles) == 8 + 5


def test_no_customers_is_a_problem(read):
    lone = "TYPE : CVRP\nDIMENSION : 1\nEDGE_WEIGHT_TYPE : EUC_2D\nCAPACITY : 1\nNODE_COORD_SECTION\n1 0 0\n"
    loaded = read(lone + "DEMAND_SECTION\n1 0\nDEPOT_SECTION\n1\n-1\nEOF\n")
    assert (loaded.problem.pickups, loaded.problem.vehicles, loaded.name) == ((), (), "case")


def test_a_limit_of_routes_is_when_they_must_be_home(read):
    loaded = read(VRP.replace("CAPACITY", "DISTANCE : 40\nSERVICE_TIME : 3\nCAPACITY"))
    assert {vehicle.until_ms for vehicle in loaded.problem.vehicles} == {40}
    assert loaded.problem.pickups[0].service_ms == 3
    assert loaded.problem.pickups[0].latest_ms == NEVER_MS


BAD = [
    (VRP.replace("DEMAND_SECTION", "DEMAND_SECTIONS"), "did you mean `DEMAND_SECTION`?", 13),
    (
        VRP[: VRP.index("DEMAND")],
        "DEMAND_SECTION: expected this section (required), found the end of the file",
        13,
    ),
    (VRP.replace("4 0 5\n5 1 1\n", "4 0 5\n"), "found none for node 5", 11),
    (VRP.replace("DIMENSION : 5", "DIMENSION : 4"), "a node from 1 to 4 (DIMENSION), found 5", 12),
    (VRP.replace("DIMENSION : 5", "DIMENSION : many"), "an integer of at least 1, found 'many'", 4),
    (VRP.replace("DIMENSION : 5\n", ""), "a number of nodes (required)", 1),
    (VRP.replace("4 0 5\n", "3 0 5\n"), "each node once, found node 3 again, as on line 10", 11),
    (VRP.replace("3 5\n", "3 -5\n"), "a demand of at least 0, found -5", 16),
    (VRP.replace("1 0\n2 4", "1 6\n2 4"), "0 at the depot, node 1, found 6", 14),
    (VRP.replace("EUC_2D", "EUC_4D"), "EDGE_WEIGHT_TYPE: expected one of EUC_2D", 5),
    (VRP.replace("2 3 4\n", "2 3 nan\n"), "a number of at most 1e+12, found 'nan'", 9),
    (VRP.replace("2 3 4\n", "2 3 1e400\n"), "a number of at most 1e+12, found '1e400'", 9),
    (VRP.replace("2 3 4\n", "2 3\n"), "3 numbers (node, x, y), found 2", 9),
    (VRP.replace("TYPE : CVRP", "TYPE : TSP"), "TYPE: expected one of CVRP, VRPTW, MTVRPTWR, found 'TSP'", 3),
    (VRP.replace("TYPE : CVRP", "TYPE : VRPTW"), "TIME_WINDOW_SECTION: expected this section (required)", 23),
    (VRP.replace("CAPACITY : 10\n", ""), "CAPACITY: expected a number (required)", 1),
    (VRP.replace("CAPACITY : 10", "CAPACITY : -1"), "a number of at least 0, found '-1'", 6),
    (VRP.replace("CAPACITY : 10", "CAPACITY : 10\nCAPACITY : 10"), "each key once", 7),
    (VRP.replace("CAPACITY : 10", "CAPACTY : 10"), "did you mean `CAPACITY`?", 6),
    (VRP.replace("DEPOT_SECTION\n1\n", "DEPOT_SECTION\n"), "the number of the depot, found none", 19),
    (VRP.replace("DEPOT_SECTION\n1\n", "DEPOT_SECTION\n1\n2\n"), "one depot, found node 2 besides node 1", 21),
    (VRP.replace("DEPOT_SECTION\n1\n", "DEPOT_SECTION\n9\n"), "a node from 1 to 5", 20),
    (MULTI_TRIP.replace("2 10 60", "2 10 6"), "an end not before the beginning, 10, found 6", 20),
    (
        MULTI_TRIP.replace("TYPE: MTVRPTWR", "TYPE: CVRP"),
        "TIME_WINDOW_SECTION: expected TYPE VRPTW or MTVRPTWR",
        18,
    ),
    (MULTI_TRIP.replace("2 7\n", "2 -7\n"), "a release time of at least 0", 25),
    (MULTI_TRIP.replace("VEHICLES: 2", "VEHICLES: 3"), "a row for each vehicle from 1 to 3 (VEHICLES)", 28),
    (MULTI_TRIP.replace("VEHICLES: 2", "VEHICLES: 999999999999"), "a row for each vehicle from 1 to 1e+12", 28),
    (MULTI_TRIP.replace("1 1\n2 1\n", "1 1\n2 4\n"), "the depot, node 1, found 4", 30),
    (EXPLICIT.replace(" 9 4\n", " 9\n"), "3 numbers (LOWER_ROW, 3 nodes), found 2 up to here", 10),
    (EXPLICIT.replace(" 9 4\n", " 9 4 5\n"), "3 numbers (LOWER_ROW, 3 nodes), found one more", 10),
    (EXPLICIT.replace(" 9 4\n", " 9 -4\n"), "a weight of at least 0, found -4", 10),
    (EXPLICIT.replace("LOWER_ROW", "SIDE_ROW"), "EDGE_WEIGHT_FORMAT: expected one of FULL_MATRIX", 6),
    (VRP.replace("2 3 4\n", "2 3 4000000000\n"), "legs shorter than 1,000,000,000", 1),
    (SOLOMON[: SOLOMON.index("CUSTOMER")], "CUSTOMER: expected this section (required)", 7),
    (SOLOMON[: SOLOMON.index("  2   ")], "a line with the number of vehicles", 5),
    (SOLOMON.replace("    1      3 ", "    7      3 "), "CUSTOMER number: expected 1: each customer once", 11),
    (
        SOLOMON.replace("0         50  ", "60        50  "),
        "a due date not before the ready time, 60, found '50'",
        11,
    ),
    (
        SOLOMON.replace("3          4          4", "3          4          -4"),
        "a number of at least 0, found '-4'",
        11,
    ),
    (SOLOMON.replace("60         10\n", "60\n"), "7 numbers", 12),
    ("", "a file with something in it, found an empty file", 1),
    ("hello\n", "a problem: VRPLIB, Solomon or JSON", 1),
]


@pytest.mark.parametrize("text, said, line", BAD, ids=range(len(BAD)))
def test_each_mistake_is_told_where_it_is(read, text, said, line):
    with pytest.raises(InputError) as caught:
        read(text)
    told = [str(fault) for fault in caught.value.faults if fault.line == line]
    assert any(said in fault for fault in told), str(caught.value)


def test_all_mistakes_are_told_at_once(read):
    text = VRP.replace("3 5\n", "3 -5\n").replace("EUC_2D", "EUC_9D").replace("2 3 4\n", "2 3 x\n")
    with pytest.raises(InputError) as caught:
        read(text)
    assert [fault.line for fault in caught.value.faults] == [5, 9, 16], "there is a row for node 2"


def test_a_name_that_cannot_be_shown_is_made_so(read):
    """Files with umlauts of an old code page are read; what the name becomes can be written and read again."""
    loaded = read(VRP.replace("five", "f\x1b[2Jve" + 300 * "x"))
    assert loaded.name == "f?[2Jve" + 193 * "x"
    assert read(problem_json(loaded)).name == loaded.name


def test_a_flood_of_mistakes_is_counted(read):
    with pytest.raises(InputError) as caught:
        read(VRP.replace("EOF", "x x\n" * 200))
    assert len(caught.value.faults) == 51
    assert "more from here on" in str(caught.value)


SAMPLES = (VRP, MULTI_TRIP, SOLOMON, EXPLICIT)
SCRAPS = st.sampled_from(
    ["", "-1", "nan", "1e99", "\n", ":", "EOF\n", "DEPOT_SECTION\n", "0", "\x00", "VEHICLES : 9\n", "9"]
)


@given(st.sampled_from(SAMPLES), st.integers(0, 400), st.integers(0, 12), SCRAPS)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path_factory, text, at, gone, scrap):
    path = tmp_path_factory.getbasetemp() / "damaged.vrp"
    path.write_text(text[:at] + scrap + text[at + gone :])
    try:
        loaded = read_problem(path)
    except InputError as refused:
        places = [(fault.line, fault.column) for fault in refused.faults]
    else:
        places = [(1, 1)] if len(loaded.node_ids) == len(loaded.problem.pickups) + 1 else []
    assert places
    assert min(min(place) for place in places) >= 1
