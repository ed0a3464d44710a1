"""Plan thousands of random problems, and let the referee try to find anything wrong with the plans.

    python tools/random_problems.py                              10,000 towns; resumes where it stopped
    python tools/random_problems.py --towns 500 --workers 2
    python tools/random_problems.py --write docs/random-problems.md    and put the tables there

Every town is drawn from its number (`towns/draw.py`), planned with so many iterations, and judged. Then the
referee tries each pickup that was left out in every gap of every route; and where a change is said to admit a
pickup, the change is made to the problem and the referee must find a place for it. Of every 40th town the plan is
also made without each feature of the contract: what binds changes the cost. A log keeps a line for each town, with
what it was made by; lines that were made by anything else (other iterations, another engine, other sources) do not
count.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from towns.features import FEATURES
from towns.tried import tried

from fleet.plan.solver import chosen

ROOT = Path(__file__).parents[1]
SOURCES = (ROOT / "fleet" / "plan", ROOT / "tools" / "towns")
TOWNS = 10_000
ITERATIONS = 2_000
BINDS_EVERY = 40
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"


def made_by(iterations: int) -> dict[str, Any]:
    """What a line depends on besides its town's number."""
    digest = hashlib.sha256()
    for file in sorted(path for folder in SOURCES for path in folder.rglob("*.py")):
        digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return {
        "iterations": iterations,
        "binds_every": BINDS_EVERY,
        "engine": chosen("together"),
        "sources": digest.hexdigest()[:16],
    }


def one(seed: int, maker: dict[str, Any]) -> dict[str, Any]:
    """A town's line of the log."""
    return {**tried(seed, maker["iterations"], ask_what_binds=seed % BINDS_EVERY == 0).said(), "made_by": maker}


def read_log(path: Path, maker: dict[str, Any], towns: int) -> dict[int, dict[str, Any]]:
    """The towns done so far, by seed; a line cut short by a stop is done again, and so is one made otherwise."""
    done: dict[int, dict[str, Any]] = {}
    others = 0
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            said = json.loads(line)
        except json.JSONDecodeError:
            continue
        if said.get("made_by") != maker:
            others += 1
        elif said["seed"] < towns:
            done[said["seed"]] = said
    if others:
        print(f"{path}: {others:,} lines do not count: other iterations, engine or sources", file=sys.stderr)
    return done


def run(seeds: Iterable[int], maker: dict[str, Any], workers: int) -> Iterator[dict[str, Any]]:
    job = functools.partial(one, maker=maker)
    if workers == 1:
        yield from map(job, seeds)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(job, seeds, chunksize=10)


def what_became(towns: list[dict[str, Any]]) -> Iterator[str]:
    pickups, served = sum(t["pickups"] for t in towns), sum(t["served"] for t in towns)
    codes: Counter[str] = Counter()
    for town in towns:
        codes.update(town["codes"])
    dropped = sum(codes.values())
    yield "| | |\n|---|---|"
    yield f"| problems | {len(towns):,} |"
    yield f"| pickups | {pickups:,} |"
    yield f"| served | {served:,} |"
    yield f"| left out, each with a reason that the referee finds true | {dropped:,} |"
    for code, count in codes.most_common():
        yield f"| ... {code} | {count:,} |"
    yield f"| **rules broken, by the referee** | **{sum(len(t['violations']) for t in towns):,}** |"
    yield f"| **left out, and the referee can insert it** | **{sum(len(t['insertable']) for t in towns):,}** |"
    promised, kept = sum(t["promised"] for t in towns), sum(t["kept"] for t in towns)
    yield f"| left out with a change that would admit it | {promised:,} ({_share(promised, dropped)}) |"
    yield f"| ... the change made, and the referee can insert it | {kept:,} ({_share(kept, promised)}) |"
    yield f"| processor time, all of the above and what binds | {sum(t['cpu_s'] for t in towns) / 60:,.0f} min |"


def what_is_covered(towns: list[dict[str, Any]]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for town in towns:
        seen.update(town["has"])
    yield "| in a problem | of all problems |\n|---|---|"
    yield from (f"| {name} | {_share(count, len(towns))} |" for name, count in seen.most_common())
    asked = [town for town in towns if town["binds"] is not None]
    binds: Counter[str] = Counter(dict.fromkeys(FEATURES, 0))
    for town in asked:
        binds.update(town["binds"])
    yield f"\n| without it another cost | of {len(asked):,} problems |\n|---|---|"
    yield from (f"| {name} | {_share(count, len(asked))} |" for name, count in binds.most_common())


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.1f} %"


def faults(towns: list[dict[str, Any]]) -> Iterator[str]:
    for town in towns:
        for what in ("violations", "insertable", "broken"):
            yield from (f"town {town['seed']}: {what}: {said}" for said in town[what])


def renewed(page: str, tables: str) -> str:
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{rest.partition(END)[2]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--towns", type=int, default=TOWNS)
    parser.add_argument("--iterations", type=int, default=ITERATIONS, help="for each town")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--log", type=Path, default=Path("random-problems.jsonl"), help="a line for each town")
    parser.add_argument("--write", type=Path, metavar="FILE.md", help="put the tables there, between its markers")
    options = parser.parse_args()
    maker = made_by(options.iterations)
    done = read_log(options.log, maker, options.towns)
    todo = [seed for seed in range(options.towns) if seed not in done]
    with options.log.open("a") as log:
        log.write("\n" if options.log.stat().st_size else "")  # behind a line that was cut short
        for said in run(todo, maker, options.workers):
            done[said["seed"]] = said
            log.write(json.dumps(said) + "\n")
            log.flush()
            if len(done) % 500 == 0:
                print(f"{len(done):,} towns", file=sys.stderr)
    towns = [done[seed] for seed in sorted(done)]
    tables = "\n".join([*what_became(towns), "", *what_is_covered(towns)])
    wrong = list(faults(towns))
    print("\n".join([tables, *wrong]))
    if options.write:
        options.write.write_text(renewed(options.write.read_text(), tables))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
