"""Writes the table of `docs/materials.md` from the materials that the project knows.

python tools/materials_page.py            # write the page anew
python tools/materials_page.py --check    # exit 1 if the page is not up to date
"""

from __future__ import annotations

import sys

from fleet.base.materials import MATERIALS
from tools.made_pages import DOCS, filled, write

PAGE = DOCS / "materials.md"


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
    return filled(page, {"table": table()})


if __name__ == "__main__":
    sys.exit(write(PAGE, renewed))
