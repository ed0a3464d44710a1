"""What a scenario says under `people`."""

from __future__ import annotations

from fleet.base.params import Params


class PeopleParams(Params):
    """Those who live there: citizens who earn, scavengers, an underground market, guards, a festival."""
