"""What a scenario says under `troubles`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fleet.base.params import NonNegative, Params, Positive


class TroublesParams(Params):
    """Honest trouble: what breaks, drifts and fails by nobody's will. The kinds are in docs/troubles.md."""

    level: Literal["none", "calm", "troubled"] = "none"
    """How often: never, as often as the table of kinds says, or some times that often."""
    rates: dict[str, NonNegative] = Field(default_factory=dict)
    """How often a kind comes, whatever the level: by day and vehicle, site, anchor or city; a share of pickups."""
    sizes: dict[str, Positive] = Field(default_factory=dict)
    """The median size of a kind, in its unit."""
