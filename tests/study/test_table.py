"""What is compared with what, and how it is written."""

import json
import math
import statistics

from hypothesis import given
from hypothesis import strategies as st

from fleet.study.model import Measure, Result
from fleet.study.table import table_of
from fleet.study.text import into_page, markdown, render
from tests.study.fakes import steady, study_of

STUDY = study_of()
RESULTS = {point: Result(point.key, steady(point)) for point in STUDY.points}
FINITE = st.floats(-1e6, 1e6)


def test_patterns_become_the_measures_that_there_are():
    table = table_of(STUDY, RESULTS)
    assert [row.measure.name for row in table.rows] == ["km", "parts.x.kg"]  # y has no value anywhere
    assert table.rows[1].measure.title == "mass of x, kg"
    assert table.absent == ()
    assert table_of(STUDY, RESULTS, [Measure("parts.y.kg", "y")]).absent == (Measure("parts.y.kg", "y"),)


def test_differences_and_ratios_are_taken_seed_by_seed():
    row = table_of(STUDY, RESULTS, [Measure("km", "way")]).rows[0]
    assert row.spreads["a"].values == (11.0, 12.0, 13.0)
    assert row.versus["b"].difference.values == (-5.0, -5.0, -5.0)
    assert row.versus["b"].ratio.values == (6 / 11, 7 / 12, 8 / 13)
    assert "a" not in row.versus


@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=8))
def test_spreads_hold_all_seeds(pairs):
    study = study_of(seeds=tuple(range(len(pairs))))
    sides = {"a": [a for a, _ in pairs], "b": [b for _, b in pairs]}
    results = {p: Result(p.key, {"km": sides[p.label][p.seed]}) for p in study.points}
    row = table_of(study, results).rows[0]
    for label, values in sides.items():
        spread = row.spreads[label]
        assert (spread.least, spread.most) == (min(values), max(values))
        assert spread.median == statistics.median(values)
        assert spread.least <= spread.median <= spread.most
    assert row.versus["b"].difference.values == tuple(b - a for a, b in pairs)
    ratios = tuple(b / a for a, b in pairs if a and math.isfinite(b / a))
    assert (row.versus["b"].ratio.values if ratios else row.versus["b"].ratio) == (ratios or None)
    assert markdown(table_of(study, results)).count("\n") == 5


def test_what_failed_or_was_not_run_is_named_and_pairs_need_both():
    results = dict(RESULTS)
    a2, b3 = STUDY.points[1], STUDY.points[5]
    results[a2] = Result(a2.key, error="no | wind")
    del results[b3]
    table = table_of(STUDY, results)
    assert table.missing == ((a2, "no | wind"), (b3, "not run yet"))
    assert table.rows[0].versus["b"].difference.values == (-5.0,)
    assert "missing: a, seed 2: no | wind\n" in render(table)
    assert json.loads(json.dumps(table.as_json()))["missing"][1]["why"] == "not run yet"


def test_a_study_without_results_is_a_table_without_rows():
    table = table_of(STUDY, {})
    assert table.rows == ()
    assert render(table).count("not run yet") == 6


def test_one_label_and_one_seed():
    study = study_of(("a",), (7,))
    text = markdown(table_of(study, {study.points[0]: Result(study.points[0].key, {"km": 1234.5})}))
    assert "| way, km | 1,234 | 1,234 |" in text
    assert "fake, seed 7, fleet 0." in text


def test_a_page_keeps_all_but_the_table():
    table = table_of(STUDY, RESULTS)
    page = "# Before\n\n<!-- made: study fake -->\nold | table\n<!-- /made -->\n\nafter \\1\n"
    new = into_page(page, table)
    assert new.startswith("# Before\n\n<!-- made: study fake -->\n\n")
    assert new.endswith("\n<!-- /made -->\n\nafter \\1\n")
    assert "old" not in new
    assert into_page(new, table) == new
    other = "<!-- made: study another -->\nkept\n<!-- /made -->\n"
    both = into_page(other, table)
    assert both.startswith(other)
    assert into_page(both, table) == both
