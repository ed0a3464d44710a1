"""What is wrong with a scenario's `sensor_network`, with its place in the file, and requests that are refused."""

import pytest

from fleet.app.load import load_scenario
from fleet.messages.tamper import StartTamper, TamperAnswered
from fleet.sim.sensornet.params import OrphansParams, SensorNetworkParams, TagsParams
from fleet.sim.tampering import discover
from fleet.sim.tampering.checks import check_declaration, check_refusals
from tests.app.command import ROOT
from tests.app.scenarios import faults_of
from tests.sim.asking import ask, played
from tests.sim.toy import Toy, pickup, still

SCENARIO = f"""name: s
city: {{map: {ROOT}/maps/four-corners.geojson}}
run: {{duration_h: 2}}
fleet: {{groups: [{{name: v, type: light-collector, count: 1}}]}}
demand: {{processes: [{{name: a, per_day: 9, materials: {{paper: 1}}}}]}}
"""


def faults(tmp_path, section: str) -> list[str]:
    """Every fault of a scenario with this section, as `line:column path: expected, found; hint`."""
    found = faults_of(tmp_path / "s.yaml", f"{SCENARIO}sensor_network:\n{section}")
    return [f"{f.line}:{f.column} {f.path}: {f.expected}, {f.found}; {f.hint}" for f in found]


def test_all_faults_are_named_at_once_with_their_place(tmp_path):
    found = faults(
        tmp_path,
        """  anchors:
    dead:
      - anchors: [anchor-1, ancor-2]
        from_h: 3
  tags:
    gates: [plnt]
    posts: [sw-1, nowhere]
  levels:
    points: [sw-99]
""",
    )
    assert [fault.split(" ")[1].rstrip(":") for fault in found] == [
        "sensor_network.anchors.dead.0.anchors.1",
        "sensor_network.anchors.dead.0.from_h",
        "sensor_network.tags.gates.0",
        "sensor_network.tags.posts.1",
        "sensor_network.levels.points.0",
    ]
    assert [fault.split(" ")[0] for fault in found] == ["9:29", "10:17", "12:13", "13:19", "15:14"]
    assert "an anchor of the map, 'ancor-2'" in found[0]
    assert "did you mean `anchor-2`" in found[0]
    assert "within the run, 3 h" in found[1]
    assert "a site of the map, or all, 'plnt'" in found[2]
    assert "did you mean `plant`" in found[2]


@pytest.mark.parametrize(
    "section, path, words",
    [
        ("  tags: {read_share_on: {metal: 0.5}}\n", "tags.read_share_on.metal", "a material"),
        ("  tags: {share: 1.5}\n", "tags.share", "1.5"),
        ("  tags: {reach_m: 0}\n", "tags.reach_m", "0"),
        ("  levels: {every_min: 0.5}\n", "levels.every_min", "0.5"),
        ("  levels: {capacity_l: 0}\n", "levels.capacity_l", "0"),
        ("  anchors: {multipath: {tau_s: 0}}\n", "anchors.multipath.tau_s", "0"),
        ("  anchors: {multipath: {tau_s: 1.0e-300}}\n", "anchors.multipath.tau_s", "1e-300"),
        ("  anchors: {dead: [{anchors: []}]}\n", "anchors.dead.0.anchors", ""),
        ("  orphans: {drones: -1}\n", "orphans.drones", "-1"),
        ("  orphans: {tags: 3}\n", "orphans.tags", "readers that could hear them"),
        ("  beacons: 3\n", "beacons", ""),
    ],
)
def test_one_thing_wrong(tmp_path, section, path, words):
    (fault,) = faults(tmp_path, section)
    assert fault.split(" ")[1] == f"sensor_network.{path}:"
    assert words in fault


def test_abandoned_drones_need_somebody_who_takes_e_waste(tmp_path):
    shut = "facilities: [{id: plant, accepts: [paper]}]\n"
    (fault,) = faults(tmp_path, "  orphans: {drones: 2}\n" + shut)
    assert "sensor_network.orphans.drones: a site that accepts e-waste, none" in fault


def test_the_example_is_sound_and_fills_every_part_of_the_section():
    loaded = load_scenario(ROOT / "configs" / "sensors.yaml")
    loaded.check()
    network = loaded.scenario.sensor_network
    assert network.anchors.dead
    assert network.anchors.multipath is not None
    assert network.tags is not None
    assert network.tags.posts
    assert network.levels is not None
    assert network.orphans.drones
    assert network.orphans.tags


# ---- requests

TAGGED = SensorNetworkParams(tags=TagsParams(), orphans=OrphansParams(tags=1))
SOUND = {
    "sensornet.dead": ("a1", {}),
    "sensornet.hijack": ("a1", {"offset_m": 40.0}),
    "sensornet.phantom": ("v0", {"place": "fixed", "x_m": 900.0, "y_m": 10.0}),
    "sensornet.clone-tag": ("p2", {"x_m": 300.0, "y_m": 0.0}),
    "sensornet.suppress": ("v0", {}),
}
FAMILY = [p for p in discover().values() if p.family == "sensornet"]


def play(asks):
    toy = Toy(sensors=still(), tampering=True, sensor_network=TAGGED)
    toy.order("v0", pickup(0), pickup(2))
    return played(toy, asks)


def request(primitive) -> StartTamper:
    target, parameters = SOUND[primitive.name]
    return StartTamper(tamper_id="t", primitive=primitive.name, target=target, parameters=parameters)


def test_the_family_is_here():
    assert SOUND.keys() == {p.name for p in FAMILY}


@pytest.mark.parametrize("primitive", FAMILY, ids=lambda p: p.name)
def test_a_primitive_says_what_it_is_and_refuses_what_is_wrong(primitive):
    check_declaration(primitive)
    check_refusals(play, primitive, request(primitive), at_tick=100)
    answers = [m.body for _, m in play({100: [request(primitive)]}) if isinstance(m.body, TamperAnswered)]
    assert [a.cause for a in answers] == [""], "else what was refused above was refused for another reason"


def test_an_area_without_anchors_is_refused():
    toy = Toy(tampering=True)
    cause = ask(toy, "sensornet.dead", "area", x_m=5000.0, y_m=5000.0, radius_m=10.0)
    assert cause.startswith("target: expected an area with anchors")


@pytest.mark.parametrize("primitive", ["sensornet.clone-tag", "sensornet.suppress"])
def test_without_tags_there_is_none_to_clone_or_to_keep_quiet_about(primitive):
    asked = SOUND["sensornet.clone-tag"][1] if "clone" in primitive else {}
    assert "a tag of this run, found 'p2'" in ask(Toy(tampering=True), primitive, "p2", **asked)


def test_a_vehicle_is_kept_quiet_about_even_without_tags():
    toy = Toy(tampering=True)
    assert ask(toy, "sensornet.suppress", "v1") == ""
    assert toy.motion.lies.anchors.hidden == {"t": 1}


def test_a_stray_tag_can_be_cloned_and_two_phantoms_of_one_vehicle_cannot_be():
    toy = Toy(tampering=True, sensor_network=TAGGED)
    assert ask(toy, "sensornet.clone-tag", "stray-1", "c", x_m=0.0, y_m=0.0) == ""
    assert ask(toy, "sensornet.phantom", "v0", "one", place="claimed") == ""
    assert "elsewhere already" in ask(toy, "sensornet.phantom", "v0", "two", place="claimed")
