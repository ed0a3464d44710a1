"""When a zone applies, against hand-worked cases and a slow oracle."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.city.sun import event_ms
from fleet.city.times import DAY_MS, DAYS, Period, applies, merged

HOUR = 3_600_000
BERN = (7.45, 46.95)
AUCKLAND = (174.76, -36.85)
TROMSO = (18.95, 69.65)
MONDAY = datetime(2026, 5, 4, tzinfo=UTC)

HOURS = st.one_of(st.integers(-26, 50).map(lambda h: h * HOUR // 2), st.sampled_from(["BMCT", "SR", "SS", "EECT"]))
MOMENTS = st.datetimes(datetime(2026, 5, 1), datetime(2026, 5, 20)).map(lambda t: t.replace(tzinfo=UTC))
PERIODS = st.builds(
    Period,
    start=st.none() | MOMENTS,
    end=st.none() | MOMENTS,
    days=st.frozensets(st.sampled_from(DAYS), min_size=1),
    opens=HOURS,
    closes=HOURS,
)
PLACES = st.sampled_from([BERN, AUCKLAND, (-170.0, 10.0), TROMSO])


def hours(period, start=MONDAY, days=1.0, place=BERN):
    """The spans in hours after `start`."""
    found = applies([period], start, start + timedelta(days=days), *place)
    return [(a / HOUR, b / HOUR) for a, b in found]


def test_no_periods_mean_always_and_an_empty_stretch_of_time_never():
    assert applies((), MONDAY, MONDAY + timedelta(hours=2), *BERN) == ((0, 2 * HOUR),)
    assert applies((), MONDAY, MONDAY, *BERN) == ()
    assert applies([Period()], MONDAY, MONDAY - timedelta(days=1), *BERN) == ()


def test_hours_hold_on_their_days_only():
    office = Period(days=frozenset({"MON", "WED"}), opens=8 * HOUR, closes=17 * HOUR)
    assert hours(office, days=4) == [(8, 17), (56, 65)]


def test_an_hour_before_the_opening_one_is_of_the_next_day():
    night = Period(days=frozenset({"SUN"}), opens=22 * HOUR, closes=6 * HOUR)
    assert hours(night) == [(0, 6)]
    assert hours(night, start=MONDAY - timedelta(days=1), days=2) == [(22, 30)]


def test_midnight_to_midnight_is_the_whole_day_and_neighbours_join():
    weekend = Period(days=frozenset({"SAT", "SUN"}), opens=0, closes=0)
    assert hours(weekend, days=7) == [(120, 168)]


def test_the_written_day_counts_when_an_offset_moves_the_hour_to_another():
    two_east = Period(days=frozenset({"MON"}), opens=-90 * 60_000, closes=2 * HOUR)
    assert hours(two_east, start=MONDAY - timedelta(days=1), days=2) == [(22.5, 26)]


def test_validity_cuts_the_hours():
    period = Period(
        MONDAY + timedelta(hours=9), MONDAY + timedelta(days=1, hours=9), opens=8 * HOUR, closes=12 * HOUR
    )
    assert hours(period, days=3) == [(9, 12), (32, 33)]


def test_the_clocks_going_forward_changes_nothing():
    period = Period(opens=8 * HOUR, closes=9 * HOUR)
    assert hours(period, start=datetime(2026, 3, 28, tzinfo=UTC), days=3) == [(8, 9), (32, 33), (56, 57)]


def test_start_and_end_may_be_in_any_zone_but_not_in_none():
    period = Period(opens=8 * HOUR, closes=9 * HOUR)
    east = MONDAY.astimezone(timezone(timedelta(hours=9)))
    assert applies([period], east, east + timedelta(days=1), *BERN) == ((8 * HOUR, 9 * HOUR),)
    with pytest.raises(ValueError, match="time zone"):
        applies([period], datetime(2026, 5, 4), datetime(2026, 5, 5), *BERN)


def test_a_night_zone_opens_and_closes_with_the_sun():
    (evening,) = applies(
        [Period(days=frozenset({"MON"}), opens="SS", closes="SR")], MONDAY, MONDAY + timedelta(days=2), *BERN
    )
    day = MONDAY.toordinal()
    assert evening == (event_ms(day, "SS", *BERN), DAY_MS + event_ms(day + 1, "SR", *BERN))


def test_at_the_far_side_of_the_earth_daylight_of_monday_begins_on_sunday_utc():
    daylight = Period(days=frozenset({"MON"}), opens="SR", closes="SS")
    (found,) = hours(daylight, start=MONDAY - timedelta(days=1), days=2, place=AUCKLAND)
    assert 18 < found[0] < 20
    assert 29 < found[1] < 30


@pytest.mark.parametrize("word", ["SR", "SS"])
@pytest.mark.parametrize("other", ["SS", "SR", 3 * HOUR])
def test_in_polar_day_and_polar_night_a_zone_of_the_sun_stays_closed(word, other):
    for start in (datetime(2026, 6, 20, tzinfo=UTC), datetime(2026, 12, 20, tzinfo=UTC)):
        assert hours(Period(opens=word, closes=other), start=start, place=TROMSO) == [(0, 24)]
        assert hours(Period(opens=other, closes=word), start=start, place=TROMSO) == [(0, 24)]


def test_the_last_sunset_before_polar_day_leaves_the_zone_closed():
    """Near Tromso the sun sets once more in the middle of May and then not for two months."""
    night = Period(opens="SS", closes="SR")
    start = datetime(2026, 5, 14, tzinfo=UTC)
    spans = hours(night, start=start, days=10, place=TROMSO)
    assert spans[-1][1] == 240
    assert spans[-1][0] < 144


def test_validity_at_the_ends_of_time_does_no_harm():
    ever = Period(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), opens=0, closes=HOUR)
    assert hours(ever) == [(0, 1)]
    assert hours(ever, start=datetime(9999, 12, 30, tzinfo=UTC)) == [(0, 1)]
    assert hours(ever, start=datetime(1, 1, 1, tzinfo=UTC)) == [(0, 1)]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=12))
def test_merged_spans_hold_the_same_moments_and_do_not_touch(spans):
    out = merged(spans)
    assert {t for a, b in out for t in range(a, b)} == {t for a, b in spans for t in range(a, b)}
    assert all(a < b for a, b in out)
    assert all(first[1] < second[0] for first, second in pairwise(out))


@given(PERIODS, MOMENTS, st.integers(1, 200), PLACES)
def test_a_set_of_days_is_the_union_of_its_days(period, start, length_h, place):
    end = start + timedelta(hours=length_h)
    single = [Period(period.start, period.end, frozenset({d}), period.opens, period.closes) for d in period.days]
    assert applies([period], start, end, *place) == applies(single, start, end, *place)


@given(st.lists(PERIODS, min_size=1, max_size=3), MOMENTS, st.integers(1, 100), st.integers(1, 100), PLACES)
def test_two_stretches_of_time_say_the_same_as_both_at_once(periods, start, first_h, second_h, place):
    middle, end = start + timedelta(hours=first_h), start + timedelta(hours=first_h + second_h)
    shift = first_h * HOUR
    later = [(a + shift, b + shift) for a, b in applies(periods, middle, end, *place)]
    assert merged([*applies(periods, start, middle, *place), *later]) == applies(periods, start, end, *place)


@given(PERIODS, st.integers(0, 20 * 96), st.sampled_from([BERN, (-70.0, 10.0)]))
def test_at_any_moment_it_applies_as_reading_the_period_aloud_says(period, quarter, place):
    """A slow oracle, independent of `applies`: each day's hours, looked up one by one."""
    start = datetime(2026, 5, 1, tzinfo=UTC)
    at = start + timedelta(minutes=15 * quarter, seconds=7, milliseconds=1)
    ms = (at - start) // timedelta(milliseconds=1)
    said = any(a <= ms < b for a, b in applies([period], start, start + timedelta(days=22), *place))
    assert said == _aloud(period, at, place)


def _aloud(period, at, place):
    if (period.start is not None and at < period.start) or (period.end is not None and at >= period.end):
        return False
    for back in range(-4, 5):
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=back)
        if DAYS[midnight.weekday()] not in period.days:
            continue
        begins = midnight + timedelta(milliseconds=_ms(period.opens, midnight, place))
        ends = midnight + timedelta(milliseconds=_ms(period.closes, midnight, place))
        if ends <= begins:
            next_day = midnight + timedelta(days=1)
            ends = next_day + timedelta(milliseconds=_ms(period.closes, next_day, place))
        if begins <= at < ends:
            return True
    return False


def _ms(hour, midnight, place):
    return hour if isinstance(hour, int) else event_ms(midnight.toordinal(), hour, *place)
