"""The pages about studies: every measure is listed, and the comparison's tables are what the command makes."""

import re
import shutil
from pathlib import Path

import pytest

from fleet.report.measures import MEASURES, OF_DISTRICT
from tests.app.command import fleet

DOCS = Path(__file__).parents[2] / "docs"
STUDIES = sorted(path.parent.name for path in (DOCS / "studies").glob("*/study.json"))


def test_every_measure_is_on_the_page():
    page = (DOCS / "study.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE)
    assert rows == [*MEASURES.items(), *OF_DISTRICT.items()]


def test_there_are_results_of_both_comparisons():
    assert STUDIES == ["central-or-micro", "few-drones"]


@pytest.mark.parametrize("name", STUDIES)
def test_the_tables_are_what_the_command_makes_of_the_results(name, tmp_path):
    page = tmp_path / "page.md"
    shutil.copy(DOCS / "central-or-micro.md", page)
    shown = fleet("study", "show", DOCS / "studies" / name, "--markdown", page)
    assert shown.exit_code == 0, shown.stderr
    assert "missing" not in shown.stdout
    assert page.read_text(encoding="utf-8") == (DOCS / "central-or-micro.md").read_text(encoding="utf-8")
