"""`docs/troubles.md` lists every kind of trouble as the registry has it."""

import re
from pathlib import Path

import pytest

from fleet.sim.troubles.registry import discover

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubles.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", discover().values(), ids=discover())
def test_every_kind_has_a_row_with_its_rate_its_size_and_its_source(kind):
    (row,) = re.findall(rf"^\| `{re.escape(kind.name)}` \|.*$", PAGE, re.MULTILINE)
    cells = [cell.strip() for cell in row.strip("|").split(" | ")]
    assert len(cells) == 7
    assert all(cells)
    assert cells[1] == kind.text
    assert cells[2].startswith(f"{100 * kind.rate:g} %" if kind.whom == "pickup" else f"{kind.rate:g} per")
    assert kind.size.unit in cells[3]
    assert cells[6] == kind.source


def test_the_days_that_were_measured_have_as_much_trouble_as_is_asked():
    rows = re.findall(r"^\| troubled \| \d+ \| ([\d,]+) \| (\d+) \| ([\d.]+) \|", PAGE, re.MULTILINE)
    assert len(rows) == 3
    for _, kinds, per_day in rows:
        assert int(kinds) >= 12
        assert float(per_day) >= 0.25
