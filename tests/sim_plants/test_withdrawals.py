"""Who has stock given out, how much of it, and what the scale has to do with it."""

import pytest

from fleet.messages.plane import Plane
from fleet.messages.plants import StockReported, Withdrawn, WithdrawStock
from fleet.messages.reports import OrderAnswered
from fleet.messages.roles import STOCK_VERBS
from fleet.messages.seal import KeyPair
from tests.messages.runs import RUN
from tests.sim.toy import THIEF
from tests.sim_plants.works import Works

LIMITS = {"most_kg": 10, "most_kg_per_day": 25, "operators": ["kim"], "bearers": ["lab", "school"]}
SITE = {"site": "home", "scale_sigma": 0.0, "stock_kg": {"glass": 30, "paper": 5}, "withdrawals": LIMITS}
KIM = KeyPair(bytes([41]) * 32, RUN)


def works(**changes) -> Works:
    there = Works({**SITE, **changes})
    for name in ("kim", "bea"):
        there.toy.world.parts.stock_trust.trust(f"operator/{name}", KIM.public, STOCK_VERBS, RUN)
    return there


def order(there, sender="operator/kim", key=KIM, **changes):
    asked = {"order_id": "w", "site": "home", "material": "glass", "kg": 4.0, "bearer": "lab", **changes}
    there.toy.bus.port(sender, key).say_signed(WithdrawStock(**asked))
    there.toy.run(2)
    return [m.body.cause for m in there.toy.said if isinstance(m.body, OrderAnswered)][-1]


def glass(there) -> float:
    return there.plant().yard.stock["glass"]


def test_stock_is_given_out_and_said():
    there = works()
    assert order(there) == ""
    assert glass(there) == pytest.approx(26.0)
    assert there.heard(Withdrawn) == [
        Withdrawn(site="home", order_id="w", material="glass", scale_kg=4.0, bearer="lab")
    ]
    assert there.heard(StockReported)[-1].stock_kg == {"glass": 26.0, "paper": 5.0}
    there.close()
    assert there.account("kg", "withdrawn") == pytest.approx(4.0)


@pytest.mark.parametrize(
    "changes, cause",
    [
        ({"sender": "operator/joe"}, "unknown-key"),
        ({"key": THIEF}, "bad-signature"),
        ({"sender": "operator/bea"}, "not-allowed"),
        ({"bearer": "dealer"}, "unknown-bearer"),
        ({"bearer": ""}, "malformed"),
        ({"kg": -1.0}, "malformed"),
        ({"kg": float("inf")}, "malformed"),
        ({"kg": 11.0}, "too-much"),
        ({"material": "paper", "kg": 6.0}, "not-enough"),
        ({"material": "gold"}, "not-enough"),
        ({"site": "far"}, "no-withdrawals"),
        ({"site": "nowhere"}, "unknown-site"),
    ],
)
def test_a_refusal_has_a_cause_and_moves_nothing(changes, cause):
    there = works()
    assert order(there, **changes) == cause
    assert there.plant().yard.stock == {"glass": 30.0, "paper": 5.0}
    assert there.heard(Withdrawn) == []
    there.close()


def test_a_day_has_its_limit_and_the_next_one_its_own():
    there = works()
    assert [order(there, kg=10.0), order(there, kg=10.0), order(there, kg=6.0)] == ["", "", "too-much-today"]
    assert order(there, kg=5.0) == ""
    there.toy.kernel.advance(86_400_000)
    there.toy.tick = 86_400
    assert order(there, kg=5.0) == ""
    assert there.plant().yard.stock.get("glass", 0.0) == pytest.approx(0.0, abs=1e-9)
    assert there.account("kg", "withdrawn") == pytest.approx(30.0)


@pytest.mark.parametrize(
    "changes, cause", [({"closes_at": "08:00"}, "closed"), ({"withdrawals": None}, "no-withdrawals")]
)
def test_a_site_that_is_closed_or_gives_nothing_out(changes, cause):
    assert order(works(**changes)) == cause


def test_a_false_scale_gives_out_too_much():
    """It shows four kilograms where there are five."""
    there = works()
    there.plant().yard.wear.scale.put("test", 0.8)
    assert order(there) == ""
    assert glass(there) == pytest.approx(25.0)
    assert there.heard(Withdrawn)[0].scale_kg == 4.0


def test_what_is_given_out_is_what_lies_on_the_pile():
    there = works()
    there.load(glass={"glass": 20.0, "batteries": 10.0})
    assert order(there, kg=6.0) == ""
    stock = there.plant().yard.stock
    assert (stock["glass"], stock["batteries"]) == (pytest.approx(45.0), pytest.approx(9.0))


def test_an_order_counts_once():
    there = works()
    port = there.toy.bus.port("operator/kim", KIM)
    seq = port.say_signed(WithdrawStock(order_id="w", site="home", material="glass", kg=4.0, bearer="lab"))
    there.toy.run(2)
    again = next(m for m in there.toy.said if m.body.plane is Plane.COMMAND and m.seq == seq)
    there.toy.bus.port("operator/kim").forward(again)
    there.toy.run(2)
    assert [m.body.cause for m in there.toy.said if isinstance(m.body, OrderAnswered)] == ["", "replay"]
    assert glass(there) == pytest.approx(26.0)
