"""Writes a run to a directory while it happens.

    scenario.yaml              the scenario as it was resolved
    run.json                   seed, versions, status (running, complete, interrupted, failed), results
    events.jsonl               every message that is not bulk, one JSON object per line, in the total order
    legs/part-*.parquet        every flown leg
    telemetry/part-*.parquet   what vehicles said of themselves, one row per vehicle and frame

Events go to the system once per tick, so a killed process loses no tick that was heard; tables are written in
whole parts, so it loses at most the part that was open. Range and truth frames are not kept: ranges can be
drawn again, and the truth is in the legs. A run needs no recorder.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from fleet.base.errors import RunError, UsageError
from fleet.messages.envelope import Message
from fleet.messages.frames import TelemetryFrame
from fleet.messages.plane import Frame
from fleet.messages.reports import VehicleRoster
from fleet.messages.truth import LegFlown
from fleet.record.columns import LegTable, TelemetryTable, ToLonLat
from fleet.record.files import write_whole, writing
from fleet.record.line import encode_line

SCENARIO, INFO, EVENTS, LEGS, TELEMETRY = "scenario.yaml", "run.json", "events.jsonl", "legs", "telemetry"
ROWS_PER_PART = 500_000


class RunRecorder:
    """A `fleet.messages.port.Listener` that writes what it hears into `directory`.

    `to_lon_lat` adds longitude and latitude to telemetry; `rows_per_part` bounds what a kill can lose.
    Order of calls: `open`, `hear` per tick, then `close` or `abort`. A full disk or a missing right raises
    `RunError` with the path.
    """

    def __init__(
        self,
        directory: Path,
        *,
        overwrite: bool = False,
        to_lon_lat: ToLonLat | None = None,
        rows_per_part: int = ROWS_PER_PART,
    ) -> None:
        self._directory = directory
        self._overwrite = overwrite
        self._legs = LegTable(directory / LEGS, rows_per_part)
        self._telemetry = TelemetryTable(directory / TELEMETRY, rows_per_part, to_lon_lat)
        self._info: dict[str, Any] = {}
        self._events: int | None = None

    def open(self, resolved_yaml: str, run_info: Mapping[str, Any]) -> None:
        """Make the directory and write what is known before the run. `run_info` must be fit for JSON.

        Raises `UsageError` if it cannot be made, or if something else, or an earlier run without `overwrite`,
        lies there.
        """
        _make_room(self._directory, overwrite=self._overwrite)
        self._info = dict(run_info)
        self._write_info("running")
        write_whole(self._directory / SCENARIO, resolved_yaml.encode())
        path = self._directory / EVENTS
        with writing(path):
            self._events = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        """Write down what was heard at `tick`; when this returns, the events are with the system."""
        lines: list[bytes] = []
        for message in batch:
            body = message.body
            if isinstance(body, LegFlown):
                self._legs.add(body)
            elif isinstance(body, Frame):
                if isinstance(body, TelemetryFrame):
                    self._telemetry.add(message.t_ms, body)
            else:
                if isinstance(body, VehicleRoster):
                    self._telemetry.name(body.vehicles)
                lines.append(encode_line(tick, message))
        if lines:
            lines.append(b"")
            self._append(b"\n".join(lines))

    def _append(self, data: bytes) -> None:
        path = self._directory / EVENTS
        if self._events is None:
            raise RunError(f"{path}: the recorder is not open")
        with writing(path):
            left = memoryview(data)
            while left:
                left = left[os.write(self._events, left) :]

    def close(self, results: Mapping[str, Any]) -> None:
        """The run is complete: write the open parts, and `results` (digests, wall time) into `run.json`."""
        self._finish("complete", results)

    def abort(self, status: Literal["interrupted", "failed"], results: Mapping[str, Any]) -> None:
        """The run ended early: keep what there is as a valid, partial record."""
        self._finish(status, results)

    def _finish(self, status: str, results: Mapping[str, Any]) -> None:
        if self._events is None:
            return
        os.close(self._events)
        self._events = None
        try:
            self._legs.flush()
            self._telemetry.flush()
        except RunError:
            self._write_info("failed")
            raise
        self._info.update(results)
        self._write_info(status)

    def _write_info(self, status: str) -> None:
        text = json.dumps({**self._info, "status": status}, indent=2, ensure_ascii=False)
        write_whole(self._directory / INFO, f"{text}\n".encode())


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{directory}: cannot make this directory: {error.strerror or error}") from None


def require_room(directory: Path, *, overwrite: bool) -> None:
    """Raises `UsageError` if a run cannot be recorded into `directory`; touches nothing."""
    with writing(directory):
        if directory.exists() and not directory.is_dir():
            raise UsageError(f"{directory}: expected a directory to record into, found a file")
        if not directory.exists() or not any(directory.iterdir()):
            return
        if not (directory / INFO).is_file():
            raise UsageError(f"{directory}: is not empty and is not a recorded run; name another directory")
        if not overwrite:
            raise UsageError(f"{directory}: holds a recorded run already; name another, or allow overwriting")


def _make_room(directory: Path, *, overwrite: bool) -> None:
    require_room(directory, overwrite=overwrite)
    _make(directory)
    with writing(directory):
        for name in (LEGS, TELEMETRY):
            if (directory / name).is_dir():
                shutil.rmtree(directory / name)
        for name in (EVENTS, SCENARIO, INFO):
            (directory / name).unlink(missing_ok=True)
