"""What a scenario says under `troubles`."""

from __future__ import annotations

from fleet.base.params import Params


class TroublesParams(Params):
    """Honest trouble: what breaks, drifts and fails without anybody meaning it."""
