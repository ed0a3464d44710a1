"""What a run came to, in some twenty lines: the same lines right after the run and from its record alone."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fleet.base.errors import Fault, InputError
from fleet.record.digest import Digest
from fleet.record.reader import RunFiles, read_run
from fleet.record.writer import EVENTS
from fleet.report.tally import Tally


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in numbers. `open` pickups were neither collected nor given up; None is "not known".

    A pickup waits from its request, or from when its window opens, until it is collected: `wait_mean_s` on the
    mean of those collected, 95 of 100 of them no longer than `wait_p95_s`. `credits` went to `earners` citizens;
    `deposits` were brought to sites on foot.
    """

    name: str
    seed: int
    version: str
    status: str
    simulated_s: float
    wall_s: float | None
    vehicles: int
    lost: int
    requested: int
    served: int
    late: int
    wait_mean_s: float | None
    wait_p95_s: float | None
    open: int
    missed: dict[str, int]
    failed: dict[str, int]
    collected_kg: dict[str, float]
    collected_l: dict[str, float]
    unloaded_kg: float
    unloads: int
    unloads_refused: dict[str, int]
    legs: int
    flown_km: float
    flown_wh: float
    delivered_wh: float
    drawn_wh: float
    utilisation: float
    orders: int
    orders_refused: dict[str, int]
    credits: float
    earners: int
    deposits: int
    deposited_kg: float
    alerts: int
    quarantined: int
    residual_kg: float | None
    residual_wh: float | None
    digest: str
    digest_world: str
    troubles: dict[str, int]
    """Honest incidents by kind, as labelled."""
    tags_seen: dict[str, int]
    """Sightings of tags by kind of reader, as told."""
    batches: int
    processed_kg: dict[str, float]
    """As in `fleet.report.tally.Tally`."""

    @property
    def in_window(self) -> int:
        """Pickups collected before their window closed."""
        return self.served - self.late

    @property
    def speed_factor(self) -> float | None:
        """Simulated seconds per second of wall time."""
        return self.simulated_s / self.wall_s if self.wall_s else None

    def as_json(self) -> str:
        """The fields as one JSON object."""
        more = {"in_window": self.in_window, "speed_factor": self.speed_factor}
        return json.dumps({**asdict(self), **more}, indent=2, ensure_ascii=False)


def summarise(tally: Tally, run_info: Mapping[str, Any]) -> Summary:
    """The summary of a tally. `run_info` is what `run.json` holds.

    Used of it, where present: name, seed, version, status, wall_s, digest, digest_world.
    """
    wall_s = run_info.get("wall_s")
    requested, waits = tally.latest_ms.keys(), tally.waits_ms
    settled = tally.collected_ms.keys() | tally.missed.keys()
    return Summary(
        name=str(run_info.get("name", "")),
        seed=int(run_info.get("seed", 0)),
        version=str(run_info.get("version", "")),
        status=str(run_info.get("status", "complete")),
        simulated_s=tally.closed_ms / 1000.0,
        wall_s=None if wall_s is None else float(wall_s),
        vehicles=len(tally.vehicles),
        lost=len(tally.lost),
        requested=len(requested),
        served=len(tally.collected_ms),
        late=tally.late,
        wait_mean_s=sum(waits) / len(waits) / 1000.0 if waits else None,
        wait_p95_s=waits[math.ceil(0.95 * len(waits)) - 1] / 1000.0 if waits else None,
        open=len(requested - settled),
        missed=_sorted(tally.missed_by_reason),
        failed=_sorted(tally.failed),
        collected_kg=dict(sorted(tally.collected_kg.items())),
        collected_l=dict(sorted(tally.collected_l.items())),
        unloaded_kg=tally.unloaded_kg,
        unloads=tally.unloads,
        unloads_refused=_sorted(tally.unloads_refused),
        legs=tally.legs,
        flown_km=tally.flown_mm / 1e6,
        flown_wh=tally.flown_mwh / 1e3,
        delivered_wh=tally.delivered_wh,
        drawn_wh=tally.drawn_wh,
        utilisation=tally.utilisation,
        orders=tally.orders,
        orders_refused=_sorted(tally.orders_refused),
        credits=tally.credits,
        earners=len(tally.earners),
        deposits=tally.deposits,
        deposited_kg=tally.deposited_kg,
        alerts=tally.alerts,
        quarantined=len(tally.quarantined),
        residual_kg=None if tally.closed is None else tally.closed.residual_kg,
        residual_wh=None if tally.closed is None else tally.closed.residual_wh,
        digest=str(run_info.get("digest", "")),
        digest_world=str(run_info.get("digest_world", "")),
        troubles=_sorted(tally.troubles),
        tags_seen=_sorted(tally.tags_seen),
        batches=tally.batches,
        processed_kg=dict(tally.processed_kg),
    )


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    """Most frequent first, then by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def summary_from_record(directory: Path) -> Summary:
    """The summary of a recorded run, from its files alone.

    Digests are computed again from the event log. Raises `InputError` if the record is broken, or if it is
    complete and its events do not give the digest in `run.json`.
    """
    run = read_run(directory)
    tally, digest = Tally(), Digest()
    for tick, batch in run.batches():
        tally.hear(tick, batch)
        digest.hear(tick, batch)
    tally.hear_legs(run.leg_columns())
    found = {"digest": digest.hexdigest(), "digest_world": digest.world_hexdigest()}
    _refuse_altered(run, found)
    return summarise(tally, {**run.info, **found})


def _refuse_altered(run: RunFiles, found: Mapping[str, str]) -> None:
    if run.info["status"] != "complete":
        return
    where = str(run.directory / EVENTS)
    faults = [
        Fault(where, 1, 1, name, f"{run.info[name]} as in run.json", value, "the event log was altered")
        for name, value in found.items()
        if run.info.get(name, value) != value
    ]
    if faults:
        raise InputError(faults)
