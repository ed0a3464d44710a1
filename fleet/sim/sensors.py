"""What instruments say about the world, as frames. Noise is a function of (stream, entity, tick)."""

from __future__ import annotations

import numpy as np

from fleet.base.streams import Noise, Streams
from fleet.messages.frames import RangeFrame, TelemetryFrame, TruthFrame, pack
from fleet.messages.reports import STATES
from fleet.sim.body import Body
from fleet.sim.motion import Motion
from fleet.sim.params import SensorParams
from fleet.sim.ranging import Ranging

_STATE_CODE: dict[str, int] = {state: code for code, state in enumerate(STATES)}
_PHASE_STATES = ("climbing", "cruising", "descending", "driving")


class Sensors:
    """GNSS on board, and the anchors on the ground."""

    def __init__(self, params: SensorParams, streams: Streams, motion: Motion, ranging: Ranging) -> None:
        self._params = params
        self._gnss: Noise = streams.noise("sensor/gnss")
        self._motion = motion
        self._ranging = ranging
        self._rows = np.arange(len(motion.t0_ms))

    def telemetry(self, tick: int, now_ms: int, bodies: list[Body]) -> TelemetryFrame:
        """What every vehicle says: its GNSS fix (what it believes, and the fix's own error), and the rest.

        A receiver that gets no fix says so in the air: its place is NaN.
        """
        p, motion = self._params, self._motion
        x, y, h = motion.nominal(now_ms)
        t_s = now_ms / 1000.0
        x = x + p.gnss_sigma_m * self._gnss.drift(self._rows, t_s, p.gnss_tau_s, 0)
        y = y + p.gnss_sigma_m * self._gnss.drift(self._rows, t_s, p.gnss_tau_s, 1)
        speed = np.hypot(motion.vx_mps, motion.vy_mps)
        states = [_code(b) for b in bodies]
        for i in motion.lies.no_fix | motion.lies.shaded:
            if bodies[i].phase in _PHASE_STATES and bodies[i].navigation == "gnss":
                x[i] = y[i] = np.nan
        for i, pretence in motion.lies.pretences.items():
            if bodies[i].turn == pretence.turn:
                h[i], speed[i], states[i] = pretence.height_m, pretence.speed_mps, _STATE_CODE[pretence.state]
        return TelemetryFrame(
            tick=tick,
            x_m=pack(x),
            y_m=pack(y),
            height_m=pack(h),
            speed_mps=pack(speed),
            battery_wh=pack(motion.gauges_wh(now_ms)),
            load_kg=pack([b.scale_kg for b in bodies]),
            state=pack(states, "<u1"),
        )

    def ranges(self, tick: int, now_ms: int) -> RangeFrame:
        """Anchor to vehicle, of all pairs in reach but for drop-outs; ground distance."""
        return self._ranging.frame(tick, now_ms)

    def truth(self, tick: int, now_ms: int) -> TruthFrame:
        """Where every vehicle really is."""
        x, y = self._motion.true(now_ms)
        return TruthFrame(tick=tick, x_m=pack(x), y_m=pack(y), battery_wh=pack(self._motion.batteries_wh(now_ms)))


def _code(body: Body) -> int:
    return _STATE_CODE[body.phase if body.phase in _PHASE_STATES else body.state]
