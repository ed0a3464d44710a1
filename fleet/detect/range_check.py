"""Ranges against claims: fixed anchors measure how far a vehicle is; its own fix says where it is.

Each tick the ranges give a least-squares correction of the claimed position (one Gauss-Newton step from the
claim; anchors are hundreds of metres away, so one step is enough near it). The correction is averaged with an
exponential memory, which takes most of the ranging noise out and leaves the receiver's own slow wander.

The threshold comes from the false-alarm budget alone. For Gaussian noise the averaged correction's length
over its standard deviation is Rayleigh distributed, and independent about once per wander time, so that one
false alarm in T over n vehicles needs

    exp(-z^2 / 2) = tau / (n T)        z = sqrt(2 ln(n T / tau))

The ranging and the GNSS noise are those the roster states; tau is this detector's own setting.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from fleet.base.params import Params
from fleet.detect.detector import DetectorKind, Suspicion
from fleet.messages.envelope import Message
from fleet.messages.frames import RangeFrame, TelemetryFrame, unpack
from fleet.messages.reports import VehicleRoster

KIND = "range-check"
Floats = npt.NDArray[np.float64]

_WORST_DILUTION = 2.0
"""Corrections from anchors that stand worse than this (HDOP) are left out."""
_LEAST_SPREAD_M = 0.01
"""Frames carry 4-byte floats and one step is not exact: even without noise, corrections are off by millimetres."""


class RangeCheckParams(Params):
    """The memory and the budget."""

    kind: Literal["range-check"] = "range-check"
    memory_s: float = Field(15.0, ge=1.0, le=3600.0, description="of the average, at one frame a second")
    wander_s: float = Field(45.0, gt=0.0, le=3600.0, description="how long a receiver's error lasts")
    false_alarm_days: float = Field(30.0, gt=0.0, description="mean fleet time between false alarms")


class RangeCheck:
    """Keeps an averaged correction for every vehicle."""

    name = KIND
    attack_class = "gps-tow"

    def __init__(self, params: RangeCheckParams) -> None:
        self._params = params
        self._roster: VehicleRoster | None = None
        self._mean = np.zeros((0, 2))
        self._weight = np.zeros(0)
        self._anchors = np.zeros((0, 2))

    def score(self, now_ms: int, inbox: Sequence[Message]) -> list[Suspicion]:
        mean, weight = self._updated(inbox)
        if self._roster is None or not len(mean):
            return []
        spread = self._spread_m()
        ready = weight > 0.5  # half of a full memory
        z = np.hypot(mean[:, 0], mean[:, 1]) / np.maximum(weight, 1e-9) / spread
        return [
            Suspicion(
                self._roster.vehicles[i],
                float(round(z[i], 3)),
                f"anchors put it {z[i] * spread:.1f} m from where it says it is",
            )
            for i in np.nonzero(ready & (z > 0.5 * self.threshold()))[0]
        ]

    def learn(self, now_ms: int, inbox: Sequence[Message]) -> None:
        for message in inbox:
            if isinstance(message.body, VehicleRoster):
                self._roster = message.body
                self._mean = np.zeros((len(message.body.vehicles), 2))
                self._weight = np.zeros(len(message.body.vehicles))
                self._anchors = np.column_stack([message.body.anchor_x_m, message.body.anchor_y_m])
        self._mean, self._weight = self._updated(inbox)

    def threshold(self) -> float:
        n = 1 if self._roster is None else len(self._roster.vehicles)
        span_s = self._params.false_alarm_days * 86_400.0
        return math.sqrt(2.0 * math.log(max(1.0, n * span_s / self._params.wander_s)))

    def _spread_m(self) -> float:
        """Standard deviation of the averaged correction, each axis: averaged ranging noise, and wander."""
        assert self._roster is not None
        ranging = self._roster.anchor_sigma_m * _WORST_DILUTION / math.sqrt(2.0)
        averaged = ranging / math.sqrt(2.0 * self._params.memory_s)
        return max(_LEAST_SPREAD_M, math.hypot(averaged, self._roster.gnss_sigma_m))

    def _updated(self, inbox: Sequence[Message]) -> tuple[Floats, Floats]:
        frames = {m.body.tick: m.body for m in inbox if isinstance(m.body, TelemetryFrame)}
        mean, weight = self._mean, self._weight
        for message in inbox:
            if isinstance(message.body, RangeFrame) and message.body.tick in frames and len(mean):
                seen, correction = _corrections(frames[message.body.tick], message.body, self._anchors, len(mean))
                keep = 1.0 - 1.0 / self._params.memory_s
                mean, weight = mean.copy(), weight.copy()
                mean[seen] = keep * mean[seen] + (1.0 - keep) * correction
                weight[seen] = keep * weight[seen] + (1.0 - keep)
        return mean, weight


def _corrections(
    claimed: TelemetryFrame, ranges: RangeFrame, anchors: Floats, n: int
) -> tuple[npt.NDArray[np.int64], Floats]:
    """(vehicles with a good fix, their corrections (m, 2) in metres), by normal equations for each vehicle.

    Of the roster's `n` vehicles and of its anchors only; ranges of others, and what is not finite (a vehicle that
    was not heard, or has no fix), are left out. So are rows that came late: where a vehicle was then says nothing
    against where it is now.
    """
    x = np.asarray(unpack(claimed.x_m), dtype=np.float64)
    y = np.asarray(unpack(claimed.y_m), dtype=np.float64)
    who = np.asarray(unpack(ranges.vehicle, "<u2"), dtype=np.int64)
    anchor = np.asarray(unpack(ranges.anchor, "<u2"), dtype=np.int64)
    measured = np.asarray(unpack(ranges.range_m), dtype=np.float64)
    known = (who < min(n, len(x), len(y))) & (anchor < len(anchors))
    who, anchor, measured = who[known], anchor[known], measured[known]
    if claimed.age_ms:
        age_ms = np.resize(unpack(claimed.age_ms, "<u4"), len(x))
        fresh = age_ms[who] == 0
        who, anchor, measured = who[fresh], anchor[fresh], measured[fresh]
    finite = np.isfinite(x[who]) & np.isfinite(y[who]) & np.isfinite(measured)
    who, anchor, measured = who[finite], anchor[finite], measured[finite]
    dx, dy = x[who] - anchors[anchor, 0], y[who] - anchors[anchor, 1]
    expected = np.maximum(np.hypot(dx, dy), 1.0)
    ux, uy, residual = dx / expected, dy / expected, measured - expected
    xx, xy, yy = (np.bincount(who, w, n) for w in (ux * ux, ux * uy, uy * uy))
    bx, by = (np.bincount(who, w, n) for w in (ux * residual, uy * residual))
    det = xx * yy - xy * xy
    safe = np.where(det > 1e-9, det, 1.0)
    dilution = np.sqrt((xx + yy) / safe)
    good = np.nonzero((det > 1e-9) & (dilution <= _WORST_DILUTION) & (np.bincount(who, minlength=n) >= 3))[0]
    cx = (yy * bx - xy * by) / safe
    cy = (xx * by - xy * bx) / safe
    return good, np.column_stack([cx, cy])[good]


DETECTOR = DetectorKind(KIND, RangeCheckParams, RangeCheck)
