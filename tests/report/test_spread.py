"""Laws of the measures of evenness."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.report.spread import gini, most_over_least, variation

GROUPS = st.lists(st.tuples(st.floats(0.01, 1e4), st.integers(1, 500)), min_size=1, max_size=12)


def split(groups):
    return [value for value, _ in groups], [float(weight) for _, weight in groups]


@given(GROUPS)
def test_each_is_even_for_equal_values(groups):
    values, weights = split([(3.0, weight) for _, weight in groups])
    assert gini(values, weights) == pytest.approx(0.0, abs=1e-12)
    assert variation(values, weights) == pytest.approx(0.0, abs=1e-12)
    assert most_over_least(values) == 1.0


@given(GROUPS, st.floats(0.1, 100.0))
def test_none_depends_on_the_unit(groups, scale):
    values, weights = split(groups)
    scaled = [value * scale for value in values]
    assert gini(scaled, weights) == pytest.approx(gini(values, weights), abs=1e-9)
    assert variation(scaled, weights) == pytest.approx(variation(values, weights), abs=1e-9)
    assert most_over_least(scaled) == pytest.approx(most_over_least(values))


@given(GROUPS)
def test_a_group_counts_as_its_members(groups):
    values, weights = split(groups)
    one_by_one = [value for value, weight in groups[:4] for _ in range(weight % 7 + 1)]
    few = [float(weight % 7 + 1) for weight in weights[:4]]
    assert gini(values[:4], few) == pytest.approx(gini(one_by_one, [1.0] * len(one_by_one)), abs=1e-9)
    assert variation(values[:4], few) == pytest.approx(variation(one_by_one, [1.0] * len(one_by_one)), abs=1e-9)
    assert 0.0 <= gini(values, weights) < 1.0


def test_where_one_of_many_has_all():
    assert gini([0.0] * 99 + [1.0], [1.0] * 100) == pytest.approx(0.99)


def test_nothing_has_no_spread():
    assert (gini([], []), variation([], []), most_over_least([])) == (None, None, None)
    assert most_over_least([0.0, 1.0]) is None
