"""An entry and what it calls, to be compiled by one process and used by another."""

from pathlib import Path

from fleet.base.compiled import entry, inner


@inner()
def _square(k: int) -> int:
    return k * k


@entry(Path(__file__).parent)
def total(n: int) -> int:
    """The sum of the squares below n."""
    found = 0
    for k in range(n):
        found += _square(k)
    return found
