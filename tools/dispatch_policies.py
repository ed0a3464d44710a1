"""Measures the dispatch policies on several days, and writes the tables of `docs/dispatch.md`.

    python tools/dispatch_policies.py --results FILE [--city MAP]    # run what FILE does not hold yet, then write
    python tools/dispatch_policies.py --results FILE --write         # write from what FILE holds

One line of JSON is added to FILE for each day that was run, so the work can be interrupted and taken up again.
`--city` is the map for configs/mixed.yaml, made with `fleet map import`; without one its own small town is used.
What stands between `<!-- made: table -->` and `<!-- /made -->` is made here; the prose around it is not touched.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.made_pages import filled

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "dispatch.md"
POLICIES = ("at-once", "batch", "postpone")
SEEDS = (11, 12, 13)
"""Days that nobody looked at while `patience`, `margin_s` and the rest were chosen."""
MEASURES = (
    ("served", "served", 1.0), ("late", "late", 1.0), ("waited, min", "wait_mean_s", 60.0),
    ("95 % within, min", "wait_p95_s", 60.0), ("km flown", "flown_km", 1.0), ("Wh", "flown_wh", 1.0),
)  # fmt: skip
"""Head of the column, field of the summary, and what it is divided by."""


@dataclass(frozen=True)
class Day:
    """A scenario under a policy with a seed."""

    scenario: str
    policy: str
    seed: int
    settings: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.scenario} {self.policy} {self.seed}"


def days(city: str) -> list[Day]:
    """All that is to be run, the quick ones first."""
    own = {"four-corners": (), "mixed": (f"city.map={city}",) if city else (), "neo-terra": ()}
    return [Day(name, p, s, more) for name, more in own.items() for s in SEEDS for p in POLICIES]


def run(day: Day) -> dict[str, Any]:
    """What a day came to, as `fleet run --json` says it."""
    settings = [f"dispatch.policy.kind={day.policy}", *day.settings]
    command = [sys.executable, "-m", "fleet", "run", str(ROOT / "configs" / f"{day.scenario}.yaml")]
    command += ["--seed", str(day.seed), "--quiet", "--json", *(part for s in settings for part in ("--set", s))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{day.key}: {done.stderr.strip()}")
    return dict(json.loads(done.stdout))


def read(file: Path) -> dict[str, dict[str, Any]]:
    """What was measured before, by the key of the day."""
    if not file.exists():
        return {}
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {line["key"]: line["result"] for line in lines}


def spread(values: Iterable[float]) -> str:
    """The mean, and how far the lowest and the highest are from it at most."""
    row = list(values)
    mean = statistics.fmean(row)
    off = max(abs(value - mean) for value in row)
    return f"{mean:,.0f}" + (f" ± {off:,.0f}" if off >= 0.5 else "")


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """One row for each scenario and policy; kilometres also as a ratio to `batch`, day by day."""
    rows = ["| day | policy | asked for | " + " | ".join(name for name, *_ in MEASURES) + " | km over batch |"]
    rows.append("|---" * (len(MEASURES) + 4) + "|")
    for name in dict.fromkeys(day.scenario for day in days("")):
        for policy in POLICIES:
            found = [results.get(Day(name, policy, seed).key) for seed in SEEDS]
            base = [results.get(Day(name, "batch", seed).key) for seed in SEEDS]
            both = [(f, b) for f, b in zip(found, base, strict=True) if f and b]
            if not both:
                continue
            cells = [spread(f["requested"] for f, _ in both)]
            cells += [spread(f[field] / unit for f, _ in both) for _, field, unit in MEASURES]
            ratios = [f["flown_km"] / b["flown_km"] for f, b in both]
            cells.append(f"{statistics.fmean(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
            rows.append(f"| {name} | {policy} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def write(results: Mapping[str, Mapping[str, Any]]) -> None:
    """Put the table into the page."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), {"table": table(results)}), encoding="utf-8")


def main() -> None:
    """Measure what is missing, then write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--city", default="", help="map for configs/mixed.yaml")
    parser.add_argument("--write", action="store_true", help="run nothing")
    given = parser.parse_args()
    results = read(given.results)
    for day in [] if given.write else days(str(Path(given.city).resolve()) if given.city else ""):
        if day.key in results:
            continue
        results[day.key] = run(day)
        with given.results.open("a", encoding="utf-8") as out:
            out.write(json.dumps({"key": day.key, "result": results[day.key]}) + "\n")
        print(day.key, results[day.key]["served"], round(results[day.key]["flown_km"]), flush=True)
    write(results)


if __name__ == "__main__":
    main()
