"""What faulty links do to the rows of telemetry frames: who is not heard has no row, who is late an old one.

A row is drawn by (link, tick) and never by count, because frames are said more or less often as people watch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from fleet.messages.frames import TelemetryFrame, pack, unpack
from fleet.messages.interception import Rewrite
from fleet.messages.links import Draws, Fault

NUMBERS = ("x_m", "y_m", "height_m", "speed_mps", "battery_wh", "load_kg")
KEPT_ROWS = 1_000
"""So many rows of one vehicle may be on their way; beyond that the oldest are forgotten."""


@dataclass(frozen=True)
class RowStage:
    """Something on a vehicle's up link: a fault or a rewriting, its draws, and whether it applies at a moment."""

    what: Fault | Rewrite
    draws: Draws
    applies: Callable[[int], bool]

    @property
    def is_late(self) -> bool:
        """Whether rows may come later than they are said."""
        return isinstance(self.what, Fault) and bool(self.what.latency_ms or self.what.jitter_ms)


@dataclass(slots=True)
class _Late:
    """One vehicle's rows under way: (arrives, said, numbers, state), and what was last shown of it."""

    rows: deque[tuple[int, int, list[float], int]] = field(default_factory=lambda: deque(maxlen=KEPT_ROWS))
    shown_ms: int = -1
    state: int = 0


class Rows:
    """Every vehicle whose rows are, or lately were, touched. `tick_ms` is the length of a tick."""

    def __init__(self, tick_ms: int) -> None:
        self._tick_ms = tick_ms
        self._late: dict[int, _Late] = {}
        self._states = b""

    def heard(
        self, frame: TelemetryFrame, now_ms: int, touched: Mapping[int, Sequence[RowStage]]
    ) -> TelemetryFrame:
        """The frame as it is heard at `now_ms`; `touched` gives what lies on the link of each row at fault."""
        said_ms = frame.tick * self._tick_ms
        active = {
            row: stages
            for row, all_stages in touched.items()
            if (stages := [stage for stage in all_stages if stage.applies(said_ms)]) or row in self._late
        }
        known, self._states = unpack(self._states or frame.state, "<u1"), frame.state
        if not active:
            return frame
        columns = {name: unpack(getattr(frame, name)).copy() for name in NUMBERS}
        states = unpack(frame.state, "<u1").copy()
        age_ms = np.zeros(len(states), dtype="<u4")
        for row in sorted(active):
            late = self._late.setdefault(row, _Late(state=int(known[row])))
            numbers = [float(columns[name][row]) for name in NUMBERS]
            self._enter(late, frame.tick, (numbers, int(states[row])), active[row])
            numbers, states[row], age_ms[row] = self._shown(late, said_ms, now_ms)
            for name, number in zip(NUMBERS, numbers, strict=True):
                columns[name][row] = number
            if not active[row] and not late.rows:
                del self._late[row]
        changes: dict[str, bytes] = {name: pack(column) for name, column in columns.items()}
        changes["state"] = self._states = pack(states, "<u1")
        if age_ms.any():
            changes["age_ms"] = pack(age_ms, "<u4")
        return msgspec.structs.replace(frame, **changes)

    def _enter(self, late: _Late, tick: int, row: tuple[list[float], int], stages: Sequence[RowStage]) -> None:
        numbers, state = row
        said_ms = arrives_ms = tick * self._tick_ms
        for stage in stages:
            if isinstance(stage.what, Rewrite):
                if stage.what.field in NUMBERS:
                    at = NUMBERS.index(stage.what.field)
                    numbers[at] = stage.what.of(numbers[at])
                continue
            delay_ms = stage.what.row_delay_ms(stage.draws, tick)
            if delay_ms is None:
                return
            arrives_ms += delay_ms
        late.rows.append((arrives_ms, said_ms, numbers, state))

    @staticmethod
    def _shown(late: _Late, said_ms: int, now_ms: int) -> tuple[list[float], int, int]:
        """The latest row that has come and was not shown before: numbers, state, age. NaN where there is none."""
        come = [row for row in late.rows if row[0] <= now_ms and row[1] > late.shown_ms]
        waiting = [row for row in late.rows if row[0] > now_ms]
        late.rows.clear()
        late.rows.extend(waiting)
        if not come:
            return [float("nan")] * len(NUMBERS), late.state, 0
        _, late.shown_ms, numbers, late.state = max(come, key=lambda row: row[1])
        return numbers, late.state, said_ms - late.shown_ms
