"""The record door, seen from the run: recorders elsewhere are fed by credit, and lose nothing.

A recorder says how many batches it can take; the run sends no more than that, and waits when it may send none.
So a slow disk slows the run and costs no message. A recorder that dies, or falls silent with its machine, ends
the run with an error that names it: what nobody writes down must not pass for written.

    recorder  Credit       the first asks to be fed, each later one allows more batches
    run       FeedBegins   the scenario, and `run.json` so far with `from_tick`, the first tick that will be fed
    run       head, batch  two parts, for one credit. Head: number of the batch for this recorder (u64) and tick
                           (i64), little-endian; batch: a MessagePack array of envelopes
    run       (empty)      are you there? needs no answer
    run       FeedEnds     nothing more comes
    recorder  FeedEnds     `complete`: all is on disk; `failed`: it cannot be written (`results_json` has `cause`);
                           `interrupted`: its user took it away

Whether the peer is there is watched by ZMTP heartbeats, which run beside both programs: a long planning round or a
slow disk is not taken for death.
"""

from __future__ import annotations

import json
import math
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import zmq

from fleet.base.errors import MessageError, RunError
from fleet.bus.doors import Doors
from fleet.bus.parts import AT_ONCE, STRAY_PARTS, receive_frames
from fleet.messages.codec import decode, encode, encode_batch
from fleet.messages.envelope import Envelope, Message
from fleet.messages.frames import TelemetryFrame
from fleet.messages.notices import GATE, Credit, FeedBegins, FeedEnds
from fleet.messages.plane import Body, Frame
from fleet.messages.reports import VehicleRoster

HEAD = struct.Struct("<Qq")
"""Before each batch: its number for this recorder, counted from 0, and its tick."""

MESSAGES_PER_BATCH = 1_000
MOST_CREDIT = 256
"""More batches than this are never on their way to one recorder, whatever it allows."""

TELL_AFTER_S = 1.0
GUEST_PATIENCE_S = 5.0
"""Where there are no keys anybody may come and ask to be fed; a stranger must not hold the run for longer."""
GUEST_FAREWELL_S = 30.0
PROBE_MS = 500
LETTERS_PER_TURN = 1_000
"""How much of what recorders say is read at once, so that nobody can hold the run by talking."""

Status = Literal["complete", "interrupted", "failed"]


@dataclass
class _Recorder:
    identity: bytes
    name: str
    label: str
    credit: int = 0
    number: int = 0
    fed: bool = False
    """Whether `FeedBegins` was sent; a batch under way when it came is not for it."""
    vital: bool = True
    """Whether the run stands and falls with it. A nameless one that comes to a run under way is a guest."""


class Feed:
    """A `fleet.messages.port.Listener` that feeds every recorder at the record door; used by one thread.

    `scenario` is the resolved scenario's YAML, `info` what `run.json` says before the run, `map_origin` the
    longitude and latitude of the local metres' origin. `say` takes remarks for people, one line each. `meanwhile`
    is called about twice a second while the run waits for credit; what it raises ends the wait. What no recorder
    keeps (range and truth frames) is not sent.
    """

    def __init__(
        self,
        doors: Doors,
        *,
        scenario: str,
        info: Mapping[str, Any],
        map_origin: tuple[float, float],
        say: Callable[[str], None] = lambda text: None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        self._doors = doors
        self._router = doors.socket("record")
        # Without it a message to a recorder that is gone would vanish without a word.
        self._router.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self._scenario = scenario
        self._info = {**info, "map_origin": list(map_origin)}
        self._say = say
        self._meanwhile = meanwhile
        self._recorders: dict[bytes, _Recorder] = {}
        self._failures: list[str] = []
        self._dismissed: set[bytes] = set()
        self._roster: tuple[int, Message] | None = None
        self._tick = 0
        self._looked_s = -math.inf
        self._ended = False
        self.stalls = 0
        """How often the run had to wait for a recorder."""
        self.waited_s = 0.0
        """How long it waited in all, by the clock on the wall."""

    @property
    def attached(self) -> int:
        """How many recorders are being fed."""
        return sum(recorder.fed for recorder in self._recorders.values())

    def await_reader(self, timeout_s: float, recorders: int = 1) -> bool:
        """Wait until so many recorders are there, which then have everything from the first tick on.

        False if they did not come in time.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            left_ms = int(1000 * (deadline - time.monotonic()))
            self._listen(max(0, min(PROBE_MS, left_ms)))
            self._begin_newcomers()
            if self.attached >= recorders or left_ms <= 0:
                return self.attached >= recorders

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        """Send what is heard at `tick` to everybody, waiting for whoever has given no credit.

        Raises `RunError` when a recorder is gone or cannot write; the others have the whole tick by then.
        """
        self._tick = tick
        self._listen(0)
        self._begin_newcomers()
        for message in batch:
            if type(message.body) is VehicleRoster:
                self._roster = (tick, message)
        if self._recorders:
            for messages in _parted(batch):
                data = encode_batch(messages)
                for recorder in list(self._recorders.values()):
                    if recorder.fed:
                        self._feed(recorder, tick, data)
        self._tick = tick + 1
        self._raise_failures()

    def look(self) -> None:
        """Notice who is gone while nothing is said; to be called as often as one likes.

        Raises `RunError` for a recorder with which the run stands and falls.
        """
        now_s = time.monotonic()
        if now_s - self._looked_s < PROBE_MS / 1000.0:
            return
        self._looked_s = now_s
        self._listen(0)
        for recorder in list(self._recorders.values()):
            if recorder.fed:
                self._put(recorder, [b""])
        self._raise_failures()

    def end(self, status: Status, results: Mapping[str, Any], *, patience_s: float = math.inf) -> None:
        """Tell every recorder that nothing more comes, and wait until each has everything on disk; again: nothing.

        `results` is what the run adds to `run.json`. Whoever does not confirm within `patience_s` is left behind.
        Raises `RunError` naming each that is gone or cannot write.
        """
        if self._ended:
            return
        self._listen(0)
        self._begin_newcomers()
        self._ended = True
        body = FeedEnds(status=status, results_json=json.dumps(dict(results)))
        for recorder in list(self._recorders.values()):
            self._tell(recorder, body)
        began = time.monotonic()
        told = False
        while self._recorders:
            self._listen(PROBE_MS)
            waited_s = time.monotonic() - began
            for recorder in list(self._recorders.values()):
                if waited_s > (patience_s if recorder.vital else min(GUEST_FAREWELL_S, patience_s)):
                    del self._recorders[recorder.identity]
                    self._say(f"{recorder.label} does not confirm the end; it is not waited for")
                self._put(recorder, [b""])
            if self._recorders and not told and waited_s > TELL_AFTER_S:
                told = True
                names = ", ".join(recorder.label for recorder in self._recorders.values())
                self._say(f"waiting until {names} has written everything")
        if self.stalls:
            self._say(f"the run waited {self.stalls} time(s), {self.waited_s:.1f} s in all, for its recorders")
        self._raise_failures()

    def _raise_failures(self) -> None:
        if self._failures:
            failures, self._failures = self._failures, []
            raise RunError("\n".join(failures))

    def _listen(self, timeout_ms: int) -> None:
        """Take what recorders say; wait for the first word at most so long."""
        if not self._router.poll(timeout_ms):
            self._doors.floods.emptied("record")
            return
        for _ in range(LETTERS_PER_TURN):
            try:
                parts = receive_frames(self._router, STRAY_PARTS, AT_ONCE)
            except zmq.Again:
                self._doors.floods.emptied("record")
                return
            self._take(parts)

    def _take(self, parts: Sequence[zmq.Frame]) -> None:
        identity = parts[0].bytes
        try:
            body = decode(parts[-1].bytes).body if len(parts) == 2 else None
        except MessageError:
            body = None
        recorder = self._recorders.get(identity)
        peer = self._doors.peer_of(parts[-1])
        if peer.revoked:
            self._doors.refusals.add("record", "revoked", peer.sender)
        elif isinstance(body, Credit) and body.batches >= 0:
            if recorder is None and (self._ended or identity in self._dismissed):
                return
            if recorder is None:
                recorder = _Recorder(identity, peer.name, _label(peer.name, parts[-1]))
                self._recorders[identity] = recorder
            recorder.credit = min(MOST_CREDIT, recorder.credit + body.batches)
        elif isinstance(body, FeedEnds) and recorder is not None:
            self._let_go(recorder, body)
        elif identity in self._dismissed:
            self._dismissed.discard(identity)
        else:
            self._doors.refusals.add("record", "malformed", peer.sender)

    def _let_go(self, recorder: _Recorder, body: FeedEnds) -> None:
        del self._recorders[recorder.identity]
        if body.status == "failed":
            why = f"{recorder.label} stopped at tick {self._tick}: {_cause(body)}"
            if recorder.vital:
                self._failures.append(why)
            else:
                self._say(f"{why}; the run goes on without it")
        elif body.status == "interrupted" or not self._ended:
            self._say(f"{recorder.label} was taken away at tick {self._tick}; the run goes on without it")

    def _begin_newcomers(self) -> None:
        for recorder in list(self._recorders.values()):
            if recorder.fed:
                continue
            info = {**self._info, "from_tick": self._tick}
            self._tell(recorder, FeedBegins(scenario=self._scenario, info_json=json.dumps(info)))
            recorder.fed = True
            recorder.vital = recorder.name != "" or self._tick == 0
            if self._roster is not None:
                # Without it the rows of telemetry have no names.
                self._feed(recorder, self._roster[0], encode_batch([self._roster[1]]))

    def _feed(self, recorder: _Recorder, tick: int, data: bytes) -> None:
        """One batch to one recorder, as soon as it may be sent."""
        head = HEAD.pack(recorder.number, tick)
        while recorder.identity in self._recorders:
            if recorder.credit > 0 and self._put(recorder, [head, data]):
                recorder.credit -= 1
                recorder.number += 1
                return
            self._await_credit(recorder)

    def _await_credit(self, recorder: _Recorder) -> None:
        self.stalls += 1
        told = False
        began = time.monotonic()
        while True:
            self._listen(PROBE_MS)
            if recorder.identity not in self._recorders or recorder.credit > 0:
                break
            if not recorder.vital and time.monotonic() - began > GUEST_PATIENCE_S:
                self._dismiss(recorder)
                break
            self._meanwhile()
            self._put(recorder, [b""])
            if not told and time.monotonic() - began > TELL_AFTER_S:
                told = True
                self._say(f"the run waits at tick {self._tick} for {recorder.label}, which has not written enough")
        waited_s = time.monotonic() - began
        self.waited_s += waited_s
        if told:
            self._say(f"the run goes on after {waited_s:.1f} s")

    def _dismiss(self, recorder: _Recorder) -> None:
        """Wait no longer for a guest that takes nothing; its record ends here."""
        del self._recorders[recorder.identity]
        self._dismissed.add(recorder.identity)
        self._tell(recorder, FeedEnds(status="interrupted", results_json="{}"))
        self._say(f"{recorder.label} takes nothing more at tick {self._tick}; the run goes on without it")

    def _strike_off(self, recorder: _Recorder) -> None:
        """A recorder that cannot be reached is a failure, unless its key was taken from it on purpose."""
        if self._recorders.pop(recorder.identity, None) is None:
            return
        if recorder.name and self._doors.revoked(recorder.name):
            why = f"the key of {recorder.label} was revoked: it is cut off at tick {self._tick}"
            self._say(f"{why}; the run goes on")
            return
        if not recorder.vital:
            self._say(f"{recorder.label} is gone at tick {self._tick}; the run goes on without it")
            return
        self._failures.append(
            f"{recorder.label} is gone at tick {self._tick}: its connection broke; its record is cut off"
        )

    def _tell(self, recorder: _Recorder, body: Body) -> None:
        self._put(recorder, [encode(Envelope(sender=GATE, seq=0, t_ms=0, body=body))])

    def _put(self, recorder: _Recorder, parts: list[bytes]) -> bool:
        """Whether it was sent; a recorder that cannot be reached is struck off."""
        try:
            self._router.send_multipart([recorder.identity, *parts], zmq.NOBLOCK, copy=False)
        except zmq.Again:
            return False
        except zmq.ZMQError as error:
            if error.errno != zmq.EHOSTUNREACH:
                raise
            # Its farewell may still be here to be read.
            self._listen(0)
            self._strike_off(recorder)
            return False
        return True


def _parted(batch: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """What a recorder keeps of a batch, in parts of bounded length."""
    kept = [m for m in batch if not isinstance(m.body, Frame) or isinstance(m.body, TelemetryFrame)]
    for start in range(0, len(kept), MESSAGES_PER_BATCH):
        yield kept[start : start + MESSAGES_PER_BATCH]


def _label(name: str, frame: zmq.Frame) -> str:
    """How to call a recorder: by the name of its key, or by where it is."""
    if name:
        return f"recorder `{name}`"
    try:
        address = str(frame.get("Peer-Address"))
    except zmq.ZMQError:
        return "the recorder"  # inproc has no addresses
    # A local socket names user, group and process.
    _, separator, process = address.rpartition(":")
    return f"the recorder (process {process})" if separator else f"the recorder at {process}"


def _cause(body: FeedEnds) -> str:
    try:
        found = json.loads(body.results_json)
    except ValueError:
        found = None
    cause = found.get("cause") if isinstance(found, dict) else None
    return str(cause) if cause else "it did not say why"
