"""What dispatch makes of plants: stock falls, sites close and open, who was turned away may come again."""

import math

import pytest

from fleet.dispatch.params import DispatchParams
from fleet.dispatch.rounds import make_round
from fleet.messages.orders import FlyRoute
from fleet.messages.plants import SiteClosed, SiteOpened, StockReported
from fleet.messages.reports import PickupCollected, UnloadRefused
from tests.dispatch.desk import Desk, atlas, belief, reported
from tests.sim.toy import waste

ATLAS = atlas()
CLOSED = SiteClosed(site="home")
OPEN = SiteOpened(site="home", kind="manual", licensed=True, recipes=())


def stock(**kg):
    return StockReported(site="home", stock_kg=kg, product_kg={"pulp": 900.0}, byproduct_kg={})


def accepts(mind):
    mind.hear(waste(0).request, 0)
    this = make_round(ATLAS, mind, DispatchParams(), 600_000)
    return {dock.id: bool(dock.accepts) for dock in this.problem.docks}


def test_stock_falls_when_a_plant_says_so():
    mind = belief()
    mind.stock_kg["home"] = 999.0
    assert not accepts(mind)["home"]
    mind.hear(stock(paper=400.0, glass=100.0), 0)
    assert mind.stock_kg == {"home": 500.0}, "what is in its stores does not lie in the way"
    assert accepts(mind)["home"]


@pytest.mark.parametrize("kg", [math.nan, math.inf])
def test_nonsense_is_not_believed(kg):
    mind = belief()
    mind.hear(stock(paper=7.0), 0)
    mind.hear(stock(paper=kg), 0)
    assert mind.stock_kg == {"home": 7.0}


def test_a_closed_site_takes_nothing_in_a_plan_and_opens_again():
    mind = belief()
    assert accepts(mind) == {"home": True, "swap": False, "far": True}
    mind.hear(CLOSED, 0)
    assert accepts(mind) == {"home": False, "swap": False, "far": True}
    mind.hear(OPEN, 0)
    assert accepts(mind)["home"]


def refused(cause):
    return UnloadRefused(facility="home", vehicle="v0", cause=cause)


@pytest.mark.parametrize(
    "cause, news, may",
    [
        ("material", [stock()], False),
        ("material", [OPEN], False),
        ("closed", [], False),
        ("closed", [OPEN], True),
        ("full", [stock(paper=951.0)], False),
        ("full", [stock(paper=949.0)], True),
    ],
)
def test_who_was_turned_away_may_come_again_once_there_is_room(cause, news, may):
    """Its load is 50 kg, and 1000 kg lay there when it was refused."""
    mind = belief()
    mind.hear(stock(paper=1000.0), 0)
    mind.vehicles["v0"].load_kg = 50.0
    mind.hear(refused(cause), 0)
    for body in news:
        mind.hear(body, 0)
    assert ("home" not in mind.vehicles["v0"].refused_by) == may


def test_the_loaded_are_not_sent_where_it_is_closed():
    desk = Desk()
    aboard = PickupCollected(vehicle="v0", pickup_id="p9", material="paper", scale_kg=1.0, volume_l=5.0)
    desk.hear(CLOSED, aboard, reported("v0", load_kg=1.0), reported("v1", state="lost"), seconds=0)
    desk.next_round()
    orders = [m.body for m in desk.commands() if isinstance(m.body, FlyRoute)]
    assert {stop.target for order in orders for stop in order.stops} == {"far"}
