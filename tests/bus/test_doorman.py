"""A thread at the doors: it is woken, ends when asked, and does not fail unheard."""

import threading

import pytest
import zmq

from fleet.base.errors import RunError
from fleet.bus.doorman import Doorman, Monitors


def test_it_is_woken_by_the_bell_and_stopped_twice():
    woken = threading.Event()

    def work():
        poller = zmq.Poller()
        poller.register(doorman.bell, zmq.POLLIN)
        while not doorman.stopping:
            poller.poll()
            doorman.hush()
            woken.set()

    doorman = Doorman("a-doorman", "the watch", work)
    doorman.start()
    doorman.ring()
    assert woken.wait(10)
    for _ in range(2):
        doorman.stop()
        doorman.ring()
    doorman.require_well()
    assert doorman.bell == -1
    assert "a-doorman" not in {thread.name for thread in threading.enumerate()}


def test_a_bell_that_nobody_heeds_holds_up_nobody():
    doorman = Doorman("a-doorman", "the watch", lambda: None)
    for _ in range(100_000):
        doorman.ring()
    doorman.stop()
    assert doorman.stopping


def test_a_failure_is_there_when_it_is_said_to_have_ended():
    found = []

    def fail():
        raise ValueError("a mistake of ours")

    doorman = Doorman("a-doorman", "the watch", fail, ended=lambda: found.append(doorman.failure))
    doorman.require_well()
    doorman.start()
    doorman.stop()
    assert found == [doorman.failure]
    with pytest.raises(RunError, match="the watch failed: a mistake of ours"):
        doorman.require_well()


def test_the_news_of_a_door():
    with zmq.Context() as context, context.socket(zmq.PULL) as listening, context.socket(zmq.PUSH) as coming:
        monitors = Monitors(context, "a-test")
        monitors.add("command", listening, zmq.EVENT_LISTENING | zmq.EVENT_ACCEPTED)
        assert list(monitors.news("command")) == []
        coming.connect(f"tcp://127.0.0.1:{listening.bind_to_random_port('tcp://127.0.0.1')}")
        coming.send(b"")
        listening.recv()
        events = [event for event, fd in monitors.news("command") if fd >= 0]
        assert events == [zmq.EVENT_LISTENING, zmq.EVENT_ACCEPTED]
        monitors.close()
        monitors.close()
        assert monitors.sockets == {}
