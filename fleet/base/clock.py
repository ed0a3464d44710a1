"""Times of day as people write them, by the city's clock."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from fleet.base.params import refusal

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def clock_ms(text: str) -> int:
    """Milliseconds after midnight.

    >>> clock_ms("06:30")
    23400000
    """
    return (int(text[:2]) * 60 + int(text[3:])) * 60_000


def _is_clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise refusal("a time of day, HH:MM, in quotes")
    return text


ClockTime = Annotated[str, AfterValidator(_is_clock)]
"""HH:MM."""
