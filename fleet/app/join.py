"""Taking a seat of a run that goes on elsewhere: with a team of a scenario, or with an agent of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import fleet
from fleet.app.scenario import Scenario
from fleet.app.teams import TEAMS, blue_team, red_team, team_senders
from fleet.base.errors import RunError, UsageError
from fleet.base.streams import Streams
from fleet.bus.keyring import Identity
from fleet.bus.seat import SeatRole, SeatWish, Served, serve_seat
from fleet.messages.notices import SeatGranted
from fleet.messages.port import Bus, KeyedPort, Participant, Seat
from fleet.messages.roles import READS
from fleet.messages.run_id import RunId
from fleet.messages.seal import KeyPair

SECRET_BYTES = 32
"""An Ed25519 secret."""

Agent = Callable[[KeyedPort], Participant]
"""Makes an agent, given its mouth."""

ROLES: dict[str, SeatRole] = {"red": "red", "blue": "blue"}


@dataclass(frozen=True)
class JoinOptions:
    """Where the run is, and as whom it is joined.

    `seed` is what the user expects, for the red team, which is told; None for whatever it is.
    """

    url: str
    identity: Identity | None = None
    seed: int | None = None
    patience_s: float = 10.0
    say: Callable[[str], None] = lambda text: None
    """Takes remarks for people, one line each."""


def join_team(scenario: Scenario, team: str, options: JoinOptions) -> Served:
    """Take part as the scenario's "red" or "blue" team, until the run is over.

    The run's own seed is used. Raises `UsageError` if the scenario has no such team or `seed` is not told
    it, and `RunError` if the run
    gives no seat, is of another scenario, or vanishes.
    """
    if team not in TEAMS:
        raise UsageError(f"`{team}` is no team: expected red or blue")
    senders = team_senders(scenario, team)
    if not senders:
        raise UsageError(f"the scenario has no {team} team")
    if team == "blue" and options.seed is not None:
        raise UsageError("a run tells its seed to the red team only: join as blue without --seed")

    def make(granted: SeatGranted, bus: Bus) -> Sequence[Seat]:
        _require_same(scenario, senders, granted, options.seed)
        if team == "red":
            options.say(f"seat `{team}` is taken; seed {granted.seed}")
            return red_team(scenario, Streams(granted.seed), bus)
        options.say(f"seat `{team}` is taken")
        return blue_team(scenario, bus, _key(granted, options.identity))

    wish = SeatWish(options.url, team, fleet.__version__, ROLES[team], options.identity, options.patience_s)
    return serve_seat(wish, make)


def _key(granted: SeatGranted, identity: Identity | None) -> KeyPair | None:
    """What the seat signs with: one's own key, or what the run gave; None where it gave none."""
    run = RunId(granted.run_id)
    if identity is not None:
        return identity.key.for_run(run)
    if len(granted.secret) not in (0, SECRET_BYTES):
        raise RunError(f"the run gives a secret of {len(granted.secret)} bytes, expected {SECRET_BYTES}")
    return KeyPair(granted.secret, run) if granted.secret else None


def _require_same(scenario: Scenario, senders: tuple[str, ...], granted: SeatGranted, seed: int | None) -> None:
    if seed is not None and granted.seed != seed:
        raise RunError(f"the run's seed is {granted.seed}, not {seed}")
    if granted.senders != senders:
        theirs, ours = ", ".join(granted.senders), ", ".join(senders)
        raise RunError(f"the run is of another scenario: its team speaks as {theirs}, and this one as {ours}")
    if granted.tick_ms != scenario.run.tick_ms:
        raise RunError(
            f"the run is of another scenario: its tick is {granted.tick_ms} ms, and not {scenario.run.tick_ms} ms"
        )


def join(
    url: str,
    seat: str,
    agent: Agent,
    *,
    role: SeatRole = "operator",
    key: Path | str | None = None,
    patience_s: float = 10.0,
) -> Served:
    """Take a seat with an agent of your own, and keep step until the run is over.

    `agent` is called once, with its port, and gives a participant (`on_tick`, `next_wake_ms`). What it says is
    heard at the next tick. `key` is a key file; without one, `role` is what the agent may read and say. It signs
    with that key, or where there is none with one that the run gives it.

    Raises `UsageError` for a URL of no known form, a role that takes no seat, or a patience that is no time,
    `InputError` for a key file that is none, and `RunError` if the run gives no seat, or vanishes.

    For example, in a run that awaits it (`fleet run configs/first-attack.yaml --insecure --await guard
    --bus tcp://127.0.0.1:5570`):

        import fleet
        from fleet.messages.orders import QuarantineVehicle
        from fleet.messages.security import Alert

        class Guard:
            def __init__(self, port):
                self.port = port

            def on_tick(self, tick, now_ms, inbox):
                for alert in (message.body for message in inbox if isinstance(message.body, Alert)):
                    suspect = {"alert_id": alert.alert_id, "vehicle": alert.entity}
                    self.port.say_signed(QuarantineVehicle(**suspect, bring_home_by="anchors"))

            def next_wake_ms(self):
                return None  # woken only when something is said; else the time, in ms

        served = fleet.join("tcp://127.0.0.1:5570", "guard", Guard)
        print(served.ticks, "ticks heard,", served.said, "intents said")
    """
    identity = None if key is None else Identity.load(Path(key))

    def make(granted: SeatGranted, bus: Bus) -> Sequence[Seat]:
        sender = granted.senders[0]
        planes = READS[role if identity is None else identity.role]
        return [Seat(agent(bus.port(sender, _key(granted, identity))), planes)]

    return serve_seat(SeatWish(url, seat, fleet.__version__, role, identity, patience_s), make)
