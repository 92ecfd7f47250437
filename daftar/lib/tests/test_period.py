"""Periods: half open inside, both ends shown."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daftar.lib.period import Month, Period, add_months, exclusive_end, inclusive_end

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
periods = st.builds(
    lambda starts_on, length: Period(starts_on, None if length is None else starts_on + timedelta(days=length)),
    st.dates(date(2025, 1, 1), date(2025, 2, 15)),
    st.none() | st.integers(1, 20),
)


@given(st.none() | days)
def test_a_shown_end_is_kept_and_shown_again(last_on):
    assert inclusive_end(exclusive_end(last_on)) == last_on


def test_both_shown_ends_are_inside():
    period = Period.shown(date(2025, 3, 1), date(2026, 3, 1))

    assert (period.ends_on, period.last_on) == (date(2026, 3, 2), date(2026, 3, 1))
    assert [period.contains(date(*on)) for on in ((2025, 2, 28), (2025, 3, 1), (2026, 3, 1), (2026, 3, 2))] == [
        False,
        True,
        True,
        False,
    ]
    assert Period(date(2025, 3, 1)).contains(date(9999, 12, 31))
    assert Period(date(2025, 3, 1)).last_on is None


@pytest.mark.parametrize("ends_on", [date(2025, 3, 1), date(2025, 2, 1)])
def test_a_period_holds_a_day(ends_on):
    with pytest.raises(ValueError, match="holds no day"):
        Period(date(2025, 3, 1), ends_on)


def test_periods_that_touch_do_not_overlap():
    march, april = Month(2025, 3).period, Month(2025, 4).period

    assert not march.overlaps(april)
    assert not april.overlaps(march)
    assert march.overlaps(Period(date(2025, 3, 31)))
    assert not march.overlaps(Period(date(2025, 4, 1)))


@given(periods, periods)
def test_periods_overlap_when_a_day_is_in_both(one, other):
    span = [date(2025, 1, 1) + timedelta(days=count) for count in range(80)]

    assert one.overlaps(other) == any(one.contains(day) and other.contains(day) for day in span)
    assert one.overlaps(other) == other.overlaps(one)


@pytest.mark.parametrize(
    ("on", "months", "anchor", "expected"),
    [
        ((2025, 1, 31), 1, None, (2025, 2, 28)),
        ((2024, 1, 31), 1, None, (2024, 2, 29)),
        ((2025, 2, 28), 1, 31, (2025, 3, 31)),
        ((2025, 2, 28), 1, None, (2025, 3, 28)),
        ((2025, 12, 15), 1, None, (2026, 1, 15)),
        ((2025, 1, 15), -1, None, (2024, 12, 15)),
        ((2025, 3, 31), -13, None, (2024, 2, 29)),
        ((2025, 5, 15), 0, None, (2025, 5, 15)),
    ],
)
def test_add_months_clamps_and_keeps_the_anchor(on, months, anchor, expected):
    assert add_months(date(*on), months, anchor) == date(*expected)


@given(days, st.integers(-40, 40))
def test_months_added_one_by_one_meet_months_added_at_once(on, months):
    step = 1 if months > 0 else -1
    walked = on
    for _ in range(abs(months)):
        walked = add_months(walked, step, on.day)

    assert walked == add_months(on, months)


@given(days)
def test_a_month_has_its_days_and_neighbours(on):
    month = Month.of(on)

    assert on in month
    assert next(iter(month)) == month.first
    assert list(month)[-1] == month.last
    assert len(list(month)) == (month.last - month.first).days + 1
    assert month.next.first == month.last + timedelta(days=1) == month.period.ends_on
    assert month.next.previous == month
    assert month < month.next
    assert month.next.first not in month
    assert not month.period.contains(month.next.first)


def test_a_month_is_written_as_iso():
    assert str(Month(2025, 5)) == "2025-05"
    assert Month.of(date(2025, 12, 31)).next == Month(2026, 1)
