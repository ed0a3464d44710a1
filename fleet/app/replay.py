"""A recorded run, run again: the scenario anew, and from outside what was heard from outside, each at its tick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fleet.app.build import Parts
from fleet.app.comparison import Comparison, Difference
from fleet.app.keep import Thinned, close_record, frames_every, kept_whole, recorder_for
from fleet.app.load import LoadedScenario, load_scenario
from fleet.app.provenance import Outsiders, differences, outsiders_of, run_info
from fleet.app.run import Company, Interrupted, Runner, patient_collector
from fleet.app.tape import ListedBus, Tape, from_outside
from fleet.base.errors import Fault, InputError, RunError
from fleet.messages.port import Listener
from fleet.record.digest import Digest
from fleet.record.reader import RunFiles, read_run
from fleet.record.writer import INFO, SCENARIO


@dataclass(frozen=True)
class ReplayOptions:
    """What the user asked of a replay. `record` is where it is recorded in its turn, if anywhere."""

    record: Path | None = None
    overwrite: bool = False
    say: Callable[[str], None] = lambda text: None
    """Takes remarks for people, one line each."""


@dataclass(frozen=True)
class Replayed:
    """What a replay came to. `until_tick` is the last tick that was held.

    The digests cover everything, or, where the record was `cut` off, the events it has.
    """

    status: str
    cut: bool
    events: int
    until_tick: int
    recorded_digest: str
    digest: str
    difference: Difference | None

    @property
    def equal(self) -> bool:
        """Whether it was the same run."""
        return self.difference is None and self.digest == self.recorded_digest

    def as_json(self) -> dict[str, Any]:
        """The fields, and whether it was the same run."""
        return {**asdict(self), "equal": self.equal}

    def as_text(self) -> str:
        """The same for people; the first difference comes last."""
        lines = [
            f"record        {self.status}{', cut off' if self.cut else ''}",
            f"compared      {self.events:,} events, up to tick {self.until_tick:,}",
            f"recorded      {self.recorded_digest}",
            f"replayed      {self.digest}",
            f"the same run  {'yes' if self.equal else 'no'}",
        ]
        if self.difference is not None:
            lines.append(f"first difference: {self.difference}")
        return "\n".join(lines)


@dataclass(frozen=True)
class _Plan:
    """What is replayed, and how far: to `stop_tick`, to the end of a record that was `cut`, or to the end."""

    run: RunFiles
    outsiders: Outsiders | None
    stop_tick: int | None
    cut: bool


class _Until:
    """A `Pace` that ends a replay where the record ends."""

    def __init__(self, stop_tick: int | None, comparison: Comparison) -> None:
        self._stop_tick = stop_tick
        self._comparison = comparison

    def wait(self, tick: int) -> None:
        if self._comparison.over or (self._stop_tick is not None and tick > self._stop_tick):
            raise Interrupted


def replay_run(directory: Path, options: ReplayOptions) -> Replayed:
    """Run what is recorded in `directory` again, and hold it against the record.

    Raises `InputError` for a record that is broken, `RunError` if the replay fails where the record does not.
    """
    plan = _plan(directory, options.say)
    loaded = load_scenario(directory / SCENARIO)
    parts, tape = _parts(loaded, plan)
    comparison = Comparison(plan.run, cut=plan.cut)
    recorder = recorder_for(parts, options.record, overwrite=options.overwrite)
    digest = Digest()
    listeners: list[Listener] = [digest, comparison]
    every = frames_every(loaded.scenario) if recorder is not None else 0
    if recorder is not None and options.record is not None:
        about = {} if plan.outsiders is None else plan.outsiders.as_info()
        recorder.open(loaded.resolved_yaml(options.record), {**run_info(loaded, parts), **about})
        listeners.insert(0, Thinned(recorder, every))
    pace = _Until(plan.stop_tick, comparison)
    runner = Runner(parts, listeners, frames_every=every, company=Company(outside=tape, team=tape, pace=pace))
    with kept_whole(recorder):
        complete = _run(runner, comparison, options.say)
        results: dict[str, Any] = {
            "digest": digest.hexdigest(),
            "digest_world": digest.world_hexdigest(),
        }
        if not complete:
            results["stop_tick"] = runner.heard
        close_record(recorder, "complete" if complete else "interrupted", results)
    return _outcome(plan, comparison, runner.heard)


def _plan(directory: Path, say: Callable[[str], None]) -> _Plan:
    run = read_run(directory)
    info, path = run.info, directory / INFO
    status = info["status"]
    stop_tick = info.get("stop_tick") if status == "interrupted" else None
    faults = []
    if stop_tick is not None and not isinstance(stop_tick, int):
        faults.append(Fault(str(path), 1, 1, "stop_tick", "an integer", repr(stop_tick)))
    if info.get("from_tick", 0) != 0:
        hint = "a recorder that is there before the first tick (--bus-wait) has all of it"
        found = repr(info["from_tick"])
        faults.append(Fault(str(path), 1, 1, "from_tick", "a record from tick 0 on", found, hint))
    if faults:
        raise InputError(faults)
    cut = status != "complete" and stop_tick is None
    for difference in differences(info):
        say(f"recorded with {difference}: the replay may differ")
    if cut:
        say(f"{directory}: its status is `{status}`: it is replayed as far as its events go")
    return _Plan(run, outsiders_of(info, path), stop_tick, cut)


def _parts(loaded: LoadedScenario, plan: _Plan) -> tuple[Parts, Tape]:
    buses: list[ListedBus] = []

    def bus_of(clock: Callable[[], int]) -> ListedBus:
        buses.append(ListedBus(clock))
        return buses[-1]

    outsiders = plan.outsiders
    if outsiders is None:
        return loaded.build(bus_of), Tape((), loaded.scenario.run.tick_ms)
    parts = loaded.build(bus_of, away=outsiders.away, guests=outsiders.guests)
    heard = from_outside(plan.run, outsiders, buses[-1].inside)
    return parts, Tape(heard, loaded.scenario.run.tick_ms)


def _run(runner: Runner, comparison: Comparison, say: Callable[[str], None]) -> bool:
    """Whether it came to its own end."""
    try:
        with patient_collector():
            runner.run()
    except Interrupted:
        return False
    except RunError as error:
        # A run that failed may fail again; and one that went astray, fed by a tape made for another, may too.
        if not comparison.over and comparison.difference is None:
            raise
        say(f"the replay failed after tick {runner.heard}: {error}")
        return False
    return True


def _outcome(plan: _Plan, comparison: Comparison, until_tick: int) -> Replayed:
    if not plan.cut:
        comparison.finish()
    recorded, replayed = comparison.digests()
    return Replayed(
        status=str(plan.run.info["status"]),
        cut=plan.cut,
        events=comparison.events,
        until_tick=until_tick,
        recorded_digest=recorded if plan.cut else str(plan.run.info.get("digest", recorded)),
        digest=replayed,
        difference=comparison.difference,
    )
