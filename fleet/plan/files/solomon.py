"""Reads the .txt files of Solomon (1987), and of Gehring and Homberger (1999), who use the same form."""

from __future__ import annotations

import numpy as np

from fleet.plan.files.field import Instance
from fleet.plan.files.source import Source, shown, whole

_COLUMNS = ("number", "x", "y", "demand", "ready time", "due date", "service time")


def read_solomon(source: Source) -> Instance:
    """The instance in a file. Raises `InputError` with everything wrong with it."""
    filled = [n for n, text in enumerate(source.lines, start=1) if text.strip()]
    words = {n: source.lines[n - 1].split()[0].upper() for n in filled}
    fleet = next((n for n in filled if words[n] == "VEHICLE"), None)
    customers = next((n for n in filled if words[n] == "CUSTOMER"), None)
    end = len(source.lines) + 1
    vehicles, capacity = 0.0, 0.0
    if fleet is None:
        source.fault(end, 1, "VEHICLE", "this section (required)", "the end of the file")
    else:
        vehicles, capacity = _fleet(source, [n for n in filled if fleet < n < (customers or end)])
    if customers is None:
        source.fault(end, 1, "CUSTOMER", "this section (required)", "the end of the file")
    rows = _rows(source, [n for n in filled if customers is not None and n > customers])
    source.raise_if_any()
    table = np.array(rows).reshape(-1, len(_COLUMNS))
    name = source.lines[filled[0] - 1].strip() if filled[0] != fleet else ""
    return Instance(
        name=name,
        kind="Solomon",
        capacity=capacity,
        demand=table[:, 3],
        x=table[:, 1],
        y=table[:, 2],
        vehicles=int(vehicles),
        earliest=table[:, 4],
        latest=table[:, 5],
        service=table[:, 6],
    )


def _fleet(source: Source, lines: list[int]) -> tuple[float, float]:
    """The two numbers under VEHICLE, after the line that names them."""
    if len(lines) < 2:
        at = lines[-1] + 1 if lines else len(source.lines) + 1
        source.fault(at, 1, "VEHICLE", "a line with the number of vehicles and their capacity", "none")
        return 0.0, 0.0
    row = source.row(lines[1], "VEHICLE", ("number", "capacity"))
    if row is None:
        return 0.0, 0.0
    columns = [column for column, _ in source.words(lines[1])]
    if whole(row[0]) is None or row[0] < 0:
        source.fault(lines[1], columns[0], "VEHICLE", "a whole number of vehicles", f"{row[0]:g}")
    if row[1] < 0:
        source.fault(lines[1], columns[1], "VEHICLE", "a capacity of at least 0", f"{row[1]:g}")
    return row[0], row[1]


def _rows(source: Source, lines: list[int]) -> list[list[float]]:
    """The customers in the order of the file; the first is the depot, number 0, and the others follow by one."""
    named = lines[0] if lines and not _is_number(source.lines[lines[0] - 1].split()[0]) else None
    found: list[list[float]] = []
    for line in lines[1:] if named else lines:
        row = source.row(line, "CUSTOMER", _COLUMNS)
        if row is not None:
            _check(source, line, row, len(found))
        found.append(row or [0.0] * len(_COLUMNS))
    if not found:
        source.fault(len(source.lines) + 1, 1, "CUSTOMER", "a line for the depot, number 0", "the end of the file")
    return found


def _is_number(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).isdigit()


def _check(source: Source, line: int, row: list[float], number: int) -> None:
    columns = [column for column, _ in source.words(line)]

    def fault(place: int, expected: str) -> None:
        text = source.words(line)[place][1]
        source.fault(line, columns[place], f"CUSTOMER {_COLUMNS[place]}", expected, shown(text))

    if row[0] != number:
        fault(0, f"{number}: each customer once, in order, the depot as 0")
    for place in (3, 6):
        if row[place] < 0:
            fault(place, "a number of at least 0")
        if number == 0 and row[place] > 0:
            fault(place, "0 at the depot")
    if row[4] > row[5]:
        fault(5, f"a due date not before the ready time, {row[4]:g}")
