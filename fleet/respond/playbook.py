"""From alerts to intents. It commands nobody: dispatch, the only author of orders, obeys intents or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from fleet.messages.envelope import Message
from fleet.messages.orders import QuarantineVehicle, RevokeKey
from fleet.messages.people import FollowVehicle, StopVehicle
from fleet.messages.port import Port
from fleet.messages.security import Alert


class Playbook:
    """A participant that reads telemetry. Every alert leads to intents; what is repeated does no harm.

    `guards` says whether a guard is sent after the vehicle, too. A vehicle under suspicion comes home by the
    anchors: a fix that may be spoofed must not steer its return.
    """

    def __init__(self, port: Port, guards: Literal["stay", "follow", "stop"] = "stay") -> None:
        self._port = port
        self._guards = guards

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        for message in inbox:
            alert = message.body
            if not isinstance(alert, Alert):
                continue
            if alert.attack_class == "stolen-key":
                self._port.say_signed(RevokeKey(alert_id=alert.alert_id, holder="dispatch"))
            self._port.say_signed(
                QuarantineVehicle(alert_id=alert.alert_id, vehicle=alert.entity, bring_home_by="anchors")
            )
            if self._guards != "stay":
                send = StopVehicle if self._guards == "stop" else FollowVehicle
                self._port.say_signed(send(order_id=f"guard/{alert.alert_id}", guard="", vehicle=alert.entity))

    def next_wake_ms(self) -> int | None:
        return None
