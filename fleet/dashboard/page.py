"""The page over HTTP: three files, a favicon, and one WebSocket that carries the bus's own bytes.

Binary messages are records (see `audience`), text messages are JSON of the dashboard itself: first
`{"title", "version", "steer"}`, then an answer `{"answer", "cause"}` to each request of the page.
"""

from __future__ import annotations

import asyncio
import json
from importlib.resources import files

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from fleet.base.errors import FleetError
from fleet.dashboard.asks import order_of
from fleet.dashboard.audience import Viewer
from fleet.dashboard.guard import Guard
from fleet.dashboard.stage import Stage

LEAST_GAP_S = 0.05
"""Between two batches to one browser: more would not be seen, and cost the run's machine."""

_KINDS = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_NO_TOKEN = "Open the address that fleet printed: it ends in ?token=..."
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Page:
    """The handlers of one page."""

    def __init__(self, stage: Stage, guard: Guard, title: str, version: str) -> None:
        self._stage = stage
        self._guard = guard
        self._about = {"title": title, "version": version, "steer": stage.may_steer}
        folder = files("fleet.dashboard") / "static"
        self._files = {item.name: item.read_bytes() for item in folder.iterdir()}

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/", self._index),
                Route("/favicon.ico", self._icon),
                Route("/static/{name}", self._static),
                WebSocketRoute("/bus", self._bus),
            ]
        )

    async def _index(self, request: Request) -> Response:
        refusal = self._guard.refusal(request.headers, script=False)
        token = request.query_params.get("token")
        if not refusal and not self._guard.knows(token or request.cookies.get(self._guard.cookie)):
            refusal = _NO_TOKEN
        if refusal:
            return PlainTextResponse(refusal + "\n", status_code=403, headers=_HEADERS)
        response = self._file("index.html")
        # Strict: another site's page cannot use it. The page itself takes the token out of its address.
        response.set_cookie(self._guard.cookie, self._guard.token, httponly=True, samesite="strict")
        return response

    async def _static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._files or self._guard.refusal(request.headers, script=False):
            return PlainTextResponse("not here\n", status_code=404, headers=_HEADERS)
        return self._file(name)

    async def _icon(self, request: Request) -> Response:
        return self._file("favicon.svg")

    def _file(self, name: str) -> Response:
        kind = _KINDS[name.rpartition(".")[2]]
        return Response(self._files[name], media_type=kind, headers=_HEADERS)

    async def _bus(self, socket: WebSocket) -> None:
        refusal = self._guard.refusal(socket.headers, script=True)
        if not refusal and not self._guard.knows(socket.cookies.get(self._guard.cookie)):
            refusal = _NO_TOKEN
        viewer = None if refusal or self._stage.gone.is_set() else self._stage.audience.join()
        if viewer is None:
            status = 403 if refusal else 503
            text = refusal or "the run is gone, or too many browsers look on"
            await socket.send_denial_response(PlainTextResponse(text + "\n", status_code=status))
            return
        try:
            await socket.accept()
            await socket.send_text(json.dumps(self._about))
            await self._serve(socket, viewer)
            await socket.close(1001)
        except (WebSocketDisconnect, OSError):
            # A browser may go at any moment, also in the middle of a send.
            pass
        finally:
            self._stage.audience.leave(viewer)

    async def _serve(self, socket: WebSocket, viewer: Viewer) -> None:
        """Send and listen until the browser goes, or the run."""
        acts = (self._send(socket, viewer), self._listen(socket), self._gone())
        tasks = [asyncio.create_task(act) for act in acts]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            # Not `gather`, which would raise a cancellation of its own making in the place of the caller's.
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def _gone(self) -> None:
        await self._stage.gone.wait()

    async def _send(self, socket: WebSocket, viewer: Viewer) -> None:
        while True:
            await socket.send_bytes(await viewer.take(self._stage.whole_state))
            await asyncio.sleep(LEAST_GAP_S)

    async def _listen(self, socket: WebSocket) -> None:
        """Requests are taken one after the other, so a page that asks too much waits for itself."""
        while True:
            text = await socket.receive_text()
            try:
                order = order_of(text)
                answer = {"answer": type(order).__name__, "cause": await self._stage.order(order)}
            except FleetError as error:
                answer = {"answer": "", "cause": str(error)}
            await socket.send_text(json.dumps(answer))
