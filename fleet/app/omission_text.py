"""A pickup left out of a plan, told to people: what it lacks, and what would admit it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_UNITS = {"too-heavy": "kg", "too-voluminous": "l", "battery": "Wh", "too-dear": "of cost"}
_MOMENTS = ("window", "closed", "shift")
_CHANGES = {
    "payload": "{amount} kg more payload for {where}",
    "volume": "{amount} l more room in {where}",
    "battery": "{amount} Wh more battery for {where}",
    "certificate": "the certificates that it needs for {where}",
    "trips": "one more trip for {where}",
    "accepts": "{where} accepting it",
    "charger": "a charger at {where}",
    "window": "a window that closes {time} later",
    "hours": "{where} open {time} longer",
    "until": "{where} back {time} later",
    "vehicle": "one more {unit} at {where}",
    "penalty": "a penalty higher by {amount}",
}
"""By the kinds of `fleet.plan.relaxations`."""


def omission_lines(said: Mapping[str, Any], node_ids: Sequence[str]) -> list[str]:
    """One line for the reason and, if it is known, one for the changes.

    `said` is a pickup left out as a plan file says it (`fleet.plan.files.plan_json`), `node_ids` the file's names
    of nodes.
    """
    by = f" ({said['vehicle']})" if "vehicle" in said else ""
    lines = [f"  {said['pickup']}: {said['code']}{_numbers(said)}{by}"]
    if "relaxations" in said:
        lines.append("    would do: " + ", and ".join(_change(change, node_ids) for change in said["relaxations"]))
    return lines


def _numbers(said: Mapping[str, Any]) -> str:
    code, need, limit = said["code"], said["need"], said["limit"]
    if code in _MOMENTS and need is not None and limit is not None:
        return f", {_time(need - limit)} too late" if need > limit else ""
    if code in _UNITS:
        return f": needs {_amount(need)} {_UNITS[code]}, has {_amount(limit)}"
    if code == "not-certified":
        return f": needs {_amount(need)} certificates, has {_amount(limit)}"
    return ""


def _change(change: Mapping[str, Any], node_ids: Sequence[str]) -> str:
    where, amount = str(change["where"]), float(change["amount"])
    if where.startswith("node ") and where[5:].isdecimal() and int(where[5:]) < len(node_ids):
        where = node_ids[int(where[5:])]
    text = _CHANGES[change["kind"]].format(
        amount=_amount(amount), time=_time(amount), where=where, unit=change["unit"]
    )
    if change["kind"] == "charger" and amount > 0.0:
        text += f", {_time(amount)} from it"
    return text


def _time(ms: float) -> str:
    """Minutes and seconds, the seconds rounded up: less would not do."""
    seconds = -int(-ms // 1000)
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:,} min {rest} s" if minutes else f"{rest} s"


def _amount(value: float | None) -> str:
    return "no limit" if value is None else f"{value:,.6g}"
