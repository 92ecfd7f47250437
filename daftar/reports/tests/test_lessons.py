"""Lessons by what they are, and views that are kept."""

from __future__ import annotations

from datetime import date, time

import pytest

from daftar.attendance.makeups import add_guest
from daftar.attendance.services import conduct_lesson
from daftar.courses.alone import plan_single_lesson
from daftar.courses.days import cancel_lesson
from daftar.courses.kinds import LessonKind
from daftar.courses.models import Course, Lesson
from daftar.courses.queries import subjects
from daftar.orgs.kept import TooManyViews, ViewNameTaken, drop_view, keep_view, kept_views
from daftar.reports.lessons import WantedLessons, lessons
from tests.cast import a_branch, a_course, a_group, a_member, a_student, enrolled

MAY = (date(2025, 5, 1), date(2025, 5, 31))


@pytest.fixture
def group(by):
    return a_group(by, a_course(by, "English"), starts_on="2025-05-01", last_on="2025-05-31")


@pytest.fixture
def other(by):
    return a_group(by, a_course(by, "Chess"), "C-1", weekdays=(2,), starts_on="2025-05-01", last_on="2025-05-31")


def days(by, **values) -> list[int]:
    since, until = values.pop("since", MAY[0]), values.pop("until", MAY[1])
    return [row.held_on.day for row in lessons(by, WantedLessons(since=since, until=until, **values))]


def on(by, group, day: int) -> Lesson:
    return Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, day))


def test_lessons_of_days_groups_courses_and_teachers(by, group, other):
    assert days(by, since=date(2025, 5, 5), until=date(2025, 5, 9)) == [5, 6, 7, 9]
    assert days(by, group_id=other.pk) == days(by, course_id=other.course_id) == [6, 13, 20, 27]
    teacher = a_member(by, "Jasur", "teacher")
    assert days(teacher) == []
    assert days(by, teacher_id=teacher.member_id) == []
    Lesson.objects.visible_to(by).filter(pk=on(by, other, 13).pk).update(teacher=teacher.member_id)
    assert days(teacher) == days(by, teacher_id=teacher.member_id) == [13]


def test_lessons_of_a_subject_are_those_of_its_courses_in_groups_and_alone(by, group, other):
    Course.objects.visible_to(by).filter(pk=other.course_id).update(subject="Games")
    plan_single_lesson(
        by, kind=LessonKind.INDIVIDUAL, course_id=other.course_id, branch_id=a_branch(by).pk,
        student_id=a_student(by).pk, held_on=date(2025, 5, 8), starts_time=time(9),
    )  # fmt: skip
    assert days(by, subject="Games") == [6, 8, 13, 20, 27]
    assert days(by, subject="Music") == []
    assert subjects(by) == ["Games"]


def test_lessons_by_their_state(by, group, other):
    enrolled(by, a_student(by), other, "2025-05-01")
    conduct_lesson(by, lesson_id=on(by, other, 6).pk, absent={})
    cancel_lesson(by, lesson_id=on(by, other, 20).pk, reason="No light")
    assert days(by, status="conducted") == [6]
    assert days(by, status="cancelled") == [20]
    assert days(by, status="unmarked", group_id=other.pk) == [13]
    assert 6 not in days(by, status="planned", group_id=other.pk)


def test_lessons_of_a_student_are_those_of_memberships_and_those_visited(by, group, other):
    student = a_student(by)
    enrolled(by, student, other, "2025-05-13")
    add_guest(by, lesson_id=on(by, group, 16).pk, student_id=student.pk)
    assert days(by, student_id=student.pk) == [13, 16, 20, 27]


def test_a_view_is_ones_own_and_has_a_name_of_its_own(by):
    aziza, jasur = a_member(by, "Kamola", "administrator"), a_member(by, "Jasur", "teacher")
    keep_view(aziza, of="lessons", name="Unmarked", address="status=unmarked")
    with pytest.raises(ViewNameTaken):
        keep_view(aziza, of="lessons", name="Unmarked", address="")
    assert [(row.name, row.address) for row in kept_views(aziza, "lessons")] == [("Unmarked", "status=unmarked")]
    assert kept_views(jasur, "lessons") == kept_views(aziza, "students") == []
    assert drop_view(jasur, of="lessons", name="Unmarked") == ""
    assert drop_view(aziza, of="lessons", name="Unmarked") == "status=unmarked"
    assert kept_views(aziza, "lessons") == []


def test_there_is_an_end_to_views(by):
    jasur = a_member(by, "Jasur", "teacher")
    for place in range(20):
        keep_view(jasur, of="lessons", name=f"View {place}", address="")
    with pytest.raises(TooManyViews):
        keep_view(jasur, of="lessons", name="One more", address="")
