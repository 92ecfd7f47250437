"""Lessons are written as one set, and each is what it was when it was made alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daftar.courses import planned, rules
from daftar.courses.catalogue import add_room
from daftar.courses.days import add_holiday
from daftar.courses.models import Group, Lesson, Recurrence
from daftar.courses.schedules import Schedule, lesson_by
from daftar.courses.services import add_group
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Branch
from tests.cast import a_centre, a_course

ZONES = ("Europe/Warsaw", "Asia/Tashkent", "America/New_York", "Australia/Lord_Howe")
CLOCK = st.sampled_from([time(0), time(1, 30), time(2, 30), time(9, 5, 30), time(23, 45)])
DAYS = st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days)))
# Around the days on which clocks change in spring and in autumn.
STARTS = st.dates(date(2025, 3, 1), date(2025, 11, 1))


def columns(lesson: Lesson) -> dict[str, object]:
    """All but the id, which the database gives."""
    return {
        field.attname: getattr(lesson, field.attname) for field in Lesson._meta.concrete_fields if field.name != "id"
    }


def alone(by, group) -> list[dict[str, object]]:
    """Each lesson as it is made when one is planned by itself, from the days that the pure rule names."""
    (at,) = {row.starts_time for row in Recurrence.objects.visible_to(by).filter(group=group)}
    weekly = {row.weekday: row for row in Recurrence.objects.visible_to(by).filter(group=group)}
    days = [group.starts_on + timedelta(days=count) for count in range((group.ends_on - group.starts_on).days)]
    made = [lesson_by(group, group.branch, on, weekly[on.isoweekday()]) for on in days if on.isoweekday() in weekly]
    assert all(lesson.starts_at == rules.instant(lesson.held_on, at, group.branch.timezone) for lesson in made)
    return [columns(lesson) for lesson in made]


def in_books(by, group) -> list[dict[str, object]]:
    return [columns(row) for row in Lesson.objects.visible_to(by).filter(group=group).order_by("id")]


@pytest.fixture(params=ZONES)
def place(db, request):
    """A centre in a zone, with a course and a room."""
    by = a_centre(timezone=request.param)
    with tenant_transaction(by.org_id):
        course = a_course(by)
        branch = Branch.objects.visible_to(by)[0]
        add_holiday(by, name="May", starts_on=date(2025, 5, 1), last_on=date(2025, 5, 9))
        yield by, course, branch, add_room(by, branch_id=branch.pk, name="One")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    weekdays=DAYS, at=CLOCK, starts_on=STARTS, length=st.integers(0, 200), has_room=st.booleans(), blocks=st.booleans()
)
def test_a_groups_lessons_are_those_that_would_be_planned_one_by_one(
    place, weekdays, at, starts_on, length, has_room, blocks
):
    by, course, branch, room = place
    Branch.objects.visible_to(by).update(blocks_rooms=blocks and has_room, blocks_teachers=blocks)
    Lesson.objects.visible_to(by).update(holds_room=False)
    group = add_group(
        by, branch_id=branch.pk, name=f"Group {Group.objects.visible_to(by).count()}", course_id=course.pk,
        starts_on=starts_on, last_on=starts_on + timedelta(days=length), schedule=Schedule(weekdays, at),
        room_id=room.pk if has_room else None,
    )  # fmt: skip
    assert in_books(by, group) == alone(by, group)


def test_an_hour_lost_when_the_clocks_change_would_be_noticed(by, monkeypatch):
    course, branch = a_course(by), Branch.objects.visible_to(by)[0]
    Branch.objects.visible_to(by).update(timezone="Europe/Warsaw")

    class Summer:
        """The rule, as if the clocks never changed."""

        @staticmethod
        def local(on, at, zone):
            first = rules.local(date(2025, 3, 29), at, zone).astimezone(UTC)
            return first + (on - date(2025, 3, 29))

    monkeypatch.setattr(planned, "rules", Summer)
    group = add_group(
        by, branch_id=branch.pk, name="Spring", course_id=course.pk, starts_on=date(2025, 3, 25),
        last_on=date(2025, 4, 5), schedule=Schedule((1, 4), time(14)),
    )  # fmt: skip
    assert in_books(by, group) != alone(by, group)


# Two years around what bites in each zone (promise R10): clocks that jump at midnight, by half an hour, for a month, by
# a law, or over a whole day.
HARD_ZONES = {
    **dict.fromkeys(
        ("Africa/Cairo", "Asia/Beirut", "America/Havana", "Africa/Casablanca", "Australia/Lord_Howe",
         "America/Santiago", "Asia/Gaza", "Asia/Almaty", "Europe/Berlin", "Asia/Tashkent"), date(2024, 1, 1),
    ),
    "Europe/Moscow": date(2013, 6, 1), "Asia/Tehran": date(2021, 6, 1), "Pacific/Apia": date(2010, 6, 1),
}  # fmt: skip


@pytest.mark.parametrize("zone", HARD_ZONES)
def test_for_two_years_every_lesson_begins_at_its_wall_time_where_clocks_are_hard(db, zone):
    by, first, here = a_centre(timezone=zone), HARD_ZONES[zone], ZoneInfo(zone)
    days = [first + timedelta(days=count) for count in range(731)]
    with tenant_transaction(by.org_id):
        course, branch = a_course(by), Branch.objects.visible_to(by)[0]
        for at in (time(0), time(0, 30), time(2, 30), time(14)):
            group = add_group(
                by, branch_id=branch.pk, name=str(at), course_id=course.pk, starts_on=days[0], last_on=days[-1],
                schedule=Schedule(tuple(range(1, 8)), at),
            )  # fmt: skip
            rows = Lesson.objects.visible_to(by).filter(group=group).order_by("held_on")
            found = list(rows.values_list("held_on", "starts_at", "ends_at"))
            assert [on for on, _starts, _ends in found] == days, "one for each day"
            for on, starts, ends in found:
                meant = datetime.combine(on, at, here)
                exists = meant.astimezone(UTC).astimezone(here).replace(tzinfo=None) == meant.replace(tzinfo=None)
                assert starts == rules.instant(on, at, zone)
                assert (starts.astimezone(here).replace(tzinfo=None) == meant.replace(tzinfo=None)) is exists
                assert ends - starts == timedelta(minutes=course.lesson_minutes)
