"""Records a second through the record door into a real run directory, and what a slow disk does.

A record is one vehicle's row at a tick, as the telemetry table stores it, or one discrete event. The rate is taken
from before the first tick is said until the recorder, a process of its own, has confirmed that all is written. The
rival is the same `RunRecorder` in the run's own process: no socket, nothing encoded for the way.
"""

from __future__ import annotations

import multiprocessing as mp
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from busbench.measure import Figure, Pair, hear
from busbench.payload import frame, report, roster
from fleet.app.recording import RecordOptions, record_run
from fleet.bus.doors import Doors
from fleet.bus.feed import Feed
from fleet.bus.feed_reader import FeedReader
from fleet.city.frame import Frame
from fleet.messages.envelope import Message
from fleet.messages.port import Listener
from fleet.record.digest import Digest
from fleet.record.reader import read_run
from fleet.record.writer import RunRecorder

ORIGIN = (7.42, 43.74)
VEHICLES = 10_000
EVENTS_PER_TICK = 1_000
RING = 60
AIM = 1_000_000.0
Ticks = Sequence[list[Message]]


def telemetry(ticks: int) -> list[list[Message]]:
    """A frame of 10,000 vehicles per tick; rows come again after `RING` ticks, more than a row group holds."""
    ring = [frame(VEHICLES, tick) for tick in range(min(RING, ticks))]
    frames = [msgspec.structs.replace(ring[tick % RING], seq=tick, t_ms=1000 * tick) for tick in range(ticks)]
    return [[roster(VEHICLES), frames[0]], *([each] for each in frames[1:])]


def events(ticks: int) -> list[list[Message]]:
    """1,000 reports per tick."""
    first = EVENTS_PER_TICK
    return [[report(tick * first + number) for number in range(first)] for tick in range(ticks)]


def _say_all(listener: Listener, said: Ticks) -> str:
    digest = Digest()
    for tick, batch in enumerate(said):
        listener.hear(tick, batch)
        digest.hear(tick, batch)
    return digest.hexdigest()


def _record(url: str, directory: str, control: Connection) -> None:
    outcome = record_run(RecordOptions(url, Path(directory)))
    assert outcome is not None
    control.send((outcome.status, outcome.messages))


def by_feed(said: Ticks, records: int, url: str = "ipc") -> float:
    """Records a second by way of the record door."""
    with tempfile.TemporaryDirectory() as home:
        endpoint = f"ipc://{home}/bus" if url == "ipc" else "tcp://127.0.0.1:*"
        with Doors(endpoint) as doors:
            feed = Feed(doors, scenario="", info={"name": "bench", "seed": 1}, map_origin=ORIGIN)
            here, there = mp.Pipe()
            arguments = (doors.endpoints.base, f"{home}/run", there)
            worker = mp.get_context("spawn").Process(target=_record, args=arguments, daemon=True)
            worker.start()
            assert feed.await_reader(60.0)
            began = time.perf_counter()
            digest = _say_all(feed, said)
            feed.end("complete", {"digest": digest})
            seconds = time.perf_counter() - began
            assert hear(here) == ("complete", sum(map(len, said)))
            worker.join(20.0)
    return records / seconds


def in_process(said: Ticks, records: int) -> float:
    """The same without a door."""
    with tempfile.TemporaryDirectory() as home:
        recorder = RunRecorder(Path(home) / "run", to_lon_lat=Frame(*ORIGIN).to_degrees)
        recorder.open("", {"name": "bench", "seed": 1})
        began = time.perf_counter()
        digest = _say_all(recorder, said)
        recorder.close({"digest": digest})
        seconds = time.perf_counter() - began
        assert read_run(Path(home) / "run").info["status"] == "complete"
    return records / seconds


def rows(*, rounds: int, ticks: int) -> Iterator[str]:
    """Rows of telemetry, and discrete events; the first also by itself against the aim."""
    for what, said, records in (
        ("rows of telemetry", telemetry(ticks), ticks * VEHICLES),
        ("single events", events(ticks), ticks * EVENTS_PER_TICK),
    ):
        pair = Pair(f"recorder by credit, {what}, against the same in-process", "per s")
        pair.measure(rounds, partial(by_feed, said, records), partial(in_process, said, records))
        yield pair.row()
        if what == "rows of telemetry":
            yield Figure(f"recorder by credit, {what}", "per s", AIM, values=pair.ours).row()


def _read_slowly(url: str, pause_s: float, control: Connection) -> None:
    """A recorder whose disk takes `pause_s` for each batch."""
    with FeedReader(url, window=8) as reader:
        reader.begin(30.0)
        digest, count = Digest(), 0
        for tick, messages in reader.batches():
            time.sleep(pause_s)
            digest.hear(tick, messages)
            count += len(messages)
        reader.leave("complete")
    control.send((digest.hexdigest(), count))


def slow_disk(ticks: int = 200, pause_s: float = 0.01) -> str:
    """What a run sees of a disk that takes 10 ms per batch; raises if a message is lost."""
    said = [[*batch, frame(100, tick)] for tick, batch in enumerate(events(ticks))]
    with tempfile.TemporaryDirectory() as home, Doors(f"ipc://{home}/bus") as doors:
        feed = Feed(doors, scenario="", info={"name": "bench"}, map_origin=ORIGIN)
        here, there = mp.Pipe()
        worker = mp.get_context("spawn").Process(
            target=_read_slowly, args=(doors.endpoints.base, pause_s, there), daemon=True
        )
        worker.start()
        assert feed.await_reader(60.0)
        digest = _say_all(feed, said)
        feed.end("complete", {})
        found, count = hear(here)
        worker.join(20.0)
    sent = sum(map(len, said))
    assert (found, count) == (digest, sent), "messages were lost"
    return (
        f"slow disk ({pause_s * 1000:g} ms per batch): {count:,} of {sent:,} messages written, same digest; "
        f"the run waited {feed.stalls} times, {feed.waited_s:.1f} s in all"
    )
