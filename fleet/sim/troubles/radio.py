"""The radio link of a vehicle: packets lost, late, doubled, and moments without any."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from fleet.messages.links import Direction, Fault
from fleet.sim.troubles.kind import GUESS, Amount, Begin, Happened, Incident, Kind, Reach, seconds


def _on_links(fault_of: Callable[[float], Fault]) -> Begin:
    """Lays a fault on both links of a vehicle."""

    def begin(reach: Reach, incident: Incident) -> Happened | None:
        road = reach.road
        if road is None:
            return None
        label = f"trouble/{incident.id}"
        for way in get_args(Direction):
            road.afflict(label, incident.entity, way, fault_of(incident.size))
        return Happened(lambda: road.relieve(label))

    return begin


_SILENT = "reports and rows of frames that fail to come; orders without an answer; MessagesLost on the truth plane"

KINDS = (
    Kind(
        name="radio-loss",
        whom="vehicle",
        rate=4.0,
        size=Amount("share of messages", 0.2, 1.5, 0.02, 0.6),
        lasts=seconds(60, 2.0, 10, 600),
        text="Interference: some of what the vehicle says, and some of what it is told, is lost.",
        where=_SILENT,
        source="a drone's radio reaches 1.5 to 3 km in a town with strong interference, a third of what it does "
        "outside (data sheet of the Matrice 30); share and rate are a guess",
        begin=_on_links(lambda share: Fault(loss=share)),
    ),
    Kind(
        name="radio-delay",
        whom="vehicle",
        rate=2.0,
        size=Amount("s", 1.0, 1.7, 0.2, 4.0),
        lasts=seconds(120, 2.0, 20, 900),
        text="A busy cell: what the vehicle says and hears comes late, in its order.",
        where="age of frames; reports heard later than the time they bear",
        source=GUESS,
        begin=_on_links(lambda late_s: Fault(latency_ms=round(1000 * late_s))),
    ),
    Kind(
        name="radio-duplicate",
        whom="vehicle",
        rate=1.0,
        size=Amount("share of messages", 0.1, 1.8, 0.01, 0.5),
        lasts=seconds(60, 2.0, 10, 600),
        text="Acknowledgements are lost, so messages are sent again that were heard.",
        where="reports of one number heard twice; orders refused as replay",
        source=GUESS,
        begin=_on_links(lambda share: Fault(duplicate=share)),
    ),
    Kind(
        name="radio-outage",
        whom="vehicle",
        rate=1.0,
        size=Amount("share of messages", 1.0, 1.0, 1.0, 1.0),
        lasts=seconds(10, 1.8, 4, 60),
        text="Behind a tower: for some seconds nothing gets through, neither way.",
        where=_SILENT,
        source="a link counts as lost after 4 or 5 missed heartbeats of 1 s (MAVLink); how often is a guess",
        begin=_on_links(lambda _: Fault(cut=True)),
    ),
)
