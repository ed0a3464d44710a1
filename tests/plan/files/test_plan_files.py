"""Plans as JSON, GeoJSON and missions: what is in them, and what no plan is."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from fleet.base.errors import InputError, UsageError
from fleet.plan.files.geojson import map_text
from fleet.plan.files.loaded import Positions
from fleet.plan.files.mission import mission_texts
from fleet.plan.files.opening import read_plan
from fleet.plan.files.outputs import check_outputs, texts_for, write_outputs
from fleet.plan.files.plan_json import omission_said, plan_json
from fleet.plan.files.plan_model import plan_schema
from fleet.plan.problem import Plan, Relaxation, Route

from .samples import rich, rich_plan


@pytest.fixture
def read(tmp_path):
    def reading(said) -> Plan:
        path = tmp_path / "plan.json"
        path.write_text(said if isinstance(said, str) else json.dumps(said))
        return read_plan(path, rich()).plan

    return reading


def said():
    return json.loads(plan_json(rich(), rich_plan()))


def test_a_plan_comes_back_with_its_reasons(read):
    text = plan_json(rich(), rich_plan())
    assert read(text) == rich_plan()
    jsonschema.validate(json.loads(text), plan_schema())
    omitted = json.loads(text)["omitted"][0]
    assert (omitted["pickup"], omitted["code"], omitted["vehicle"]) == ("p3", "battery", "d1")
    assert omitted["relaxations"][0]["where"] == "base"


def test_changes_at_a_node_name_it_as_the_file_does(read):
    changes = (
        Relaxation("charger", 0.0, "ms", "node 3"),
        Relaxation("accepts", 1.0, "", "charger at node 3"),
        Relaxation("vehicle", 1.0, "drone", "node 0"),
        Relaxation("battery", 5.0, "Wh", "one more"),
    )
    plan = replace(rich_plan(), omitted=(replace(rich_plan().omitted[0], relaxations=changes),))
    text = plan_json(rich(), plan)
    assert read(text) == plan
    jsonschema.validate(json.loads(text), plan_schema())
    told = [change.get("node", change.get("where")) for change in json.loads(text)["omitted"][0]["relaxations"]]
    assert told == ["park", "park", "n-base", "one more"]


def test_a_dock_that_is_called_like_a_node_stays_a_dock():
    problem = rich().problem
    docks = (replace(problem.docks[0], id="node 3"), *problem.docks[1:])
    loaded = replace(rich(), problem=replace(problem, docks=docks))
    for where, told in (("node 3", ("where", "node 3")), ("node 3'", ("node", "park"))):
        change = Relaxation("charger", 0.0, "ms", where)
        omission = replace(rich_plan().omitted[0], relaxations=(change,))
        assert told in omission_said(loaded, omission)["relaxations"][0].items()


def test_amounts_without_limit_come_back(read):
    endless = replace(rich_plan().omitted[0], need=float("inf"), vehicle=-1, relaxations=())
    plan = replace(rich_plan(), omitted=(endless,))
    assert read(plan_json(rich(), plan)) == plan


def changes(plan):
    return plan["omitted"][0]["relaxations"]


AT_NODE = {"kind": "charger", "amount": 0.0, "unit": "ms"}


@pytest.mark.parametrize(
    "change, told",
    [
        (lambda plan: plan["routes"][0].update(vehicle="d9"), "routes[0].vehicle: expected the id of a vehicle"),
        (lambda plan: plan["routes"][0]["stops"][0].update(pickup="x7"), "is it a plan for another problem?"),
        (lambda plan: plan["routes"][0]["stops"][1].update(pickup="p1"), "stops[1]: expected either a `pickup`"),
        (lambda plan: plan["routes"][0]["stops"][1].update(dock="bose"), "did you mean `base`?"),
        (
            lambda plan: plan["routes"][0]["stops"][1].pop("end_ms"),
            "stops[1].end_ms: expected this field (required)",
        ),
        (lambda plan: plan["omitted"][0].update(code="sloth"), "omitted[0].code: expected one of 'too-heavy'"),
        (
            lambda plan: plan.update(problem="poor"),
            'a plan for the problem "rich" of rich.json, found one for "poor"',
        ),
        (lambda plan: changes(plan)[0].update(kind="paint"), "relaxations[0].kind: expected one of 'payload'"),
        (
            lambda plan: changes(plan)[0].update(node="x"),
            "either `where` or `node`, found both",
        ),
        (
            lambda plan: changes(plan)[0].pop("where"),
            "either `where` or `node`, found neither",
        ),
        (lambda plan: changes(plan).append({**AT_NODE, "node": "prak"}), "did you mean `park`?"),
        (
            lambda plan: plan["routes"][0].update(vehicle="\x1b[2Jd1"),
            'expected a text of printable characters, found "\\u001b[2Jd1"',
        ),
        (lambda plan: plan.update(cost=1.5), "cost: expected a whole number, found 1.5"),
        (lambda plan: plan.update(format="fleet-problem"), "is it the file that was meant?"),
    ],
)
def test_what_is_no_plan_for_the_problem(read, change, told):
    plan = said()
    change(plan)
    with pytest.raises(InputError) as caught:
        read(plan)
    assert told in str(caught.value)


def test_a_text_that_is_no_plan(read):
    for text in ("hello", "", '{"format": "fleet-plan"'):
        with pytest.raises(InputError):
            read(text)


def test_a_map_has_a_line_per_trip_and_a_point_per_stop():
    features = json.loads(map_text(rich(), rich_plan()))["features"]
    kinds = [feature["properties"]["what"] for feature in features]
    assert kinds == ["trip"] * 3 + ["pickup", "dock", "pickup", "dock", "dock", "left out"]
    first, second = features[:2]
    assert first["geometry"] == {"type": "LineString", "coordinates": [[11.0, 48.0], [11.0, 48.02], [11.0, 48.0]]}
    assert (first["properties"]["vehicle"], first["properties"]["mass_kg"]) == ("d1", 2.5)
    assert second["geometry"]["coordinates"][1] == [11.02, 48.01]
    assert features[-1]["properties"]["code"] == "battery"


def test_a_map_needs_places_on_earth():
    for positions in (None, Positions(rich().positions.x_m, rich().positions.y_m)):
        with pytest.raises(UsageError, match="have no place on Earth"):
            map_text(replace(rich(), positions=positions), rich_plan())


def test_a_map_of_metres_in_a_frame():
    whole = rich().positions
    metres = replace(rich(), positions=Positions(whole.x_m, whole.y_m, whole.frame))
    assert json.loads(map_text(metres, rich_plan())) == json.loads(map_text(rich(), rich_plan()))


MISSION_SCHEMA = {
    # The required members of QGroundControl's developer guide, "Plan File Format".
    "type": "object",
    "required": ["fileType", "version", "groundStation", "mission", "geoFence", "rallyPoints"],
    "properties": {
        "fileType": {"const": "Plan"},
        "version": {"const": 1},
        "geoFence": {"const": {"circles": [], "polygons": [], "version": 2}},
        "rallyPoints": {"const": {"points": [], "version": 2}},
        "mission": {
            "type": "object",
            "required": [
                "version", "firmwareType", "globalPlanAltitudeMode", "vehicleType", "cruiseSpeed", "hoverSpeed",
                "items", "plannedHomePosition",
            ],
            "properties": {
                "version": {"const": 2},
                "plannedHomePosition": {"type": "array", "minItems": 3, "maxItems": 3},
                "items": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "required": ["type", "autoContinue", "command", "doJumpId", "frame", "params"],
                        "properties": {
                            "type": {"const": "SimpleItem"},
                            "params": {"minItems": 7, "maxItems": 7, "items": {"type": ["number", "null"]}},
                        },
                    },
                },
            },
        },
    },
}  # fmt: skip


def test_a_mission_takes_off_holds_and_lands():
    texts = mission_texts(rich(), rich_plan())
    assert list(texts) == ["d1"], "the van drives"
    plan = json.loads(texts["d1"])
    jsonschema.validate(plan, MISSION_SCHEMA)
    items = plan["mission"]["items"]
    assert [item["command"] for item in items] == [22, 16, 16, 21, 93, 22, 16, 16, 21]
    assert [item["doJumpId"] for item in items] == list(range(1, 10))
    assert items[1]["params"] == [62.0, 0, 0, None, 48.02, 11.0, 60.0], "there for 62 s, waiting and service"
    assert items[4]["params"][0] == 110.0
    assert items[-1]["params"][4:] == [48.0, 11.0, 0.0]
    assert plan["mission"]["plannedHomePosition"] == [48.0, 11.0, 0.0]


@pytest.mark.parametrize(
    "ids, names",
    [
        (("a/b", "a_b", "A_B"), ["a_b", "a_b-2", "A_B-3"]),
        (("..", "d", "e"), ["..", "d", "e"]),
        (("x" * 200, "x" * 199, "y"), ["x" * 60, "x" * 60 + "-2", "y"]),
    ],
)
def test_every_mission_has_a_file_of_its_own(ids, names):
    problem = rich().problem
    fleet = tuple(replace(v, id=name, type=0) for v, name in zip(problem.vehicles, ids, strict=True))
    stops = rich_plan().routes[0].stops
    plan = replace(rich_plan(), routes=tuple(Route(v, stops) for v in range(3)))
    assert list(mission_texts(replace(rich(), problem=replace(problem, vehicles=fleet)), plan)) == names


def test_a_route_that_ends_in_the_air_returns():
    plan = rich_plan()
    cut = replace(plan, routes=(replace(plan.routes[0], stops=plan.routes[0].stops[:1]),))
    items = json.loads(mission_texts(rich(), cut)["d1"])["mission"]["items"]
    assert [item["command"] for item in items] == [22, 16, 20]


def test_outputs_are_asked_for_by_their_names(tmp_path):
    check_outputs(rich(), [tmp_path / "a.json", tmp_path / "b.geojson", tmp_path / "c.plan"])
    for bad, told in (
        ("a.txt", "a name that ends in"),
        ("no/a.json", "there is no directory"),
        ("a.sol", "one dock"),
    ):
        with pytest.raises(UsageError, match=told):
            check_outputs(rich(), [tmp_path / bad])
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(UsageError, match="found a directory"):
        check_outputs(rich(), [tmp_path / "folder.json"])
    with pytest.raises(UsageError, match="each file once"):
        check_outputs(rich(), [tmp_path / "a.json"] * 2)


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "a.json").mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        write_outputs(texts_for(rich(), rich_plan(), tmp_path / "a.json"))
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
