"""Accounts in which everything moves and nothing appears; what does not agree is an error."""

import math

import pytest

from fleet.base.errors import BooksError
from fleet.sim.books import TOLERANCE, Books

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
    assert books.residual == {"kg": 0.9 * TOLERANCE, "Wh": 0.0}


@pytest.mark.parametrize("actual", [2.0 * TOLERANCE, -1.0, math.nan, math.inf])
def test_a_difference_above_it_is_an_error(actual):
    with pytest.raises(BooksError, match="aboard of v0"):
        Books().compare("kg", ABOARD, actual)


def test_an_amount_that_is_no_number_is_found_at_the_next_comparison():
    books = Books()
    books.transfer("Wh", ("grid", ""), ABOARD, math.nan)
    with pytest.raises(BooksError):
        books.compare("Wh", ABOARD, 0.0)
