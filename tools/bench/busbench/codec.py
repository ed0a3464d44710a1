"""A frame to bytes and back to NumPy columns; the check of an order against a bare Ed25519 verification."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from busbench.measure import Figure, Pair
from busbench.payload import frame, roster
from fleet.bus.columns import columns, names_of
from fleet.messages.codec import decode, encode, signed_bytes
from fleet.messages.envelope import Envelope
from fleet.messages.frames import TelemetryFrame
from fleet.messages.orders import FlyRoute, StopOrder
from fleet.messages.run_id import RunId
from fleet.messages.seal import KeyPair, Verifier

ORDERS = 200


def _seconds(act: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - began) / times


def frame_figure(*, rounds: int) -> Figure:
    """Microseconds for encoding a frame of 10,000 vehicles and reading it again as columns."""
    message, names = frame(10_000), names_of(roster(10_000).body.vehicles)

    def there_and_back() -> object:
        body = decode(encode(message)).body
        assert isinstance(body, TelemetryFrame)
        return columns(body, names).x_m

    values = [1e6 * _seconds(there_and_back, 50) for _ in range(rounds)]
    return Figure("encode + decode of a frame of 10,000 vehicles, to columns", "us", 1_000.0, True, values)


def order_pair(*, rounds: int) -> Pair:
    """Checks a second: `Verifier.check` of a route of six stops, and a bare verification of the same bytes."""
    run = RunId("7" * 32)
    key = KeyPair(b"\x07" * 32, run)
    stops = tuple(
        StopOrder(kind="pickup", target=f"p-{n:04d}", x_m=12.5 * n, y_m=99.0 + n, mass_kg=2.5) for n in range(6)
    )
    body = FlyRoute(order_id="o-000017", vehicle="v-0001", append=False, stops=stops)
    orders = [
        Envelope(
            sender="dispatch", seq=seq, t_ms=0, body=body, expires_ms=5_000,
            signature=key.sign("dispatch", seq, 5_000, body),
        )
        for seq in range(ORDERS)
    ]  # fmt: skip
    ready = [(o.signature, signed_bytes(run, o.sender, o.seq, o.expires_ms, o.body)) for o in orders]
    public = Ed25519PublicKey.from_public_bytes(key.public)

    def ours() -> float:
        verifier = Verifier({"dispatch": key.public}, {"dispatch": frozenset({"FlyRoute"})}, run)
        each = iter(orders)
        checks = (verifier.check(order, 1_000) for order in each)
        began = time.perf_counter()
        causes = list(checks)
        seconds = time.perf_counter() - began
        assert causes == [""] * ORDERS
        return ORDERS / seconds

    def bare() -> float:
        began = time.perf_counter()
        for _ in itertools.starmap(public.verify, ready):
            pass
        return ORDERS / (time.perf_counter() - began)

    return Pair("order check, against a bare Ed25519 verify", "per s", 1 / 1.15).measure(rounds, ours, bare)
