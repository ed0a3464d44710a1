"""`--set a.b=c`."""

from __future__ import annotations

import pytest

from fleet.app.yamlfile import load_model, parse_override
from fleet.base.errors import InputError, UsageError

from .sample import SAMPLE, Day, Hours


@pytest.fixture
def load(tmp_path):
    path = tmp_path / "day.yaml"
    path.write_text(SAMPLE)
    return lambda *overrides: load_model(path, Day, overrides)


@pytest.mark.parametrize(
    "text, value",
    [
        ("a=1", 1), ("a=1.5", 1.5), ("a=true", True), ("a=", None), ("a=null", None), ("a='1'", "1"),
        ("a=b=c", "b=c"), ("a=[1, {x: [2]}]", [1, {"x": [2]}]), ("a={b: c}", {"b": "c"}),
        ("a=north", "north"),
    ],
)  # fmt: skip
def test_value_is_yaml(text, value):
    path, found = parse_override(text)
    assert path == ("a",)
    assert found == value
    assert type(found) is type(value)


def test_overrides_change_the_model(load):
    day = load("groups.0.count=4", "groups.1={type: light, count: 2}", "wind.start=9", "materials.e-waste=2")
    assert [group.count for group in day.groups] == [4, 2]
    assert day.wind == Hours(start=9, length=10)
    assert day.materials["e-waste"] == 2.0


def test_an_alias_is_changed_in_one_place_only(load):
    day = load("wind.start=9")
    assert day.hours.start == 6.5


def test_missing_mappings_are_made(load):
    day = load("plain.kind=skim", "plain.at_s=3", "plain.share=0.5")
    assert day.plain is not None
    assert day.plain.at_s == 3.0


def test_later_overrides_win(load):
    assert load("hours.start=1", "hours={start: 2}").hours == Hours(start=2)
    assert load("hours={start: 2}", "hours.start=1").hours == Hours(start=1)


def test_a_fault_of_an_override_is_placed_there(load):
    with pytest.raises(InputError) as caught:
        load("groups.0.count=0", "attacks.1.kind=gnss-jam", "colour=red", "plain.kind=skim", "hours.start=25")
    assert [(f.file, f.line, f.column, f.path) for f in caught.value.faults] == [
        ("--set colour=red", 1, 1, "colour"),
        ("--set groups.0.count=0", 1, 1, "groups.0.count"),
        ("--set hours.start=25", 1, 1, "hours.start"),
        ("--set plain.kind=skim", 1, 1, "plain.at_s"),
        ("--set plain.kind=skim", 1, 1, "plain.share"),
        *[(f.file, f.line, f.column, f.path) for f in caught.value.faults[5:]],
    ]
    assert [(f.line, f.path) for f in caught.value.faults[5:]] == [
        (13, "attacks.1.area_m"),
        (15, "attacks.1.share"),
    ]


@pytest.mark.parametrize(
    "text, words",
    [
        ("count", "expected a.b=value"),
        ("=3", "expected a.b=value"),
        ("a..b=3", "expected a.b=value"),
        ("seed=[1", "after the ="),
        ("seed=.inf", "expected a finite number after the =, found '.inf'"),
        ("seed=!x 1", "expected a value without a tag"),
        ("seed.deep=3", "expected a mapping or a list at seed, found 7"),
        ("groups.2.count=3", "expected an index from 0 to 1 at groups, found 2"),
        ("groups.x.count=3", "expected an index from 0 to 1 at groups, found x"),
        ("groups.2=3", "expected an index from 0 to 1 at groups, found 2"),
    ],
)
def test_overrides_that_cannot_be_applied(load, text, words):
    with pytest.raises(UsageError) as caught:
        load(text)
    assert str(caught.value).startswith(f"--set {text}: ")
    assert words in str(caught.value)
