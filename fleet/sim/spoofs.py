"""What a tampered satellite receiver does to where a vehicle believes to be. Pure; `Flights` applies it.

    tow      the fix is led off the true place at a steady rate; let go, it stays off, until a pad guides it in
    bias     the fix is off by a fixed vector, from one moment to the next; let go, it is right again
    freeze   the fix stands still. The autopilot takes itself to be there, so it holds its course towards its next
             waypoint and never arrives, until the battery asks for the ground; height comes from the barometer
    jam      there is no fix. The autopilot reckons on from its own velocity, with an error of a steady rate

A vehicle that navigates by anchors is not touched, nor is one that stands, which knows its place by eye.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["tow", "bias", "freeze", "jam"]


class Spoof(msgspec.Struct, frozen=True):
    """`east` and `north` are a rate in m/s (tow, jam), an offset in metres (bias), or a place (freeze)."""

    kind: Kind
    east: float
    north: float

    def fix(self, true_x_m: float, true_y_m: float) -> tuple[float, float] | None:
        """The fix that the receiver gives at a true place; None if the autopilot reckons on."""
        if self.kind == "bias":
            return true_x_m + self.east, true_y_m + self.north
        return (self.east, self.north) if self.kind == "freeze" else None

    @property
    def drift_mps(self) -> tuple[float, float]:
        """How fast the body is led off where the vehicle believes to be: the true place less the believed one."""
        return (self.east, self.north) if self.kind in ("tow", "jam") else (0.0, 0.0)

    @property
    def heals(self) -> bool:
        """Whether the vehicle knows its place again once it is let go."""
        return self.kind != "tow"
