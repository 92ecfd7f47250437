"""Prices of courses and groups from a day on: who is activated when pays what, and who follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from daftar.courses.refusals import OtherWayNeedsPrice
from daftar.courses.rules import PlanKind
from daftar.courses.services import Charging, enrol_student
from daftar.ledger.queries import statement
from daftar.tuition.listed import begin_prices, followers, price_steps
from daftar.tuition.models import Subscription
from daftar.tuition.prices import GroupPriceMissing, change_course_price, change_group_price
from daftar.tuition.services import activate, enrol_active, reconcile
from daftar.tuition.tariffs import PriceOutOfRange
from tests.cast import a_course, a_group, a_student, at

JUNE = date(2025, 6, 1)


def charged(by, student) -> list[tuple[str, int]]:
    return [(line.on.isoformat(), line.amount // 100) for line in statement(by, student.pk)]


def test_a_price_of_june_is_not_that_of_may(by):
    group = a_group(by, a_course(by))
    change_course_price(by, course_id=group.course_id, price=35_000_000, from_on=JUNE, bound_follow=False)
    may, june = a_student(by, "May"), a_student(by, "June")
    enrol_active(by, student_id=may.pk, group_id=group.pk, starts_on=date(2025, 5, 1))
    later = at(by, "2025-06-03")
    enrol_active(later, student_id=june.pk, group_id=group.pk, starts_on=JUNE)
    reconcile(later, student_ids=[may.pk])
    assert charged(by, may) == [("2025-05-01", -300_000), ("2025-06-01", -300_000)], "bound in May, and need not follow"
    assert charged(by, june) == [("2025-06-01", -350_000)]


def test_a_coming_price_that_all_follow_reaches_those_activated_before_it(by):
    group, student = a_group(by, a_course(by)), a_student(by)
    change_course_price(by, course_id=group.course_id, price=35_000_000, from_on=JUNE, bound_follow=True)
    enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 1))
    reconcile(at(by, "2025-06-03"), student_ids=[student.pk])
    assert charged(by, student) == [("2025-05-01", -300_000), ("2025-06-01", -350_000)]


def test_who_is_activated_backwards_agrees_to_the_price_of_that_day(by):
    group, student = a_group(by, a_course(by)), a_student(by)
    later = at(by, "2025-06-03")
    change_course_price(later, course_id=group.course_id, price=35_000_000, from_on=JUNE, bound_follow=False)
    enrol_active(later, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 1))
    assert charged(by, student) == [("2025-05-01", -300_000), ("2025-06-01", -300_000)]


def test_a_list_shows_what_was_what_is_and_what_comes(by):
    course = a_course(by)
    change_course_price(by, course_id=course.pk, price=35_000_000, from_on=JUNE, bound_follow=False)
    course.refresh_from_db()
    assert course.price == 30_000_000, "until its day has come"
    steps = price_steps(by, course)
    assert [(step.from_on, step.amount, step.is_now, step.is_ahead) for step in steps] == [
        (JUNE, 35_000_000, False, True), (None, 30_000_000, True, False),
    ]  # fmt: skip
    begin_prices(by)
    course.refresh_from_db()
    assert course.price == 30_000_000
    begin_prices(replace(at(by, "2025-06-01"), is_trusted=True))
    course.refresh_from_db()
    assert course.price == 35_000_000


def test_the_same_day_written_again_mends_the_price(by):
    course = a_course(by)
    for price in (3_500_000, 35_000_000):
        change_course_price(by, course_id=course.pk, price=price, from_on=JUNE, bound_follow=False)
    assert [step.amount for step in price_steps(by, course)] == [35_000_000, 30_000_000]


def test_a_group_goes_back_to_the_price_of_its_course(by):
    group, student = a_group(by, a_course(by), price=40_000_000), a_student(by)
    enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 1))
    assert followers(by, group) == [student.pk]
    assert followers(by, group.course) == []
    change_group_price(by, group_id=group.pk, price=None, from_on=JUNE, bound_follow=True)
    reconcile(at(by, "2025-06-03"), student_ids=[student.pk])
    assert charged(by, student) == [("2025-05-01", -400_000), ("2025-06-01", -300_000)]


def test_a_group_without_any_price_is_not_left_without_one(by):
    group = a_group(by, a_course(by, price=None), price=40_000_000)
    with pytest.raises(GroupPriceMissing):
        change_group_price(by, group_id=group.pk, price=None, from_on=JUNE, bound_follow=False)
    with pytest.raises(PriceOutOfRange):
        change_group_price(by, group_id=group.pk, price=-1, from_on=JUNE, bound_follow=False)


def test_a_group_is_charged_in_a_way_of_its_own(by):
    course = a_course(by)
    with pytest.raises(OtherWayNeedsPrice):
        a_group(by, course, "No price", charging=Charging(PlanKind.MODULE, module_lessons=8))
    own = Charging(PlanKind.MODULE, module_lessons=8)
    group = a_group(by, course, price=24_000_000, starts_on="2025-05-02", charging=own)
    student = a_student(by)
    row = enrol_student(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 2))
    activate(by, enrolment_id=row.pk, activated_on=date(2025, 5, 2))
    bound = Subscription.objects.visible_to(by).get()
    assert (bound.plan, bound.module_lessons) == ("module", 8)
    assert charged(by, student) == [("2025-05-02", -240_000)]
