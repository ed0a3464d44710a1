"""Hazardous or biological stock that a site does not keep goes back into the system: the fleet fetches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.base.materials import MATERIALS
from fleet.sim.plants.asking import Place, Wish, request_for, take_back
from fleet.sim.plants.house import House
from fleet.sim.plants.params import SendBackParams

if TYPE_CHECKING:
    from fleet.sim.plants.plant import Plant

SERVICE_MS = 60_000


class SendBack:
    """What one site asks for. A pickup that nobody fetches in its window is asked for again."""

    def __init__(self, house: House, params: SendBackParams | None, plant: Plant, district: str) -> None:
        self._house = house
        self._params = params
        self._plant = plant
        self._district = district
        self.asked = 0

    def look(self) -> None:
        """Ask for whatever there is enough of."""
        if self._params is None:
            return
        for material in self._params.materials:
            while self._plant.piles.kg(material) >= self._params.at_kg and self._ask(self._params, material):
                pass

    def _ask(self, params: SendBackParams, material: str) -> bool:
        plant, parts, site = self._plant, self._house.parts, self._plant.yard.id
        contents = plant.piles.share(material, params.volume_l * MATERIALS[material].density_kg_l)
        wish = Wish(
            id=f"{site}/sent-back/{self.asked}",
            material=material,
            contents=contents,
            declared_kg=plant.weigh(sum(contents.values())),
            window_ms=round(60_000 * params.window_min),
            service_ms=SERVICE_MS,
        )
        place = Place(site, plant.yard.node, self._district, requester=site)
        request = request_for(parts, wish, place, self._house.end_ms)
        if request is None:
            return False
        self.asked += 1
        plant.piles.take(material, contents)
        parts.books.carry(("stock", site), ("sent-back", site), contents)
        self._house.announce(request, ("sent-back", site))
        parts.kernel.at(request.latest_ms + 1, self._nobody_came, wish.id, material)
        return True

    def _nobody_came(self, pickup_id: str, material: str) -> None:
        site = self._plant.yard.id
        contents = take_back(self._house.parts, pickup_id, ("stock", site), ("sent-back", site))
        if contents:
            self._plant.piles.add(material, contents)
            self._plant.stir()
