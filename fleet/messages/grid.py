"""What is said of the city's electricity: where it goes away and comes back, and what meters read.

Energies are watt-hours, times integer milliseconds since the start of the run. A reading is a claim of its meter,
which has an error, and may have been tampered with.
"""

from __future__ import annotations

from fleet.messages.plane import Telemetry

GRID = "grid"
"""The sender of `PowerChanged`, and of what the meters of feeders read."""


class PowerChanged(Telemetry, frozen=True, kw_only=True):
    """A site with chargers has no power from now on (`live` false), or has it again.

    `feeder` is the feeder that the site hangs on, "" where the scenario states none.
    """

    site: str
    feeder: str
    live: bool


class MeterRead(Telemetry, frozen=True, kw_only=True):
    """What went through a meter from `from_ms` to before `until_ms`, as the meter counts it.

    A feeder's meter sits at its head and sees everything, losses and taps included: `site` is "". A site's meter
    sees what its chargers drew (`meter` is "chargers/" and the site), or its lines ("lines/" and the site).
    """

    meter: str
    feeder: str
    site: str
    from_ms: int
    until_ms: int
    wh: float
