"""What a site does with a load that comes in: it looks at the labels, refuses or weighs, books the contents."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Literal

from fleet.base.streams import Noise
from fleet.messages.reports import Unloaded, UnloadRefused
from fleet.sim.body import Body, add_to
from fleet.sim.books import ITEMS, KG, Account, Books
from fleet.sim.witness import Witness
from fleet.sim.yards import Dockyard

Cause = Literal["", "material", "full", "closed"]


class Weighbridge:
    """The scales of all sites. `sigma` is their error as a share of the reading."""

    def __init__(self, books: Books, noise: Noise, sigma: float) -> None:
        self._books = books
        self._noise = noise
        self._sigma = sigma
        self.witnesses: list[Witness] = []
        """Who looks on while a load is taken in."""

    def refuses(self, body: Body, yard: Dockyard) -> bool:
        """Whether the site does not take the load; if so, it says why."""
        cause = _refusal(body.load.keys(), body.load_kg, yard)
        if cause:
            yard.port.say(UnloadRefused(facility=yard.id, vehicle=body.id, cause=cause))
        return bool(cause)

    def weigh_in(self, body: Body, yard: Dockyard) -> None:
        """Weigh each label by itself, put what is really there into stock, and say what the scales showed."""
        weighed = {label: self._reading(yard, body.load[label]) for label in sorted(body.load)}
        aboard, stock, contents = ("aboard", body.id), ("stock", yard.id), body.contents
        self._books.carry(aboard, stock, contents)
        self._books.transfer(ITEMS, aboard, stock, body.items)
        add_to(yard.stock, contents)
        yard.items += body.items
        litres, inside = body.load_l, body.inside
        body.empty()
        self._books.compare(KG, aboard, body.load_kg)
        self._books.compare(KG, stock, yard.stock_kg)
        yard.port.say(
            Unloaded(
                facility=yard.id,
                vehicle=body.id,
                weighed_kg=weighed,
                volume_l=round(litres, 1),
                stock_kg=self.stock_reading(yard),
            )
        )
        yard.arrived(inside)
        for witness in self.witnesses:
            witness.unloaded(body, yard)

    def declines(self, yard: Dockyard, label: str, kg: float) -> Cause:
        """Why the site's counter does not take so much of what is called `label`; "" where it does."""
        return _refusal({label}, kg, yard)

    def take_in(self, yard: Dockyard, source: Account, label: str, contents: Mapping[str, float]) -> None:
        """Book one item called `label` that somebody brings, from `source`; its scale is the counter's own."""
        stock = ("stock", yard.id)
        self._books.carry(source, stock, contents)
        self._books.transfer(ITEMS, source, stock, 1)
        add_to(yard.stock, contents)
        yard.items += 1
        self._books.compare(KG, stock, yard.stock_kg)
        yard.arrived({label: contents})

    def stock_reading(self, yard: Dockyard) -> float:
        """What the site's scales show of all that lies there. Its chance is apart from that of loads."""
        noise = 1.0 + self._sigma * self._noise.one_normal(-1 - yard.node, yard.items)
        shown = yard.stock_kg * noise * yard.wear.scale.product + yard.wear.scale_zero_kg.total
        return max(0.0, round(shown, 3))

    def _reading(self, yard: Dockyard, kg: float) -> float:
        yard.weighings += 1
        noise = 1.0 + self._sigma * self._noise.one_normal(yard.node, yard.weighings)
        shown = kg * noise * yard.wear.scale.product + yard.wear.scale_zero_kg.total
        return max(0.0, round(shown, 3))


def _refusal(labels: Set[str], kg: float, yard: Dockyard) -> Cause:
    if yard.closed:
        return "closed"
    if not labels <= yard.accepts:
        return "material"
    return "full" if yard.stock_kg + kg > yard.capacity_kg else ""
