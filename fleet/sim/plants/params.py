"""What a scenario says under `plants`."""

from __future__ import annotations

from fleet.base.params import Params


class PlantsParams(Params):
    """Sites that work on what they receive: recipes, lines, assays, stores, shipping."""
