"""`docs/tampering.md` lists every primitive as the registry has it."""

import re
from pathlib import Path

import pytest

from fleet.sim.tampering import discover

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tampering.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("primitive", discover().values(), ids=discover())
def test_every_primitive_has_its_parameters_and_its_effect_on_the_page(primitive):
    section = PAGE.split(f"#### {primitive.name}\n")[1].split("\n#### ")[0].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [p.name for p in primitive.parameters]
    assert primitive.text in section
    assert f"`{primitive.quantity}`" in section
    assert all(parameter.expected in section for parameter in primitive.parameters)


def test_every_link_leads_somewhere():
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    links = set(re.findall(r"\]\(#([^)]+)\)", PAGE))
    assert links - anchors == set()
    assert len(links) == len(discover())
