"""Writes the table of `docs/materials.md` from the materials that the project knows.

python tools/materials_page.py
"""

from __future__ import annotations

import re
from pathlib import Path

from fleet.base.materials import MATERIALS

PAGE = Path(__file__).parents[1] / "docs" / "materials.md"
_PLACE = re.compile(r"(<!-- made: table -->\n).*?(<!-- /made -->)", re.DOTALL)


def table() -> str:
    """One row for each material."""
    names = ("material", "loose, kg/m3", "hazard", "List of Waste", "carriage", "credit per kg")
    rows = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    for m in MATERIALS.values():
        cells = (m.name, f"{1000 * m.density_kg_l:g}", m.hazard or "-", m.ewc, m.un or "-", f"{m.credit_per_kg:g}")
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def renewed(page: str) -> str:
    """The page with its table made anew."""
    return _PLACE.sub(lambda found: f"{found[1]}{table()}\n{found[2]}", page)


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
