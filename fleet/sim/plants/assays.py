"""Samples of what comes in: what lies on a pile besides what it is called, found with a stated error."""

from __future__ import annotations

from collections import defaultdict

from fleet.messages.plants import Assayed
from fleet.sim.plants.house import House
from fleet.sim.plants.params import AssayParams
from fleet.sim.plants.piles import Piles
from fleet.sim.yards import Dockyard


class Assays:
    """The assays of one site. `factor` is what its instrument shows for the true share, noise aside."""

    def __init__(self, house: House, params: AssayParams | None, yard: Dockyard, piles: Piles) -> None:
        self._house = house
        self._params = params
        self._yard = yard
        self._piles = piles
        self._since_kg: defaultdict[str, float] = defaultdict(float)
        self.samples = 0
        self.factor = 1.0

    @property
    def there(self) -> bool:
        """Whether the site makes any."""
        return self._params is not None

    def arrived(self, pile: str, kg: float) -> None:
        """So much was put on a pile: a sample may be due."""
        if self._params is None:
            return
        self._since_kg[pile] += kg
        if self._since_kg[pile] >= self._params.every_kg:
            self._since_kg[pile] = 0.0
            self._sample(pile, self._params)

    def _sample(self, pile: str, params: AssayParams) -> None:
        """What is found too much of is picked out and lies by itself from now on."""
        for material in params.materials:
            total = self._piles.kg(pile)
            if material == pile or total <= 0.0:
                continue
            self.samples += 1
            true = self._piles.of(pile, material) / total
            noise = self._house.assay.one_normal(self._yard.node, self.samples)
            share = min(1.0, max(0.0, self.factor * true + params.sigma * noise))
            self._yard.port.say(
                Assayed(
                    site=self._yard.id,
                    sample=self.samples,
                    pile=pile,
                    material=material,
                    share=round(share, 4),
                    sigma=params.sigma,
                )
            )
            if share > params.limit:
                self._piles.pick(pile, material)
