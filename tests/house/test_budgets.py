"""Files stay small, functions short, names plain; what is public says what it is."""

import ast
from pathlib import Path

import pytest

from tests.house import budgets

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "fleet").rglob("*.py"))
OTHERS = sorted([*(ROOT / "tests").rglob("*.py"), *(ROOT / "tools").rglob("*.py")])


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


TREES = {path: parsed(path) for path in SOURCES}


def told(check):
    """What a check finds in all sources, as file:line: what."""
    return [f"{path.relative_to(ROOT)}:{found}" for path, tree in TREES.items() for found in check(tree)]


def test_there_is_something_to_check():
    assert len(SOURCES) > 100


def test_files_are_small():
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES + OTHERS}
    assert [f"{path.relative_to(ROOT)}: {n}" for path, n in sizes.items() if n > budgets.FILE_LINES] == []


def test_functions_are_short_and_take_few_parameters():
    assert told(budgets.over_budget) == []


def test_nothing_prints_nothing_is_global_nothing_is_swallowed_whole():
    assert told(budgets.forbidden) == []


def test_no_name_says_nothing():
    names = {part for path in SOURCES for part in (*path.relative_to(ROOT).parts[:-1], path.stem)}
    assert names & budgets.VAGUE == set()


def test_what_is_public_says_what_it_is():
    said = budgets.said_by_protocols(TREES.values())
    assert {"on_tick", "next_wake_ms", "hear", "score"} <= said
    assert told(lambda tree: budgets.undocumented(tree, said)) == []


def bare(tree):
    """What has no docstring, the module aside."""
    return budgets.undocumented(tree, set())[1:]


SPOILT = [
    ("def f():\n" + "    x = 1\n" * 51, budgets.over_budget, "1: f has 52 lines"),
    ("def f(a, b, c, d, *, e, f, g, h, i):\n    pass", budgets.over_budget, "1: f has 9 parameters"),
    ("class A:\n  def f(self, a, b, c, d, e, f, g, *h, **i): ...", budgets.over_budget, "2: f has 9 parameters"),
    ("def f():\n    print(1)", budgets.forbidden, "2: print"),
    ("def f():\n    global x", budgets.forbidden, "2: global"),
    ("try:\n    pass\nexcept:\n    pass", budgets.forbidden, "3: bare except"),
    ("def f():\n    pass", bare, "1: f"),
    ("class A:\n    pass", bare, "1: class A"),
    ("class A:\n    'a'\n    def f(self):\n        pass", bare, "3: A.f"),
    ("x = 1", lambda tree: budgets.undocumented(tree, set()), "1: the module"),
]


@pytest.mark.parametrize("source, check, found", SPOILT, ids=[found for _, _, found in SPOILT])
def test_the_checks_bite(source, check, found):
    assert check(ast.parse(source)) == [found]


def test_what_a_protocol_says_need_not_be_said_again():
    tree = ast.parse("class A(Protocol):\n    'a'\n    def f(self):\n        'says'\n    def g(self): ...")
    assert budgets.said_by_protocols([tree]) == {"f"}
    both = ast.parse("'m'\nclass B:\n    'b'\n    def f(self):\n        pass\n    def g(self):\n        pass")
    assert budgets.undocumented(both, {"f"}) == ["6: B.g"]


def test_so_it_is_with_a_base_that_does_nothing_and_no_other():
    base = "class A:\n    'a'\n    def f(self):\n        'says'\n        return {}"
    assert budgets.said_by_protocols([ast.parse(base.format("False"))]) == {"f"}
    assert budgets.said_by_protocols([ast.parse(base.format("self.x"))]) == set()


def test_a_docstring_is_not_counted():
    source = 'def f():\n    """' + "word\n" * 60 + '"""\n    return 1'
    assert budgets.over_budget(ast.parse(source)) == []
