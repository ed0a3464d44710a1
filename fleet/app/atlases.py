"""Dispatch's atlases: legs through the sky as it believes it to be, worked out with the world where that is so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from fleet.app.scenario import Scenario
from fleet.city.hearsay import heard
from fleet.city.model import Site
from fleet.dispatch.dispatcher import AtlasOf
from fleet.dispatch.rounds import Atlas
from fleet.messages.airspace import AirspaceChanged
from fleet.plan.problem import Dock, VehicleType
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
    names = sorted({v.type_name for v in setting.vehicles})
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
        hazmat=kind.hazmat,
        mass_exponent=airframe.mass_exponent,
    )


def _dock(scenario: Scenario, setting: Setting, node: int, site: Site) -> Dock:
    """Charging is planned for its longest: from the reserve to full."""
    docking = scenario.docking
    shares = [1.0 - setting.types[v.type_name].reserve_share for v in setting.vehicles]
    fill_s = 3600.0 * max(shares) / docking.charge_c_rate
    charge_s = docking.swap_s if docking.charging == "swap" else fill_s
    return Dock(
        id=site.id,
        node=node,
        accepts=site.accepts,
        unload_ms=round(1000 * docking.unload_s),
        charge_ms=round(1000 * charge_s) if site.chargers else None,
    )
