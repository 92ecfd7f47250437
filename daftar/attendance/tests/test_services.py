"""Conducting a lesson by exception, and correcting it later."""

from datetime import date

import pytest

from daftar.attendance.models import Attendance
from daftar.attendance.queries import expected_students, forgotten_lessons, lesson_figures, marks_in, reasons
from daftar.attendance.services import LessonAhead, NotInLesson, WhyCorrected, conduct_lesson
from daftar.courses.models import Lesson
from daftar.lib.errors import NotFound
from daftar.orgs.models import AuditEntry
from tests.cast import a_group, a_member, a_student, at, enrolled


@pytest.fixture
def group(by):
    return a_group(by, starts_on="2025-05-01")


@pytest.fixture
def students(by, group):
    rows = [a_student(by, name) for name in ("Aziz", "Bek", "Lola")]
    for row in rows:
        enrolled(by, row, group, "2025-05-05")
    return rows


def lesson_on(by, day: str) -> Lesson:
    return Lesson.objects.visible_to(by).get(held_on=date.fromisoformat(day))


def test_everyone_was_there_but_the_exceptions(by, students):
    lesson, excused = lesson_on(by, "2025-05-05"), reasons(by)[0]

    conduct_lesson(by, lesson_id=lesson.pk, absent={students[0].pk: excused.pk, students[1].pk: None}, topic="Articles")

    marks = marks_in(by, lesson.pk)
    assert [(marks[row.pk].is_present, marks[row.pk].reason_id) for row in students] == [
        (False, excused.pk), (False, None), (True, None),
    ]  # fmt: skip
    lesson.refresh_from_db()
    assert (lesson.status, lesson.topic, lesson.conducted_at) == ("conducted", "Articles", by.at)
    assert lesson_figures(by, [lesson.pk])[lesson.pk].present == 1


def test_a_correction_keeps_who_was_marked_and_says_what_it_was(by, students):
    lesson = lesson_on(by, "2025-05-05")
    conduct_lesson(by, lesson_id=lesson.pk, absent={students[0].pk: None}, topic="Articles")

    later = at(by, "2025-05-16")
    conduct_lesson(later, lesson_id=lesson.pk, absent={}, topic="Articles", because="He came late")

    assert all(mark.is_present for mark in marks_in(by, lesson.pk).values())
    last = AuditEntry.objects.visible_to(by).order_by("-id")[0]
    assert {"attendance": {str(students[0].pk): [False, None]}} in [each["was"] for each in last.changes]
    lesson.refresh_from_db()
    assert lesson.conducted_at == by.at


def test_an_old_mark_is_corrected_on_the_lesson_too_only_with_a_reason_asked_for_once(by, students):
    lesson, later = lesson_on(by, "2025-05-05"), at(by, "2025-05-16")
    conduct_lesson(later, lesson_id=lesson.pk, absent={students[0].pk: None})  # written down late: nothing is corrected
    conduct_lesson(later, lesson_id=lesson.pk, absent={students[0].pk: None}, topic="Articles")
    with pytest.raises(WhyCorrected):
        conduct_lesson(later, lesson_id=lesson.pk, absent={})
    conduct_lesson(later, lesson_id=lesson.pk, absent={}, because="He came late")
    lesson.refresh_from_db()
    assert lesson.corrected_because == "He came late"
    conduct_lesson(later, lesson_id=lesson.pk, absent={students[1].pk: None})
    assert not marks_in(by, lesson.pk)[students[1].pk].is_present
    yesterday = lesson_on(by, "2025-05-14")
    for absent in ({}, {students[1].pk: None}):
        conduct_lesson(later, lesson_id=yesterday.pk, absent=absent)


def test_a_lesson_to_come_cannot_be_conducted(by, students):
    with pytest.raises(LessonAhead):
        conduct_lesson(by, lesson_id=lesson_on(by, "2025-05-16").pk, absent={})
    assert not Attendance.objects.visible_to(by).exists()


def test_who_joins_later_is_not_expected(by, group, students):
    enrolled(by, a_student(by, "Sardor"), group, "2025-05-12")
    assert set(expected_students(by, lesson_on(by, "2025-05-09").pk)) == {row.pk for row in students}
    assert len(expected_students(by, lesson_on(by, "2025-05-12").pk)) == 4


def test_a_mark_for_a_stranger_is_refused_and_nothing_is_saved(by, students):
    stranger = a_student(by, "Not here")
    with pytest.raises(NotInLesson):
        conduct_lesson(by, lesson_id=lesson_on(by, "2025-05-05").pk, absent={stranger.pk: None})
    with pytest.raises(NotFound):
        conduct_lesson(by, lesson_id=lesson_on(by, "2025-05-05").pk, absent={students[0].pk: 10**9})
    assert not Attendance.objects.visible_to(by).exists()


def test_a_teacher_conducts_own_lessons_only(by, students):
    mine, other = a_member(by, "Dilnoza", "teacher"), a_member(by, "Jasur", "teacher")
    Lesson.objects.visible_to(by).filter(held_on=date(2025, 5, 5)).update(teacher_id=mine.member_id)
    lesson = lesson_on(by, "2025-05-05")
    with pytest.raises(NotFound):
        conduct_lesson(other, lesson_id=lesson.pk, absent={})
    assert conduct_lesson(mine, lesson_id=lesson.pk, absent={}).lesson.status == "conducted"


def test_forgotten_lessons_are_those_with_someone_in_them(by, students):
    assert [lesson.held_on.day for lesson in forgotten_lessons(by)] == [12, 9, 7, 5]


def test_a_new_centre_has_the_two_reasons_with_their_flags(by):
    assert [(row.name, row.charges, row.pays_teacher, row.gives_credit) for row in reasons(by)] == [
        ("Excused", False, False, True), ("Unexcused", True, True, False),
    ]  # fmt: skip


def test_the_lesson_of_the_activation_day_is_a_trial_where_the_centre_says_so(by, group):
    from daftar.orgs.services import change_settings
    from daftar.tuition.services import activate

    student = a_student(by)
    activate(by, enrolment_id=enrolled(by, student, group, "2025-05-05").pk, activated_on=date(2025, 5, 9))
    days = {day: lesson_on(by, f"2025-05-0{day}").pk for day in (7, 9)}
    assert [expected_students(by, days[day])[student.pk] for day in (7, 9)] == [True, False]
    change_settings(by, name="Lingua", activation_day_counts=False)
    assert expected_students(by, days[9])[student.pk] is True


def test_whoever_came_in_after_the_page_was_opened_is_not_marked_unseen(by, group, students):
    lesson, seen = lesson_on(by, "2025-05-05"), [row.pk for row in students]
    enrolled(by, a_student(by, "Newcomer"), group, "2025-05-05")
    with pytest.raises(NotInLesson):
        conduct_lesson(by, lesson_id=lesson.pk, absent={}, seen=seen)
    assert not Attendance.objects.visible_to(by).exists()
