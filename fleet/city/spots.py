"""A value in a JSON file with the way to it, read with a type and a range.

Like `fields`, for files nested deeper than a map. Every reader returns something usable even after a
complaint, so that one wrong value does not hide the next; whoever owns the complaints raises before anything
built from a stand-in can escape. A member that is null counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from fleet.base.errors import did_you_mean
from fleet.city.jsonfile import Complaints, Step, Trail, is_unicode, show

Meaning = TypeVar("Meaning")

_DECIMAL = re.compile(r"\s*[+-]?[0-9]{1,15}(\.[0-9]{1,15})?\s*")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)"
    r"(?:[Zz]|([+-][0-9]{2}):?([0-9]{2}))"
)
_MOST = 1e9
"""No number in a zone file may be larger than this, whatever it counts."""


class Spot:
    """`value`, found at the end of `trail`; None where there is nothing."""

    def __init__(self, value: Any, trail: Trail, complaints: Complaints) -> None:
        self.value = value
        self.trail = trail
        self.complaints = complaints

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return self.value is not None

    def at(self, step: Step) -> Spot:
        """The member or element `step`, which need not be there."""
        inside: Any = None
        if isinstance(self.value, dict) and isinstance(step, str):
            inside = self.value.get(step)
        elif isinstance(self.value, list) and isinstance(step, int) and step < len(self.value):
            inside = self.value[step]
        return Spot(inside, (*self.trail, step), self.complaints)

    def refuse(self, expected: str, found: str = "", hint: str = "") -> None:
        """A complaint about this value."""
        self.complaints.value(self.trail, expected, found or show(self.value), hint)

    def is_object(self, expected: str = "an object") -> bool:
        """Whether it is an object; a complaint if not."""
        if isinstance(self.value, dict):
            return True
        self.refuse(expected)
        return False

    def elements(self, expected: str = "a list") -> Iterator[Spot]:
        """Each element of a list; none if there is no list, with a complaint if there is something else."""
        if isinstance(self.value, list):
            for number in range(len(self.value)):
                yield self.at(number)
        elif self:
            self.refuse(expected)

    def text(self, expected: str = "text") -> str:
        """A text that is not blank."""
        if isinstance(self.value, str) and self.value.strip() and is_unicode(self.value):
            return self.value
        self.refuse(expected, hint="put it in quotes" if type(self.value) in (int, float) else "")
        return ""

    def word(self, known: Mapping[str, Meaning]) -> Meaning | None:
        """What one of the `known` words means; None after a complaint."""
        if isinstance(self.value, str) and self.value in known:
            return known[self.value]
        hint = did_you_mean(self.value, known) if isinstance(self.value, str) else ""
        self.refuse(f"one of {', '.join(known)}", hint=hint)
        return None

    def number(self, expected: str, least: float = -_MOST, most: float = _MOST) -> float | None:
        """A number, or a text that is one, within the bounds; None after a complaint."""
        value = self.value
        if isinstance(value, str) and _DECIMAL.fullmatch(value):
            value = float(value)
        if type(value) in (int, float) and least <= value <= most:
            return float(value)
        self.refuse(expected)
        return None

    def moment(self) -> datetime | None:
        """A date and time with a zone (RFC 3339), in UTC; None when there is none or after a complaint.

        One before the year 1 or after 9999 in UTC becomes the first or last moment there is.
        """
        if not self:
            return None
        match = _MOMENT.fullmatch(self.value) if isinstance(self.value, str) else None
        if match is None:
            bare = isinstance(self.value, str) and _MOMENT.fullmatch(f"{self.value}Z")
            hint = "add Z for UTC, or +hh:mm" if bare else ""
            self.refuse('a date and time such as "2026-05-04T06:00:00Z"', hint=hint)
            return None
        day, clock, hours, minutes = match.groups()
        zone = f"{hours}:{minutes}" if hours else "+00:00"
        try:
            written = datetime.fromisoformat(f"{day}T{clock}{zone}")
        except ValueError as error:
            self.refuse("a date and time that there is", found=f"{show(self.value)}: {error}")
            return None
        try:
            return written.astimezone(UTC)
        except OverflowError:
            return (datetime.min if written.year < 5000 else datetime.max).replace(tzinfo=UTC)
