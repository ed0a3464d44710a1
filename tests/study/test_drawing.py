"""The picture of a study."""

import pytest

from fleet.study.drawing import draw
from fleet.study.model import Result
from fleet.study.table import table_of
from tests.study.fakes import study_of


def findings(point):
    return {"km": 1.0 + point.seed, "parts.x.kg": 1.0 if point.label == "a" else None, "parts.y.kg": 2.0}


def test_the_legend_of_a_family_names_all_that_is_drawn():
    """Of "x" only "a" has a value."""
    pytest.importorskip("matplotlib", reason="the drawing needs matplotlib (extra `plot`)")
    study = study_of()
    figure = draw(table_of(study, {p: Result(p.key, findings(p)) for p in study.points}))
    way, family = figure.axes
    assert way.get_legend() is None
    assert [text.get_text() for text in family.get_legend().get_texts()] == ["a", "b"]
