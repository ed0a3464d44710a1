"""The lock-step door of one run: which seats it has, and whose words count that take them."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass

import fleet
from fleet.app.build import Parts
from fleet.app.teams import RESPOND, TEAMS, first_key, first_secret, seat_plans, team_senders
from fleet.app.trust import trust_intents, trust_orders
from fleet.base.streams import Streams
from fleet.bus.doors import Doors
from fleet.bus.lockstep import Barrier
from fleet.bus.seating import Holder, Terms
from fleet.messages.run_id import RunId

PublicOf = Callable[[str], bytes]
"""The public key, for orders, of somebody whom the lock of the door knows by name."""


@dataclass(frozen=True)
class SeatOptions:
    """What the user asked: which seats are awaited, how long an answer may take, and what happens then.

    `await_s` is how long the run waits before its first tick for all seats to be taken.
    """

    names: tuple[str, ...]
    patience_s: float = 10.0
    drop_silent: bool = False
    await_s: float = 60.0

    @property
    def away(self) -> frozenset[str]:
        """The scenario's teams that are not to be built here."""
        return frozenset(self.names) & frozenset(TEAMS)

    @property
    def agents(self) -> bool:
        """Whether there is a seat for somebody whose needs the scenario does not tell: it is given every frame."""
        return bool(set(self.names) - set(TEAMS))


@dataclass(frozen=True)
class Locked:
    """Behind a lock everybody signs with a key of their own: whose it is, and for which run."""

    public_of: PublicOf
    run: RunId


def barrier_for(
    parts: Parts,
    doors: Doors,
    options: SeatOptions,
    *,
    locked: Locked | None = None,
    reserved: Set[str] = frozenset(),
    meanwhile: Callable[[], None] = lambda: None,
    say: Callable[[str], None] = lambda text: None,
) -> Barrier:
    """The barrier of a run whose parts were built with `options.away` left out; its seats are still free.

    `locked` is None where there are no keys: a seat then signs with a key drawn from the seed, as it would in
    the run's own process. `reserved` are senders that no agent may speak as (people with keys of their own).
    `meanwhile` is called while seats are waited for, and `say` takes remarks for people.
    Raises `UsageError` for a team that the scenario has not.
    """
    scenario = parts.scenario
    streams = Streams(scenario.seed)

    def on_seated(holder: Holder) -> None:
        for sender in holder.senders:
            if locked is not None and holder.peer.name:
                trust(parts, holder, sender, locked.public_of(holder.peer.name), locked.run)
            else:
                first = first_key(streams, sender)
                trust(parts, holder, sender, first.public, first.run)

    def secret_of(holder: Holder) -> bytes:
        """What a holder without a key signs with; who is red signs nothing."""
        if holder.role == "red" or (locked is not None and holder.peer.name):
            return b""
        signer = RESPOND if holder.seat == "blue" else holder.senders[0]
        return first_secret(streams, signer) if signer in holder.senders else b""

    run = RunId.of_seed(streams) if locked is None else locked.run
    teams = {sender for team in TEAMS for sender in team_senders(scenario, team)}
    return Barrier(
        doors,
        seat_plans(scenario, options.names),
        Terms(fleet.__version__, scenario.run.tick_ms, run, options.patience_s, options.drop_silent),
        reserved=teams | reserved,
        on_seated=on_seated,
        secret_of=secret_of,
        meanwhile=meanwhile,
        say=say,
    )


def trust(parts: Parts, holder: Holder, sender: str, public: bytes, run: RunId) -> None:
    """Let what `sender` signs count for as much as its role may ask: intents at dispatch, orders at vehicles.

    Of the scenario's own teams only `respond` is heeded, as when it is in the run's process.
    """
    if holder.seat in TEAMS and sender != RESPOND:
        return
    if holder.role in ("operator", "blue"):
        trust_intents(parts.intents, parts.world, sender, public, run)
    if holder.role == "operator":
        trust_orders(parts.world, sender, public, run)
