"""The asyncio client: the same protocol, and tasks that share it."""

import asyncio
import inspect
import time

import pytest

import fleet
from fleet.base.errors import RunError, UsageError
from fleet.bus.aclient import AsyncClient
from fleet.bus.client import Client

from .toy_gate import CITY, VEHICLES, ToyGate, frame, identity

KIM, MALLORY = identity("kim", "operator"), identity("mallory", "red")


def play(act, who=None, **options):
    """Run `act(gate, client)` with a client that has joined a toy gate."""

    async def main():
        with ToyGate() as gate:
            async with fleet.connect_async(gate.url, who, insecure=True, **options) as client:
                return await asyncio.wait_for(act(gate, client), 20)

    return asyncio.run(main())


def test_both_clients_have_the_same_names():
    def public(kind):
        return {name for name in dir(kind) if not name.startswith("_")}

    assert public(Client) == public(AsyncClient)
    for name in public(Client) - {"close"}:
        ours, theirs = inspect.getattr_static(Client, name), inspect.getattr_static(AsyncClient, name)
        if not isinstance(ours, property):
            mine, other = inspect.signature(ours), inspect.signature(theirs)
            assert list(mine.parameters.values()) == list(other.parameters.values())


def test_reading_to_the_end():
    async def act(gate, client):
        gate.held_tick(frame(1))
        gate.lose("TelemetryFrame", 2)
        gate.held_tick(frame(2))
        gate.end()
        found = [frame async for frame in client.frames()]
        assert [(one.tick, tuple(one.vehicles), one.x_m.tolist()) for one in found] == [
            (1, VEHICLES, [1.5] * 3), (2, VEHICLES, [2.5] * 3),
        ]  # fmt: skip
        assert client.missed == {"TelemetryFrame": 2}
        assert client.ended.status == "complete"

    play(act)


def test_one_task_reads_while_others_ask():
    async def act(gate, client):
        async def read():
            return [type(message.body).__name__ async for message in client]

        reader = asyncio.create_task(read())
        receipts = await asyncio.gather(client.pause(), client.step(2), client.speed(3.0), client.resume())
        gate.held_tick(frame(1))
        assert await client.city() == CITY
        gate.end()
        assert await reader == ["TelemetryFrame", "Beat", "RunEnded"]
        assert [receipt.cause for receipt in receipts] == [""] * 4
        assert sorted(message.seq for message in gate.heard) == sorted(receipt.seq for receipt in receipts)

    play(act, KIM)


def test_injecting():
    async def act(gate, client):
        answer = await client.inject("navigation.gnss-tow", "light-01", rate_mps=1.0)
        assert (answer.effect_tick, answer.cause) == (1, "")
        assert (await client.stop(answer.tamper_id)).tamper_id == answer.tamper_id
        with pytest.raises(UsageError, match="red, which opens no command door"):
            await client.pause()

    play(act, MALLORY)


def test_waiting_costs_nothing_and_ends_in_time():
    async def act(gate, client):
        used, began = time.process_time(), time.monotonic()
        assert [m async for m in client.messages(timeout_s=0.3)] == []
        assert 0.25 < time.monotonic() - began < 5.0
        return time.process_time() - used

    assert play(act) < 0.2, "a loop that spins would use all of it"


def test_a_task_can_be_cancelled_and_the_client_goes_on():
    async def act(gate, client):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(client.messages()), 0.1)
        gate.held_tick()
        assert type((await anext(client.messages())).body).__name__ == "Beat"

    play(act)


def test_nobody_there_and_a_run_that_vanishes():
    async def nobody():
        async with fleet.connect_async("tcp://127.0.0.1:9", timeout_s=0.2):
            pass

    async def vanishes():
        gate = ToyGate()
        async with fleet.connect_async(gate.url, insecure=True, timeout_s=0.3) as client:
            await asyncio.to_thread(gate.close)
            async for _ in client:
                pass

    with pytest.raises(RunError, match=r"nobody answers at .* within 0.2 s"):
        asyncio.run(nobody())
    with pytest.raises(RunError, match="is gone"):
        asyncio.run(vanishes())
