"""Reads a recorded run back, complete or cut off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from fleet.base.errors import Fault, InputError
from fleet.messages.envelope import Message
from fleet.messages.truth import LegFlown
from fleet.record.line import Line, decode_line
from fleet.record.writer import EVENTS, INFO, LEGS, SCENARIO, TELEMETRY

if TYPE_CHECKING:
    import duckdb

STATUSES = ("running", "complete", "interrupted", "failed")
_INFO_TYPES: tuple[tuple[str, type | tuple[type, ...], str], ...] = (
    ("name", str, "a string"),
    ("seed", int, "an integer"),
    ("version", str, "a string"),
    ("wall_s", (int, float), "a number"),
    ("digest", str, "a string"),
    ("digest_world", str, "a string"),
)
_LEG_NAMES = tuple(field.name for field in msgspec.structs.fields(LegFlown))


class RunFiles:
    """A recorded run. `info` is `run.json`; the status `running` means killed, or still going on."""

    def __init__(self, directory: Path, info: dict[str, Any]) -> None:
        self.directory = directory
        self.info = info

    @property
    def scenario(self) -> str:
        """The resolved scenario's YAML. Raises `InputError`."""
        path = self.directory / SCENARIO
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError([_unreadable(path, error)]) from None

    def events(self) -> Iterator[Line]:
        """Every event in order. A last line without its end is left out: the run was killed in it.

        Raises `InputError` at the first other line that is not an event.
        """
        path = self.directory / EVENTS
        try:
            with path.open("rb") as file:
                for number, text in enumerate(file, start=1):
                    if not text.endswith(b"\n"):
                        return
                    try:
                        yield decode_line(text)
                    except (msgspec.DecodeError, UnicodeDecodeError) as error:
                        fault = Fault(str(path), number, 1, "", "an event of this version", f"({error})")
                        raise InputError([fault]) from None
        except OSError as error:
            raise InputError([_unreadable(path, error)]) from None

    def batches(self) -> Iterator[tuple[int, list[Message]]]:
        """The events as a `Listener` heard them: (tick, messages)."""
        for tick, lines in groupby(self.events(), key=lambda line: line.tick):
            yield tick, [line.message for line in lines]

    def leg_columns(self) -> dict[str, npt.NDArray[Any]]:
        """Every flown leg as columns named like the fields of `LegFlown`, in the order recorded."""
        parts = self._parts(LEGS)
        if not parts:
            return {name: np.empty(0) for name in _LEG_NAMES}
        names = ", ".join(_LEG_NAMES)
        return self._fetch(f"SELECT {names} FROM read_parquet($parts)", parts)

    def sql(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection with the views `events`, `legs` and `telemetry` (those that were recorded).

        `events` has tick, t_ms, plane, sender, seq, type, and body as JSON. The caller closes it.
        """
        import duckdb

        connection = duckdb.connect()
        for name in (LEGS, TELEMETRY):
            if parts := self._parts(name):
                connection.read_parquet(parts).create_view(name)
        events = str(self.directory / EVENTS).replace("'", "''")
        connection.execute(
            "CREATE VIEW events AS SELECT tick, t_ms, plane, sender, seq, body->>'type' AS type, body "
            f"FROM read_json('{events}', format = 'newline_delimited', ignore_errors = true, columns = {{"
            "tick: 'BIGINT', t_ms: 'BIGINT', plane: 'VARCHAR', sender: 'VARCHAR', seq: 'BIGINT', "
            "body: 'JSON'}) WHERE tick IS NOT NULL"
        )
        return connection

    def _parts(self, table: str) -> list[str]:
        return sorted(str(path) for path in (self.directory / table).glob("part-*.parquet"))

    def _fetch(self, query: str, parts: list[str]) -> dict[str, npt.NDArray[Any]]:
        import duckdb

        try:
            with duckdb.connect(config={"threads": 1}) as connection:
                columns: dict[str, npt.NDArray[Any]] = connection.execute(query, {"parts": parts}).fetchnumpy()
        except duckdb.Error as error:
            where = str(Path(parts[0]).parent)
            what = str(error).splitlines()[0]
            raise InputError([Fault(where, 1, 1, "", "Parquet parts of a recorded run", what)]) from None
        return columns


def read_run(directory: Path) -> RunFiles:
    """Open the run recorded in `directory`. Raises `InputError` with every file that is missing or broken."""
    if not directory.is_dir():
        found = "a file" if directory.exists() else "nothing"
        raise InputError([Fault(str(directory), 1, 1, "", "the directory of a recorded run", found)])
    faults: list[Fault] = []
    info = _read_info(directory / INFO, faults)
    faults.extend(
        Fault(str(directory / name), 1, 1, "", "a file of a recorded run", "nothing")
        for name in (EVENTS, SCENARIO)
        if not (directory / name).is_file()
    )
    if faults:
        raise InputError(faults)
    return RunFiles(directory, info)


def _read_info(path: Path, faults: list[Fault]) -> dict[str, Any]:
    try:
        info = json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        faults.append(Fault(str(path), error.lineno, error.colno, "", "JSON", error.msg))
        return {}
    except (OSError, UnicodeDecodeError) as error:
        faults.append(_unreadable(path, error))
        return {}
    if not isinstance(info, dict):
        faults.append(Fault(str(path), 1, 1, "", "an object", type(info).__name__))
        return {}
    if info.get("status") not in STATUSES:
        found = repr(info.get("status"))
        faults.append(Fault(str(path), 1, 1, "status", f"one of {', '.join(STATUSES)}", found))
    faults.extend(
        Fault(str(path), 1, 1, name, expected, repr(info[name]))
        for name, kind, expected in _INFO_TYPES
        if name in info and not isinstance(info[name], kind)
    )
    return info


def _unreadable(path: Path, error: Exception) -> Fault:
    found = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Fault(str(path), 1, 1, "", "a file of a recorded run", found)
