"""Pickups that are not what was asked for: empty, too much, mixed with something else, out of reach."""

from __future__ import annotations

from fleet.base.materials import MATERIALS
from fleet.sim.body import Waste
from fleet.sim.books import GENERATED, ITEMS, KG
from fleet.sim.calls import vain_call
from fleet.sim.troubles.kind import GUESS, Amount, Happened, Incident, Kind, Reach, seconds

ELSEWHERE = ("taken-elsewhere", "")
"""The account of what somebody took away before the fleet came."""


def _waiting(reach: Reach, incident: Incident) -> Waste | None:
    """What lies there, while it does."""
    waste = reach.parts.waste.get(incident.entity)
    return waste if waste is not None and waste.there else None


def _emptied(reach: Reach, incident: Incident) -> Happened | None:
    waste = _waiting(reach, incident)
    if waste is None:
        return None
    books, waiting = reach.books, ("waiting", waste.id)
    books.carry(waiting, ELSEWHERE, waste.contents)
    books.transfer(ITEMS, waiting, ELSEWHERE, 1)
    waste.there = False
    books.compare_contents(waiting, {})
    return Happened(size=waste.kg)


def _called_in_vain(reach: Reach, incident: Incident) -> Happened | None:
    parts, now = reach.parts, reach.kernel.now_ms
    asked = next(((at, r) for at, r in parts.day if r.pickup_id == incident.entity), None)
    if asked is None:
        return None
    announced_ms, like = asked
    reach.world.announce(vain_call(parts, like, now - announced_ms))
    return Happened()


def _overfull(reach: Reach, incident: Incident) -> Happened | None:
    """More of everything, pressed into the same volume."""
    waste = _waiting(reach, incident)
    if waste is None:
        return None
    more = {material: incident.size * kg for material, kg in waste.contents.items()}
    waste.contents = {material: kg + more[material] for material, kg in waste.contents.items()}
    waste.kg = sum(waste.contents.values())
    waiting = ("waiting", waste.id)
    reach.books.carry(GENERATED, waiting, more)
    reach.books.compare_contents(waiting, waste.contents)
    return Happened()


def _contaminated(reach: Reach, incident: Incident) -> Happened | None:
    """A part of it was never what it is called."""
    waste = _waiting(reach, incident)
    ordinary = sorted(name for name, material in MATERIALS.items() if not material.hazardous)
    stranger = ordinary[int(incident.share * len(ordinary))]
    if waste is None or set(waste.contents) == {stranger}:
        return None
    gone = {m: incident.size * kg for m, kg in waste.contents.items() if m != stranger}
    kept = {m: kg - gone.get(m, 0.0) for m, kg in waste.contents.items()}
    came = {stranger: sum(gone[m] for m in sorted(gone))}
    waste.contents = {**kept, stranger: kept.get(stranger, 0.0) + came[stranger]}
    waiting = ("waiting", waste.id)
    reach.books.carry(waiting, GENERATED, gone)
    reach.books.carry(GENERATED, waiting, came)
    waste.kg = sum(waste.contents.values())
    reach.books.compare(KG, waiting, waste.kg)
    reach.books.compare_contents(waiting, waste.contents)
    return Happened(size=came[stranger] / waste.kg)


def _mis_tagged(reach: Reach, incident: Incident) -> Happened | None:
    waste = _waiting(reach, incident)
    if waste is None:
        return None
    others = sorted(name for name in MATERIALS if name != waste.material)
    waste.tag = others[int(incident.share * len(others))]
    return Happened()


def _blocked(reach: Reach, incident: Incident) -> Happened | None:
    waste = _waiting(reach, incident)
    if waste is None:
        return None
    waste.blocked += 1

    def end() -> None:
        waste.blocked -= 1

    return Happened(end)


_ONE = Amount("pickups", 1.0, 1.0, 1.0, 1.0)

KINDS = (
    Kind(
        name="pickup-empty-bin",
        whom="pickup",
        rate=0.005,
        size=Amount("kg", 1.0, 1.0, 1.0, 1.0),
        lasts=None,
        text="Somebody else takes it away, or thinks better of it, and nobody tells. Account `taken-elsewhere`.",
        where="PickupFailed with cause `gone`",
        source=GUESS,
        begin=_emptied,
        after_s=900.0,
    ),
    Kind(
        name="pickup-false-call",
        whom="pickup",
        rate=0.003,
        size=_ONE,
        lasts=None,
        text="The place is called out a second time, for nothing: an impatient citizen, or an echo in a level "
        "sensor.",
        where="two requests from one place; PickupFailed with cause `gone`",
        source="level sensors err by 5 % (one sigma) and miss 2 to 5 % of their reports; the share is a guess",
        begin=_called_in_vain,
        after_s=1800.0,
    ),
    Kind(
        name="pickup-overfull",
        whom="pickup",
        rate=0.01,
        size=Amount("share of the mass", 0.3, 1.6, 0.05, 2.0),
        lasts=None,
        text="More was pressed in than anybody declared: the same volume weighs more.",
        where="scale_kg above declared_kg; PickupFailed with cause `does-not-fit`",
        source="loose glass weighs 225 to 415 kg/m3, cans 30 to 44 (US EPA 2016): up to 1.8 times as much in the "
        "same volume; the share is a guess",
        begin=_overfull,
    ),
    Kind(
        name="pickup-contamination",
        whom="pickup",
        rate=0.01,
        size=Amount("share of the mass", 0.1, 1.8, 0.02, 0.5),
        lasts=None,
        text="Part of it is not what it is called; nobody sees before it is sorted.",
        where="what plants find in it",
        source="15 to 25 % of collected bottles is caps, labels and fines; the share of pickups is a guess",
        begin=_contaminated,
    ),
    Kind(
        name="pickup-mis-tag",
        whom="pickup",
        rate=0.003,
        size=_ONE,
        lasts=None,
        text="The tag on it names another material, and so does the vehicle's report.",
        where="material in PickupCollected against the request, and against weighed_kg at the facility",
        source="item tags are read in 9 of 10 cases, 3 to 6 of 10 on metal; how many read wrong is a guess",
        begin=_mis_tagged,
    ),
    Kind(
        name="pickup-blocked",
        whom="pickup",
        rate=0.003,
        size=_ONE,
        lasts=seconds(2700, 1.7, 300, 14_400),
        text="A parked van, a locked gate: who comes meanwhile does not find it.",
        where="PickupFailed with cause `not-found`",
        source=GUESS,
        begin=_blocked,
        after_s=600.0,
    ),
)
