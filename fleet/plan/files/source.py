"""A text file of lines and numbers, and everything wrong with it.

The field's formats are read line by line; a reader asks for the numbers of a line and goes on when there are
none, so that all faults of a file are told at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from fleet.base.errors import Fault, InputError
from fleet.base.textfile import read_bounded

MOST_BYTES = 1 << 29
"""No file of a problem or a plan is larger; it would not fit in memory once it is read."""
MOST_FAULTS = 50
"""More than this many faults are counted, not listed."""
MOST = 1e12
"""No number of a file of the field is larger: in thousandths of its units it is a deadline that there is none."""
MOST_DIGITS = 30
"""No number of a problem is longer; `int` and `float` would take any length, in ever more time."""

_WORD = re.compile(r"\S+")


def read_text(path: Path) -> str:
    """The text of a file, UTF-8 or else Latin-1. Raises `InputError` when it cannot be read or is empty."""
    data = read_bounded(path, MOST_BYTES)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if not text.strip():
        raise InputError([Fault(str(path), 1, 1, "", "a file with something in it", "an empty file")])
    return text if "\n" in text else text.replace("\r", "\n")


class Source:
    """The lines of a file, numbered from 1, and the faults found in it so far."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.split("\n")
        self._faults: list[Fault] = []

    def fault(self, line: int, column: int, path: str, expected: str, found: str, hint: str = "") -> None:
        """Note a fault; `line` beyond the last line means the end of the file."""
        if line > len(self.lines):
            line, column = len(self.lines), len(self.lines[-1]) + 1
        self._faults.append(Fault(self.file, line, column, path, expected, found, hint))

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong so far."""
        return not self._faults

    def raise_if_any(self) -> None:
        """InputError with all faults; past `MOST_FAULTS` the last one says how many were left out."""
        if not self._faults:
            return
        ordered = sorted(self._faults, key=lambda fault: (fault.line, fault.column))
        shown, hidden = ordered[:MOST_FAULTS], ordered[MOST_FAULTS:]
        if hidden:
            first = hidden[0]
            found = f"{len(hidden)} more from here on"
            shown.append(Fault(self.file, first.line, first.column, "~", "no faults", found))
        raise InputError(shown)

    def words(self, line: int) -> list[tuple[int, str]]:
        """Each word of a line and its column."""
        return [(match.start() + 1, match.group()) for match in _WORD.finditer(self.lines[line - 1])]

    def row(self, line: int, path: str, names: Sequence[str]) -> list[float] | None:
        """The numbers of a line that has one for each of `names`, or None after noting what is wrong."""
        words = self.words(line)
        if len(words) != len(names):
            at = words[len(names)][0] if len(words) > len(names) else len(self.lines[line - 1].rstrip()) + 1
            expected = f"{len(names)} numbers ({', '.join(names)})"
            self.fault(line, at, path, expected, str(len(words)))
            return None
        return self.numbers(line, path)

    def numbers(self, line: int, path: str) -> list[float] | None:
        """The numbers of a line, or None after noting each word that is none."""
        texts = self.lines[line - 1].split()
        values = [number(text) for text in texts]
        if None not in values:
            return [value for value in values if value is not None]
        for column, text in self.words(line):
            if number(text) is None:
                self.fault(line, column, path, f"a number of at most {MOST:g}", shown(text))
        return None


def number(text: str) -> float | None:
    """The number that a text spells, or None where it spells none or one beyond `MOST`."""
    if len(text) > MOST_DIGITS or "_" in text:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) <= MOST else None


def whole(value: float) -> int | None:
    """A number that is whole, or None."""
    return int(value) if value == int(value) else None


def shown(text: str) -> str:
    """What was found, short enough for one line."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in text)
    return repr(printable if len(printable) <= 40 else printable[:37] + "...")
