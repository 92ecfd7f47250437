"""The money of a group in a month: who stands there, what it comes to, and that it is what the reports say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from daftar.attendance.queries import reasons
from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Lesson
from daftar.courses.rules import PlanKind
from daftar.courses.services import activate_enrolment
from daftar.finance.models import Desk, PaymentKind
from daftar.finance.services import take_payment
from daftar.lib.errors import Forbidden
from daftar.lib.period import Month
from daftar.reports import charges as reports_charges
from daftar.reports.charges import Whose
from daftar.reports.group_income import income_by_group
from daftar.reports.group_money import money_of_group
from daftar.tuition.discounts import DiscountTerms, give_discount
from daftar.tuition.leaving import leave_group
from daftar.tuition.models import Subscription
from daftar.tuition.services import enrol_active, reconcile
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff, set_own_price
from tests.cast import a_course, a_group, a_member, a_student, at, enrolled, owner_of

MAY = Month(2025, 5)


def pay(by, student, amount: int, key: str, on: date | None = None):
    desk = Desk.objects.visible_to(by).order_by("id")[0].pk
    day = on or by.today
    return take_payment(by, student_id=student.pk, desk_id=desk, amount=amount, paid_on=day, key=key)


def line_of_report(by, group, month: Month = MAY) -> int:
    """What the report of income by group says of one group."""
    days = {"since": month.first, "until": month.last}
    found = income_by_group(by, currency="UZS", kinds=(PaymentKind.INCOME,), **days)
    return next((row.sum.amount for row in found.rows if row.group_id == group.pk), 0)


def charged_in_report(by, group_id: int, student_id: int | None = None, month: Month = MAY) -> int:
    """What the report of charges says is charged, narrowed to a group and a student."""
    whose = Whose(student_id, group_id)
    _rows, _page, sums = reports_charges.charges(by, since=month.first, until=month.last, whose=whose)
    return sum(each.amount for each in sums)


@pytest.fixture
def owner(by):
    return owner_of(by)


def test_a_line_says_price_charge_lessons_payment_balance_and_since_when_it_is_owed(owner):
    group = a_group(owner)
    pays, owes = a_student(owner, "Pays"), a_student(owner, "Owes")
    for student in (pays, owes):
        enrol_active(owner, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 1))
    pay(owner, pays, 40_000_000, "k")
    found = money_of_group(owner, group, MAY)
    assert [row.name for row in found.rows] == ["Owes", "Pays"]
    debtor, payer = found.rows
    assert (debtor.agreed.price.amount, debtor.agreed.is_own) == (30_000_000, False)
    assert (debtor.charged.amount, debtor.lessons, debtor.balance.amount) == (30_000_000, 13, -30_000_000)
    assert (debtor.owes_since, debtor.paid_until) == (date(2025, 5, 1), None)
    assert (payer.paid.amount, payer.balance.amount, payer.owes_since) == (30_000_000, 10_000_000, None)
    assert payer.paid_until == date(2025, 5, 30)
    (total,) = found.totals
    assert (total.students, total.charged.amount, total.lessons) == (2, 60_000_000, 26)
    assert (total.paid.amount, total.balance.amount) == (30_000_000, -20_000_000)


def test_an_own_price_is_marked_and_the_price_is_that_of_the_month(owner):
    group, student = a_group(owner), a_student(owner)
    enrol_active(owner, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 1))
    bound = Subscription.objects.visible_to(owner).get(student=student)
    set_own_price(owner, subscription_id=bound.pk, price=20_000_000, from_on=date(2025, 6, 1))
    (may,) = money_of_group(owner, group, MAY).rows
    (june,) = money_of_group(at(owner, "2025-06-03"), group, MAY.next).rows
    assert (may.agreed.price.amount, june.agreed.price.amount) == (30_000_000, 20_000_000)
    assert june.agreed.is_own


def test_a_discount_is_told_for_the_part_that_is_charged_and_taken_back_with_a_credit(owner):
    """Half off 300 000: of 13 lessons 8 are charged, and after leaving 3 of them stay."""
    group, student = a_group(owner), a_student(owner)
    give_discount(owner, student_id=student.pk, terms=DiscountTerms(date(2025, 5, 1), percent=50))
    row = enrol_active(owner, student_id=student.pk, group_id=group.pk, starts_on=owner.today)
    (line,) = money_of_group(owner, group, MAY).rows
    assert line.lessons == 8
    assert line.discount.amount == round(15_000_000 * 8 / 13)
    assert abs(line.charged.amount - line.discount.amount) <= 100_00  # half is charged, half is not
    leave_group(at(owner, "2025-05-20"), enrolment_id=row.pk, last_on=date(2025, 5, 19))
    (line,) = money_of_group(at(owner, "2025-05-21"), group, MAY).rows
    assert line.lessons == 3  # 14, 16 and 19 May
    assert line.discount.amount == round(15_000_000 * 3 / 13)
    assert line.charged.amount == charged_in_report(at(owner, "2025-05-21"), group.pk)


def test_lessons_charged_one_by_one_are_counted_and_a_correction_counts_them_back(owner):
    course = a_course(owner, plan=PlanKind.PER_LESSON, price=5_000_000)
    group, student = a_group(owner, course), a_student(owner)
    enrol_active(owner, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 1))
    held = Lesson.objects.visible_to(owner).filter(group=group, held_on__range=(date(2025, 5, 1), owner.today))
    for lesson in held:
        conduct_lesson(owner, lesson_id=lesson.pk, absent={}, because="typed wrong")
    (line,) = money_of_group(owner, group, MAY).rows
    assert (line.lessons, line.charged.amount) == (len(held), 5_000_000 * len(held))
    free = Lesson.objects.visible_to(owner).get(pk=held[0].pk)
    excused = next(row.pk for row in reasons(owner) if not row.charges)
    conduct_lesson(owner, lesson_id=free.pk, absent={student.pk: excused}, because="typed wrong")
    (line,) = money_of_group(owner, group, MAY).rows
    assert (line.lessons, line.charged.amount) == (len(held) - 1, 5_000_000 * (len(held) - 1))


def test_past_members_of_the_month_stand_there_and_others_only_if_money_of_theirs_is_the_groups(owner):
    group = a_group(owner)
    left, later, trial = a_student(owner, "Left"), a_student(owner, "Later"), a_student(owner, "Trial")
    row = enrol_active(owner, student_id=left.pk, group_id=group.pk, starts_on=date(2025, 4, 1))
    leave_group(at(owner, "2025-05-02"), enrolment_id=row.pk, last_on=date(2025, 5, 2))
    enrol_active(owner, student_id=later.pk, group_id=group.pk, starts_on=date(2025, 6, 2))
    enrolled(owner, trial, group, "2025-05-10")

    def names(month: Month) -> list[str]:
        return [each.name for each in money_of_group(at(owner, "2025-06-20"), group, month).rows]

    assert names(MAY) == ["Left", "Trial"]
    assert names(MAY.next) == ["Later", "Trial"]
    pay(at(owner, "2025-06-20"), left, 5_000_000, "late")
    assert names(MAY.next) == ["Later", "Left", "Trial"]
    assert names(MAY.previous) == ["Left"]


@pytest.mark.parametrize("seed", range(4))
def test_the_tab_is_the_line_of_the_report_to_the_minor_unit(owner, seed):
    """Several groups, tariffs for any group, leaving and payments in any order."""
    chance = Random(seed)
    groups = [a_group(owner, a_course(owner, f"C{n}", price=chance.randrange(1, 900_000)), f"G{n}") for n in range(3)]
    terms = TariffTerms(name="Any", plan=PlanKind.PER_LESSON, currency="UZS")
    tariff = add_tariff(owner, terms=terms, price=chance.randrange(1, 90_000), from_on=date(2025, 3, 1))
    students = [a_student(owner, f"S{n}") for n in range(4)]
    rows = [
        enrol_active(owner, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, chance.randrange(1, 14)))
        for student in students[:3]
        for group in chance.sample(groups, chance.randrange(1, 4))
    ]
    bind_tariff(owner, student_id=students[3].pk, tariff_id=tariff.pk, binding=Binding(date(2025, 5, 1)))
    # Without a price of its own the lessons are paid by the tariff, which pays in any group.
    unpriced = a_group(owner, a_course(owner, "C3", plan=PlanKind.PER_LESSON, price=None), "G3")
    enrolled(owner, students[3], groups[0], "2025-05-01")
    joined = enrolled(owner, students[3], unpriced, "2025-05-01")
    activate_enrolment(owner.trusted(), enrolment_id=joined.pk, activated_on=joined.starts_on)
    groups.append(unpriced)
    for lesson in Lesson.objects.visible_to(owner).filter(held_on__range=(date(2025, 5, 1), owner.today)):
        conduct_lesson(owner, lesson_id=lesson.pk, absent={}, because="typed wrong")
    leave_group(owner, enrolment_id=chance.choice(rows).pk, last_on=owner.today)
    for n in range(12):
        day = owner.today - timedelta(days=chance.randrange(40))
        pay(owner, chance.choice(students), chance.randrange(1, 700_000), f"{seed} {n}", day)
    now = at(owner, "2025-06-20")
    reconcile(now.trusted(), student_ids=[row.pk for row in students])
    lines = 0
    for group in groups:
        for month in (MAY.previous, MAY, MAY.next):
            found = money_of_group(now, group, month)
            paid = sum(total.paid.amount for total in found.totals)
            assert paid == line_of_report(now, group, month)
            assert sum(row.paid.amount for row in found.rows) == paid
            charged = sum(total.charged.amount for total in found.totals)
            assert charged == charged_in_report(now, group.pk, month=month)
            for row in found.rows:
                assert row.charged.amount == charged_in_report(now, group.pk, row.student_id, month)
            lines += bool(paid)
    assert lines  # money was spent on some group, or nothing was compared
    assert charged_in_report(now, unpriced.pk), "a subscription for any group was charged for its lesson's"
    whole = sum(charged_in_report(now, group.pk) for group in groups)
    _rows, _page, sums = reports_charges.charges(now, since=MAY.first, until=MAY.last)
    assert whole == sum(each.amount for each in sums)


def test_who_may_not_see_payments_sees_charges_without_them_and_who_sees_no_money_nothing(owner):
    group, student = a_group(owner), a_student(owner)
    enrol_active(owner, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 1))
    clerk = replace(owner, permissions=owner.permissions - {"finance.view"})
    found = money_of_group(clerk, group, MAY)
    assert [row.paid for row in (*found.rows, *found.totals)] == [None, None]
    assert found.rows[0].charged.amount == 30_000_000
    with pytest.raises(Forbidden):
        money_of_group(a_member(owner, "Bahrom", "teacher"), group, MAY)
