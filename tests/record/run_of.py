"""A small made-up run: what its ticks say, for the tests of record and report."""

from __future__ import annotations

from fleet.messages import frames, orders, reports, security, truth
from fleet.messages.envelope import Envelope, Message
from fleet.messages.plane import Body

VEHICLES = ("v-0", "v-1")


def heard(*bodies: Body, sender: str = "world", t_ms: int = 0, first: int = 0) -> list[Message]:
    return [
        Envelope(sender=sender, seq=first + number, t_ms=t_ms, body=body) for number, body in enumerate(bodies)
    ]


def roster() -> reports.VehicleRoster:
    return reports.VehicleRoster(
        vehicles=VEHICLES, anchors=(), anchor_x_m=(), anchor_y_m=(), anchor_sigma_m=1.0, gnss_sigma_m=2.0
    )


def requested(pickup: str, latest_ms: int = 100_000, earliest_ms: int = 0) -> reports.PickupRequested:
    return reports.PickupRequested(
        pickup_id=pickup, point_id="p", district="d", x_m=1.0, y_m=2.0, material="glass", declared_kg=3.0,
        declared_l=10.0, earliest_ms=earliest_ms, latest_ms=latest_ms, service_ms=60_000, priority=1,
        requester="r",
    )  # fmt: skip


def collected(pickup: str, kg: float = 3.0, material: str = "glass") -> reports.PickupCollected:
    return reports.PickupCollected(
        vehicle="v-0", pickup_id=pickup, material=material, scale_kg=kg, volume_l=2.0 * kg
    )


def reported(vehicle: str, state: reports.VehicleState) -> reports.VehicleReported:
    return reports.VehicleReported(
        vehicle=vehicle, state=state, x_m=0.1, y_m=0.2, battery_wh=9.0, load_kg=0.0, load_l=0.0,
        order_id="", step=0, bound_for="",
    )  # fmt: skip


def leg(number: int, t1_ms: int = 1_000) -> truth.LegFlown:
    return truth.LegFlown(
        vehicle=VEHICLES[number % 2], phase="cruise", t0_ms=0, t1_ms=t1_ms, x0_m=0.1 * number, y0_m=0.0,
        x1_m=0.1 * number + 3.0, y1_m=4.0 / 3.0 * number, energy_wh=1.1 * number, payload_kg=1.0,
        payload_l=2.0, battery_wh=50.0, order_id=f"o-{number}",
    )  # fmt: skip


def frame(tick: int, rows: int = 2) -> frames.TelemetryFrame:
    column = frames.pack([0.5 + row for row in range(rows)])
    return frames.TelemetryFrame(
        tick=tick, x_m=column, y_m=column, height_m=column, speed_mps=column, battery_wh=column,
        load_kg=column, state=frames.pack([row % len(reports.STATES) for row in range(rows)], "<u1"),
    )  # fmt: skip


def alert(entity: str, attack_class: str = "gnss-drift") -> security.Alert:
    return security.Alert(
        alert_id="a", detector="innovation", attack_class=attack_class, entity=entity, score=2.5,
        threshold=1.0, evidence="ü \n \u2028 \"quoted\"",
    )  # fmt: skip


def a_run() -> list[tuple[int, list[Message]]]:
    """Three pickups (one in its window, one late, one missed), an attack, an alert, the books."""
    closed = truth.WorldClosed(residual_kg=1.5e-12, residual_wh=-2e-9, kg={"lost": 0.0}, wh={"drawn": 9.0})
    return [
        (0, heard(roster(), requested("a"), requested("b", 30_000), requested("c"))),
        (1, heard(reported("v-0", "climbing"), leg(1), frame(1), t_ms=1_000, first=10)),
        (20, heard(collected("a"), truth.AttackBegan(attack_id="x", attack_class="skim", entity="v-0"),
                   leg(2), t_ms=20_000, first=20)),
        (40, heard(collected("b", 1.25, "paper"), alert("v-0", "skim"), t_ms=40_000, first=30)),
        (41, heard(orders.PickupMissed(pickup_id="c", reason="window", need=2.0, limit=1.0),
                   orders.RotateKey(order_id="o", holder="h", public_key=b"\x01" * 32), sender="dispatch",
                   t_ms=41_000)),
        (50, heard(reported("v-0", "idle"), leg(3), t_ms=51_000, first=40)),
        (100, heard(truth.AttackEnded(attack_id="x"), closed, t_ms=100_000, first=50)),
    ]  # fmt: skip
