"""`docs/materials.md` lists every material as the code has it."""

from pathlib import Path

from fleet.base.materials import MATERIALS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "materials.md").read_text(encoding="utf-8")


def test_every_material_has_a_row():
    rows = [line.split(" | ")[0].removeprefix("| ") for line in PAGE.splitlines() if line.startswith("| ")]
    assert rows[1:] == list(MATERIALS)
