"""A city that digests its waste: what is found is sent back and fetched, and closed sites are passed by."""

from pathlib import Path

import pytest

from fleet.app.load import load_scenario
from fleet.app.run import Runner
from fleet.bus.memory import MemoryBus
from fleet.messages.plants import Assayed, BatchEnded, LineStopped, SiteClosed, StockReported
from fleet.messages.reports import PickupCollected, PickupRequested, Unloaded, UnloadRefused
from fleet.messages.truth import WorldClosed
from fleet.record.digest import Digest
from tests.journeys.stages import Ear

CONFIGS = Path(__file__).parents[2] / "configs"


class Lived:
    """A scenario, run once."""

    def __init__(self, name, *changes):
        parts = load_scenario(CONFIGS / f"{name}.yaml", changes).build(MemoryBus)
        ear, self.digest = Ear(), Digest()
        Runner(parts, [ear, self.digest]).run()
        self.heard, self.world = ear.heard, parts.world

    def of(self, kind, **fields):
        found = [m.body for _, m in self.heard if isinstance(m.body, kind)]
        return [b for b in found if all(getattr(b, name) == value for name, value in fields.items())]


@pytest.fixture(scope="module")
def day():
    return Lived("plants")


def test_everything_happens_on_the_example_day(day):
    sites = {body.site for body in day.of(BatchEnded)}
    assert sites == {"plant", "nanofactory", "workshop"}
    assert day.of(Assayed)
    assert {body.cause for body in day.of(LineStopped)} >= {"no-input", "no-room", "closed"}
    (closed,) = day.of(WorldClosed)
    assert max(closed.residual_kg, closed.residual_wh, closed.residual_items) < 1e-6
    assert closed.kg["lost"] > 0.0 > closed.kg["generated"]


def test_batteries_that_nobody_declared_end_in_the_reservoir(day):
    """They come as plastics and mixed waste, are found by an assay or a sorting line, and fetched."""
    asked = [b for b in day.of(PickupRequested) if b.requester in ("plant", "nanofactory")]
    assert {b.material for b in asked} == {"batteries"}
    assert {b.requester for b in asked} == {"plant", "nanofactory"}
    fetched = [b for b in day.of(PickupCollected) if "/sent-back/" in b.pickup_id]
    assert len(fetched) > 5
    brought = sum(b.weighed_kg.get("batteries", 0.0) for b in day.of(Unloaded, facility="reservoir"))
    assert brought == pytest.approx(sum(b.scale_kg for b in fetched), rel=0.05)
    assert day.world.parts.yards["reservoir"].stock["batteries"] == pytest.approx(120.0 + brought, rel=0.02)
    assert not [b for b in day.of(Unloaded) if "batteries" in b.weighed_kg and b.facility != "reservoir"]


def test_what_dispatch_hears_of_stock_is_near_what_there_is(day):
    for site, yard in day.world.parts.yards.items():
        reports = day.of(StockReported, site=site)
        if reports and site != "reservoir":
            assert sum(reports[-1].stock_kg.values()) == pytest.approx(yard.stock_kg, rel=0.1, abs=12.0)


def test_the_same_day_is_the_same_day():
    changes = ("run.duration_h=1",)
    assert Lived("plants", *changes).digest.hexdigest() == Lived("plants", *changes).digest.hexdigest()


SECOND = "facilities=[{id: pad-1, accepts: [mixed, paper, glass, organics], capacity_kg: 900}]"


@pytest.fixture(scope="module")
def shut():
    """The plant shuts half an hour before the end; a second one stays open."""
    return Lived("four-corners", SECOND, "plants.sites=[{site: plant, closes_at: '09:00'}]")


def test_a_site_that_closes_takes_nothing_more_and_the_fleet_goes_elsewhere(shut):
    ((closed_ms),) = [m.t_ms for _, m in shut.heard if isinstance(m.body, SiteClosed) and m.body.site == "plant"]
    assert closed_ms == 3_600_000
    late = [(m.t_ms, m.body) for _, m in shut.heard if isinstance(m.body, Unloaded) and m.t_ms > closed_ms]
    assert [body for _, body in late if body.facility == "plant"] == []
    elsewhere = [body for _, body in late if body.facility == "pad-1"]
    assert len(elsewhere) > 5
    turned_away = {body.vehicle for body in shut.of(UnloadRefused, cause="closed")}
    assert turned_away <= {body.vehicle for body in elsewhere}, "who stood before a closed gate went on"


def test_who_stands_before_a_closed_gate_goes_elsewhere():
    """Four times a closing at another minute: somebody is always on the way."""
    found = 0
    for minute in (40, 47, 52, 58):
        lived = Lived("four-corners", SECOND, f"plants.sites=[{{site: plant, closes_at: '08:{minute}'}}]")
        refused = lived.of(UnloadRefused, cause="closed")
        found += len(refused)
        assert {b.vehicle for b in refused} <= {b.vehicle for b in lived.of(Unloaded, facility="pad-1")}
    assert found > 0
