"""The live page and the metrics as a process of their own, so that browsers take nothing from the simulator's.

`start` launches it, `python -m fleet.app.dashboard` is it. What it is to do, secrets included, goes in by its
standard input and not by its arguments, which everybody on a machine can read. It says one line of JSON when it
listens, or why it cannot; it ends when its standard input ends, and so never outlives the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import select
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

import msgspec

from fleet import __version__
from fleet.base.errors import FleetError, RunError, UsageError
from fleet.bus.keyfile import IdentityFile, role_of
from fleet.bus.keyring import Identity
from fleet.messages.seal import SecretKey

if TYPE_CHECKING:
    from fleet.app.reader import BusReader
    from fleet.dashboard.serving import App
    from fleet.dashboard.stage import Stage

DEFAULT_HTTP = "127.0.0.1:8570"
START_S = 30.0
"""How long the process may take until it listens: a cold start of Python on a busy machine, and then some."""
STOP_S = 5.0
LAST_WORDS_S = 1.0
FLUSH_S = 0.1


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is told. `http` and `metrics` are HOST:PORT; one of them may be missing."""

    url: str
    identity: IdentityFile | None = None
    insecure: bool = False
    http: str | None = None
    metrics: str | None = None
    title: str = ""


class _Listening(msgspec.Struct, frozen=True, kw_only=True):
    """What the process says when it listens, or could not."""

    page: str | None = None
    metrics: str | None = None
    error: str = ""
    usage: bool = False


@dataclass
class Dashboard:
    """A dashboard that runs. `url` is the page's address with its token, `metrics_url` that of the metrics."""

    url: str | None
    metrics_url: str | None
    _process: subprocess.Popen[bytes]

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def stop(self) -> None:
        """End it; a second call does nothing."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(
    url: str,
    identity: IdentityFile | None = None,
    *,
    http: str | None = DEFAULT_HTTP,
    metrics: str | None = None,
    title: str = "",
    insecure: bool = False,
) -> Dashboard:
    """Launch a dashboard for the run at `url`. It listens when this returns, and joins the run by itself.

    `identity` is what it comes in with, and signs its orders with; without one, the page only watches. With
    `insecure` it goes through doors without locks, and the CURVE keys of the identity may be empty. Raises
    `UsageError` for an address that is malformed or taken, or a missing extra, and `RunError` if the process does
    not come up.
    """
    settings = Settings(
        url=url,
        identity=identity,
        insecure=insecure,
        http=http,
        metrics=metrics,
        title=title,
    )
    process = subprocess.Popen(
        # Without -P a module lying in the working directory would be run, secrets at hand.
        [sys.executable, "-P", "-m", "fleet.app.dashboard"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Ctrl-C is for the run, which then ends the dashboard.
        start_new_session=True,
    )
    running = Dashboard(None, None, process)
    try:
        told = _first_words(process, msgspec.json.encode(settings) + b"\n")
    except BaseException:
        running.stop()
        raise
    running.url, running.metrics_url = told.page, told.metrics
    return running


def _first_words(process: subprocess.Popen[bytes], settings: bytes) -> _Listening:
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None
    try:
        stdin.write(settings)
        stdin.flush()
        if not select.select([stdout], [], [], START_S)[0]:
            raise RunError(f"the dashboard did not come up within {START_S:g} s")
        told = msgspec.json.decode(stdout.readline(), type=_Listening)
    except (OSError, msgspec.DecodeError):
        raise RunError("the dashboard ended before it listened") from None
    if told.error:
        raise UsageError(told.error) if told.usage else RunError(told.error)
    return told


# ---- inside the process


class _Wanted(NamedTuple):
    """What listens: applications by port, their sockets, and what the parent is told."""

    apps: dict[int, App]
    sockets: list[socket.socket]
    said: _Listening


def _listen(settings: Settings, stage: Stage) -> _Wanted:
    """Open what was asked for. Raises `UsageError`; nothing stays open then."""
    from fleet.dashboard.exposition import exposition
    from fleet.dashboard.guard import Guard
    from fleet.dashboard.page import Page
    from fleet.dashboard.serving import listen, metrics_app

    with ExitStack() as opened:
        apps: dict[int, App] = {}
        sockets: list[socket.socket] = []
        page = metrics = None
        if settings.http is not None:
            bound, host, port = listen(settings.http, "--http")
            opened.enter_context(bound)
            sockets.append(bound)
            guard = Guard(host, port, secrets.token_urlsafe(16))
            apps[port] = Page(stage, guard, settings.title, __version__).app()
            page = f"{guard.address}/?token={guard.token}"
        if settings.metrics is not None:
            text = exposition(stage.readings)
            bound, host, port = listen(settings.metrics, "--metrics")
            opened.enter_context(bound)
            sockets.append(bound)
            guard = Guard(host, port, "")
            apps[port] = metrics_app(text, guard)
            metrics = f"{guard.address}/metrics"
        opened.pop_all()
        return _Wanted(apps, sockets, _Listening(page=page, metrics=metrics))


async def _serve(settings: Settings) -> None:
    """Listen, say so, follow the run, and stay until the standard input ends."""
    from fleet.app.reader import BusReader
    from fleet.dashboard.serving import serving
    from fleet.dashboard.stage import Stage

    reader = BusReader(settings.url, _identity(settings.identity), insecure=settings.insecure)
    stage = Stage(reader, reader if reader.may_order else None, clock=time.monotonic)
    wanted = _listen(settings, stage)
    async with serving(wanted.apps, wanted.sockets):
        _say(wanted.said)
        following = asyncio.create_task(_follow(reader, stage))
        await _end_of_input()
        if stage.joined.is_set():
            # What the run said last may still be on its way here, and then on its way to browsers.
            await asyncio.wait((following,), timeout=LAST_WORDS_S)
            await asyncio.sleep(FLUSH_S)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _follow(reader: BusReader, stage: Stage) -> None:
    """The page stays, whatever becomes of the run."""
    try:
        async with reader:
            await stage.play()
    except FleetError as error:
        sys.stderr.write(f"dashboard: {error}\n")
    finally:
        stage.leave()


def _identity(found: IdentityFile | None) -> Identity | None:
    if found is None:
        return None
    return Identity(
        name=found.name,
        role=role_of(found.role),
        curve_public=found.curve_public.encode("ascii"),
        curve_secret=found.curve_secret.encode("ascii"),
        server_public=found.server_public.encode("ascii"),
        key=SecretKey(bytes.fromhex(found.order_secret)),
    )


def _say(words: _Listening) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(words) + b"\n")
    sys.stdout.buffer.flush()


async def _end_of_input() -> None:
    """Wait until whoever started this closes its end, or is no more."""
    ended = asyncio.Event()

    def look() -> None:
        if not os.read(descriptor, 4096):
            ended.set()

    descriptor = sys.stdin.fileno()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, look)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)


def main() -> None:
    """The process: settings from the standard input, then serve."""
    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=Settings)
    try:
        asyncio.run(_serve(settings))
    except FleetError as error:
        _say(_Listening(error=str(error), usage=isinstance(error, UsageError)))


if __name__ == "__main__":
    main()
