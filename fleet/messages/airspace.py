"""Airspace that closes and opens during a run: what is said of it, and what operators may order.

Heights are metres above ground, places local metres, times integer milliseconds since the start of the run.
"""

from __future__ import annotations

from typing import Literal

from fleet.messages.plane import Command, Telemetry

AIRSPACE = "airspace"
"""The sender of `AirspaceChanged`."""


class AirspaceChanged(Telemetry, frozen=True, kw_only=True):
    """A temporary zone is announced, closes, or opens again.

    `x_m` and `y_m` hold its rings, the outer one first, each closed by its first corner; where a zone closes again
    later, `from_ms` and `until_ms` are those of this time.
    """

    zone: str
    reason: str
    state: Literal["announced", "closed", "open"]
    floor_m: float
    ceiling_m: float
    from_ms: int
    until_ms: int
    """-1 where no end is known."""
    x_m: tuple[tuple[float, ...], ...]
    y_m: tuple[tuple[float, ...], ...]


class CloseAirspace(Command, frozen=True, kw_only=True):
    """Close a zone from `from_ms` (what is past is now) to before `until_ms`, and announce it at once.

    With a `radius_m` above 0, up to 50,000, it is a circle about the one place given, else the polygon of the
    corners given. A zone that was announced or closed under this name before is replaced. An order that comes when
    its `until_ms` has passed is refused as `past`.
    """

    order_id: str
    zone: str
    reason: str
    x_m: tuple[float, ...]
    y_m: tuple[float, ...]
    radius_m: float
    from_ms: int
    until_ms: int
    """-1 for no end."""
    floor_m: float
    ceiling_m: float


class OpenAirspace(Command, frozen=True, kw_only=True):
    """Open a temporary zone now, and do not close it again. Zones of the map do not open."""

    order_id: str
    zone: str
