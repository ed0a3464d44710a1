"""Dispatch's atlases: legs through the sky as it believes it to be, worked out with the world where that is so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from fleet.app.scenario import Scenario
from fleet.city.hearsay import heard
from fleet.city.model import Site
from fleet.dispatch.dispatcher import AtlasOf
from fleet.dispatch.rounds import HAZMAT, Atlas
from fleet.messages.airspace import AirspaceChanged
from fleet.plan.problem import Charger, Dock, VehicleType
from fleet.plan.travel import travel_matrices
from fleet.sim.build import Setting
from fleet.sim.layers import Layers
from fleet.sim.params import VehicleKind
from fleet.sim.terrain import Layer, Terrain

KEPT = 3
"""So many atlases are kept: of now, without temporary zones, and the one before."""


def atlases(scenario: Scenario, setting: Setting, terrain: Terrain, layers: Layers) -> AtlasOf:
    """What dispatch plans with while it believes certain zones to be shut, in the wind of a moment.

    `layers` may be the world's own: it tells dispatch nothing of what zones there are.
    """
    names = sorted({v.type_name for v in setting.collectors})
    blank = Atlas(
        types=tuple(_vehicle_type(name, setting.types[name]) for name in names),
        docks=tuple(_dock(scenario, setting, node, site) for node, site in enumerate(setting.sites)),
        capacity_kg={site.id: site.capacity_kg for site in setting.sites},
        node_of={name: node for node, name in enumerate(terrain.names)},
        x_m=terrain.x_m,
        y_m=terrain.y_m,
        travel_ms=(),
        effort_h=(),
        end_ms=scenario.run.span.end_ms,
    )
    margin = scenario.dispatch.energy_margin

    @lru_cache(KEPT)
    def atlas(*found: Layer) -> Atlas:
        legs = [
            travel_matrices(layer.network, setting.types[name].airframe(), layer.wind, margin)
            for name, layer in zip(names, found, strict=True)
        ]
        travel, effort = (tuple(matrices) for matrices in zip(*legs, strict=True))
        return replace(blank, travel_ms=travel, effort_h=effort)

    def atlas_of(shut: Sequence[AirspaceChanged], t_ms: int) -> Atlas:
        zones = [zone for zone in map(heard, shut) if zone is not None]
        return atlas(*(layers.as_believed(name, zones, t_ms) for name in names))

    return atlas_of


def _vehicle_type(name: str, kind: VehicleKind) -> VehicleType:
    airframe = kind.airframe()
    return VehicleType(
        name=name,
        empty_kg=airframe.empty_kg,
        payload_kg=kind.payload_kg,
        volume_l=kind.volume_l,
        battery_wh=kind.battery_wh,
        reserve_wh=kind.reserve_wh,
        power_coefficient=airframe.power_coefficient,
        certificates=frozenset({HAZMAT}) if kind.hazmat else frozenset(),
        mass_exponent=airframe.mass_exponent,
    )


def _dock(scenario: Scenario, setting: Setting, node: int, site: Site) -> Dock:
    return Dock(
        id=site.id,
        node=node,
        accepts=site.accepts,
        unload_ms=round(1000 * scenario.docking.unload_s),
        charger=_charger(scenario, setting, site) if site.chargers else None,
        pads=site.pads,
    )


def _charger(scenario: Scenario, setting: Setting, site: Site) -> Charger:
    """Swapping takes everybody as long.

    Filling takes as long for a share of every battery: where they differ in size, time does not go by watt-hours,
    and the longest is planned for, from the reserve to full.
    """
    docking = scenario.docking
    if docking.charging == "swap":
        return Charger("swap", round(1000 * docking.swap_s), places=site.chargers)
    kinds = [setting.types[v.type_name] for v in setting.collectors]
    sizes = {kind.battery_wh for kind in kinds}
    if len(sizes) == 1:
        return Charger("full", 0, 3_600_000.0 / (docking.charge_c_rate * sizes.pop()), site.chargers)
    fill_h = max(1.0 - kind.reserve_share for kind in kinds) / docking.charge_c_rate
    return Charger("swap", round(3_600_000 * fill_h), places=site.chargers)
