"""The incidents of a run: each comes at its time, does what it does, and is labelled on the truth plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fleet.messages.interception import Road
from fleet.messages.port import Port
from fleet.messages.truth import TroubleBegan, TroubleEnded
from fleet.sim.parts import Annex
from fleet.sim.surroundings import Surroundings
from fleet.sim.troubles.chance import Chance
from fleet.sim.troubles.kind import Happened, Incident, Kind, Reach
from fleet.sim.troubles.params import TroublesParams
from fleet.sim.troubles.registry import discover, rates_of

SENDER = "world/troubles"
"""Who tells of trouble on the truth plane."""
_CITY = "city"


class Troubles(Annex):
    """The incidents of a run. `road` is where the links of vehicles are, put here once they are laid."""

    def __init__(self, around: Surroundings, params: TroublesParams) -> None:
        self._around = around
        self._params = params
        self._active: set[tuple[str, str]] = set()
        self._end_ms = around.setting.end_ms
        self._truth: Port | None = None
        self.road: Road | None = None

    def begin(self) -> None:
        """Put the first incident of every kind and entity on the clock, and those of all pickups known."""
        kinds = discover()
        rates = rates_of(self._params, kinds)
        if not rates:
            return
        entities = self._entities()
        for name, rate in rates.items():
            kind = kinds[name]
            chance = Chance(kind, self._around.streams, rate, self._params.sizes.get(name))
            if kind.whom == "pickup":
                self._await_pickups(kind, chance)
            else:
                for entity in entities[kind.whom]:
                    self._await_next(kind, chance, entity, 0)

    def _entities(self) -> Mapping[str, Sequence[str]]:
        setting = self._around.setting
        return {
            "vehicle": [vehicle.id for vehicle in setting.vehicles],
            "site": [site.id for site in setting.sites],
            "anchor": [anchor.id for anchor in setting.city.anchors],
            "city": [_CITY],
        }

    def _await_next(self, kind: Kind, chance: Chance, entity: str, number: int) -> None:
        kernel = self._around.parts.kernel
        at_ms = kernel.now_ms + chance.gap_ms(entity, number)
        if not self._end_ms or at_ms < self._end_ms:
            kernel.at(at_ms, self._strike, kind, chance, entity, number)

    def _strike(self, kind: Kind, chance: Chance, entity: str, number: int) -> None:
        self.happen(kind, chance.incident(entity, number), chance.lasts_ms(entity, number))
        self._await_next(kind, chance, entity, number + 1)

    def _await_pickups(self, kind: Kind, chance: Chance) -> None:
        for announced_ms, request in self._around.parts.day:
            pickup = request.pickup_id
            if chance.hits(pickup):
                incident, lasts_ms = chance.incident(pickup, 0), chance.lasts_ms(pickup, 0)
                at_ms = announced_ms + chance.after_ms(pickup)
                self._around.parts.kernel.at(at_ms, self._befall, kind, incident, lasts_ms)

    def _befall(self, kind: Kind, incident: Incident, lasts_ms: int | None) -> None:
        self.happen(kind, incident, lasts_ms)

    def happen(self, kind: Kind, incident: Incident, lasts_ms: int | None) -> bool:
        """Let it happen now, unless it cannot, or the same holds already; whether it did."""
        key = kind.name, incident.entity
        if key in self._active:
            return False
        happened = kind.begin(self._reach(), incident)
        if happened is None:
            return False
        size = incident.size if happened.size is None else happened.size
        self._tell(
            TroubleBegan(
                trouble_id=incident.id,
                kind=kind.name,
                entity=incident.entity,
                size=round(size, 6),
                unit=kind.size.unit,
            )
        )
        if happened.end is not None:
            self._active.add(key)
            if lasts_ms is not None:
                kernel = self._around.parts.kernel
                kernel.at(kernel.now_ms + lasts_ms, self._end, key, incident.id, happened)
        return True

    def _end(self, key: tuple[str, str], trouble_id: str, happened: Happened) -> None:
        assert happened.end is not None
        self._active.discard(key)
        happened.end()
        self._tell(TroubleEnded(trouble_id=trouble_id))

    def _tell(self, label: TroubleBegan | TroubleEnded) -> None:
        if self._truth is None:
            self._truth = self._around.port_of(SENDER)
        self._truth.say(label)

    def _reach(self) -> Reach:
        around = self._around
        anchors = {anchor.id: n for n, anchor in enumerate(around.setting.city.anchors)}
        return Reach(around.world, around.flights, anchors, self.road)
