"""Lessons without a group: of one student, and of whoever comes."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from django.db import IntegrityError, transaction

from daftar.courses.alone import (
    get_regular_lesson,
    plan_regular_lessons,
    plan_single_lesson,
    regular_lessons,
    set_last_day,
)
from daftar.courses.catalogue import add_lesson_type, add_room
from daftar.courses.clashes import ClashKind
from daftar.courses.days import add_holiday, cancel_lesson, restore_lesson
from daftar.courses.kinds import LessonKind, LessonStatus
from daftar.courses.models import Lesson, Recurrence
from daftar.courses.moves import NotWeekly, Scope, Staffing, move_lesson, undo_move
from daftar.courses.places import RoomTaken, change_hours
from daftar.courses.refusals import (
    NoRegularLesson,
    NoWeekdays,
    RegularEndsBeforeStart,
    RegularTooLong,
    RoomElsewhere,
    StudentElsewhere,
    StudentHasLesson,
    StudentMissing,
    StudentNotAsked,
    TypeOfAnotherKind,
)
from daftar.courses.timetable import Wanted, free_times, suggestions, timetable, weekly
from daftar.lib.errors import NotFound
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.services import add_branch
from tests.cast import a_branch, a_centre, a_course, a_group, a_member, a_student, at, enrolled

SATURDAY = date(2025, 5, 17)
TEN, ELEVEN = time(10), time(11)


@pytest.fixture
def course(by):
    return a_course(by, lesson_minutes=60)


@pytest.fixture
def student(by):
    return a_student(by)


@pytest.fixture
def room(by):
    return add_room(by, branch_id=a_branch(by).pk, name="R1", capacity=4)


def single(by, course, student=None, on=SATURDAY, hour=TEN, **values):
    kind = LessonKind.TRIAL if student is None else LessonKind.INDIVIDUAL
    return plan_single_lesson(
        by, kind=kind, course_id=course.pk, branch_id=a_branch(by).pk, held_on=on, starts_time=hour,
        student_id=student and student.pk, **values,
    )  # fmt: skip


def regular(by, course, student=None, days=(6,), since=SATURDAY, last=date(2025, 6, 14), hour=TEN, **values):
    kind = LessonKind.TRIAL if student is None else LessonKind.INDIVIDUAL
    return plan_regular_lessons(
        by, kind=kind, course_id=course.pk, branch_id=a_branch(by).pk, weekdays=days, starts_time=hour,
        starts_on=since, last_on=last, student_id=student and student.pk, **values,
    )  # fmt: skip


def days_of(by, **wanted):
    rows = Lesson.objects.visible_to(by).filter(status=LessonStatus.PLANNED, **wanted)
    return [(row.held_on.day, row.starts_time.hour) for row in rows.order_by("starts_at")]


def test_an_individual_lesson_is_of_its_student_and_as_long_as_the_courses(by, course, student, room):
    lesson = single(by, course, student, staffing=Staffing(room.pk, None))
    assert (lesson.name, lesson.kind, lesson.minutes) == (student.full_name, LessonKind.INDIVIDUAL, 60)
    assert (lesson.branch_id, lesson.room_id, lesson.studied) == (student.branch_id, room.pk, course)


def test_at_40_lessons_of_a_regular_trial_have_no_participants(by, course):
    for number in range(10):
        a_student(by, f"Trial {number}")
    lessons = regular(by, course)
    shown = timetable(by, since=SATURDAY, until=date(2025, 6, 14)).lessons
    assert [row.held_on.isoweekday() for row in lessons] == [6] * 5
    assert [(row.lesson.student_id, row.size) for row in shown] == [(None, 0)] * 5


def test_regular_lessons_of_a_student_keep_their_wall_time_and_leave_days_off_out(course, student, by):
    add_holiday(by, name="Feast", starts_on=date(2025, 5, 24))
    regular(by, course, student, days=(3, 6), last=date(2025, 5, 31))
    assert days_of(by, student=student) == [(17, 10), (21, 10), (28, 10), (31, 10)]


@pytest.mark.django_db
def test_wall_time_is_kept_when_the_clocks_change():
    by = a_centre("warsaw", currency="PLN", timezone="Europe/Warsaw")
    with tenant_transaction(by.org_id):
        lessons = regular(by, a_course(by), since=date(2025, 10, 18), last=date(2025, 11, 1))
    assert [(row.starts_time.hour, row.starts_at.hour) for row in lessons] == [(10, 8), (10, 8), (10, 9)]


def test_what_makes_no_sense_is_refused(by, course, student):
    with pytest.raises(StudentMissing):
        plan_single_lesson(
            by, kind=LessonKind.INDIVIDUAL, course_id=course.pk, branch_id=a_branch(by).pk, held_on=SATURDAY,
            starts_time=TEN,
        )  # fmt: skip
    with pytest.raises(StudentNotAsked):
        plan_single_lesson(
            by, kind=LessonKind.TRIAL, course_id=course.pk, branch_id=a_branch(by).pk, held_on=SATURDAY,
            starts_time=TEN, student_id=student.pk,
        )  # fmt: skip
    for refusal, values in (
        (NoWeekdays, {"days": ()}), (RegularEndsBeforeStart, {"last": SATURDAY - timedelta(days=1)}),
        (RegularTooLong, {"last": SATURDAY + timedelta(days=400)}), (NoRegularLesson, {"days": (1,), "last": SATURDAY}),
    ):  # fmt: skip
        with pytest.raises(refusal):
            regular(by, course, student, **values)


def test_student_room_and_type_must_fit(by, course, student):
    there = add_branch(by, name="Other", timezone="Asia/Tashkent", currency="UZS", language="en")
    elsewhere = add_room(by, branch_id=there.pk, name="R9")
    with pytest.raises(RoomElsewhere):
        single(by, course, student, staffing=Staffing(elsewhere.pk, None))
    with pytest.raises(StudentElsewhere):
        plan_single_lesson(
            by, kind=LessonKind.INDIVIDUAL, course_id=course.pk, branch_id=there.pk, held_on=SATURDAY,
            starts_time=TEN, student_id=student.pk,
        )  # fmt: skip
    of_groups = add_lesson_type(by, name="Club", kind=LessonKind.GROUP)
    with pytest.raises(TypeOfAnotherKind):
        single(by, course, student, type_id=of_groups.pk)


def test_a_student_has_one_lesson_of_ones_own_at_a_time(by, course, student):
    lesson = single(by, course, student)
    with pytest.raises(StudentHasLesson):
        single(by, course, student)
    cancel_lesson(by, lesson_id=lesson.pk, reason="ill")
    again = single(by, course, student)
    with pytest.raises(StudentHasLesson):
        restore_lesson(by, lesson_id=lesson.pk)
    cancel_lesson(by, lesson_id=again.pk, reason="ill too")
    assert restore_lesson(by, lesson_id=lesson.pk).status == LessonStatus.PLANNED


def test_one_alone_is_moved_and_given_a_substitute(by, course, student):
    teacher = a_member(by, "Malika", "teacher")
    lesson = single(by, course, student)
    place = Staffing(None, teacher.member_id)
    moved = move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 5, 18), starts_time=ELEVEN, staffing=place)
    assert (moved.held_on.day, moved.starts_time, moved.teacher_id) == (18, ELEVEN, teacher.member_id)
    with pytest.raises(NotWeekly):
        move_lesson(by, lesson_id=lesson.pk, held_on=SATURDAY, starts_time=TEN, scope=Scope.FOLLOWING)


def test_this_and_the_following_of_a_regular_one_move_and_come_back(by, course, student):
    lessons = regular(by, course, student)
    third = lessons[2]
    move_lesson(by, lesson_id=third.pk, held_on=date(2025, 6, 1), starts_time=ELEVEN, scope=Scope.FOLLOWING)
    assert days_of(by, student=student) == [(17, 10), (24, 10), (1, 11), (8, 11), (15, 11)]
    assert [row.weekday for row in regular_lessons(by, student_id=student.pk)] == [6, 7]
    undo_move(by, lesson_id=third.pk)
    assert days_of(by, student=student) == [(17, 10), (24, 10), (31, 10), (7, 10), (14, 10)]


def test_all_of_a_regular_one_get_another_teacher(by, course):
    teacher = a_member(by, "Malika", "teacher")
    lessons = regular(by, course)
    move_lesson(
        by, lesson_id=lessons[1].pk, held_on=lessons[1].held_on, starts_time=TEN,
        staffing=Staffing(None, teacher.member_id), scope=Scope.ALL,
    )  # fmt: skip
    rows = Lesson.objects.visible_to(by).order_by("starts_at")
    assert {row.teacher_id for row in rows} == {teacher.member_id}
    assert Recurrence.objects.visible_to(by).get().teacher_id == teacher.member_id


def test_the_last_day_of_a_regular_one_takes_what_comes_after_away(by, course, student):
    lessons = regular(by, course, student)
    move_lesson(by, lesson_id=lessons[4].pk, held_on=date(2025, 6, 15), starts_time=TEN)
    rule = regular_lessons(by, student_id=student.pk)[0]
    set_last_day(by, recurrence_id=rule.pk, last_on=date(2025, 5, 31))
    assert days_of(by, student=student) == [(17, 10), (24, 10), (31, 10), (15, 10)]
    with pytest.raises(RegularEndsBeforeStart):
        set_last_day(by, recurrence_id=rule.pk, last_on=date(2025, 5, 1))


def test_with_a_later_last_day_it_goes_on_as_it_is_but_for_days_off(by, course, student):
    lessons = regular(by, course, student)
    rule = regular_lessons(by, student_id=student.pk)[0]
    set_last_day(by, recurrence_id=rule.pk, last_on=date(2025, 5, 31))
    moved = Lesson.objects.visible_to(by).get(pk=lessons[2].pk)
    move_lesson(by, lesson_id=moved.pk, held_on=date(2025, 6, 8), starts_time=ELEVEN)
    add_holiday(by, name="Off", starts_on=date(2025, 6, 14))
    assert set_last_day(by, recurrence_id=rule.pk, last_on=date(2025, 6, 28)).span == (SATURDAY, date(2025, 6, 29))
    assert days_of(by, student=student) == [(17, 10), (24, 10), (7, 10), (8, 11), (21, 10), (28, 10)]
    set_last_day(by, recurrence_id=rule.pk, last_on=date(2025, 5, 24))
    set_last_day(by, recurrence_id=rule.pk, last_on=date(2025, 6, 7))
    assert days_of(by, student=student) == [(17, 10), (24, 10), (7, 10), (8, 11)]


def test_one_that_goes_on_is_refused_what_a_new_one_is(by, course, student, room):
    regular(by, course, student, staffing=Staffing(room.pk, None))
    rule = regular_lessons(by, student_id=student.pk)[0]
    with pytest.raises(RegularTooLong):
        set_last_day(by, recurrence_id=rule.pk, last_on=date(2026, 6, 1))
    branch = a_branch(by)
    change_hours(by, branch_id=branch.pk, opens_at=None, closes_at=None, blocks_rooms=True, blocks_teachers=True)
    single(by, course, on=date(2025, 6, 21), staffing=Staffing(room.pk, None))
    with pytest.raises(RoomTaken):
        set_last_day(by, recurrence_id=rule.pk, last_on=date(2025, 6, 28))
    single(by, course, student, on=date(2025, 6, 28), hour=TEN)
    with pytest.raises(StudentHasLesson):
        set_last_day(by, recurrence_id=rule.pk, last_on=date(2025, 6, 28))


def test_another_branchs_regular_lesson_is_not_found(by, course, student):
    regular(by, course, student)
    rule = regular_lessons(by, student_id=student.pk)[0]
    there = add_branch(by, name="Other", timezone="Asia/Tashkent", currency="UZS", language="en")
    other = replace(by, branch_ids=frozenset({there.pk}))
    for ask in (get_regular_lesson, lambda by, pk: set_last_day(by, recurrence_id=pk, last_on=SATURDAY)):
        with pytest.raises(NotFound):
            ask(other, rule.pk)


def test_a_taken_room_is_refused_and_a_student_in_two_lessons_is_marked(by, course, student, room):
    branch = a_branch(by)
    change_hours(by, branch_id=branch.pk, opens_at=None, closes_at=None, blocks_rooms=True, blocks_teachers=True)
    single(by, course, student, staffing=Staffing(room.pk, None))
    with pytest.raises(RoomTaken) as caught:
        single(by, course, staffing=Staffing(room.pk, None))
    assert caught.value.values["group"] == student.full_name
    group = a_group(by, course, weekdays=(6,), starts_on="2025-05-01")
    enrolled(by, student, group, "2025-05-01")
    single(by, course, student, hour=time(14, 30))
    shown = timetable(by, since=SATURDAY, until=SATURDAY)
    kinds = {row.lesson.name: [clash.kind for clash in row.clashes] for row in shown.lessons if row.clashes}
    assert kinds == {student.full_name: [ClashKind.STUDENT], group.name: [ClashKind.STUDENT]}


def test_the_timetable_finds_them_by_branch_course_and_teacher(by, course, student):
    single(by, course, student)
    for wanted, number in ((Wanted(course_id=course.pk), 1), (Wanted(branch_id=a_branch(by).pk), 1)):
        assert len(timetable(by, since=SATURDAY, until=SATURDAY, wanted=wanted).lessons) == number
    malika = a_member(by, "Malika", "teacher")
    assert timetable(malika, since=SATURDAY, until=SATURDAY).lessons == []
    single(by, course, hour=ELEVEN, staffing=Staffing(None, malika.member_id))
    assert [row.lesson.name for row in timetable(malika, since=SATURDAY, until=SATURDAY).lessons] == [course.name]


def test_regular_lessons_stand_in_the_weekly_pattern_while_in_force(by, course, student):
    regular(by, course, student, days=(2, 4, 6))
    assert weekly(by) == []
    row = weekly(at(by, "2025-05-20"))[0]
    assert (row.name, row.weekdays, row.students, row.group_id) == (student.full_name, (2, 4, 6), 1, None)


def test_free_times_of_a_student_and_suggestions_know_of_own_lessons(by, course, student, room):
    lesson = single(by, course, student, hour=time(8), staffing=Staffing(room.pk, None))
    free = free_times(by, branch=a_branch(by), on=SATURDAY, minutes=60, student_id=student.pk)
    assert [(row.starts_time, row.ends_time) for row in free] == [(time(9), time(21))]
    single(by, course, student, on=date(2025, 5, 18), hour=time(8))
    found = suggestions(by, lesson)
    assert len(found) == 3
    assert (date(2025, 5, 18), time(8)) not in {(row.on, row.at) for row in found}


def test_the_database_refuses_a_lesson_of_nothing_and_of_two(by, course, student):
    lesson = single(by, course, student)
    group = a_group(by, course, starts_on="2025-05-01")
    for values in ({"course": None}, {"group": group}):
        with pytest.raises(IntegrityError, match="lesson_of_group_or_alone"), transaction.atomic():
            Lesson.objects.visible_to(by).filter(pk=lesson.pk).update(**values)
