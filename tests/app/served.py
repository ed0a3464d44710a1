"""Live runs in processes of their own: served, led by an operator from outside, and replayed from their record."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from functools import partial

from fleet.bus.client import connect
from fleet.record.reader import read_run

from .command import FOUR_CORNERS, fleet, spawn

DEADLINE_S = 60.0
connected = partial(connect, timeout_s=DEADLINE_S)
"""A client that waits for the run on a busy machine, too."""
DAY = ("--set", "run.duration_h=1.5", "--quiet", "--json")


class Served:
    """`fleet serve` in a process of its own, whose talk is read all the time."""

    def __init__(self, *words, **environment):
        self.process = spawn("serve", FOUR_CORNERS, *DAY, "--bus", "tcp://127.0.0.1:*", *words, **environment)
        self.said = []
        self._new = threading.Condition()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        self.url = self.line_with("listening at ").split()[-1]

    def _read(self):
        for line in self.process.stderr:
            with self._new:
                self.said.append(line)
                self._new.notify_all()
        with self._new:
            self.said.append("(it is over)")
            self._new.notify_all()

    def line_with(self, text):
        """The first line of its talk that holds `text`."""

        def found():
            return [line for line in self.said if text in line]

        with self._new:
            self._new.wait_for(lambda: found() or "(it is over)" in self.said, DEADLINE_S)
            assert found(), self.said
            return found()[0]

    def end(self):
        """(exit code, what it printed)."""
        stdout = self.process.stdout.read()
        code = self.process.wait(DEADLINE_S)
        self._reading.join(DEADLINE_S)
        return code, stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(DEADLINE_S)
        self._reading.join(DEADLINE_S)
        self.process.stdout.close()
        self.process.stderr.close()


class Operator:
    """Kim, who leads a run that is paused but for the ticks that are asked for."""

    def __init__(self, url, key, city):
        self.url = url
        self._city = city
        self._reach = ("--url", url, "--key", key, "--timeout", "60", "--json")

    def step(self, ticks, beyond):
        """Let so many ticks pass, until the run is paused at one later than `beyond`."""
        self._city.step(ticks)
        beats = (message.body for message in self._city.messages(("Beat",), timeout_s=30.0))
        next(beat for beat in beats if beat.paused and beat.tick > beyond)

    def send(self, *words):
        """The result of `fleet send ...`."""
        return fleet("send", *words, *self._reach)

    def cause(self, *words):
        """Why what is sent is refused, "" for not at all: an answer takes some ticks."""
        found = []
        asking = threading.Thread(target=lambda: found.append(self.send(*words)))
        asking.start()
        while asking.is_alive():
            self._city.step(2)
            asking.join(0.2)
        (result,) = found
        return json.loads(result.stdout)["answer"]["cause"]


@contextmanager
def led(out, keys, *words):
    """An `Operator` of a run that is recorded in `out`, goes on to its end in the end, and has an equal replay."""
    with Served("--keys", keys / "ring", "--speed", "0", "--paused", "-o", out, *words) as served:
        with connected(served.url, keys / "kim.key") as city:
            yield Operator(served.url, keys / "kim.key", city)
            city.resume()
        code, _ = served.end()
        assert code == 0
    code, same = replayed(out)
    assert (code, same["equal"]) == (0, True)


def replayed(out, *words):
    result = fleet("replay", out, "--json", *words)
    assert result.exit_code in (0, 1), result.stderr
    return result.exit_code, json.loads(result.stdout)


def events_of(out, kind):
    return [line for line in read_run(out).events() if type(line.body).__name__ == kind]
