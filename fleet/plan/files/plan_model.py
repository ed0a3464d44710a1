"""The project's own plan file: its fields. What they mean is said in `fleet.plan.problem` (`Plan`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from fleet.plan.files.problem_model import MOST_COST, Amount, Id, Moment, Name, Part
from fleet.plan.problem import ReasonCode

FORMAT = "fleet-plan"
ChangeKind = Literal[
    "payload", "volume", "battery", "certificate", "trips", "accepts",
    "charger", "window", "hours", "until", "vehicle", "penalty",
]  # fmt: skip
"""The kinds of `fleet.plan.relaxations`."""
VERSION = 1


class StopModel(Part):
    """A stop at a pickup or at a dock, by its id."""

    pickup: Id | None = None
    dock: Id | None = None
    arrive_ms: Moment
    start_ms: Moment
    end_ms: Moment
    unload: bool = False
    charge_wh: Amount = 0.0


class RouteModel(Part):
    """What one vehicle does. Without `battery_wh` its battery is without limit."""

    vehicle: Id
    stops: list[StopModel]
    battery_wh: Annotated[float, Field(allow_inf_nan=False)] | None = None


class RelaxationModel(Part):
    """A change to the problem, in `unit`: to what `where` names (a vehicle, a dock, a pickup, or the vehicle
    "one more" that a change before it adds), or at a `node`, where there is no dock yet."""

    kind: ChangeKind
    amount: Annotated[float, Field(allow_inf_nan=False)]
    unit: Name
    where: Name | None = None
    node: Id | None = None


class OmissionModel(Part):
    """A pickup left out, and why. null for an amount without limit. `vehicle`: the one that comes nearest."""

    pickup: Id
    code: ReasonCode
    need: Annotated[float, Field(allow_inf_nan=False)] | None = 0.0
    limit: Annotated[float, Field(allow_inf_nan=False)] | None = 0.0
    vehicle: Id | None = None
    relaxations: list[RelaxationModel] = Field(default=[])


class PlanModel(Part):
    """A plan for the problem of the name `problem` (empty: any)."""

    format: Literal["fleet-plan"]
    version: Literal[1]
    problem: Name = ""
    cost: Annotated[int, Field(ge=-MOST_COST, le=10**18)]
    routes: list[RouteModel]
    omitted: list[OmissionModel] = Field(default=[])


def plan_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of plan files."""
    schema = PlanModel.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
