"""The record door, seen from a recorder: everything a run says, in order, without a gap.

    with FeedReader("tcp://127.0.0.1:5570") as reader:
        start = reader.begin(timeout_s=10.0)
        for tick, messages in reader.batches():
            ...                                   # on disk when the loop comes round again
        reader.leave("complete")

Credit for a batch is given back when the next one is asked for: the run is never further ahead than the window.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import zmq

from fleet.base.errors import MessageError, RunError
from fleet.bus.closing import Closing
from fleet.bus.dial import Context, Dialled
from fleet.bus.endpoints import endpoints
from fleet.bus.feed import HEAD
from fleet.bus.keyring import Identity
from fleet.bus.lifeline import REFUSAL_S, Lifeline
from fleet.messages.codec import decode, decode_batch, encode
from fleet.messages.envelope import Envelope, Message
from fleet.messages.notices import Credit, FeedBegins, FeedEnds
from fleet.messages.plane import Body

WINDOW = 64
SILENCE_S = 10.0
LINGER_MS = 2_000
POLL_MS = 500
SENDER = "recorder"


@dataclass(frozen=True)
class FeedStart:
    """What a recorder knows before the first batch. `info` is `run.json` so far."""

    scenario: str
    info: dict[str, Any]
    from_tick: int
    """Everything from this tick on will come; 0 is the whole run."""
    map_origin: tuple[float, float]
    """Longitude and latitude of the local metres' origin, EPSG:4326."""


class FeedReader(Closing):
    """One recorder's connection to the record door of the run at `url`; used by one thread.

    `lock` is the identity whose key opens the door, None where there are no keys. `window` is how many batches
    may be under way. A run whose machine gives no sign of life for `silence_s` is gone. `stop` is asked twice a
    second, and ends waiting and reading when it says so.
    """

    def __init__(
        self,
        url: str,
        *,
        lock: Identity | None = None,
        window: int = WINDOW,
        silence_s: float = SILENCE_S,
        stop: Callable[[], bool] = lambda: False,
        context: Context | None = None,
    ) -> None:
        self.url = url
        endpoint = endpoints(url, listen=False).of("record")
        self._window = window
        self._stop = stop
        self._own_context = context is None
        self._context: Context = zmq.Context() if context is None else context
        patience_s = 0.0 if lock is None else REFUSAL_S
        self._lifeline = Lifeline(url, locked=lock is not None, patience_s=patience_s)
        self._dialled = Dialled(self._context, zmq.DEALER, lock, self._lifeline, queue=0)
        self._dealer = self._dialled.socket
        self._dealer.setsockopt(zmq.SNDTIMEO, POLL_MS)
        silence_ms = int(1000 * silence_s)
        self._dealer.setsockopt(zmq.HEARTBEAT_IVL, max(1, silence_ms // 8))
        self._dealer.setsockopt(zmq.HEARTBEAT_TIMEOUT, silence_ms)
        self._poller = zmq.Poller()
        self._poller.register(self._dealer, zmq.POLLIN)
        self._poller.register(self._dialled.monitor, zmq.POLLIN)
        self._broken: RunError | None = None
        self._seq = 0
        self._number = 0
        self.ended: FeedEnds | None = None
        """The last word of the run, once `batches` has come to its end."""
        self._dialled.connect(endpoint)

    def begin(self, timeout_s: float, say: Callable[[str], None] = lambda text: None) -> FeedStart | None:
        """Ask to be fed, and wait for the first word: at most `timeout_s` for the connection, then for the run.

        None if `stop` said so before. Raises `RunError` if nobody answers, or not as a run does.
        """
        self._say(Credit(batches=self._window))
        deadline = time.monotonic() + timeout_s
        told = False
        while not self._stop():
            parts = self._receive()
            if parts is not None:
                return _start_of(self._control(parts))
            if self._lifeline.up and not told:
                told = True
                say(f"connected to {self.url}; waiting for the run's next tick")
            elif not (self._lifeline.up or self._lifeline.lost) and time.monotonic() > deadline:
                raise self._lifeline.silence(timeout_s)
        return None

    def batches(self) -> Iterator[tuple[int, list[Message]]]:
        """(tick, messages) of each batch, until the run ends or `stop` says so; `ended` tells which.

        Raises `RunError` if the run is gone, or if what comes is not in order.
        """
        used = 0
        while not self._stop():
            parts = self._receive()
            if parts is None:
                continue
            if len(parts) != 2:
                body = self._control(parts)
                if not isinstance(body, FeedEnds):
                    raise RunError(f"{self.url} said {type(body).__name__} in the middle of a run")
                self.ended = body
                return
            yield self._open(parts)
            used += 1
            if used * 4 >= self._window:
                self._say(Credit(batches=used))
                used = 0

    def leave(self, status: Literal["complete", "interrupted", "failed"], cause: str = "") -> None:
        """Tell the run how this record ended, and give the word time to get out."""
        if self._broken is None:
            self._say(FeedEnds(status=status, results_json=json.dumps({"cause": cause}) if cause else "{}"))
        self._close(LINGER_MS if self._broken is None else 0)

    def close(self) -> None:
        """Cut the connection; a second call does nothing."""
        self._close(0)

    def _close(self, linger_ms: int) -> None:
        if not self._dealer.closed:
            self._dealer.disable_monitor()
            self._dialled.monitor.close(linger=0)
            self._dealer.close(linger=linger_ms)
            if self._own_context:
                self._context.term()

    def _say(self, body: Body) -> None:
        """It waits for nearly nothing: a connection that takes no more is noticed where something is awaited."""
        with suppress(zmq.Again):
            self._dealer.send(encode(Envelope(sender=SENDER, seq=self._seq, t_ms=0, body=body)))
        self._seq += 1

    def _receive(self) -> list[zmq.Frame] | None:
        """The next message, None if none came for a while."""
        for waited in (False, True):
            try:
                parts = self._dealer.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                pass
            else:
                return parts if len(parts) > 1 or len(parts[0]) > 0 else None
            if self._broken is not None:
                raise self._broken
            if not waited:
                self._poller.poll(POLL_MS)
                self._mind()
        return None

    def _mind(self) -> None:
        try:
            again = self._dialled.mind()
        except RunError as error:
            # What came before the connection broke can still be read.
            self._broken = error
        else:
            if again:
                self._broken = RunError(f"the run at {self.url} is gone")

    def _control(self, parts: list[zmq.Frame]) -> Body:
        try:
            return decode(parts[0].bytes).body
        except MessageError as error:
            raise RunError(f"{self.url}: {error}") from None

    def _open(self, parts: list[zmq.Frame]) -> tuple[int, list[Message]]:
        try:
            number, tick = HEAD.unpack(parts[0].bytes)
            messages = decode_batch(parts[1].buffer)
        except (struct.error, MessageError) as error:
            raise RunError(f"{self.url}: batch {self._number}: {error}") from None
        if number != self._number:
            raise RunError(f"{self.url}: expected batch {self._number}, found batch {number}")
        self._number += 1
        return tick, messages


def _start_of(body: Body) -> FeedStart:
    """Raises `RunError` for what is not the beginning of a feed."""
    if not isinstance(body, FeedBegins):
        raise RunError(f"expected FeedBegins from the record door, found {type(body).__name__}")
    try:
        info = json.loads(body.info_json)
        lon, lat = info["map_origin"]
        return FeedStart(body.scenario, info, int(info["from_tick"]), (float(lon), float(lat)))
    except (ValueError, KeyError, TypeError):
        raise RunError("FeedBegins: expected `run.json` with `from_tick` and `map_origin`") from None
