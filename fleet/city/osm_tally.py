"""What became of everything in the file: found = on the map + left out, and why.

The importer keeps one row for each kind of object, so that nothing disappears without a word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of object: how many the file has, how many came onto the map, and why the others did not.

    `part_of` names the row that these objects are counted in too.
    """

    what: str
    found: int
    used: int
    left_out: tuple[tuple[str, int], ...] = ()
    part_of: str = ""


class Tally:
    """Counts the objects of one kind; the reasons stay in the order of their first use."""

    def __init__(self, what: str, part_of: str = "") -> None:
        self.what = what
        self.used = 0
        self._part_of = part_of
        self._left_out: Counter[str] = Counter()

    def add(self, why_not: str = "") -> bool:
        """Count one object: as used, or as left out for a reason. Whether it is used."""
        if why_not:
            self._left_out[why_not] += 1
        else:
            self.used += 1
        return not why_not

    def row(self) -> Row:
        """The sums."""
        found = self.used + self._left_out.total()
        return Row(self.what, found, self.used, tuple(self._left_out.items()), self._part_of)


class Tallies:
    """Tallies by name, made when first asked for."""

    def __init__(self, names: Iterable[str] = (), part_of: str = "") -> None:
        self._part_of = part_of
        self._tallies = {name: Tally(name, part_of) for name in names}

    def __getitem__(self, name: str) -> Tally:
        return self._tallies.setdefault(name, Tally(name, self._part_of))

    def rows(self) -> tuple[Row, ...]:
        """A row for each, in the order they were made."""
        return tuple(tally.row() for tally in self._tallies.values())


Fact = tuple[str, int]
"""A number worth knowing that is no row: what was made up, mended or cannot be served."""


@dataclass(frozen=True, slots=True)
class Account:
    """The whole account of an import."""

    rows: tuple[Row, ...] = ()
    facts: tuple[Fact, ...] = ()

    def __add__(self, other: Account) -> Account:
        return Account(self.rows + other.rows, self.facts + other.facts)

    def row(self, what: str) -> Row:
        """The row of that name; KeyError where there is none."""
        found = next((row for row in self.rows if row.what == what), None)
        if found is None:
            raise KeyError(what)
        return found

    def fact(self, what: str) -> int:
        """The number of that name; KeyError where there is none."""
        return dict(self.facts)[what]
