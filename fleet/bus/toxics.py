"""A TCP proxy that spoils connections, as Toxiproxy does: for real sockets, whatever is spoken over them.

It stands between clients and the doors of a bus (or anything else on TCP) and knows bytes only, so CURVE makes no
difference to it. What a fault is to simulated links (`fleet.messages.links`) a *toxic* is to real ones: latency
and jitter, bandwidth, a connection cut hard or softly, one that stays open and carries nothing, a reader that
stops reading. Draws repeat with the seed; the clock is the one on the wall, so what passes is not byte-equal.
"""

from __future__ import annotations

import asyncio
import math
import socket
import struct
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

from fleet.base.errors import UsageError
from fleet.base.streams import Noise, Streams
from fleet.bus.closing import Closing
from fleet.messages.links import Draws

Cut = Literal["rst", "fin"]
T = TypeVar("T")

_CHUNK = 16_384
_PIECE_S = 0.02
"""With limited bandwidth at most so much time's worth of bytes is written at once."""
_WAITING_CHUNKS = 256
_HARD = struct.pack("ii", 1, 0)
_START_S = 10.0
_CLOSE_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Toxic:
    """What happens to the bytes of one direction of every connection.

    Each read comes `latency_ms` later, and up to `jitter_ms` more, drawn evenly; the order is kept. 0 is no limit
    for `bandwidth_bps` (bits a second). With `swallow` bytes are taken and passed on to nobody, while the
    connection stays open. With `deaf` nothing is read, so that the sender's buffers fill. Raises `UsageError` for
    numbers that are negative or not finite.
    """

    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    bandwidth_bps: float = 0.0
    swallow: bool = False
    deaf: bool = False

    def __post_init__(self) -> None:
        for name in ("latency_ms", "jitter_ms", "bandwidth_bps"):
            number = getattr(self, name)
            if not (math.isfinite(number) and number >= 0.0):
                raise UsageError(f"{name}: expected a number of at least 0, found {number:g}")


CLEAN = Toxic()


@dataclass(frozen=True)
class Spoil:
    """A toxic for each way, `up` from client to upstream, `down` back; `cut_after_s` ends each connection."""

    up: Toxic = CLEAN
    down: Toxic = CLEAN
    cut_after_s: float | None = None
    cut: Cut = "rst"


Address = tuple[str, int]


def address(text: str) -> Address:
    """The host and port of `HOST:PORT` or `tcp://HOST:PORT`. Raises `UsageError`.

    >>> address("tcp://127.0.0.1:5570")
    ('127.0.0.1', 5570)
    """
    host, colon, port = text.removeprefix("tcp://").rpartition(":")
    if not (colon and host and port.isdecimal() and int(port) < 2**16):
        raise UsageError(f"`{text}` is no address: expected HOST:PORT or tcp://HOST:PORT")
    return host.strip("[]"), int(port)


class ToxicProxy(Closing):
    """Listens at `listen` and the `ports` - 1 ports after it, and connects to `upstream` and those after it.

    Works in a thread of its own until `close`. Port 0 picks a free one (with one port only). Raises `UsageError`
    for a port that is taken. All methods may be called from any thread.
    """

    def __init__(
        self, listen: Address, upstream: Address, *, spoil: Spoil = Spoil(), seed: int = 0, ports: int = 1
    ) -> None:
        self._upstream = upstream
        self._spoil = spoil
        self._noise = Streams(seed).noise("bus/toxics")
        self._connections: dict[int, _Connection] = {}
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="toxics", daemon=True)
        self._thread.start()
        try:
            self.address = self._call(self._listen(listen, ports))
        except OSError as error:
            self.close()
            raise UsageError(f"cannot listen at `{listen[0]}:{listen[1]}`: {error.strerror or error}") from None

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_S)

    async def _listen(self, listen: Address, ports: int) -> Address:
        host, first = listen
        for n in range(ports):
            accept = partial(self._accept, upstream=(self._upstream[0], self._upstream[1] + n))
            self._servers.append(await asyncio.start_server(accept, host, first + n, limit=_CHUNK))
        found: Address = self._servers[0].sockets[0].getsockname()[:2]
        return found

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upstream: Address) -> None:
        number = self._count
        self._count += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            far = await asyncio.open_connection(*upstream, limit=_CHUNK)
            connection = _Connection(number, (reader, writer), far, self._noise, self._spoil)
            self._connections[number] = connection
            await connection.carry()
        except OSError:
            writer.transport.abort()
        finally:
            self._connections.pop(number, None)
            self._tasks.discard(task)

    def set(self, spoil: Spoil) -> None:
        """From now on treat all connections so, also those that are open."""

        async def change() -> None:
            self._spoil = spoil
            for connection in self._connections.values():
                connection.change(spoil)

        self._call(change())

    def cut(self, how: Cut = "rst") -> int:
        """Cut every open connection, both ways; how many there were."""

        async def cut_all() -> int:
            found = list(self._connections.values())
            for connection in found:
                connection.cut(how)
            return len(found)

        return self._call(cut_all())

    @property
    def open_connections(self) -> int:
        """How many connections are carried now."""
        return len(self._connections)

    def close(self) -> None:
        """Cut everything and stop listening; a second call does nothing."""
        if not self._thread.is_alive():
            return

        async def stop() -> None:
            for server in self._servers:
                server.close()
            for connection in self._connections.values():
                connection.cut("rst")
            if self._tasks:
                _, left = await asyncio.wait(self._tasks, timeout=_CLOSE_S)
                for task in left:
                    task.cancel()
                await asyncio.gather(*left, return_exceptions=True)

        self._call(stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_S)


End = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Connection:
    """One client's connection and its way on, with a pump for each direction."""

    def __init__(self, number: int, near: End, far: End, noise: Noise, spoil: Spoil) -> None:
        self._writers = (near[1], far[1])
        self._spoil = spoil
        self._running: list[asyncio.Task[None]] = []
        self._pumps = (
            _Pump(near[0], far[1], Draws(noise, f"up/{number}"), spoil.up),
            _Pump(far[0], near[1], Draws(noise, f"down/{number}"), spoil.down),
        )

    def change(self, spoil: Spoil) -> None:
        """Treat what comes from now on so."""
        self._pumps[0].change(spoil.up)
        self._pumps[1].change(spoil.down)

    async def carry(self) -> None:
        """Until both directions have ended, or one has broken, or it is cut."""
        loop = asyncio.get_running_loop()
        timer = None
        if self._spoil.cut_after_s is not None:
            timer = loop.call_later(self._spoil.cut_after_s, self.cut, self._spoil.cut)
        self._running = [loop.create_task(pump.run()) for pump in self._pumps]
        try:
            done, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_EXCEPTION)
            if any(task.exception() is not None for task in done if not task.cancelled()):
                self.cut("rst")
        finally:
            if timer is not None:
                timer.cancel()
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
            for writer in self._writers:
                await _close(writer)

    def cut(self, how: Cut) -> None:
        """End both sides now: "rst" as a crash does, "fin" as a program that ends."""
        for task in self._running:
            task.cancel()
        for writer in self._writers:
            raw = writer.get_extra_info("socket")
            if how == "rst" and raw is not None and raw.fileno() >= 0:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _HARD)
                writer.transport.abort()
            else:
                writer.close()


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close one side; who does not take what is left for it is cut off."""
    writer.close()
    try:
        await asyncio.wait_for(writer.wait_closed(), _CLOSE_S / 2.0)
    except TimeoutError:
        writer.transport.abort()
    except OSError:
        pass


class _Pump:
    """One direction: reads, holds back, writes."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, draws: Draws, toxic: Toxic
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._draws = draws
        self._toxic = toxic
        self._changed = asyncio.Event()
        self._queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_WAITING_CHUNKS)
        self._last_s = 0.0
        self._read = 0

    def change(self, toxic: Toxic) -> None:
        """Treat what comes from now on so."""
        self._toxic = toxic
        self._changed.set()
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Until the sender has ended, and everything is passed on."""
        writing = asyncio.get_running_loop().create_task(self._write())
        try:
            await self._take()
            await writing
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def _take(self) -> None:
        """Read, and give each chunk its time. The empty chunk is the end."""
        loop = asyncio.get_running_loop()
        while True:
            while self._toxic.deaf:
                await self._changed.wait()
            data = await self._take_one()
            delay_s = self._delay_s()
            self._last_s = max(self._last_s, loop.time() + delay_s)
            await self._queue.put((self._last_s, data))
            if not data:
                return

    async def _take_one(self) -> bytes:
        """The next bytes that are not swallowed. While they are, no end is passed on either, however it came."""
        while True:
            try:
                data = await self._reader.read(_CHUNK)
            except OSError:
                if not self._toxic.swallow:
                    raise
                data = b""
            while self._toxic.swallow and not data:
                await self._changed.wait()
            if not self._toxic.swallow:
                return data

    def _delay_s(self) -> float:
        toxic, number = self._toxic, self._read
        self._read += 1
        jitter_ms = toxic.jitter_ms * self._draws(number, 0) if toxic.jitter_ms else 0.0
        return (toxic.latency_ms + jitter_ms) / 1000.0

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s, data = await self._queue.get()
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            if not data:
                if self._writer.can_write_eof() and not self._writer.is_closing():
                    self._writer.write_eof()
                return
            await self._pass_on(data)

    async def _pass_on(self, data: bytes) -> None:
        """Write, no faster than the bandwidth."""
        while data:
            rate = self._toxic.bandwidth_bps / 8.0
            piece = data if not rate else data[: max(1, int(rate * _PIECE_S))]
            data = data[len(piece) :]
            self._writer.write(piece)
            await self._writer.drain()
            if rate:
                await asyncio.sleep(len(piece) / rate)
