"""One run from its first tick to its summary: the outside, the listeners, the record, the pace, Ctrl-C.

Whatever ends a run (its own end, the user, a full disk, a mistake of ours), the record is closed as what it is,
everybody outside is told, and the doors are shut.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fleet.app.admission import BusOptions, admission_for
from fleet.app.build import Parts
from fleet.app.host import Host
from fleet.app.keep import Thinned, close_record, frames_every, kept_whole, recorder_for
from fleet.app.load import LoadedScenario
from fleet.app.pace import LivePace, Nobody
from fleet.app.progress import meter_for
from fleet.app.provenance import run_info
from fleet.app.remarks import remarks_on
from fleet.app.run import ALONE, Company, Interrupted, Runner, patient_collector
from fleet.app.seats import SeatOptions
from fleet.app.serve import PageOptions, page_for
from fleet.app.stop import Stop, stoppable
from fleet.bus.memory import MemoryBus
from fleet.messages.port import Listener
from fleet.record.digest import Digest
from fleet.record.writer import RunRecorder, require_room
from fleet.report.summary import Summary, summarise
from fleet.report.tally import Tally


@dataclass(frozen=True)
class LiveOptions:
    """How a run goes by the clock on the wall.

    `factor` is simulated seconds per second, 0 for as fast as it goes. With `every_tick` no tick is skipped, and
    each has its telemetry frame.
    """

    factor: float = 0.0
    paused: bool = False
    every_tick: bool = False


NO_SEATS = SeatOptions(())


@dataclass(frozen=True)
class SessionOptions:
    """What the user asked of a run beside its scenario. Without `bus` nobody outside can reach it."""

    record: Path | None = None
    overwrite: bool = False
    bus: BusOptions | None = None
    seats: SeatOptions = NO_SEATS
    live: LiveOptions = LiveOptions()
    page: PageOptions | None = None
    quiet: bool = False
    say: Callable[[str], None] = lambda text: None
    """Takes remarks for people, one line each."""


@dataclass(frozen=True)
class Ended:
    """What a run came to. `stopped_by` is the operator who stopped it, if one did."""

    summary: Summary
    stopped_by: str = ""


@dataclass(frozen=True)
class _Ready:
    """Everything a run needs, from its first tick on."""

    parts: Parts
    info: Mapping[str, Any]
    options: SessionOptions
    host: Host | None
    recorder: RunRecorder | None
    stop: Stop


def run_session(loaded: LoadedScenario, options: SessionOptions) -> Ended:
    """Run the scenario. The summary's status is `complete`, or `interrupted` after Ctrl-C or an operator's order.

    Raises `InputError` or `InfeasibleError` before the run, `UsageError` for an endpoint or a directory that is
    taken, `RunError` for a run that fails half-way.
    """
    with stoppable() as stop, ExitStack() as stack:
        if options.record is not None:
            require_room(options.record, overwrite=options.overwrite)
        host = _host(loaded, options, stack)
        if host is None:
            parts = loaded.build(MemoryBus)
        else:
            parts = loaded.build(host.bus_of, away=host.away, guests=host.guests)
        for remark in parts.remarks + remarks_on(parts.scenario, parts.setting.city):
            options.say(remark)
        digest = Digest()
        with _told_of_failure(host, digest):
            if host is not None:
                host.meet(parts, (options.live.factor, options.live.paused), partial(_heed, stop))
            info = run_info(loaded, parts) | ({} if host is None else host.outsiders.as_info())
            if host is not None:
                host.feed(parts, loaded.resolved_yaml(None), info, stop.check)
                # The page is a reader too, but not one that anybody waits for: it comes last.
                host.await_readers(stop.check)
                title = loaded.scenario.name
                stack.enter_context(page_for(options.page, host.url, host.admission, title, options.say))
            recorder = recorder_for(parts, options.record, overwrite=options.overwrite)
            if recorder is not None and options.record is not None:
                recorder.open(loaded.resolved_yaml(options.record), info)
            with kept_whole(recorder):
                return _run(_Ready(parts, info, options, host, recorder, stop), digest)


@contextmanager
def _told_of_failure(host: Host | None, digest: Digest) -> Iterator[None]:
    """Whatever breaks the run in the block, everybody outside is told."""
    try:
        yield
    except BaseException:
        if host is not None:
            host.fail(digest.hexdigest())
        raise


def _heed(stop: Stop) -> None:
    """Called while lock-step seats are waited for: a stop ends a run between two ticks, as at any other moment."""
    if stop.asked and stop.gentle:
        raise Interrupted
    stop.check()


def _host(loaded: LoadedScenario, options: SessionOptions, stack: ExitStack) -> Host | None:
    if options.bus is None:
        return None
    admission = admission_for(options.bus, page=options.page is not None, stack=stack)
    for remark in admission.remarks:
        options.say(remark)
    host = stack.enter_context(closing(Host(loaded.scenario, options.bus, options.seats, admission, options.say)))
    options.say(f"listening at {host.url}")
    return host


def _run(ready: _Ready, digest: Digest) -> Ended:
    tally = Tally()
    scenario, host, options = ready.parts.scenario, ready.host, ready.options
    listeners: list[Listener] = [digest, tally]
    # A recorder elsewhere may come at any time, and is to have the frames that one here would have.
    every = frames_every(scenario) if ready.recorder is not None or host is not None else 0
    if ready.recorder is not None:
        listeners.insert(0, Thinned(ready.recorder, every))
    if host is not None:
        listeners += host.listeners
    pace = _pace(ready)
    began = time.monotonic()
    status = "complete"
    with meter_for(scenario.run.span, tally, quiet=options.quiet) as meter:

        def between_ticks(now_ms: int) -> None:
            meter.show(now_ms)
            if ready.stop.asked or (pace is not None and pace.stopped_by):
                raise Interrupted

        runner = Runner(
            ready.parts,
            listeners,
            frames_every=every,
            watched=_watched(ready, pace),
            progress=between_ticks,
            company=_company(host, pace),
        )
        ready.stop.gentle = True
        try:
            with patient_collector():
                runner.run()
        except Interrupted:
            status = "interrupted"
    return _close(ready, runner.heard, time.monotonic() - began, status, (tally, digest), pace)


def _close(
    ready: _Ready, heard: int, wall_s: float, status: str, kept: tuple[Tally, Digest], pace: LivePace | None
) -> Ended:
    """Write down what it came to, and tell everybody outside."""
    tally, digest = kept
    stopped_by = "" if pace is None else pace.stopped_by
    results: dict[str, Any] = {
        "wall_s": round(wall_s, 3),
        "digest": digest.hexdigest(),
        "digest_world": digest.world_hexdigest(),
    }
    if status != "complete":
        results["stop_tick"] = heard
        results |= {"stopped_by": stopped_by} if stopped_by else {}
    summary = summarise(tally, {**ready.info, **results, "status": status})
    results["summary"] = asdict(summary)
    close_record(ready.recorder, status, results)
    if ready.host is not None:
        # Recorders may keep us waiting, and there is nothing left to finish: from now on a signal ends it.
        ready.stop.gentle = False
        ready.host.end("complete" if status == "complete" else "interrupted", summary.digest, results)
    return Ended(summary, stopped_by)


def _pace(ready: _Ready) -> LivePace | None:
    live, host = ready.options.live, ready.host
    if host is None and not live.factor:
        return None
    return LivePace(
        ready.parts.scenario.run.tick_ms,
        Nobody() if host is None else host.remote,
        factor=live.factor,
        paused=live.paused,
        stop_asked=lambda: ready.stop.asked,
        say=ready.options.say,
    )


def _watched(ready: _Ready, pace: LivePace | None) -> Callable[[], bool]:
    host = ready.host
    if host is None or pace is None:
        return lambda: False
    if ready.options.live.every_tick:
        return lambda: True
    return lambda: host.watched or pace.timed


def _company(host: Host | None, pace: LivePace | None) -> Company:
    if host is None or pace is None:
        return ALONE if pace is None else Company(pace=pace)
    return host.company(pace)
