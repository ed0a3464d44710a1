"""What the gate's tests have in common: whom the gate trusts, what is told at it, and what comes in."""

from __future__ import annotations

from fleet.messages.envelope import Envelope
from fleet.messages.notices import CityMap
from fleet.messages.reports import UnloadRefused
from fleet.messages.roles import MAY_SAY
from fleet.messages.seal import KeyPair
from tests.bus.visitor import until
from tests.messages.runs import RUN

KIM = KeyPair(b"k" * 32, RUN)
TRUSTED = {"operator/kim": (KIM.public, MAY_SAY["operator"])}
CITY = CityMap(geojson="{}", origin_lon=7.0, origin_lat=43.0, crs="+proj=aeqd")


def told(number, body=None, sender="a"):
    return Envelope(
        sender=sender,
        seq=number,
        t_ms=0,
        body=body or UnloadRefused(facility=f"f{number}", vehicle="v", cause="full"),
    )


def taken(gate, tick):
    """What the next `take` gives, as soon as it gives anything; looked for as a run does."""

    def look():
        gate.take_control()
        return gate.take(tick)

    return until(look)
