"""Marks that were made without a connection: stored once, and never over a later one."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest

from daftar.attendance.models import Attendance
from daftar.attendance.outbox import receive_lesson
from daftar.attendance.queries import Mark, marks_in
from daftar.attendance.services import LessonIsCancelled, conduct_lesson, undo_marks
from daftar.courses.days import cancel_lesson
from daftar.courses.models import Lesson
from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances
from daftar.lib.errors import NotFound
from daftar.orgs.models import AuditEntry
from daftar.tuition.services import enrol_active
from tests.cast import a_course, a_group, a_member, a_student, at, enrolled

HERE, AWAY = Mark(is_present=True, reason_id=None), Mark(is_present=False, reason_id=None)
PRICE = 5_000_000


@pytest.fixture
def group(by):
    return a_group(by, a_course(by, plan=PlanKind.PER_LESSON, price=PRICE), starts_on="2025-05-01")


@pytest.fixture
def students(by, group):
    rows = [a_student(by, name) for name in ("Aziz", "Bek")]
    for row in rows:
        enrol_active(by, student_id=row.pk, group_id=group.pk, starts_on=date(2025, 5, 5))
    return [row.pk for row in rows]


@pytest.fixture
def lesson(by, students):
    return Lesson.objects.visible_to(by).get(held_on=date(2025, 5, 12))


def received(by, lesson, marks, *, minutes=0, key=None):
    return receive_lesson(
        by, key=key or uuid4(), lesson_id=lesson.pk, marks=marks, made_at=by.at - timedelta(minutes=minutes),
        topic="Tenses",
    )  # fmt: skip


def test_a_lesson_that_arrives_twice_is_stored_once_and_charged_once(by, lesson, students):
    key, marks = uuid4(), {students[0]: HERE, students[1]: AWAY}
    assert not received(by, lesson, marks, key=key).is_repeated
    deeds = AuditEntry.objects.visible_to(by).count()
    assert received(by, lesson, marks, key=key).is_repeated
    assert AuditEntry.objects.visible_to(by).count() == deeds
    assert marks_in(by, lesson.pk) == marks
    assert [balances(by, students)[pk] for pk in students] == [-PRICE, -PRICE]
    lesson.refresh_from_db()
    assert (lesson.status, lesson.topic) == ("conducted", "Tenses")


def test_a_repeat_does_not_bring_back_what_was_corrected_since(by, lesson, students):
    key, marks = uuid4(), {students[0]: HERE, students[1]: AWAY}
    received(by, lesson, marks, key=key)
    conduct_lesson(by, lesson_id=lesson.pk, absent={})
    received(by, lesson, marks, key=key)
    assert marks_in(by, lesson.pk) == {students[0]: HERE, students[1]: HERE}


def test_of_two_people_the_later_one_is_believed_student_by_student(by, lesson, students):
    conduct_lesson(by, lesson_id=lesson.pk, absent={students[0]: None})
    later = at(by, by.today, by.at.hour + 1)
    found = received(later, lesson, {students[0]: HERE, students[1]: HERE}, minutes=90)
    assert [(row.student_id, row.mark, row.who) for row in found.kept] == [(students[0], AWAY, by.org_name)]
    assert marks_in(by, lesson.pk) == {students[0]: AWAY, students[1]: HERE}
    assert received(later, lesson, {students[0]: HERE, students[1]: HERE}, minutes=30).kept == ()
    assert marks_in(by, lesson.pk)[students[0]] == HERE


def test_who_joined_meanwhile_is_not_marked_unseen_and_who_left_not_at_all(by, lesson, students, group):
    stranger = a_student(by, "Gone")
    enrolled(by, a_student(by, "New"), group, "2025-05-12")
    found = received(by, lesson, {students[0]: HERE, students[1]: HERE, stranger.pk: HERE})
    assert found.unseen == 1
    assert set(marks_in(by, lesson.pk)) == set(students)


def test_what_arrived_is_taken_back_like_any_marking(by, lesson, students):
    received(by, lesson, {students[0]: HERE, students[1]: AWAY})
    undo_marks(by, lesson_id=lesson.pk)
    assert not Attendance.objects.visible_to(by).filter(lesson=lesson).exists()
    assert [balances(by, students).get(pk, 0) for pk in students] == [0, 0]


def test_a_cancelled_lesson_and_one_of_somebody_else_are_refused(by, lesson, students):
    with pytest.raises(NotFound):
        received(a_member(by, "Jasur", "teacher"), lesson, {students[0]: HERE})
    cancel_lesson(by, lesson_id=lesson.pk, reason="No light")
    with pytest.raises(LessonIsCancelled):
        received(by, lesson, {students[0]: HERE})
