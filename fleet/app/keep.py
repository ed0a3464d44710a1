"""How a run is written down: which telemetry frames a record holds, and how it is closed whatever happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fleet.app.build import Parts
from fleet.app.scenario import Scenario
from fleet.base.errors import RunError
from fleet.messages.envelope import Message
from fleet.messages.frames import TelemetryFrame
from fleet.messages.port import Listener
from fleet.record.writer import RunRecorder


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


def frames_every(scenario: Scenario) -> int:
    """Every how many ticks a record of this scenario keeps a telemetry frame; 0 for none."""
    if not scenario.output.telemetry_s:
        return 0
    return max(1, round(1000 * scenario.output.telemetry_s / scenario.run.tick_ms))


def recorder_for(parts: Parts, directory: Path | None, *, overwrite: bool) -> RunRecorder | None:
    """Who records into `directory`, not yet open."""
    if directory is None:
        return None
    return RunRecorder(directory, overwrite=overwrite, to_lon_lat=parts.setting.city.frame.to_degrees)


@contextmanager
def kept_whole(recorder: RunRecorder | None) -> Iterator[None]:
    """Close the record of a run that does not come to its end in the block; after the end this does nothing."""
    try:
        yield
    except BaseException as error:
        if recorder is not None:
            # On a full disk this fails as well; what failed first is what the user should read.
            with suppress(RunError):
                recorder.abort("interrupted" if isinstance(error, KeyboardInterrupt) else "failed", {})
        raise


def close_record(recorder: RunRecorder | None, status: str, results: Mapping[str, Any]) -> None:
    """Close the record of a run that ended in order: `complete` or `interrupted`."""
    if recorder is None:
        return
    if status == "complete":
        recorder.close(results)
    else:
        recorder.abort("interrupted", results)
