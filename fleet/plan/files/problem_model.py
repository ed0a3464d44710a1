"""The project's own problem file: its fields, their units, bounds and defaults. The JSON Schema is made from this.

Fields have the names of the contract (`fleet.plan.problem`), where what they mean is said in full. Things refer
to each other by id. What is left out has the default given here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from fleet.plan.problem import NEVER_MS, UNLIMITED, UNREACHABLE_MS

FORMAT = "fleet-problem"
VERSION = 1
MOST = 1e12
"""No mass, volume, energy or length is larger."""
MOST_COST = 10**15
MOST_LETTERS = 200


def printable(text: str) -> str:
    """`text`, where all of it can be seen. Raises ValueError for what would steer a terminal or hide in a line."""
    if not text.isprintable():
        raise ValueError("a text of printable characters")
    return text


Printable = AfterValidator(printable)
Id = Annotated[str, Field(min_length=1, max_length=MOST_LETTERS), Printable]
Name = Annotated[str, Field(max_length=MOST_LETTERS), Printable]
Amount = Annotated[float, Field(ge=0.0, le=MOST, allow_inf_nan=False)]
Real = Annotated[float, Field(ge=-MOST, le=MOST, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0.0, le=MOST, allow_inf_nan=False)]
Moment = Annotated[int, Field(ge=-NEVER_MS, le=NEVER_MS)]
Span = Annotated[int, Field(ge=0, le=NEVER_MS)]
Cost = Annotated[int, Field(ge=0, le=MOST_COST)]
Count = Annotated[int, Field(ge=1, le=UNLIMITED)]


class Part(BaseModel):
    """Strict: no unknown fields, no texts for numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FrameModel(Part):
    """The centre of local metres: azimuthal equidistant, x east and y north."""

    lat_deg: Annotated[float, Field(ge=-90.0, le=90.0, allow_inf_nan=False)]
    lon_deg: Annotated[float, Field(ge=-180.0, le=180.0, allow_inf_nan=False)]


class NodeModel(Part):
    """A position: lat_deg and lon_deg, or x_m and y_m, or (with matrices) none. All nodes the same."""

    id: Id
    lat_deg: Annotated[float, Field(ge=-90.0, le=90.0, allow_inf_nan=False)] | None = None
    lon_deg: Annotated[float, Field(ge=-180.0, le=180.0, allow_inf_nan=False)] | None = None
    x_m: Real | None = None
    y_m: Real | None = None


class StraightModel(Part):
    """Straight lines between the nodes. A length in metres times `units_per_m` is rounded to whole units, each of
    which takes `ms_per_unit` (or what `speed_mps` says), costs `cost_per_unit` and has an effort."""

    kind: Literal["straight"]
    name: Id
    speed_mps: Positive | None = Field(None, description="metres per second; either this or ms_per_unit")
    ms_per_unit: Amount | None = None
    units_per_m: Positive = 1.0
    rounding: Literal["up", "down", "nearest"] = "up"
    cost_per_unit: Cost = 1
    effort_h_per_unit: Amount | None = Field(None, description="hours; if left out, the time that a unit takes")


class MatrixModel(Part):
    """Legs from each node (a row) to each (a column), in the order of `nodes`. null: there is no way."""

    kind: Literal["matrix"]
    name: Id
    travel_ms: list[list[Annotated[int, Field(ge=0, le=UNREACHABLE_MS)] | None]]
    cost: list[list[Cost]]
    effort_h: list[list[Amount | None]] | None = Field(None, description="hours; if left out, the travel time")


WaysModel = Annotated[StraightModel | MatrixModel, Field(discriminator="kind")]


class TypeModel(Part):
    """A kind of vehicle. A payload or a volume of null has no limit. Without `battery_wh` it never needs charging.
    `drives` keeps it out of flight missions."""

    name: Id
    ways: Id = Field(description="the name of one of `ways`")
    payload_kg: Amount | None
    volume_l: Amount | None = 0.0
    empty_kg: Amount = 0.0
    battery_wh: Amount | None = None
    reserve_wh: Amount = 0.0
    power_coefficient: Amount = 0.0
    mass_exponent: Annotated[float, Field(ge=0.0, le=10.0, allow_inf_nan=False)] = 1.5
    certificates: list[Id] = []
    fixed_cost: Cost = 0
    most_trips: Annotated[int, Field(ge=0, le=UNLIMITED)] = UNLIMITED
    drives: bool = False


class VisitModel(Part):
    """Either a pickup or a dock, by its id."""

    pickup: Id | None = None
    dock: Id | None = None


class VehicleModel(Part):
    """A vehicle at a node. Without `battery_wh` its battery is full. `ends`: dock ids; empty means any."""

    id: Id
    type: Id
    node: Id
    ready_ms: Moment = 0
    battery_wh: Amount | None = None
    until_ms: Moment = NEVER_MS
    ends: list[Id] = []
    committed: list[VisitModel] = []


class ChargerModel(Part):
    """How batteries are filled at a dock."""

    mode: Literal["full", "partial", "swap"] = "swap"
    fixed_ms: Span = 0
    ms_per_wh: Amount = 0.0
    places: Count = UNLIMITED


class HoursModel(Part):
    """A time in which a dock is open for unloading."""

    from_ms: Moment
    to_ms: Moment


class DockModel(Part):
    """A site. `accepts`: materials; empty means no unloading. Without `hours` it is always open."""

    id: Id
    node: Id
    accepts: list[Id] = []
    unload_ms: Span = 0
    charger: ChargerModel | None = None
    hours: list[HoursModel] = []
    pads: Count = UNLIMITED


class PickupModel(Part):
    """One thing to collect. Its service begins at `earliest_ms` or later and ends by `latest_ms`."""

    id: Id
    node: Id
    material: Id
    mass_kg: Amount
    penalty: Cost
    volume_l: Amount = 0.0
    earliest_ms: Moment = 0
    latest_ms: Moment = NEVER_MS
    service_ms: Span = 0
    needs: list[Id] = []
    due_ms: Moment = NEVER_MS
    late_cost_per_s: Cost = 0
    release_ms: Moment = -NEVER_MS


class ProblemModel(Part):
    """A planning problem: what is to be collected, by whom, and where it may be brought."""

    format: Literal["fleet-problem"]
    version: Literal[1]
    name: Name = ""
    frame: FrameModel | None = None
    nodes: list[NodeModel]
    ways: list[WaysModel]
    types: list[TypeModel]
    vehicles: list[VehicleModel]
    docks: list[DockModel]
    pickups: list[PickupModel]
    apart: list[Annotated[list[Id], Field(min_length=2, max_length=2)]] = []
    end_ms: Moment = NEVER_MS


def problem_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of problem files."""
    schema = ProblemModel.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
