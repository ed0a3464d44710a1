"""Somebody outside, with plain ZeroMQ sockets: readers, askers, and waiting for a condition with a deadline."""

from __future__ import annotations

import time

import zmq

from fleet.bus.keyring import Keyring
from fleet.bus.wire import SNAPSHOT_ASKED, private_topic
from fleet.messages.codec import decode, encode
from fleet.messages.envelope import Envelope
from fleet.messages.notices import Snapshot

PATIENCE_MS = 5_000


def until(condition, patience_s=5.0):
    """What `condition()` gives once it is true; fails if that takes too long."""
    deadline = time.monotonic() + patience_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(0.001)


def keyring_with(directory, **roles):
    """A keyring, and the identity of each name."""
    keyring = Keyring.make(directory / "keys")
    people = {name: keyring.new(name, role, directory / f"{name}.key") for name, role in roles.items()}
    return keyring, people


class Visitor:
    """Sockets of one visitor, closed together."""

    def __init__(self, endpoints, identity=None):
        self.endpoints = endpoints
        self.identity = identity
        self.context = zmq.Context()
        self.sockets = []

    def socket(self, kind, door, *, endpoint=None):
        made = self.context.socket(kind)
        self.sockets.append(made)
        made.setsockopt(zmq.LINGER, 0)
        made.setsockopt(zmq.RCVTIMEO, PATIENCE_MS)
        if self.identity is not None:
            made.setsockopt(zmq.CURVE_PUBLICKEY, self.identity.curve_public)
            made.setsockopt(zmq.CURVE_SECRETKEY, self.identity.curve_secret)
            made.setsockopt(zmq.CURVE_SERVERKEY, self.identity.server_public)
        made.connect(endpoint or self.endpoints.of(door))
        return made

    def reader(self, *topics, door="telemetry", ready=True):
        """A subscriber; with `ready` its subscriptions hold when this returns."""
        made = self.socket(zmq.SUB, door)
        for topic in topics:
            made.setsockopt(zmq.SUBSCRIBE, topic)
        if ready:
            self.snapshot(made)
        return made

    def snapshot(self, reader):
        topic = private_topic(SNAPSHOT_ASKED).encode()
        reader.setsockopt(zmq.SUBSCRIBE, topic)
        while True:
            parts = reader.recv_multipart()
            if parts[0] == topic:
                reader.setsockopt(zmq.UNSUBSCRIBE, topic)
                body = decode(parts[2]).body
                assert isinstance(body, Snapshot)
                return body

    def asker(self, door):
        return self.socket(zmq.DEALER, door)

    def close(self):
        for made in self.sockets:
            made.close(linger=0)
        self.context.term()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def signed(key, sender, seq, body, expires_ms=5_000):
    return encode(
        Envelope(
            sender=sender, seq=seq, t_ms=0, body=body, expires_ms=expires_ms,
            signature=key.sign(sender, seq, expires_ms, body),
        )
    )  # fmt: skip


def request(sender, seq, body):
    return encode(Envelope(sender=sender, seq=seq, t_ms=0, body=body))


def answer(asker):
    """The body of the next answer."""
    return decode(asker.recv()).body


def published(reader):
    """Topic, number and body of the next message; private answers to others are passed over."""
    while True:
        topic, number, data = reader.recv_multipart()
        if not topic.startswith(b"?"):
            return topic.decode(), int.from_bytes(number, "little"), decode(data).body
