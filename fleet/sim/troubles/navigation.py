"""Satellite navigation without anybody's doing: echoes from walls, and no fix at all in a canyon."""

from __future__ import annotations

import math

from fleet.sim.spoofs import Spoof
from fleet.sim.troubles.kind import GUESS, Amount, Happened, Incident, Kind, Reach, seconds
from fleet.sim.troubles.weather import in_the_air


def _vector(incident: Incident) -> tuple[float, float]:
    angle = 2.0 * math.pi * incident.share
    return incident.size * math.sin(angle), incident.size * math.cos(angle)


def _astray(reach: Reach, incident: Incident, cause: str, spoof: Spoof) -> Happened | None:
    body = reach.body(incident.entity)
    if not in_the_air(body) or body.navigation != "gnss":
        return None
    reach.flights.stray(body, cause, spoof)
    return Happened(lambda: reach.flights.stray(body, cause, None))


def _multipath(reach: Reach, incident: Incident) -> Happened | None:
    return _astray(reach, incident, "multipath", Spoof("bias", *_vector(incident)))


def _outage(reach: Reach, incident: Incident) -> Happened | None:
    happened = _astray(reach, incident, "outage", Spoof("jam", *_vector(incident)))
    if happened is None or happened.end is None:
        return None
    row, found_again = reach.body(incident.entity).index, happened.end
    reach.motion.lies.shaded.add(row)

    def end() -> None:
        reach.motion.lies.shaded.discard(row)
        found_again()

    return Happened(end)


KINDS = (
    Kind(
        name="gnss-multipath",
        whom="vehicle",
        rate=8.0,
        size=Amount("m", 6.0, 1.5, 2.0, 12.0),
        lasts=seconds(45, 1.4, 20, 120),
        text="Echoes from walls: the fix is off by some metres in one direction, the autopilot believes it, and "
        "is as far off its track. It still finds bin and pad by eye. A receiver that is tampered with shows "
        "nothing else.",
        where="ranges of anchors against the place in frames; true place",
        source="2 m in the open, 2 to 5 times that in street canyons, for 30 to 60 s (data set of the Matrice "
        "100; GPS SPS standard 2020); how often is a guess",
        begin=_multipath,
        air=True,
    ),
    Kind(
        name="gnss-outage",
        whom="vehicle",
        rate=1.0,
        size=Amount("m/s", 0.05, 1.5, 0.02, 0.10),
        lasts=seconds(40, 1.6, 10, 110),
        text="Too few satellites: no fix. The autopilot reckons on from its own velocity, with a small error, and "
        "knows its place again afterwards.",
        where="NaN in x_m and y_m of frames, in the air",
        source=GUESS,
        begin=_outage,
        air=True,
    ),
)
