"""Double entry for everything that must not be lost: kilograms, watt-hours, items, credits.

Every change is a transfer between two accounts, so the sum of a ledger never changes. Mass is booked twice, in all
("kg") and by what it really is ("kg/glass"), whatever it is declared as. After each transfer the accounts of the
holders involved are held against what the holders' own state says. The worst difference of any event is the
residual of the run; above `TOLERANCE` the run fails.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from fleet.base.errors import BooksError

TOLERANCE = 1e-6
"""kg, Wh, items and credits alike."""

Ledger = str
"""What is counted: `KG`, `WH`, `ITEMS`, `CREDITS`, or `of(material)`."""

KG, WH, ITEMS, CREDITS = "kg", "Wh", "items", "credits"
FAMILIES: tuple[Ledger, ...] = (KG, WH, ITEMS, CREDITS)

Account = tuple[str, str]
"""(kind, holder), for instance ("aboard", "north-03") or ("battery", "north-03")."""

INITIAL: Account = ("initial", "")
"""Where all comes from that is there when the run begins."""
GENERATED: Account = ("generated", "")
"""Where what people throw away comes from."""
GRID: Account = ("grid", "")
"""Where electricity comes from."""
CHARGING_LOSS: Account = ("charging-loss", "")
"""What of it never reaches a battery."""

CONVERTED = "converted"
"""The kind of account over which one material becomes another: over all materials it is empty at every moment."""


def of(material: str) -> Ledger:
    """The ledger of the mass of one material.

    >>> of("glass")
    'kg/glass'
    """
    return f"{KG}/{material}"


def _family(ledger: Ledger) -> Ledger:
    return ledger.partition("/")[0]


class Books:
    """The accounts of one run."""

    def __init__(self) -> None:
        self._ledgers: dict[Ledger, defaultdict[Account, float]] = {
            family: defaultdict(float) for family in FAMILIES
        }
        self.residual: dict[Ledger, float] = dict.fromkeys(FAMILIES, 0.0)
        """The worst difference so far, by family: "kg" stands for every material, too."""

    def transfer(self, ledger: Ledger, source: Account, target: Account, amount: float) -> None:
        """Move `amount` from one account to another; the sum of all stays what it is."""
        accounts = self._accounts(ledger)
        accounts[source] -= amount
        accounts[target] += amount

    def carry(self, source: Account, target: Account, contents: Mapping[str, float]) -> None:
        """Move mass, `contents` kilograms of each material, from one account to another."""
        for material in sorted(contents):
            self.transfer(of(material), source, target, contents[material])
        self.transfer(KG, source, target, sum(contents[material] for material in sorted(contents)))

    def convert(
        self, source: Account, target: Account, given: Mapping[str, float], got: Mapping[str, float]
    ) -> None:
        """Let `given` become `got`, which must weigh the same. Raises `BooksError` where it does not."""
        between = (CONVERTED, source[1])
        self.carry(source, between, given)
        self.carry(between, target, got)
        self.compare(KG, between, 0.0)

    def compare(self, ledger: Ledger, account: Account, actual: float) -> None:
        """Hold an account against what its holder has. Raises `BooksError` above the tolerance."""
        booked = self._accounts(ledger)[account]
        gap, family = abs(booked - actual), _family(ledger)
        # Asked so that a gap that is not a number counts as one too large.
        if not gap <= self.residual[family]:
            self.residual[family] = gap
            if not gap <= TOLERANCE:
                raise BooksError(
                    f"books do not close: account {account[0]} of {account[1]}: "
                    f"expected {booked:.9f} {ledger}, found {actual:.9f} {ledger}"
                )

    def compare_contents(self, account: Account, contents: Mapping[str, float]) -> None:
        """Hold a holder's whole mass, and each material that it has or is booked to have, against the books."""
        self.compare(KG, account, sum(contents[material] for material in sorted(contents)))
        for ledger in sorted(self._ledgers):
            material = ledger[len(KG) + 1 :]
            if _family(ledger) == KG and material and account in self._ledgers[ledger]:
                self.compare(ledger, account, contents.get(material, 0.0))

    def balance(self, ledger: Ledger, account: Account) -> float:
        """What is booked on one account."""
        accounts = self._ledgers.get(ledger)
        return 0.0 if accounts is None else accounts.get(account, 0.0)

    @property
    def ledgers(self) -> tuple[Ledger, ...]:
        """Every ledger in use, in the order of their names."""
        return tuple(sorted(name for name, accounts in self._ledgers.items() if accounts))

    def totals(self, ledger: Ledger) -> dict[str, float]:
        """The balance of every kind of account. Sources are negative; the sum is zero."""
        sums: dict[str, float] = defaultdict(float)
        for (kind, _), amount in sorted(self._ledgers.get(ledger, {}).items()):
            sums[kind] += amount
        return dict(sums)

    def _accounts(self, ledger: Ledger) -> defaultdict[Account, float]:
        accounts = self._ledgers.get(ledger)
        if accounts is None:
            accounts = self._ledgers[ledger] = defaultdict(float)
        return accounts
