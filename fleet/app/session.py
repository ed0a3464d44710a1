"""One run from its first tick to its summary: the road, the listeners, the record, Ctrl-C.

Whatever ends a run (its own end, the user, a full disk, a mistake of ours), the record is closed as what it is
and the road is given back.
"""

from __future__ import annotations

import gc
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FrameType
from typing import Any

import fleet
from fleet.app.build import Parts
from fleet.app.load import LoadedScenario
from fleet.app.progress import meter_for
from fleet.app.remarks import remarks_on
from fleet.app.run import Runner
from fleet.base.errors import RunError
from fleet.bus.memory import MemoryBus
from fleet.messages.envelope import Message
from fleet.messages.frames import TelemetryFrame
from fleet.messages.port import Bus, Listener
from fleet.record.digest import Digest
from fleet.record.writer import RunRecorder
from fleet.report.summary import Summary, summarise
from fleet.report.tally import Tally

DEPENDENCIES = (
    "cryptography", "duckdb", "msgspec", "numpy", "ortools", "pydantic", "pyproj", "pyzmq", "ruamel.yaml",
    "scipy", "shapely", "simpy",
)  # fmt: skip
"""Whose versions a record names: those that could change what a run says."""


@dataclass(frozen=True)
class SessionOptions:
    """What the user asked of a run beside its scenario. `bus` is the endpoint of the socket road, if any."""

    record: Path | None = None
    overwrite: bool = False
    bus: str | None = None
    bus_wait_s: float = 0.0
    quiet: bool = False
    say: Callable[[str], None] = lambda text: None
    """Takes remarks for people, one line each."""


class Interrupted(Exception):
    """The user asked the run to stop; raised between two ticks."""


class Thinned:
    """A listener that passes on only the telemetry frames that were asked for; all else it passes on."""

    def __init__(self, inner: Listener, every: int) -> None:
        self._inner = inner
        self._every = every

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        """Pass on frames of every `every`-th tick (0: none)."""
        self._inner.hear(tick, [message for message in batch if self._wanted(message)])

    def _wanted(self, message: Message) -> bool:
        body = message.body
        return not isinstance(body, TelemetryFrame) or (self._every > 0 and body.tick % self._every == 0)


def run_session(loaded: LoadedScenario, options: SessionOptions) -> Summary:
    """Run the scenario. The summary's status is `complete` or, after Ctrl-C, `interrupted`.

    Raises `InputError` or `InfeasibleError` before the run, `UsageError` for an endpoint or a directory that is
    taken, `RunError` for a run that fails half-way.
    """
    with _road(options) as (bus_of, watched, await_reader):
        parts = loaded.build(bus_of)
        for remark in remarks_on(parts.scenario, parts.setting.city):
            options.say(remark)
        info = _run_info(loaded, parts)
        recorder = _recorder(parts, options)
        if recorder is not None and options.record is not None:
            recorder.open(loaded.resolved_yaml(options.record), info)
        try:
            await_reader()
            return _run(parts, recorder, info, watched, options)
        except BaseException as error:
            # Closes the record of a run that did not come to its end; after the end this does nothing.
            if recorder is not None:
                # On a full disk this fails as well; what failed first is what the user should read.
                with suppress(RunError):
                    recorder.abort("interrupted" if isinstance(error, KeyboardInterrupt) else "failed", {})
            raise


def _run(
    parts: Parts,
    recorder: RunRecorder | None,
    info: Mapping[str, Any],
    watched: Callable[[], bool],
    options: SessionOptions,
) -> Summary:
    digest, tally = Digest(), Tally()
    scenario = parts.scenario
    every = max(1, round(1000 * scenario.output.telemetry_s / scenario.run.tick_ms))
    frames_every = every if recorder is not None and scenario.output.telemetry_s else 0
    listeners: list[Listener] = [digest, tally]
    if recorder is not None:
        listeners.insert(0, Thinned(recorder, frames_every))
    began = time.monotonic()
    status = "complete"
    with meter_for(scenario.run.span, tally, quiet=options.quiet) as meter, _stop_asked() as stop_asked:

        def between_ticks(now_ms: int) -> None:
            meter.show(now_ms)
            if stop_asked():
                raise Interrupted

        runner = Runner(parts, listeners, frames_every=frames_every, watched=watched, progress=between_ticks)
        try:
            with _patient_collector():
                runner.run()
        except Interrupted:
            status = "interrupted"
    results = {
        "wall_s": round(time.monotonic() - began, 3),
        "digest": digest.hexdigest(),
        "digest_world": digest.world_hexdigest(),
    }
    summary = summarise(tally, {**info, **results, "status": status})
    if recorder is not None:
        _close(recorder, status, {**results, "summary": asdict(summary)})
    return summary


@contextmanager
def _patient_collector() -> Iterator[None]:
    """Let the garbage collector look less often: a run makes many small messages and next to no cycles.

    Worth a quarter of the time at ten thousand vehicles (`tools/bench/simulate.py` does the same to both sides).
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _close(recorder: RunRecorder, status: str, results: Mapping[str, Any]) -> None:
    if status == "complete":
        recorder.close(results)
    else:
        recorder.abort("interrupted", results)


def _recorder(parts: Parts, options: SessionOptions) -> RunRecorder | None:
    if options.record is None:
        return None
    frame = parts.setting.city.frame
    return RunRecorder(options.record, overwrite=options.overwrite, to_lon_lat=frame.to_degrees)


def _run_info(loaded: LoadedScenario, parts: Parts) -> dict[str, Any]:
    """What `run.json` says before the run."""
    scenario, city = loaded.scenario, parts.setting.city
    versions: dict[str, str] = {}
    for name in DEPENDENCIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "unknown"
    return {
        "name": scenario.name,
        "seed": scenario.seed,
        "version": fleet.__version__,
        "city": city.name,
        "attribution": city.attribution,
        "python": platform.python_version(),
        "platform": f"{sys.platform}-{platform.machine()}",
        "dependencies": versions,
    }


@contextmanager
def _road(
    options: SessionOptions,
) -> Iterator[tuple[Callable[[Callable[[], int]], Bus], Callable[[], bool], Callable[[], None]]]:
    """How to make the road, whether anybody outside listens, and how to wait for somebody who does.

    The road is closed at the end, if it was made.
    """
    endpoint = options.bus
    if endpoint is None:
        yield MemoryBus, lambda: False, lambda: None
        return
    from fleet.bus.sockets import SocketBus

    made: list[SocketBus] = []

    def bus_of(clock: Callable[[], int]) -> Bus:
        made.append(SocketBus(clock, endpoint))
        options.say(f"telemetry at {made[0].telemetry_endpoint}")
        return made[0]

    def await_reader() -> None:
        if options.bus_wait_s > 0.0 and not made[0].await_reader(options.bus_wait_s):
            options.say(f"nobody subscribed within {options.bus_wait_s:g} s; starting")

    try:
        yield bus_of, lambda: made[0].watched, await_reader
    finally:
        for bus in made:
            bus.close()


@contextmanager
def _stop_asked() -> Iterator[Callable[[], bool]]:
    """Whether SIGINT or SIGTERM came. The first is a request; a second SIGINT is a KeyboardInterrupt."""
    asked: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked.append(number)

    try:
        before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:
        # Not the main thread: whoever runs us there has the signals.
        yield lambda: False
        return
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
