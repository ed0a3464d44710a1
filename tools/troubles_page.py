"""Writes the tables of `docs/troubles.md`: the kinds from their registry, the days as they come out.

    python tools/troubles_page.py            # write the table of kinds anew
    python tools/troubles_page.py --days     # run the days, too (Neo-Terra, 3 seeds, 3 levels), and write theirs
    python tools/troubles_page.py --check    # exit 1 if the table of kinds is not up to date

What stands between `<!-- made: NAME -->` and `<!-- /made -->` is made here; the prose around it is not touched.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from fleet.sim.troubles.kind import Amount, Kind
from fleet.sim.troubles.registry import discover
from tools.made_pages import DOCS, filled, write

ROOT = Path(__file__).parents[1]
PAGE = DOCS / "troubles.md"
LEVELS, SEEDS = ("none", "calm", "troubled"), (1, 2, 3)
HEADS = (
    "level", "seed", "incidents", "kinds", "per drone-day", "requested", "served", "late", "lost", "km", "kWh",
    "residual",
)  # fmt: skip
WHOM = {
    "vehicle": "vehicle and day",
    "site": "site and day",
    "anchor": "anchor and day",
    "city": "city and day",
}
"""What a rate is for, in the page's words."""


def rate(kind: Kind) -> str:
    """How often, with what it is for."""
    if kind.whom == "pickup":
        return f"{100 * kind.rate:g} % of pickups"
    return f"{kind.rate:g} per {WHOM[kind.whom]}{' in the air' if kind.air else ''}"


def number(value: float) -> str:
    """A number of a table."""
    return f"{value:.4g}"


def size(amount: Amount) -> str:
    """The median, and from where to where."""
    sign = "± " if amount.signed else ""
    if amount.low == amount.high:
        return f"{sign}{number(amount.median)} {amount.unit}"
    return f"{sign}{number(amount.median)} ({number(amount.low)} to {number(amount.high)}) {amount.unit}"


def lasts(kind: Kind) -> str:
    """How long, in minutes; or that it stays, or is over at once."""
    if kind.lasts is None:
        return "at once, or to the end"
    low, median, high = (value / 60.0 for value in (kind.lasts.low, kind.lasts.median, kind.lasts.high))
    return f"{number(median)} ({number(low)} to {number(high)}) min"


def kinds() -> str:
    """A table for each family."""
    lines: list[str] = []
    for family, members in groupby(discover().values(), key=lambda kind: kind.name.partition("-")[0]):
        lines += [f"### {family}", "", "| kind | what happens | rate | size | lasts | shows in | source |"]
        lines.append("|---|---|---|---|---|---|---|")
        for kind in members:
            cells = (
                f"`{kind.name}`",
                kind.text,
                rate(kind),
                size(kind.size),
                lasts(kind),
                kind.where,
                kind.source,
            )
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def run(level: str, seed: int) -> dict[str, Any]:
    """What a day came to, as `fleet run --json` says it."""
    command = [sys.executable, "-m", "fleet", "run", str(ROOT / "configs" / "troubled.yaml"), "--seed", str(seed)]
    command += ["--set", f"troubles.level={level}", "--quiet", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def days() -> Iterator[str]:
    """A row for each day."""
    yield f"| {' | '.join(HEADS)} |"
    yield "|---" * len(HEADS) + "|"
    for level in LEVELS:
        for seed in SEEDS:
            day = run(level, seed)
            incidents = sum(day["troubles"].values())
            drone_days = day["vehicles"] * day["simulated_s"] / 86_400.0
            residual = max(day["residual_kg"], day["residual_wh"])
            yield (
                f"| {level} | {seed} | {incidents:,} | {len(day['troubles'])} | {incidents / drone_days:.1f} "
                f"| {day['requested']:,} | {day['served']:,} | {day['late']} | {day['lost']} "
                f"| {day['flown_km']:,.0f} | {day['flown_wh'] / 1000:,.0f} | {residual:.0e} |"
            )


def renewed(page: str, *, with_days: bool = False) -> str:
    """The page with what is made, made anew."""
    texts = {"kinds": kinds().rstrip(), **({"days": "\n".join(days())} if with_days else {})}
    return filled(page, texts)


if __name__ == "__main__":
    sys.exit(write(PAGE, partial(renewed, with_days="--days" in sys.argv[1:])))
