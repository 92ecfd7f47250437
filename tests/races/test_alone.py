"""Lessons without a group, planned by many at one instant."""

from __future__ import annotations

from datetime import date, time

from daftar.courses.alone import plan_regular_lessons, plan_single_lesson
from daftar.courses.kinds import LessonKind
from daftar.courses.models import Lesson, Recurrence
from daftar.courses.moves import Staffing
from daftar.lib.tenancy import tenant_transaction
from tests.cast import a_branch, a_student
from tests.races.test_school import rooms_wanted, rows
from tests.races.together import CROWD, at_once, kinds

DAY = date(2025, 5, 21)


def test_sixteen_plan_lessons_of_sixteen_students_in_one_room_and_one_gets_it(by):
    lessons, room, _teacher = rooms_wanted(by, blocks=True)
    with tenant_transaction(by.org_id):
        branch, course = a_branch(by), lessons[0].group.course
        students = [a_student(by, f"Student {place}") for place in range(CROWD)]

    def plan(student) -> None:
        plan_single_lesson(
            by, kind=LessonKind.INDIVIDUAL, course_id=course.pk, branch_id=branch.pk, held_on=DAY, starts_time=time(14),
            student_id=student.pk, staffing=Staffing(room, None),
        )  # fmt: skip

    found = kinds(at_once(by, [lambda student=student: plan(student) for student in students]))
    assert found.pop("done") == 1
    assert found.keys() <= {"RoomTaken", "RoomTakenBy"}
    assert len(rows(by, Lesson, room_id=room)) == 1


def test_one_form_of_regular_lessons_sent_sixteen_times_plans_them_once(by):
    lessons, _room, _teacher = rooms_wanted(by, blocks=False)
    with tenant_transaction(by.org_id):
        branch, course, student = a_branch(by), lessons[0].group.course, a_student(by)

    def plan() -> None:
        plan_regular_lessons(
            by, kind=LessonKind.INDIVIDUAL, course_id=course.pk, branch_id=branch.pk, weekdays=(3,), starts_on=DAY,
            last_on=date(2025, 6, 18), starts_time=time(14), student_id=student.pk,
        )  # fmt: skip

    found = kinds(at_once(by, [plan] * CROWD))
    assert found == {"done": 1, "StudentHasLesson": CROWD - 1}
    assert (len(rows(by, Lesson, student=student)), len(rows(by, Recurrence))) == (5, 1)
