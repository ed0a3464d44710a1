"""When a plant is open, from its times of day."""

from __future__ import annotations

from fleet.base.clock import DAY_MS, clock_ms

WEEK_MS = 7 * DAY_MS


def hours(
    opens_at: str | None, closes_at: str | None, start_hour: float, end_ms: int
) -> tuple[bool, list[tuple[int, bool]]]:
    """Whether it is open when the run begins, and when that changes: (ms, open). Two times
    hold every day, one once.

    >>> hours("08:00", "17:00", 7.0, 86_400_000)
    (False, [(3600000, True), (36000000, False)])
    >>> hours(None, "12:00", 8.0, 86_400_000)
    (True, [(14400000, False)])
    """
    start_ms = round(start_hour * 3_600_000) % DAY_MS
    if opens_at is None and closes_at is None:
        return True, []
    if opens_at is None or closes_at is None:
        at_ms = (clock_ms(opens_at or closes_at or "") - start_ms) % DAY_MS
        opening = opens_at is not None
        return (opening, []) if at_ms == 0 else (not opening, [(at_ms, opening)])
    opens_ms, closes_ms = ((clock_ms(text) - start_ms) % DAY_MS for text in (opens_at, closes_at))
    days = range(0, end_ms or WEEK_MS, DAY_MS)
    changes = [(day + at, is_open) for day in days for at, is_open in ((opens_ms, True), (closes_ms, False))]
    later = sorted(change for change in changes if 0 < change[0] < (end_ms or WEEK_MS))
    return 0 < closes_ms < opens_ms or opens_ms == 0, later
