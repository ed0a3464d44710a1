"""Where in a JSON text a value begins."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.base.errors import InputError
from fleet.city.jsonfile import Complaints, Places, spelt

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def trails(value, trail=()):
    """The way to every value in a document, and the value."""
    yield trail, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in inside:
        yield from trails(part, (*trail, step))


@given(VALUES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_every_value_is_found_where_it_begins(document, indent, plain):
    text = "\n " + json.dumps(document, indent=indent, ensure_ascii=plain)
    places = Places(text)
    for trail, value in trails(document):
        assert json.JSONDecoder().raw_decode(text, places.offset(trail))[0] == value


def test_of_a_value_that_is_not_there_the_nearest_around_it_is_found():
    places = Places('{"a": [1, {"b": 2}], "a": {"c": [3]}}')
    assert places.offset(("x", 1)) == 0
    assert places.offset(("a", "c", 5)) == 32
    assert places.offset(("a", "c", 0, "d")) == 33


def test_at_the_edge_of_what_can_be_parsed_the_place_is_a_rough_one():
    """Parsed at the top of the stack, looked up far down it."""
    text = '{"a": ' + "[" * 600 + "]" * 600 + ', "b": 1}'
    json.loads(text)

    def below(depth):
        return below(depth - 1) if depth else Places(text).offset(("b",))

    assert below(sys.getrecursionlimit() - 300) == 0
    assert Places(text).offset(("b",)) == len(text) - 2


def test_complaints_are_ordered_by_place_and_counted():
    complaints = Complaints("f.json", '{\n "a": 1,\n "b": [2]}')
    complaints.value(("b", 0), "x", "y")
    complaints.value(("a",), "x", "y", "hint")
    assert len(complaints) == 2
    with pytest.raises(InputError) as caught:
        complaints.raise_if_any()
    assert str(caught.value).splitlines() == [
        "f.json:2:7: a: expected x, found y; hint",
        "f.json:3:8: b[0]: expected x, found y",
    ]
    assert spelt(()) == ""
