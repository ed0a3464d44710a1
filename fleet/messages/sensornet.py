"""What the city's own sensors say, which know no GNSS: readers of tags, level sensors. All of it is a claim."""

from __future__ import annotations

from typing import Literal

from fleet.messages.plane import Telemetry

ReaderKind = Literal["vehicle", "gate", "post"]


class SensorsPlaced(Telemetry, frozen=True, kw_only=True):
    """Said once: readers that stand still, bins with a level sensor, and what is to be expected of both.

    A reader is named after the site or point it stands at. `read_share` is how many of the tags in reach one
    look finds. `level_sigma` is a share of `level_capacity_l`. Without tags, or without level sensors, their
    part is empty.
    """

    readers: tuple[str, ...]
    reader_x_m: tuple[float, ...]
    reader_y_m: tuple[float, ...]
    reach_m: float
    read_share: float
    level_points: tuple[str, ...]
    level_capacity_l: float
    level_sigma: float
    level_every_ms: int


class TagsSeen(Telemetry, frozen=True, kw_only=True):
    """Tags that one reader found in one look. `reader` is a vehicle, or the site or point where it stands.

    `vehicle` is who was being unloaded at a gate, or the vehicle that reads; "" at a post. A tag's id is that of
    the pickup it was stuck on, or of something that nobody keeps books of.
    """

    reader: str
    kind: ReaderKind
    vehicle: str
    tags: tuple[str, ...]


class LevelsRead(Telemetry, frozen=True, kw_only=True):
    """How full bins are, as a share of their capacity, all that reported this time: parallel columns."""

    points: tuple[str, ...]
    shares: tuple[float, ...]
