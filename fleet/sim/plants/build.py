"""From settings to plants: what begins, hears and settles with the world."""

from __future__ import annotations

from fleet.messages.envelope import Message
from fleet.messages.plants import WithdrawStock
from fleet.messages.reports import OrderAnswered
from fleet.sim.parts import Annex
from fleet.sim.plants.asking import Place
from fleet.sim.plants.house import House
from fleet.sim.plants.params import PlantsParams
from fleet.sim.plants.plant import Plant
from fleet.sim.plants.returns import Returns
from fleet.sim.plants.withdrawals import Counter
from fleet.sim.power import PowerSource
from fleet.sim.surroundings import Surroundings

SENDER = "plants"
"""Who answers for a site that is none of them."""


class Plants(Annex):
    """The plants of a run by their sites; none in a scenario without the section, which then pays nothing."""

    def __init__(self, around: Surroundings, params: PlantsParams, power: PowerSource) -> None:
        self._parts = around.parts
        self._port = around.port_of(SENDER)
        self.house = House(
            parts=around.parts,
            book=params.book,
            scale=around.streams.noise("plants/scale"),
            assay=around.streams.noise("plants/assay"),
            announce=around.world.announce,
            shipped=lambda product, kg: self.returns.shipped(product, kg),
            start_hour=around.setting.start_hour,
            end_ms=around.setting.end_ms,
            power=power,
        )
        places = _places(around) if params.sites or params.in_use_kg else []
        self.returns = Returns(self.house, params, places, around.streams)
        districts = {site.id: site.district for site in around.setting.sites}
        self.sites = {
            plant.site: Plant(self.house, plant, self._parts.yards[plant.site], districts[plant.site])
            for plant in params.sites
        }
        self._counters = {site: Counter(plant) for site, plant in self.sites.items()}

    def begin(self) -> None:
        """What is in use comes back in its time, and every plant opens, or stays closed."""
        self.returns.begin()
        for plant in self.sites.values():
            plant.begin()

    def hear(self, message: Message, now_ms: int) -> None:
        order = message.body
        if not isinstance(order, WithdrawStock):
            return
        counter = self._counters.get(order.site)
        cause: str = self._parts.stock_trust.check(message, now_ms)
        if not cause:
            without = "no-withdrawals" if order.site in self._parts.yards else "unknown-site"
            cause = without if counter is None else counter.hear(message, order)
        port = self._port if counter is None else self.sites[order.site].yard.port
        port.say(
            OrderAnswered(
                vehicle="",
                order_id=order.order_id,
                claimed_sender=message.sender,
                counter=message.seq,
                cause=cause,
            )
        )

    def settle(self) -> None:
        """Every plant, and what is in use, is held against the books."""
        for plant in self.sites.values():
            plant.settle()
        self.returns.settle()


def _places(around: Surroundings) -> list[tuple[Place, frozenset[str]]]:
    node_of = around.parts.terrain.node_of
    return [
        (Place(p.id, node_of[p.id], p.district, requester=f"{p.id}/r0"), frozenset(p.materials))
        for p in around.setting.city.pickup_points
    ]
