"""`fleet watch`: a run as a live table on a terminal, as lines elsewhere, or as JSON for programs.

The wall clock is read here, and decides nothing but what is shown.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from fleet.app.board import Board, Row
from fleet.bus.client import Client
from fleet.bus.columns import columns, names_of
from fleet.messages.airspace import AirspaceChanged
from fleet.messages.codec import encode_json
from fleet.messages.envelope import Message
from fleet.messages.frames import TelemetryFrame
from fleet.messages.notices import MessagesRefused, Snapshot
from fleet.messages.security import Alert

if TYPE_CHECKING:
    from rich.console import Console, Group

LOOK_EVERY_S = 0.25
"""How often a table is drawn anew."""

HEADER_LINES = 7
DECIMALS = 3
COLUMNS = ("x_m", "y_m", "height_m", "speed_mps", "battery_wh", "load_kg", "age_ms")

Say = Callable[[str], None]


# ---- for people


def header(board: Board, missed: Mapping[str, int]) -> str:
    """Where the run is, in one line."""
    lost = sum(missed.values())
    return (
        f"{board.clock}  tick {board.tick:,}  {board.pace}  served {board.collected:,}  waiting {board.waiting:,}"
        f"  missed {board.missed:,}  alerts {board.alerts:,}  refused {board.refused:,}  lost messages {lost:,}"
    )


def event_line(board: Board, message: Message) -> str:
    """A line about something that a watchman should not have to look for; "" for all else."""
    body = message.body
    if isinstance(body, Alert):
        return (
            f"{board.clock}  ALERT {body.attack_class}: {body.entity}"
            f" ({body.detector}, {body.score:.3g} over {body.threshold:.3g})"
        )
    if isinstance(body, AirspaceChanged):
        return f"{board.clock}  airspace {body.state}: {body.zone} ({body.reason})"
    if isinstance(body, MessagesRefused):
        of = f" of {body.claimed_sender}" if body.claimed_sender else ""
        return f"{board.clock}  {body.count:,} refused at the {body.door} door{of}: {body.cause}"
    return ""


def watch_lines(client: Client, say: Say, every_s: float) -> None:
    """A line about every `every_s` seconds, and one for each alert, until the run ends."""
    board, since = Board(client.snapshot), client.snapshot
    say(f"{board.name}: {board.fleet_size:,} vehicles")
    say(header(board, client.missed))
    next_s = time.monotonic() + every_s
    for message in _stream(client, min(every_s, LOOK_EVERY_S)):
        if client.snapshot is not since:
            board, since = Board(client.snapshot), client.snapshot
            say("the connection was broken, and is back")
        if message is not None:
            board.hear(message)
            line = event_line(board, message)
            if line:
                say(line)
        if time.monotonic() >= next_s:
            next_s = time.monotonic() + every_s
            say(header(board, client.missed))
    say(header(board, client.missed))
    say(_ending(client))


def watch_table(client: Client, console: Console) -> str:
    """A live table until the run ends; returns the last line to say."""
    from rich.live import Live

    board, since = Board(client.snapshot), client.snapshot
    with Live(console=console, auto_refresh=False) as live:
        live.update(_table(board, client.missed, console.size.height), refresh=True)
        next_s = 0.0
        for message in _stream(client, LOOK_EVERY_S):
            if client.snapshot is not since:
                board, since = Board(client.snapshot), client.snapshot
            if message is not None:
                board.hear(message)
            if time.monotonic() >= next_s:
                next_s = time.monotonic() + LOOK_EVERY_S
                live.update(_table(board, client.missed, console.size.height), refresh=True)
        live.update(_table(board, client.missed, console.size.height), refresh=True)
    return _ending(client)


def _stream(client: Client, look_every_s: float) -> Iterator[Message | None]:
    """Messages until the run ends; None whenever nothing came for a moment."""
    while client.ended is None:
        yield from client.messages(timeout_s=look_every_s)
        yield None


def _ending(client: Client) -> str:
    ended = client.ended
    return "" if ended is None else f"the run ended at tick {ended.tick:,}: {ended.status}"


def _table(board: Board, missed: Mapping[str, int], height: int) -> Group:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title, justify in (
        ("vehicle", "left"), ("state", "left"), ("battery Wh", "right"), ("load kg", "right"),
        ("x m", "right"), ("y m", "right"), ("bound for", "left"), ("", "left"),
    ):  # fmt: skip
        table.add_column(title, justify="right" if justify == "right" else "left", no_wrap=True)
    most = max(1, height - HEADER_LINES - bool(board.airspace))
    for row in board.rows(most):
        table.add_row(*_cells(row), style="bold red" if row.remark else "")
    head = [Text(board.name, style="bold"), Text(header(board, missed))]
    if board.airspace:
        head.append(Text(f"airspace: {board.airspace}"))
    if board.last_alert:
        head.append(Text(f"last alert: {board.last_alert}", style="bold red"))
    more = board.fleet_size - most
    tail = [Text(f"and {more:,} more", style="dim")] if more > 0 else []
    return Group(*head, Text(""), table, *tail)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.vehicle, row.state, _number(row.battery_wh), _number(row.load_kg, 1), _number(row.x_m),
        _number(row.y_m), row.bound_for, row.remark,
    )  # fmt: skip


def _number(value: float, decimals: int = 0) -> str:
    """A number for people; a vehicle that is not heard has none."""
    return "?" if math.isnan(value) else f"{value:,.{decimals}f}"


def begun(client: Client, timeout_s: float) -> Snapshot:
    """The state now; of a run that is about to begin, the one after its first tick, if that comes in time."""
    now = client.snapshot
    if now.roster is not None or now.paused or not any(client.messages(("VehicleRoster",), timeout_s)):
        return now
    return client.catch_up()


def not_begun(snapshot: Snapshot) -> str:
    """What to say of a run before its first tick; "" of any other."""
    if snapshot.roster is not None:
        return ""
    return f"{snapshot.name} has not begun" + (": it is paused before its first tick" if snapshot.paused else "")


def snapshot_lines(snapshot: Snapshot) -> list[str]:
    """A snapshot as plain text: the header, then a line per vehicle."""
    if snapshot.roster is None:
        return [not_begun(snapshot)]
    board = Board(snapshot)
    lines = [f"{board.name}: {board.fleet_size:,} vehicles", header(board, {})]
    if board.airspace:
        lines.append(f"airspace: {board.airspace}")
    rows: list[tuple[str, ...]] = [("vehicle", "state", "battery Wh", "load kg", "x m", "y m", "bound for", "")]
    rows += [_cells(row) for row in board.rows(board.fleet_size)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    left = (0, 1, 6, 7)
    for row in rows:
        cells = [
            cell.ljust(width) if at in left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


# ---- for programs


def watch_json(client: Client, say: Say, topics: Collection[str] | None) -> None:
    """One JSON object per message and line; frames as lists, one entry per vehicle."""
    for message in client.messages(topics):
        say(message_json(message, client.vehicles))


def message_json(message: Message, vehicles: tuple[str, ...]) -> str:
    """A message as a line of JSON. A telemetry frame's columns become lists of numbers and names of states."""
    if not isinstance(message.body, TelemetryFrame):
        return encode_json(message).decode()
    body = {"type": "TelemetryFrame", **frame_lists(message.body, vehicles)}
    plain = {"v": message.v, "sender": message.sender, "seq": message.seq, "t_ms": message.t_ms, "body": body}
    return encode_json(plain).decode()


def snapshot_json(snapshot: Snapshot) -> str:
    """A snapshot as a line of JSON, its frame as lists."""
    vehicles = () if snapshot.roster is None else snapshot.roster.vehicles
    frame = None if snapshot.frame is None else frame_lists(snapshot.frame, vehicles)
    plain = msgspec.to_builtins(msgspec.structs.replace(snapshot, frame=None))
    return encode_json({**plain, "frame": frame}).decode()


def frame_lists(frame: TelemetryFrame, vehicles: tuple[str, ...]) -> dict[str, Any]:
    """A frame's columns as lists; a number that is not known (NaN) becomes null."""
    arrays = columns(frame, names_of(vehicles))
    lists = {name: [round(value, DECIMALS) for value in getattr(arrays, name).tolist()] for name in COLUMNS}
    states = [arrays.state_of(row) for row in range(len(vehicles))]
    return {"tick": frame.tick, "vehicles": list(vehicles), **lists, "state": states}
