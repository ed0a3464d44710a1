"""Lines work as long as there is something to do and room for it; every kilogram is somewhere."""

import pytest

from fleet.messages.plants import Assayed, BatchEnded, LineStopped, Shipped, SiteClosed, SiteOpened, StockReported
from fleet.messages.reports import PickupRequested
from tests.sim_plants.works import Works

PULP = {"recipe": "paper-pulp", "batch_kg": 10, "kg_per_h": 20}
"""Half an hour a batch: 8.5 kg of pulp, 1.5 kg of sludge."""
EXACT = {"site": "home", "scale_sigma": 0.0}


def stops(works, site="home"):
    return [body.cause for body in works.heard(LineStopped, site)]


def test_a_batch_takes_its_time_and_becomes_what_the_recipe_says():
    works = Works({**EXACT, "lines": [PULP]}).load(paper=25.0)
    assert works.plant().yard.stock == {"paper": 15.0}
    works.run(0.49)
    assert works.plant().stores.products == {}
    works.run(0.02)
    assert works.plant().stores.products == pytest.approx({"pulp": 8.5})
    (ended,) = works.heard(BatchEnded)
    assert (ended.recipe, ended.began_ms, ended.kwh) == ("paper-pulp", 0, 4.0)
    assert (ended.input_kg, ended.product_kg, ended.byproduct_kg) == (
        {"paper": 10.0},
        {"pulp": 8.5},
        {"sludge": 1.5},
    )
    works.run(5.0)
    assert works.plant().stores.products == pytest.approx({"pulp": 17.0}), "five kilograms are no batch"
    assert works.last_report() == StockReported(
        site="home", stock_kg={"paper": 5.0}, product_kg={"pulp": 17.0}, byproduct_kg={"sludge": 3.0}
    )
    assert stops(works) == ["no-input"]
    works.close()
    assert works.account("kg", "product") == pytest.approx(17.0)
    assert works.account("Wh", "heat") == pytest.approx(8000.0)


def test_several_lines_share_what_there_is():
    works = Works({**EXACT, "lines": [{**PULP, "count": 3}]}).load(paper=20.0)
    works.run(0.6)
    assert [b.line for b in works.heard(BatchEnded)] == [0, 1]


def test_of_several_materials_the_first_that_is_there_goes_in():
    works = Works({**EXACT, "lines": [PULP]}).load(paper=6.0, cardboard=7.0).run(0.6)
    assert works.heard(BatchEnded)[0].input_kg == {"cardboard": 7.0, "paper": 3.0}
    works.close()


def test_a_full_store_stops_the_line_without_any_sabotage():
    site = {**EXACT, "lines": [PULP], "stores_kg": {"sludge": 4.0}}
    works = Works(site).load(paper=100.0).run(10.0)
    assert works.plant().stores.byproducts == pytest.approx({"sludge": 3.0})
    assert stops(works) == ["no-room"]
    assert works.plant().yard.stock == pytest.approx({"paper": 80.0})
    works.close()


def test_shipping_makes_room_again():
    site = {**EXACT, "lines": [PULP], "stores_kg": {"sludge": 4.0}}
    works = (
        Works({**site, "ships": [{"what": "sludge", "every_h": 3, "to": "disposal"}]}).load(paper=100.0).run(4.5)
    )
    assert stops(works) == ["no-room", "no-room"]
    assert [(s.what, s.scale_kg, s.to) for s in works.heard(Shipped)] == [("sludge", 3.0, "disposal")]
    assert len(works.heard(BatchEnded)) == 4
    works.close()
    assert works.account("kg", "disposal") == pytest.approx(3.0)


def test_what_is_shipped_by_mass_goes_as_soon_as_there_is_enough():
    works = Works({**EXACT, "lines": [PULP], "ships": [{"what": "pulp", "at_kg": 16}]}).load(paper=50.0).run(1.7)
    assert [s.scale_kg for s in works.heard(Shipped)] == [17.0]
    assert works.plant().stores.products == pytest.approx({"pulp": 8.5})


def test_hands_are_counted():
    lines = [{**PULP, "workers": 2}, {**PULP, "workers": 2}]
    works = Works({**EXACT, "workers": 3, "lines": lines}).load(paper=40.0)
    assert stops(works.run(0.01)) == ["no-workers"]
    works.run(3.0)
    assert len(works.heard(BatchEnded)) == 4


def test_what_is_undeclared_is_left_lying_by_a_line_that_does_not_sort():
    works = Works({**EXACT, "lines": [PULP]}).load(paper={"paper": 10.0, "batteries": 1.0}).run(1.0)
    assert works.plant().yard.stock == pytest.approx({"batteries": 1.0})
    assert works.last_report().stock_kg == {"paper": 1.0}, "nobody knows what it is"
    works.close()


def test_a_sorting_line_finds_part_of_it():
    sorting = {"recipe": "mixed-sorting", "batch_kg": 20, "kg_per_h": 20}
    works = Works({**EXACT, "lines": [sorting]}).load(mixed={"mixed": 18.0, "batteries": 2.0}).run(1.01)
    found = works.plant().yard.stock
    assert found["batteries"] == pytest.approx(0.85 * 2.0)
    assert found["paper"] == pytest.approx(0.19 * 18.0)
    assert works.plant().stores.byproducts["residue"] == pytest.approx(0.255 * 18.0 + 0.15 * 2.0)
    assert works.last_report().stock_kg["batteries"] == pytest.approx(1.7)
    works.close()


def test_an_assay_finds_what_is_there_to_its_error_and_has_it_picked_out():
    assay = {"materials": ["batteries", "lamps"], "every_kg": 10, "sigma": 0.01, "limit": 0.05}
    works = Works({**EXACT, "assay": assay})
    for _ in range(4):
        works.load(plastics={"plastics": 4.0, "batteries": 1.0})
    works.run(0.01)
    found = works.heard(Assayed)
    assert [(a.pile, a.material) for a in found] == [
        ("plastics", m) for _ in range(2) for m in ("batteries", "lamps")
    ]
    assert found[0].share == pytest.approx(0.2, abs=0.04)
    assert found[1].share == pytest.approx(0.0, abs=0.04)
    assert works.plant().piles.kg("batteries") == pytest.approx(4.0)
    assert works.plant().piles.kg("plastics") == pytest.approx(16.0)


def test_what_is_not_kept_is_asked_for_and_taken_back_if_nobody_comes():
    back = {"materials": ["batteries"], "at_kg": 1.0, "volume_l": 1.0, "window_min": 60}
    works = Works({**EXACT, "send_back": back}).load(batteries=1.5).run(0.01)
    asked = [m.body for m in works.toy.said if isinstance(m.body, PickupRequested)]
    assert [(a.requester, a.point_id, a.material, a.declared_kg) for a in asked] == [
        ("home", "home", "batteries", 1.2)
    ]
    assert works.plant().yard.stock == pytest.approx({"batteries": 0.3})
    works.run(1.1)
    asked = [m.body for m in works.toy.said if isinstance(m.body, PickupRequested)]
    assert [a.pickup_id for a in asked] == ["home/sent-back/0", "home/sent-back/1"], "asked for again"
    works.close()
    assert works.account("items", "sent-back") == pytest.approx(-1.0)
    assert works.account("kg", "waiting") == pytest.approx(1.2)


def test_scales_that_are_set_too_low_show_nothing_and_never_less():
    back = {"materials": ["batteries"], "window_min": 30}
    works = Works({**EXACT, "send_back": back})
    works.plant().yard.wear.scale_zero_kg.put("test", -1.0)
    works.load(batteries=0.6, glass=0.2).run(0.01)
    works.plant().report()
    works.run(0.01)
    (asked,) = [m.body for m in works.toy.said if isinstance(m.body, PickupRequested)]
    assert asked.declared_kg == 0.0
    assert set(works.last_report().stock_kg.values()) == {0.0}


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({}, []),
        ({"opens_at": "10:00"}, [2.0]),
        ({"closes_at": "10:00"}, [-2.0]),
        ({"opens_at": "10:00", "closes_at": "12:00"}, [2.0, -4.0, 26.0, -28.0]),
        ({"opens_at": "06:00", "closes_at": "12:00"}, [-4.0, 22.0, -28.0]),
        ({"opens_at": "22:00", "closes_at": "09:00"}, [-1.0, 14.0, -25.0]),
        ({"closes_at": "08:00"}, []),
    ],
)
def test_a_site_opens_and_closes_by_the_clock(times, expected):
    """Hours since the run began at 08:00, negative ones for closing."""
    works = Works({**EXACT, **times}, end_h=36).run(36)
    told = [
        (m.t_ms / 3_600_000) * (1 if isinstance(m.body, SiteOpened) else -1)
        for m in works.toy.said
        if isinstance(m.body, SiteOpened | SiteClosed) and m.t_ms
    ]
    assert told == expected
    first_open = bool(works.heard(SiteOpened)) and not works.heard(SiteClosed)
    assert first_open == (not times)


def test_a_closed_plant_begins_nothing_and_finishes_what_is_under_way():
    works = Works({**EXACT, "lines": [PULP], "closes_at": "08:15"}).load(paper=40.0).run(5.0)
    assert len(works.heard(BatchEnded)) == 1
    assert stops(works) == ["closed"]
    assert works.plant().yard.closed
    works.close()


def test_a_world_without_plants_has_no_books_of_theirs():
    works = Works()
    works.toy.world.close()
    kinds = {kind for ledger in works.books.ledgers for kind in works.books.totals(ledger)}
    assert kinds.isdisjoint({"in-use", "in-process", "product", "lines", "made", "converted"})
    assert works.toy.world.parts.kernel.peek_ms is None


@pytest.mark.parametrize(("factor", "limit", "picked"), [(1.0, 0.1, True), (1.0, 0.3, False), (0.0, 0.1, False)])
def test_what_an_assay_finds_too_little_of_stays_where_it_is(factor, limit, picked):
    """A fifth of it is batteries; an instrument that shows nothing finds nothing."""
    assay = {"materials": ["batteries"], "every_kg": 5, "sigma": 0.001, "limit": limit}
    works = Works({**EXACT, "assay": assay})
    works.plant().assays.factor = factor
    works.load(plastics={"plastics": 8.0, "batteries": 2.0}).run(0.01)
    assert works.heard(Assayed)[0].share == pytest.approx(factor * 0.2, abs=0.005)
    assert works.plant().piles.kg("batteries") == pytest.approx(2.0 if picked else 0.0)
