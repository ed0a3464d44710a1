"""A page that is really served, over a played run, in a thread with a loop of its own."""

import asyncio
import json
import struct
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

from websockets.sync.client import ClientConnection, connect

from fleet.dashboard.guard import Guard
from fleet.dashboard.page import Page
from fleet.dashboard.serving import listen, serving
from fleet.dashboard.stage import Stage
from fleet.messages.codec import decode
from fleet.messages.envelope import Message

from .play import Play

T = TypeVar("T")

TOKEN = "a-token"
PATIENCE_S = 20.0


def await_that(condition: Callable[[], bool], what: str) -> None:
    """Return when it holds; fail if it does not within the patience of a busy machine."""
    until_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until_s, f"waited in vain for: {what}"
        time.sleep(0.01)


def records(data: bytes) -> list[tuple[int, Message]]:
    """The records of a WebSocket message: numbers and envelopes."""
    found, at = [], 0
    while at < len(data):
        number, size = struct.unpack_from("<QI", data, at)
        found.append((number, decode(data[at + 12 : at + 12 + size])))
        at += 12 + size
    return found


class Theatre:
    """Serves the page of `play` while it is entered. With `steered` False nobody may give orders."""

    def __init__(self, play: Play, *, steered: bool = True) -> None:
        self.play = play
        self.stage = Stage(play, play if steered else None, clock=time.monotonic)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._done: asyncio.Event

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/?token={TOKEN}"

    def do(self, act: Callable[[], T]) -> T:
        """Do something with the play or the stage, in the thread they live in."""

        async def there() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(there(), self._loop).result(PATIENCE_S)

    def begin(self, coroutine: Awaitable[object]) -> None:
        """Let something run beside."""
        asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def browser(self, **headers: str) -> ClientConnection:
        """A WebSocket as the page opens it."""
        return connect(
            f"ws://127.0.0.1:{self.port}/bus",
            origin=headers.pop("origin", self.origin),
            additional_headers={"Cookie": f"fleet_{self.port}={TOKEN}"} | headers,
            max_size=None,
            compression=None,
            proxy=None,
        )

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._done = asyncio.Event()
        bound = listen(":0", "--http")
        self.port = bound.port
        page = Page(self.stage, Guard(bound.host, bound.port, TOKEN), "Play", "0")
        playing = asyncio.create_task(self.stage.play())
        async with serving({bound.port: page.app()}, [bound.socket]):
            self._ready.set()
            await self._done.wait()
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


class Onlooker:
    """What a page would know: reads a WebSocket as the page does."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.hello = json.loads(socket.recv(PATIENCE_S))
        self.answers: list[dict[str, str]] = []
        self.heard: list[tuple[int, Message]] = []

    def read(self) -> list[tuple[int, Message]]:
        """The next batch."""
        while isinstance(data := self.socket.recv(PATIENCE_S), str):
            self.answers.append(json.loads(data))
        batch = records(data)
        self.heard += batch
        return batch

    def until(self, kind: str) -> Message:
        """Read until a message of that kind comes."""
        while True:
            for _, message in self.read():
                if type(message.body).__name__ == kind:
                    return message

    def ask(self, **request: object) -> dict[str, str]:
        """Ask for something; the answer."""
        self.socket.send(json.dumps(request))
        while not self.answers:
            data = self.socket.recv(PATIENCE_S)
            if isinstance(data, str):
                self.answers.append(json.loads(data))
            else:
                self.heard += records(data)
        return self.answers.pop(0)
