"""What a scenario says under `sensor_network`.

Defaults with a source: UHF tags are read with probability 0.9 in range, 0.3 to 0.6 on metal and on liquid, over
3 to 10 m; ultrasonic level sensors report every 15 to 60 minutes with an error of 5 %, and 2 to 5 % of their
reports are missing (engineering values). Echoes, dead shares and capacities are guesses, and said to be.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fleet.base.params import MaterialName, Params, Positive, Share

ALL_SITES = "all"


class MultipathParams(Params):
    """Echoes: in built-up places ranges are now and then too long for a while. All four are guesses."""

    share: Share = Field(0.1, description="of the time, for each pair of a vehicle and an anchor")
    mean_m: float = Field(8.0, ge=0, le=300, description="mean excess, exponentially distributed; never too short")
    tau_s: float = Field(20.0, ge=0.1, le=3600, description="how long an echo lasts")
    built_up_share: Share = Field(
        0.2, description="a place is built up where so much of its cell of 100 m x 100 m lies under roofs"
    )


class DeadAnchorsParams(Params):
    """Anchors that fail for good at some time of the run."""

    anchors: tuple[str, ...] = Field(min_length=1, description="ids of anchors of the map")
    from_h: float = Field(0.0, ge=0, le=168, description="hours since the start of the run")


class AnchorsParams(Params):
    """What is wrong with the anchors of the map. Reach, error and drop-outs stand under `sensors`."""

    dead_share: Share = Field(0.0, description="of all anchors, drawn by chance, dead from the start")
    dead: tuple[DeadAnchorsParams, ...] = Field((), max_length=1000)
    multipath: MultipathParams | None = Field(None, description="without it there are no echoes")


class TagsParams(Params):
    """Tags on what is thrown away, and who reads them: vehicles as they collect, gates as they weigh in, posts."""

    share: Share = Field(1.0, description="of the pickups that carry a tag; its id is the pickup's")
    vehicles: bool = Field(True, description="vehicles read what they collect, and what else answers there")
    gates: tuple[str, ...] = Field(
        (ALL_SITES,), description="sites with a reader; [all] = every site that accepts"
    )
    posts: tuple[str, ...] = Field((), description="pickup points and sites where a fixed reader stands")
    post_every_min: float = Field(10.0, ge=1, le=1440, description="how often fixed readers ask who is there")
    reach_m: float = Field(8.0, ge=0.5, le=20, description="of every reader, over ground")
    read_share: Share = Field(0.9, description="of the tags in reach that are read, one look")
    read_share_on: dict[MaterialName, Share] = Field(
        default_factory=lambda: {"metals": 0.45, "batteries": 0.45, "solvents": 0.45},
        description="the same where most of an item is this: metal and liquid shield",
    )


class LevelsParams(Params):
    """Level sensors in bins."""

    points: tuple[str, ...] = Field(
        (), description="pickup points with a sensor; none = wherever a bin asks itself"
    )
    every_min: float = Field(30.0, ge=1, le=1440, description="how often all report")
    sigma: Share = Field(0.05, description="error, as a share of the capacity")
    missing: Share = Field(0.03, description="of the reports")
    dead_share: Share = Field(0.02, description="of the sensors, battery empty from the start (a guess)")
    capacity_l: Positive = Field(120.0, le=100_000, description="what fills a bin (a guess)")


class OrphansParams(Params):
    """Tech that nobody looks after any more."""

    drones: Annotated[int, Field(ge=0, le=1000)] = 0
    """Abandoned drones: passers-by report each as e-waste at some time of the run; a battery is in it."""
    tags: Annotated[int, Field(ge=0, le=10_000)] = 0
    """Tags that lie about near pickup points and still answer."""


class SensorNetworkParams(Params):
    """Sensors of the city that know no GNSS: anchors, tag readers, level sensors; and orphaned tech."""

    anchors: AnchorsParams = AnchorsParams()
    tags: TagsParams | None = Field(None, description="without it nothing is tagged")
    levels: LevelsParams | None = Field(None, description="without it no bin has a sensor")
    orphans: OrphansParams = OrphansParams()
