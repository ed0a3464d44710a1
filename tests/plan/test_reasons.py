"""Reasons that the referee believes, and changes that, once made, let it put the pickup in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.plan.insertion import Insertion
from fleet.plan.insertions import insertable
from fleet.plan.look import Wish
from fleet.plan.problem import Charger, Omission, Plan, Problem, Relaxation, Route
from fleet.plan.reasons import reasons_for, words
from fleet.plan.referee import judge
from fleet.plan.relaxations import apply, relaxed, size
from fleet.plan.timetable import plan_cost
from tools.towns.tried import admits

from .problems import KIND, base, greedy, pickup, plant, random_problem, street, vehicle
from .test_excuses import EXCUSES, STREET, WITH_ONE


def explained(problem: Problem, routes: list[Route]) -> Plan:
    served = {stop.index for route in routes for stop in route.stops if stop.kind == "pickup"}
    out = [i for i in range(len(problem.pickups)) if i not in served]
    flown = tuple(route for route in routes if route.stops)
    return Plan(flown, reasons_for(problem, flown, out), plan_cost(problem, flown, out))


@pytest.mark.parametrize("first", range(1000, 1075, 15))
def test_random_plans_are_explained_and_every_change_would_do(first):
    """The laws of this room: the referee agrees with every reason, can insert none, and with the change can."""
    changes = mended = 0
    for seed in range(first, first + 15):
        problem = random_problem(seed)
        plan = explained(problem, greedy(problem))
        assert judge(problem, plan) == (), seed
        assert insertable(problem, plan) == (), seed
        for omission in plan.omitted:
            assert words(problem, omission)
            mended += bool(omission.relaxations)
            changes += 1
            if omission.relaxations:
                assert admits(problem, plan, omission), (seed, omission)
                assert size(problem, omission.pickup, omission.relaxations) > 0
            elif problem.vehicles:
                assert not admits(problem, plan, omission)
    assert mended > 0.9 * changes > 0


def test_what_is_taken_out_of_a_plan_can_be_put_back():
    """The referee sees what a lazy planner misses; and so does the planner's own look."""
    seen = 0
    for seed in range(300, 330):
        problem = random_problem(seed)
        routes = [route for route in greedy(problem) if route.stops]
        for route in routes:
            if problem.vehicles[route.vehicle].committed:
                continue
            others = [other for other in routes if other is not route]
            served = {stop.index for other in others for stop in other.stops if stop.kind == "pickup"}
            dropped = [stop.index for stop in route.stops if stop.kind == "pickup"]
            out = tuple(Omission(i, "fleet-busy", 1.0, 0.0) for i in dropped)
            worth = sum(problem.pickups[i].penalty for i in dropped)
            alone = plan_cost(problem, [route], []) < worth and len(dropped) == 1
            found = {v.place for v in insertable(problem, Plan(tuple(others), out, 0))}
            assert found or not alone, seed
            by = {other.vehicle: other for other in others}
            mine = Insertion(problem, [by.get(v, Route(v, ())) for v in range(len(problem.vehicles))])
            cheap = {p.id for i in dropped if mine.cheapest(i, Wish((p := problem.pickups[i]).penalty))}
            assert cheap == found, (seed, served)
            seen += len(found)
    assert seen > 15


@pytest.mark.parametrize("name, problem, excuse", EXCUSES, ids=[e[0] for e in EXCUSES])
def test_hurdles(name, problem, excuse):
    found = reasons_for(problem, [], [0])[0]
    if excuse.code == "fleet-busy":
        assert found.code in ("fleet-busy", "too-dear")
        return
    assert (found.code, found.vehicle) == (excuse.code, excuse.vehicle)
    assert (found.need, found.limit) == pytest.approx((excuse.need, excuse.limit))


def only(problem: Problem, routes: tuple[Route, ...] = ()) -> Omission:
    return reasons_for(problem, routes, [0])[0]


def changed(problem: Problem, routes: tuple[Route, ...] = ()) -> list[tuple[str, str]]:
    return [(change.kind, change.where) for change in only(problem, routes).relaxations]


def with_pickup(**changes) -> Problem:
    return street(STREET, [vehicle()], [base(0), plant(2)], [pickup(0, 1, **changes), pickup(1, 1)])


def test_the_cheapest_change():
    assert changed(with_pickup(mass_kg=3.3)) == [("payload", "v0")]
    assert changed(with_pickup(volume_l=11.0)) == [("volume", "v0")]
    assert changed(with_pickup(needs=frozenset({"x"}))) == [("certificate", "v0")]
    assert changed(with_pickup(material="glass")) == [("accepts", "base0")]
    assert changed(with_pickup(latest_ms=90_000)) == [("window", "p0")]
    assert changed(with_pickup(penalty=150_000)) == [("penalty", "p0")]
    assert changed(replace(with_pickup(), end_ms=220_000)) == [("until", "v0")]
    shut = replace(with_pickup(), docks=(base(0), plant(2, hours=((0, 200_000),))))
    assert changed(shut) == [("hours", "plant2")]
    once = replace(with_pickup(), types=(replace(KIND, most_trips=1),))
    assert changed(once, WITH_ONE) == [("trips", "v0")]
    assert changed(replace(once, end_ms=230_000), WITH_ONE) == [("trips", "v0"), ("until", "v0")]
    weak = street([0, 10_000, 21_000, 9_000], [vehicle()], [plant(2), plant(3, "glass")], [pickup(0, 1)])
    assert changed(weak) == [("charger", "plant3")]
    assert changed(replace(weak, docks=weak.docks[:1])) == [("charger", "node 1")]
    weaker = street([0, 10_000, 31_000, 9_000], [vehicle()], [plant(2), plant(3, "glass")], [pickup(0, 1)])
    assert changed(weaker) == [("battery", "v0")]
    assert changed(replace(with_pickup(), vehicles=())) == [("vehicle", "node 0")]
    assert changed(replace(with_pickup(), docks=())) == []


@pytest.mark.parametrize("name", ["node A", "node 7", "node 0", "node 2"])
def test_a_dock_may_be_called_like_a_node(name):
    post = plant(3, "glass", id=name)
    problem = street([0, 3000, 28_000, 22_000], [vehicle()], [base(0), plant(1), post], [pickup(0, 2)])
    plan = explained(problem, greedy(problem))
    assert [change.where for change in plan.omitted[0].relaxations] == [name, name]
    assert f"a charger at {name}, 10 min from it, and paper taken at {name} would do" in words(
        problem, plan.omitted[0]
    )
    assert admits(problem, plan, plan.omitted[0])


def test_nothing_of_the_problem_is_taken_for_what_a_change_adds():
    """Docks that are called like a node and like the charger there, and a vehicle that is called "one more"."""
    posts = tuple(plant(3, "glass", id=name, charger=Charger()) for name in ("node 1", "charger at node 1"))
    weak = street([0, 10_000, 21_000, 900_000], [vehicle(id="one more")], [plant(2), *posts], [pickup(0, 1)])
    plan = explained(weak, greedy(weak))
    assert [(change.kind, change.where) for change in plan.omitted[0].relaxations] == [("charger", "node 1'")]
    assert admits(weak, plan, plan.omitted[0])
    changes = Relaxation("vehicle", 1.0, "light", "node 2"), Relaxation("volume", 2.0, "l", "one more'")
    told = replace(plan.omitted[0], relaxations=(*plan.omitted[0].relaxations, *changes))
    more = relaxed(weak, told)
    assert [me.id for me in more.vehicles] == ["one more", "one more'"]
    assert more.vehicles[0] == weak.vehicles[0]
    assert more.types[more.vehicles[1].type].volume_l == 12.0
    assert [dock.id for dock in more.docks[3:]] == ["charger at node 1'"]
    assert "2 l more room in it" in words(weak, told)


def test_too_dear_and_busy():
    dear = only(with_pickup(penalty=150_000))
    assert (dear.code, dear.need, dear.limit, dear.vehicle) == ("too-dear", 200_000.0, 150_000.0, 0)
    once = replace(with_pickup(), types=(replace(KIND, most_trips=1),))
    assert only(once, WITH_ONE).code == "fleet-busy"


def test_changes_add_up_and_leave_numbers_alone():
    problem = street(
        STREET,
        [vehicle(), vehicle(1)],
        [base(0), plant(2, hours=((0, 5), (10, 20)))],
        [pickup(0, 1), pickup(1, 1)],
    )

    def after(*changes: Relaxation) -> Problem:
        return relaxed(problem, Omission(0, "fleet-busy", 1.0, 0.0, -1, changes))

    two = after(Relaxation("payload", 1.0, "kg", "v1"), Relaxation("battery", 7.0, "Wh", "v1"))
    kind = two.types[two.vehicles[1].type]
    assert (kind.payload_kg, kind.battery_wh, two.vehicles[1].battery_wh) == (4.0, 107.0, 107.0)
    assert two.vehicles[0] == problem.vehicles[0]
    assert two.types[0] == KIND
    assert two.ways[two.vehicles[1].type] is problem.ways[0]
    assert after(Relaxation("hours", 2.0, "ms", "plant2")).docks[1].hours == ((0, 7), (10, 22))
    assert after(Relaxation("charger", 0.0, "ms", "plant2")).docks[1].charger == Charger("swap", 30_000)
    assert after(Relaxation("charger", 0.0, "ms", "node 1")).docks[2].node == 1
    more = after(Relaxation("vehicle", 1.0, "light", "node 2"), Relaxation("volume", 1.0, "l", "one more"))
    assert more.vehicles[2].node == 2
    assert more.types[more.vehicles[2].type].volume_l == 11.0
    assert after(Relaxation("until", 5.0, "ms", "v0")).end_ms == problem.end_ms + 5
    with pytest.raises(ValueError, match="no relaxation 'paint'"):
        apply(problem, 0, Relaxation("paint", 1.0, "", "v0"))


def test_sizes_are_relative():
    problem = with_pickup(earliest_ms=0, latest_ms=7_200_000)

    def large(*changes: Relaxation) -> float:
        return size(problem, 0, changes)

    assert large(Relaxation("battery", 12.0, "Wh", "v0")) == pytest.approx(1.12)
    assert large(Relaxation("window", 720_000.0, "ms", "p0")) == pytest.approx(0.1)
    assert large(Relaxation("penalty", 5_000_000.0, "cost", "p0")) == pytest.approx(0.5)
    both = Relaxation("certificate", 1.0, "", "v0"), Relaxation("volume", 1.0, "l", "v0")
    assert large(*both) == pytest.approx(2.1)
    assert large(Relaxation("charger", 0.0, "ms", "node 1")) < large(Relaxation("vehicle", 1.0, "light", "node 0"))


def test_words_for_people():
    weak = street([0, 10_000, 21_000], [vehicle()], [base(0, charger=None), plant(2)], [pickup(0, 1)])
    assert words(weak, only(weak)) == (
        "p0: the battery of v0 is 9 % short from base0 (it takes 98 Wh of 90); "
        "a charger at the place itself would do"
    )
    nobody = replace(with_pickup(), vehicles=())
    assert words(nobody, only(nobody)) == "p0: nobody is there; one more light at node 0 would do"
    told = Omission(0, "battery", 98.0, 90.0, 0, (Relaxation("charger", 90_000.0, "ms", "base0"),))
    assert words(weak, told).endswith("; a charger at base0, 90 s from it, would do")
    assert words(weak, replace(told, relaxations=())).endswith("; no change is known that would admit it")


@pytest.mark.parametrize("first", [2000, 2010])
def test_what_is_too_dear_has_a_legal_place_at_that_cost(first: int) -> None:
    """The referee takes it in as soon as its penalty exceeds what it would cost, and not before."""
    dear = 0
    for seed in range(first, first + 10):
        problem = random_problem(seed)
        plan = explained(problem, greedy(problem))
        for omission in plan.omitted:
            if omission.code != "too-dear":
                continue
            dear += 1
            assert omission.need >= omission.limit == problem.pickups[omission.pickup].penalty
            pickups = list(problem.pickups)
            pickups[omission.pickup] = replace(pickups[omission.pickup], penalty=round(omission.need) + 1)
            assert insertable(replace(problem, pickups=tuple(pickups)), plan, [omission.pickup]), (seed, omission)
    assert dear > 0
