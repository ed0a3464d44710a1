"""Products come back as waste when they have served: as pickups of citizens, in lots, after a drawn lifetime."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from fleet.base.clock import DAY_MS
from fleet.base.materials import MATERIALS
from fleet.base.streams import Streams
from fleet.sim.books import INITIAL
from fleet.sim.plants.asking import Place, Wish, request_for
from fleet.sim.plants.house import House
from fleet.sim.plants.params import PlantsParams
from fleet.sim.plants.recipe import ProductParams

IN_USE, RETURNED = ("in-use", ""), ("returned", "")
_PLACE_LANE = 7


def _scale_ms(product: ProductParams) -> float:
    """The scale of the Weibull distribution of its lifetime: mean = scale * Gamma(1 + 1/shape)."""
    assert product.lifetime_days is not None
    return DAY_MS * product.lifetime_days / math.gamma(1.0 + 1.0 / product.lifetime_shape)


def lifetime_ms(product: ProductParams, uniform: float) -> int:
    """The lifetime at a quantile of its Weibull distribution."""
    return round(_scale_ms(product) * math.pow(-math.log(uniform), 1.0 / product.lifetime_shape))


class Returns:
    """What of the products is in use, and when it comes back. `places` are the map's pickup points."""

    def __init__(
        self, house: House, params: PlantsParams, places: Sequence[tuple[Place, frozenset[str]]], streams: Streams
    ) -> None:
        self._house = house
        self._params = params
        self._streams = streams
        self._products = {
            name: product for name, product in params.products.items() if product.returns_as is not None
        }
        self._takers = {
            name: [place for place, takes in places if not takes or product.returns_as in takes]
            for name, product in self._products.items()
        }
        self._loose: defaultdict[str, float] = defaultdict(float)
        self._lots: defaultdict[str, int] = defaultdict(int)
        self._came_back: defaultdict[str, int] = defaultdict(int)
        self.in_use: defaultdict[str, float] = defaultdict(float)

    def begin(self) -> None:
        """What is in use already comes back in its time."""
        for name in sorted(self._params.in_use_kg):
            kg = self._params.in_use_kg[name]
            self._house.parts.books.carry(INITIAL, IN_USE, {name: kg})
            self.in_use[name] += kg
            self._spread(name, kg)

    def _spread(self, name: str, kg: float) -> None:
        """In a city that has used a product for long, what is left of a lifetime is an evenly drawn part of one
        drawn in proportion to its length (renewal theory, e.g. Feller, vol. 2, XI.4)."""
        product = self._products[name]
        shape = product.lifetime_shape
        count = int(kg * product.recyclable_share / self._lot_kg(name))
        draw = self._streams.generator(f"plants/in-use/{name}")
        long_ms = _scale_ms(product) * draw.gamma(1.0 + 1.0 / shape, size=count) ** (1.0 / shape)
        for left_ms in long_ms * draw.random(count):
            self._await(name, round(float(left_ms)))

    def shipped(self, name: str, kg: float) -> float:
        """So much of a product went to the market: how much of that can come back, and will in its time."""
        product = self._products.get(name)
        if product is None:
            return 0.0
        in_use = kg * product.recyclable_share
        self.in_use[name] += in_use
        self._loose[name] += in_use
        lot_kg, now = self._lot_kg(name), self._house.parts.kernel.now_ms
        noise = self._streams.noise(f"plants/returns/{name}")
        while self._loose[name] >= lot_kg:
            self._loose[name] -= lot_kg
            self._lots[name] += 1
            self._await(name, now + lifetime_ms(product, noise.one_uniform(0, self._lots[name])))
        return in_use

    def settle(self) -> None:
        """Hold what is in use against the books, if anything ever was."""
        if self.in_use:
            self._house.parts.books.compare_contents(IN_USE, self.in_use)

    def _lot_kg(self, name: str) -> float:
        material = self._products[name].returns_as
        assert material is not None
        return self._params.returns.volume_l * MATERIALS[material].density_kg_l

    def _await(self, name: str, at_ms: int) -> None:
        if self._takers[name] and (not self._house.end_ms or at_ms < self._house.end_ms):
            self._house.parts.kernel.at(at_ms, self._come_back, name)

    def _come_back(self, name: str) -> None:
        material, parts, kg = self._products[name].returns_as, self._house.parts, self._lot_kg(name)
        assert material is not None
        self._came_back[name] += 1
        number = self._came_back[name]
        noise, takers = self._streams.noise(f"plants/places/{name}"), self._takers[name]
        place = takers[int(noise.one_uniform(0, number, _PLACE_LANE) * len(takers))]
        returns = self._params.returns
        wish = Wish(
            id=f"return/{name}/{number}",
            material=material,
            contents={material: kg},
            declared_kg=round(kg, 3),
            window_ms=round(60_000 * returns.window_min),
            service_ms=round(1000 * returns.service_s),
        )
        request = request_for(parts, wish, place, self._house.end_ms)
        if request is None:
            return
        parts.books.convert(IN_USE, RETURNED, {name: kg}, {material: kg})
        self.in_use[name] -= kg
        self._house.announce(request, RETURNED)
