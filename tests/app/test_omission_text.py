"""What people read about a pickup left out."""

import re

import pytest

from fleet.app.omission_text import _CHANGES, omission_lines
from fleet.plan.relaxations import __doc__ as kinds_told


def told(code, need, limit, *changes):
    relaxations = [dict(zip(("kind", "amount", "unit", "where"), change, strict=True)) for change in changes]
    for change in relaxations:
        if change["where"].startswith("@"):
            change["node"] = change.pop("where")[1:]
    said = {"pickup": "p", "code": code, "need": need, "limit": limit, "vehicle": "d1"}
    return omission_lines(said | ({"relaxations": relaxations} if changes else {}))


@pytest.mark.parametrize(
    "code, need, limit, expected",
    [
        ("battery", 519.2324646, 425.0, "  p: battery: needs 519.232 Wh, has 425 (d1)"),
        ("window", 3_661_001, 3_600_000, "  p: window, 1 min 2 s too late (d1)"),
        ("shift", None, 5, "  p: shift (d1)"),
        ("too-dear", 12_345, 99, "  p: too-dear: needs 12,345 of cost, has 99 (d1)"),
        ("fleet-busy", 1, 0, "  p: fleet-busy (d1)"),
        ("window", 1e308, -1e308, "  p: window (d1)"),
        ("too-dear", 1_234_567, 12, "  p: too-dear: needs 1,234,567 of cost, has 12 (d1)"),
        ("battery", 1e300, 1.5, "  p: battery: needs 1e+300 Wh, has 1.5 (d1)"),
    ],
)
def test_the_reason_has_its_unit(code, need, limit, expected):
    assert told(code, need, limit) == [expected]


def test_changes_are_sentences():
    lines = told(
        "battery", 2, 1, ("charger", 60_000, "ms", "@north"), ("vehicle", 1, "drone", "@node 7"),
        ("until", 59_001, "ms", "d1"), ("payload", 2.0, "kg", "one more"),
    )  # fmt: skip
    assert lines[1] == (
        "    would do: a charger at north, 1 min 0 s from it, "
        "and one more drone at node 7, and d1 back 1 min 0 s later, and 2 kg more payload for it"
    )


def test_a_vehicle_may_be_called_one_more():
    assert told("battery", 2, 1, ("payload", 2.0, "kg", "one more"))[1].endswith("payload for one more")


@pytest.mark.parametrize("kind", sorted(_CHANGES))
def test_every_kind_of_change_has_words(kind):
    assert f"{kind} " in kinds_told or f"{kind}," in kinds_told
    (_, line) = told("battery", 2, 1, (kind, 1500.0, "x", "there"))
    assert line.startswith("    would do: ")
    assert "{" not in line


def test_no_kind_is_forgotten():
    listed = kinds_told.partition("Kinds, with")[2].partition("So that changes")[0]
    kinds = set(re.findall(r"(?:^- |[,.] )([a-z]+)(?= \()", listed, re.MULTILINE)) | {"payload", "volume"}
    assert kinds == set(_CHANGES)
