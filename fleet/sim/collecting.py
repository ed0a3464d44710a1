"""What happens when a vehicle takes a pickup's waste on board: it is booked, weighed and reported."""

from __future__ import annotations

from fleet.messages.reports import PickupCollected
from fleet.sim.body import Body, Waste
from fleet.sim.books import ITEMS, KG
from fleet.sim.parts import Parts


def fits(body: Body, waste: Waste) -> bool:
    """Whether a vehicle can take what lies there on top of what it has."""
    kind = body.kind
    return (
        body.load_kg + waste.kg <= kind.payload_kg
        and body.load_l + waste.litres <= kind.volume_l + 1e-9
        and (kind.hazmat or not waste.hazardous)
    )


def collect(p: Parts, body: Body, waste: Waste) -> PickupCollected:
    """Take it on board, weigh it, and say so; what was said."""
    waste.there = False
    body.take(waste.material, waste.contents, waste.litres)
    waiting, aboard = ("waiting", waste.id), ("aboard", body.id)
    p.books.carry(waiting, aboard, waste.contents)
    p.books.transfer(ITEMS, waiting, aboard, 1)
    p.books.compare(KG, waiting, 0.0)
    p.books.compare(KG, aboard, body.load_kg)
    material = body.label or waste.tag or waste.material
    body.mislabelled += material != waste.material and bool(body.label)
    body.weighings += 1
    body.scale_error = 1.0 + p.scale_sigma * p.scale_noise.one_normal(body.index, body.weighings)
    wear = body.wear
    shown = waste.kg * body.scale_error * wear.scale.product + wear.scale_zero_kg.total
    report = PickupCollected(
        vehicle=body.id,
        pickup_id=waste.id,
        material=material,
        scale_kg=max(0.0, round(shown, 3)),
        volume_l=round(waste.litres, 1),
    )
    body.port.say(report)
    return report
