"""Throw random and mutated frames, and forged and replayed orders, at every door of a served run.

Among the forged are orders that are genuine but for the run: signed by the right key for an earlier one.

    python tools/bus_fuzz.py                          a million frames and 100,000 orders; resumes where it stopped
    python tools/bus_fuzz.py --seconds 60             as much as a minute gives
    python tools/bus_fuzz.py --flood 1                and floods each door in six ways, a second each
    python tools/bus_fuzz.py --write docs/bus-fuzz.md and put the table there

The run is a process of its own (`fleet serve`, without locks: every frame gets past the doors and is read).
After each chunk it must be alive, its memory no larger than after the first ones, and its own counters, which it
publishes as `MessagesRefused`, must add up with the receipts and with what was sent.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from busfuzz.frames import one_chunk
from busfuzz.orders import forge_chunk
from busfuzz.target import CHUNK, Chunk, Server

from fleet.messages.roles import DOORS

GROWTH_LIMIT_MIB = 48.0
WARM_CHUNKS = len(DOORS)


def plan(frames: int, orders: int) -> list[tuple[str, int]]:
    """(door or "orders", seed) of every chunk, the doors in turn."""
    chunks = -(-frames // CHUNK)
    listed = [(DOORS[n % len(DOORS)], n) for n in range(chunks)]
    forged = [("orders", 1_000_000 + n) for n in range(-(-orders // CHUNK))]
    step = max(1, len(listed) // max(1, len(forged)))
    for number, chunk in enumerate(forged):
        listed.insert(min(len(listed), number * (step + 1) + WARM_CHUNKS), chunk)
    return listed


def table(chunks: list[Chunk]) -> str:
    """What to read, as Markdown."""
    lines = ["| door | sent | what became of it | unanswered |", "|---|---|---|---|"]
    for door in (*DOORS, "orders"):
        of_door = [chunk for chunk in chunks if chunk.door == door]
        causes: Counter[str] = Counter()
        for chunk in of_door:
            causes.update(chunk.causes)
        said = ", ".join(f"{name or 'let in'} {count:,}" for name, count in sorted(causes.items()))
        lines.append(
            f"| {door} | {sum(c.sent for c in of_door):,} | {said} | {sum(c.unanswered for c in of_door):,} |"
        )
    return "\n".join(lines)


def verdict(chunks: list[Chunk]) -> list[str]:
    """Every way in which the promise was broken."""
    broken = [f"{c.unanswered} unanswered at {c.door}" for c in chunks if c.unanswered]
    broken += [
        f"{count} at {c.door}: {name}" for c in chunks for name, count in c.causes.items() if "answered" in name
    ]
    broken += [
        f"{c.causes['']} let in at the command door" for c in chunks if c.door == "command" and c.causes.get("")
    ]
    return broken


def growth_mib(runs: list[list[Chunk]]) -> float:
    """The most that any one server grew after its first chunks."""
    return max(
        (max(c.memory_mib for c in r) - r[min(WARM_CHUNKS, len(r) - 1)].memory_mib for r in runs if r), default=0.0
    )


def read_state(path: Path) -> list[list[Chunk]]:
    if not path.exists():
        return []
    return [[Chunk(**c) for c in json.loads(line)] for line in path.read_text().splitlines()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument(
        "--seconds",
        type=float,
        default=3_000.0,
        help="stop after so long, when every door had a turn; later calls go on",
    )
    parser.add_argument(
        "--state", type=Path, help="a file that keeps what was done; without it every call begins anew"
    )
    parser.add_argument("--flood", type=float, default=0.0, help="in the end flood each door so many seconds")
    parser.add_argument("--write", type=Path, metavar="FILE.md", help="put the table there")
    options = parser.parse_args()
    runs = read_state(options.state) if options.state else []
    done = sum(len(r) for r in runs)
    todo = plan(options.frames, options.orders)[done:]
    here: list[Chunk] = []
    until_s = time.monotonic() + options.seconds
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = Server(folder)
        stack.callback(server.close)
        for what, seed in todo:
            chunk = forge_chunk(server, seed) if what == "orders" else one_chunk(server, what, seed)
            here.append(chunk)
            print(
                f"{what:9s} {chunk.sent:,} in {chunk.seconds:.1f} s, {chunk.memory_mib:.0f} MiB", file=sys.stderr
            )
            if time.monotonic() > until_s and len({c.door for c in here}) > len(DOORS):
                break
        for door in DOORS if options.flood else ():
            for way in ("small", "big", "endless", "namesake", "pinging", "burst"):
                server.flood(door, way, options.flood)
                print(f"{door:9s} flooded, {way}, {server.memory_mib():.0f} MiB", file=sys.stderr)
    runs.append(here)
    if options.state:
        with options.state.open("a") as file:
            file.write(json.dumps([vars(c) for c in here]) + "\n")
    chunks = [chunk for run in runs for chunk in run]
    grown = growth_mib(runs)
    broken = verdict(chunks)
    if grown > GROWTH_LIMIT_MIB:
        broken.append(f"memory grew by {grown:.0f} MiB")
    text = (
        f"{table(chunks)}\n\nMemory after the first chunks: grew by {grown:.1f} MiB at most. Runs: {len(runs)}.\n"
    )
    print(text + ("\n".join(broken) if broken else "Nothing broken."))
    if options.write:
        options.write.write_text(
            "# Fuzzing the bus\n\nMade by `tools/bus_fuzz.py`, which says what is sent and what must hold.\n\n"
            + text
        )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
