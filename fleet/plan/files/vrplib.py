"""Reads VRPLIB files: CVRP, VRPTW, and MTVRPTWR (several trips, release times) as PyVRP writes it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fleet.base.errors import did_you_mean
from fleet.plan.files.field import Instance, Kind
from fleet.plan.files.matrices import FORMATS, entries, unfolded
from fleet.plan.files.source import Source, number, whole
from fleet.plan.files.vrplib_text import OWN_FORM, Sheet, taken_apart
from fleet.plan.problem import UNLIMITED, Floats

MOST_NODES = 100_000
_KINDS: tuple[Kind, ...] = ("CVRP", "VRPTW", "MTVRPTWR")
_EDGES = {"EUC_2D": "", "EXACT_2D": "", "CEIL_2D": "up", "FLOOR_2D": "down", "EXPLICIT": ""}
"""Edge weight types, and how each makes legs whole; empty: as the convention says."""
_NEEDS: dict[Kind, tuple[str, ...]] = {
    "CVRP": (),
    "VRPTW": ("TIME_WINDOW_SECTION",),
    "MTVRPTWR": ("TIME_WINDOW_SECTION", "RELEASE_TIME_SECTION", "VEHICLES_RELOAD_DEPOT_SECTION"),
}
_ONLY_WITH = {
    "TIME_WINDOW_SECTION": ("VRPTW", "MTVRPTWR"),
    "RELEASE_TIME_SECTION": ("MTVRPTWR",),
    "VEHICLES_RELOAD_DEPOT_SECTION": ("MTVRPTWR",),
}


def read_vrplib(source: Source) -> Instance:
    """The instance in a VRPLIB file. Raises `InputError` with everything wrong with it."""
    sheet = taken_apart(source)
    kind = _kind(sheet)
    size = _dimension(sheet)
    if size is None:
        source.raise_if_any()
        raise AssertionError("a file without a dimension has a fault")
    reading = _Reading(sheet, size)
    for name in ("DEMAND_SECTION", "DEPOT_SECTION", *_NEEDS[kind]):
        reading.demand_section(name)
    for name, kinds in _ONLY_WITH.items():
        if name in sheet.heads and kind not in kinds:
            source.fault(sheet.heads[name], 1, name, f"TYPE {' or '.join(kinds)}", f"TYPE {kind}")
    instance = _instance(reading, kind)
    source.raise_if_any()
    return instance


def _kind(sheet: Sheet) -> Kind:
    said = sheet.text("TYPE").upper()
    for kind in _KINDS:
        if said == kind:
            return kind
    hint = OWN_FORM if said in ("MDVRP", "HFVRP", "MDVRPTW", "SDVRP") else did_you_mean(said, _KINDS)
    sheet.fault("TYPE", f"one of {', '.join(_KINDS)}", hint)
    return "CVRP"


def _dimension(sheet: Sheet) -> int | None:
    size = sheet.amount("DIMENSION", integer=True, least=1)
    if size is not None and size > MOST_NODES:
        sheet.fault("DIMENSION", f"at most {MOST_NODES:,} nodes")
        return None
    if size is None and "DIMENSION" not in sheet.said:
        sheet.fault("DIMENSION", "a number of nodes (required)")
    return None if size is None else int(size)


class _Reading:
    """Reads the sections of a file with `size` nodes, each into arrays in the order of the node numbers."""

    def __init__(self, sheet: Sheet, size: int) -> None:
        self.sheet = sheet
        self.source = sheet.source
        self.size = size
        self.line_of: dict[str, dict[int, int]] = {}

    def demand_section(self, name: str) -> None:
        """Note it when there is no such section."""
        if name not in self.sheet.heads:
            self.source.fault(
                len(self.source.lines) + 1, 1, name, "this section (required)", "the end of the file"
            )

    def table(self, name: str, columns: Sequence[str], *, least: float = -np.inf) -> Floats | None:
        """A section with a row for each node: shape (size, len(columns)); None if there is no such section."""
        if name not in self.sheet.heads:
            return None
        found = np.zeros((self.size, len(columns)))
        seen = self.line_of.setdefault(name, {})
        for line in self.sheet.rows[name]:
            row = self.source.row(line, name, ("node", *columns))
            if row is None:
                self._seen_at_least(seen, line)
                continue
            node = self._node(name, line, row[0])
            if node is None:
                continue
            if node in seen:
                self._at(line, 0, name, "each node once", f"node {node} again, as on line {seen[node]}")
            seen[node] = line
            found[node - 1] = row[1:]
            for place, value in enumerate(row[1:], start=1):
                if value < least:
                    self._at(line, place, name, f"a {columns[place - 1]} of at least {least:g}", f"{value:g}")
        self._complete(name, seen)
        return found

    def _seen_at_least(self, seen: dict[int, int], line: int) -> None:
        """A row that cannot be read is there all the same, and not told as missing, too."""
        node = number(self.source.words(line)[0][1])
        if node is not None and whole(node) is not None and 1 <= node <= self.size:
            seen.setdefault(int(node), line)

    def _complete(self, name: str, seen: dict[int, int]) -> None:
        missing = [node for node in range(1, self.size + 1) if node not in seen]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            rows = self.sheet.rows[name]
            line = rows[-1] if rows else self.sheet.heads[name]
            expected = f"a row for each of {self.size} nodes (DIMENSION)"
            self.source.fault(line, 1, name, expected, f"none for node {missing[0]}{more} up to here")

    def _node(self, name: str, line: int, value: float) -> int | None:
        node = whole(value)
        if node is None or not 1 <= node <= self.size:
            self._at(line, 0, name, f"a node from 1 to {self.size} (DIMENSION)", f"{value:g}")
            return None
        return node

    def _at(self, line: int, place: int, name: str, expected: str, found: str, hint: str = "") -> None:
        self.source.fault(line, self.source.words(line)[place][0], name, expected, found, hint)

    def windows(self) -> tuple[Floats, Floats] | None:
        """First and last moment for service to begin, or None."""
        name = "TIME_WINDOW_SECTION"
        table = self.table(name, ("earliest", "latest"))
        if table is None:
            return None
        for node, line in self.line_of[name].items():
            earliest, latest = table[node - 1]
            if earliest > latest:
                self._at(line, 2, name, f"an end not before the beginning, {earliest:g}", f"{latest:g}")
        return table[:, 0], table[:, 1]

    def depot(self) -> int:
        """The index of the one depot."""
        name = "DEPOT_SECTION"
        depots: list[int] = []
        for line in self.sheet.rows.get(name, []):
            values = self.source.numbers(line, name)
            for value in values or []:
                if value == -1:
                    break
                node = self._node(name, line, value)
                if node is not None and depots:
                    self._at(line, 0, name, "one depot", f"node {node} besides node {depots[0]}", OWN_FORM)
                elif node is not None:
                    depots.append(node)
        if name in self.sheet.heads and not depots and self.source.is_sound:
            self.source.fault(self.sheet.heads[name], 1, name, "the number of the depot", "none")
        return depots[0] - 1 if depots else 0

    def weights(self) -> Floats | None:
        """The matrix of EDGE_WEIGHT_SECTION, or None where there is none or it is faulty."""
        name, form = "EDGE_WEIGHT_SECTION", self.sheet.text("EDGE_WEIGHT_FORMAT").upper()
        if form not in FORMATS:
            self.sheet.fault("EDGE_WEIGHT_FORMAT", f"one of {', '.join(FORMATS)}", did_you_mean(form, FORMATS))
            return None
        # The files by Christofides and Eilon on CVRPLIB call LOWER_ROW what is written column by column.
        if form == "LOWER_ROW" and "EILON" in self.sheet.text("COMMENT").upper():
            form = "LOWER_COL"
        self.demand_section(name)
        wanted = entries(form, self.size)
        values: list[float] = []
        for line in self.sheet.rows.get(name, []):
            row = self.source.numbers(line, name)
            if row is None:
                return None
            for place, value in enumerate(row):
                if value < 0:
                    self._at(line, place, name, "a weight of at least 0", f"{value:g}")
            if len(values) <= wanted < len(values) + len(row):
                place = wanted - len(values)
                self._at(line, place, name, f"{wanted} numbers ({form}, {self.size} nodes)", "one more")
            values += row
        if len(values) < wanted and name in self.sheet.heads:
            rows = self.sheet.rows[name]
            line = rows[-1] if rows else self.sheet.heads[name]
            self.source.fault(
                line, 1, name, f"{wanted} numbers ({form}, {self.size} nodes)", f"{len(values)} up to here"
            )
        return unfolded(form, self.size, np.array(values)) if len(values) == wanted else None


def _instance(reading: _Reading, kind: Kind) -> Instance:
    sheet, size = reading.sheet, reading.size
    edges = sheet.text("EDGE_WEIGHT_TYPE").upper()
    if edges not in _EDGES:
        sheet.fault("EDGE_WEIGHT_TYPE", f"one of {', '.join(_EDGES)}", did_you_mean(edges, _EDGES))
    weights = reading.weights() if edges == "EXPLICIT" else None
    if edges != "EXPLICIT":
        reading.demand_section("NODE_COORD_SECTION")
    places = reading.table("NODE_COORD_SECTION", ("x", "y"))
    demand = reading.table("DEMAND_SECTION", ("demand",), least=0.0)
    windows = reading.windows()
    release = reading.table("RELEASE_TIME_SECTION", ("release time",), least=0.0)
    depot = reading.depot()
    service = _service(reading, depot)
    capacity = sheet.amount("CAPACITY", integer=False)
    if "CAPACITY" not in sheet.said:
        sheet.fault("CAPACITY", "a number (required)")
    vehicles = sheet.amount("VEHICLES", integer=True)
    most_trips = UNLIMITED if kind == "MTVRPTWR" else 1
    if kind == "MTVRPTWR":
        _reloads(reading, vehicles, depot)
    order = np.concatenate(([depot], np.delete(np.arange(size), depot)))
    none = np.zeros((size, 2))
    if demand is not None:
        _nothing_at_depot(reading, "DEMAND_SECTION", demand, depot)
    return Instance(
        name=sheet.text("NAME"),
        kind=kind,
        capacity=capacity or 0.0,
        demand=(none if demand is None else demand)[order, 0],
        x=(none if places is None else places)[order, 0],
        y=(none if places is None else places)[order, 1],
        weights=None if weights is None else weights[np.ix_(order, order)],
        whole_legs=_EDGES.get(edges, ""),
        vehicles=None if vehicles is None else int(vehicles),
        most_trips=most_trips,
        earliest=None if windows is None else windows[0][order],
        latest=None if windows is None else windows[1][order],
        service=service[order],
        release=None if release is None else release[order, 0],
        route_limit=_route_limit(sheet, kind),
    )


def _service(reading: _Reading, depot: int) -> Floats:
    """Service time per node: from its section, else the one number for all but the depot."""
    table = reading.table("SERVICE_TIME_SECTION", ("service time",), least=0.0)
    if table is not None:
        if "SERVICE_TIME" in reading.sheet.said:
            reading.sheet.fault("SERVICE_TIME", "either this or SERVICE_TIME_SECTION")
        _nothing_at_depot(reading, "SERVICE_TIME_SECTION", table, depot)
        return table[:, 0]
    same = np.full(reading.size, reading.sheet.amount("SERVICE_TIME", integer=False) or 0.0)
    same[depot] = 0.0
    return same


def _nothing_at_depot(reading: _Reading, name: str, table: Floats, depot: int) -> None:
    if table[depot, 0] != 0:
        line = reading.line_of[name][depot + 1]
        column = reading.source.words(line)[1][0]
        reading.source.fault(line, column, name, f"0 at the depot, node {depot + 1}", f"{table[depot, 0]:g}")


def _reloads(reading: _Reading, vehicles: float | None, depot: int) -> None:
    """Every vehicle must be allowed to unload at the depot: those that may not would be another problem."""
    name = "VEHICLES_RELOAD_DEPOT_SECTION"
    seen: set[float] = set()
    for line in reading.sheet.rows.get(name, []):
        row = reading.source.row(line, name, ("vehicle", "depot"))
        if row is None:
            continue
        seen.add(row[0])
        if row[1] != depot + 1:
            column = reading.source.words(line)[1][0]
            reading.source.fault(line, column, name, f"the depot, node {depot + 1}", f"{row[1]:g}")
    if vehicles is not None and name in reading.sheet.heads and not _are_all(seen, vehicles):
        expected = f"a row for each vehicle from 1 to {vehicles:g} (VEHICLES)"
        reading.source.fault(reading.sheet.heads[name], 1, name, expected, f"{len(seen)} vehicles")


def _are_all(seen: set[float], vehicles: float) -> bool:
    """Whether `seen` are the numbers from 1 to `vehicles`, which may be many more than a list could hold."""
    return len(seen) == vehicles and all(whole(n) is not None and 1 <= n <= vehicles for n in seen)


def _route_limit(sheet: Sheet, kind: Kind) -> float | None:
    limit = sheet.amount("DISTANCE", integer=False)
    if limit is not None and kind != "CVRP":
        sheet.fault("DISTANCE", "a limit of routes only with TYPE CVRP")
    return limit
