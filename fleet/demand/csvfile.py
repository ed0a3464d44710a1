"""Requests from a table: what a city or a test has on file, in place of a random process.

    time        clock time HH:MM or HH:MM:SS, or seconds since the start of the run: when the window opens
    point       id of a pickup point of the map; or, in its place, `lon` and `lat` in degrees
    material    a material's name
    kg, litres  what is declared
  and, if wanted,
    latest      when the window closes, written as `time` is; or `window_min`, its length (default 120)
    actual_kg, actual_l, priority (1 to 3), service_s, requester, id
    inside      what is in it besides, and its part of the mass: `batteries:0.05 glass:0.2`

A clock time before the start of the run is on the next day. A window that outlasts the run is cut at its end.
A fault's column is the number of the field in its row, as a spreadsheet counts, not a character.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import SupportsFloat, TypeVar

from fleet.base.errors import Fault, InputError, did_you_mean
from fleet.base.materials import MATERIALS
from fleet.base.textfile import read_bounded
from fleet.demand.inside import EXACT, contents_of
from fleet.demand.model import HOUR_MS, MINUTE_MS, Point, Request, Span, in_order, quantised

ToMetres = Callable[[float, float], tuple[SupportsFloat, SupportsFloat]]
T = TypeVar("T")

REQUIRED = ("time", "material", "kg", "litres")
PLACE = ("point", "lon", "lat")
OPTIONAL = ("latest", "window_min", "actual_kg", "actual_l", "priority", "service_s", "requester", "id", "inside")
COLUMNS = (*REQUIRED, *PLACE, *OPTIONAL)

DEFAULT_WINDOW_MIN = 120.0
DEFAULT_SERVICE_S = 60.0
MAX_BYTES = 100_000_000
REACH_M = 100_000.0
"""A place farther than this from the centre of the map is taken for a mistake."""

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)


def read_requests(path: Path, points: Mapping[str, Point], to_metres: ToMetres, span: Span) -> tuple[Request, ...]:
    """The requests in the table at `path`, by (announced_ms, pickup_id).

    Each is announced as its window opens. `to_metres` turns (lon, lat) into local metres; a request given so
    has the point id "" and the district of the nearest pickup point. Raises `InputError` with every fault of
    the file.
    """
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    table = _Table(str(path), points, to_metres, span)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                table.take(line, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        table.fault(line, 0, "", "rows of comma-separated values", str(error))
    if not table.header and not table.faults:
        table.fault(1, 0, "", "a header line: " + ",".join((*REQUIRED, "point")), "an empty file")
    if table.faults:
        raise InputError(table.faults)
    return in_order(table.requests)


def _text(path: Path) -> str:
    file, data = str(path), read_bounded(path, MAX_BYTES)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{data[error.start]:02x}"
        raise InputError([Fault(file, line, 1, "", "text in UTF-8", found)]) from None


class _Table:
    """Takes row by row: the header first, then requests; collects every fault."""

    def __init__(self, file: str, points: Mapping[str, Point], to_metres: ToMetres, span: Span) -> None:
        self.file, self.points, self.to_metres, self.span = file, points, to_metres, span
        self.header: list[str] = []
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self._ids: dict[str, int] = {}
        self._usable = False

    def fault(self, line: int, field: int, path: str, expected: str, found: str, hint: str = "") -> None:
        short = found if len(found) <= 60 else found[:57] + "..."
        self.faults.append(Fault(self.file, line, field + 1, path, expected, short, hint))

    def take(self, line: int, cells: Sequence[str]) -> None:
        if not self.header:
            self.header = [cell.strip() for cell in cells]
            self._check_header(line)
        elif self._usable:
            if len(cells) != len(self.header):
                field = min(len(cells), len(self.header))
                self.fault(line, field, "", f"{len(self.header)} fields", f"{len(cells)}")
                return
            texts = [cell.strip() for cell in cells]
            known = len(self.faults)
            request = _Row(self, line, dict(zip(self.header, texts, strict=True))).request()
            if len(self.faults) == known and request is not None:
                self.requests.append(request)

    def _check_header(self, line: int) -> None:
        names = self.header
        known = len(self.faults)
        for mark in (";", "\t"):
            if len(names) == 1 and mark in names[0]:
                self.fault(line, 0, "", "fields parted by commas", f"{names[0]!r}", f"replace each {mark!r}")
                return
        for field, name in enumerate(names):
            if name not in COLUMNS:
                hint = did_you_mean(name, COLUMNS) or "known: " + ", ".join(COLUMNS)
                self.fault(line, field, name, "a known column", repr(name), hint)
            elif name in names[:field]:
                self.fault(line, field, name, "each column once", f"{name!r} again")
        missing = [name for name in REQUIRED if name not in names]
        if "point" not in names and not {"lon", "lat"} <= set(names):
            missing.append("point (or lon and lat)")
        for name in missing:
            self.fault(line, 0, name, "this column (required)", "nothing")
        self._usable = len(self.faults) == known

    def claim(self, line: int, name: str) -> int | None:
        """Take the id `name`; the line that has it already, if one has."""
        taken = self._ids.setdefault(name, line)
        return None if taken == line else taken


class _Row:
    """One row's fields, each read once; a field that is wrong is a fault and reads as None."""

    def __init__(self, table: _Table, line: int, texts: Mapping[str, str]) -> None:
        self._table, self._line, self._texts = table, line, texts

    def _fault(self, name: str, expected: str, found: str = "", hint: str = "") -> None:
        field = self._table.header.index(name) if name in self._table.header else 0
        text = self._texts.get(name, "")
        self._table.fault(self._line, field, name, expected, found or (repr(text) if text else "nothing"), hint)

    def request(self) -> Request | None:
        """The request, or None; then the table has the faults."""
        opens = self._time("time")
        closes = self._closes(opens)
        material = self._material()
        place = self._place(material)
        kg = _given(self._number("kg", above=0.0), 3)
        litres = _given(self._number("litres", above=0.0), 1)
        actual_kg = self._number("actual_kg", kg)
        actual_l = self._number("actual_l", litres)
        priority = self._number("priority", 1.0, whole=(1, 3))
        service_s = self._number("service_s", DEFAULT_SERVICE_S, most=86_400.0)
        name = self._texts.get("id") or f"csv/{self._line}"
        inside = self._inside(material)
        taken = self._table.claim(self._line, name)
        if taken is not None:
            self._fault("id", "an id of its own", hint=f"line {taken} has it")
        if opens is None or closes is None or place is None or kg is None or litres is None:
            return None
        if actual_kg is None or actual_l is None or priority is None or service_s is None:
            return None
        point_id, district, x_m, y_m = place
        return Request(
            pickup_id=name,
            announced_ms=opens,
            point_id=point_id,
            district=district,
            x_m=x_m,
            y_m=y_m,
            material=material,
            declared_kg=kg,
            declared_l=litres,
            actual_kg=round(actual_kg, 3),
            actual_l=round(actual_l, 1),
            earliest_ms=opens,
            latest_ms=closes,
            service_ms=round(service_s * 1000.0),
            priority=int(priority),
            requester=self._texts.get("requester") or point_id or "unknown",
            contents=contents_of(material, round(actual_kg, 3), inside),
        )

    def _inside(self, material: str) -> list[tuple[str, float]]:
        """What else lies in it: (material, share of the mass)."""
        found = []
        for part in self._texts.get("inside", "").split():
            name, _, text = part.partition(":")
            share = float(text) if _NUMBER.fullmatch(text) else math.nan
            if name not in MATERIALS or name == material:
                hint = did_you_mean(name, MATERIALS) or "known: " + ", ".join(MATERIALS)
                self._fault("inside", f"a material other than {material}", repr(name), hint)
            elif not 0.0 < share <= 1.0:
                self._fault("inside", "material:share with a share above 0 and at most 1", repr(part))
            else:
                found.append((name, share))
        if sum(share for _, share in found) > 1.0 + EXACT:
            self._fault("inside", "shares of at most 1 in all")
        return found

    def _number(
        self, name: str, default: float | None = None, *, above: float | None = None,
        most: float = 1e6, whole: tuple[int, int] | None = None,
    ) -> float | None:  # fmt: skip
        """A number in (above, most] or, without `above`, in [0, most]; or a whole one within `whole`."""
        text = self._texts.get(name, "")
        if not text and default is not None:
            return default
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        if whole is not None:
            if value in range(whole[0], whole[1] + 1):
                return value
            self._fault(name, f"an integer from {whole[0]} to {whole[1]}")
        elif (value > above if above is not None else value >= 0.0) and value <= most:
            return value
        elif default is None and not text and above is None:
            return None
        else:
            least = f"greater than {above:g}" if above is not None else "of at least 0"
            self._fault(name, f"a number {least} and at most {most:g}")
        return None

    def _time(self, name: str) -> int | None:
        """Milliseconds since the start of the run."""
        text = self._texts.get(name, "")
        clock = _CLOCK.fullmatch(text)
        if clock:
            hours, minutes, seconds = (int(part or 0) for part in clock.groups())
            if hours < 24 and minutes < 60 and seconds < 60:
                since_midnight = (hours * 60 + minutes) * MINUTE_MS + seconds * 1000
                t_ms = (since_midnight - round(self._table.span.start_hour * HOUR_MS)) % (24 * HOUR_MS)
                # A window that closes at the clock time of the start closes a day later.
                return self._within(name, t_ms or (24 * HOUR_MS if name == "latest" else 0))
        elif _NUMBER.fullmatch(text) and abs(float(text)) < 1e9:
            return self._within(name, round(float(text) * 1000.0))
        self._fault(name, "a clock time HH:MM[:SS] or seconds since the start of the run")
        return None

    def _within(self, name: str, t_ms: int) -> int | None:
        span = self._table.span
        if name != "time":
            return t_ms
        if 0 <= t_ms < span.end_ms:
            return t_ms
        until = f"{span.clock(0)} to {span.clock(span.end_ms)}, {span.end_ms // 1000} s"
        self._fault(name, f"a time within the run ({until})")
        return None

    def _closes(self, opens: int | None) -> int | None:
        if self._texts.get("latest"):
            closes = self._time("latest")
            if self._texts.get("window_min"):
                self._fault("window_min", "nothing, as `latest` is given")
            if opens is None or closes is None:
                return None
            if closes <= opens:
                self._fault("latest", "a time after `time`")
                return None
        else:
            minutes = self._number("window_min", DEFAULT_WINDOW_MIN, above=0.0, most=100_000.0)
            if opens is None or minutes is None:
                return None
            closes = opens + max(1, round(minutes * MINUTE_MS))
        return min(closes, self._table.span.end_ms)

    def _material(self) -> str:
        name = self._texts["material"]
        if name not in MATERIALS:
            hint = did_you_mean(name, MATERIALS) or "known: " + ", ".join(MATERIALS)
            self._fault("material", "a material", hint=hint)
        return name

    def _place(self, material: str) -> tuple[str, str, float, float] | None:
        """(point id, district, x_m, y_m)"""
        name = self._texts.get("point", "")
        if name:
            point = self._table.points.get(name)
            if point is None:
                hint = did_you_mean(name, self._table.points)
                self._fault("point", "the id of a pickup point of the map", hint=hint)
                return None
            if point.materials and material not in point.materials:
                self._fault("material", f"a material that point {name!r} takes: {', '.join(point.materials)}")
            return point.id, point.district, point.x_m, point.y_m
        if "lon" not in self._texts or "lat" not in self._texts:
            self._fault("point", "the id of a pickup point of the map")
            return None
        return self._degrees()

    def _degrees(self) -> tuple[str, str, float, float] | None:
        degrees = []
        for name, limit in (("lon", 180.0), ("lat", 90.0)):
            text = self._texts[name]
            value = float(text) if _NUMBER.fullmatch(text) else math.nan
            if abs(value) <= limit:
                degrees.append(value)
            else:
                self._fault(name, f"degrees from {-limit:g} to {limit:g}")
        if len(degrees) < 2:
            return None
        x, y = self._table.to_metres(degrees[0], degrees[1])
        x_m, y_m = float(x), float(y)
        if not math.hypot(x_m, y_m) <= REACH_M:
            hint = "are lon and lat swapped?"
            self._fault("lon", f"a place within {REACH_M / 1000:g} km of the map's centre", hint=hint)
            return None
        near = min(self._table.points.values(), key=lambda p: math.hypot(p.x_m - x_m, p.y_m - y_m), default=None)
        return "", near.district if near is not None else "", x_m, y_m


def _given(value: float | None, places: int) -> float | None:
    return None if value is None else quantised(value, places)
