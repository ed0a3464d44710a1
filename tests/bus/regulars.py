"""A process of two clients at one door, one of whose keys is revoked meanwhile: what each gets, and until when.

    python regulars.py DOOR ENDPOINT VICTIM.key OTHER.key

Prints `up` when both were served; at the end of its input, one JSON object for each.
"""

from __future__ import annotations

import json
import select
import sys
import time
from pathlib import Path

import zmq

from fleet.bus.keyring import Identity

ASK_EVERY_S = 0.01
TOPIC = b"UnloadRefused"


class Client:
    def __init__(self, context, door, endpoint, path):
        self.asks = door not in ("telemetry", "truth")
        identity = Identity.load(Path(path))
        self.socket = context.socket(zmq.DEALER if self.asks else zmq.SUB)
        self.socket.setsockopt(zmq.CURVE_PUBLICKEY, identity.curve_public)
        self.socket.setsockopt(zmq.CURVE_SECRETKEY, identity.curve_secret)
        self.socket.setsockopt(zmq.CURVE_SERVERKEY, identity.server_public)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(endpoint)
        if not self.asks:
            self.socket.setsockopt(zmq.SUBSCRIBE, b"AttackEnded" if door == "truth" else TOPIC)
        self.asked = self.got = self.missed = 0
        self.last_s = self.ask_s = 0.0
        self.number = -1

    def turn(self, ask):
        now_s = time.monotonic()
        if self.asks and ask and now_s - self.ask_s >= ASK_EVERY_S:
            self.ask_s = now_s
            self.asked += 1
            try:
                self.socket.send(b"?", zmq.NOBLOCK)
            except zmq.Again:
                self.asked -= 1
        while self.socket.poll(0):
            parts = self.socket.recv_multipart()
            self.last_s = time.monotonic()
            self.got += 1
            if not self.asks:
                number = int.from_bytes(parts[1], "little")
                self.missed += number - self.number - 1 if self.number >= 0 else 0
                self.number = number

    def account(self):
        missed = self.asked - self.got if self.asks else self.missed
        return {"got": self.got, "missed": missed, "last_s": self.last_s}


def main(door, endpoint, victim, other):
    context = zmq.Context()
    clients = [Client(context, door, endpoint, path) for path in (victim, other)]
    up = False
    while not select.select([sys.stdin], [], [], 0.002)[0]:
        for client in clients:
            client.turn(True)
        if not up and all(client.got > 3 for client in clients):
            up = True
            sys.stdout.write("up\n")
            sys.stdout.flush()
    deadline = time.monotonic() + 2.0
    while clients[1].asks and clients[1].asked > clients[1].got and time.monotonic() < deadline:
        clients[1].turn(False)
    sys.stdout.write(json.dumps([client.account() for client in clients]) + "\n")
    for client in clients:
        client.socket.close(linger=0)
    context.term()


if __name__ == "__main__":
    main(*sys.argv[1:])
