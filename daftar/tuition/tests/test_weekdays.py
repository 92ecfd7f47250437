"""A member who does not come on some weekdays pays, is expected and is shown as if the group had no such days."""

from __future__ import annotations

from datetime import date, time

import pytest

from daftar.attendance.journal import journal
from daftar.attendance.makeups import add_guest
from daftar.attendance.queries import expected_students, forgotten_lessons, lesson_figures, recent_lessons
from daftar.attendance.services import conduct_lesson
from daftar.courses.feeds import calendar_behind, open_feed
from daftar.courses.models import Lesson
from daftar.courses.moves import move_lesson
from daftar.courses.queries import get_enrolment, members_on
from daftar.courses.rules import Membership, PlanKind, SpanOfWeekday
from daftar.courses.timetable import timetable
from daftar.courses.weekdays import ChangedLater, ComesOnNoDay, OffBeforeJoining, WeekdayOff
from daftar.ledger.queries import balances, drift, statement
from daftar.lib.errors import NotFound
from daftar.office.home.journal import said
from daftar.orgs.doors import secret_of
from daftar.orgs.models import AuditEntry
from daftar.tuition.leaving import leave_group
from daftar.tuition.rehearsal import rehearse
from daftar.tuition.rules import EnrolmentFact, LessonFact, own_lessons
from daftar.tuition.services import enrol_active, reconcile
from daftar.tuition.weekdays import choose_weekdays
from tests.cast import a_centre, a_course, a_group, a_student, at

MONDAY, TUESDAY, WEDNESDAY, FRIDAY = 1, 2, 3, 5
MAY = date(2025, 5, 1)
SIZES = {
    PlanKind.PER_LESSON: {"lessons_count": 8},
    PlanKind.MODULE: {"module_lessons": 6},
    PlanKind.WHOLE_COURSE: {"months": 2},
}


def paid(by, student) -> list[tuple[str, int]]:
    return [(line.on.isoformat(), line.amount) for line in statement(by, student.pk)]


def conducted(by, group, until: str) -> None:
    """Every lesson of the group up to a day, everybody there."""
    rows = Lesson.objects.visible_to(by).filter(group=group, held_on__lte=until, held_on__gte=MAY)
    for lesson in rows.order_by("held_on"):
        conduct_lesson(at(by, lesson.held_on), lesson_id=lesson.pk, absent={})


@pytest.mark.parametrize("plan", list(PlanKind))
@pytest.mark.parametrize(
    ("began", "ended", "joins", "leaves"),
    [
        ("2025-04-07", "2025-09-30", date(2025, 5, 14), None),
        ("2025-04-07", "2025-09-30", MAY, date(2025, 6, 10)),
        ("2025-05-12", "2025-06-17", date(2025, 5, 12), None),  # a month before and after its life is counted whole
    ],
)
def test_who_comes_on_mondays_only_pays_as_in_a_group_that_meets_on_mondays(by, plan, began, ended, joins, leaves):
    course = a_course(by, plan=plan, **SIZES.get(plan, {}))
    whole = a_group(by, course, "Odd days", starts_on=began, last_on=ended)
    mondays = a_group(by, course, "Mondays", weekdays=(MONDAY,), starts_on=began, last_on=ended)
    some, like = a_student(by, "Some"), a_student(by, "Like")
    for student, group in ((some, whole), (like, mondays)):
        row = enrol_active(at(by, joins), student_id=student.pk, group_id=group.pk, starts_on=joins)
        if group is whole:
            choose_weekdays(at(by, joins), enrolment_id=row.pk, weekdays_off={WEDNESDAY, FRIDAY}, from_on=joins)
        if leaves:
            leave_group(at(by, joins), enrolment_id=row.pk, last_on=leaves)
    for group in (whole, mondays):
        conducted(by, group, "2025-06-20")
    reconcile(at(by, "2025-07-02"), student_ids=[some.pk, like.pk])

    assert paid(by, some) == paid(by, like) != []
    assert balances(by, [some.pk])[some.pk] == balances(by, [like.pk])[like.pk]
    assert drift(by) == []


def test_what_was_before_the_day_stays_as_it_was(by):
    later = at(by, "2025-05-20")
    student, group = a_student(by), a_group(by, a_course(by, plan=PlanKind.PER_LESSON, lessons_count=1))
    row = enrol_active(later, student_id=student.pk, group_id=group.pk, starts_on=MAY)
    conducted(by, group, "2025-05-16")
    before = paid(by, student)
    assert len(before) == 7, "2, 5, 7, 9, 12, 14 and 16 May"

    choose_weekdays(later, enrolment_id=row.pk, weekdays_off={MONDAY}, from_on=date(2025, 5, 19))
    assert paid(by, student) == before
    conducted(by, group, "2025-05-26")
    assert [on for on, _sum in paid(by, student)[7:]] == ["2025-05-21", "2025-05-23"]


def test_the_money_is_shown_before_and_a_change_taken_back_leaves_nothing(by):
    later = at(by, "2025-05-20")
    student, group = a_student(by), a_group(by)
    row = enrol_active(later, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 14))
    first = balances(by, [student.pk])
    deed = {"enrolment_id": row.pk, "weekdays_off": {MONDAY}, "from_on": date(2025, 5, 14)}
    told = rehearse(later, [student.pk], lambda: choose_weekdays(later, **deed))[0]

    choose_weekdays(later, **deed)
    assert balances(by, [student.pk])[student.pk] == told.after.amount != first[student.pk]
    choose_weekdays(later, **deed | {"weekdays_off": set()})
    assert balances(by, [student.pk]) == first
    assert not WeekdayOff.objects.visible_to(by).exists(), "as if it had never been"


def test_a_day_that_is_off_again_from_the_day_it_ended_is_one_span(by):
    row = enrol_active(by, student_id=a_student(by).pk, group_id=a_group(by).pk, starts_on=MAY)
    on, ahead = date(2025, 5, 14), date(2025, 5, 21)
    choose_weekdays(by, enrolment_id=row.pk, weekdays_off={MONDAY}, from_on=on)
    choose_weekdays(by, enrolment_id=row.pk, weekdays_off={FRIDAY}, from_on=ahead)
    choose_weekdays(by, enrolment_id=row.pk, weekdays_off={MONDAY}, from_on=ahead)
    assert list(WeekdayOff.objects.visible_to(by).values_list("weekday", "starts_on", "ends_on")) == [(1, on, None)]


def test_what_cannot_be_is_refused_beside_its_field(by):
    row = enrol_active(by, student_id=a_student(by).pk, group_id=a_group(by).pk, starts_on=MAY)
    with pytest.raises(ComesOnNoDay) as refusal:
        choose_weekdays(by, enrolment_id=row.pk, weekdays_off=set(range(1, 8)), from_on=MAY)
    assert refusal.value.field == "comes_on"
    with pytest.raises(OffBeforeJoining):
        choose_weekdays(by, enrolment_id=row.pk, weekdays_off={MONDAY}, from_on=date(2025, 4, 30))
    choose_weekdays(by, enrolment_id=row.pk, weekdays_off={MONDAY}, from_on=date(2025, 5, 21))
    with pytest.raises(ChangedLater):
        choose_weekdays(by, enrolment_id=row.pk, weekdays_off={FRIDAY}, from_on=date(2025, 5, 20))


def test_nobody_changes_the_weekdays_of_another_centre(by):
    row = enrol_active(by, student_id=a_student(by).pk, group_id=a_group(by).pk, starts_on=MAY)
    with pytest.raises(NotFound):
        choose_weekdays(a_centre("other"), enrolment_id=row.pk, weekdays_off={MONDAY}, from_on=MAY)


def monday_off(by):
    """Two in a group of odd days, one of whom does not come on Mondays; with the Monday of the 19th and the 21st."""
    group = a_group(by)
    one, two = a_student(by, "One"), a_student(by, "Two")
    for student in (one, two):
        row = enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=MAY)
    choose_weekdays(by, enrolment_id=row.pk, weekdays_off={MONDAY}, from_on=MAY)
    held = {row.held_on.day: row for row in Lesson.objects.visible_to(by).filter(group=group, held_on__month=5)}
    return group, one, two, held[19], held[21]


def test_every_list_of_who_belongs_to_a_lesson_says_the_same(by):
    group, one, two, monday, wednesday = monday_off(by)
    later = at(by, "2025-05-25")
    assert set(expected_students(by, monday.pk)) == {one.pk}
    assert set(expected_students(by, wednesday.pk)) == {one.pk, two.pk}
    figures = lesson_figures(by, [monday.pk, wednesday.pk])
    assert (figures[monday.pk].expected, figures[wednesday.pk].expected) == (1, 2)
    month = journal(by, group.pk, since=MAY, until=date(2025, 6, 1))
    assert set(month.members[monday.pk]) == {one.pk}
    assert set(month.members[wednesday.pk]) == {one.pk, two.pk}
    seen = {each.on.isoweekday() for each in recent_lessons(later, two.pk)}
    assert seen == {WEDNESDAY, FRIDAY}
    feed = open_feed(by, of="student", row_id=two.pk)
    shown = {
        row.held_on.isoweekday() for row in calendar_behind(secret_of(feed.nonce), later.at).lessons if row.group_id
    }
    assert shown == {WEDNESDAY, FRIDAY}


def test_a_lesson_nobody_comes_to_is_not_forgotten(by):
    group, one, _two, monday, wednesday = monday_off(by)
    row = next(each for each in group_members(by, group) if each.student_id == one.pk)
    choose_weekdays(by, enrolment_id=row.pk, weekdays_off={MONDAY}, from_on=MAY)
    forgotten = {lesson.pk for lesson in forgotten_lessons(at(by, "2025-05-25"))}
    assert wednesday.pk in forgotten
    assert monday.pk not in forgotten


def group_members(by, group):
    return members_on(by, group.pk, date(2025, 5, 20))


def test_a_monday_that_is_moved_stays_for_whoever_comes_on_mondays(by):
    _group, one, two, monday, wednesday = monday_off(by)
    move_lesson(by, lesson_id=monday.pk, held_on=date(2025, 5, 20), starts_time=time(9))
    move_lesson(by, lesson_id=wednesday.pk, held_on=date(2025, 5, 26), starts_time=time(9))
    assert set(expected_students(by, monday.pk)) == {one.pk}, "still the Monday's"
    assert set(expected_students(by, wednesday.pk)) == {one.pk, two.pk}, "still the Wednesday's"


def test_a_lesson_is_priced_by_the_weekday_it_was_planned_for():
    member = EnrolmentFact(group_id=7, joined_on=MAY, off=(SpanOfWeekday(MONDAY, MAY, None),))
    monday, tuesday = date(2025, 5, 12), date(2025, 5, 13)
    moved_away = LessonFact(id=1, group_id=7, on=tuesday, moved_from=monday)
    moved_here = LessonFact(id=2, group_id=7, on=monday, moved_from=tuesday)
    elsewhere = LessonFact(id=3, group_id=8, on=monday)
    assert own_lessons([moved_away, moved_here, elsewhere], [member], marked=()) == [moved_here, elsewhere]


def test_two_groups_at_one_time_are_no_clash_where_one_does_not_come(by):
    group, _one, two, monday, wednesday = monday_off(by)
    at_same = a_group(by, group.course, "Other", weekdays=(MONDAY, WEDNESDAY))
    enrol_active(by, student_id=two.pk, group_id=at_same.pk, starts_on=MAY)
    found = {
        each.lesson.held_on: {clash.kind.value for clash in each.clashes}
        for each in timetable(by, since=monday.held_on, until=wednesday.held_on).lessons
    }
    assert found == {monday.held_on: set(), wednesday.held_on: {"student"}}


def test_who_comes_all_the_same_is_marked_and_pays_for_the_lesson(by):
    group = a_group(by, a_course(by, plan=PlanKind.PER_LESSON, lessons_count=1))
    student = a_student(by)
    row = enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=MAY)
    choose_weekdays(by, enrolment_id=row.pk, weekdays_off={MONDAY}, from_on=MAY)
    monday = Lesson.objects.visible_to(by).get(group=group, held_on="2025-05-12")
    add_guest(by, lesson_id=monday.pk, student_id=student.pk)
    conduct_lesson(by, lesson_id=monday.pk, absent={})
    assert paid(by, student) == [("2025-05-12", -30_000_000)]


def test_a_span_of_mondays_holds_on_mondays_inside_it():
    mondays = SpanOfWeekday(MONDAY, date(2025, 5, 12), date(2025, 5, 26))
    assert [mondays.holds(date(2025, 5, day)) for day in (5, 12, 13, 19, 26)] == [False, True, False, True, False]
    member = Membership(1, 2, date(2025, 5, 1), date(2025, 6, 1), (mondays,))
    assert not member.expects(date(2025, 5, 13), date(2025, 5, 12)), "moved from a Monday that is off"
    assert member.expects(date(2025, 5, 12), date(2025, 5, 14))
    assert not member.expects(date(2025, 6, 2), date(2025, 6, 2))


def test_the_choice_is_shown_as_what_is_off_ahead(by):
    row = enrol_active(by, student_id=a_student(by).pk, group_id=a_group(by).pk, starts_on=MAY)
    choose_weekdays(by, enrolment_id=row.pk, weekdays_off={MONDAY, FRIDAY}, from_on=date(2025, 6, 2))
    assert get_enrolment(by, row.pk).off == [MONDAY, FRIDAY]


def test_the_history_says_which_days_were_off_and_which_are(by):
    row = enrol_active(by, student_id=a_student(by).pk, group_id=a_group(by).pk, starts_on=MAY)
    choose_weekdays(by, enrolment_id=row.pk, weekdays_off={MONDAY}, from_on=MAY)
    choose_weekdays(by, enrolment_id=row.pk, weekdays_off={WEDNESDAY, FRIDAY}, from_on=date(2025, 5, 19))
    deed = AuditEntry.objects.visible_to(by).filter(verb="tuition.choose_weekdays").order_by("-id")[0]
    told = said(by, deed).changes
    assert [(each.field, each.old, each.new) for each in told] == [("Does not come on", "Mon", "Wed, Fri")]
