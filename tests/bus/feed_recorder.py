"""A recorder in a thread for the tests of the record door, from both of its sides, and what is said there."""

from __future__ import annotations

import threading

from fleet.base.errors import RunError
from fleet.bus.feed_reader import FeedReader
from fleet.messages.envelope import Envelope
from fleet.messages.reports import UnloadRefused

PATIENCE_S = 20.0
INFO = {"name": "test", "seed": 1}


def said(number, sender="f"):
    body = UnloadRefused(facility=sender, vehicle=f"v-{number}", cause="full")
    return Envelope(sender=sender, seq=number, t_ms=1000 * number, body=body)


class Reading(threading.Thread):
    """A recorder in a thread: keeps what it reads; `gate` holds it back after each batch until it is set."""

    def __init__(self, url, context=None, window=64, ends="complete", cause="", gate=None):
        super().__init__(daemon=True)
        self.args = (url, context, window, ends, cause)
        self.gate = gate
        self.start_info = None
        self.got = []
        self.ended = None
        self.error = None
        self.leave_now = threading.Event()
        self.start()

    def run(self):
        url, context, window, ends, cause = self.args
        try:
            with FeedReader(url, window=window, context=context) as reader:
                self.start_info = reader.begin(PATIENCE_S)
                for tick, messages in reader.batches():
                    if ends == "gone":
                        assert self.leave_now.wait(PATIENCE_S)
                        return
                    if self.gate is not None:
                        assert self.gate.wait(PATIENCE_S)
                    self.got.append((tick, messages))
                    if ends == "at once":
                        reader.leave("failed", cause)
                        return
                    if ends == "taken away":
                        reader.leave("interrupted")
                        return
                self.ended = reader.ended
                reader.leave("interrupted" if ends == "stuck" else ends, cause)
        except RunError as error:
            self.error = error

    def done(self):
        self.join(PATIENCE_S)
        assert not self.is_alive()
        return self


def url_of(doors):
    return doors.endpoints.base
