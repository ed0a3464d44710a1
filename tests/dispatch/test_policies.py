"""When rounds are held and what leaving a pickup for later costs: by hand, without a world."""

from dataclasses import replace

import pytest

from fleet.dispatch.params import DispatchParams
from fleet.dispatch.planning import policy_of
from fleet.dispatch.policies import Experience, Outlook, discover
from fleet.dispatch.policies.at_once import AtOnce, AtOnceParams
from fleet.dispatch.policies.batch import Batch
from fleet.dispatch.policies.postpone import Postpone, PostponeParams
from fleet.messages.orders import FlyRoute, PlanPublished
from fleet.plan.problem import Pickup
from tests.dispatch.desk import Desk, planned, reported
from tests.sim.toy import waste

MINUTE = 60_000
HOUR = 60 * MINUTE
PATIENT = Postpone(5 * MINUTE, 0.8, 30 * MINUTE)
USUAL = Experience(cost=300_000.0, work_ms=400_000.0, pickups=50.0)


def pickup(number=0, latest_ms=4 * HOUR, penalty=2_000_000):
    return Pickup(f"p{number}", 0, "paper", 1.0, 5.0, 0, latest_ms, 60_000, penalty)


def outlook(*, vehicles=4, asked_per_h=0.0, latest_ms=(), experience=USUAL, now_ms=0):
    return Outlook(now_ms, vehicles, asked_per_h / HOUR, tuple(sorted(latest_ms)), experience)


@pytest.mark.parametrize("name, kind", [("at-once", AtOnce), ("batch", Batch), ("postpone", Postpone)])
def test_a_policy_is_chosen_by_name(name, kind):
    policy = policy_of(DispatchParams.model_validate({"policy": {"kind": name}, "period_s": 120}))
    assert type(policy) is kind
    assert policy.next_ms(7_000, None) == 127_000


@pytest.mark.parametrize("kind", discover().values(), ids=lambda kind: kind.kind)
def test_every_policy_keeps_the_rules_of_a_policy(kind):
    assert kind.params().kind == kind.kind
    policy = kind.make(kind.params(), 5 * MINUTE)
    for last_ms, news_ms in ((0, None), (0, 0), (HOUR, HOUR + 1), (HOUR, 3 * HOUR)):
        assert last_ms < policy.next_ms(last_ms, news_ms) <= last_ms + 5 * MINUTE
    asked = [pickup(k, latest_ms=k * HOUR, penalty=10**k) for k in range(8)]
    for experience in (Experience(), USUAL):
        prizes = policy.penalties(asked, outlook(experience=experience, vehicles=0))
        assert len(prizes) == len(asked)
        assert all(0 <= prize <= one.penalty for prize, one in zip(prizes, asked, strict=True))


@pytest.mark.parametrize("policy", [Batch(5 * MINUTE), PATIENT])
def test_who_gathers_is_not_hurried_by_news(policy):
    assert policy.next_ms(1000, None) == policy.next_ms(1000, 2000) == 1000 + 5 * MINUTE


@pytest.mark.parametrize(
    "news_ms, due_ms",
    [(None, 300_000), (4_000, 10_000), (10_000, 10_000), (50_000, 50_000), (299_000, 299_000), (400_000, 300_000)],
)
def test_at_once_is_when_the_news_comes_but_not_without_a_pause(news_ms, due_ms):
    assert AtOnce(300_000, 10_000).next_ms(0, news_ms) == due_ms


@pytest.mark.parametrize("policy", [Batch(5 * MINUTE), AtOnce(5 * MINUTE, 1000)])
def test_who_leaves_nothing_for_later_asks_what_missing_it_costs(policy):
    assert policy.penalties([pickup(penalty=5), pickup(penalty=7)], outlook()) == (5, 7)


def test_without_experience_nothing_is_postponed():
    assert PATIENT.penalties([pickup()], outlook(experience=Experience())) == (2_000_000,)


def test_what_has_time_is_worth_a_share_of_the_usual_cost_and_what_has_none_all_of_it():
    soon, late = pickup(latest_ms=35 * MINUTE), pickup(latest_ms=8 * HOUR)
    assert PATIENT.penalties([soon, late], outlook()) == (2_000_000, 240_000)
    assert PATIENT.penalties([pickup(penalty=100_000)], outlook()) == (100_000,), "never more than missing it"


def test_prizes_rise_as_the_window_closes():
    row = [pickup(n, latest_ms=n * 10 * MINUTE) for n in range(1, 40)]
    prizes = PATIENT.penalties(row, outlook(latest_ms=[p.latest_ms for p in row]))
    assert list(prizes) == sorted(prizes, reverse=True)
    assert prizes[0] == 2_000_000


@pytest.mark.parametrize(
    "busier",
    [
        {"vehicles": 2},
        {"asked_per_h": 20.0},
        {"latest_ms": [HOUR] * 30},
        {"experience": replace(USUAL, work_ms=900_000.0)},
        {"now_ms": HOUR},
    ],
)
def test_the_busier_the_fleet_the_likelier_is_it_to_be_late(busier):
    calm = PATIENT.late_chance(2 * HOUR, outlook())
    assert 0.0 <= calm < PATIENT.late_chance(2 * HOUR, outlook(**busier)) <= 1.0


def test_without_vehicles_everything_will_be_late():
    assert PATIENT.late_chance(8 * HOUR, outlook(vehicles=0)) == 1.0


def test_of_many_that_close_at_once_each_may_be_the_last():
    """Ties are not in each other's favour: at the end of a day all windows close together."""
    assert PATIENT.late_chance(3 * HOUR, outlook(latest_ms=[3 * HOUR] * 200)) > 0.99


def test_experience_is_the_mean_over_what_was_served():
    desk = Desk()
    seen = []

    def solve(problem, search):
        result = planned(problem)
        seen.append((problem, result.plan))
        return result

    desk = Desk(solve=solve)
    desk.hear(reported("v0"), reported("v1"), seconds=0)
    desk.next_round(*[waste(n, n).request for n in range(3)], waste(3, 0, kg=99.0).request)
    (problem, plan) = seen[0]
    assert len(plan.omitted) == 1
    first = Experience().after(problem, plan)
    legs = plan.cost - problem.pickups[plan.omitted[0].pickup].penalty
    assert (first.pickups, first.cost) == (3, legs / 3)
    ends = [r.stops[-1].end_ms - problem.vehicles[r.vehicle].ready_ms for r in plan.routes]
    assert first.work_ms == sum(ends) / 3
    again = first.after(problem, plan)
    assert (again.cost, again.pickups) == (pytest.approx(first.cost), 6)
    for _ in range(200):
        again = again.after(problem, plan)
    assert again.pickups == 200.0


def of(bodies, kind):
    return [body for body in bodies if isinstance(body, kind)]


def test_at_once_a_wish_is_an_order_in_the_same_tick():
    desk = Desk(policy=AtOnceParams(pause_s=2))
    desk.hear(reported("v0"), reported("v1"), seconds=0)
    (order,) = of(desk.hear(waste(0).request, seconds=7), FlyRoute)
    assert order.stops[0].target == "p0"
    desk.answer(vehicle=order.vehicle)
    assert of(desk.hear(waste(1).request, seconds=0), FlyRoute) == [], "so soon after the last round"
    assert desk.dispatcher.next_wake_ms() == 9_000
    assert of(desk.hear(), FlyRoute)


def test_what_is_postponed_is_fetched_before_it_is_late():
    desk = Desk(policy=PostponeParams(patience=0.0, margin_s=1800))
    desk.hear(reported("v0"), reported("v1"), seconds=0)
    desk.next_round(waste(0, 0).request)
    desk.answer(vehicle=desk.issued()[-1].vehicle)
    latest_ms = desk.now_ms + 2 * HOUR
    said = desk.next_round(waste(1, 1, latest_ms=latest_ms).request)
    assert of(said, FlyRoute) == []
    assert [(p.offered, p.assigned) for p in of(said, PlanPublished)] == [(1, 0)]
    while not (orders := of(desk.next_round(), FlyRoute)):
        assert desk.now_ms < latest_ms - 30 * MINUTE
    assert orders[0].stops[0].target == "p1"
    assert desk.now_ms > latest_ms - HOUR
