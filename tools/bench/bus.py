"""The bus beside its rivals in the same run: bare pyzmq, bare ZeroMQ barriers, HELICS, a bare Ed25519 verify.

    python tools/bench/bus.py [--quick] [--rounds N] [--only throughput codec lockstep recorder]

Rounds alternate between us and the rival; the ratio is taken round by round, its median is the figure and its
spread the noise. Readiness is a handshake everywhere, never a sleep. `--quick` is for seeing that all of it runs.
HELICS is compared if it is installed (`pip install helics`).
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable
from functools import partial

import zmq
from busbench import codec, helics_rival, lockstep, recorder, throughput
from busbench.measure import HEAD, Pair

SECTIONS = ("throughput", "codec", "lockstep", "recorder")
SEATS = (1, 4, 16)
HELICS_SEATS = 4


def run_throughput(rounds: int, *, quick: bool) -> None:
    """Frames and messages over every way."""
    with throughput.ways() as ways:
        for load in throughput.loads(quick=quick):
            for way in ways:
                for parted in (False, True):
                    pair = throughput.measure(way, load, rounds=rounds, bursts=2 if quick else 20, parted=parted)
                    show(pair.row())


def run_codec(rounds: int, *, quick: bool) -> None:
    """A frame there and back, and the check of an order."""
    show(codec.frame_figure(rounds=rounds).row())
    show(codec.order_pair(rounds=rounds if quick else 5 * rounds).row())


def run_lockstep(rounds: int, *, quick: bool) -> None:
    """Barriers, over ipc; with an alert each beside HELICS too."""
    for speaks in (False, True):
        said = "an alert each" if speaks else "empty ticks"
        for count in SEATS:
            ticks = (400 if quick else 4_000) // count
            ours = partial(lockstep.ours, count, "ipc", ticks, speaks=speaks)
            for name, bare, aim in (
                ("ROUTER barrier", lockstep.bare_router, 0.8),
                ("PUB/PULL barrier", lockstep.bare_publisher, None),
            ):
                pair = Pair(f"lock-step, {count} participants, {said}, against a bare {name}", "ticks/s", aim)
                show(pair.measure(rounds, ours, partial(bare, count, "ipc", ticks, speaks=speaks)).row())
            if count == HELICS_SEATS and speaks:
                show(beside_helics(rounds, ours, 100 if quick else 1_000))


def beside_helics(rounds: int, ours: Callable[[], float], ticks: int) -> str:
    """The row, or why there is none."""
    size = lockstep.alert_bytes()
    what = f"lock-step, {HELICS_SEATS} participants, {size} bytes each, against HELICS (zmq core)"
    rival = partial(helics_rival.ticks_per_second, HELICS_SEATS, ticks, size)
    try:
        return Pair(what, "ticks/s", 3.0).measure(rounds, ours, rival).row()
    except (ImportError, AssertionError, TimeoutError) as error:
        return f"| {what} | | not run: {error or type(error).__name__} | | 3 | |"


def run_recorder(rounds: int, *, quick: bool) -> None:
    """Records a second, and a slow disk."""
    for row in recorder.rows(rounds=rounds, ticks=60 if quick else 600):
        show(row)
    print()
    print(recorder.slow_disk(50 if quick else 500))


def show(row: str) -> None:
    print(row, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="short bursts, to see that it runs")
    parser.add_argument("--rounds", type=int, help="5 if not said, 3 with --quick")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS)
    arguments = parser.parse_args()
    rounds = arguments.rounds or (3 if arguments.quick else 5)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"{os.cpu_count()} cores, load {load}; Python {platform.python_version()}, pyzmq {zmq.pyzmq_version()}, "
        f"libzmq {zmq.zmq_version()}; {rounds} rounds"
    )
    sections = dict(zip(SECTIONS, (run_throughput, run_codec, run_lockstep, run_recorder), strict=True))
    for name in arguments.only:
        print(f"\n{name}\n\n{HEAD}", flush=True)
        sections[name](rounds, quick=arguments.quick)


if __name__ == "__main__":
    main()
