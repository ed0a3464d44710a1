"""Down links live: an order that is late, lost, doubled or changed on its way; and what is refused."""

import pytest

from fleet.sim.tampering import discover
from fleet.sim.tampering.checks import check_refusals
from tests.journeys.cases_link import DOWN_CASES
from tests.journeys.live import start
from tests.journeys.stages import Town
from tests.journeys.test_primitives import CORNERS, TOWN, hold


@pytest.mark.slow
@pytest.mark.parametrize("stage", [CORNERS, TOWN])
@pytest.mark.parametrize("primitive", sorted(DOWN_CASES))
def test_what_a_vehicle_is_told(primitive, stage):
    hold(DOWN_CASES[primitive], stage)


SOUND = {
    "link.drop": start("link.drop", "v0"),
    "link.delay": start("link.delay", "v0", delay_s=3.0),
    "link.replay": start("link.replay", "area", x_m=0.0, y_m=0.0, radius_m=50.0),
    "link.rewrite": start("link.rewrite", "v1", field="x_m", plus=3.0),
    "bus.flood": start("bus.flood", "command"),
    "bus.slow-reader": start("bus.slow-reader", "v0"),
    "bus.cut": start("bus.cut", "v0", for_s=9.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SOUND))
def test_what_is_wrong_with_a_request_is_named(name):
    check_refusals(lambda asks: Town(1).live(asks).heard, discover()[name], SOUND[name], at_tick=200)
