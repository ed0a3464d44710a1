"""The run as it is watched: reads the source, keeps the picture and the meters, passes on to the audience."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

from fleet.base.errors import FleetError, MessageError
from fleet.dashboard.audience import Audience, record
from fleet.dashboard.meters import Meters, Reading
from fleet.dashboard.picture import Picture
from fleet.dashboard.source import SHOWN, BusMessage, Operator, Source
from fleet.messages.codec import decode, encode
from fleet.messages.envelope import Envelope, Message
from fleet.messages.notices import Snapshot
from fleet.messages.plane import Command, Frame

SENDER = "dashboard"
_WORTHLESS_WHEN_OLD = frozenset({"TelemetryFrame", "Beat"})


class Stage:
    """One run. `joined` is set when its state is known, `gone` when contact with it was lost for good."""

    def __init__(self, source: Source, operator: Operator | None, *, clock: Callable[[], float]) -> None:
        self._source = source
        self._operator = operator
        self.audience = Audience()
        self.meters = Meters(clock)
        self._picture: Picture | None = None
        self._city = b""
        self._refresh: asyncio.Task[None] | None = None
        self._since: list[tuple[BusMessage, Message]] = []
        self.joined = asyncio.Event()
        self.gone = asyncio.Event()

    @property
    def may_steer(self) -> bool:
        """Whether orders can be given at all."""
        return self._operator is not None

    async def order(self, body: Command) -> str:
        """Pass an order on; the cause of its refusal, or ""."""
        return "not-allowed" if self._operator is None else await self._operator.order(body)

    async def play(self) -> None:
        """Join the run and follow it to its end. Raises what the source raises, `MessageError` for no snapshot."""
        self._city = record(0, await self._source.city())
        snapshot = _snapshot_in(await self._source.snapshot())
        self._picture = Picture(snapshot)
        self.meters.begin(snapshot)
        self.audience.refresh()
        self.joined.set()
        try:
            async for message in self._source.messages():
                self._hear(message)
        finally:
            if self._refresh is not None:
                self._refresh.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._refresh

    def readings(self) -> Iterator[Reading]:
        """The meters, as they stand now."""
        self.meters.look_on(len(self.audience), self.audience.dropped)
        return self.meters.read()

    def leave(self) -> None:
        """Nothing more comes. A run that came to its end can still be looked at; another is gone."""
        if self._picture is None or self._picture.ended is None:
            self.gone.set()

    def whole_state(self) -> bytes | None:
        """City, state and, if the run is over, its end, as records; None before there is any."""
        if self._picture is None:
            return None
        now = self._picture.snapshot()
        parts = [self._city, record(0, _envelope(now, now.now_ms))]
        if self._picture.ended is not None:
            parts.append(record(0, _envelope(self._picture.ended, now.now_ms)))
        return b"".join(parts)

    def _hear(self, heard: BusMessage) -> None:
        picture = self._picture
        assert picture is not None
        topic, number, data = heard
        if not picture.is_news(topic, number):
            return
        try:
            message = decode(data)
        except MessageError:
            # The gate speaks our version, so this is a broken message: a gap in the numbers tells of it.
            return
        lost = picture.hear(topic, number, message)
        self.meters.hear(message.body)
        if self._refresh is not None:
            self._since.append((heard, message))
        if lost:
            self.meters.lose(topic, lost)
            if topic not in _WORTHLESS_WHEN_OLD and self._refresh is None:
                self._refresh = asyncio.create_task(self._start_over())
        if topic in SHOWN:
            is_frame = isinstance(message.body, Frame) and topic in _WORTHLESS_WHEN_OLD
            self.audience.offer(topic, record(number, data), is_frame=is_frame)

    async def _start_over(self) -> None:
        """Messages were lost, so the picture may be wrong: ask for a fresh one."""
        try:
            try:
                picture = Picture(_snapshot_in(await self._source.snapshot()))
            except (FleetError, TimeoutError):
                # The next loss asks again; until then an old picture is better than none.
                return
            for (topic, number, _), message in self._since:
                if picture.is_news(topic, number):
                    picture.hear(topic, number, message)
            self._picture = picture
            self.audience.refresh()
        finally:
            self._since.clear()
            self._refresh = None


def _snapshot_in(data: bytes) -> Snapshot:
    body = decode(data).body
    if not isinstance(body, Snapshot):
        raise MessageError(f"expected a Snapshot, found {type(body).__name__}")
    return body


def _envelope(body: Frame, now_ms: int) -> bytes:
    return encode(Envelope(sender=SENDER, seq=0, t_ms=now_ms, body=body))
