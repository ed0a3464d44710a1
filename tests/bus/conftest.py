"""Doors, a gate and a visitor for the gate's tests; a table for those of the barrier."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fleet.bus.doors import Doors
from fleet.bus.gate import Gate
from fleet.bus.intake import Intake
from fleet.bus.picture import Picture, RunFacts
from tests.bus.at_the_gate import CITY, TRUSTED
from tests.bus.round_table import Table
from tests.bus.visitor import Visitor
from tests.messages.runs import RUN


@pytest.fixture
def doors():
    with Doors("tcp://127.0.0.1:*") as found:
        yield found


@pytest.fixture
def gate(doors):
    picture = Picture(RunFacts("test", 1_000, 60_000, 8.0, RUN))
    with Gate(doors, Intake(TRUSTED, RUN), tick_ms=1_000, picture=picture, city=CITY) as found:
        yield found


@pytest.fixture
def visitor(doors):
    with Visitor(doors.endpoints) as found:
        yield found


@pytest.fixture(params=["tcp", "ipc"])
def table(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    ways = {"tcp": "tcp://127.0.0.1:*", "ipc": f"ipc://{tmp_path_factory.mktemp('b')}/s"}
    with Doors(ways[request.param]) as doors:
        found = Table(doors)
        yield found
        for peer in found.peers:
            peer.close()
