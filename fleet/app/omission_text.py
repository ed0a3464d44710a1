"""A pickup left out of a plan, told to people: what it lacks, and what would admit it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_UNITS = {"too-heavy": "kg", "too-voluminous": "l", "battery": "Wh", "too-dear": "of cost"}
_NEW = "one more"
"""What `fleet.plan.relaxations` calls the vehicle that a change adds; primes may follow."""
_LARGE, _ENDLESS = 1e5, 1e18
"""From the one to the other amounts are told in whole units; nobody comes later than the other."""
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


def omission_lines(said: Mapping[str, Any]) -> list[str]:
    """One line for the reason and, if it is known, one for the changes.

    `said` is a pickup left out as a plan file says it (`fleet.plan.files.plan_json`).
    """
    by = f" ({said['vehicle']})" if "vehicle" in said else ""
    lines = [f"  {said['pickup']}: {said['code']}{_numbers(said)}{by}"]
    if "relaxations" in said:
        changes = said["relaxations"]
        new = [any(before["kind"] == "vehicle" for before in changes[:number]) for number in range(len(changes))]
        told = (_change(change, after_vehicle=after) for change, after in zip(changes, new, strict=True))
        lines.append("    would do: " + ", and ".join(told))
    return lines


def _numbers(said: Mapping[str, Any]) -> str:
    code, need, limit = said["code"], said["need"], said["limit"]
    if code in _MOMENTS and need is not None and limit is not None:
        return f", {_time(need - limit)} too late" if limit < need < limit + _ENDLESS else ""
    if code in _UNITS:
        return f": needs {_amount(need)} {_UNITS[code]}, has {_amount(limit)}"
    if code == "not-certified":
        return f": needs {_amount(need)} certificates, has {_amount(limit)}"
    return ""


def _change(change: Mapping[str, Any], *, after_vehicle: bool) -> str:
    where, amount = str(change["node"] if "node" in change else change["where"]), float(change["amount"])
    if after_vehicle and where.rstrip("'") == _NEW:
        where = "it"
    text = _CHANGES[change["kind"]].format(
        amount=_amount(amount), time=_time(amount), where=where, unit=change["unit"]
    )
    if change["kind"] == "charger" and amount > 0.0:
        text += f", {_time(amount)} from it"
    return text


def _time(ms: float) -> str:
    """Minutes and seconds, the seconds rounded up: less would not do."""
    seconds = -int(-min(ms, _ENDLESS) // 1000)
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:,} min {rest} s" if minutes else f"{rest} s"


def _amount(value: float | None) -> str:
    if value is None:
        return "no limit"
    return f"{value:,.0f}" if _LARGE <= abs(value) < _ENDLESS else f"{value:,.6g}"
