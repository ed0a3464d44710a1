"""Times of day as people write them, by the city's clock."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from fleet.base.params import refusal

DAY_MS = 86_400_000

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def clock_ms(text: str) -> int:
    """Milliseconds after midnight.

    >>> clock_ms("06:30")
    23400000
    """
    return (int(text[:2]) * 60 + int(text[3:])) * 60_000


def next_time_ms(from_: str, until: str, start_hour: float) -> tuple[int, int]:
    """Both ends, ms of the run, of the first time from `from_` to `until` that is not over when it begins.

    >>> next_time_ms("13:00", "15:00", 14.0), next_time_ms("22:00", "02:00", 3.0)
    ((-3600000, 3600000), (68400000, 82800000))
    """
    start_ms = round(start_hour * 3_600_000) % DAY_MS
    from_ms = (clock_ms(from_) - start_ms) % DAY_MS
    lasts_ms = (clock_ms(until) - clock_ms(from_)) % DAY_MS
    if from_ms - DAY_MS + lasts_ms > 0:
        from_ms -= DAY_MS
    return from_ms, from_ms + lasts_ms


def _is_clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise refusal("a time of day, HH:MM, in quotes")
    return text


ClockTime = Annotated[str, AfterValidator(_is_clock)]
"""HH:MM."""
