"""Accounts in which everything moves and nothing appears; what does not agree is an error."""

import math

import pytest

from fleet.base.errors import BooksError
from fleet.sim.books import TOLERANCE, Books, of

ABOARD, STOCK = ("aboard", "v0"), ("stock", "plant")


def test_a_transfer_moves_and_the_sum_stays():
    books = Books()
    books.transfer("kg", ("generated", ""), ABOARD, 3.0)
    books.transfer("kg", ABOARD, STOCK, 2.0)
    assert books.totals("kg") == {"aboard": 1.0, "generated": -3.0, "stock": 2.0}
    assert books.totals("Wh") == {}


def test_the_worst_difference_within_the_tolerance_is_the_residual():
    books = Books()
    for gap in (0.2, 0.9, 0.5):
        books.compare("kg", ABOARD, gap * TOLERANCE)
    assert books.residual == {"kg": 0.9 * TOLERANCE, "Wh": 0.0, "items": 0.0, "credits": 0.0}


@pytest.mark.parametrize("actual", [2.0 * TOLERANCE, -1.0, math.nan, math.inf])
def test_a_difference_above_it_is_an_error(actual):
    with pytest.raises(BooksError, match="aboard of v0"):
        Books().compare("kg", ABOARD, actual)


def test_an_amount_that_is_no_number_is_found_at_the_next_comparison():
    books = Books()
    books.transfer("Wh", ("grid", ""), ABOARD, math.nan)
    with pytest.raises(BooksError):
        books.compare("Wh", ABOARD, 0.0)


def test_mass_is_booked_in_all_and_by_what_it_is():
    books = Books()
    books.carry(("generated", ""), ABOARD, {"glass": 2.0, "paper": 1.0})
    books.carry(ABOARD, STOCK, {"glass": 0.5})
    assert books.totals("kg") == {"generated": -3.0, "aboard": 2.5, "stock": 0.5}
    assert books.totals(of("glass")) == {"generated": -2.0, "aboard": 1.5, "stock": 0.5}
    assert books.ledgers == ("kg", "kg/glass", "kg/paper")
    books.compare_contents(ABOARD, {"glass": 1.5, "paper": 1.0})
    with pytest.raises(BooksError, match="kg/glass"):
        books.compare_contents(ABOARD, {"glass": 2.5})
    assert books.balance("kg/lamps", ABOARD) == 0.0


def test_one_material_becomes_another_of_the_same_mass_or_the_books_say_so():
    books = Books()
    books.carry(("generated", ""), STOCK, {"glass": 2.0})
    books.convert(STOCK, STOCK, {"glass": 1.0}, {"cullet": 0.9, "fines": 0.1})
    books.compare_contents(STOCK, {"glass": 1.0, "cullet": 0.9, "fines": 0.1})
    assert abs(sum(books.totals("kg").values())) < TOLERANCE
    with pytest.raises(BooksError, match="converted"):
        books.convert(STOCK, STOCK, {"glass": 1.0}, {"cullet": 1.1})
