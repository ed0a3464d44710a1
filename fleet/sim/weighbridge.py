"""What a site does with a load that comes in: it looks at the labels, refuses or weighs, books the contents."""

from __future__ import annotations

from typing import Literal

from fleet.base.streams import Noise
from fleet.messages.reports import Unloaded, UnloadRefused
from fleet.sim.body import Body, add_to
from fleet.sim.books import ITEMS, KG, Books
from fleet.sim.yards import Dockyard


class Weighbridge:
    """The scales of all sites. `sigma` is their error as a share of the reading."""

    def __init__(self, books: Books, noise: Noise, sigma: float) -> None:
        self._books = books
        self._noise = noise
        self._sigma = sigma

    def refuses(self, body: Body, yard: Dockyard) -> bool:
        """Whether the site does not take the load; if so, it says why."""
        cause = _refusal(body, yard)
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
        litres = body.load_l
        body.empty()
        self._books.compare(KG, aboard, body.load_kg)
        self._books.compare(KG, stock, yard.stock_kg)
        yard.port.say(
            Unloaded(
                facility=yard.id,
                vehicle=body.id,
                weighed_kg=weighed,
                volume_l=round(litres, 1),
                stock_kg=round(yard.stock_kg, 3),
            )
        )

    def _reading(self, yard: Dockyard, kg: float) -> float:
        yard.weighings += 1
        noise = 1.0 + self._sigma * self._noise.one_normal(yard.node, yard.weighings)
        shown = kg * noise * yard.wear.scale.product + yard.wear.scale_zero_kg.total
        return round(shown, 3)


def _refusal(body: Body, yard: Dockyard) -> Literal["", "material", "full"]:
    if not set(body.load) <= yard.accepts:
        return "material"
    return "full" if yard.stock_kg + body.load_kg > yard.capacity_kg else ""
