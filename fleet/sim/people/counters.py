"""Citizens who bring what they have to the counter of a site nearby, on foot, and are credited there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

from fleet.demand.model import Request, Span
from fleet.demand.params import DemandParams
from fleet.demand.process import requests
from fleet.messages.people import Deposited, DepositRefused
from fleet.messages.reports import PickupRequested
from fleet.sim.books import GENERATED, ITEMS
from fleet.sim.people.credits import Credits
from fleet.sim.people.params import CitizensParams
from fleet.sim.surroundings import Surroundings
from fleet.sim.yards import Dockyard

DETOUR = 1.3
"""A way by street over the straight line, on the mean: a guess within what is found in cities (1.2 to 1.4)."""
WALK_MPS = 1.2
"""A pedestrian with a load."""


@dataclass(frozen=True, slots=True)
class Errand:
    """Somebody on the way to a counter: `id` is what his load is called in the books."""

    id: str
    citizen: str
    material: str
    contents: Mapping[str, float]
    yard: Dockyard

    @property
    def account(self) -> tuple[str, str]:
        """What is carried, and what was refused and is carried home."""
        return "carried", self.id


class Counters:
    """The counters of all sites, and those who walk there."""

    def __init__(self, around: Surroundings, params: CitizensParams, bank: Credits) -> None:
        self._around = around
        self._parts = around.parts
        self._params = params
        self._bank = bank
        self._chance = around.streams.noise("people/bring")
        self._scale = around.streams.noise("people/counter-scale")
        self._weighings = 0
        self.carried: dict[str, Mapping[str, float]] = {}
        """What those on their way have, and those who were sent home."""

    def begin(self) -> None:
        """Let everybody set off whom the scenario's processes send today."""
        setting = self._around.setting
        span = Span(setting.start_hour, setting.end_ms / 3_600_000.0)
        for request in brought(self._params, self._around, span):
            if 0.0 < request.actual_kg <= self._params.carry_kg:
                self._parts.kernel.at(request.earliest_ms, self._bring, request)

    def _bring(self, request: Request) -> None:
        """Set off if there is a counter near that is open now."""
        place = request.x_m, request.y_m
        yard = self._nearest(place, request.material)
        if yard is not None:
            contents = dict(request.contents or {request.material: request.actual_kg})
            name, who = request.pickup_id, request.requester
            self._set_off(Errand(name, who, request.material, contents, yard), place)

    def takes(self, request: PickupRequested) -> bool:
        """Whether a citizen brings what he would have asked a pickup for; if so, he sets off."""
        waste = self._parts.waste[request.pickup_id]
        if not self._params.bring_share or not 0.0 < waste.kg <= self._params.carry_kg:
            return False
        if not self._bank.is_citizen(request.requester):
            return False
        if self._chance.one_uniform(crc32(waste.id.encode()), 0) >= self._params.bring_share:
            return False
        place = request.x_m, request.y_m
        yard = self._nearest(place, waste.material)
        if yard is None:
            return False
        self._set_off(Errand(waste.id, request.requester, waste.material, dict(waste.contents), yard), place)
        return True

    def _nearest(self, place: tuple[float, float], material: str) -> Dockyard | None:
        """The nearest open counter within a walk that takes a material; None where there is none."""
        near = [
            (self._walk_m(place, yard), yard.id)
            for yard in self._parts.yards.values()
            if material in yard.accepts and not yard.closed
        ]
        walk_m, name = min(near, default=(math.inf, ""))
        return self._parts.yards[name] if walk_m <= self._params.walk_m else None

    def _walk_m(self, place: tuple[float, float], yard: Dockyard) -> float:
        terrain = self._parts.terrain
        return DETOUR * math.hypot(
            place[0] - float(terrain.x_m[yard.node]), place[1] - float(terrain.y_m[yard.node])
        )

    def _set_off(self, errand: Errand, place: tuple[float, float]) -> None:
        books, kernel = self._parts.books, self._parts.kernel
        books.carry(GENERATED, errand.account, errand.contents)
        books.transfer(ITEMS, GENERATED, errand.account, 1)
        self.carried[errand.id] = errand.contents
        walk_ms = round(1000.0 * self._walk_m(place, errand.yard) / WALK_MPS)
        kernel.at(kernel.now_ms + walk_ms, self._arrive, errand)

    def _arrive(self, errand: Errand) -> None:
        yard, bridge = errand.yard, self._parts.weighbridge
        kg = sum(errand.contents.values())
        cause = bridge.declines(yard, errand.material, kg)
        if cause:
            yard.port.say(
                DepositRefused(facility=yard.id, citizen=errand.citizen, deposit_id=errand.id, cause=cause)
            )
            return
        bridge.take_in(yard, errand.account, errand.material, errand.contents)
        del self.carried[errand.id]
        self._weighings += 1
        sigma = self._around.setting.sensors.weighbridge_sigma
        reading = round(kg * (1.0 + sigma * self._scale.one_normal(yard.node, self._weighings)), 3)
        yard.port.say(
            Deposited(
                facility=yard.id,
                citizen=errand.citizen,
                deposit_id=errand.id,
                material=errand.material,
                weighed_kg=reading,
                stock_kg=bridge.stock_reading(yard),
            )
        )
        if self._bank.is_citizen(errand.citizen):
            notice = self._params.notice_brought
            self._bank.earn(errand.citizen, errand.id, errand.material, reading, errand.contents, notice)

    def settle(self) -> None:
        """Hold what is still carried against the books."""
        for name in sorted(self.carried):
            self._parts.books.compare_contents(("carried", name), self.carried[name])
            self._parts.books.compare(ITEMS, ("carried", name), 1)


def deposits_demand(params: CitizensParams) -> DemandParams | None:
    """The processes of what is brought, under names that no process of pickups has; None without any."""
    if not params.deposits:
        return None
    renamed = tuple(p.model_copy(update={"name": f"brought.{p.name}"}) for p in params.deposits)
    return DemandParams(processes=renamed)


def brought(params: CitizensParams, around: Surroundings, span: Span) -> tuple[Request, ...]:
    """What citizens would bring in `span`, wherever a counter is."""
    demand = deposits_demand(params)
    return () if demand is None else requests(demand, around.setting.city.pickup_points, span, around.streams)
