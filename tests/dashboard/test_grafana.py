"""The files for Grafana and Prometheus name what there is, and nothing else."""

import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from fleet.dashboard.meters import METRICS

FOLDER = Path(__file__).parents[2] / "tools" / "grafana"
NAMES = {metric.name + ("_total" if metric.kind == "counter" else ""): metric for metric in METRICS}
BOARD = json.loads((FOLDER / "fleet-run.json").read_text(encoding="utf-8"))
QUERIES = [(panel["title"], target["expr"]) for panel in BOARD["panels"] for target in panel["targets"]]


def test_every_metric_is_on_the_board_and_no_other():
    named = {name for _, query in QUERIES for name in re.findall(r"\bfleet_\w+", query)}
    assert named == set(NAMES) - {"fleet_ticks_total", "fleet_paused"}


@pytest.mark.parametrize("title, query", QUERIES)
def test_queries_group_by_labels_that_exist(title, query):
    labels = {label for name in re.findall(r"\bfleet_\w+", query) for label in NAMES[name].labels}
    grouped = {word.strip() for group in re.findall(r"sum by \(([^)]*)\)", query) for word in group.split(",")}
    assert grouped <= labels | {"instance", "job"}, title
    assert query.count("(") == query.count(")")


def test_panels_do_not_overlap():
    taken = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])


def test_the_readme_lists_every_metric():
    rows = re.findall(
        r"^\| `(fleet_\w+)` \| (\w+) \| (.*?) \| (.*) \|$", (FOLDER / "README.md").read_text("utf-8"), re.M
    )
    assert {name: (kind, text) for name, kind, _, text in rows} == {
        name: (metric.kind, metric.text) for name, metric in NAMES.items()
    }


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("*.y*ml")), ids=lambda path: path.name)
def test_the_yaml_files_are_yaml(file):
    content = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    assert content.get("apiVersion") == 1 or content["scrape_configs"][0]["static_configs"][0]["targets"]
