"""Vehicles that break, are hit, doubt themselves, or take long over a pickup."""

from __future__ import annotations

from fleet.sim.autopilot import Mission
from fleet.sim.body import Body
from fleet.sim.flights import ON_ITS_WAY
from fleet.sim.troubles.kind import GUESS, Amount, Happened, Incident, Kind, Reach, seconds
from fleet.sim.troubles.weather import dragged, in_the_air


def _come_down(reach: Reach, body: Body) -> None:
    """Land, or stop, where it is; what then comes depends on whether it is broken or only held."""
    reach.flights.come_down(body, reach.world.proceed)


def _broken(reach: Reach, incident: Incident) -> Happened | None:
    body = reach.body(incident.entity)
    if not in_the_air(body):
        return None
    cause = incident.id
    body.wear.broken.add(cause)
    _come_down(reach, body)

    def end() -> None:
        """Repaired where it lies, it has forgotten its route and looks for a charger once nothing holds it."""
        body.wear.broken.discard(cause)
        if not (body.phase or body.wear.broken or body.held):
            body.mission = Mission(body.mission.order_id)
            reach.world.proceed(body)

    return Happened(end)


def _hold(reach: Reach, body: Body, cause: str) -> Happened:
    body.wear.held.add(cause)

    def end() -> None:
        body.wear.held.discard(cause)
        if body.state == "grounded" and not (body.phase or body.wear.stays or body.held):
            reach.world.proceed(body)

    return Happened(end)


def _struck(reach: Reach, incident: Incident) -> Happened | None:
    body = reach.body(incident.entity)
    if not in_the_air(body):
        return None
    happened = _hold(reach, body, incident.id)
    _come_down(reach, body)
    return happened


def _doubts(reach: Reach, incident: Incident) -> Happened:
    return _hold(reach, reach.body(incident.entity), incident.id)


def _puncture(reach: Reach, incident: Incident) -> Happened | None:
    body = reach.body(incident.entity)
    if body.airframe.flies or body.phase not in ON_ITS_WAY:
        return None
    happened = _hold(reach, body, incident.id)
    _come_down(reach, body)
    return happened


def _slow_loading(reach: Reach, incident: Incident) -> Happened:
    loading = reach.body(incident.entity).wear.loading_s
    loading.put("jam", incident.size)
    return Happened(lambda: loading.drop("jam"))


_ONE = Amount("vehicles", 1.0, 1.0, 1.0, 1.0)

KINDS = (
    Kind(
        name="vehicle-motor-failure",
        whom="vehicle",
        rate=0.024,
        size=_ONE,
        lasts=seconds(5400, 1.5, 1800, 21_600),
        text="A motor stops. The vehicle lands at once where it is, says that it is lost, and does nothing until "
        "a crew has been there; then it makes for a charger. What is on board stays on board.",
        where="`lost` in a report, far from any stop; later the vehicle is back",
        source="one in 1,000 hours in the air: a guess; how long it takes to fetch is another",
        begin=_broken,
        air=True,
    ),
    Kind(
        name="vehicle-propeller-damage",
        whom="vehicle",
        rate=0.05,
        size=Amount("share of power", 0.08, 1.6, 0.02, 0.25),
        lasts=seconds(10_800, 1.6, 1800, 36_000),
        text="A nick in a blade: more power until somebody changes it.",
        where="battery in frames and reports falls faster on all flights of one vehicle",
        source=GUESS,
        begin=dragged("propeller"),
        air=True,
    ),
    Kind(
        name="vehicle-bird-strike",
        whom="vehicle",
        rate=0.02,
        size=_ONE,
        lasts=seconds(900, 1.5, 400, 3600),
        text="Something hits it. The vehicle lands at once where it is, waits until it has been looked at, and "
        "goes on.",
        where="`grounded` in a report, far from any stop",
        source=GUESS,
        begin=_struck,
        air=True,
    ),
    Kind(
        name="vehicle-self-test",
        whom="vehicle",
        rate=0.2,
        size=_ONE,
        lasts=seconds(600, 1.8, 120, 3600),
        text="Its own checks fail before the next start, for nothing as a rule: it stays on the ground until "
        "somebody has looked.",
        where="`grounded` in a report, with no zone closed",
        source=GUESS,
        begin=_doubts,
    ),
    Kind(
        name="vehicle-puncture",
        whom="vehicle",
        rate=0.2,
        size=_ONE,
        lasts=seconds(1200, 1.5, 300, 3600),
        text="Who travels by street stops where it is, and goes on with another tube.",
        where="`grounded` in a report, between two stops",
        source="one in some 500 km by cargo bike: a guess",
        begin=_puncture,
    ),
    Kind(
        name="vehicle-slow-loading",
        whom="vehicle",
        rate=0.2,
        size=Amount("s", 60.0, 1.8, 10.0, 600.0),
        lasts=seconds(3600, 1.8, 600, 14_400),
        text="The door of the box jams: every pickup takes longer.",
        where="time between `servicing` and PickupCollected; arrivals later than planned",
        source=GUESS,
        begin=_slow_loading,
    ),
)
