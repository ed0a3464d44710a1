"""Pickups that a plant or the market lets appear during the run, beside those of the day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fleet.base.materials import MATERIALS
from fleet.demand.process import MIN_WINDOW_MS
from fleet.messages.reports import PickupRequested
from fleet.sim.body import Waste
from fleet.sim.books import Account
from fleet.sim.parts import Parts


@dataclass(frozen=True)
class Place:
    """Where it is to be fetched: a node of the map by its id, and for whom."""

    id: str
    node: int
    district: str
    requester: str


@dataclass(frozen=True)
class Wish:
    """What is to be fetched, how long it may wait, and what its owner believes it to weigh."""

    id: str
    material: str
    contents: Mapping[str, float]
    declared_kg: float
    window_ms: int
    service_ms: int


def request_for(parts: Parts, wish: Wish, place: Place, end_ms: int) -> PickupRequested | None:
    """Put a pickup among the world's waste, and give the request for it, to be announced now.

    None where the run ends too soon; nothing has changed then.
    """
    now = parts.kernel.now_ms
    latest_ms = now + wish.window_ms if end_ms == 0 else min(now + wish.window_ms, end_ms)
    if latest_ms - now < MIN_WINDOW_MS:
        return None
    kg = sum(wish.contents.values())
    litres = kg / MATERIALS[wish.material].density_kg_l
    request = PickupRequested(
        pickup_id=wish.id,
        point_id=place.id,
        district=place.district,
        x_m=round(float(parts.terrain.x_m[place.node]), 2),
        y_m=round(float(parts.terrain.y_m[place.node]), 2),
        material=wish.material,
        declared_kg=wish.declared_kg,
        declared_l=round(litres, 1),
        earliest_ms=now,
        latest_ms=latest_ms,
        service_ms=wish.service_ms,
        priority=1,
        requester=place.requester,
    )
    parts.waste[wish.id] = Waste.behind(request, place.node, kg, litres, wish.contents)
    return request


def take_back(parts: Parts, pickup_id: str, target: Account, asked: Account) -> dict[str, float]:
    """Nobody came: what lies there goes to `target`, the item back to whoever `asked`. Empty if it is gone."""
    waste = parts.waste[pickup_id]
    if not waste.there:
        return {}
    waste.there = False
    parts.books.carry(("waiting", pickup_id), target, waste.contents)
    parts.books.transfer("items", ("waiting", pickup_id), asked, 1)
    return dict(waste.contents)
