"""A study file is checked whole before anything runs: every fault of it, and of its scenarios, with its place."""

import pytest

from fleet.app.load import load_scenario
from fleet.app.studying import USUAL, content_key, load_study, measures_called, program_key, run_point
from fleet.base.errors import InputError, RunError, UsageError
from tests.app.command import FOUR_CORNERS, ROOT
from tests.app.scenarios import CORNERS

MAP = ROOT / "maps" / "four-corners.geojson"


@pytest.fixture
def write(tmp_path):
    """Write a study; `day.yaml` beside it is a scenario."""
    (tmp_path / "day.yaml").write_text(CORNERS, encoding="utf-8")

    def written(text):
        path = tmp_path / "a.study.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


GOOD = """\
name: a
seeds: [1, 2]
points:
  - {label: calm, scenario: day.yaml}
  - label: windy
    scenario: day.yaml
    set: {weather.wind_mps: 8, fleet.groups.0.count: 2}
"""


def faults_of(path):
    with pytest.raises(InputError) as caught:
        load_study(path)
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


def test_every_label_with_every_seed(write, tmp_path):
    study = load_study(write(GOOD))
    assert [(p.label, p.seed) for p in study.points] == [("calm", 1), ("calm", 2), ("windy", 1), ("windy", 2)]
    assert study.points[2].changes == ("weather.wind_mps=8", "fleet.groups.0.count=2")
    assert study.points[0].scenario == str(tmp_path / "day.yaml")
    assert len({p.key for p in study.points}) == 4
    assert tuple(m.name for m in study.measures) == USUAL
    assert [p.seed for p in load_study(write(GOOD), seeds=(9,)).points] == [9, 9]


def test_all_faults_of_all_files_at_once(write, tmp_path):
    (tmp_path / "bad.yaml").write_text("name: x\nseed: few\n", encoding="utf-8")
    path = write(
        """\
name: a
seeds: [1, 2, 1]
measures: [flown_km, flow_km, districts.*.served, districts.*.served_share]
points:
  - {label: calm, scenario: day.yaml, set: {seed: 4}}
  - {label: calm, scenario: days.yaml}
  - label: c
    scenario: day.yaml
    set:
      weather.wind_mps: 99
      name.first: me
  - label: d
    scenario: day.yaml
    set: {fleet.groups.0.type: lite-collector, weather.wind_mps: fast}
  - {label: e, scenario: bad.yaml}
"""
    )
    found = faults_of(path)
    for expected in (
        "2:15: seeds.2: expected each seed once, found 1",
        "3:22: measures.1: expected a measure, found 'flow_km'; did you mean `flown_km`?",
        "3:31: measures.2: expected a measure, found 'districts.*.served'; did you mean",
        "5:45: points.0.set.seed: expected another setting than the seed, found 'seed'; the study",
        "6:13: points.1.label: expected a label that no other point has, found 'calm'",
        f"6:29: points.1.scenario: expected a scenario file, found no such file: {tmp_path}/days.yaml",
        "10:25: weather.wind_mps: expected a number of at most 25, found 99",
        "11:7: points.2.set.name.first: expected a mapping or a list at name, found",
        "14:66: weather.wind_mps: expected a number, found 'fast'",
        f"{tmp_path}/bad.yaml:2:7: seed: expected an integer, found 'few'",
        f"{tmp_path}/bad.yaml:1:1: city: expected this field (required), found nothing",
    ):
        assert any(fault.startswith(expected) for fault in found), (expected, found)


def test_a_change_that_does_not_fit_the_map_is_told_at_its_line(write):
    path = write(GOOD.replace("fleet.groups.0.count: 2", "fleet.groups.0.type: lite-collector"))
    [fault] = faults_of(path)
    assert fault.startswith(
        "7:53: fleet.groups.0.type: expected a vehicle type, found 'lite-collector'; did you mean"
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "1:1: expected a mapping of fields, found an empty file"),
        ("name: [", "1:8: expected"),
        (GOOD.replace("[1, 2]", "[]"), "2:8: seeds: expected a list of at least 1 value, found []"),
        (GOOD.replace("label: calm", 'label: "a\\nb"'), "4:13: points.0.label: expected"),
        (GOOD.replace("[1, 2]", "[-1]"), "2:9: seeds.0: expected an integer of at least 0, found -1"),
        (GOOD.replace("label: windy", "lable: x"), "5:5: points.1.lable: expected a field that exists here"),
        (GOOD.replace("{weather", "{{weather"), "8:1: expected ',' or '}'"),
    ],
)
def test_a_broken_file_has_a_place(write, text, fault):
    assert any(found.startswith(fault) for found in faults_of(write(text))), faults_of(write(text))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_study(tmp_path / "none.yaml")


def test_measures_by_name():
    assert [m.title for m in measures_called(["districts.*.wait_mean_min"])] == ["waited in *, mean, min"]
    with pytest.raises(UsageError, match="did you mean `served_share`"):
        measures_called(["serve_share"])


def test_a_key_stands_for_contents_and_not_for_places(write, tmp_path):
    study = load_study(write(GOOD))
    elsewhere = tmp_path / "deeper"
    elsewhere.mkdir()
    for name in ("day.yaml", "a.study.yaml"):
        (elsewhere / name).write_bytes((tmp_path / name).read_bytes())
    (elsewhere / MAP.name).write_bytes(MAP.read_bytes())
    day = elsewhere / "day.yaml"
    day.write_text("# moved\n" + day.read_text(encoding="utf-8").replace(str(MAP), MAP.name), encoding="utf-8")
    assert [p.key for p in load_study(elsewhere / "a.study.yaml").points] == [p.key for p in study.points]
    (elsewhere / MAP.name).write_bytes(MAP.read_bytes() + b"\n")
    assert not {p.key for p in load_study(elsewhere / "a.study.yaml").points} & {p.key for p in study.points}


def test_a_key_stands_for_the_program_and_the_seed():
    loaded = load_scenario(FOUR_CORNERS)
    assert content_key(loaded, 1, b"a") != content_key(loaded, 1, b"b")
    assert content_key(loaded, 1, b"a") != content_key(loaded, 2, b"a")
    assert program_key() == program_key()


def test_a_scenario_that_is_changed_meanwhile_is_not_taken_for_what_it_was(write, tmp_path):
    point = load_study(write(GOOD)).points[0]
    day = tmp_path / "day.yaml"
    day.write_text(day.read_text(encoding="utf-8").replace("wind_mps: 3", "wind_mps: 4"), encoding="utf-8")
    with pytest.raises(RunError, match="was changed while the study was running"):
        run_point(point)


@pytest.mark.parametrize("name", ["central-or-micro", "few-drones"])
def test_our_own_studies_are_sound(name):
    study = load_study(ROOT / "configs" / "studies" / f"{name}.yaml")
    assert len(study.points) == 15
