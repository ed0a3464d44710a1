"""What may come in: one message of one peer at one door is let in, or refused for a cause.

Pure: no socket; the clock is handed in. Whatever the bytes, an answer comes back and nothing is
raised; what is not provably right is refused. Orders rest on their own signature, requests for
tampering on the key of the connection.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from fleet.base.errors import MessageError
from fleet.bus.doors import Peer
from fleet.bus.errands import Errands
from fleet.bus.sane import wrong_in
from fleet.bus.wire import MOST_AHEAD_MS
from fleet.messages.codec import decode
from fleet.messages.envelope import Message
from fleet.messages.notices import Cause
from fleet.messages.plane import Plane
from fleet.messages.roles import CONTROL_VERBS, MAY_SAY, Door, outside_sender
from fleet.messages.run_id import RunId
from fleet.messages.seal import Verifier

MESSAGES_PER_TICK = 256
BYTES_PER_TICK = 2**21
"""A peer's share of a tick, or of a second while no tick passes; the rest is refused as `flood`."""
CONTROLS_PER_SECOND = 100
"""So many control verbs of a peer beyond its share are looked at: whoever may steer the run is never shut out."""
Room = Literal["all", "controls", "going-on", "none"]
"""What there is room for while much waits to be heard. What lets a held run go on comes in longest: then all that
waits is heard."""
GOING_ON = frozenset({"ResumeRun", "StepRun", "StopRun"})
LETS_IN: Mapping[Room, frozenset[str]] = MappingProxyType(
    {"all": CONTROL_VERBS, "controls": CONTROL_VERBS, "going-on": GOING_ON, "none": frozenset()}
)
SHORT_BYTES = 4_096
LONGEST_REASON = 300
UNSIGNED = "signature and expires_ms: expected empty and 0 at this door"
MOST_SOURCES = 1_000
"""Peers beyond these share one share, so that nobody gets more by coming as many."""
ANONYMOUS_NAMES = 500
"""So many nameless peers' counters are kept; then the oldest are forgotten."""

_ANONYMOUS_RED = re.compile(r"red/[A-Za-z0-9_.-]{1,64}\Z")

Trusted = Mapping[str, tuple[bytes, frozenset[str]]]
"""Sender to the public key it signs with and the names of what it may say."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one message. `sender` is what it claims to be, "" and `seq` -1 where nothing can be read."""

    cause: Cause
    sender: str = ""
    seq: int = -1
    message: Message | None = None
    """The message, if it was let in (`cause` is then "")."""
    reason: str = ""
    """Of what is malformed: which field, what was expected there, and what was found."""


class Intake:
    """Checks everything that comes in by the command and the injection door.

    `trusted` are the senders whose orders are taken, if signed for `run`. `inside` are senders that take part in
    the run already; nobody from outside may bear their names. `clock_s` is a clock that only goes forward, in
    seconds.
    """

    def __init__(
        self,
        trusted: Trusted,
        run: RunId,
        *,
        inside: frozenset[str] = frozenset(),
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._verifier = Verifier(
            {sender: key for sender, (key, _) in trusted.items()},
            {sender: verbs for sender, (_, verbs) in trusted.items()},
            run,
        )
        self._inside = inside
        self._now_ms = -1
        self._clock_s = clock_s
        self._renewed_s = self._second = clock_s()
        self._controls: Counter[str | bytes] = Counter()
        self._messages: Counter[str | bytes] = Counter()
        self._bytes: Counter[str | bytes] = Counter()
        self._seen: dict[str, int] = {}
        self._seen_anonymous: dict[tuple[bytes, str], int] = {}
        self.errands = Errands()
        self.given = 0
        self.counts: Counter[Cause] = Counter()
        """By cause, "" for what was let in; the counts add up to `given`."""

    def check(
        self, door: Door, peer: Peer, data: bytes, now_ms: int, source: bytes = b"", *, room: Room = "all"
    ) -> Verdict:
        """What becomes of `data`, which `peer` sent at `door`; `now_ms` is the run's time.

        `source` tells the connections of nameless peers apart; answers to requests for tampering go there.
        `room` is what may come in while too much waits already.
        """
        self.given += 1
        who = peer.name or source
        shared = self._within_share(who, len(data), now_ms) and room == "all"
        # Who is beyond their share does not get long messages read, only to be told the number of each.
        message, reason = _decoded(data) if shared or len(data) <= SHORT_BYTES else (None, "")
        cause: Cause
        if peer.revoked:
            cause = "revoked"
        elif not shared:
            fits = message is not None and type(message.body).__name__ in LETS_IN[room]
            steers = fits and message is not None and self._steers(door, peer, who, message, now_ms)
            cause = "" if steers else "flood"
        elif message is None or (reason := wrong_in(message)):
            cause = "malformed"
        elif message.sender in self._inside or not _may_claim(door, peer, message.sender):
            cause = "not-allowed"
        elif door == "command":
            cause = self._order(message, now_ms)
        else:
            cause, reason = self._request(door, peer, message, source), UNSIGNED
        self.counts[cause] += 1
        reason = reason if cause == "malformed" else ""
        if message is None:
            return Verdict(cause, reason=reason)
        return Verdict(cause, message.sender, message.seq, message if cause == "" else None, reason)

    def _within_share(self, who: str | bytes, size: int, now_ms: int) -> bool:
        now_s = self._clock_s()
        if now_s - self._second >= 1.0:
            self._second = now_s
            self._controls.clear()
        if now_ms != self._now_ms or now_s - self._renewed_s >= 1.0:
            self._now_ms, self._renewed_s = now_ms, now_s
            self._messages.clear()
            self._bytes.clear()
        if who not in self._messages and len(self._messages) >= MOST_SOURCES:
            who = b""
        self._messages[who] += 1
        self._bytes[who] += size
        return self._messages[who] <= MESSAGES_PER_TICK and self._bytes[who] <= BYTES_PER_TICK

    def _steers(self, door: Door, peer: Peer, who: str | bytes, message: Message, now_ms: int) -> bool:
        """Whether a control verb is rightly signed; of each peer only so many in a second are looked at."""
        if door != "command" or wrong_in(message):
            return False
        if message.sender in self._inside or not _may_claim(door, peer, message.sender):
            return False
        if who not in self._controls and len(self._controls) >= MOST_SOURCES:
            who = b""
        self._controls[who] += 1
        return self._controls[who] <= CONTROLS_PER_SECOND and self._order(message, now_ms) == ""

    def _order(self, message: Message, now_ms: int) -> Cause:
        if message.body.plane not in (Plane.COMMAND, Plane.TELEMETRY):
            return "not-allowed"
        if message.expires_ms > now_ms + MOST_AHEAD_MS:
            return "stale"
        return self._verifier.check(message, now_ms)

    def _request(self, door: Door, peer: Peer, message: Message, source: bytes) -> Cause:
        """Requests are not signed, but counted: what was recorded cannot be sent once more by mistake."""
        if door != "injection" or message.body.plane is not Plane.INJECTION:
            return "not-allowed"
        if type(message.body).__name__ not in MAY_SAY["red"]:
            return "not-allowed"
        if message.signature or message.expires_ms:
            return "malformed"
        if message.seq <= self._counted(peer, message.sender, source):
            return "replay"
        cause = self.errands.ask(message.sender, message.body, source)
        if cause == "":
            self._count(peer, message, source)
        return cause

    def _counted(self, peer: Peer, sender: str, source: bytes) -> int:
        # A nameless peer counts for its own connection only, or it could use up the numbers of everybody.
        if peer.role is None:
            return self._seen_anonymous.get((source, sender), -1)
        return self._seen.get(sender, -1)

    def _count(self, peer: Peer, message: Message, source: bytes) -> None:
        if peer.role is not None:
            self._seen[message.sender] = message.seq
            return
        self._seen_anonymous.pop((source, message.sender), None)
        self._seen_anonymous[source, message.sender] = message.seq
        if len(self._seen_anonymous) > ANONYMOUS_NAMES:
            del self._seen_anonymous[next(iter(self._seen_anonymous))]


def _decoded(data: bytes) -> tuple[Message | None, str]:
    """The message, or why there is none."""
    try:
        return decode(data), ""
    except MessageError as error:
        text = str(error)[:LONGEST_REASON]
        return None, "".join(letter if letter.isprintable() else "?" for letter in text)


def _may_claim(door: Door, peer: Peer, sender: str) -> bool:
    """Whether a peer may speak as `sender`. Without keys an order rests on its signature, a request on nothing."""
    if peer.role is not None:
        return sender == outside_sender(peer.role, peer.name)
    return door == "command" or _ANONYMOUS_RED.match(sender) is not None
