"""Sunrise, sunset and civil twilight against printed examples and tables."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.city.sun import event_ms, solar_midnight_ms, sun_at

LONDON = (-0.1278, 51.5074)
DAYS = st.dates(date(1990, 1, 1), date(2060, 1, 1)).map(date.toordinal)
TEMPERATE = st.floats(-60, 60)
ANYWHERE = st.floats(-180, 180)


def test_the_sun_stands_where_meeus_says():
    """Astronomical Algorithms, examples 25.a and 28.b: 1992-10-13, declination -7.78507 degrees, 13 min 42.6 s."""
    declination, equation_min = sun_at(date(1992, 10, 13).toordinal())
    assert declination == pytest.approx(-7.78507, abs=1e-4)
    assert equation_min == pytest.approx(13 + 42.6 / 60, abs=0.01)


@pytest.mark.parametrize(
    ("day", "event", "printed"),
    [
        ((2015, 12, 1), "SR", "07:43"),
        ((2015, 12, 12), "SR", "07:56"),
        ((2015, 12, 25), "SR", "08:05"),
        ((2015, 1, 1), "SS", "16:01"),
        ((2015, 12, 1), "SS", "15:55"),
        ((2025, 6, 20), "SR", "03:42"),
        ((2025, 6, 20), "SS", "20:21"),
    ],
)
def test_london_agrees_with_almanacs_to_two_minutes(day, event, printed):
    ms = event_ms(date(*day).toordinal(), event, *LONDON)
    expected = datetime.strptime(printed, "%H:%M").replace(tzinfo=UTC) - datetime(1900, 1, 1, tzinfo=UTC)
    assert abs(timedelta(milliseconds=ms) - expected) <= timedelta(minutes=2)


@given(DAYS, ANYWHERE, TEMPERATE)
def test_the_four_events_come_in_order_within_the_solar_day(day, lon, lat):
    events = [event_ms(day, word, lon, lat) for word in ("BMCT", "SR", "SS", "EECT")]
    midnight, known = solar_midnight_ms(lon), [e for e in events if e is not None]
    assert known == sorted(known)
    assert events[1] is not None
    assert events[2] is not None
    assert all(midnight - 1_800_000 < e < midnight + 88_200_000 for e in known)


@given(DAYS, st.floats(-170, 160), TEMPERATE)
def test_ten_degrees_west_is_forty_minutes_later(day, lon, lat):
    later = event_ms(day, "SR", lon, lat) - event_ms(day, "SR", lon + 10, lat)
    assert later == pytest.approx(40 * 60_000, abs=15_000)


def test_a_day_at_the_equator_is_twelve_hours_and_some_minutes_at_equinox_and_solstice():
    for month in (3, 6, 9, 12):
        day = date(2026, month, 21).toordinal()
        hours = (event_ms(day, "SS", 0.0, 0.0) - event_ms(day, "SR", 0.0, 0.0)) / 3_600_000
        assert 12.09 < hours < 12.16


def test_in_polar_day_and_night_and_at_the_poles_nothing_happens():
    midsummer, midwinter = date(2026, 6, 21).toordinal(), date(2026, 12, 21).toordinal()
    assert event_ms(midsummer, "SS", 18.95, 69.65) is None
    assert event_ms(midwinter, "SR", 18.95, 69.65) is None
    assert event_ms(midwinter, "BMCT", 18.95, 69.65) is not None
    assert [event_ms(midsummer, "SR", 0.0, lat) for lat in (90.0, -90.0)] == [None, None]
