"""`fleet study` from outside: real runs, in real processes."""

import json
import signal
import sys

import pytest

from fleet.study.store import POINTS
from tests.app.command import FOUR_CORNERS, fleet, spawn

PATIENCE_S = 120.0
POINT = f"scenario: {FOUR_CORNERS}, set: {{run.duration_h: 0.4"
SHORT = f"""\
name: short
seeds: [1, 2]
measures: [served_share, flown_km, "districts.*.nearest_km"]
points:
  - {{label: calm, {POINT}}}}}
  - {{label: windy, {POINT}, weather.wind_mps: 8}}}}
"""


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "short.yaml"
    path.write_text(SHORT, encoding="utf-8")
    return path


def contents(directory):
    return {path.relative_to(directory): path.read_bytes() for path in directory.rglob("*.json")}


@pytest.mark.slow
@pytest.mark.thorough
def test_from_file_to_table(study, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    done = fleet("study", study, "-o", one, "--jobs", 1)
    assert done.exit_code == 0, done.stderr
    assert [line.split(": ")[0] for line in done.stderr.splitlines()[:4]] == [
        "1/4  calm, seed 1", "2/4  calm, seed 2", "3/4  windy, seed 1", "4/4  windy, seed 2",
    ]  # fmt: skip
    assert "straight way to the nearest facility from ne, km" in done.stdout
    assert fleet("study", study, "-o", two, "--jobs", 2, "--quiet").stderr == ""
    assert len(contents(one)) == 5
    assert contents(one) == contents(two)

    again = fleet("study", "run", study, "-o", one, "--seeds", "1-3", "--jobs", 1)
    assert "2 run, 4 known before" in again.stderr
    study.write_text(SHORT.replace("mps: 8", "mps: 7"), encoding="utf-8")
    changed = fleet("study", study, "-o", one, "--jobs", 1, "--json")
    assert "2 run, 2 known before" in changed.stderr
    table = json.loads(changed.stdout)
    assert (table["labels"], table["seeds"], table["missing"]) == (["calm", "windy"], [1, 2], [])

    shown = fleet("study", "show", one, "--json")
    assert json.loads(shown.stdout) == table
    page, picture = tmp_path / "page.md", tmp_path / "picture.png"
    for _ in range(2):
        made = fleet("study", "show", one, "--measure", "flown_km", "--markdown", page, "--plot", picture)
        assert made.exit_code == 0, made.stderr
    assert page.read_text(encoding="utf-8").count("travelled, km") == 1
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_what_fails_is_listed_and_the_rest_is_there(study, tmp_path):
    stuck = SHORT.replace("weather.wind_mps: 8", "weather.wind_mps: 25")
    study.write_text(stuck, encoding="utf-8")
    done = fleet("study", study, "-o", tmp_path / "out", "--seeds", 1, "--jobs", 1, "--json")
    assert done.exit_code == 1
    assert "1 of 2 points failed:\nwindy, seed 1: " in done.stderr
    table = json.loads(done.stdout)
    assert [(point["label"], point["seed"]) for point in table["missing"]] == [("windy", 1)]
    assert table["measures"][0]["by_label"]["calm"] is not None


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.thorough
def test_ctrl_c_leaves_whole_files_and_no_process(study, tmp_path):
    long = SHORT.replace(
        "duration_h: 0.4, weather.wind_mps: 8", "duration_h: 168, demand.processes.0.per_day: 4000"
    )
    study.write_text(long, encoding="utf-8")
    child = spawn("study", study, "-o", tmp_path / "out", "--seeds", "1", "--jobs", "2")
    assert child.stderr.readline().startswith("1/2  calm, seed 1: ")
    child.send_signal(signal.SIGINT)
    # The processes of the pool hold the pipes: their end comes when the last of them is gone.
    out, err = child.communicate(timeout=PATIENCE_S)
    assert (child.returncode, out, err) == (130, "", "interrupted\n")
    assert [path.suffix for path in (tmp_path / "out" / POINTS).iterdir()] == [".json"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--jobs", "0"], "0 is not in the range"),
        (["--jobs", "two"], "not a valid integer"),
        (["--seeds", "1-"], "expected seeds such as 1,2,5 or 1-5"),
        (["--seeds", "5-1"], "expected seeds such as"),
        (["--seeds", "1-999999999"], "expected seeds such as"),
        (["--measure", "flown_mm"], "did you mean `flown_km`"),
        (["-o", "short.yaml/results"], "cannot be written to"),
        (["-o", "short.yaml"], "found a file"),
    ],
)
def test_wrong_calls_have_one_message(study, words, said, monkeypatch):
    monkeypatch.chdir(study.parent)
    done = fleet("study", study, *words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_broken_study_is_an_invalid_file(study):
    study.write_text(SHORT.replace("label: windy", "label: calm"), encoding="utf-8")
    done = fleet("study", study)
    assert done.exit_code == 3
    assert done.stderr == f"{study}:6:13: points.1.label: expected a label that no other point has, found 'calm'\n"
    assert fleet("study", "show", study.parent).exit_code == 3
    assert fleet("study", study.parent / "none.yaml").exit_code == 3


def test_pictures_and_pages_that_cannot_be(study, tmp_path, monkeypatch):
    store = tmp_path / "out"
    (store / POINTS).mkdir(parents=True)
    point = {"label": "a", "seed": 1, "key": "k", "scenario": "", "changes": []}
    manifest = {"name": "n", "version": "0", "points": [point], "measures": [{"name": "km", "title": "km"}]}
    (store / "study.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert fleet("study", "show", store, "--plot", tmp_path / "x.jpg").exit_code == 2
    assert "nothing to draw" in fleet("study", "show", store, "--plot", tmp_path / "x.png").stderr
    (store / POINTS / "k.json").write_text('{"key": "k", "findings": {"km": 1}}', encoding="utf-8")
    assert fleet("study", "show", store, "--plot", store / "none" / "x.png").exit_code == 2
    (tmp_path / "page.md").write_bytes(b"\xff")
    assert "text in UTF-8" in fleet("study", "show", store, "--markdown", tmp_path / "page.md").stderr
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    missing = fleet("study", "show", store, "--plot", tmp_path / "x.png")
    assert (missing.exit_code, missing.stderr) == (
        2, "drawing needs matplotlib: pip install 'fleet-orchestrator[plot]'\n",
    )  # fmt: skip
    assert not (tmp_path / "x.png").exists()


def test_help_needs_no_heavy_room():
    assert "fleet study FILE" in fleet("study", "--help").stdout
    assert "--jobs" in fleet("study", "run", "--help").stdout
