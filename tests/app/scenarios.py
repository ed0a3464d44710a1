"""Scenario files that tests write, and what is wrong with them."""

from __future__ import annotations

import pytest

from fleet.app.load import load_scenario
from fleet.base.errors import InputError
from fleet.bus.memory import MemoryBus

from .command import FOUR_CORNERS, ROOT

CORNERS = FOUR_CORNERS.read_text(encoding="utf-8").replace("../maps", str(ROOT / "maps"))
"""The text of the Four Corners, which is good in any folder."""


def faults_of(path, text):
    """Every fault of a scenario file of this text, of which no run can be built."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_scenario(path).build(MemoryBus)
    return caught.value.faults
