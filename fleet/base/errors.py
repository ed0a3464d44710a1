"""Every error that crosses a floor.

    FleetError                  something the user can read and act on (exit 1)
    ├── UsageError              the command was called wrongly (exit 2)
    ├── InputError              a file is not valid; carries every fault found in it (exit 3)
    ├── InfeasibleError         the input is valid and cannot be carried out (exit 4)
    ├── MessageError            bytes on the bus are not a message
    └── RunError                a run failed half-way (exit 1)
        └── BooksError          mass or energy appeared or vanished

The command line turns each into its message and `exit_code`; a traceback is for our own mistakes.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in an input, and where.

    >>> print(Fault("day.yaml", 4, 5, "fleet.groups.0.count", "an integer of at least 1", "0"))
    day.yaml:4:5: fleet.groups.0.count: expected an integer of at least 1, found 0
    """

    file: str
    line: int
    column: int
    path: str
    expected: str
    found: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: "
        what = f"{self.path}: " if self.path else ""
        tail = f"; {self.hint}" if self.hint else ""
        return f"{where}{what}expected {self.expected}, found {self.found}{tail}"


class FleetError(Exception):
    """The root; its text is fit to be shown to a user as it is."""

    exit_code = 1


class UsageError(FleetError):
    """The command, not a file, is wrong."""

    exit_code = 2


class InputError(FleetError):
    """A file is not valid. `faults` holds everything wrong with it, in file order."""

    exit_code = 3

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda f: (f.file, f.line, f.column, f.path)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class InfeasibleError(FleetError):
    """The input is well formed, and nothing can satisfy it."""

    exit_code = 4


class MessageError(FleetError):
    """Bytes or a body that the wire format does not allow."""


class RunError(FleetError):
    """A run could not be carried to its end."""


class BooksError(RunError):
    """The books of a run do not close: the simulator, not the user, is at fault."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint naming the known word nearest to `word`, or nothing.

    >>> did_you_mean("cuont", ["count", "base"])
    'did you mean `count`?'
    """
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean `{near[0]}`?" if near else ""
