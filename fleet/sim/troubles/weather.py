"""Weather that befalls single vehicles, or the whole city: the motors draw more, or the ground goes by slower."""

from __future__ import annotations

from fleet.sim.body import Body
from fleet.sim.flights import IN_THE_AIR
from fleet.sim.troubles.kind import GUESS, Amount, Begin, Happened, Incident, Kind, Reach, seconds


def in_the_air(body: Body) -> bool:
    """Whether it flies, and is not on the ground."""
    return body.airframe.flies and body.phase in IN_THE_AIR


def dragged(name: str) -> Begin:
    """A vehicle in the air draws `size` more, as a share."""

    def begin(reach: Reach, incident: Incident) -> Happened | None:
        body = reach.body(incident.entity)
        if not in_the_air(body):
            return None
        drag = body.wear.drag
        drag.put(name, 1.0 + incident.size)
        reach.fly_on(body)

        def end() -> None:
            drag.drop(name)
            reach.fly_on(body)

        return Happened(end)

    return begin


def _headwind(reach: Reach, incident: Incident) -> Happened | None:
    body = reach.body(incident.entity)
    if not in_the_air(body):
        return None
    body.wear.pace.put("headwind", 1.0 - incident.size)
    reach.fly_on(body)

    def end() -> None:
        body.wear.pace.drop("headwind")
        reach.fly_on(body)

    return Happened(end)


def _rain(reach: Reach, incident: Incident) -> Happened | None:
    flying = [body for body in reach.parts.bodies if body.airframe.flies]
    for body in flying:
        body.wear.drag.put("rain", 1.0 + incident.size)
        reach.fly_on(body)

    def end() -> None:
        for body in flying:
            body.wear.drag.drop("rain")
            reach.fly_on(body)

    return Happened(end)


_SHOWS = "battery in frames and reports falls faster than on other flights"

KINDS = (
    Kind(
        name="weather-gust",
        whom="vehicle",
        rate=6.0,
        size=Amount("share of power", 0.10, 1.6, 0.02, 0.30),
        lasts=seconds(60, 2.0, 20, 300),
        text="Gusts: to hold its track the vehicle draws more for a minute.",
        where=_SHOWS,
        source="a 3 s gust is 1.66 times the mean of 10 min inland (Harper, Kepert, Ginger, WMO/TD-No. 1555, 2010)"
        "; what that costs, and how often, is a guess",
        begin=dragged("gust"),
        air=True,
    ),
    Kind(
        name="weather-turbulence",
        whom="vehicle",
        rate=3.0,
        size=Amount("share of power", 0.04, 1.5, 0.01, 0.12),
        lasts=seconds(600, 1.8, 120, 2400),
        text="Rough air over warm roofs: a little more power for some minutes.",
        where=_SHOWS,
        source="flights of one drone differ by 3 to 5 % (68 flights, Rodrigues et al. 2022); how often is a guess",
        begin=dragged("turbulence"),
        air=True,
    ),
    Kind(
        name="weather-headwind",
        whom="vehicle",
        rate=2.0,
        size=Amount("share of speed", 0.15, 1.5, 0.03, 0.40),
        lasts=seconds(300, 2.0, 60, 1200),
        text="A wind along a street canyon that no forecast has: less way over ground at the same power.",
        where="speed in frames below the cruising speed in the day's wind; arrivals later than planned",
        source=GUESS,
        begin=_headwind,
        air=True,
    ),
    Kind(
        name="weather-icing",
        whom="vehicle",
        rate=0.02,
        size=Amount("share of power", 0.15, 1.5, 0.05, 0.40),
        lasts=seconds(1200, 1.5, 300, 3600),
        text="Ice or wet snow on the rotors: they need more power until it has gone.",
        where=_SHOWS,
        source=GUESS,
        begin=dragged("icing"),
        air=True,
    ),
    Kind(
        name="weather-rain",
        whom="city",
        rate=0.5,
        size=Amount("share of power", 0.04, 1.5, 0.01, 0.10),
        lasts=seconds(2400, 2.0, 600, 10_800),
        text="A shower over the whole city: everything that flies is wet and draws more. Radio does not mind.",
        where="battery in frames of the whole fleet at once",
        source="rain takes under 0.1 dB/km from links below 6 GHz (ITU-R P.838); the rest is a guess",
        begin=_rain,
    ),
)
