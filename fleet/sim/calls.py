"""Requests for pickups where nothing lies, in the form of one of the day's honest ones."""

from __future__ import annotations

import msgspec

from fleet.messages.reports import PickupRequested
from fleet.sim.body import Waste
from fleet.sim.parts import Parts


def vain_call(parts: Parts, like: PickupRequested, later_ms: int) -> PickupRequested:
    """A request like another one, `later_ms` after it, with its waste, which is nothing; to be announced yet."""
    request = msgspec.structs.replace(
        like,
        pickup_id=_fresh_id(parts, like.pickup_id),
        earliest_ms=like.earliest_ms + later_ms,
        latest_ms=like.latest_ms + later_ms,
    )
    parts.waste[request.pickup_id] = Waste.behind(request, parts.waste[like.pickup_id].node, 0.0, 0.0)
    return request


def _fresh_id(parts: Parts, like: str) -> str:
    """An id of the same form that nobody has: honest ones end in a number."""
    head, number = like.rstrip("0123456789"), len(parts.waste)
    while f"{head}{number}" in parts.waste:
        number += 1
    return f"{head}{number}"
