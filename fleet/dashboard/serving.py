"""Listening: sockets opened early, so that a taken port is one clear line; then one uvicorn server for all."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fleet.base.errors import UsageError
from fleet.dashboard.exposition import Page as Text
from fleet.dashboard.guard import Guard

App = ASGIApp
"""What answers at a port."""

_ADDRESS = re.compile(r"(?P<host>[^:/\[\]]*|\[[0-9a-fA-F:.]+\]):(?P<port>[0-9]{1,5})\Z")
_MOST_REQUEST_BYTES = 4_096
_LAST_PORT = 65_535


@dataclass(frozen=True)
class Address:
    """Where to listen. Port 0 is any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address(text: str, option: str) -> Address:
    """HOST:PORT or :PORT, which is this machine only. Raises `UsageError` that names the option.

    >>> str(address(":9464", "--metrics"))
    '127.0.0.1:9464'
    """
    match = _ADDRESS.match(text)
    host = match["host"].strip("[]") if match else ""
    if match is not None and host in ("", "localhost"):
        host = "127.0.0.1"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        match = None
    if match is None or int(match["port"]) > _LAST_PORT:
        raise UsageError(f"{option}: expected HOST:PORT with an IP address, or :PORT, found `{text}`")
    return Address(host, int(match["port"]))


class Bound(NamedTuple):
    """A bound socket, and where it is bound."""

    socket: socket.socket
    host: str
    port: int


def listen(text: str, option: str) -> Bound:
    """A socket bound at HOST:PORT. Raises `UsageError` if the address is malformed, taken or not ours."""
    where = address(text, option)
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((where.host, where.port))
    except OSError as error:
        bound.close()
        raise UsageError(f"{option}: cannot listen at {where}: {error.strerror or error}") from None
    return Bound(bound, where.host, int(bound.getsockname()[1]))


def metrics_app(text: Callable[[], Text], guard: Guard) -> Starlette:
    """The application that Prometheus scrapes, at /metrics. It needs no token: Prometheus has none to show."""

    async def metrics(request: Request) -> Response:
        refusal = guard.refusal(request.headers, script=False)
        if refusal:
            return PlainTextResponse(refusal + "\n", status_code=403)
        body, kind = text()
        return Response(body, headers={"Content-Type": kind})

    async def index(request: Request) -> Response:
        return PlainTextResponse("metrics are at /metrics\n")

    return Starlette(routes=[Route("/metrics", metrics), Route("/", index)])


def by_port(apps: Mapping[int, App]) -> App:
    """One application out of several, each for what comes in at its port."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await apps[scope["server"][1]](scope, receive, send)

    return app


class _Quiet(uvicorn.Server):
    """A server without signal handlers: whoever composes the process ends it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@contextlib.asynccontextmanager
async def serving(apps: Mapping[int, App], sockets: list[socket.socket]) -> AsyncIterator[None]:
    """While inside, the applications answer at the sockets."""
    config = uvicorn.Config(
        by_port(apps),
        lifespan="off",
        http="h11",
        ws="websockets-sansio",
        ws_max_size=_MOST_REQUEST_BYTES,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = _Quiet(config)
    running = asyncio.create_task(server.serve(sockets))
    try:
        while not server.started and not running.done():
            await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        await running
