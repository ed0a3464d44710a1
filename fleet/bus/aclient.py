"""The client of a run, for asyncio: `fleet.connect_async`. The same names as in `client`, awaited.

Several tasks may share one client: one reads, another gives orders. Requests wait for one another.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import zmq

from fleet.bus.client import ALERTS, FRAMES, Forged, start_of
from fleet.bus.columns import Columns, columns
from fleet.bus.keyring import Identity
from fleet.bus.known import Known
from fleet.bus.talk import Flow, Talk, Wait, Wish
from fleet.bus.wire import Published
from fleet.messages.control import PauseRun, ResumeRun, SetSpeed, StepRun, StopRun
from fleet.messages.envelope import Message
from fleet.messages.frames import TelemetryFrame
from fleet.messages.notices import CityMap, Receipt, Snapshot
from fleet.messages.plane import Body
from fleet.messages.security import Alert
from fleet.messages.tamper import ForgeOrder, StopTamper, TamperAnswered

T = TypeVar("T")


def connect_async(
    url: str,
    key: str | Path | Identity | None = None,
    *,
    timeout_s: float = 5.0,
    topics: Collection[str] | None = None,
    insecure: bool = False,
    queue: int = 1_000,
) -> AsyncClient:
    """A client for the run at `url`, to be entered by `async with`; parameters and errors as for `connect`.

    For example:

        import asyncio, fleet

        async def watch() -> None:
            async with fleet.connect_async("tcp://127.0.0.1:5570") as city:
                async for frame in city.frames():
                    fastest = frame.speed_mps.argmax()
                    print(frame.tick, frame.vehicles[fastest], frame.speed_mps[fastest], "m/s")
                print("it ended:", city.ended.status, "- missed:", dict(city.missed))

        asyncio.run(watch())
    """
    identity = key if key is None or isinstance(key, Identity) else Identity.load(Path(key))
    return AsyncClient(Talk(Wish(url, identity, timeout_s, topics, insecure, queue)))


class AsyncClient(Known):
    """One connection to a run; see `Client`, whose methods these are, to be awaited.

    An operator, with a key:

        import asyncio, fleet

        async def hurry() -> None:
            async with fleet.connect_async("tcp://127.0.0.1:5570", "kim.key") as city:
                receipt = await city.speed(50.0)
                print("refused:" if receipt.cause else "heard at tick", receipt.cause or receipt.tick)
                async for alert in city.alerts():
                    print(alert.detector, "suspects", alert.entity)

        asyncio.run(hurry())
    """

    def __init__(self, talk: Talk) -> None:
        super().__init__(talk)
        self._asking = asyncio.Lock()
        self._sleepers: set[asyncio.Future[None]] = set()
        self._watched: dict[int, int] = {}

    # ---- reading

    async def city(self) -> CityMap:
        """The city's map as GeoJSON text, and the frame of its local metres."""
        return await self._ask(self._talk.city())

    def __aiter__(self) -> AsyncIterator[Message]:
        return self.messages()

    async def messages(
        self, topics: Collection[str] | None = None, timeout_s: float | None = None
    ) -> AsyncIterator[Message]:
        """What is published, as it comes, until the run ends; with `timeout_s` until nothing came for so long."""
        while (message := await self._drive(self._talk.next(topics, timeout_s))) is not None:
            yield message

    async def published(self) -> AsyncIterator[Published]:
        """The same as it came over the wire, for whoever passes it on: topic, number in the topic, envelope."""
        while (given := await self._drive(self._talk.take(None, None))) is not None:
            yield given.item

    async def catch_up(self) -> Snapshot:
        """The state of the run now. What was published before and did not come counts as missed."""
        return await self._ask(self._talk.catch_up())

    async def frames(self, timeout_s: float | None = None) -> AsyncIterator[Columns]:
        """Telemetry frames as arrays, one row per vehicle."""
        async for message in self.messages(FRAMES, timeout_s):
            if isinstance(message.body, TelemetryFrame):
                yield columns(message.body, self._talk.reading.names)

    async def alerts(self, timeout_s: float | None = None) -> AsyncIterator[Alert]:
        """Alerts as they are raised; those from before are in the snapshot."""
        async for message in self.messages(ALERTS, timeout_s):
            if isinstance(message.body, Alert):
                yield message.body

    # ---- asking

    async def order(self, body: Body) -> Receipt:
        """Sign an order and send it; the receipt says at which tick it was heard, or why it was refused."""
        return await self._ask(self._talk.order(body))

    async def pause(self) -> Receipt:
        """Hold the run."""
        return await self.order(PauseRun())

    async def resume(self) -> Receipt:
        """Let it go on."""
        return await self.order(ResumeRun())

    async def step(self, ticks: int = 1) -> Receipt:
        """Hold so many ticks, then pause."""
        return await self.order(StepRun(ticks=ticks))

    async def speed(self, factor: float) -> Receipt:
        """Simulated seconds per second; 0 for as fast as it goes."""
        return await self.order(SetSpeed(factor=float(factor)))

    async def stop_run(self) -> Receipt:
        """End the run."""
        return await self.order(StopRun())

    async def inject(self, primitive: str, target: str, **parameters: float | str) -> TamperAnswered:
        """Start a tamper primitive and wait for what came of it."""
        tamper_id = self._talk.fresh_id()
        return await self._ask(self._talk.tamper(tamper_id, start_of(tamper_id, primitive, target, parameters)))

    async def stop(self, tamper_id: str) -> TamperAnswered:
        """End what `tamper_id` started."""
        return await self._ask(self._talk.tamper(tamper_id, StopTamper(tamper_id=tamper_id)))

    async def forge(self, tamper_id: str, order: Forged) -> TamperAnswered:
        """Put an order on the road under the key that `tamper_id` stole."""
        return await self._ask(self._talk.tamper(tamper_id, ForgeOrder(tamper_id=tamper_id, order=order)))

    # ---- the connection

    async def _ask(self, flow: Flow[T]) -> T:
        async with self._asking:
            return await self._drive(flow)

    async def _drive(self, flow: Flow[T]) -> T:
        try:
            while True:
                wait = next(flow)
                self._wake_others()
                await self._sleep(wait)
        except StopIteration as done:
            self._wake_others()
            result: T = done.value
            return result

    def _wake_others(self) -> None:
        """A flow may have taken in what another task waits for: let everybody look."""
        if self._talk.reading.waiting or self._talk.reading.over:
            self._wake()

    def _wake(self) -> None:
        for sleeper in self._sleepers:
            if not sleeper.done():
                sleeper.set_result(None)

    async def _sleep(self, wait: Wait) -> None:
        """Until a socket may have something. ZeroMQ's file descriptor only tells that it is worth a look."""
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.add(sleeper)
        descriptors = [int(socket.getsockopt(zmq.FD)) for socket in wait.sockets]
        for descriptor in descriptors:
            self._watch(descriptor)
        try:
            if any(socket.poll(0) for socket in wait.sockets):
                await asyncio.sleep(0)
                return
            left_ms = wait.left_ms()
            await asyncio.wait((sleeper,), timeout=None if left_ms is None else left_ms / 1000.0)
        finally:
            self._sleepers.discard(sleeper)
            for descriptor in descriptors:
                self._unwatch(descriptor)

    def _watch(self, descriptor: int) -> None:
        count = self._watched.get(descriptor, 0)
        self._watched[descriptor] = count + 1
        if count == 0:
            asyncio.get_running_loop().add_reader(descriptor, self._wake)

    def _unwatch(self, descriptor: int) -> None:
        self._watched[descriptor] -= 1
        if self._watched[descriptor] == 0:
            del self._watched[descriptor]
            asyncio.get_running_loop().remove_reader(descriptor)

    async def close(self) -> None:
        """Hang up; a second call does nothing."""
        self._talk.close()

    async def __aenter__(self) -> Self:
        try:
            await self._drive(self._talk.open())
        except BaseException:
            self._talk.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
