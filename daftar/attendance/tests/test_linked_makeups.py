"""Who is in a lesson as a member for a day, alone or as a guest makes up for a miss in it."""

from datetime import date, time

import pytest

from daftar.attendance.linked_makeups import (
    Comer,
    ComesAnyway,
    MakesUpForNothing,
    comers,
    link_make_up,
    owed_among,
    unlink_make_up,
)
from daftar.attendance.makeup_lessons import plan_own_make_up
from daftar.attendance.makeups import (
    LessonDoesNotTakePlace,
    MadeUpAlready,
    MakeUpExpired,
    add_guest,
    make_ups,
    places_for,
)
from daftar.attendance.queries import reasons
from daftar.attendance.services import conduct_lesson
from daftar.courses.days import cancel_lesson
from daftar.courses.kinds import LessonKind
from daftar.courses.models import Enrolment, Lesson
from daftar.courses.refusals import AlreadyEnrolled, GroupIsFull
from daftar.courses.rules import EVEN, PlanKind
from daftar.courses.services import enrol_student, undo_enrolment
from daftar.ledger.queries import balances
from daftar.lib.errors import Forbidden, NotFound
from daftar.tuition.services import activate
from tests.cast import a_branch, a_course, a_group, a_member, a_student, enrolled

PRICE = 5_000_000
THE_13TH = date(2025, 5, 13)


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
    return a_group(by, course, "Evenings", weekdays=EVEN, starts_on="2025-05-01", last_on="2025-06-30")


@pytest.fixture
def student(by, group):
    row = a_student(by)
    activate(by, enrolment_id=enrolled(by, row, group, "2025-05-01").pk, activated_on=date(2025, 5, 1))
    return row


@pytest.fixture
def row(by, group, student):
    """The excused miss of the 12th."""
    return missed(by, group, student)


def missed(by, group, student, day=12):
    of_day = lesson(by, group, day)
    conduct_lesson(by, lesson_id=of_day.pk, absent={student.pk: reasons(by)[0].pk})
    return make_ups(by).get(missed=of_day)


def lesson(by, group, day) -> Lesson:
    return Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, day))


def for_a_day(by, student, host, on=THE_13TH) -> Enrolment:
    return enrol_student(by, student_id=student.pk, group_id=host.pk, starts_on=on, last_on=on)


def linked(by, row, target):
    return link_make_up(by, make_up_id=row.pk, lesson_id=target.pk, student_id=row.student_id)


def states(by) -> dict[str, list[int]]:
    found = {state: [row.missed.held_on.day for row in make_ups(by, state=state)] for state in STATES}
    return {state: days for state, days in found.items() if days}


STATES = ("owed", "planned", "made", "expired")


def test_a_member_for_a_day_makes_up_for_the_miss_and_pays_as_a_member(by, host, student, row):
    joined = for_a_day(by, student, host)
    activate(by, enrolment_id=joined.pk, activated_on=THE_13TH)
    target = lesson(by, host, 13)
    linked(by, row, target)
    assert states(by) == {"planned": [12]}
    assert comers(by, target) == {student.pk: Comer(is_guest=False, makes_up=True)}
    conduct_lesson(by, lesson_id=target.pk, absent={})
    assert states(by) == {"made": [12]}
    assert balances(by, [student.pk])[student.pk] == -PRICE


def test_one_whose_day_is_taken_back_is_owed_it_again_and_the_lesson_is_free_for_another_miss(
    by, group, host, student, row
):
    other = missed(by, group, student, 9)
    joined = for_a_day(by, student, host)
    target = lesson(by, host, 13)
    linked(by, row, target)
    undo_enrolment(by, enrolment_id=joined.pk)
    assert states(by) == {"owed": [9, 12]}
    for_a_day(by, student, host)
    assert states(by) == {"owed": [9], "planned": [12]}
    unlink_make_up(by, lesson_id=target.pk, student_id=student.pk)
    linked(by, other, target)
    assert states(by) == {"owed": [12], "planned": [9]}


def test_what_came_of_nothing_gives_its_place_to_another_miss(by, group, host, student, row):
    other = missed(by, group, student, 9)
    joined = for_a_day(by, student, host)
    target = lesson(by, host, 13)
    linked(by, row, target)
    undo_enrolment(by, enrolment_id=joined.pk)
    add_guest(by, lesson_id=target.pk, student_id=student.pk, make_up_id=other.pk)
    assert states(by) == {"owed": [12], "planned": [9]}


def test_it_is_linked_after_the_lesson_too(by, host, student, row):
    for_a_day(by, student, host)
    target = lesson(by, host, 13)
    conduct_lesson(by, lesson_id=target.pk, absent={})
    linked(by, row, target)
    assert states(by) == {"made": [12]}


def test_a_guest_for_nothing_pays_as_for_the_miss_once_it_is_linked(by, host, student, row):
    target = lesson(by, host, 13)
    add_guest(by, lesson_id=target.pk, student_id=student.pk)
    conduct_lesson(by, lesson_id=target.pk, absent={})
    assert balances(by, [student.pk])[student.pk] == 0
    linked(by, row, target)
    assert balances(by, [student.pk])[student.pk] == -PRICE
    unlink_make_up(by, lesson_id=target.pk, student_id=student.pk)
    assert (balances(by, [student.pk])[student.pk], states(by)) == (0, {"owed": [12]})


def a_lesson_alone(by, course, row) -> Lesson:
    return plan_own_make_up(
        by, make_up_id=row.pk, kind=LessonKind.INDIVIDUAL, course_id=course.pk, branch_id=a_branch(by).pk,
        held_on=THE_13TH, starts_time=time(9), student_id=row.student_id,
    )  # fmt: skip


def test_a_lesson_of_one_student_makes_up_for_a_miss_until_it_is_cancelled(by, course, row):
    planned = a_lesson_alone(by, course, row)
    assert comers(by, planned) == {row.student_id: Comer(is_guest=False, makes_up=True)}
    assert states(by) == {"planned": [12]}
    cancel_lesson(by, lesson_id=planned.pk, reason="Illness")
    assert states(by) == {"owed": [12]}


def test_a_lesson_of_another_student_makes_up_for_nothing(by, course, row):
    with pytest.raises(NotFound):
        plan_own_make_up(
            by, make_up_id=row.pk, kind=LessonKind.INDIVIDUAL, course_id=course.pk, branch_id=a_branch(by).pk,
            held_on=THE_13TH, starts_time=time(9), student_id=a_student(by, "Another").pk,
        )  # fmt: skip


def test_what_cannot_be_is_refused(by, group, host, student, row):
    with pytest.raises(ComesAnyway):
        linked(by, row, lesson(by, host, 13))
    with pytest.raises(ComesAnyway):
        linked(by, row, lesson(by, group, 14))
    enrol_student(by, student_id=student.pk, group_id=host.pk, starts_on=date(2025, 5, 20), last_on=date(2025, 5, 22))
    with pytest.raises(ComesAnyway):
        linked(by, row, lesson(by, host, 20))
    for_a_day(by, student, host)
    for_a_day(by, student, host, date(2025, 6, 14))
    with pytest.raises(MakeUpExpired):
        linked(by, row, Lesson.objects.visible_to(by).get(group=host, held_on=date(2025, 6, 14)))
    linked(by, row, lesson(by, host, 13))
    add_guest(by, lesson_id=lesson(by, host, 15).pk, student_id=student.pk)
    with pytest.raises(MadeUpAlready):
        linked(by, row, lesson(by, host, 15))
    with pytest.raises(MadeUpAlready):
        linked(by, missed(by, group, student, 9), lesson(by, host, 13))
    with pytest.raises(MakesUpForNothing):
        unlink_make_up(by, lesson_id=lesson(by, host, 15).pk, student_id=student.pk)


def test_a_cancelled_lesson_makes_up_for_nothing(by, host, student, row):
    for_a_day(by, student, host)
    cancel_lesson(by, lesson_id=lesson(by, host, 13).pk, reason="Illness")
    with pytest.raises(LessonDoesNotTakePlace):
        linked(by, row, lesson(by, host, 13))


def test_who_may_add_no_guests_links_nothing(by, host, student, row):
    for_a_day(by, student, host)
    with pytest.raises(Forbidden):
        linked(a_member(by, "Cashier", "cashier"), row, lesson(by, host, 13))


def test_a_day_before_somebody_joins_has_a_free_place(by, course, student):
    host = a_group(by, course, "Small", weekdays=EVEN, starts_on="2025-05-01", last_on="2025-06-30", capacity=1)
    enrolled(by, a_student(by, "Another"), host, "2025-05-15")
    for_a_day(by, student, host)
    with pytest.raises(AlreadyEnrolled):
        for_a_day(by, student, host)
    with pytest.raises(GroupIsFull):
        for_a_day(by, student, host, date(2025, 5, 15))
    with pytest.raises(GroupIsFull):
        enrol_student(by, student_id=student.pk, group_id=host.pk, starts_on=date(2025, 5, 14))


def test_who_is_owed_something_is_known_by_id(by, student, row):
    assert owed_among(by, [student.pk, a_student(by, "Another").pk]) == {student.pk}
    assert places_for(by, row) == []
