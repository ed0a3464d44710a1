"""Payload: what is in the box is taken, exchanged or called by another name; or something happens on the way."""

from __future__ import annotations

from fleet.base.materials import MATERIALS
from fleet.sim.body import Body, add_to
from fleet.sim.books import KG
from fleet.sim.tampering.detour import UNDECLARED_STOP
from fleet.sim.tampering.primitive import Asked, Parameter, Primitive, Reach
from fleet.sim.tampering.vehicles import Hold, on_vehicles

SKIMMED, SWAPPED_OUT, SWAPPED_IN = ("skimmed", ""), ("swapped-out", ""), ("swapped-in", "")
"""Accounts of what was taken, and of what was put in its place."""

_NAMES = tuple(MATERIALS)


class _Done:
    """Something done at once that cannot be undone."""

    def __init__(self, size: float) -> None:
        self._size = size

    def size(self) -> float:
        return self._size

    def let_go(self) -> None:
        """What is gone is gone."""


def _skim(reach: Reach, asked: Asked, body: Body) -> Hold | str:
    """Take from every material in proportion. Lighter, the vehicle needs less power from now on."""
    mass_kg, load_kg = asked.numbers["mass_kg"], body.load_kg
    if mass_kg > load_kg:
        return f"mass_kg: expected at most what {body.id} carries, {load_kg:.3f}, found {mass_kg:g}"
    books, keep = reach.world.parts.books, 1.0 - mass_kg / load_kg
    taken = {material: (1.0 - keep) * kg for material, kg in body.contents.items()}
    for label in sorted(body.load):
        body.load[label] *= keep
        body.inside[label] = {material: keep * kg for material, kg in body.inside[label].items()}
    body.load_l *= keep
    taken_kg = load_kg - body.load_kg
    books.carry(("aboard", body.id), SKIMMED, taken)
    books.compare(KG, ("aboard", body.id), body.load_kg)
    reach.flights.replan(body)
    return _Done(taken_kg)


def _swap(reach: Reach, asked: Asked, body: Body) -> Hold | str:
    """All there is of one material becomes another of the same mass and volume."""
    out, into = asked.words["material"], asked.words["replacement"]
    if out not in body.load:
        found = ", ".join(sorted(body.load)) or "nothing"
        return f"material: expected what {body.id} carries ({found}), found {out!r}"
    if out == into:
        return f"replacement: expected another material, found {into!r}"
    books, kg, inside = reach.world.parts.books, body.load.pop(out), body.inside.pop(out)
    body.load[into] = body.load.get(into, 0.0) + kg
    add_to(body.inside.setdefault(into, {}), {into: kg})
    books.carry(("aboard", body.id), SWAPPED_OUT, inside)
    books.carry(SWAPPED_IN, ("aboard", body.id), {into: kg})
    books.compare(KG, ("aboard", body.id), body.load_kg)
    return _Done(kg)


class _Mislabelled:
    """A vehicle that calls whatever it collects by one name."""

    def __init__(self, body: Body, label: str) -> None:
        self._body = body
        self._before = body.mislabelled
        body.label = label

    def size(self) -> float:
        return float(self._body.mislabelled - self._before)

    def let_go(self) -> None:
        self._body.label = ""


def _mislabel(reach: Reach, asked: Asked, body: Body) -> Hold | str:
    if body.label:
        return f"{body.id} is made to say {body.label!r} already"
    return _Mislabelled(body, asked.words["material"])


PRIMITIVES = (
    Primitive(
        name="payload.skim",
        target="vehicle",
        parameters=(Parameter("mass_kg", "how much is taken; no more than is on board", 0.001, 1000.0),),
        text="Takes mass out of the box, now, of every material in proportion; volume goes with it. It goes to "
        "the account `skimmed`. The vehicle's own scale shows what is left.",
        where="load_kg in frames and reports falls between stops; weighed_kg at the facility below what was "
        "collected",
        quantity="skimmed_kg",
        begin=on_vehicles(_skim),
    ),
    Primitive(
        name="payload.swap",
        target="vehicle",
        parameters=(
            Parameter("material", "what is taken out, all of it", words=_NAMES),
            Parameter("replacement", "what is put in its place", words=_NAMES),
        ),
        text="All there is of one material in the box becomes another of the same mass and volume. Accounts "
        "`swapped-out` and `swapped-in`. The facility sees what is there: it weighs it in by its true name, or "
        "refuses the load.",
        where="materials in Unloaded that were never collected; UnloadRefused",
        quantity="swapped_kg",
        begin=on_vehicles(_swap),
    ),
    Primitive(
        name="payload.mislabel",
        target="vehicle-or-area",
        parameters=(Parameter("material", "what the vehicle calls whatever it collects", words=_NAMES),),
        text="The vehicle reports a false material for every pickup it collects. What is on board, and what the "
        "facility sees, is the true one; dispatch chooses the facility by the report.",
        where="material in PickupCollected against the request, and against weighed_kg at the facility",
        quantity="mislabelled_pickups",
        begin=on_vehicles(_mislabel),
    ),
    UNDECLARED_STOP,
)
