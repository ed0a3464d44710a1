"""Instruments that drift or die: scales, meters, gauges, anchors. What they say is off; what is there is not."""

from __future__ import annotations

from fleet.sim.troubles.kind import GUESS, Amount, Happened, Incident, Kind, Reach, seconds
from fleet.sim.wear import Factors, Sums

_NAME = "drift"


def _factor(factors: Factors, share: float) -> Happened:
    factors.put(_NAME, 1.0 + share)
    return Happened(lambda: factors.drop(_NAME))


def _offset(sums: Sums, amount: float) -> Happened:
    sums.put(_NAME, amount)
    return Happened(lambda: sums.drop(_NAME))


def _scale(reach: Reach, incident: Incident) -> Happened:
    return _factor(reach.body(incident.entity).wear.scale, incident.size)


def _zero(reach: Reach, incident: Incident) -> Happened:
    return _offset(reach.body(incident.entity).wear.scale_zero_kg, incident.size)


def _weighbridge(reach: Reach, incident: Incident) -> Happened | None:
    yard = reach.yard(incident.entity)
    return _factor(yard.wear.scale, incident.size) if yard.accepts else None


def _weighbridge_zero(reach: Reach, incident: Incident) -> Happened | None:
    yard = reach.yard(incident.entity)
    return _offset(yard.wear.scale_zero_kg, incident.size) if yard.accepts else None


def _meter(reach: Reach, incident: Incident) -> Happened | None:
    yard = reach.yard(incident.entity)
    return _factor(yard.wear.meter, incident.size) if yard.charger_count else None


def _gauge(reach: Reach, incident: Incident) -> Happened:
    body, lies = reach.body(incident.entity), reach.motion.lies
    full_wh = body.kind.battery_wh
    lies.shift_gauge(body.index, _NAME, incident.size * full_wh, full_wh)
    return Happened(lambda: lies.right_gauge(body.index, _NAME))


def _anchor(reach: Reach, incident: Incident) -> Happened:
    dead, number = reach.motion.lies.anchors.broken, reach.anchors[incident.entity]
    dead.add(number)
    return Happened(lambda: dead.discard(number))


KINDS = (
    Kind(
        name="instrument-scale-drift",
        whom="vehicle",
        rate=0.05,
        size=Amount("share of the reading", 0.02, 1.8, 0.005, 0.10, signed=True),
        lasts=None,
        text="The scale on board has lost its calibration: all that it weighs is too much, or too little.",
        where="scale_kg of one vehicle against weighed_kg at the facilities",
        source="load cells are good for 1 % of full scale; OIML R 76 allows in service twice what it allows new; "
        "how often is a guess",
        begin=_scale,
    ),
    Kind(
        name="instrument-scale-zero",
        whom="vehicle",
        rate=0.1,
        size=Amount("kg", 0.05, 2.0, 0.01, 0.50, signed=True),
        lasts=seconds(14_400, 1.5, 3600, 36_000),
        text="Dirt in the box, or a tilted pad at taring: every weighing is off by the same mass.",
        where="scale_kg against weighed_kg, the same for small and large pickups",
        source=GUESS,
        begin=_zero,
    ),
    Kind(
        name="instrument-weighbridge-drift",
        whom="site",
        rate=0.1,
        size=Amount("share of the reading", 0.01, 1.8, 0.002, 0.05, signed=True),
        lasts=None,
        text="A site's scale has drifted since it was last verified.",
        where="weighed_kg of one site against scale_kg of whoever comes",
        source="in-service limits of class III scales, OIML R 76; how often is a guess",
        begin=_weighbridge,
    ),
    Kind(
        name="instrument-weighbridge-zero",
        whom="site",
        rate=0.1,
        size=Amount("kg", 0.1, 2.0, 0.02, 1.0, signed=True),
        lasts=seconds(7200, 2.0, 900, 36_000),
        text="Something lies on a site's scale: every reading is off by the same mass.",
        where="weighed_kg of one site, the same for small and large loads",
        source=GUESS,
        begin=_weighbridge_zero,
    ),
    Kind(
        name="instrument-meter-offset",
        whom="site",
        rate=0.1,
        size=Amount("share of the reading", 0.01, 1.6, 0.003, 0.05, signed=True),
        lasts=None,
        text="A site's electricity meter is off; what is drawn is what it was.",
        where="drawn_wh against delivered_wh of one site",
        source="class 1 meters may be 1 % off, IEC 62053-21; how often is a guess",
        begin=_meter,
    ),
    Kind(
        name="instrument-gauge-error",
        whom="vehicle",
        rate=0.1,
        size=Amount("share of a full battery", 0.02, 1.5, 0.005, 0.05, signed=True),
        lasts=seconds(21_600, 1.5, 3600, 86_400),
        text="The battery's gauge shows more or less than is left. The autopilot goes by it, chargers do not.",
        where="battery_wh in frames and reports against energy flown and metered",
        source=GUESS,
        begin=_gauge,
    ),
    Kind(
        name="instrument-anchor-death",
        whom="anchor",
        rate=0.03,
        size=Amount("anchors", 1.0, 1.0, 1.0, 1.0),
        lasts=seconds(14_400, 2.0, 1800, 86_400),
        text="An anchor on a roof is dead: it ranges to nobody until somebody has been there.",
        where="no ranges from that anchor",
        source="2 to 5 % of reports of sensors in the field are missing; how many for dead ones is a guess",
        begin=_anchor,
    ),
)
