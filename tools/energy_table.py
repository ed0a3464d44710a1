"""Writes the tables of `docs/energy.md`: what makers state against what the flight model says.

    python tools/energy_table.py            # write the page anew
    python tools/energy_table.py --check    # exit 1 if the page is not up to date

What stands between `<!-- made: NAME -->` and `<!-- /made -->` is made here; the prose around it is not touched.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import permutations

from fleet.base.flight import HOVER_FACTOR
from tools.made_pages import DOCS, filled, write
from tools.makers_figures import (
    AS_MODELLED,
    FLYCART_KM,
    FLYCART_MIN,
    MEASURED_EFFICIENCY,
    OTHER_BATTERIES,
    Figure,
    fairest,
)

PAGE = DOCS / "energy.md"


def rows(figures: Iterable[Figure]) -> list[str]:
    """One row for each figure, at the measured efficiency."""
    made = [
        "| drone | take-off kg | battery Wh | what is stated | stated | reckoned | error | source |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for f in figures:
        what = f"{f.kind} {f.how}".strip()
        made.append(
            f"| {f.drone} | {f.take_off_kg:g} | {f.battery_wh:g} | {what} | {f.value:g} | {f.reckoned():.1f} "
            f"| {100 * f.error():+.1f} % | {f.source} |"
        )
    return made


def worst(figures: Iterable[Figure], efficiency: float) -> str:
    """The largest error, in words."""
    return f"{100 * max(abs(f.error(efficiency)) for f in figures):.1f} %"


def fits() -> list[str]:
    """One efficiency for all, chosen three ways."""
    everything = (*AS_MODELLED, *OTHER_BATTERIES)
    best, broad = fairest(AS_MODELLED), fairest(everything)
    level = [f.asks_for() / (HOVER_FACTOR if f.kind == "min hovering" else 1.0) for f in AS_MODELLED]
    plain = 2.0 / (1.0 / min(level) + 1.0 / max(level))
    return [
        "| one efficiency for all | value | worst, types as modelled | worst, other batteries too |",
        "|---|---|---|---|",
        f"| measured, the one in use | {MEASURED_EFFICIENCY:.2f} | {worst(AS_MODELLED, MEASURED_EFFICIENCY)} "
        f"| {worst(everything, MEASURED_EFFICIENCY)} |",
        f"| least worst error, types as modelled | {best:.3f} | {worst(AS_MODELLED, best)} "
        f"| {worst(everything, best)} |",
        f"| least worst error, other batteries too | {broad:.3f} | {worst(AS_MODELLED, broad)} "
        f"| {worst(everything, broad)} |",
        f"| the same as the second, if hovering drew no more than level flight | {plain:.3f} "
        f"| {100 * (plain / min(level) - 1.0):.1f} % | - |",
    ]


def held_out() -> list[str]:
    """An efficiency of the type's own, from one figure, tried on another of the same kind."""
    made = [
        "| drone | fitted on | efficiency | tried on | stated | reckoned | error |",
        "|---|---|---|---|---|---|---|",
    ]
    light = [f for f in AS_MODELLED if f.drone == "Matrice 600"]
    small = [f for f in AS_MODELLED if f.drone == "Matrice 100"]
    ends = (small[0], small[-1])
    for pair in (FLYCART_KM, FLYCART_MIN, light, ends):
        for on, tried in permutations(pair, 2):
            efficiency = on.asks_for()
            made.append(
                f"| {on.drone} | {on.kind}, {on.take_off_kg:g} kg | {efficiency:.3f} "
                f"| {tried.kind}, {tried.take_off_kg:g} kg | {tried.value:g} | {tried.reckoned(efficiency):.1f} "
                f"| {100 * tried.error(efficiency):+.1f} % |"
            )
    return made


TABLES = {
    "as-modelled": lambda: rows(AS_MODELLED),
    "other-batteries": lambda: rows(OTHER_BATTERIES),
    "fits": fits,
    "held-out": held_out,
}


def renewed(page: str) -> str:
    """The page with its tables made anew."""
    return filled(page, {name: "\n".join(["", *table(), ""]) for name, table in TABLES.items()})


if __name__ == "__main__":
    sys.exit(write(PAGE, renewed))
