"""Guests, one-day members, and lessons that make up for missed ones: who is owed what, and what it costs."""

from datetime import date, timedelta

import pytest

from daftar.attendance.makeups import (
    GuestWasMarked,
    InLessonAlready,
    LessonDoesNotTakePlace,
    MadeUpAlready,
    MakeUpExpired,
    NoPlaceInLesson,
    add_guest,
    make_ups,
    places_for,
    remove_guest,
)
from daftar.attendance.models import MakeUp
from daftar.attendance.queries import expected_students, reasons
from daftar.attendance.services import conduct_lesson, undo_marks
from daftar.courses.days import add_holiday, cancel_lesson
from daftar.courses.models import Enrolment, Lesson
from daftar.courses.rules import EVEN, PlanKind
from daftar.courses.services import enrol_student
from daftar.ledger.queries import balances
from daftar.tuition.queries import reach
from daftar.tuition.services import activate
from tests.cast import a_course, a_group, a_member, a_student, at, enrolled

PRICE = 5_000_000


@pytest.fixture
def course(by):
    return a_course(by, plan=PlanKind.PER_LESSON, price=PRICE)


@pytest.fixture
def group(by, course):
    """Mondays, Wednesdays, Fridays."""
    return a_group(by, course, "Mornings", starts_on="2025-05-01", last_on="2025-06-30")


@pytest.fixture
def host(by, course):
    """Tuesdays, Thursdays, Saturdays, of the same course."""
    return a_group(by, course, "Evenings", weekdays=EVEN, starts_on="2025-05-01", last_on="2025-06-30", capacity=2)


@pytest.fixture
def student(by, group):
    row = a_student(by)
    activate(by, enrolment_id=enrolled(by, row, group, "2025-05-01").pk, activated_on=date(2025, 5, 1))
    return row


def lesson(by, group, day) -> Lesson:
    return Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, day))


def missed(by, group, student, day=12, *, excused=True) -> MakeUp | None:
    reason = reasons(by)[0 if excused else 1]
    conduct_lesson(by, lesson_id=lesson(by, group, day).pk, absent={student.pk: reason.pk})
    return MakeUp.objects.visible_to(by).filter(student=student, missed__held_on=date(2025, 5, day)).first()


def owed(by, state="owed"):
    return [row.missed.held_on.day for row in make_ups(by, state=state)]


def soums(by, student) -> int:
    return balances(by, [student.pk])[student.pk]


def unpriced(by, student) -> int:
    return len(reach(by, [student.pk])[student.pk].unpriced)


def test_a_miss_whose_reason_gives_it_back_is_owed_until_a_day(by, group, student):
    row = missed(by, group, student)
    assert (row.until, owed(by)) == (date(2025, 6, 11), [12])
    assert missed(by, group, student, 9, excused=False) is None


def test_a_corrected_miss_is_owed_no_longer_and_undo_brings_it_back(by, group, student):
    owner = a_member(by, "Admin", "administrator")
    first = lesson(by, group, 12)
    conduct_lesson(owner, lesson_id=first.pk, absent={student.pk: reasons(by)[0].pk})
    conduct_lesson(owner, lesson_id=first.pk, absent={})
    assert owed(by) == []
    undo_marks(owner, lesson_id=first.pk)
    assert owed(by) == [12]


def test_places_are_those_of_other_groups_of_the_course_that_are_free(by, course, group, host, student):
    other = a_group(by, a_course(by, "Chess"), "Chess", weekdays=EVEN, starts_on="2025-05-01", last_on="2025-06-30")
    row = missed(by, group, student)
    found = places_for(by, row)
    assert {place.lesson.group_id for place in found} == {host.pk}
    assert found[0].lesson.held_on == date(2025, 5, 15)
    assert found[0].free == 2
    for place in range(2):
        enrolled(by, a_student(by, f"Full {place}"), host, "2025-05-17")
    assert [place.lesson.held_on.day for place in places_for(by, row)] == [15]
    assert other.pk
    add_holiday(by, name="Feast", starts_on=date(2025, 5, 15))
    assert places_for(by, row) == [], "nobody learns on a day off"


def test_one_who_makes_up_pays_as_the_missed_lesson_would_have_cost(by, group, host, student):
    row = missed(by, group, student)
    assert soums(by, student) == 0
    target = lesson(by, host, 13)
    add_guest(by, lesson_id=target.pk, student_id=student.pk, make_up_id=row.pk)
    assert (owed(by), owed(by, "planned")) == ([], [12])
    assert expected_students(by, target.pk) == {student.pk: False}
    conduct_lesson(by, lesson_id=target.pk, absent={})
    assert (soums(by, student), owed(by, "made"), owed(by, "planned")) == (-PRICE, [12], [])


def test_a_miss_that_was_charged_is_made_up_for_without_a_second_charge(by, group, host, student):
    from daftar.attendance.reasons import edit_reason

    charging = reasons(by)[0]
    edit_reason(
        by, reason_id=charging.pk, name=charging.name, charges=True, pays_teacher=True, gives_credit=True, place=1,
        credit_days=10,
    )  # fmt: skip
    row = missed(by, group, student)
    assert (soums(by, student), row.until) == (-PRICE, date(2025, 5, 22))
    target = lesson(by, host, 13)
    add_guest(by, lesson_id=target.pk, student_id=student.pk, make_up_id=row.pk)
    conduct_lesson(by, lesson_id=target.pk, absent={})
    assert soums(by, student) == -PRICE
    assert unpriced(by, student) == 0


def test_in_a_month_charged_at_once_a_make_up_is_free(by, host, course):
    monthly = a_group(by, a_course(by, "Monthly"), "Monthly", starts_on="2025-05-01", last_on="2025-06-30")
    row = a_student(by)
    activate(by, enrolment_id=enrolled(by, row, monthly, "2025-05-01").pk, activated_on=date(2025, 5, 1))
    before = soums(by, row)
    make_up = missed(by, monthly, row)
    add_guest(by, lesson_id=lesson(by, host, 13).pk, student_id=row.pk, make_up_id=make_up.pk)
    conduct_lesson(by, lesson_id=lesson(by, host, 13).pk, absent={})
    assert soums(by, row) == before
    assert unpriced(by, row) == 0


def test_whoever_does_not_come_still_has_the_one_miss_and_no_second(by, group, host, student):
    row = missed(by, group, student)
    target = lesson(by, host, 13)
    add_guest(by, lesson_id=target.pk, student_id=student.pk, make_up_id=row.pk)
    conduct_lesson(by, lesson_id=target.pk, absent={student.pk: reasons(by)[0].pk})
    assert owed(by) == [12]
    add_guest(by, lesson_id=lesson(by, host, 15).pk, student_id=student.pk, make_up_id=row.pk)
    assert owed(by) == []


def test_a_guest_that_makes_up_for_nothing_stands_without_a_price(by, group, host, student):
    add_guest(by, lesson_id=lesson(by, host, 13).pk, student_id=student.pk)
    conduct_lesson(by, lesson_id=lesson(by, host, 13).pk, absent={})
    assert soums(by, student) == 0
    assert unpriced(by, student) == 1


def test_taken_out_again_the_miss_is_owed_again(by, group, host, student):
    row = missed(by, group, student)
    target = lesson(by, host, 15)
    add_guest(by, lesson_id=target.pk, student_id=student.pk, make_up_id=row.pk)
    remove_guest(by, lesson_id=target.pk, student_id=student.pk)
    assert owed(by) == [12]
    assert expected_students(by, target.pk) == {}


def test_what_cannot_be_is_refused(by, group, host, student):
    row, other = missed(by, group, student), missed(by, group, student, 9)
    target = lesson(by, host, 15)
    add_guest(by, lesson_id=target.pk, student_id=student.pk, make_up_id=row.pk)
    with pytest.raises(InLessonAlready):
        add_guest(by, lesson_id=target.pk, student_id=student.pk)
    with pytest.raises(MadeUpAlready):
        add_guest(by, lesson_id=lesson(by, host, 17).pk, student_id=student.pk, make_up_id=row.pk)
    with pytest.raises(MakeUpExpired):
        late = Lesson.objects.visible_to(by).get(group=host, held_on=date(2025, 6, 12))
        add_guest(by, lesson_id=late.pk, student_id=student.pk, make_up_id=other.pk)
    for place in range(2):
        enrolled(by, a_student(by, f"Full {place}"), host, "2025-05-17")
    with pytest.raises(NoPlaceInLesson):
        add_guest(by, lesson_id=lesson(by, host, 17).pk, student_id=student.pk, make_up_id=other.pk)
    cancel_lesson(by, lesson_id=lesson(by, host, 20).pk, reason="ill")
    with pytest.raises(LessonDoesNotTakePlace):
        add_guest(by, lesson_id=lesson(by, host, 20).pk, student_id=student.pk)
    done = lesson(by, host, 13)
    add_guest(by, lesson_id=done.pk, student_id=student.pk)
    conduct_lesson(by, lesson_id=done.pk, absent={})
    with pytest.raises(GuestWasMarked):
        remove_guest(by, lesson_id=done.pk, student_id=student.pk)


def test_expired_is_what_nobody_made_up_for_in_time(by, group, student):
    missed(by, group, student)
    later = at(by, "2025-06-12")
    assert (owed(later), owed(later, "expired")) == ([], [12])


def test_at_25_a_member_for_a_day_is_in_that_lesson_only_and_stays_in_it(by, host, student):
    """The third way: one day of membership."""
    row = enrol_student(
        by, student_id=student.pk, group_id=host.pk, starts_on=date(2025, 5, 13), last_on=date(2025, 5, 13)
    )
    assert row.ends_on - row.starts_on == timedelta(days=1)
    days = [day for day in (10, 13, 15) if student.pk in expected_students(by, lesson(by, host, day).pk)]
    assert days == [13]
    conduct_lesson(by, lesson_id=lesson(by, host, 13).pk, absent={})
    Enrolment.objects.visible_to(by).filter(pk=row.pk).delete()
    assert student.pk in expected_students(by, lesson(by, host, 13).pk)


def test_a_lesson_that_the_schedule_takes_away_gives_the_miss_back(by, group, host, student):
    from datetime import time

    from daftar.courses.schedules import Schedule
    from daftar.courses.services import edit_group

    row = missed(by, group, student)
    add_guest(by, lesson_id=lesson(by, host, 15).pk, student_id=student.pk, make_up_id=row.pk)
    edit_group(
        by, group_id=host.pk, name=host.name, starts_on=host.starts_on, last_on=date(2025, 6, 30), teacher_id=None,
        schedule=Schedule((7,), time(9)), room_id=None, capacity=None,
    )  # fmt: skip
    assert owed(by) == [12]
