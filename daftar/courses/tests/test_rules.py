"""When lessons fall and how a student stands."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daftar.courses.rules import (
    EVEN,
    EVERY_DAY,
    ODD,
    WEEKEND,
    EnrolmentState,
    Pattern,
    Standing,
    has_place,
    instant,
    lesson_dates,
    may_activate,
    may_join,
    pattern_of,
    standing,
    state_on,
)
from daftar.lib.period import Period

ZONES = ["Europe/Warsaw", "Africa/Cairo", "America/Havana", "Asia/Tashkent", "Australia/Lord_Howe", "Asia/Tehran"]


@pytest.mark.parametrize(
    ("weekdays", "pattern"),
    [
        (ODD, Pattern.ODD),
        ([6, 4, 2, 2], Pattern.EVEN),
        ({6, 7}, Pattern.WEEKEND),
        (range(1, 8), Pattern.EVERY_DAY),
        ([1, 3], Pattern.OWN),
        ([], Pattern.OWN),
    ],
)
def test_patterns_have_names(weekdays, pattern):
    assert pattern_of(weekdays) is pattern


@pytest.mark.parametrize(("weekdays", "count"), [(ODD, 13), (EVEN, 14), (EVERY_DAY, 31), (WEEKEND, 9), ((), 0)])
def test_the_lessons_of_may_2025(weekdays, count):
    days = lesson_dates(weekdays, date(2025, 5, 1), date(2025, 6, 1))

    assert len(days) == count
    assert days == sorted(days)
    assert {day.isoweekday() for day in days} == set(weekdays)


def test_the_start_is_a_lesson_day_and_the_end_is_not():
    assert lesson_dates([1], date(2025, 5, 5), date(2025, 5, 12)) == [date(2025, 5, 5)]
    assert lesson_dates([1], date(2025, 5, 12), date(2025, 5, 5)) == []


@given(
    st.dates(date(2000, 1, 1), date(2037, 12, 31)),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.sampled_from(ZONES),
)
@example(date(2025, 3, 30), time(2, 30), "Europe/Warsaw")
@example(date(2025, 10, 26), time(2, 30), "Europe/Warsaw")
@example(date(2025, 4, 25), time(0, 30), "Africa/Cairo")
@example(date(2025, 3, 9), time(0, 0), "America/Havana")
@example(date(2025, 10, 5), time(2, 15), "Australia/Lord_Howe")
def test_the_local_wall_time_is_kept_or_shifted_with_the_clock(on, at, zone):
    found = instant(on, at, zone)
    wall = datetime.combine(on, at)
    shown = found.astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    assert found.utcoffset() == timedelta(0)
    assert shown >= wall
    if shown != wall:
        before, after = ((found + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).utcoffset() for hours in (-3, 3))
        assert shown - wall == after - before
    earlier = (found - timedelta(minutes=minutes) for minutes in (30, 60))
    assert wall not in [each.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for each in earlier]


@pytest.mark.parametrize(
    ("on", "at", "zone", "utc"),
    [
        ((2025, 5, 8), (14, 0), "Asia/Tashkent", (2025, 5, 8, 9, 0)),
        ((2025, 3, 29), (2, 30), "Europe/Warsaw", (2025, 3, 29, 1, 30)),
        ((2025, 3, 30), (2, 30), "Europe/Warsaw", (2025, 3, 30, 1, 30)),
        ((2025, 10, 26), (2, 30), "Europe/Warsaw", (2025, 10, 26, 0, 30)),
        ((2025, 3, 9), (0, 30), "America/Havana", (2025, 3, 9, 5, 30)),
    ],
)
def test_instants(on, at, zone, utc):
    assert instant(date(*on), time(*at), zone) == datetime(*utc, tzinfo=UTC)


def test_the_first_of_two_equal_wall_times_whatever_is_asked():
    assert instant(date(2025, 10, 26), time(2, 30, fold=1), "Europe/Warsaw").hour == 0


def test_an_unknown_zone_is_an_error():
    with pytest.raises(ZoneInfoNotFoundError):
        instant(date(2025, 5, 8), time(14), "Mars/Olympus")


@pytest.mark.parametrize(
    ("on", "allowed"),
    [
        (date(2025, 2, 28), False),
        (date(2025, 3, 1), True),
        (date(2026, 3, 1), True),
        (date(2026, 3, 2), False),
    ],
)
def test_e12_joining_within_the_groups_life(on, allowed):
    assert may_join(Period.shown(date(2025, 3, 1), date(2026, 3, 1)), on) is allowed


@pytest.mark.parametrize(("day", "allowed"), [(9, False), (10, True), (11, True), (12, True)])
def test_e11_activation_on_the_joining_day_or_later(day, allowed):
    assert may_activate(date(2025, 5, 10), date(2025, 5, day)) is allowed


def test_an_enrolment_goes_through_its_states():
    membership = {
        "joined_on": date(2025, 5, 5),
        "activated_on": date(2025, 5, 8),
        "ends_on": date(2025, 5, 20),
    }

    def on(day: int) -> EnrolmentState | None:
        return state_on(date(2025, 5, day), **membership, is_frozen=12 <= day <= 14)

    assert [on(day) for day in (4, 5, 7, 8, 11, 12, 14, 15, 19, 20)] == [
        None,
        EnrolmentState.TRIAL,
        EnrolmentState.TRIAL,
        EnrolmentState.ACTIVE,
        EnrolmentState.ACTIVE,
        EnrolmentState.FROZEN,
        EnrolmentState.FROZEN,
        EnrolmentState.ACTIVE,
        EnrolmentState.ACTIVE,
        EnrolmentState.LEFT,
    ]
    assert state_on(date(2030, 1, 1), joined_on=date(2025, 5, 5)) is EnrolmentState.TRIAL


@pytest.mark.parametrize(
    ("capacity", "taken", "place"), [(None, 500, True), (10, 9, True), (10, 10, False), (0, 0, False)]
)
def test_a_group_has_place_below_its_capacity(capacity, taken, place):
    assert has_place(capacity, taken) is place


@pytest.mark.parametrize(
    ("state", "balance", "expected"),
    [
        (EnrolmentState.ACTIVE, 0, Standing.ACTIVE),
        (EnrolmentState.ACTIVE, 1, Standing.ACTIVE),
        (EnrolmentState.ACTIVE, -1, Standing.OWES),
        (EnrolmentState.FROZEN, -1, Standing.FROZEN),
        (EnrolmentState.TRIAL, -1, Standing.TRIAL),
        (EnrolmentState.LEFT, -1, Standing.LEFT),
    ],
)
def test_e31_standing(state, balance, expected):
    assert standing(state, balance) is expected
