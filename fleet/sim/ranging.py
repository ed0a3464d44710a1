"""What fixed anchors hear of vehicles: ranges over ground, from where the vehicles really are.

Satellites have no part in it: a receiver that is led astray changes what a vehicle says of itself, and nothing
here. The noise of a reading is a function of (vehicle, anchor, tick), so that reading or not reading changes
nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fleet.base.streams import Noise
from fleet.messages.frames import RangeFrame, pack
from fleet.sim.lies import AnchorLies
from fleet.sim.motion import Motion
from fleet.sim.multipath import Multipath
from fleet.sim.params import SensorParams

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_DROPOUT_LANE = 4


class Ranging:
    """The anchors of a map. `anchor_*_m` are their places, shape (m,); without `multipath` there are no echoes."""

    def __init__(
        self,
        params: SensorParams,
        noise: Noise,
        motion: Motion,
        anchor_x_m: Floats,
        anchor_y_m: Floats,
        multipath: Multipath | None = None,
    ) -> None:
        self._params = params
        self._noise = noise
        self._motion = motion
        self._anchor_x_m, self._anchor_y_m = anchor_x_m, anchor_y_m
        self._multipath = multipath

    def frame(self, tick: int, now_ms: int) -> RangeFrame:
        """All pairs in reach but for drop-outs, what is dead and what is kept quiet."""
        p, lies = self._params, self._motion.lies.anchors
        x, y = self._places(now_ms)
        distance = np.hypot(x[:, None] - self._anchor_x_m[None, :], y[:, None] - self._anchor_y_m[None, :])
        vehicle, anchor = np.nonzero(distance <= p.range_reach_m)
        pair = vehicle * len(self._anchor_x_m) + anchor
        heard = self._noise.uniform(pair, tick, _DROPOUT_LANE) >= p.range_dropout
        if lies.any_silence:
            heard &= _said(lies, vehicle, anchor, now_ms)
        vehicle, anchor, pair = vehicle[heard], anchor[heard], pair[heard]
        measured = distance[vehicle, anchor] + p.range_sigma_m * self._noise.normal(pair, tick, 0)
        if self._multipath is not None:
            measured += self._multipath.excess_m(pair, x[vehicle], y[vehicle], now_ms)
        for anchors, offset_m in lies.offsets.values():
            measured += offset_m * np.isin(anchor, sorted(anchors))
        return RangeFrame(
            tick=tick,
            vehicle=pack(vehicle, "<u2"),
            anchor=pack(anchor, "<u2"),
            range_m=pack(np.maximum(measured, 0.0)),
        )

    def _places(self, now_ms: int) -> tuple[Floats, Floats]:
        """Where the anchors find every vehicle: where it is, unless they are made to find it elsewhere."""
        x, y = self._motion.true(now_ms)
        for i, phantom in self._motion.lies.anchors.phantoms.items():
            x[i], y[i] = phantom.place_m or self._motion.place_of(i, now_ms)[:2]
        return x, y


def _said(lies: AnchorLies, vehicle: Ints, anchor: Ints, now_ms: int) -> npt.NDArray[np.bool_]:
    """Which of these pairs nobody keeps quiet."""
    kept = np.isin(anchor, sorted(lies.mute(now_ms))) | np.isin(vehicle, sorted(set(lies.hidden.values())))
    return np.asarray(~kept)
