"""Whether a run can be carried out at all: asked before it starts, so that nobody waits for a day of nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fleet.base.errors import InfeasibleError
from fleet.sim.build import Setting
from fleet.sim.params import VehicleKind
from fleet.sim.terrain import Terrain


def require_feasible(setting: Setting, terrain: Terrain) -> None:
    """Raise `InfeasibleError` if no vehicle, empty and full of charge, could get from its base to unload.

    A scenario in which only some cannot is carried out; what they leave undone is in the summary, with reasons.
    """
    node_of = {site.id: node for node, site in enumerate(setting.sites)}
    unloading = np.array([node for node, site in enumerate(setting.sites) if site.accepts], dtype=np.int64)
    reasons: list[str] = []
    for type_name, base in sorted({(v.type_name, v.base) for v in setting.collectors}):
        kind, layer = setting.types[type_name], terrain.free_layers[type_name]
        ways_m = layer.network.length_m[node_of[base], unloading]
        effort_h = float(np.min(layer.effort_h[node_of[base], unloading]))
        need_wh = kind.airframe().power_w(0.0) * effort_h
        usable_wh = kind.battery_wh - kind.reserve_wh
        if need_wh <= usable_wh:
            return
        reasons.append(f"{type_name} at {base}: {_reason(kind, ways_m, need_wh, usable_wh)}")
    raise InfeasibleError("no vehicle can reach a place to unload at:\n" + "\n".join(f"  {r}" for r in reasons))


def _reason(kind: VehicleKind, ways_m: npt.NDArray[np.float64], need_wh: float, usable_wh: float) -> str:
    if not np.isfinite(ways_m).any():
        if kind.travels == "street":
            return f"no street that is open to {kind.streets} leads there"
        return "every way is closed (zones and buildings at its cruise height)"
    if not np.isfinite(need_wh):
        return "the wind is too strong for its airspeed"
    return f"the nearest takes {need_wh:,.0f} Wh, the battery gives {usable_wh:,.0f} Wh"
