"""The project's own problem file: it says all that the contract can, and every mistake is told at its place."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.base.errors import InputError, UsageError
from fleet.plan.budget import Iterations
from fleet.plan.files import jsontext, opening
from fleet.plan.files.loaded import Loaded
from fleet.plan.files.opening import read_plan, read_problem
from fleet.plan.files.problem_model import problem_schema
from fleet.plan.files.problem_read import read_problem_json
from fleet.plan.files.problem_write import problem_json
from fleet.plan.planner import solve
from fleet.plan.problem import (
    NEVER_MS,
    UNLIMITED,
    UNREACHABLE_MS,
    Charger,
    Dock,
    Pickup,
    Problem,
    Vehicle,
    VehicleType,
)
from fleet.plan.referee import judge
from fleet.plan.ways import Plane, Table

from .samples import MULTI_TRIP, SMALL, rich

VALIDATOR = jsonschema.Draft202012Validator(problem_schema())


@pytest.fixture
def read(tmp_path):
    def reading(said) -> Loaded:
        path = tmp_path / "problem.json"
        path.write_text(said if isinstance(said, str) else json.dumps(said, indent=1))
        return read_problem(path)

    return reading


def changed(**members):
    return {**copy.deepcopy(SMALL), **members}


def legs(ways):
    everywhere = np.arange(ways.size)
    return ways.block(everywhere, everywhere)


def same(one: Problem, other: Problem) -> bool:
    plain = ("types", "vehicles", "docks", "pickups", "end_ms", "apart")
    if any(getattr(one, name) != getattr(other, name) for name in plain) or len(one.ways) != len(other.ways):
        return False
    pairs = [
        pair for a, b in zip(one.ways, other.ways, strict=True) for pair in zip(legs(a), legs(b), strict=True)
    ]
    return all(np.array_equal(a, b) for a, b in pairs)


def test_defaults(read):
    problem = read(SMALL).problem
    assert problem.types[0] == VehicleType("drone", 0.0, 5.0, 0.0)
    assert problem.vehicles[0] == Vehicle("v1", 0, 0, 0)
    assert problem.docks[0] == Dock("base", 0, frozenset({"paper"}))
    assert problem.pickups[0] == Pickup("p1", 1, "paper", 2.0, 0.0, 0, NEVER_MS, 0, 1000)
    assert (problem.end_ms, problem.apart) == (NEVER_MS, frozenset())
    found = legs(problem.ways[0])
    assert (found.travel_ms[0, 1], found.cost[0, 1]) == (50_000, 500)
    assert found.effort_h[0, 1] == pytest.approx(50 / 3600)


def test_everything_there_is_to_say_comes_back(read):
    first = rich()
    text = problem_json(first)
    again = read(text)
    assert same(first.problem, again.problem)
    assert again.problem.ways[0] is again.problem.ways[2]
    assert isinstance(again.problem.ways[0], Plane)
    assert (again.name, again.node_ids, again.drives) == (first.name, first.node_ids, first.drives)
    assert problem_json(again) == text
    jsonschema.validate(json.loads(text), problem_schema())


def test_a_problem_of_the_field_as_json(read, tmp_path):
    path = tmp_path / "case.vrp"
    path.write_text(MULTI_TRIP)
    first = read_problem(path)
    assert same(first.problem, read(problem_json(first)).problem)


names = st.text(st.characters(codec="utf-8").filter(str.isprintable), min_size=1, max_size=8)
amounts = st.floats(0, 1e6)
moments = st.integers(-NEVER_MS, NEVER_MS)
spans = st.integers(0, 10**9)
materials = st.sampled_from(["paper", "glass", "acid"])
unlimited = st.just(float("inf")) | amounts
chargers = st.builds(Charger, st.sampled_from(["full", "partial", "swap"]), spans, amounts, st.integers(1, 9))


@st.composite
def problems(draw):
    size = draw(st.integers(1, 4))
    node = st.integers(0, size - 1)

    def table():
        travel = np.array(draw(st.lists(st.integers(0, UNREACHABLE_MS), min_size=size**2, max_size=size**2)))
        travel = travel.reshape(size, size) * (1 - np.eye(size, dtype=np.int64))
        effort = np.where(travel >= UNREACHABLE_MS, np.inf, travel * draw(st.floats(0, 1)))
        return Table(travel, travel % 1000, effort)

    def plane():
        places = [draw(st.lists(st.floats(-1e4, 1e4), min_size=size, max_size=size)) for _ in range(2)]
        rounding = draw(st.sampled_from(["up", "down", "nearest"]))
        x, y = (np.array(place) for place in places)
        return Plane(
            x, y, draw(st.floats(0, 100)), draw(spans), draw(st.floats(0, 1)), draw(st.floats(0.1, 10)), rounding
        )

    def some(make, most=3):
        return tuple(make(n) for n in range(draw(st.integers(0, most))))

    types = some(lambda n: VehicleType(
        f"t{n}", draw(amounts), draw(amounts), draw(amounts), draw(unlimited), draw(amounts),
        draw(amounts), draw(st.floats(0, 3)), draw(st.frozensets(names)), draw(spans),
        draw(st.integers(0, UNLIMITED)),
    ))  # fmt: skip
    docks = some(lambda n: Dock(
        f"d{n}", draw(node), draw(st.frozensets(materials)), draw(spans),
        draw(st.none() | chargers),
        tuple(tuple(sorted(pair)) for pair in draw(st.lists(st.tuples(moments, moments), max_size=2))),
        draw(st.integers(1, UNLIMITED)),
    ))  # fmt: skip
    pickups = some(lambda n: Pickup(
        f"p{n}", draw(node), draw(materials), draw(amounts), draw(amounts),
        *sorted(draw(st.tuples(moments, moments))), draw(spans), draw(spans), draw(st.frozensets(names)),
        draw(moments), draw(spans), draw(moments),
    ))  # fmt: skip
    visits = [("pickup", n) for n in range(len(pickups))] + [("dock", n) for n in range(len(docks))]
    vehicles = some(lambda n: Vehicle(
        f"v{n}", draw(st.integers(0, len(types) - 1)), draw(node), draw(moments),
        draw(unlimited), draw(moments),
        tuple(draw(st.lists(st.sampled_from(range(len(docks))), max_size=2))) if docks else (),
        tuple(draw(st.lists(st.sampled_from(visits), max_size=2))) if visits else (),
    )) if types else ()  # fmt: skip
    ways = tuple(plane() if draw(st.booleans()) else table() for _ in types)
    apart = draw(st.frozensets(st.frozensets(materials, min_size=2, max_size=2), max_size=2))
    ids = tuple(f"n{n}" for n in range(size))
    return Problem(types, vehicles, docks, pickups, ways, draw(moments), apart), ids


@settings(max_examples=60)
@given(problems())
def test_every_problem_comes_back(tmp_path_factory, drawn):
    problem, ids = drawn
    path = tmp_path_factory.getbasetemp() / "drawn.json"
    text = problem_json(Loaded(path, "JSON", "", problem, ids))
    path.write_text(text, encoding="utf-8")
    assert same(problem, read_problem_json(path, text).problem)
    VALIDATOR.validate(json.loads(text))


def test_ids_that_occur_twice_cannot_be_written():
    first = rich()
    twice = Loaded(first.file, "JSON", "", first.problem, ("a", "a", "b", "c", "d"))
    with pytest.raises(UsageError, match="two of the nodes"):
        problem_json(twice)


def test_degrees_and_metres_are_the_same_place(read):
    degrees = changed(
        nodes=[{"id": "a", "lat_deg": 48.0, "lon_deg": 11.0}, {"id": "b", "lat_deg": 48.0, "lon_deg": 11.01}]
    )
    found = read(degrees)
    assert legs(found.problem.ways[0]).cost[0, 1] == 747  # cos(48 deg) x 0.01 deg x 111.4 km
    lon, lat = found.positions.lon_lat()
    assert (lon.tolist(), lat.tolist()) == ([11.0, 11.01], [48.0, 48.0])


def matrix(**members):
    ways = {"kind": "matrix", "name": "air", "travel_ms": [[0, 5], [None, 0]], "cost": [[0, 3], [4, 0]], **members}
    return changed(ways=[ways], nodes=[{"id": "a"}, {"id": "b"}])


def test_null_is_no_way(read):
    found = legs(read(matrix()).problem.ways[0])
    assert found.travel_ms.tolist() == [[0, 5], [UNREACHABLE_MS, 0]]
    assert found.effort_h[1, 0] == float("inf")
    assert found.effort_h[0, 1] == pytest.approx(5 / 3.6e6)


def test_nothing_at_all_is_a_problem(read):
    empty = {**changed(), **{name: [] for name in ("nodes", "ways", "types", "vehicles", "docks", "pickups")}}
    problem = read(empty).problem
    assert (problem.types, problem.vehicles, problem.pickups, problem.ways) == ((), (), (), ())


def pickup(**members):
    return changed(pickups=[{**SMALL["pickups"][0], **members}])


def vehicle(**members):
    return changed(vehicles=[{**SMALL["vehicles"][0], **members}])


def dock(**members):
    return changed(docks=[{**SMALL["docks"][0], **members}])


def straight(**members):
    return changed(ways=[{"kind": "straight", "name": "air", **members}])


def without(name):
    return {key: value for key, value in changed().items() if key != name}


BAD = [
    (without("docks"), "docks: expected this field (required), found nothing"),
    (changed(dock=[]), 'dock: expected a field that exists here, found "dock"; did you mean `docks`?'),
    (pickup(mass=1), 'pickups[0].mass: expected a field that exists here, found "mass"; did you mean `mass_kg`?'),
    (pickup(mass_kg="2"), 'pickups[0].mass_kg: expected a number, found "2"'),
    (pickup(mass_kg=-2), "pickups[0].mass_kg: expected a number of at least 0, found -2"),
    (pickup(mass_kg=True), "pickups[0].mass_kg: expected a number, found true"),
    (pickup(penalty=1.5), "pickups[0].penalty: expected a whole number, found 1.5"),
    (pickup(earliest_ms=9, latest_ms=8), "latest_ms: expected an end not before the beginning, 9, found 8"),
    (pickup(node="c"), 'pickups[0].node: expected the id of one of the `nodes` of the problem, found "c"'),
    (changed(pickups=SMALL["pickups"] * 2), "pickups[1].id: expected each id once, found the one of pickups[0]"),
    (changed(format="fleet-plan"), 'format: expected "fleet-problem", found "fleet-plan"; is it the file'),
    (changed(version=2), "version: expected one of 1, found 2"),
    (changed(apart=[["x", "x"]]), "apart[0]: expected two different materials"),
    (changed(apart=[["x"]]), "apart[0]: expected a list of at least 2, found a list of 1"),
    (changed(ways=[]), 'types[0].ways: expected the name of one of the `ways` of the problem, found "air"'),
    (changed(ways=[{"kind": "curved", "name": "air"}]), "ways[0].kind: expected one of 'straight', 'matrix'"),
    (changed(ways=[{"name": "air"}]), "ways[0]: expected the field `kind`"),
    (changed(ways=[{"kind": "straight", "name": "air"}]), "either `speed_mps` or `ms_per_unit`, found"),
    (changed(ways=[{"kind": "straight", "name": "air", "speed": 3}]), "ways[0].speed: expected a field that"),
    (changed(nodes=[{"id": "a"}, {"id": "b"}]), "ways[0]: expected positions of the nodes"),
    (changed(nodes=[{"id": "a", "x_m": 1}, {"id": "b"}]), "nodes[0]: expected lat_deg and lon_deg, or x_m"),
    (changed(nodes=[{"id": "a", "x_m": 1, "y_m": 1}, {"id": "b"}]), "nodes[1]: expected lat_deg and lon_deg"),
    (matrix(cost=[[0, 3]]), "ways[0].cost: expected 2 rows, one for each node, found 1"),
    (matrix(cost=[[0, 3], [4]]), "ways[0].cost[1]: expected 2 columns, one for each node, found 1"),
    (matrix(cost=[[0, 3], [4, 1]]), "ways[0].cost[1][1]: expected 0: a node is no way from itself, found 1"),
    (matrix(travel_ms=[[0, -3], [4, 0]]), "ways[0].travel_ms[0][1]: expected a number of at least 0, found -3"),
    (vehicle(committed=[{}]), "vehicles[0].committed[0]: expected either a `pickup` or a `dock`, found neither"),
    (vehicle(committed=[{"dock": "x"}]), "committed[0].dock: expected the id of one of the `docks`"),
    (vehicle(type="tank"), "vehicles[0].type: expected the name of one of the `types`"),
    (dock(hours=[{"from_ms": 2, "to_ms": 1}]), "docks[0].hours[0].to_ms: expected an end not"),
    (dock(charger={"mode": "slow"}), "docks[0].charger.mode: expected one of 'full', 'partial' or 'swap', found"),
    ([], "expected an object, found a list of 0"),
    (pickup(id="a\x1b[2Jb"), r'pickups[0].id: expected a text of printable characters, found "a\u001b[2Jb"'),
    (pickup(id="a\u202eb"), "pickups[0].id: expected a text of printable characters, found"),
    (changed(name="a\nb"), r'name: expected a text of printable characters, found "a\nb"'),
    (pickup(mass_kg=10**400), "pickups[0].mass_kg: expected a number, found 1000"),
    (pickup(mass_kg=10**400), "...; 401 digits are too many"),
    (straight(speed_mps=1e-300, units_per_m=1e-300), "ways[0].speed_mps: expected a speed at which a unit takes"),
    (straight(speed_mps=1e-6), "ways[0].speed_mps: expected at most 999,999,999, found"),
    (straight(ms_per_unit=1e9), "ways[0].ms_per_unit: expected at most 999,999,999, found"),
    (vehicle(committed=[{"pickup": "p1"}] * 2), "nobody is committed to yet, found 'p1'; 'v1' is"),
]  # fmt: skip


@pytest.mark.parametrize("said, told", BAD, ids=range(len(BAD)))
def test_each_mistake_is_told(read, said, told):
    with pytest.raises(InputError) as caught:
        read(said)
    assert told in str(caught.value)


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_no_number_that_is_none(read, literal):
    text = json.dumps(SMALL).replace('"mass_kg": 2', f'"mass_kg": {literal}')
    with pytest.raises(InputError, match=r"pickups\[0\].mass_kg: expected a"):
        read(text)


def test_all_mistakes_at_once_at_their_places(read):
    said = changed(end_ms="never")
    said["pickups"][0]["penalty"] = -1
    said["nodes"][1]["z_m"] = 3
    text = json.dumps(said, indent=1)
    with pytest.raises(InputError) as caught:
        read(text)
    lines = text.split("\n")
    assert len(caught.value.faults) == 3
    for fault, word in zip(caught.value.faults, ("3", "-1", '"never"'), strict=True):
        assert lines[fault.line - 1][fault.column - 1 :].startswith(word)


def test_text_that_is_no_json(read):
    with pytest.raises(InputError) as caught:
        read(json.dumps(SMALL, indent=1)[:-40])
    assert "valid JSON" in str(caught.value)
    assert caught.value.faults[0].line > 10
    with pytest.raises(InputError, match="nested too deeply"):
        read("[" * 100_000)
    with pytest.raises(InputError, match=r":1:17: expected a number that fits, found one of 5,000 digits"):
        read('{"a": "77", "b":' + 5000 * "7" + ', "c": 7}')
    with pytest.raises(InputError, match=':3:1: expected each name once in an object, found "version" again'):
        read('{"format": "fleet-problem", "version": 1,\n"nodes": [{"id": "a", "version": 3}],\n"version": 1}')


def test_the_schema_knows_every_field_and_refuses_others():
    schema = problem_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(SMALL, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(pickup(mass=1), schema)


def test_names_are_compared_for_as_many_mistakes_as_are_shown(read, monkeypatch):
    """Each comparison takes a millisecond, and a file has room for millions."""
    asked = []
    monkeypatch.setattr(jsontext, "did_you_mean", lambda name, known: asked.append(name) or "")
    pickups = [{**SMALL["pickups"][0], "id": f"p{n}", "node": f"nowhere {n}"} for n in range(300)]
    with pytest.raises(InputError, match="250 more from here on"):
        read(changed(pickups=pickups))
    assert asked == [f"nowhere {n}" for n in range(50)]
    nodes = [{"id": f"n{n}", "x_m": n, "y_m": 0} for n in range(1000)]
    with pytest.raises(InputError):
        read(changed(nodes=nodes))
    assert len(asked) == 50


def test_a_file_is_read_once(tmp_path, monkeypatch):
    """What comes through a pipe cannot be read again."""
    path, plan = tmp_path / "pipe", tmp_path / "plan"
    path.write_text(json.dumps(SMALL))
    loaded = read_problem(path)
    texts = {path: [json.dumps(SMALL)], plan: ['{"format": "fleet-plan", "version": 1, "cost": 0, "routes": []}']}
    monkeypatch.setattr(opening, "read_text", lambda path: texts[path].pop())
    assert same(read_problem(path).problem, loaded.problem)
    assert read_plan(plan, loaded).plan.cost == 0


def test_a_convention_is_for_files_of_the_field(tmp_path):
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(SMALL))
    with pytest.raises(UsageError, match="--convention exact"):
        read_problem(path, "exact")


def test_what_contradicts_itself_is_told_where_it_is(read):
    matrix = {"kind": "matrix", "name": "far", "travel_ms": [[0, 5], [5, 0]], "cost": [[0, 5], [10**13, 0]]}
    types = [*SMALL["types"], {"name": "van", "ways": "far", "payload_kg": None, "reserve_wh": 3, "battery_wh": 2}]
    pickup = {**SMALL["pickups"][0], "latest_ms": 20, "service_ms": 21}
    with pytest.raises(InputError) as caught:
        read(changed(ways=[matrix, *SMALL["ways"]], types=types, pickups=[pickup]))
    told = {fault.path: fault for fault in caught.value.faults}
    assert set(told) == {"ways[0].cost[1][0]", "types[1].reserve_wh", "pickups[0].latest_ms"}
    assert told["ways[0].cost[1][0]"].hint == "it is the cost of a leg: count in larger units of cost"
    lines = Path(caught.value.faults[0].file).read_text().splitlines()
    found = [lines[fault.line - 1][fault.column - 1 :].rstrip(",") for fault in told.values()]
    assert sorted(found) == ["10000000000000", "20", "3"]


def test_legs_longer_than_a_way_round_are_remarked_and_planned_right(read):
    """Matrices need not be symmetric, nor the direct way the shortest: a plan takes legs as they are."""
    legs_ms = [[0, 90_000, 1_000], [2_000, 0, 3_000], [9_000, 4_000, 0]]
    nodes = [{"id": name} for name in "abc"]
    ways = [{"kind": "matrix", "name": "air", "travel_ms": legs_ms, "cost": legs_ms}]
    other = {**SMALL["pickups"][0], "id": "p2", "node": "c"}
    pickups = [{**pickup, "penalty": 10**6} for pickup in (SMALL["pickups"][0], other)]
    loaded = read(changed(nodes=nodes, ways=ways, pickups=pickups))
    assert [remark.path for remark in loaded.remarks] == ["ways[0].travel_ms[0][1]"]
    lines = loaded.file.read_text().splitlines()
    (said,) = (lines[remark.line - 1][remark.column - 1 :] for remark in loaded.remarks)
    assert said.startswith("90000")
    plan = solve(loaded.problem, Iterations(50)).plan
    assert judge(loaded.problem, plan) == ()
    assert plan.cost == 1_000 + 4_000 + 2_000
    assert [stop.index for stop in plan.routes[0].stops] == [1, 0, 0]
