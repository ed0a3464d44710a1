"""The teams of a scenario: how they are made, whether here or in another process, and which seats they take.

Nothing here knows the world, so that a process which only attacks or only watches loads no planner and no map.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fleet.app.scenario import Scenario
from fleet.base.errors import UsageError, did_you_mean
from fleet.base.streams import Streams
from fleet.bus.seating import UNTOLD, SeatPlan
from fleet.detect.detector import discover as detector_kinds
from fleet.detect.watch import Watchman
from fleet.messages.plane import Plane
from fleet.messages.port import Bus, Seat
from fleet.messages.roles import OPEN_TO, Role, outside_sender
from fleet.messages.run_id import RunId
from fleet.messages.seal import KeyPair
from fleet.redteam.attack import Means
from fleet.redteam.attack import discover as attack_kinds
from fleet.respond.playbook import Playbook

TEAMS = ("red", "blue")
"""The seats that a scenario itself can fill; any other is for an agent."""

WATCHMAN, RESPOND = "watchman", "respond"
"""The two senders of the blue team."""

_ROLES: dict[str, Role] = {"red": "red", "blue": "blue"}
_SEAT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def away_names(text: str) -> tuple[str, ...]:
    """The seats named in `text`, "red,blue,my-agent". Raises `UsageError` for a name that is none, or comes twice.

    >>> away_names("red, my-agent")
    ('red', 'my-agent')
    """
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if not _SEAT_NAME.fullmatch(name):
            raise UsageError(f"`{name}` is no name of a seat: expected letters, digits, `-`, `_`, at most 40")
        if names.count(name) > 1:
            raise UsageError(f"seat `{name}` is named twice")
    return names


def awaited_text(names: Sequence[str]) -> str:
    """Whom a run waits for, in words. Any name may be an agent's: one that looks like a slip is only remarked on.

    >>> awaited_text(("red",))
    'waiting for red to join'
    >>> awaited_text(("red", "bleu"))
    'waiting for red, bleu to join; `bleu` is no team but a seat for an agent (did you mean `blue`?)'
    """
    remarks = []
    for name in names:
        if name not in TEAMS:
            hint = did_you_mean(name, TEAMS)
            remarks.append(f"; `{name}` is no team but a seat for an agent" + (f" ({hint})" if hint else ""))
    return f"waiting for {', '.join(names)} to join" + "".join(remarks)


def seat_plans(scenario: Scenario, names: Sequence[str]) -> list[SeatPlan]:
    """What a run of `scenario` gives who takes the seats of these names.

    Raises `UsageError` for the seat of a team that the scenario has not.
    """
    plans = []
    for name in names:
        senders = team_senders(scenario, name)
        if name in TEAMS and not senders:
            raise UsageError(
                f"seat `{name}`: the scenario has no {name} team; an agent takes a seat of another name"
            )
        seed = scenario.seed if name == "red" else UNTOLD
        plans.append(SeatPlan(name, _ROLES.get(name), senders, seed))
    return plans


def team_senders(scenario: Scenario, team: str) -> tuple[str, ...]:
    """The names under which a team of the scenario speaks; none where it has no such team."""
    if team == "red":
        return tuple(f"red/{name}" for name in attack_names(scenario))
    if team == "blue" and scenario.blue.detectors:
        return (WATCHMAN, RESPOND) if scenario.blue.respond else (WATCHMAN,)
    return ()


def reserved_senders(scenario: Scenario, seats: Sequence[str]) -> frozenset[str]:
    """Every name under which a team of the scenario, or an agent on one of these seats, may speak."""
    teams = {sender for team in TEAMS for sender in team_senders(scenario, team)}
    agents = {outside_sender(role, seat) for role in OPEN_TO["lockstep"] for seat in seats if seat not in TEAMS}
    return frozenset(teams | agents)


def first_key(streams: Streams, holder: str) -> KeyPair:
    """The key a holder starts a run with. Drawn from the seed, hence fit for simulation and for nothing else."""
    return KeyPair(first_secret(streams, holder), RunId.of_seed(streams))


def first_secret(streams: Streams, holder: str) -> bytes:
    """The secret of `first_key`."""
    return streams.secret(f"key/{holder}/0")


def run_of(streams: Streams, holder: str, public: bytes, run: RunId) -> RunId:
    """What a holder from outside must have signed for: `run`, unless the key is the one drawn from the seed."""
    first = first_key(streams, holder)
    return first.run if first.public == public else run


def attack_names(scenario: Scenario) -> list[str]:
    """What each attack of the scenario is called, in the order of the file."""
    kinds = {kind.params: kind.kind for kind in attack_kinds().values()}
    return [f"{kinds[type(params)]}-{number}" for number, params in enumerate(scenario.red.attacks)]


def red_team(scenario: Scenario, streams: Streams, bus: Bus) -> list[Seat]:
    """Every attack of the scenario, ready to take part."""
    kinds = {kind.params: kind for kind in attack_kinds().values()}
    seats = []
    for name, params in zip(attack_names(scenario), scenario.red.attacks, strict=True):
        means = Means(
            attack_id=name,
            injection=bus.port(f"red/{name}"),
            truth=bus.port(f"red/{name}"),
            rng=streams.generator(f"red/{name}"),
        )
        attack = kinds[type(params)].make(params, means)
        seats.append(Seat(attack, frozenset({Plane.TELEMETRY, Plane.INJECTION})))
    return seats


def blue_team(scenario: Scenario, bus: Bus, key: KeyPair | None) -> list[Seat]:
    """The watchman with the scenario's detectors, and who responds to alerts, if wanted; `key` signs intents."""
    kinds = {kind.params: kind for kind in detector_kinds().values()}
    detectors = [kinds[type(params)].make(params) for params in scenario.blue.detectors]
    if not detectors:
        return []
    eyes = frozenset({Plane.TELEMETRY})
    seats = [Seat(Watchman(detectors, bus.port(WATCHMAN)), eyes)]
    if scenario.blue.respond:
        seats.append(Seat(Playbook(bus.port(RESPOND, key), scenario.blue.guards), eyes))
    return seats
