"""Double entry for every kilogram and every watt-hour.

Every change is a transfer between two accounts, so the sum never changes; after each transfer the accounts of
the holders involved are held against what the holders' own state says. The worst difference of any event is
the residual of the run; above `TOLERANCE` the run fails.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Literal

from fleet.base.errors import BooksError

TOLERANCE = 1e-6
"""kg and Wh."""

Ledger = Literal["kg", "Wh"]
Account = tuple[str, str]
"""(kind, holder), for instance ("aboard", "north-03") or ("battery", "north-03")."""


class Books:
    """The accounts of one run, one set in kilograms and one in watt-hours."""

    def __init__(self) -> None:
        self._accounts: dict[Ledger, defaultdict[Account, float]] = {
            "kg": defaultdict(float),
            "Wh": defaultdict(float),
        }
        self.residual: dict[Ledger, float] = {"kg": 0.0, "Wh": 0.0}

    def transfer(self, ledger: Ledger, source: Account, target: Account, amount: float) -> None:
        """Move `amount` from one account to another; the sum of all stays what it is."""
        accounts = self._accounts[ledger]
        accounts[source] -= amount
        accounts[target] += amount

    def compare(self, ledger: Ledger, account: Account, actual: float) -> None:
        """Hold an account against what its holder has. Raises `BooksError` above the tolerance."""
        gap = abs(self._accounts[ledger][account] - actual)
        # Asked so that a gap that is not a number counts as one too large.
        if not gap <= self.residual[ledger]:
            self.residual[ledger] = gap
            if not gap <= TOLERANCE:
                raise BooksError(
                    f"books do not close: account {account[0]} of {account[1]}: "
                    f"expected {self._accounts[ledger][account]:.9f} {ledger}, found {actual:.9f} {ledger}"
                )

    def totals(self, ledger: Ledger) -> dict[str, float]:
        """The balance of every kind of account. Sources are negative; the sum is zero."""
        sums: dict[str, float] = defaultdict(float)
        for (kind, _), amount in sorted(self._accounts[ledger].items()):
            sums[kind] += amount
        return dict(sums)
