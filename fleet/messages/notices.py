"""What the gate, where the outside meets the run, says about itself and to its peers.

Those that derive from `Telemetry` change what watchmen know: they are events, in the log and in the digest. Those
that derive from `Frame` are between the gate and one peer, or about the wall clock: no part of the run.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from fleet.messages.airspace import AirspaceChanged
from fleet.messages.frames import TelemetryFrame
from fleet.messages.plane import Frame, Plane, Telemetry
from fleet.messages.reports import PickupRequested, VehicleReported, VehicleRoster
from fleet.messages.security import Alert

Cause = Literal[
    "", "malformed", "unknown-key", "bad-signature", "replay", "stale", "not-allowed", "revoked", "flood", "late"
]
"""Why something from outside was refused; "" is none. `flood` is more than a peer's share of a tick, `late` is
what came after the run."""


class MessagesRefused(Telemetry, frozen=True, kw_only=True):
    """So many messages were refused at a door since the last tick.

    `claimed_sender` may be a lie; "" is unknown.
    """

    door: str
    cause: Cause
    claimed_sender: str
    count: int


class ParticipantDropped(Telemetry, frozen=True, kw_only=True):
    """A lock-step participant did not answer and is no longer waited for: from this tick on it says nothing."""

    seat: str
    cause: Literal["silent", "gone", "broken"]


class Beat(Frame, frozen=True, kw_only=True):
    """Said once per published tick, after everything else of it: where the run is and how fast it goes."""

    plane: ClassVar[Plane] = Plane.TELEMETRY
    tick: int
    now_ms: int
    speed: float
    """As asked; 0 is as fast as it goes."""
    paused: bool


class RunEnded(Frame, frozen=True, kw_only=True):
    """The last thing that is published."""

    plane: ClassVar[Plane] = Plane.TELEMETRY
    tick: int
    status: Literal["complete", "interrupted", "failed"]
    digest: str


class Snapshot(Frame, frozen=True, kw_only=True):
    """What a late joiner needs: the state after everything published so far.

    `numbers` gives for each topic the number of the next message: what bears a lower one is contained here.
    `vehicles` are the last reports, `open_pickups` what was requested and neither collected nor missed.
    """

    plane: ClassVar[Plane] = Plane.TELEMETRY
    name: str
    run_id: str
    """Which run it is: 32 hexadecimal digits, which are part of what is signed."""
    tick: int
    now_ms: int
    tick_ms: int
    end_ms: int
    start_hour: float
    """Hours of the city's local time at which the run starts."""
    speed: float
    paused: bool
    numbers: dict[str, int]
    roster: VehicleRoster | None
    """nil before the first tick."""
    frame: TelemetryFrame | None
    """The last one; nil before the first."""
    vehicles: tuple[VehicleReported, ...]
    open_pickups: tuple[PickupRequested, ...]
    collected: int
    missed: int
    alerts: tuple[Alert, ...]
    airspace: tuple[AirspaceChanged, ...]
    """The last word on each zone that is announced or closed."""


class CityMap(Frame, frozen=True, kw_only=True):
    """The map as GeoJSON text (EPSG:4326), and where its local metres have their origin."""

    plane: ClassVar[Plane] = Plane.TELEMETRY
    geojson: str
    origin_lon: float
    origin_lat: float
    crs: str
    """PROJ string of the local frame."""


class Receipt(Frame, frozen=True, kw_only=True):
    """The gate's answer to a message: heard at `tick`, or refused for `cause` (`tick` is then -1)."""

    plane: ClassVar[Plane] = Plane.COMMAND
    seq: int
    tick: int
    cause: Cause
    reason: str = ""
    """For people; of what is malformed the field, what was expected there, and what was found."""

    @property
    def refusal(self) -> str:
        """The cause with its reason, "" where there is none."""
        return f"{self.cause}: {self.reason}" if self.reason else self.cause


class JoinSeat(Frame, frozen=True, kw_only=True):
    """A participant asks for a seat at the lock-step plane."""

    plane: ClassVar[Plane] = Plane.LOCKSTEP
    seat: str
    version: str
    """The joiner's version of `fleet`: two versions need not give the same run."""
    role: Literal["operator", "red", "blue"]
    """Counts only where there are no keys; with keys, the key's own role does."""


class SeatGranted(Frame, frozen=True, kw_only=True):
    """It is yours: you may speak as `senders`.

    `seed` is the run's for the scenario's red team, whose draws come from it, and -1 for everybody else. `secret`
    is the Ed25519 secret to sign orders and intents with, where there are no keys; else it is empty. `run_id` is
    what this seat signs for.

    Answer with the `TickDone` of tick -1 when you are ready; the first tick follows when everybody is.
    """

    plane: ClassVar[Plane] = Plane.LOCKSTEP
    seat: str
    senders: tuple[str, ...]
    tick_ms: int
    seed: int
    secret: bytes
    run_id: str


class SeatRefused(Frame, frozen=True, kw_only=True):
    """It is not; `cause` says why."""

    plane: ClassVar[Plane] = Plane.LOCKSTEP
    cause: str


class TickOpened(Frame, frozen=True, kw_only=True):
    """Tick `tick` begins; the messages that the seat may read follow as further parts, in their order."""

    plane: ClassVar[Plane] = Plane.LOCKSTEP
    tick: int
    now_ms: int


class TickDone(Frame, frozen=True, kw_only=True):
    """The participant has said all it has to say at `tick`; its envelopes follow as further parts."""

    plane: ClassVar[Plane] = Plane.LOCKSTEP
    tick: int
    next_wake_ms: int
    """When to be woken even if nothing is said; -1 for never."""


class SessionOver(Frame, frozen=True, kw_only=True):
    """The run is over for this seat; `cause` is "" at the regular end."""

    plane: ClassVar[Plane] = Plane.LOCKSTEP
    cause: str


class Credit(Frame, frozen=True, kw_only=True):
    """A recorder can take so many more batches. The first one is its request to be fed."""

    plane: ClassVar[Plane] = Plane.TRUTH
    batches: int


class FeedBegins(Frame, frozen=True, kw_only=True):
    """What a recorder needs to know of the run before its first batch: the scenario as YAML, and `run.json`."""

    plane: ClassVar[Plane] = Plane.TRUTH
    scenario: str
    info_json: str


class FeedEnds(Frame, frozen=True, kw_only=True):
    """Nothing more comes. `results_json` is what the run adds to `run.json`."""

    plane: ClassVar[Plane] = Plane.TRUTH
    status: Literal["complete", "interrupted", "failed"]
    results_json: str


GATE = "gate"
"""The sender of everything here that is said in the run."""
