"""What carries a body: who says it, as which number, when, until when, and under what signature."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from fleet.messages import (
    airspace,
    control,
    frames,
    grid,
    notices,
    orders,
    people,
    plants,
    reports,
    security,
    sensornet,
    tamper,
    truth,
)
from fleet.messages.plane import Body

WIRE_VERSION = 1

AnyBody = (
    reports.PickupRequested | reports.VehicleReported | reports.PickupCollected | reports.PickupFailed
    | reports.Unloaded | reports.UnloadRefused | reports.Charged | reports.OrderAnswered
    | reports.VehicleRoster | orders.FlyRoute | orders.Recall | orders.RotateKey
    | orders.QuarantineVehicle | orders.RevokeKey | orders.OrderIssued | orders.PlanPublished
    | orders.PickupMissed | orders.VehicleQuarantined | security.Alert | tamper.StartTamper
    | tamper.StopTamper | tamper.ForgeOrder | tamper.TamperAnswered | truth.AttackBegan
    | truth.AttackEnded | truth.TamperEffect | truth.WorldClosed | truth.LegFlown | truth.MessagesLost
    | truth.TroubleBegan | truth.TroubleEnded
    | frames.TelemetryFrame | frames.RangeFrame | frames.TruthFrame
    | control.PauseRun | control.ResumeRun | control.StepRun | control.SetSpeed | control.StopRun
    | notices.MessagesRefused | notices.ParticipantDropped | notices.Beat | notices.RunEnded
    | notices.Snapshot | notices.CityMap | notices.Receipt | notices.JoinSeat | notices.SeatGranted
    | notices.SeatRefused | notices.TickOpened | notices.TickDone | notices.SessionOver | notices.Credit
    | notices.FeedBegins | notices.FeedEnds | airspace.AirspaceChanged
    | airspace.CloseAirspace | airspace.OpenAirspace | grid.PowerChanged
    | grid.MeterRead | people.CreditEarned | people.Deposited
    | people.DepositRefused | people.CrowdCounted | people.GuardReported
    | people.FollowVehicle | people.StopVehicle | people.StandDown
    | people.Scavenged | people.MarketBought | people.VehicleHeld
    | sensornet.SensorsPlaced | sensornet.TagsSeen | sensornet.LevelsRead
    | plants.SiteOpened | plants.SiteClosed | plants.BatchEnded | plants.StockReported | plants.Assayed
    | plants.Shipped | plants.LineStopped | plants.WithdrawStock | plants.Withdrawn
)  # fmt: skip

B = TypeVar("B", bound=Body, covariant=True)


class Envelope(msgspec.Struct, Generic[B], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message on its way.

    `seq` counts what `sender` said on this plane; for orders it is the counter against replay. `t_ms` is
    simulated time. `expires_ms` and `signature` are 0 and empty where nothing is signed.
    """

    v: int = WIRE_VERSION
    sender: str
    seq: int
    t_ms: int
    body: B
    expires_ms: int = 0
    signature: bytes = b""


Message = Envelope[AnyBody]
