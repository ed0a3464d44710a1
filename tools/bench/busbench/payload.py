"""What is sent: frames as a run says them, and single messages of a given length."""

from __future__ import annotations

import numpy as np

from fleet.messages.codec import encode
from fleet.messages.envelope import Envelope, Message
from fleet.messages.frames import TelemetryFrame, pack
from fleet.messages.notices import Beat
from fleet.messages.reports import STATES, UnloadRefused, VehicleReported, VehicleRoster

SIDE_M = 20_000.0


def frame(vehicles: int, tick: int = 0, seed: int = 1) -> Message:
    """What `vehicles` say at a tick: each on a line of its own, with numbers that do not compress by accident."""
    rng = np.random.default_rng(seed)
    x_m, y_m = rng.uniform(0.0, SIDE_M, (2, vehicles))
    east, north = rng.uniform(-15.0, 15.0, (2, vehicles))
    body = TelemetryFrame(
        tick=tick,
        x_m=pack(x_m + east * tick),
        y_m=pack(y_m + north * tick),
        height_m=pack(np.full(vehicles, 60.0)),
        speed_mps=pack(np.hypot(east, north)),
        battery_wh=pack(rng.uniform(200.0, 900.0, vehicles) - 0.2 * tick),
        load_kg=pack(rng.integers(0, 5, vehicles)),
        state=pack(rng.integers(0, len(STATES), vehicles), "<u1"),
    )
    return Envelope(sender="world/frames", seq=tick, t_ms=1000 * tick, body=body)


def roster(vehicles: int) -> Message:
    """The names of the rows of a frame."""
    names = tuple(f"v-{number:05d}" for number in range(vehicles))
    body = VehicleRoster(
        vehicles=names, anchors=(), anchor_x_m=(), anchor_y_m=(), anchor_sigma_m=1.0, gnss_sigma_m=1.0
    )  # fmt: skip
    return Envelope(sender="world/frames", seq=0, t_ms=0, body=body)


def report(number: int) -> Message:
    """What a vehicle says when its state changes."""
    body = VehicleReported(
        vehicle=f"v-{number % 1000:04d}", state=STATES[2], x_m=1234.5, y_m=6789.25, battery_wh=512.25, load_kg=3.5,
        load_l=40.0, order_id=f"order-{number % 1000:06d}", step=2, bound_for="p-0001",
    )  # fmt: skip
    return Envelope(sender=body.vehicle, seq=number, t_ms=61_000, body=body)


def sized(size: int, number: int = 0) -> Message:
    """A single message whose envelope has `size` bytes on the wire."""
    pad = ""
    while True:
        body = UnloadRefused(facility=f"f-{number % 1000:04d}", vehicle="v-0001" + pad, cause="full")
        message = Envelope(sender="depot", seq=number, t_ms=61_000, body=body)
        missing = size - len(encode(message))
        if missing <= 0:
            return message
        pad += "x" * missing


def beat_bytes() -> int:
    """What the gate publishes after each tick beside its messages."""
    beat = Beat(tick=70_000, now_ms=70_000_000, speed=0.0, paused=False)
    return len("Beat") + 8 + len(encode(Envelope(sender="gate", seq=0, t_ms=70_000_000, body=beat)))
