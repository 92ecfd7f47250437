"""What was charged, what nothing prices, and what is expected."""

from __future__ import annotations

from datetime import date, time

import pytest

from daftar.attendance.services import conduct_lesson
from daftar.courses.days import cancel_lesson
from daftar.courses.models import Lesson
from daftar.courses.rules import PlanKind
from daftar.courses.schedules import Schedule
from daftar.courses.services import (
    add_group,
    enrol_student,
)
from daftar.finance.models import Desk
from daftar.finance.services import take_payment
from daftar.ledger.queries import drift
from daftar.reports.charges import attended_without_subscription, charges
from daftar.reports.today import must_pay_today
from daftar.tuition.discounts import DiscountTerms, give_discount
from daftar.tuition.forecasts import ForecastStartsLater, ForecastTooLong, expectations, forecast_of, keep_forecast
from daftar.tuition.leaving import leave_group
from daftar.tuition.models import ForecastDay
from daftar.tuition.pauses import suspend
from daftar.tuition.queries import reach
from daftar.tuition.services import enrol_active, reconcile
from tests.cast import a_branch, a_course, a_group, a_student, at

APRIL = date(2024, 4, 9)


@pytest.fixture
def card(by):
    """The card of AT-14: 250.00 a lesson, Mondays and Thursdays at 13:00, Tuesday 9 April 2024, a balance of 1 000."""
    now = at(by, APRIL, 5)
    course = a_course(by, plan=PlanKind.PER_LESSON, price=25_000, lessons_count=1)
    group = add_group(
        by, branch_id=a_branch(by).pk, name="Mon, Thu", course_id=course.pk, starts_on=APRIL, last_on=date(2024, 8, 1),
        schedule=Schedule((1, 4), time(13)),
    )  # fmt: skip
    student = a_student(by)
    enrol_active(now, student_id=student.pk, group_id=group.pk, starts_on=APRIL)
    desk = Desk.objects.visible_to(by).order_by("id")[0]
    take_payment(now, student_id=student.pk, desk_id=desk.pk, amount=100_000, paid_on=APRIL, key="k")
    return now, student, group


def covered(now, student):
    found = reach(now, [student.pk])[student.pk].coverage
    return found.lessons_left, found.paid_until


def test_a_card_shows_how_far_the_money_goes_at_14_at_16_at_17(card):
    now, student, group = card
    assert covered(now, student) == (4, date(2024, 4, 22))
    lesson = Lesson.objects.visible_to(now).get(group=group, held_on=date(2024, 4, 15))
    cancel_lesson(now, lesson_id=lesson.pk, reason="AT-16")
    assert covered(now, student) == (4, date(2024, 4, 25))


def test_a_pause_moves_what_is_covered_at_17(card):
    now, student, _group = card
    suspend(now, student_ids=[student.pk], starts_on=date(2024, 4, 15), last_on=date(2024, 4, 19))
    assert covered(now, student) == (4, date(2024, 4, 29))


def test_the_forecast_lists_the_lessons_to_come_and_what_is_to_pay_at_18(card):
    now, student, _group = card
    found = forecast_of(now, student.pk, since=APRIL, until=date(2024, 4, 30))
    assert [draft.on.day for draft in found.drafts] == [11, 15, 18, 22, 25, 29]
    assert (found.total.amount, found.to_pay.amount) == (150_000, 50_000)


def test_a_forecast_starts_today_or_earlier_at_19(card):
    now, student, _group = card
    with pytest.raises(ForecastStartsLater):
        forecast_of(now, student.pk, since=date(2024, 4, 10), until=date(2024, 4, 30))
    with pytest.raises(ForecastTooLong):
        forecast_of(now, student.pk, since=APRIL, until=date(2024, 4, 8))
    earlier = forecast_of(now, student.pk, since=date(2024, 4, 1), until=date(2024, 4, 30))
    assert len(earlier.drafts) == 6


def test_each_day_keeps_once_what_was_expected_of_its_months(card):
    now, student, _group = card
    branch = a_branch(now)
    keep_forecast(now, branch_id=branch.pk)
    give_discount(now, student_id=student.pk, terms=DiscountTerms(APRIL, percent=50))
    keep_forecast(now, branch_id=branch.pk)
    later = at(now, "2024-04-10", 5)
    keep_forecast(later, branch_id=branch.pk)
    rows = expectations(later, date(2024, 4, 1))
    assert [(row.made_on.day, row.charged, row.to_come, row.students) for row in rows] == [
        (10, 0, 75_000, 1), (9, 0, 150_000, 1)
    ]  # fmt: skip
    assert ForecastDay.objects.visible_to(now).count() == 4


def test_charges_of_a_period_are_summed_with_their_credits_and_without_what_was_reversed(by):
    student = a_student(by)
    row = enrol_active(by, student_id=student.pk, group_id=a_group(by).pk, starts_on=date(2025, 5, 1))
    later = at(by, "2025-05-20")
    leave_group(later, enrolment_id=row.pk, last_on=date(2025, 5, 19))
    found, page, sums = charges(later, since=date(2025, 5, 1), until=date(2025, 5, 31))
    assert [(each.on.day, each.amount.amount) for each in found] == [(19, -11_538_500), (1, 30_000_000)]
    assert [(each.amount, each.currency) for each in sums] == [(18_461_500, "UZS")]
    assert page.next is None
    assert charges(later, since=date(2025, 6, 1), until=date(2025, 6, 30))[0] == []
    assert drift(by) == []


def test_who_comes_today_without_the_money_must_pay_and_a_debtor_is_another_thing_d15(card):
    now, student, group = card
    eleventh = at(now, "2024-04-11", 5)
    assert must_pay_today(eleventh) == ([], False)
    poor, debtor = a_student(now, "Poor"), a_student(now, "Debtor without a lesson")
    enrol_active(eleventh, student_id=poor.pk, group_id=group.pk, starts_on=eleventh.today)
    monthly = a_group(
        now, a_course(now, "Monthly"), name="Tue", weekdays=(2,), starts_on="2024-04-02", last_on="2024-06-01"
    )
    enrol_active(eleventh, student_id=debtor.pk, group_id=monthly.pk, starts_on=eleventh.today)
    found, is_cut = must_pay_today(eleventh)
    assert [(row.name, row.group, row.missing.amount) for row in found] == [("Poor", "Mon, Thu", 25_000)]
    assert not is_cut
    desk = Desk.objects.visible_to(now).order_by("id")[0]
    take_payment(eleventh, student_id=poor.pk, desk_id=desk.pk, amount=25_000, paid_on=eleventh.today, key="p")
    assert must_pay_today(eleventh)[0] == []
    lesson = Lesson.objects.visible_to(now).get(group=group, held_on=eleventh.today)
    conduct_lesson(at(now, "2024-04-11", 15), lesson_id=lesson.pk, absent={})
    assert must_pay_today(eleventh)[0] == [], "charged and covered"
    assert student.pk != poor.pk


def test_what_was_attended_without_a_subscription_is_listed_at_07(by):
    """Trials, absences and what is priced are not in it."""
    group = a_group(by, a_course(by, price=None))
    names = ("Priced", "Trial", "Unpriced")
    people = {name: a_student(by, name) for name in names}
    for name, student in people.items():
        row = enrol_student(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 1))
        if name != "Trial":
            row.activated_on = row.starts_on
            row.save()
    priced = a_group(by, a_course(by, "Priced", plan=PlanKind.PER_LESSON, price=100), name="P")
    enrol_active(by, student_id=people["Priced"].pk, group_id=priced.pk, starts_on=date(2025, 5, 1))
    for each in (group, priced):
        for lesson in Lesson.objects.visible_to(by).filter(group=each, held_on__range=("2025-05-02", "2025-05-05")):
            conduct_lesson(by, lesson_id=lesson.pk, absent={})
    found, is_cut = attended_without_subscription(by, since=date(2025, 5, 1), until=date(2025, 5, 4))
    assert [(row.name, row.on.day, row.group) for row in found] == [
        ("Priced", 2, "IELTS-3"), ("Unpriced", 2, "IELTS-3")
    ]  # fmt: skip
    assert not is_cut
    assert reconcile(by, student_ids=[student.pk for student in people.values()]) == 0
