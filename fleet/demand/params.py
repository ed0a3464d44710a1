"""What a scenario says about demand: random processes, a table of requests, or both."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import Field, field_validator, model_validator

from fleet.base.params import Count, MaterialName, Params, Share, refusal
from fleet.demand.inside import EXACT

CITY_DAY = (
    0.3, 0.2, 0.1, 0.1, 0.2, 0.6, 1.8, 3.6, 4.8, 5.6, 6.2, 6.4,
    6.2, 5.8, 5.8, 6.2, 7.0, 8.2, 8.8, 8.0, 6.0, 4.2, 2.6, 1.3,
)  # fmt: skip
"""Deposits by hour of the day, percent: next to none at night, a broad day, a peak after work.

The shape that counted deposits in Groningen's underground containers show (N-Wouda, Urban-Waste-Collection;
arXiv 2409.13386); the figures are ours.
"""


Weight = Annotated[float, Field(ge=0.0, le=1e9)]
"""A share relative to its neighbours; they need not add up to anything."""

Spread = Annotated[float, Field(ge=0.0, le=3.0)]
"""Standard deviation of a logarithm: 0.05 is about 5 %."""

Litres = Annotated[float, Field(ge=0.1, le=100_000.0)]


class VolumeParams(Params):
    """How much one request amounts to: lognormal litres, clipped."""

    median: Litres = 30.0
    """Litres. The default is close to the 33.4 L per deposit counted in Groningen."""
    sigma: Spread = 0.5
    """Standard deviation of the logarithm."""
    min: Litres = 2.0
    max: Litres = 120.0

    @model_validator(mode="after")
    def _ordered(self) -> VolumeParams:
        if self.max < self.min:
            raise refusal(f"at least min, {self.min:g}", at=("max",))
        return self


class WindowParams(Params):
    """How long some of the requests may wait."""

    minutes: Annotated[float, Field(ge=1.0, le=1440.0)]
    share: Weight = 1.0
    """Relative to the other windows."""


class InsideParams(Params):
    """Something else that lies in what is called by one name, and that nobody declares."""

    declared: MaterialName
    """What the pickup is called."""
    material: MaterialName
    """What is in it besides."""
    pickups: Share = 1.0
    """In this part of the pickups so called."""
    mass: Annotated[float, Field(gt=0.0, le=1.0)] = 0.1
    """Its part of their mass."""


Shares = TypeVar("Shares", tuple[float, ...], tuple[WindowParams, ...], dict[str, float], None)


class ProcessParams(Params):
    """One source of requests: an inhomogeneous Poisson process per district and material."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    kind: Literal["item", "bin"] = "item"
    """Who asks: a resident with something to give away, or a bin that is full."""
    per_day: Annotated[float, Field(ge=0.0, le=1e6)]
    """Expected requests in 24 hours, over all its districts."""
    materials: Annotated[dict[MaterialName, Weight], Field(min_length=1)]
    """Relative shares of the requests by material."""
    districts: Annotated[dict[str, Weight], Field(min_length=1)] | None = None
    """Relative shares by district id; without it each pickup point has the same share."""
    hourly: Annotated[tuple[Weight, ...], Field(min_length=24, max_length=24)] = CITY_DAY
    """Relative rate in each hour of the day, from midnight on."""
    volume_l: VolumeParams = VolumeParams()
    density_sigma: Spread = 0.2
    """Spread (of the logarithm) of the density about the material's own."""
    error_sigma: Spread = 0.05
    """Spread (of the logarithm) of what is there about what was declared."""
    window_min: Annotated[tuple[WindowParams, ...], Field(min_length=1)] = (
        WindowParams(minutes=60.0, share=0.3),
        WindowParams(minutes=120.0, share=0.4),
        WindowParams(minutes=240.0, share=0.3),
    )
    lead_min: Annotated[float, Field(ge=0.0, le=10_000.0)] = 0.0
    """A request is announced so long before its window opens, but not before the start of the run."""
    service_s: Annotated[float, Field(ge=0.0, le=86_400.0)] = 60.0
    priority_shares: tuple[Weight, Weight, Weight] = (0.85, 0.1, 0.05)
    """Relative shares of priority 1 (ordinary), 2 and 3 (urgent)."""
    empty_share: Share = 0.0
    """Share of false calls, where nothing is found."""
    inside: Annotated[tuple[InsideParams, ...], Field(max_length=100)] = ()
    """What lies in pickups besides what they are called."""
    requesters_per_point: Count = 20
    """How many residents may ask at one point; a bin asks in its own name."""

    @model_validator(mode="after")
    def _inside_fits(self) -> ProcessParams:
        for index, inside in enumerate(self.inside):
            if inside.declared not in self.materials:
                raise refusal("a material of this process", at=("inside", index, "declared"))
            others = sum(i.mass for i in self.inside if i.declared == inside.declared)
            if others > 1.0 + EXACT:
                raise refusal("masses of at most 1 in all for one material", at=("inside", index, "mass"))
            if inside.material == inside.declared:
                raise refusal("another material than the declared one", at=("inside", index, "material"))
        return self

    @field_validator("hourly", "priority_shares", "window_min", "materials", "districts")
    @classmethod
    def _some(cls, shares: Shares) -> Shares:
        listed = shares.values() if isinstance(shares, dict) else shares or (1.0,)
        weights = [item.share if isinstance(item, WindowParams) else item for item in listed]
        if sum(weights) <= 0.0:
            raise refusal("at least one share above 0")
        return shares


class DemandParams(Params):
    """Where requests come from."""

    processes: tuple[ProcessParams, ...] = ()
    csv: Annotated[str, Field(min_length=1)] | None = None
    """A table of requests, relative to the scenario file."""

    @model_validator(mode="after")
    def _something(self) -> DemandParams:
        if not self.processes and self.csv is None:
            raise refusal("`processes`, `csv`, or both")
        names = [process.name for process in self.processes]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise refusal("a name that no other process has", at=("processes", index, "name"))
        return self
