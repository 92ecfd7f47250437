"""Lessons of a centre's own types: what they cost follows from what the subscription and the discounts name."""

from datetime import date, time

import pytest

from daftar.attendance.services import conduct_lesson
from daftar.courses.catalogue import add_lesson_type
from daftar.courses.kinds import LessonKind
from daftar.courses.refusals import TypeOfOtherKind
from daftar.courses.rules import PlanKind
from daftar.courses.services import change_type, plan_lesson
from daftar.ledger.queries import balances
from daftar.tuition.models import Subscription
from daftar.tuition.services import activate
from tests.cast import a_course, a_group, a_student, enrolled

PRICE = 50_000


@pytest.fixture
def make_up(by):
    return add_lesson_type(by, name="Make-up", kind=LessonKind.GROUP)


@pytest.fixture
def group(by):
    return a_group(by, a_course(by, plan=PlanKind.PER_LESSON, price=PRICE * 8, lessons_count=8), starts_on="2025-05-01")


@pytest.fixture
def student(by, group):
    row = a_student(by)
    activate(by, enrolment_id=enrolled(by, row, group, "2025-05-01").pk, activated_on=date(2025, 5, 1))
    return row


def ticked(by, student, *codes) -> None:
    Subscription.objects.visible_to(by).filter(student=student).update(lesson_types=list(codes))


def held(by, group, **values):
    """An extra lesson on Saturday the 10th."""
    lesson = plan_lesson(by, group_id=group.pk, held_on=date(2025, 5, 10), starts_time=time(11), **values)
    return conduct_lesson(by, lesson_id=lesson.pk, absent={}).lesson


def charged(by, student) -> int:
    return -balances(by, [student.pk])[student.pk]


def test_at_04_a_make_up_lesson_that_is_not_ticked_costs_nothing(by, group, student, make_up):
    ticked(by, student, "group")
    lesson = held(by, group, type_id=make_up.pk, minutes=45)
    assert (charged(by, student), lesson.minutes, lesson.type_id) == (0, 45, make_up.pk)


def test_at_05_ticked_too_it_is_charged_like_any_other(by, group, student, make_up):
    ticked(by, student, "group", str(make_up.pk))
    held(by, group, type_id=make_up.pk)
    assert charged(by, student) == PRICE


def test_the_money_follows_when_a_lesson_turns_out_to_be_of_another_type_and_back(by, group, student, make_up):
    ticked(by, student, "group")
    lesson = held(by, group)
    assert charged(by, student) == PRICE
    change_type(by, lesson_id=lesson.pk, type_id=make_up.pk)
    assert charged(by, student) == 0
    change_type(by, lesson_id=lesson.pk, type_id=None)
    assert charged(by, student) == PRICE


def test_a_type_of_single_students_is_none_for_a_group(by, group):
    alone = add_lesson_type(by, name="Alone", kind=LessonKind.INDIVIDUAL)
    with pytest.raises(TypeOfOtherKind):
        plan_lesson(by, group_id=group.pk, held_on=date(2025, 5, 10), starts_time=time(11), type_id=alone.pk)
