"""A TCP wire that can be cut, mended, and left hanging with both ends open, as networks do."""

from __future__ import annotations

import selectors
import socket
import threading


class Proxy:
    """Passes on what comes to `url`'s telemetry port to the one at `target`."""

    def __init__(self, target):
        host, port = target.removeprefix("tcp://").split(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.02)
        self.url = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._open = True
        self._stalled = False
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def cut(self):
        """End every connection, and let none in."""
        with self._lock:
            self._open = False
            self._drop()

    def let_in(self):
        self._open = True

    def stall(self):
        """Pass nothing on any more; every connection stays open, and new ones are taken."""
        self._stalled = True

    def _drop(self):
        for end in list(self._pairs):
            end.close()
        self._pairs.clear()

    def _work(self):
        while not self._stop.is_set():
            with self._lock:
                self._accept()
                self._pass_on()

    def _accept(self):
        try:
            near, _ = self._listener.accept()
        except TimeoutError:
            return
        if not self._open:
            near.close()
            return
        near.setblocking(True)
        far = near if self._stalled else socket.create_connection(self._target)
        self._pairs[near], self._pairs[far] = far, near

    def _pass_on(self):
        for _ in range(50):
            if self._stalled or not self._pairs:
                return
            with selectors.DefaultSelector() as ready:
                for end in self._pairs:
                    ready.register(end, selectors.EVENT_READ)
                for key, _ in ready.select(0.005):
                    self._one(key.fileobj)

    def _one(self, end):
        other = self._pairs.get(end)
        if other is None:
            return
        try:
            data = end.recv(65536)
            if data:
                other.sendall(data)
                return
        except OSError:
            pass
        for one in (end, other):
            self._pairs.pop(one, None)
            one.close()

    def close(self):
        self._stop.set()
        self._thread.join(timeout=10)
        self._drop()
        self._listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
