"""A small run behind all six doors, in a process of its own, whose ticks are long: what is under fire in a flood.

    python besieged.py URL TICK_S [KEYS]

Prints the endpoint once its seat is taken, then one JSON object for each tick: `tick`, `rss_mib`, `refused`
by door and cause, and `left`, `lost` and `open`, which are what the watch over floods counts. Ends with its input.
"""

from __future__ import annotations

import json
import resource
import select
import sys
import threading
from collections import Counter
from itertools import count
from pathlib import Path

import zmq

from fleet.bus.doors import Doors
from fleet.bus.feed import Feed
from fleet.bus.gate import Gate
from fleet.bus.intake import Intake
from fleet.bus.keyring import Identity, Keyring
from fleet.bus.lockstep import Barrier
from fleet.bus.picture import Picture, RunFacts
from fleet.bus.seating import SeatPlan, Terms
from fleet.messages.codec import decode, encode
from fleet.messages.envelope import Envelope
from fleet.messages.notices import JoinSeat, TickDone, TickOpened
from fleet.messages.run_id import RunId

RUN = RunId("0123456789abcdef" * 2)
VERSION = "1.2"
SILENCE_S = 1.0
PAGE_MIB = resource.getpagesize() / 2**20


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def rss_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_MIB


def sit(endpoint: str, identity: Identity | None) -> None:
    """Take the seat `blue`, and answer each tick with nothing."""
    seat = zmq.Context.instance().socket(zmq.DEALER)
    if identity is not None:
        seat.setsockopt(zmq.CURVE_PUBLICKEY, identity.curve_public)
        seat.setsockopt(zmq.CURVE_SECRETKEY, identity.curve_secret)
        seat.setsockopt(zmq.CURVE_SERVERKEY, identity.server_public)
    seat.connect(endpoint)

    def say(body):
        seat.send(encode(Envelope(sender="watchman", seq=0, t_ms=0, body=body)))

    say(JoinSeat(seat="blue", version=VERSION, role="blue"))
    say(TickDone(tick=-1, next_wake_ms=-1))
    while True:
        body = decode(seat.recv_multipart()[0]).body
        if isinstance(body, TickOpened):
            say(TickDone(tick=body.tick, next_wake_ms=-1))


def main(url: str, tick_s: str, keys: str = "") -> None:
    keyring = Keyring.open(Path(keys) / "keys") if keys else None
    seated = Identity.load(Path(keys) / "bea.key") if keys else None
    doors = Doors(url, keyring, silence_s=SILENCE_S)
    trusted = {} if keyring is None else keyring.trusted()
    gate = Gate(
        doors, Intake(trusted, RUN), tick_ms=1_000,
        picture=Picture(RunFacts("besieged", 1_000, 10**9, 8.0, RUN)),
    )  # fmt: skip
    feed = Feed(doors, scenario="", info={}, map_origin=(7.0, 43.0))
    plan = SeatPlan("blue", "blue", ("watchman",))
    barrier = Barrier(doors, [plan], Terms(VERSION, 1_000, RUN))
    threading.Thread(target=sit, args=(doors.endpoints.of("lockstep"), seated), daemon=True).start()
    barrier.await_seats(20.0)
    tell(doors.endpoints.base)
    refused: Counter[str] = Counter()
    for tick in count():
        gate.take_control()
        for message in gate.take(tick):
            refused[f"{message.body.door} {message.body.cause}"] += message.body.count
        feed.hear(tick, [])
        barrier.open(tick, 1_000 * tick, [])
        barrier.collect()
        gate.hear(tick, [])
        tell(json.dumps({"tick": tick, "rss_mib": rss_mib(), "refused": refused}))
        if select.select([sys.stdin], [], [], float(tick_s))[0]:
            break
    barrier.finish()
    gate.close()
    doors.close()
    tell("over")


if __name__ == "__main__":
    main(*sys.argv[1:])
