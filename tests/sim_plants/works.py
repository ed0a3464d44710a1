"""The toy world's sites as plants, with loads that come from nowhere, so that only the plants are looked at."""

from fleet.messages.plants import StockReported
from fleet.sim.body import add_to
from fleet.sim.plants.params import PlantsParams
from fleet.sim.plants.plant import Plant
from tests.sim.toy import Toy

HOUR_S = 3600
GENERATED = ("generated", "")


def plants(*sites, **rest) -> PlantsParams:
    return PlantsParams.model_validate({"sites": list(sites), **rest})


class Works:
    """A toy world with plants, which nobody flies to."""

    def __init__(self, *sites, end_h=24, start_hour=8.0, setting=None, **rest) -> None:
        self.toy = Toy(
            plants=plants(*sites, **rest), waiting=(), end_ms=end_h * 3_600_000, start_hour=start_hour,
            **(setting or {}),
        )  # fmt: skip
        self.books = self.toy.books

    def plant(self, site="home") -> Plant:
        return self.toy.annexes.plants.sites[site]

    def load(self, site="home", **labels) -> "Works":
        """Unload so much of each label: kilograms of what it is called, or what is really in it."""
        inside = {
            label.replace("_", "-"): contents
            if isinstance(contents, dict)
            else {label.replace("_", "-"): contents}
            for label, contents in labels.items()
        }
        yard = self.toy.world.parts.yards[site]
        for contents in inside.values():
            self.books.carry(GENERATED, ("stock", site), contents)
            add_to(yard.stock, contents)
        yard.arrived(inside)
        return self

    def run(self, hours: float) -> "Works":
        self.toy.kernel.advance(self.toy.kernel.now_ms + round(3_600_000 * hours))
        self.toy.said += self.toy.bus.turn()
        return self

    def close(self) -> "Works":
        self.toy.close()
        return self

    def heard(self, kind, site="home") -> list:
        return [m.body for m in self.toy.said if isinstance(m.body, kind) and getattr(m.body, "site", "") == site]

    def account(self, ledger: str, kind: str) -> float:
        return self.books.totals(ledger).get(kind, 0.0)

    def last_report(self, site="home") -> StockReported:
        return self.heard(StockReported, site)[-1]
