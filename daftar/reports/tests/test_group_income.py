"""What the payments of a period were for, by group."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest

from daftar.finance.models import Desk, PaymentKind
from daftar.finance.services import lower_balance, raise_balance, refund, reverse_payment, sell_goods, take_payment
from daftar.reports.group_income import PeriodTooLong, income_by_group
from daftar.tuition.leaving import leave_group
from daftar.tuition.services import enrol_active, reconcile
from tests.cast import a_course, a_group, a_student, at, owner_of

BOTH = (PaymentKind.INCOME, PaymentKind.SALE)


def desk(by) -> int:
    return Desk.objects.visible_to(by).order_by("id")[0].pk


def paid(by, student, amount: int, key: str):
    return take_payment(by, student_id=student.pk, desk_id=desk(by), amount=amount, paid_on=by.today, key=key)


def report(by, since="2025-05-01", until="2025-05-31", kinds=BOTH):
    days = {"since": date.fromisoformat(since), "until": date.fromisoformat(until)}
    return income_by_group(by, currency="UZS", kinds=kinds, **days)


def told(found) -> int:
    rest = (found.elsewhere, found.other, found.refunded, found.goods, found.unused)
    return sum(row.sum.amount for row in found.rows) + sum(each.amount for each in rest)


@pytest.fixture
def two_groups(by):
    """A student who is charged 3 000 a month in G1 and 1 000 in G2, both on 1 May."""
    student = a_student(by)
    for name, price in (("G1", 3_000_00), ("G2", 1_000_00)):
        group = a_group(by, a_course(by, name, price=price), name)
        enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 1))
    return student


def test_a_payment_of_someone_in_two_groups_is_counted_once_at_35(by, two_groups):
    paid(by, two_groups, 5_000_00, "k")
    found = report(by)
    assert [(row.name, row.sum.amount) for row in found.rows] == [("G1", 3_000_00), ("G2", 1_000_00)]
    assert (found.unused.amount, found.total.amount) == (1_000_00, 5_000_00)
    june = at(by, "2025-06-02")
    reconcile(june, student_ids=[two_groups.pk])
    found = report(june)
    assert [(row.name, row.sum.amount) for row in found.rows] == [("G1", 4_000_00), ("G2", 1_000_00)]
    assert (found.unused.amount, found.total.amount) == (0, 5_000_00)


def test_the_oldest_money_pays_first_so_what_was_paid_before_is_not_in_the_period(by, two_groups):
    paid(at(by, "2025-04-30"), two_groups, 3_500_00, "before")
    paid(by, two_groups, 700_00, "in")
    found = report(by)
    assert [(row.name, row.sum.amount) for row in found.rows] == [("G2", 500_00)]
    assert (found.unused.amount, found.total.amount) == (200_00, 700_00)
    assert report(by, until="2025-05-01").total.amount == 0


def test_goods_and_refunds_and_corrections_are_lines_of_their_own_and_reversed_payments_are_none(by, two_groups):
    owner = owner_of(by)
    whose = {"student_id": two_groups.pk, "paid_on": by.today}
    reverse_payment(owner, payment_id=paid(owner, two_groups, 9_999, "r").pk, reason="twice")
    paid(owner, two_groups, 6_000_00, "k")
    sell_goods(owner, desk_id=desk(by), thing="Book", quantity=1, price=70_00, key="s", **whose)
    refund(owner, desk_id=desk(by), amount=500_00, key="b", **whose)
    lower_balance(owner, amount=100_00, key="c", note="a fee", **whose)
    found = report(owner)
    assert sum(row.sum.amount for row in found.rows) == 4_000_00
    assert (found.refunded.amount, found.other.amount, found.goods.amount) == (500_00, 100_00, 70_00)
    assert (found.unused.amount, found.total.amount) == (1_400_00, 6_070_00)
    assert report(owner, kinds=(PaymentKind.SALE,)).total.amount == 70_00
    assert report(owner, kinds=(PaymentKind.INCOME,)).goods.amount == 0


def test_what_was_credited_was_not_paid_for(by):
    student = a_student(by)
    row = enrol_active(by, student_id=student.pk, group_id=a_group(by).pk, starts_on=date(2025, 5, 1))
    paid(by, student, 300_000_00, "k")
    later = at(by, "2025-05-20")
    leave_group(later, enrolment_id=row.pk, last_on=date(2025, 5, 19))
    found = report(later)
    assert [row.sum.amount for row in found.rows] == [184_615_00]
    assert found.unused.amount == 115_385_00


def test_a_period_is_at_most_a_year(by):
    assert report(by, "2025-01-01", "2025-12-31").total.amount == 0
    with pytest.raises(PeriodTooLong):
        report(by, "2025-01-01", "2026-01-01")


@pytest.mark.parametrize("seed", range(6))
def test_groups_and_what_is_not_used_come_to_all_payments_of_the_period_to_the_minor_unit(by, seed):
    """Whatever is paid, refunded, corrected, reversed, left and charged, in any order."""
    chance, owner = Random(seed), owner_of(by)
    groups = [a_group(by, a_course(by, f"C{n}", price=chance.randrange(1, 900_000)), f"G{n}") for n in range(3)]
    students = [a_student(by, f"S{n}") for n in range(3)]
    rows = [
        enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, chance.randrange(1, 14)))
        for student in students
        for group in chance.sample(groups, chance.randrange(1, 4))
    ]
    leave_group(owner, enrolment_id=chance.choice(rows).pk, last_on=by.today)
    wanted = 0
    for n in range(12):
        student, amount = chance.choice(students), chance.randrange(1, 700_000)
        day = date(2025, 5, 14) - timedelta(days=chance.randrange(20))
        key = f"{seed} {n}"
        payment = take_payment(
            owner, student_id=student.pk, desk_id=desk(by), amount=amount, paid_on=day, key=key
        )  # fmt: skip
        whose = {"student_id": student.pk, "paid_on": day}
        deed = chance.randrange(5)
        if deed == 0:
            reverse_payment(owner, payment_id=payment.pk, reason="x")
        elif deed == 1:
            refund(owner, desk_id=desk(by), amount=chance.randrange(1, amount + 1), key=f"r{key}", **whose)
        elif deed == 2:
            lower_balance(owner, amount=amount, key=f"d{key}", note="x", **whose)
        elif deed == 3:
            raise_balance(owner, amount=amount, key=f"u{key}", note="x", **whose)
        wanted += amount if deed and day >= date(2025, 5, 1) else 0
    found = report(owner)
    assert told(found) == found.total.amount == wanted
