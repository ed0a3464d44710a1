"""Who may sit at the lock-step door, and what is right of what they say. No socket here.

A seat is a place in the run's beat: its holder hears every tick and is waited for. `red` and `blue` are the
scenario's own teams, which speak under the names they would have in the run's own process; any other seat is an
agent's, whose sender's name tells that it is from outside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.base.errors import MessageError
from fleet.bus.announcing import announcement
from fleet.bus.sane import wrong_in
from fleet.messages.codec import decode
from fleet.messages.envelope import Envelope, Message
from fleet.messages.notices import JoinSeat, TickDone
from fleet.messages.orders import FlyRoute, Recall
from fleet.messages.plane import Plane
from fleet.messages.roles import CONTROL_VERBS, MAY_SAY, OPEN_TO, READS, Role, outside_sender
from fleet.messages.run_id import RunId

if TYPE_CHECKING:
    from fleet.bus.doors import Peer

READY = -1
"""The tick before the first: whoever is done with it is ready."""

UNTOLD = -1
"""The seed of a run for those who are not told."""

MAX_ANSWER = 10_000
"""How many messages a seat may say at one tick."""


@dataclass(frozen=True)
class SeatPlan:
    """A seat that a run waits for. Without `senders` it is an agent's, and `role` is whatever its holder has.

    `seed` is what its holder is told of the run's seed: noise and attacks could be computed from it.
    """

    name: str
    role: Role | None = None
    senders: tuple[str, ...] = ()
    seed: int = UNTOLD


@dataclass(frozen=True)
class Terms:
    """What holds for every seat of a run. `run` is what they sign for.

    `patience_s` is how long an answer may take.
    """

    version: str
    tick_ms: int
    run: RunId
    patience_s: float = 10.0
    drop_silent: bool = False


@dataclass(frozen=True)
class Holder:
    """Who has a seat: the names it speaks under, and as whom the lock of the door knows it."""

    seat: str
    role: Role
    senders: tuple[str, ...]
    peer: Peer

    @property
    def planes(self) -> frozenset[Plane]:
        """What it may read."""
        return READS[self.role]


def admit(plan: SeatPlan, ask: JoinSeat, peer: Peer, version: str, spoken_for: Set[str]) -> Holder | str:
    """The holder of a free seat, or why it is not given to this peer. `spoken_for` are the senders of others."""
    if peer.revoked:
        return "your key was revoked"
    if ask.version != version:
        return f"the run has version {version} of fleet, you have {ask.version}: they need not agree on a run"
    role: Role = ask.role if peer.role is None else peer.role
    if role not in OPEN_TO["lockstep"]:
        return f"the role {role} takes no seat"
    if plan.role is not None and role != plan.role:
        return f"seat `{plan.name}` is for the role {plan.role}, yours is {role}"
    senders = plan.senders or (outside_sender(role, plan.name),)
    for sender in senders:
        if sender in spoken_for:
            return f"seat `{plan.name}` would speak as {sender}, and so does another"
    return Holder(plan.name, role, senders, peer)


class Answers:
    """One holder's answers, checked one by one. Nothing is believed; the next number of each sender is known."""

    def __init__(self, holder: Holder) -> None:
        # An order to the run itself goes by the command door: within the city nobody would hear it.
        self._allowed = MAY_SAY[holder.role] - CONTROL_VERBS
        self._senders = frozenset(holder.senders)
        self._next: dict[tuple[str, Plane], int] = {}
        self._ordered: list[Message] = []
        self._announced: Counter[str] = Counter()
        self.wake_ms: int | None = None

    def ready(self, parts: Sequence[bytes]) -> bool:
        """Whether these are the parts of the one message that may come before the first tick."""
        try:
            return len(parts) == 1 and self.read(parts, READY, 0) == []
        except MessageError:
            return False

    def read(self, parts: Sequence[bytes], tick: int, now_ms: int) -> list[Message]:
        """What is said at `tick`, given the parts of an answer. Raises `MessageError` that says what is wrong."""
        if not parts:
            raise MessageError("an answer has no parts")
        done = decode(parts[0]).body
        if type(done) is not TickDone:
            raise MessageError(f"expected TickDone, found {type(done).__name__}")
        if done.tick != tick:
            raise MessageError(f"expected TickDone of tick {tick}, found tick {done.tick}")
        if len(parts) > 1 + MAX_ANSWER:
            raise MessageError(f"expected at most {MAX_ANSWER:,} messages, found {len(parts) - 1:,}")
        self.wake_ms = done.next_wake_ms if done.next_wake_ms >= 0 else None
        said = [self._check(decode(part), now_ms) for part in parts[1:]]
        self._ordered += [message for message in said if isinstance(message.body, FlyRoute | Recall)]
        return said

    def announced(self) -> list[Message]:
        """What tells of the orders to vehicles that were read since this was last asked.

        Who may give orders says nothing else on telemetry, so these have the sender's numbers there to themselves.
        """
        ordered, self._ordered = self._ordered, []
        found: list[Message] = []
        for order in ordered:
            assert isinstance(order.body, FlyRoute | Recall)
            number = self._announced[order.sender]
            self._announced[order.sender] += 1
            body = announcement(order.body, order.seq)
            found.append(Envelope(sender=order.sender, seq=number, t_ms=order.t_ms, body=body))
        return found

    def _check(self, message: Message, now_ms: int) -> Message:
        what = type(message.body).__name__
        if message.sender not in self._senders:
            raise MessageError(
                f"{what} says it is from {message.sender[:80]!r}, which is not a sender of this seat"
            )
        if what not in self._allowed:
            raise MessageError(f"{message.sender} may not say {what}")
        wrong = wrong_in(message)
        if wrong:
            raise MessageError(f"{what} of {message.sender}: {wrong}")
        if message.t_ms != now_ms:
            raise MessageError(f"{what} of {message.sender}: expected t_ms {now_ms}, found {message.t_ms}")
        place = (message.sender, message.body.plane)
        expected = self._next.get(place, 0)
        if message.seq != expected:
            raise MessageError(f"{what} of {message.sender}: expected number {expected}, found {message.seq}")
        self._next[place] = expected + 1
        return message
