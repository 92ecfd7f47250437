"""A guest is somewhere else meanwhile: in the timetable's clashes, in the places of a lesson, and when time is free."""

from datetime import date, time

import pytest

from daftar.attendance.makeups import add_guest
from daftar.attendance.queries import guests_between, lessons_as_guest
from daftar.courses.clashes import ClashKind
from daftar.courses.models import Lesson, Room
from daftar.courses.timetable import free_times, timetable
from tests.cast import a_branch, a_course, a_group, a_student, enrolled

DAY = date(2025, 5, 16)


@pytest.fixture
def groups(by):
    """Two at the same hour, each with one student; the second has one place."""
    course = a_course(by)
    found = [a_group(by, course, "One"), a_group(by, course, "Two", capacity=1)]
    students = [a_student(by, name) for name in ("Aziz", "Bek")]
    for group, student in zip(found, students, strict=True):
        enrolled(by, student, group, "2025-05-05")
    return found, students


def lesson_of(by, group) -> Lesson:
    return Lesson.objects.visible_to(by).get(group=group, held_on=DAY)


def shown(by):
    found = timetable(by, since=DAY, until=DAY, guests=guests_between(by, DAY, DAY)).lessons
    return {row.lesson.group.name: (row.size, [(each.kind, each.count) for each in row.clashes]) for row in found}


def test_one_who_is_expected_in_two_lessons_at_once_is_marked_in_both_and_takes_a_place(by, groups):
    (_one, two), (aziz, _bek) = groups
    assert shown(by) == {"One": (1, []), "Two": (1, [])}

    add_guest(by, lesson_id=lesson_of(by, two).pk, student_id=aziz.pk)

    student = (ClashKind.STUDENT, 1)
    assert shown(by) == {"One": (1, [student]), "Two": (2, [student, (ClashKind.CAPACITY, 1)])}


def test_time_is_not_free_for_a_guest_while_the_lesson_lasts(by, groups):
    (_one, two), _students = groups
    pupil = a_student(by, "Guest")
    add_guest(by, lesson_id=lesson_of(by, two).pk, student_id=pupil.pk)
    Room.objects.create(org_id=by.org_id, branch=a_branch(by), name="Blue")

    def free(as_guest):
        rows = free_times(
            by, branch=a_branch(by), on=DAY, minutes=90, student_id=pupil.pk, as_guest=as_guest
        )  # fmt: skip
        return [(row.starts_time, row.ends_time) for row in rows]

    assert lessons_as_guest(by, pupil.pk, on=date(2025, 5, 19)) == []
    assert free([]) == [(time(8), time(21))]
    assert free(lessons_as_guest(by, pupil.pk, on=DAY)) == [(time(8), time(14)), (time(15, 30), time(21))]
