"""An absence that was told before: the lesson begins with it, and nothing is marked or charged by it."""

from __future__ import annotations

from datetime import date

import pytest

from daftar.attendance.announced import (
    AbsenceEndsBeforeStart,
    AbsenceTooLong,
    announce_absence,
    announced_in,
    announced_of,
    restore_announcement,
    withdraw_announcement,
)
from daftar.attendance.jobs import settle
from daftar.attendance.models import Attendance
from daftar.attendance.queries import Mark, marks_in, reasons
from daftar.courses.models import Lesson
from daftar.lib.errors import NotFound
from tests.cast import a_group, a_student, enrolled


@pytest.fixture
def group(by):
    return a_group(by, starts_on="2025-05-01")


@pytest.fixture
def student(by, group):
    row = a_student(by)
    enrolled(by, row, group, "2025-05-01")
    return row.pk


def lesson(by, day: int) -> Lesson:
    return Lesson.objects.visible_to(by).get(held_on=date(2025, 5, day))


def tell(by, student: int, since: int, last: int, **values):
    return announce_absence(
        by, student_id=student, starts_on=date(2025, 5, since), last_on=date(2025, 5, last), **values
    )


def test_lessons_of_the_days_know_of_it_until_it_is_taken_back(by, student):
    reason = reasons(by)[0].pk
    row = tell(by, student, 14, 16, reason_id=reason, note="cold")
    assert [announced_in(by, lesson(by, day)) for day in (12, 14, 16, 19)] == [
        {}, {student: reason}, {student: reason}, {},
    ]  # fmt: skip
    assert [each.note for each in announced_of(by, student)] == ["cold"]
    assert not Attendance.objects.visible_to(by).exists()
    withdraw_announcement(by, absence_id=row.pk)
    assert (announced_in(by, lesson(by, 14)), announced_of(by, student)) == ({}, [])
    restore_announcement(by, absence_id=row.pk)
    assert announced_in(by, lesson(by, 14)) == {student: reason}


def test_a_lesson_that_the_day_settles_keeps_to_what_was_told(by, group, student):
    other = a_student(by, "Other")
    enrolled(by, other, group, "2025-05-01")
    tell(by, student, 12, 12, reason_id=reasons(by)[0].pk)
    settle(by, lesson(by, 12).pk, "present")
    assert marks_in(by, lesson(by, 12).pk) == {
        student: Mark(is_present=False, reason_id=reasons(by)[0].pk), other.pk: Mark(is_present=True, reason_id=None),
    }  # fmt: skip


def test_days_the_wrong_way_round_a_long_time_and_strange_reasons_are_refused(by, student):
    with pytest.raises(AbsenceEndsBeforeStart):
        tell(by, student, 16, 14)
    with pytest.raises(AbsenceTooLong):
        announce_absence(by, student_id=student, starts_on=date(2025, 5, 1), last_on=date(2025, 9, 1))
    with pytest.raises(NotFound):
        tell(by, student, 14, 14, reason_id=10**9)
