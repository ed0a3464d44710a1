"""The reader of a run's record door: it believes no broken feed, and says so when nobody is there or left."""

from __future__ import annotations

import pytest
import zmq

from fleet.base.errors import RunError
from fleet.bus.doors import Doors
from fleet.bus.feed import HEAD, Feed
from fleet.bus.feed_reader import FeedReader
from fleet.messages.codec import decode, encode
from fleet.messages.envelope import Envelope
from fleet.messages.notices import Credit, FeedBegins
from tests.bus.feed_recorder import INFO, PATIENCE_S, Reading, said, url_of
from tests.bus.visitor import until


def _fake_run(tmp_path, answers):
    """A record door that answers the first credit with ready messages."""
    context = zmq.Context()
    door = context.socket(zmq.ROUTER)
    door.setsockopt(zmq.LINGER, 1000)
    door.bind(f"ipc://{tmp_path}/fake-record")
    reading = Reading(f"ipc://{tmp_path}/fake")
    assert door.poll(int(1000 * PATIENCE_S))
    identity, credit = door.recv_multipart()
    assert decode(credit).body == Credit(batches=64)
    for parts in answers:
        door.send_multipart([identity, *parts])
    reading.done()
    context.destroy(linger=0)
    return reading.error


BEGINS = encode(
    Envelope(
        sender="gate",
        seq=0,
        t_ms=0,
        body=FeedBegins(scenario="", info_json='{"from_tick": 0, "map_origin": [0, 0]}'),
    )
)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([[b"junk"]], "not a message of this bus"),
        ([[encode(said(0))]], "expected FeedBegins from the record door, found UnloadRefused"),
        ([[BEGINS], [b"short", b"\x90"]], "batch 0"),
        ([[BEGINS], [HEAD.pack(0, 0), b"junk"]], "batch 0: not messages of this bus"),
        ([[BEGINS], [HEAD.pack(0, 0), b"\x90"], [HEAD.pack(2, 0), b"\x90"]], "expected batch 1, found batch 2"),
        ([[BEGINS], [BEGINS]], "said FeedBegins in the middle of a run"),
    ],
)
def test_a_reader_believes_no_broken_feed(tmp_path, answers, expected):
    error = _fake_run(tmp_path, answers)
    assert expected in str(error)


def test_a_reader_says_that_nobody_is_there(tmp_path):
    with FeedReader(f"ipc://{tmp_path}/nobody") as reader, pytest.raises(RunError, match="nobody answers at"):
        reader.begin(0.05)


def test_a_reader_notices_that_the_run_is_gone_and_keeps_what_it_got(tmp_path):
    doors = Doors(f"ipc://{tmp_path}/run")
    feed = Feed(doors, scenario="", info=INFO, map_origin=(0.0, 0.0))
    reading = Reading(url_of(doors))
    assert feed.await_reader(PATIENCE_S)
    feed.hear(0, [said(0)])
    until(lambda: reading.got, PATIENCE_S)
    doors.close()
    assert "is gone" in str(reading.done().error)
    assert reading.got == [(0, [said(0)])]
