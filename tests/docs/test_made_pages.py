"""What is made of the pages is as their tools would make it now."""

import importlib
import sys

import pytest

from tools.made_pages import filled, write

PAGE = """before
<!-- made: a -->
old
<!-- /made -->
between
<!-- made: b-c -->
<!-- /made -->
after"""


@pytest.mark.parametrize(
    "tool", ["energy_table", "materials_page", "tampering_page", "troubles_page", "wire_page"]
)
def test_what_is_made_is_up_to_date(tool):
    maker = importlib.import_module(f"tools.{tool}")
    page = maker.PAGE.read_text(encoding="utf-8")
    assert maker.renewed(page) == page, f"run python tools/{tool}.py"


def test_texts_come_to_their_places_as_they_are_and_nothing_else_is_touched():
    fresh = filled(PAGE, {"b-c": r"\1 new", "a": "one\ntwo"})
    assert fresh == PAGE.replace("old", "one\ntwo").replace("b-c -->\n", "b-c -->\n\\1 new\n")


@pytest.mark.parametrize(("page", "found"), [("no place", 0), (PAGE + "\n" + PAGE, 2)])
def test_a_text_without_one_place_is_refused(page, found):
    with pytest.raises(SystemExit, match=f"one place `<!-- made: a -->` in the page, found {found}"):
        filled(page, {"a": "x"})


def test_checking_writes_nothing(tmp_path, monkeypatch):
    path = tmp_path / "page.md"
    path.write_text("old", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["tool", "--check"])
    assert (write(path, str.upper), write(path, str.lower), path.read_text()) == (1, 0, "old")
    monkeypatch.setattr(sys, "argv", ["tool"])
    assert (write(path, str.upper), path.read_text()) == (0, "OLD")
