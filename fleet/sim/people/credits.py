"""What citizens earn: the deposit rule of the city, and the account of everybody who has earned something.

The rule: whoever asked is credited at the moment of collection, for what the vehicle's scale shows (a claim: a
false scale makes false credits), at the material's `credit_per_kg`, up to the day's limit of that material; what
is seen to hold something else earns less or nothing. What is brought to a counter is credited by the same rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from zlib import crc32

from fleet.base.clock import DAY_MS
from fleet.base.materials import MATERIALS
from fleet.messages.people import CreditCut, CreditEarned
from fleet.sim.books import CREDITS
from fleet.sim.people.params import CitizensParams
from fleet.sim.surroundings import Surroundings

ISSUER = ("issuer", "")


class Credits:
    """The accounts of all citizens. `purses` is what each has."""

    def __init__(self, around: Surroundings, params: CitizensParams, nobody: frozenset[str]) -> None:
        self._parts = around.parts
        self._params = params
        self._nobody = nobody
        self._port = around.port_of("credits")
        self._look = around.streams.noise("people/contamination")
        self._midnight_ms = round(around.setting.start_hour * 3_600_000)
        self._credited_kg: defaultdict[tuple[str, int, str], float] = defaultdict(float)
        self.purses: defaultdict[str, float] = defaultdict(float)

    def is_citizen(self, name: str) -> bool:
        """Whether this is somebody who can earn: no bin, no festival, nobody unknown."""
        return bool(name) and name not in self._nobody

    def earn(
        self, citizen: str, item: str, material: str, scale_kg: float, contents: Mapping[str, float], notice: float
    ) -> None:
        """Credit a citizen for an item called `material`; `notice` is how likely it is that something else in it
        is noticed."""
        if material not in MATERIALS:
            return
        kg, cut = self._clean(item, material, scale_kg, contents, notice)
        kg, cut = self._within_limit(citizen, material, kg, cut)
        if kg <= 0.0 and not cut:
            return
        earned = MATERIALS[material].credit_per_kg * kg
        self._parts.books.transfer(CREDITS, ISSUER, ("citizen", citizen), earned)
        self.purses[citizen] += earned
        self._port.say(
            CreditEarned(
                citizen=citizen,
                pickup_id=item,
                material=material,
                credits=round(earned, 4),
                kg=round(kg, 3),
                cut=cut,
            )
        )

    def _clean(
        self, item: str, material: str, scale_kg: float, contents: Mapping[str, float], notice: float
    ) -> tuple[float, CreditCut]:
        whole = sum(contents.values())
        other = 1.0 - contents.get(material, 0.0) / whole if whole > 0.0 else 0.0
        kg = max(0.0, scale_kg)
        if other <= 1e-9 or self._look.one_uniform(crc32(item.encode()), 0) >= notice:
            return kg, ""
        return (0.0, "refused") if other > self._params.refuse_above else (kg * (1.0 - other), "contaminated")

    def _within_limit(self, citizen: str, material: str, kg: float, cut: CreditCut) -> tuple[float, CreditCut]:
        limit_kg = self._params.day_limit_kg.get(material)
        if limit_kg is None:
            return kg, cut
        today = citizen, (self._midnight_ms + self._parts.kernel.now_ms) // DAY_MS, material
        left_kg = max(0.0, limit_kg - self._credited_kg[today])
        self._credited_kg[today] += min(kg, left_kg)
        return (left_kg, "daily-limit") if kg > left_kg else (kg, cut)

    def settle(self) -> None:
        """Hold every purse against the books."""
        for citizen in sorted(self.purses):
            self._parts.books.compare(CREDITS, ("citizen", citizen), self.purses[citizen])
