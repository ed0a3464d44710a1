"""A reader in a process of its own that is slow or stops itself, and says at the end what it got and missed.

    python sleeper.py URL KIND

KIND is `stopped` (SIGSTOP upon the first frame), `stopped-async` or `slow`. Prints `joined`, then one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter
from typing import Any

import fleet
from fleet.base.errors import RunError
from fleet.bus import dial

QUEUE = 20
SLOW_S = 0.02
PATIENCE_S = 3.0


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Diary:
    """What a reader got, by topic."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._stopped = False
        self.got: Counter[str] = Counter()
        self.error = ""

    def note(self, topic: str) -> None:
        self.got[topic] += 1
        if topic != "TelemetryFrame":
            return
        if self._kind == "slow":
            time.sleep(SLOW_S)
        elif not self._stopped:
            self._stopped = True
            os.kill(os.getpid(), signal.SIGSTOP)

    def close(self, city: Any) -> None:
        ended = None if city.ended is None else city.ended.status
        said = {"got": self.got, "missed": dict(city.missed), "ended": ended, "error": self.error}
        tell(json.dumps(said))


def read(url: str, diary: Diary) -> None:
    with fleet.connect(url, insecure=True, queue=QUEUE, timeout_s=PATIENCE_S) as city:
        tell("joined")
        try:
            for message in city:
                diary.note(type(message.body).__name__)
        except RunError as error:
            diary.error = str(error)
        diary.close(city)


async def read_async(url: str, diary: Diary) -> None:
    async with fleet.connect_async(url, insecure=True, queue=QUEUE, timeout_s=PATIENCE_S) as city:
        tell("joined")
        try:
            async for message in city:
                diary.note(type(message.body).__name__)
        except RunError as error:
            diary.error = str(error)
        diary.close(city)


def main(url: str, kind: str) -> None:
    # Who was stopped finds its heartbeats overdue; who is slow sends the next one while its queue is full.
    dial.HEARTBEAT_MS, dial.HEARTBEAT_TIMEOUT_MS = 50, 5_000 if kind == "slow" else 150
    if kind.endswith("async"):
        asyncio.run(read_async(url, Diary(kind)))
    else:
        read(url, Diary(kind))


if __name__ == "__main__":
    main(*sys.argv[1:])
