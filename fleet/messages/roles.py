"""Who may do what on the bus: roles, the doors they may open, what they may say and read.

A *door* is an endpoint. There is one for each plane, and one more for recorders, who read every plane and lose
nothing. ZeroMQ knows no rights per topic, so rights end at doors; what a role may say is checked per message.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from fleet.messages.plane import Plane

Role = Literal["viewer", "operator", "red", "blue", "recorder"]
ROLES: tuple[Role, ...] = get_args(Role)

Door = Literal["telemetry", "command", "injection", "truth", "lockstep", "record"]
DOORS: tuple[Door, ...] = get_args(Door)
"""In the order of their ports: telemetry at the port that is given, the others at the next five."""

OPEN_TO: Mapping[Door, frozenset[Role]] = MappingProxyType(
    {
        "telemetry": frozenset(ROLES),
        "command": frozenset({"operator", "blue"}),
        "injection": frozenset({"red"}),
        "truth": frozenset({"recorder"}),
        "lockstep": frozenset({"operator", "red", "blue"}),
        "record": frozenset({"recorder"}),
    }
)

CONTROL_VERBS = frozenset({"PauseRun", "ResumeRun", "StepRun", "SetSpeed", "StopRun"})
ORDER_VERBS = frozenset({"FlyRoute", "Recall"})
AIRSPACE_VERBS = frozenset({"CloseAirspace", "OpenAirspace"})
STOCK_VERBS = frozenset({"WithdrawStock"})
INTENT_VERBS = frozenset({"QuarantineVehicle", "RevokeKey"})
GUARD_VERBS = frozenset({"FollowVehicle", "StopVehicle", "StandDown"})

MAY_SAY: Mapping[Role, frozenset[str]] = MappingProxyType(
    {
        "viewer": frozenset(),
        "operator": CONTROL_VERBS | ORDER_VERBS | AIRSPACE_VERBS | STOCK_VERBS | INTENT_VERBS | GUARD_VERBS,
        "red": frozenset({"StartTamper", "StopTamper", "ForgeOrder", "AttackBegan", "AttackEnded"}),
        "blue": INTENT_VERBS | GUARD_VERBS | {"Alert"},
        "recorder": frozenset(),
    }
)
"""Names of the message types that a role may put on the bus. The truth labels of `red` go by lock-step only."""

READS: Mapping[Role, frozenset[Plane]] = MappingProxyType(
    {
        "viewer": frozenset({Plane.TELEMETRY}),
        "operator": frozenset({Plane.TELEMETRY}),
        "red": frozenset({Plane.TELEMETRY, Plane.INJECTION}),
        "blue": frozenset({Plane.TELEMETRY}),
        "recorder": frozenset(Plane),
    }
)


def outside_sender(role: Role, name: str) -> str:
    """The sender's name of somebody outside: no vehicle, site or part of the run can bear it.

    >>> outside_sender("operator", "kim")
    'operator/kim'
    """
    return f"{role}/{name}"
