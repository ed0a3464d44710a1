"""Sites where a pad is taken up, a charger is broken, or charging is slow."""

from __future__ import annotations

from fleet.sim.troubles.kind import GUESS, Amount, Happened, Incident, Kind, Reach, seconds
from fleet.sim.yards import Places


def _shut(places: Places) -> Happened:
    places.shut_one()
    return Happened(places.open_one)


def _blocked_pad(reach: Reach, incident: Incident) -> Happened:
    return _shut(reach.yard(incident.entity).pads)


def _broken_charger(reach: Reach, incident: Incident) -> Happened | None:
    chargers = reach.yard(incident.entity).chargers
    return _shut(chargers) if chargers.usable > 1 else None


def _slow_charger(reach: Reach, incident: Incident) -> Happened | None:
    yard = reach.yard(incident.entity)
    if not yard.charger_count:
        return None
    yard.wear.slowness.put("heat", 1.0 + incident.size)
    return Happened(lambda: yard.wear.slowness.drop("heat"))


KINDS = (
    Kind(
        name="site-blocked-pad",
        whom="site",
        rate=0.5,
        size=Amount("pads", 1.0, 1.0, 1.0, 1.0),
        lasts=seconds(900, 1.8, 180, 7200),
        text="A pallet, a cleaner, a vehicle that will not start: one place to unload less.",
        where="`queueing` in reports",
        source=GUESS,
        begin=_blocked_pad,
    ),
    Kind(
        name="site-broken-charger",
        whom="site",
        rate=0.5,
        size=Amount("chargers", 1.0, 1.0, 1.0, 1.0),
        lasts=seconds(5400, 1.6, 900, 21_600),
        text="One place to charge less until somebody has been there; the last one of a site is looked after.",
        where="`queueing` in reports; no Charged from that place",
        source="public chargers in the USA must be up 97 % of the time (23 CFR 680.116): half an outage of 90 min "
        "a day",
        begin=_broken_charger,
    ),
    Kind(
        name="site-slow-charger",
        whom="site",
        rate=0.3,
        size=Amount("share of the time", 0.5, 1.5, 0.1, 2.0),
        lasts=seconds(3600, 1.8, 900, 14_400),
        text="Hot or clumsy: charging, or swapping, takes longer.",
        where="time between `charging` and Charged",
        source=GUESS,
        begin=_slow_charger,
    ),
)
