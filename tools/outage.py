"""An outage of some of the chargers, seed by seed, against the same day without: what service keeps, who falls.

    python tools/outage.py [--seeds 5] [--jobs 2] [--scenario FILE.yaml] [--page docs/grid.md] [-o DIR]

Every point is a whole day. Results lie in a directory of `fleet study`'s form, so a broken-off study goes on where
it was. The table goes into the page, between `<!-- made: outage -->` and `<!-- /made -->`.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from fleet.app.load import load_scenario
from fleet.app.pool import processes
from fleet.app.run import Runner
from fleet.app.studying import content_key, program_key
from fleet.base.clock import next_time_ms
from fleet.base.errors import FleetError, UsageError
from fleet.base.materials import MATERIALS
from fleet.bus.memory import MemoryBus
from fleet.messages.envelope import Message
from fleet.messages.grid import PowerChanged
from fleet.messages.reports import PickupCollected, PickupRequested, VehicleReported
from fleet.messages.truth import LegFlown, WorldClosed
from fleet.sim.build import Setting
from fleet.study.model import Finding, Point, Study
from fleet.study.runner import Hands, run_study
from fleet.study.store import Store
from tools.made_pages import filled

ROOT = Path(__file__).parents[1]
FROM, UNTIL = "11:00", "15:00"
SHARES = (0.3, 0.6, 1.0)
BIN_MS = 900_000
ON_SITE = ("idle", "grounded", "queueing", "charging", "unloading")
Findings = Mapping[str, Finding]


class Tape:
    """Keeps what the figures need of a day, in which the outage is, or would be, in `span_ms`."""

    def __init__(self, setting: Setting, span_ms: tuple[int, int]) -> None:
        self._span_ms = span_ms
        self._reserve_wh = {v.id: setting.types[v.type_name].reserve_wh for v in setting.vehicles}
        self._sites = [(site.x_m, site.y_m) for site in setting.sites]
        self._hazardous: dict[str, bool] = {}
        self._latest_ms: dict[str, int] = {}
        self.counts: Counter[str] = Counter()
        self.bins: Counter[int] = Counter()
        self.lost: set[str] = set()
        self.stranded: set[str] = set()
        self.dark: set[str] = set()
        self.over_reserve_wh = float("inf")
        self.residual = 0.0

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        """Take in a tick."""
        del tick
        for message in batch:
            match message.body:
                case PickupRequested() as asked:
                    self._asked(asked, message.t_ms)
                case PickupCollected() as done:
                    self._collected(done.pickup_id, message.t_ms)
                case VehicleReported() as said:
                    self._reported(said)
                case LegFlown() as leg:
                    over = leg.battery_wh - self._reserve_wh[leg.vehicle]
                    self.over_reserve_wh = min(self.over_reserve_wh, over)
                case PowerChanged(live=False) as change:
                    self.dark.add(change.site)
                case WorldClosed() as closed:
                    self.residual = max(closed.residual_kg, closed.residual_wh, closed.residual_items)
                case _:
                    pass

    def _meanwhile(self, t_ms: int) -> bool:
        return self._span_ms[0] <= t_ms < self._span_ms[1]

    def _asked(self, asked: PickupRequested, t_ms: int) -> None:
        self._hazardous[asked.pickup_id] = MATERIALS[asked.material].hazardous
        if self._meanwhile(t_ms):
            self._latest_ms[asked.pickup_id] = asked.latest_ms
            self._count("asked", asked.pickup_id)

    def _collected(self, pickup: str, t_ms: int) -> None:
        self._count("day", pickup)
        self.bins[t_ms // BIN_MS] += 1
        if self._meanwhile(t_ms):
            self._count("meanwhile", pickup)
        if t_ms <= self._latest_ms.get(pickup, -1):
            self._count("served", pickup)

    def _count(self, what: str, pickup: str) -> None:
        self.counts[what] += 1
        self.counts[f"{what} hazardous"] += self._hazardous.get(pickup, False)

    def _reported(self, said: VehicleReported) -> None:
        at_site = any(abs(x - said.x_m) < 3.0 and abs(y - said.y_m) < 3.0 for x, y in self._sites)
        if said.state == "lost":
            self.lost.add(said.vehicle)
        elif said.state in ON_SITE and not at_site:
            self.stranded.add(said.vehicle)


def run(point: Point) -> dict[str, Finding]:
    """A day, and what it came to."""
    parts = load_scenario(Path(point.scenario), [*point.changes, f"seed={point.seed}"]).build(MemoryBus)
    setting = parts.setting
    from_ms, until_ms = (round(3_600_000 * (_hours(clock) - setting.start_hour)) for clock in (FROM, UNTIL))
    tape = Tape(setting, (from_ms, until_ms))
    Runner(parts, [tape]).run()
    places = {site.id: site.chargers for site in setting.sites}
    return {
        **tape.counts,
        "bins": json.dumps([tape.bins[k] for k in range(setting.end_ms // BIN_MS)]),
        "until_bin": until_ms // BIN_MS,
        "lost": len(tape.lost),
        "stranded": len(tape.stranded),
        "over_reserve_wh": round(tape.over_reserve_wh, 3),
        "dark_share": sum(places[site] for site in tape.dark) / sum(places.values()),
        "residual": tape.residual,
    }


def _hours(clock: str) -> float:
    return int(clock[:2]) + int(clock[3:]) / 60.0


def points_of(scenario: Path, seeds: Sequence[int]) -> list[Point]:
    """The day without an outage, and with every share of the chargers dark."""
    points, program = [], program_key()
    for share in (0.0, *SHARES):
        outage = f'[{{share_of_chargers: {share}, from: "{FROM}", until: "{UNTIL}"}}]'
        changes = (f"grid.outages={outage}",) if share else ()
        loaded = load_scenario(scenario, changes)
        points += [
            Point(f"{share:.0%}", seed, content_key(loaded, seed, program), str(scenario), changes)
            for seed in seeds
        ]
    return points


def back_min(there: Findings, free: Findings) -> float | None:
    """Minutes from the return of power until an hour begins in which 95 % of the normal number is collected."""
    now, normal = (json.loads(str(findings["bins"])) for findings in (there, free))
    until = int(_number(there, "until_bin"))
    for k in range(until, len(now) - 3):
        if sum(now[k : k + 4]) >= 0.95 * sum(normal[k : k + 4]):
            return (k - until) * BIN_MS / 60_000
    return None


def _number(findings: Findings, name: str) -> float:
    value = findings.get(name, 0)
    return value if isinstance(value, int | float) else float(str(value))


def _kept(there: Findings, free: Findings, what: str) -> str:
    return f"{_number(there, what) / max(1.0, _number(free, what)):.1%} of {_number(free, what):.0f}"


def row_of(seed: int, there: Findings, free: Findings) -> str:
    """A line of the table."""
    back = back_min(there, free)
    cells = (
        f"{_number(there, 'dark_share'):.0%}",
        seed,
        there["lost"],
        there["stranded"],
        f"{_number(there, 'over_reserve_wh'):.0f}",
        *(_kept(there, free, f"{what}{kind}") for what in ("served", "meanwhile") for kind in ("", " hazardous")),
        _kept(there, free, "day"),
        "never" if back is None else f"{back:.0f}",
    )
    return "| " + " | ".join(map(str, cells)) + " |"


HEAD = """\
| dark | seed | lost | off site | least above reserve, Wh | asked for in the outage, served in time | hazardous \
| collected during the outage | hazardous | collected all day | 95 % again after, min |
|---|---|---|---|---|---|---|---|---|---|---|"""


def table_of(found: Mapping[tuple[str, int], Findings]) -> str:
    """The whole table."""
    rows = [row_of(seed, there, found["0%", seed]) for (label, seed), there in found.items() if label != "0%"]
    return "\n".join([HEAD, *rows])


def into_page(page: Path, table: str) -> None:
    """Put the table where the page has its place."""
    page.write_text(filled(page.read_text(encoding="utf-8"), {"outage": f"\n{table}\n"}), encoding="utf-8")


def _check_span(scenario: Path) -> None:
    """Raises `FleetError` where the run is over before what comes of the outage can be seen."""
    setting = load_scenario(scenario).build(MemoryBus).setting
    _, until_ms = next_time_ms(FROM, UNTIL, setting.start_hour)
    if setting.end_ms < until_ms + 4 * BIN_MS:
        hours = setting.end_ms / 3_600_000
        raise UsageError(
            f"{scenario}: expected a run from before {FROM} until an hour after {UNTIL} or later, "
            f"found one of {hours:g} h from {setting.start_hour:g}:00"
        )


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", type=Path, default=ROOT / "configs" / "neo-terra.yaml")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--page", type=Path)
    parser.add_argument("-o", "--out", type=Path, default=Path("outage-results"))
    asked = parser.parse_args()
    try:
        _check_span(asked.scenario)
    except FleetError as error:
        parser.error(str(error))
    study = Study("outage", "1", tuple(points_of(asked.scenario, range(1, 1 + asked.seeds))), ())
    store = Store(asked.out)
    run_study(study, run, store, Hands(partial(processes, asked.jobs), asked.jobs, print))
    results = store.results(study)
    table = table_of({(p.label, p.seed): r.findings for p, r in results.items() if r.done})
    print(table)
    if asked.page is not None:
        into_page(asked.page, table)


if __name__ == "__main__":
    main()
