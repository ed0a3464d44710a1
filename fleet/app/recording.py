"""A recorder in a process of its own: it writes what `fleet run -o` would, from the record door.

The run waits for it, so nothing is lost while both live; whatever ends early is written down as what it is. A
record of the whole run is held against the digest that the run states at its end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fleet.app.stop import stoppable
from fleet.base.errors import RunError
from fleet.bus.feed_reader import FeedReader, FeedStart
from fleet.bus.keyring import Identity
from fleet.city.frame import Frame
from fleet.record.digest import Digest
from fleet.record.writer import RunRecorder, require_room

Abrupt = Literal["interrupted", "failed"]
Status = Literal["complete"] | Abrupt


@dataclass(frozen=True)
class RecordOptions:
    """What the user asked of a recorder. `key` opens the record door; None where the run has no keys."""

    url: str
    directory: Path
    key: Identity | None = None
    overwrite: bool = False
    wait_s: float = 10.0
    """How long to try to reach the run."""
    say: Callable[[str], None] = lambda text: None
    """Takes remarks for people, one line each."""


@dataclass(frozen=True)
class RecordOutcome:
    """How a record ended. `messages` counts what was written, bulk included."""

    directory: Path
    status: Status
    from_tick: int
    last_tick: int
    messages: int
    digest: str


def record_run(options: RecordOptions) -> RecordOutcome | None:
    """Record the run at `options.url` until it ends or the user stops this; None if that was before it began.

    Raises `UsageError` for a directory that is taken, and `RunError` if nobody answers, if the run is gone before
    its end, if the disk is full, or if what was recorded does not have the digest of the run. The record is closed
    as `failed` then.
    """
    require_room(options.directory, overwrite=options.overwrite)
    with (
        stoppable() as stop,
        FeedReader(options.url, lock=options.key, stop=lambda: stop.asked) as reader,
    ):
        # From here on a signal waits until the batch in hand is written.
        stop.gentle = True
        start = reader.begin(options.wait_s, options.say)
        if start is None:
            reader.leave("interrupted")
            return None
        recording = _Recording(options, start)
        try:
            recording.follow(reader)
        except BaseException as error:
            status: Abrupt = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            # On a full disk this fails as well; what failed first is what the user should read.
            with suppress(RunError):
                recording.abort(status)
            reader.leave(status, str(error))
            raise
        reader.leave("complete" if reader.ended is not None else "interrupted")
        return recording.outcome


class _Recording:
    """One record while it is written."""

    def __init__(self, options: RecordOptions, start: FeedStart) -> None:
        self._options = options
        self._start = start
        self._digest = Digest()
        self._last_tick = start.from_tick - 1
        self._messages = 0
        self._status: Status = "interrupted"
        self._recorder = RunRecorder(
            options.directory,
            overwrite=options.overwrite,
            to_lon_lat=Frame(*start.map_origin).to_degrees,
        )

    def follow(self, reader: FeedReader) -> None:
        """Write until the run ends, or the user stops the recorder."""
        start = self._start
        self._recorder.open(start.scenario, start.info)
        self._options.say(f"recording `{start.info.get('name', '')}` from tick {start.from_tick}")
        for tick, messages in reader.batches():
            self._recorder.hear(tick, messages)
            self._digest.hear(tick, messages)
            self._last_tick = max(self._last_tick, tick)
            self._messages += len(messages)
        if reader.ended is None:
            self.abort("interrupted")
        else:
            self._finish(reader.ended.status, _results(reader.ended.results_json))

    def _finish(self, status: Status, results: dict[str, Any]) -> None:
        self._require_same(results)
        self._status = status
        if status == "complete":
            self._recorder.close(results)
        else:
            self._recorder.abort(status, results)

    def _require_same(self, results: dict[str, Any]) -> None:
        """A record of the whole run must come to the digest that the run states, if it states one."""
        stated, found = results.get("digest"), self._digest.hexdigest()
        if stated is not None and self._start.from_tick == 0 and stated != found:
            where = self._options.directory
            raise RunError(f"{where}: this record is not the run: expected the digest {stated}, found {found}")

    def abort(self, status: Abrupt) -> None:
        """Close what there is as a partial record."""
        self._status = status
        self._recorder.abort(status, {"digest": self._digest.hexdigest(), "to_tick": self._last_tick})

    @property
    def outcome(self) -> RecordOutcome:
        """What came of it."""
        return RecordOutcome(
            self._options.directory,
            self._status,
            self._start.from_tick,
            self._last_tick,
            self._messages,
            self._digest.hexdigest(),
        )


def _results(text: str) -> dict[str, Any]:
    try:
        results = json.loads(text)
    except ValueError:
        results = None
    if not isinstance(results, dict):
        raise RunError("FeedEnds: expected a JSON object as results")
    return results
