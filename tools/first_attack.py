"""The first attacks over many seeds: found or not, how fast, at what cost, and what the response is worth.

    python tools/first_attack.py [--seeds 20] [--jobs 2] [-o docs/first-attack.md]

Each seed is one world flown four times: attacked with the blue team, attacked without, in peace with it, in
peace without. Finished runs are kept in a work file beside the page, so a broken-off study goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

from fleet.app.load import load_scenario
from fleet.app.run import Runner
from fleet.bus.memory import MemoryBus
from fleet.messages.envelope import Message
from fleet.messages.reports import PickupCollected, VehicleReported
from fleet.messages.security import Alert
from fleet.messages.truth import AttackBegan, TamperEffect

ROOT = Path(__file__).parents[1]
SCENARIO = ROOT / "configs" / "first-attack.yaml"
CASES = {
    "attacked, guarded": (),
    "attacked, unguarded": ("blue.detectors=[]",),
    "peace, guarded": ("red.attacks=[]",),
    "peace, unguarded": ("red.attacks=[]", "blue.detectors=[]"),
}


@dataclass(frozen=True)
class Result:
    """One run: kilograms collected; per attack class (entity, began s, alarmed s or None); false alarms."""

    seed: int
    case: str
    kg: float
    found: dict[str, tuple[str, float, float | None]]
    false_alarms: int
    vehicles_lost: int
    offset_m: float


class Tape:
    """Keeps what the figures need."""

    def __init__(self) -> None:
        self.kg = 0.0
        self.began: dict[tuple[str, str], float] = {}
        self.alarms: dict[tuple[str, str], float] = {}
        self.lost: set[str] = set()
        self.offset_m = 0.0

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        for message in batch:
            body = message.body
            match body:
                case PickupCollected():
                    self.kg += body.scale_kg
                case AttackBegan():
                    self.began[body.attack_class, body.entity] = message.t_ms / 1000
                case Alert():
                    self.alarms.setdefault((body.attack_class, body.entity), message.t_ms / 1000)
                case VehicleReported(state="lost"):
                    self.lost.add(body.vehicle)
                case TamperEffect(quantity="offset_m"):
                    self.offset_m = max(self.offset_m, body.size)


def fly(seed: int, case: str) -> Result:
    tape = Tape()
    parts = load_scenario(SCENARIO, [f"seed={seed}", *CASES[case]]).build(MemoryBus)
    Runner(parts, [tape]).run()
    found = {cls: (entity, t, tape.alarms.get((cls, entity))) for (cls, entity), t in tape.began.items()}
    false_alarms = len(tape.alarms.keys() - tape.began.keys())
    return Result(seed, case, round(tape.kg, 1), found, false_alarms, len(tape.lost), tape.offset_m)


def run_all(seeds: int, jobs: int, work: Path) -> list[Result]:
    done = [Result(**json.loads(line)) for line in work.read_text().splitlines()] if work.exists() else []
    have = {(r.seed, r.case) for r in done}
    todo = [(s, c) for s in range(1, seeds + 1) for c in CASES if (s, c) not in have]
    with ProcessPoolExecutor(jobs) as pool, work.open("a") as log:
        for future in as_completed([pool.submit(fly, *point) for point in todo]):
            result = future.result()
            done.append(result)
            log.write(json.dumps(asdict(result)) + "\n")
            log.flush()
    return sorted((r for r in done if r.seed <= seeds), key=lambda r: (r.seed, r.case))


def page(results: list[Result]) -> str:
    seeds = sorted({r.seed for r in results})
    by = {(r.seed, r.case): r for r in results}
    lines = [
        "# The first attacks, over many seeds",
        "",
        f"Made by `python tools/first_attack.py --seeds {len(seeds)}`: `configs/first-attack.yaml` (20 vehicles,",
        "one hour in Neo-Terra, a stolen key and a GPS tow of 1 m/s at random onsets), each seed flown four",
        "times. Delays are seconds from the attack's first effect to the alert. `lost` are vehicles that landed",
        "away from any site; `tow m` is how far the towed vehicle was off when the tow was let go.",
        "",
        "| seed | stolen key: vehicle, delay s | tow: vehicle, delay s | false alarms | kg guarded | kg unguarded "
        "| kg in peace | tow m, guarded / not | lost, guarded / not |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for seed in seeds:
        guarded, alone = by[seed, "attacked, guarded"], by[seed, "attacked, unguarded"]
        peace = by[seed, "peace, guarded"]
        cells = [_delay(guarded, "stolen-key"), _delay(guarded, "gps-tow")]
        false_alarms = guarded.false_alarms + peace.false_alarms
        lines.append(
            f"| {seed} | {cells[0]} | {cells[1]} | {false_alarms} | {guarded.kg} | {alone.kg} "
            f"| {peace.kg} | {guarded.offset_m:.0f} / {alone.offset_m:.0f} "
            f"| {guarded.vehicles_lost} / {alone.vehicles_lost} |"
        )
    return "\n".join([*lines, "", *_totals(results), ""])


def _delay(result: Result, attack: str) -> str:
    if attack not in result.found:
        return "did not happen"
    entity, began, alarmed = result.found[attack]
    return f"{entity}, {'missed' if alarmed is None else round(alarmed - began)}"


def _totals(results: list[Result]) -> list[str]:
    lines = []
    for attack in ("stolen-key", "gps-tow"):
        hits = [r.found[attack] for r in results if r.case == "attacked, guarded" and attack in r.found]
        delays = sorted(a - b for _, b, a in hits if a is not None)
        lines.append(
            f"- {attack}: {len(delays)} of {len(hits)} found with the right vehicle; delay median "
            f"{statistics.median(delays):.0f} s, largest {delays[-1]:.0f} s."
        )
    for case in CASES:
        mine = [r for r in results if r.case == case]
        lines.append(
            f"- {case}: {sum(r.kg for r in mine):.0f} kg in all, {sum(r.false_alarms for r in mine)} false "
            f"alarms, {sum(r.vehicles_lost for r in mine)} vehicles lost."
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "first-attack.md")
    arguments = parser.parse_args()
    work = arguments.output.with_suffix(".work.jsonl")
    results = run_all(arguments.seeds, arguments.jobs, work)
    arguments.output.write_text(page(results))
    work.unlink()
    print(page(results))


if __name__ == "__main__":
    main()
