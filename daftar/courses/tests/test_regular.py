"""Regular lessons of a group beside its days, and days that change from a later day on."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from daftar.attendance.services import conduct_lesson
from daftar.courses.catalogue import add_lesson_type, add_room
from daftar.courses.kinds import LessonKind, LessonStatus
from daftar.courses.models import Lesson, Recurrence
from daftar.courses.moves import NotWeekly, Scope, move_lesson, undo_move
from daftar.courses.queries import WantedGroups, groups, schedules
from daftar.courses.refusals import (
    JoinOutsideGroup,
    LessonThere,
    NoWeekdays,
    RegularEndsBeforeStart,
    RegularEndsOutsideGroup,
    ScheduleOutsideGroup,
    TypeOfOtherKind,
)
from daftar.courses.regular import (
    RegularCannotBeUndone,
    RegularWasTouched,
    add_regular_lessons,
    regular_lessons_of,
    set_last_regular_day,
    undo_regular_lessons,
)
from daftar.courses.schedules import Schedule
from daftar.courses.services import edit_group
from daftar.courses.timetable import Wanted, weekly
from daftar.tuition.facts import _groups
from tests.cast import a_branch, a_group, a_member, a_student, enrolled

SATURDAY, WEDNESDAY = 6, 3


@pytest.fixture
def group(by):
    """Mondays, Wednesdays and Fridays at 14:00 in May and June; today is Wednesday the 14th of May."""
    return a_group(by, starts_on="2025-05-01", last_on="2025-06-30")


def planned(by, group, weekday, at=None):
    rows = Lesson.objects.visible_to(by).filter(group=group, held_on__gte=by.today, status=LessonStatus.PLANNED)
    rows = rows.filter(held_on__iso_week_day=weekday)
    rows = rows if at is None else rows.filter(starts_time=at)
    return [(row.held_on.month, row.held_on.day) for row in rows.order_by("held_on")]


def snapshot(by, group):
    lessons = Lesson.objects.visible_to(by).filter(group=group).order_by("held_on", "starts_time")
    rows = Recurrence.objects.visible_to(by).filter(group=group).order_by("weekday", "starts_time", "valid_from")
    return (
        [(row.held_on, row.starts_time, row.room_id, row.type_id, row.minutes) for row in lessons],
        [(row.weekday, row.starts_time, row.valid_from, row.valid_until, row.is_extra) for row in rows],
    )


def edited(by, group, **values):
    now = {
        "name": group.name, "starts_on": group.starts_on, "last_on": group.ends_on - timedelta(days=1),
        "schedule": Schedule((1, 3, 5), time(14)), "teacher_id": None, "room_id": None, "capacity": None,
    }  # fmt: skip
    return edit_group(by, group_id=group.pk, **now | values)


def saturdays(by, group, **values):
    asked = {"weekdays": [SATURDAY], "starts_time": time(11), "starts_on": date(2025, 5, 14)}
    return add_regular_lessons(by, group_id=group.pk, **asked | values)


def test_they_have_a_type_a_room_a_length_and_days_of_their_own(by, group):
    club = add_lesson_type(by, name="Speaking club", kind=LessonKind.GROUP, icon="tag", colour="purple", minutes=45)
    room = add_room(by, branch_id=a_branch(by).pk, name="Hall")
    before = planned(by, group, 1)
    saturdays(by, group, last_on=date(2025, 5, 31), type_id=club.pk, room_id=room.pk)
    assert planned(by, group, SATURDAY) == [(5, 17), (5, 24), (5, 31)]
    first = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 17))
    assert (first.type_id, first.room_id, first.minutes, first.is_extra) == (club.pk, room.pk, 45, False)
    assert planned(by, group, 1) == before


def test_a_second_one_on_a_weekday_is_held_on_the_day_on_which_the_first_was_held_already(by, group):
    student = a_student(by)
    enrolled(by, student, group, "2025-05-01")
    today = Lesson.objects.visible_to(by).get(group=group, held_on=by.today)
    conduct_lesson(by, lesson_id=today.pk, absent={})
    add_regular_lessons(
        by, group_id=group.pk, weekdays=[WEDNESDAY], starts_time=time(17), starts_on=by.today, last_on=None
    )
    assert planned(by, group, WEDNESDAY, time(17))[0] == (5, 14)
    assert planned(by, group, WEDNESDAY, time(14))[0] == (5, 21)


@pytest.mark.parametrize("day", [16, 15])
def test_a_lesson_moved_within_its_day_or_away_is_not_made_again(by, group, day):
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 16))
    move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 5, day), starts_time=time(9))
    edited(by, group, name="Renamed", schedule=Schedule((1, 3, 5), time(14)), capacity=9)
    saturdays(by, group)
    assert planned(by, group, 5, time(14))[0] == (5, 23)


def test_when_both_are_wanted_the_moved_one_stands_for_the_older(by, group):
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 16))
    move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 5, 15), starts_time=time(9))
    saturdays(by, group, weekdays=[5], starts_time=time(8))
    assert (5, 16) in planned(by, group, 5, time(8))
    assert (5, 16) not in planned(by, group, 5, time(14))


def test_a_change_of_the_days_leaves_them_alone(by, group):
    saturdays(by, group)
    edited(by, group, schedule=Schedule((2, 4), time(10)))
    assert planned(by, group, 2)[0] == (5, 20)
    assert planned(by, group, SATURDAY)[0] == (5, 17)
    edited(by, group, schedule=Schedule())
    assert planned(by, group, SATURDAY)[0] == (5, 17)
    assert schedules(by, [group.pk])[group.pk].extra == ((SATURDAY, time(11)),)


def test_the_days_change_from_a_later_day_and_stay_changed_when_something_else_is_edited(by, group):
    edited(by, group, schedule=Schedule((2, 4), time(10)), from_on=date(2025, 6, 1))
    edited(by, group, name="Renamed", capacity=7)
    assert planned(by, group, 1)[-1] == (5, 26)
    assert planned(by, group, 2)[0] == (6, 3)
    now = schedules(by, [group.pk])[group.pk]
    assert (now.weekdays, now.starts_time) == ((1, 3, 5), time(14))
    later = replace(by, at=by.at + timedelta(days=30))
    assert schedules(later, [group.pk])[group.pk].weekdays == (2, 4)
    assert [each.weekdays for each in weekly(by, wanted=Wanted(group_id=group.pk))] == [(1, 3, 5)]


def test_the_days_count_from_a_day_of_the_group_that_is_not_over(by, group):
    for day in (date(2025, 5, 13), date(2025, 7, 1)):
        with pytest.raises(ScheduleOutsideGroup):
            edited(by, group, schedule=Schedule((2,), time(10)), from_on=day)


def test_their_last_day_moves_both_ways_and_comes_back(by, group):
    (rule,) = saturdays(by, group)
    before = snapshot(by, group)
    set_last_regular_day(by, recurrence_id=rule.pk, last_on=date(2025, 5, 30))
    assert planned(by, group, SATURDAY)[-1] == (5, 24)
    undo_regular_lessons(by, group_id=group.pk)
    assert snapshot(by, group) == before
    with pytest.raises(RegularCannotBeUndone):
        undo_regular_lessons(by, group_id=group.pk)
    set_last_regular_day(by, recurrence_id=rule.pk, last_on=date(2025, 5, 30))
    set_last_regular_day(by, recurrence_id=rule.pk, last_on=date(2025, 6, 30))
    assert snapshot(by, group) == before


def test_adding_is_taken_back_while_none_was_held(by, group):
    before = snapshot(by, group)
    saturdays(by, group, starts_on=date(2025, 5, 1))
    undo_regular_lessons(by, group_id=group.pk)
    assert snapshot(by, group) == before
    saturdays(by, group, starts_on=date(2025, 5, 1))
    held = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 10))
    conduct_lesson(by, lesson_id=held.pk, absent={})
    with pytest.raises(RegularWasTouched):
        undo_regular_lessons(by, group_id=group.pk)


def test_nobody_else_and_nobody_later_takes_it_back(by, group):
    saturdays(by, group)
    with pytest.raises(RegularCannotBeUndone):
        undo_regular_lessons(a_member(by, "Admin", "administrator"), group_id=group.pk)
    with pytest.raises(RegularCannotBeUndone):
        undo_regular_lessons(replace(by, at=by.at + timedelta(minutes=11)), group_id=group.pk)


def test_the_following_ones_move_with_type_and_end(by, group):
    club = add_lesson_type(by, name="Speaking club", kind=LessonKind.GROUP, icon="tag", colour="purple", minutes=45)
    saturdays(by, group, last_on=date(2025, 6, 14), type_id=club.pk)
    before = snapshot(by, group)
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 24))
    move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 5, 22), starts_time=time(18), scope=Scope.FOLLOWING)
    assert planned(by, group, 4) == [(5, 22), (5, 29), (6, 5), (6, 12)]
    assert planned(by, group, SATURDAY) == [(5, 17)]
    types = Lesson.objects.visible_to(by).filter(group=group, held_on__iso_week_day=4).values_list("type_id", flat=True)
    assert set(types) == {club.pk}
    (rule,) = [row for row in regular_lessons_of(by, group.pk) if row.weekday == 4]
    set_last_regular_day(by, recurrence_id=rule.pk, last_on=None)
    assert set(types.all()) == {club.pk}
    set_last_regular_day(by, recurrence_id=rule.pk, last_on=date(2025, 6, 14))
    edited(by, group, schedule=Schedule((1,), time(14)))
    assert len(planned(by, group, 4)) == 4
    edited(by, group)
    undo_move(by, lesson_id=lesson.pk)
    assert snapshot(by, group)[0] == before[0]


def test_a_weekly_lesson_that_is_over_does_not_go_on_when_one_of_it_is_moved(by, group):
    saturdays(by, group, starts_on=date(2025, 5, 1), last_on=date(2025, 5, 10))
    forgotten = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 10))
    with pytest.raises(NotWeekly):
        move_lesson(by, lesson_id=forgotten.pk, held_on=date(2025, 5, 9), starts_time=time(18), scope=Scope.ALL)


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"weekdays": []}, NoWeekdays),
        ({"weekdays": [5, 6], "starts_time": time(14)}, LessonThere),
        ({"starts_on": date(2025, 4, 30)}, JoinOutsideGroup),
        ({"last_on": date(2025, 5, 13)}, RegularEndsBeforeStart),
        ({"last_on": date(2025, 7, 1)}, RegularEndsOutsideGroup),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_planned(by, group, values, refusal):
    before = snapshot(by, group)
    with pytest.raises(refusal):
        saturdays(by, group, **values)
    assert snapshot(by, group) == before


def test_they_are_held_with_a_group(by, group):
    alone = add_lesson_type(by, name="Coaching", kind=LessonKind.INDIVIDUAL, icon="tag", colour="purple", minutes=None)
    with pytest.raises(TypeOfOtherKind):
        saturdays(by, group, type_id=alone.pk)


def test_they_stand_in_the_list_with_the_days_and_the_group_is_found_by_their_weekday(by, group):
    saturdays(by, group, last_on=date(2025, 6, 14))
    saturdays(by, group, weekdays=[7], starts_on=date(2025, 5, 1), last_on=date(2025, 5, 4))
    assert [(row.weekday, row.is_extra) for row in regular_lessons_of(by, group.pk)] == [
        (1, False), (3, False), (5, False), (6, True),
    ]  # fmt: skip
    assert [row.pk for row in groups(by, wanted=WantedGroups(weekdays=(SATURDAY,)))] == [group.pk]
    assert not groups(by, wanted=WantedGroups(weekdays=(7,)))


def test_days_on_which_a_group_would_meet_outside_its_life_are_its_own(by, group):
    """Decision D13 goes on by the days of the group, not by what stands beside them."""
    saturdays(by, group)
    assert _groups(by, [group.pk])[group.pk].weekdays == {1, 3, 5}


def test_the_following_ones_are_those_of_the_same_weekly_lesson(by, group):
    saturdays(by, group, last_on=date(2025, 5, 24))
    saturdays(by, group, starts_on=date(2025, 6, 7))
    other = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 6, 7))
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 17))
    move_lesson(by, lesson_id=lesson.pk, held_on=lesson.held_on, starts_time=time(12), scope=Scope.FOLLOWING)
    assert planned(by, group, SATURDAY, time(12)) == [(5, 17), (5, 24)]
    other.refresh_from_db()
    assert other.starts_time == time(11)
    assert planned(by, group, SATURDAY, time(11))[0] == (6, 7)


def test_another_first_day_moves_no_change_of_the_days(by, group):
    edited(by, group, schedule=Schedule((2, 4), time(10)))
    later = replace(by, at=by.at + timedelta(days=10))
    edited(later, group, starts_on=date(2025, 5, 8), schedule=Schedule((2, 4), time(10)))
    rows = Lesson.objects.visible_to(by).filter(group=group, held_on__lt=date(2025, 5, 21)).order_by("held_on")
    assert [row.held_on.day for row in rows] == [9, 12, 15, 20]


def test_the_first_day_of_a_group_to_come_moves_past_a_change_of_its_days(by, group):
    before = replace(by, at=by.at - timedelta(days=20))
    edited(before, group, schedule=Schedule((2, 4), time(10)), from_on=date(2025, 5, 20))
    edited(before, group, starts_on=date(2025, 5, 22))
    assert not planned(by, group, 1)
    assert planned(by, group, 2)[0] == (5, 27)


@pytest.mark.parametrize("scope", [Scope.FOLLOWING, Scope.ALL])
@pytest.mark.parametrize("shift", [-2, 1])
@pytest.mark.parametrize("day", [24, 31])
def test_those_at_its_edges_move_too_and_come_back(by, group, scope, shift, day):
    saturdays(by, group, starts_on=date(2025, 5, 24), last_on=date(2025, 5, 31))
    before = snapshot(by, group)[0]
    ids = dict(Lesson.objects.visible_to(by).filter(group=group).values_list("pk", "held_on"))
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, day))
    to = date(2025, 5, day) + timedelta(days=shift)
    move_lesson(by, lesson_id=lesson.pk, held_on=to, starts_time=time(18), scope=scope)
    moved = [24, 31] if scope is Scope.ALL or day == 24 else [31]
    now = dict(Lesson.objects.visible_to(by).filter(group=group, starts_time=time(18)).values_list("held_on", "pk"))
    assert sorted(now) == [date(2025, 5, each) + timedelta(days=shift) for each in moved]
    assert [ids[pk].day for _on, pk in sorted(now.items())] == moved, "they are the lessons that there were"
    undo_move(by, lesson_id=lesson.pk)
    assert snapshot(by, group)[0] == before


@pytest.mark.parametrize("last_on", [None, date(2025, 5, 31)])
def test_the_days_do_not_come_to_the_hour_of_a_regular_lesson(by, group, last_on):
    saturdays(by, group, last_on=last_on)
    before = snapshot(by, group)
    with pytest.raises(LessonThere):
        edited(by, group, schedule=Schedule((5, 6), time(11)))
    assert snapshot(by, group) == before


def test_one_moved_to_where_regular_lessons_are_added_still_stands_for_its_own_day(by, group):
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 16))
    move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 5, 17), starts_time=time(11))
    saturdays(by, group)
    assert (5, 16) not in planned(by, group, 5)
    assert planned(by, group, SATURDAY)[:2] == [(5, 17), (5, 24)]


def test_what_was_held_today_before_the_days_changed_stands_for_no_lesson_that_is_added(by, group):
    today = Lesson.objects.visible_to(by).get(group=group, held_on=by.today)
    conduct_lesson(by, lesson_id=today.pk, absent={})
    edited(by, group, schedule=Schedule((1, 5), time(14)))
    saturdays(by, group, weekdays=[WEDNESDAY], starts_time=time(17))
    assert planned(by, group, WEDNESDAY)[0] == (5, 14)


def test_the_last_day_of_the_group_is_as_long_as_it_runs(by, group):
    (rule,) = saturdays(by, group, last_on=date(2025, 6, 30))
    assert rule.valid_until is None
    edited(by, group, last_on=date(2025, 7, 12))
    assert planned(by, group, SATURDAY)[-1] == (7, 12)


@pytest.mark.parametrize("scope", [Scope.THIS, Scope.FOLLOWING])
def test_what_was_moved_since_is_not_taken_back_with_the_adding(by, group, scope):
    saturdays(by, group)
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 24))
    move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 5, 25), starts_time=time(11), scope=scope)
    with pytest.raises(RegularWasTouched):
        undo_regular_lessons(by, group_id=group.pk)


def test_a_last_day_that_is_another_by_now_is_not_taken_back(by, group):
    (rule,) = saturdays(by, group)
    set_last_regular_day(by, recurrence_id=rule.pk, last_on=date(2025, 6, 21))
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 6, 7))
    move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 6, 8), starts_time=time(11), scope=Scope.FOLLOWING)
    with pytest.raises(RegularCannotBeUndone):
        undo_regular_lessons(by, group_id=group.pk)


def test_the_weekly_timetable_tells_those_of_another_teacher_and_length_apart(by, group):
    teacher = a_member(by, "Malika", "teacher").member_id
    saturdays(by, group, starts_time=time(14), teacher_id=teacher, minutes=45)
    assert [(row.weekdays, row.minutes) for row in weekly(by)] == [((1, 3, 5), 90), ((6,), 45)]
    assert [row.weekdays for row in weekly(by, wanted=Wanted(teacher_id=teacher))] == [(6,)]
