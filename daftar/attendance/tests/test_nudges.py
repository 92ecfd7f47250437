"""Lessons that have begun and that nobody marked: whom the office tells how many, and to whom letters are due."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from daftar.attendance.nudges import (
    Wanted,
    _asked,
    _unmarked,
    lessons_to_tell,
    letters_due,
    nudge_teacher,
    unmarked_count,
)
from daftar.attendance.rules import is_nudged_now, nudge_moment
from daftar.attendance.services import conduct_lesson
from daftar.courses.days import add_holiday
from daftar.courses.models import Lesson
from daftar.courses.places import change_hours
from daftar.courses.schedules import Schedule
from daftar.courses.services import add_group, enrol_student
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Branch
from daftar.orgs.services import add_branch, add_member, edit_member
from daftar.people.services import add_student
from tests.cast import PASSWORD, a_branch, a_centre, a_course, a_group, a_member, a_student, enrolled

SITE = "https://daftar.example"
WEDNESDAY = date(2025, 5, 14)


@pytest.fixture
def jasur(by):
    return a_member(by, "Jasur", "teacher")


@pytest.fixture
def group(by, jasur):
    """At 14:00 every odd day since May; the day of the tests is Wednesday the 14th."""
    row = a_group(by, starts_on="2025-05-01", teacher_id=jasur.member_id)
    enrolled(by, a_student(by), row, "2025-05-09")
    return row


def clock(by, hour: int, minute: int = 0, on: date = WEDNESDAY):
    """The same at a time of that day in Tashkent."""
    return replace(by, at=datetime.combine(on, time(hour, minute), tzinfo=UTC) - timedelta(hours=5))


def wanted(by, hour: int | None, branch: Branch | None = None) -> None:
    change_hours(
        by, branch_id=(branch or a_branch(by)).pk, opens_at=None, closes_at=None, blocks_rooms=False,
        blocks_teachers=False, nudge_hour=hour, nudge_site=SITE,
    )  # fmt: skip


def on(by, day: int) -> Lesson:
    return Lesson.objects.visible_to(by).get(held_on=date(2025, 5, day))


# --- the count --------------------------------------------------------------------------------------------------


def test_a_lesson_is_counted_from_ten_minutes_after_its_beginning(by, group, jasur):
    # Those of the 9th and the 12th, and today's.
    assert unmarked_count(clock(jasur, 14, 9)) == 2
    assert unmarked_count(clock(jasur, 14, 10)) == 3


def test_days_off_lessons_with_nobody_in_them_and_marked_ones_are_not_counted(by, group, jasur):
    evening = clock(jasur, 20)
    assert unmarked_count(evening) == 3
    add_holiday(by, name="Feast", starts_on=date(2025, 5, 12), affects_payment=False)
    assert unmarked_count(evening) == 2
    conduct_lesson(by, lesson_id=on(by, 9).pk, absent={})
    assert unmarked_count(evening) == 1
    empty = a_group(by, group.course, "Empty", starts_on="2025-05-01", weekdays=(1, 2, 3), teacher_id=jasur.member_id)
    assert unmarked_count(evening) == 1
    enrolled(by, a_student(by, "Lola"), empty, "2025-05-13")
    assert unmarked_count(evening) == 3


def test_a_teacher_is_told_of_the_lessons_she_gives_and_who_sees_all_of_all(by, group, jasur):
    kamola, boss = a_member(by, "Kamola", "teacher"), a_member(by, "Olim", "administrator")
    assert [unmarked_count(clock(who, 20)) for who in (jasur, kamola, boss)] == [3, 0, 3]
    Lesson.objects.visible_to(by).filter(pk=on(by, 12).pk).update(teacher=kamola.member_id)
    assert [unmarked_count(clock(who, 20)) for who in (jasur, kamola, boss)] == [2, 1, 3]


def test_what_lies_for_more_than_a_month_is_not_counted_and_the_count_ends_at_a_hundred(by, group, jasur):
    assert unmarked_count(clock(jasur, 20, on=date(2025, 6, 8))) == 13
    assert unmarked_count(clock(jasur, 20, on=date(2025, 6, 11))) == 14, "two more, and the 9th of May is over"
    busy = a_group(by, group.course, "Busy", starts_on="2025-04-20", weekdays=(1, 2, 3, 4, 5, 6, 7))
    enrolled(by, a_student(by, "Lola"), busy, "2025-04-20")
    rows = Lesson.objects.visible_to(by).filter(group=busy, held_on__lte=WEDNESDAY)
    for row in list(rows):
        for minute in (1, 2, 3, 4):
            twin = replace_time(row, minute)
            twin.save(force_insert=True)
    assert unmarked_count(clock(by, 20)) == 100


def replace_time(row: Lesson, minute: int) -> Lesson:
    row.pk, row.starts_time = None, time(14, minute)
    return row


def test_the_count_is_one_statement_and_an_index_holds_what_it_reads(by, group, jasur):
    evening = clock(jasur, 20)
    with CaptureQueriesContext(connection) as asked:
        unmarked_count(evening)
    assert len(asked) == 1
    years_of_lessons(by, group)
    for who in (evening, clock(by, 20)):
        plan = _unmarked.__wrapped__(who, **_asked(who)).explain()
        assert "Seq Scan on daftar_lesson" not in plan
        assert re.search("using (lesson_of_teacher|lesson_planned)|on (lesson_of_teacher|lesson_planned)", plan), plan
        assert unmarked_count(who) == 3


def years_of_lessons(by, group) -> None:
    """Six thousand conducted ones of everybody, and the planner told so."""
    first = datetime(2024, 1, 1, 6, tzinfo=UTC)
    Lesson.objects.bulk_create(
        Lesson(
            org_id=by.org_id, branch_id=group.branch_id, course_id=group.course_id, held_on=begins.date(),
            starts_time=begins.time(), minutes=60, starts_at=begins, ends_at=begins + timedelta(hours=1),
            status="conducted", conducted_at=begins,
        )
        for begins in (first + timedelta(hours=2 * place) for place in range(6000))
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("ANALYZE daftar_lesson")
        cursor.execute("SET ROLE daftar_app")


# --- the letters ------------------------------------------------------------------------------------------------


def test_no_branch_wants_letters_before_it_says_so(by, group):
    assert letters_due(clock(by, 21)) == []


def test_a_teacher_is_due_a_letter_from_the_branchs_hour_on_for_six_hours(by, group, jasur):
    wanted(by, 20)
    due = [Wanted(jasur.member_id, WEDNESDAY, SITE)]
    assert letters_due(clock(by, 19, 59)) == []
    assert letters_due(clock(by, 20)) == letters_due(clock(by, 23, 59)) == due
    # After midnight it is still that day's letter.
    assert letters_due(clock(by, 1, 59, on=WEDNESDAY + timedelta(days=1))) == due
    assert letters_due(clock(by, 2, on=WEDNESDAY + timedelta(days=1))) == []


def test_switched_on_in_the_morning_it_does_not_write_about_yesterday(by, group):
    wanted(by, 20)
    assert letters_due(clock(by, 10, on=date(2025, 5, 13))) == []


def test_the_letter_is_wanted_once_however_often_it_is_asked_for(by, group, jasur):
    wanted(by, 20)
    (due,) = letters_due(clock(by, 20))
    assert nudge_teacher(by, **due._asdict()) is not None
    assert nudge_teacher(by, **due._asdict()) is None


def test_it_tells_todays_lessons_that_have_begun_and_not_those_of_other_days(by, group, jasur):
    wanted(by, 14)
    assert letters_due(clock(by, 14, 9)) == []
    (due,) = letters_due(clock(by, 14, 10))
    nudge = nudge_teacher(by, **due._asdict())
    assert [row.held_on for row in lessons_to_tell(clock(by, 14, 10), nudge)] == [WEDNESDAY]
    wanted(by, None)
    assert lessons_to_tell(clock(by, 15), nudge) == [], "switched off meanwhile"


def test_nothing_is_due_for_a_day_that_was_marked(by, group):
    wanted(by, 20)
    conduct_lesson(by, lesson_id=on(by, 14).pk, absent={})
    assert letters_due(clock(by, 21)) == []


def test_owners_administrators_and_who_cannot_sign_in_get_none(by, group, jasur):
    wanted(by, 20)
    today = Lesson.objects.visible_to(by).filter(pk=on(by, 14).pk)
    silent = add_member(by, name="Silent", role="teacher")
    cashier = a_member(by, "Karim", "cashier")
    owner = a_member(by, "Second", "owner")
    for member_id in (a_member(by, "Olim", "administrator").member_id, owner.member_id, silent.pk, cashier.member_id):
        today.update(teacher=member_id)
        assert letters_due(clock(by, 21)) == []
    today.update(teacher=None)
    assert letters_due(clock(by, 21)) == []
    today.update(teacher=jasur.member_id)
    edit_member(by, member_id=jasur.member_id, name="Jasur", role="teacher", branch_ids=(), is_active=False)
    assert letters_due(clock(by, 21)) == []


def test_the_substitute_is_written_to(by, group, jasur):
    wanted(by, 20)
    kamola = a_member(by, "Kamola", "teacher")
    Lesson.objects.visible_to(by).filter(pk=on(by, 14).pk).update(teacher=kamola.member_id)
    assert [due.member_id for due in letters_due(clock(by, 21))] == [kamola.member_id]


def test_who_teaches_in_two_zones_gets_one_letter_when_the_later_day_ends(by, group, jasur):
    """Tashkent is at UTC+5, Warsaw in May at UTC+2: its 20:00 is 23:00 in Tashkent."""
    far = add_branch(by, name="Far", timezone="Europe/Warsaw", currency="UZS", language="pl")
    other = add_group(
        by, branch_id=far.pk, name="Far group", course_id=group.course_id, starts_on=date(2025, 5, 1),
        last_on=date(2025, 6, 1), schedule=Schedule((3,), time(9)), teacher_id=jasur.member_id,
    )  # fmt: skip
    student = add_student(by, full_name="Ola", branch_id=far.pk)
    enrol_student(by, student_id=student.pk, group_id=other.pk, starts_on=date(2025, 5, 9))
    wanted(by, 20)
    assert [due.on for due in letters_due(clock(by, 20))] == [WEDNESDAY], "the other branch wants none"
    wanted(by, 20, far)
    assert letters_due(clock(by, 22, 59)) == []
    (due,) = letters_due(clock(by, 23))
    nudge = nudge_teacher(by, **due._asdict())
    told = lessons_to_tell(clock(by, 23), nudge)
    assert [(row.branch_id == far.pk, row.held_on) for row in told] == [(True, WEDNESDAY), (False, WEDNESDAY)]


# --- clocks -----------------------------------------------------------------------------------------------------


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_each_branchs_hour_is_that_of_its_own_clock():
    assert nudge_moment(WEDNESDAY, 20, "Asia/Tashkent") == utc(2025, 5, 14, 15)
    assert nudge_moment(WEDNESDAY, 20, "Europe/Warsaw") == utc(2025, 5, 14, 18)


def test_the_hour_that_is_left_out_in_spring_comes_an_hour_later():
    # On 30 March 2025 the clock in Warsaw jumps from 2:00 to 3:00, which is 1:00 UTC.
    assert nudge_moment(date(2025, 3, 30), 2, "Europe/Warsaw") == utc(2025, 3, 30, 1)
    assert nudge_moment(date(2025, 3, 29), 20, "Europe/Warsaw") == utc(2025, 3, 29, 19)
    assert nudge_moment(date(2025, 3, 30), 20, "Europe/Warsaw") == utc(2025, 3, 30, 18)


def test_the_hour_that_comes_twice_in_autumn_counts_once():
    # On 26 October 2025 the clock shows 2:00 at 0:00 UTC and again at 1:00 UTC.
    day = date(2025, 10, 26)
    assert nudge_moment(day, 2, "Europe/Warsaw") == utc(2025, 10, 26, 0)
    half_hours = [utc(2025, 10, 25, 12) + timedelta(minutes=30 * place) for place in range(72)]
    now = [at for at in half_hours if is_nudged_now(at, day, 2, "Europe/Warsaw")]
    assert now == half_hours[24:36], "six hours on end, whatever the clock shows meanwhile"


@pytest.mark.parametrize(("day", "hour"), [("2025-03-30", 18), ("2025-10-26", 19), ("2025-10-25", 18)])
def test_a_letter_is_due_at_eight_in_the_evening_of_days_on_which_the_clock_changes(db, day, hour):
    by = a_centre("warszawa", currency="PLN", timezone="Europe/Warsaw", at=utc(2025, 3, 1))
    with tenant_transaction(by.org_id):
        teacher = add_member(by, name="Ola", role="teacher", email="ola@x.example", password=PASSWORD)
        group = a_group(by, a_course(by, price=10_000), weekdays=(6, 7), starts_on="2025-03-01", teacher_id=teacher.pk)
        enrolled(by, a_student(by), group, "2025-03-20")
        wanted(by, 20)
        begins = datetime.combine(date.fromisoformat(day), time(hour), tzinfo=UTC)
        assert letters_due(replace(by, at=begins - timedelta(minutes=1))) == []
        assert [due.on.isoformat() for due in letters_due(replace(by, at=begins))] == [day]
