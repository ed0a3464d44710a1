"""The dashboard's reader and operator: a client of the bus as `fleet.dashboard.source` wants it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from fleet.bus.aclient import AsyncClient, connect_async
from fleet.bus.keyring import Identity
from fleet.dashboard.source import TOPICS, BusMessage
from fleet.messages.codec import encode
from fleet.messages.envelope import Envelope
from fleet.messages.plane import Command, Frame
from fleet.messages.roles import MAY_SAY

PATIENCE_S = 30.0
"""A run may plan for long before its gate answers."""


class BusReader:
    """One connection to the run at `url`, made on entry. Raises what `AsyncClient` raises."""

    def __init__(self, url: str, identity: Identity | None, *, insecure: bool) -> None:
        self._identity = identity
        self._client: AsyncClient = connect_async(
            url, identity, timeout_s=PATIENCE_S, topics=TOPICS, insecure=insecure
        )

    @property
    def may_order(self) -> bool:
        """Whether its key is one that may steer a run."""
        return self._identity is not None and "PauseRun" in MAY_SAY[self._identity.role]

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def city(self) -> bytes:
        """The envelope with the `CityMap`."""
        return _sealed(await self._client.city())

    async def snapshot(self) -> bytes:
        """An envelope with the state when the client joined, or came back."""
        return _sealed(await self._client.catch_up())

    async def messages(self) -> AsyncIterator[BusMessage]:
        """What is published, as it comes, until the run ends."""
        async for item in self._client.published():
            yield BusMessage(item.topic, item.number, item.envelope)

    async def order(self, body: Command) -> str:
        """Sign and send; the cause of the refusal, or ""."""
        return (await self._client.order(body)).cause


def _sealed(body: Frame) -> bytes:
    return encode(Envelope(sender="gate", seq=0, t_ms=0, body=body))
