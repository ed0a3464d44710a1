"""The end of a run: every flight is settled, every holder is held against the books, and the truth is told."""

from __future__ import annotations

from fleet.messages.truth import WorldClosed
from fleet.sim.books import CREDITS, FAMILIES, ITEMS, KG, WH
from fleet.sim.parts import Parts


def settle(p: Parts) -> None:
    """Settle and compare vehicles, sites and pickups. Raises `BooksError` where something is lost."""
    for body in p.bodies:
        p.flights.settle(body)
        p.books.compare(WH, ("battery", body.id), float(p.motion.battery_wh[body.index]))
        p.books.compare_contents(("aboard", body.id), body.contents)
        p.books.compare(ITEMS, ("aboard", body.id), body.items)
    for yard in p.yards.values():
        p.books.compare_contents(("stock", yard.id), yard.stock)
        p.books.compare(ITEMS, ("stock", yard.id), yard.items)
    for waste in p.waste.values():
        p.books.compare_contents(("waiting", waste.id), waste.contents if waste.there else {})


def tell(p: Parts) -> None:
    """Say what the books came to."""
    books = p.books

    def rounded(ledger: str) -> dict[str, float]:
        return {kind: round(amount, 6) for kind, amount in books.totals(ledger).items()}

    p.truth.say(
        WorldClosed(
            residual_kg=books.residual[KG],
            residual_wh=books.residual[WH],
            residual_items=books.residual[ITEMS],
            residual_credits=books.residual[CREDITS],
            kg=rounded(KG),
            wh=rounded(WH),
            ledgers={ledger: rounded(ledger) for ledger in books.ledgers if ledger not in FAMILIES[:2]},
        )
    )
