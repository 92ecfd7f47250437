"""Lessons that are moved, substituted, and the weekly ones they belong to."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from daftar.attendance.services import conduct_lesson
from daftar.courses.catalogue import add_room
from daftar.courses.models import Lesson, Recurrence
from daftar.courses.moves import (
    FurtherThanWeek,
    MoveCannotBeUndone,
    NotWeekly,
    Scope,
    Staffing,
    move_lesson,
    undo_move,
)
from daftar.courses.places import RoomTakenBy, TeacherTakenBy, change_hours
from daftar.courses.refusals import LessonThere, RoomElsewhere
from daftar.courses.schedules import Schedule
from daftar.courses.services import (
    edit_group,
    plan_lesson,
)
from daftar.courses.timetable import Wanted, free_times, suggestions, timetable
from daftar.orgs.services import add_branch
from tests.cast import a_branch, a_course, a_group, a_member, a_student, enrolled


@pytest.fixture
def group(by):
    """Mondays, Wednesdays and Fridays at 14:00 in May; today is Wednesday the 14th."""
    return a_group(by, starts_on="2025-05-01", last_on="2025-05-31", room_id=a_room(by, "Blue").pk)


def a_room(by, name, **values):
    return add_room(by, branch_id=a_branch(by).pk, name=name, **values)


def days(by, group, **conditions):
    rows = Lesson.objects.visible_to(by).filter(group=group, **conditions).order_by("held_on")
    return [row.held_on.day for row in rows]


def on(by, group, day):
    return Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, day))


def snapshot(by, group):
    rows = Lesson.objects.visible_to(by).filter(group=group).order_by("held_on", "starts_time")
    weekly = Recurrence.objects.visible_to(by).filter(group=group, valid_until=None).order_by("weekday", "starts_time")
    return (
        [(row.held_on, row.starts_time, row.room_id, row.teacher_id, row.starts_at) for row in rows],
        [(row.weekday, row.starts_time, row.room_id, row.teacher_id) for row in weekly],
    )


def test_this_and_the_following_move_and_what_was_before_stays(by, group):
    lesson = on(by, group, 16)
    move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 5, 15), starts_time=time(10), scope=Scope.FOLLOWING)

    assert days(by, group) == [2, 5, 7, 9, 12, 14, 15, 19, 21, 22, 26, 28, 29]
    assert days(by, group, starts_time=time(10)) == [15, 22, 29]
    assert Lesson.objects.visible_to(by).get(pk=lesson.pk).held_on.day == 15
    # What months were counted by stays on record.
    old = Recurrence.objects.visible_to(by).get(group=group, weekday=5)
    assert old.valid_until == date(2025, 5, 15)


def test_all_means_all_that_are_still_ahead(by, group):
    conduct_lesson(by, lesson_id=on(by, group, 14).pk, absent={})
    move_lesson(by, lesson_id=on(by, group, 21).pk, held_on=date(2025, 5, 21), starts_time=time(9), scope=Scope.ALL)
    assert days(by, group, starts_time=time(9)) == [21, 28]
    assert days(by, group, starts_time=time(14), held_on__iso_week_day=3) == [7, 14]


def test_a_room_for_the_weekly_lesson_goes_to_all_of_them_and_a_later_schedule_keeps_it(by, group):
    green = a_room(by, "Green")
    lesson = on(by, group, 16)
    move_lesson(
        by, lesson_id=lesson.pk, held_on=lesson.held_on, starts_time=lesson.starts_time, scope=Scope.FOLLOWING,
        staffing=Staffing(green.pk, None),
    )  # fmt: skip
    assert days(by, group, room=green) == [16, 23, 30]
    edit_group(
        by, group_id=group.pk, name="Renamed", starts_on=group.starts_on, last_on=date(2025, 6, 6), teacher_id=None,
        schedule=Schedule((1, 3, 5), time(14)), room_id=group.room_id, capacity=None,
    )  # fmt: skip
    assert [row.held_on for row in Lesson.objects.visible_to(by).filter(group=group, room=green)][-1] == date(
        2025, 6, 6
    )


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize(("day", "at"), [(15, 10), (16, 9), (17, 14)])
def test_what_was_moved_comes_back_whole(by, group, scope, day, at):
    before = snapshot(by, group)
    lesson = on(by, group, 16)
    move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 5, day), starts_time=time(at), scope=scope)
    assert snapshot(by, group) != before
    undo_move(by, lesson_id=lesson.pk)
    assert snapshot(by, group) == before


def test_undo_ends_after_ten_minutes_and_is_nobody_elses(by, group):
    lesson = on(by, group, 16)
    move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 5, 17), starts_time=time(14))
    with pytest.raises(MoveCannotBeUndone):
        undo_move(replace(by, at=by.at + timedelta(minutes=11)), lesson_id=lesson.pk)
    with pytest.raises(MoveCannotBeUndone):
        undo_move(a_member(by, "Admin", "administrator"), lesson_id=lesson.pk)
    undo_move(by, lesson_id=lesson.pk)
    with pytest.raises(MoveCannotBeUndone):
        undo_move(by, lesson_id=lesson.pk)


def test_a_substitute_gives_one_lesson_and_the_group_keeps_its_teacher(by, group):
    teacher, lesson = a_member(by, "Malika", "teacher"), on(by, group, 16)
    move_lesson(
        by, lesson_id=lesson.pk, held_on=lesson.held_on, starts_time=lesson.starts_time,
        staffing=Staffing(lesson.room_id, teacher.member_id),
    )  # fmt: skip
    assert days(by, group, teacher_id=teacher.member_id) == [16]
    assert on(by, group, 16).moved_from is None
    other = a_member(by, "Sobir", "teacher")
    edit_group(
        by, group_id=group.pk, name=group.name, starts_on=group.starts_on, last_on=date(2025, 5, 31),
        schedule=Schedule((1, 3, 5), time(14)), teacher_id=other.member_id, room_id=group.room_id, capacity=None,
    )  # fmt: skip
    assert days(by, group, teacher_id=teacher.member_id) == [16]
    assert days(by, group, teacher_id=other.member_id) == [14, 19, 21, 23, 26, 28, 30]


def test_what_cannot_be_moved_is_refused(by, group):
    lesson = on(by, group, 16)
    with pytest.raises(FurtherThanWeek):
        move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 5, 23), starts_time=time(9), scope=Scope.FOLLOWING)
    with pytest.raises(LessonThere):
        move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 5, 14), starts_time=time(14), scope=Scope.FOLLOWING)
    extra = plan_lesson(by, group_id=group.pk, held_on=date(2025, 5, 17), starts_time=time(11))
    with pytest.raises(NotWeekly):
        move_lesson(by, lesson_id=extra.pk, held_on=date(2025, 5, 18), starts_time=time(9), scope=Scope.FOLLOWING)
    place = add_branch(by, name="Far", timezone="Asia/Tashkent", currency="UZS", language="en")
    far = add_room(by, branch_id=place.pk, name="Far")
    with pytest.raises(RoomElsewhere):
        move_lesson(
            by, lesson_id=lesson.pk, held_on=lesson.held_on, starts_time=time(9), staffing=Staffing(far.pk, None)
        )


def hours(by, **values):
    values = {"opens_at": None, "closes_at": None, "blocks_rooms": False, "blocks_teachers": False} | values
    return change_hours(by, branch_id=a_branch(by).pk, **values)


def test_where_the_branch_only_warns_a_room_may_be_taken_twice_and_is_marked(by, group):
    second = a_group(by, a_course(by, "Other"), name="B-1", starts_on="2025-05-12", last_on="2025-05-16",
                     room_id=group.room_id)  # fmt: skip
    found = timetable(by, since=date(2025, 5, 14), until=date(2025, 5, 14))
    assert {row.lesson.group_id for row in found.lessons} == {group.pk, second.pk}
    assert [[clash.kind.value for clash in row.clashes] for row in found.lessons] == [["room"], ["room"]]
    assert {found.names[row.clashes[0].other.id] for row in found.lessons} == {"IELTS-3", "B-1"}


def test_where_the_branch_refuses_nobody_gets_a_taken_room_or_teacher(by, group):
    hours(by, blocks_rooms=True, blocks_teachers=True)
    with pytest.raises(RoomTakenBy) as refused:
        a_group(by, a_course(by, "Other"), name="B-1", starts_on="2025-05-12", room_id=group.room_id)
    assert "Blue is taken by IELTS-3" in refused.value.message
    free = a_group(by, a_course(by, "Third"), name="C-1", starts_on="2025-05-12", last_on="2025-05-31",
                   room_id=a_room(by, "Green").pk)  # fmt: skip
    lesson = on(by, free, 16)
    with pytest.raises(RoomTakenBy):
        move_lesson(by, lesson_id=lesson.pk, held_on=lesson.held_on, starts_time=time(13),
                    staffing=Staffing(group.room_id, None))  # fmt: skip
    teacher = a_member(by, "Malika", "teacher")
    for row in (on(by, group, 16), lesson):
        place = Staffing(row.room_id, teacher.member_id)
        move = {"lesson_id": row.pk, "held_on": row.held_on, "starts_time": row.starts_time, "staffing": place}
        if row.group_id == group.pk:
            move_lesson(by, **move)
        else:
            with pytest.raises(TeacherTakenBy):
                move_lesson(by, **move)


def test_without_a_room_nobody_is_in_the_way_for_that(by, group):
    hours(by, blocks_rooms=True, blocks_teachers=True)
    teacher = a_member(by, "Malika", "teacher")
    one, other = (
        a_group(by, a_course(by, name), name=name, starts_on="2025-05-12", last_on="2025-05-31") for name in ("A", "B")
    )
    for row, refused in ((on(by, one, 16), None), (on(by, other, 16), TeacherTakenBy)):
        move = {
            "lesson_id": row.pk, "held_on": row.held_on, "starts_time": row.starts_time,
            "staffing": Staffing(None, teacher.member_id),
        }  # fmt: skip
        if refused is None:
            move_lesson(by, **move)
        else:
            with pytest.raises(refused):
                move_lesson(by, **move)


def test_lessons_that_clash_when_refusing_begins_stay_and_are_marked(by, group):
    a_group(by, a_course(by, "Other"), name="B-1", starts_on="2025-05-14", last_on="2025-05-14",
            room_id=group.room_id)  # fmt: skip
    hours(by, blocks_rooms=True)
    held = Lesson.objects.visible_to(by).filter(group=group, holds_room=True).order_by("held_on")
    assert [row.held_on.day for row in held] == [16, 19, 21, 23, 26, 28, 30]
    hours(by)
    assert not Lesson.objects.visible_to(by).filter(holds_room=True).exists()


def test_students_capacity_and_hours_are_marked(by, group):
    hours(by, opens_at=time(15), closes_at=time(20))
    other = a_group(by, a_course(by, "Other"), name="B-1", starts_on="2025-05-01", last_on="2025-05-31", capacity=1)
    for who in (a_student(by), a_student(by, "Second Student")):
        enrolled(by, who, group, "2025-05-01")
    enrolled(by, a_student(by, "Third Student"), other, "2025-05-01")
    first = group_students(by, group)[0]
    enrolled_in(by, first, other)
    found = timetable(by, since=date(2025, 5, 14), until=date(2025, 5, 14), wanted=Wanted(group_id=other.pk))
    assert [clash.kind.value for clash in found.lessons[0].clashes] == ["student", "closed", "capacity"]
    assert found.lessons[0].size == 2


def group_students(by, group):
    from daftar.courses.models import Enrolment

    return [row.student for row in Enrolment.objects.visible_to(by).filter(group=group).order_by("id")]


def enrolled_in(by, student, group):
    from daftar.courses.models import Enrolment

    Enrolment.objects.create(org_id=by.org_id, student=student, group=group, starts_on=date(2025, 5, 1))


def test_suggestions_are_free_for_teacher_group_and_room_and_the_nearest_come_first(by, group):
    teacher = a_member(by, "Malika", "teacher")
    busy = a_group(by, a_course(by, "Other"), name="B-1", weekdays=(4, 6), starts_on="2025-05-01",
                   last_on="2025-05-31", teacher_id=teacher.member_id, room_id=a_room(by, "Red").pk)  # fmt: skip
    lesson = on(by, group, 16)
    move_lesson(by, lesson_id=lesson.pk, held_on=lesson.held_on, starts_time=lesson.starts_time,
                staffing=Staffing(group.room_id, teacher.member_id))  # fmt: skip
    lesson.refresh_from_db()
    found = suggestions(by, lesson)
    # Thursday and Saturday at 14:00 the teacher has B-1; Sunday and Tuesday are free.
    assert [(each.on.day, each.at, each.room.name) for each in found] == [
        (18, time(14), "Blue"), (20, time(14), "Blue"), (16, time(12, 30), "Blue"),
    ]  # fmt: skip
    assert busy.pk


def test_free_times_of_a_day_by_room(by, group):
    hours(by, opens_at=time(9), closes_at=time(18))
    a_room(by, "Green")
    found = free_times(by, branch=a_branch(by), on=date(2025, 5, 16), minutes=90)
    assert [(row.room.name, row.starts_time, row.ends_time) for row in found] == [
        ("Blue", time(9), time(14)), ("Blue", time(15, 30), time(18)), ("Green", time(9), time(18)),
    ]  # fmt: skip
    student = a_student(by)
    enrolled(by, student, group, "2025-05-01")
    theirs = free_times(by, branch=a_branch(by), on=date(2025, 5, 16), minutes=90, student_id=student.pk)
    assert [row.starts_time for row in theirs if row.room.name == "Green"] == [time(9), time(15, 30)]
