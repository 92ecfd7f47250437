"""What students brought in during a period; the figures are those of the seed's examples, in whole soum."""

from __future__ import annotations

from datetime import date
from itertools import count

import pytest

from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Lesson
from daftar.finance.models import Desk, PaymentKind
from daftar.finance.services import edit_payment, lower_balance, refund, reverse_payment, sell_goods, take_payment
from daftar.ledger.queries import balances
from daftar.people.models import Student
from daftar.reports.lifetime import Asked, lifetime
from daftar.tuition.services import enrol_active
from tests.cast import a_group, a_student, at, owner_of

keys = count()
INCOME = (PaymentKind.INCOME,)


def paid(by, student, amount: int, on=None):
    desk = Desk.objects.visible_to(by).order_by("id")[0]
    return take_payment(
        by, student_id=student.pk, desk_id=desk.pk, amount=amount * 100, paid_on=on or by.today, key=f"l{next(keys)}"
    )


def report(by, **values):
    asked = {"since": by.today.replace(day=1), "until": by.today, "currency": "UZS"} | values
    return lifetime(by, Asked(**asked))


def lines(found) -> list[tuple[str, int, int, bool]]:
    return [(row.name, row.payments, row.sum.amount // 100, found.is_above(row)) for row in found.rows]


@pytest.fixture
def three(by):
    """A paid 5 000, 3 000 and 300, B 2 000, and C, who is in the archive, 9 000."""
    a, b, c = (a_student(by, name) for name in "ABC")
    for student, amount in ((a, 5_000), (a, 3_000), (a, 300), (b, 2_000), (c, 9_000)):
        paid(by, student, amount)
    Student.objects.visible_to(by).filter(pk=c.pk).update(archived_on=by.today)
    return a, b, c


def test_small_payments_and_the_archive_are_left_out_at_28(by, three):
    found = report(by, kinds=INCOME, above=300_00, with_archived=False)
    assert lines(found) == [("A", 2, 8_000, True), ("B", 1, 2_000, False)]
    assert (found.total.amount, found.average.amount) == (10_000_00, 5_000_00)


def test_without_the_threshold_the_small_payment_counts_too_at_29(by, three):
    found = report(by, kinds=INCOME, with_archived=False)
    assert lines(found) == [("A", 3, 8_300, True), ("B", 1, 2_000, False)]
    assert (found.total.amount, found.average.amount) == (10_300_00, 5_150_00)


def test_the_average_is_that_of_the_students_listed(by, three):
    assert lines(report(by, most=1)) == [("C", 1, 9_000, False)]
    assert [row.name for row in report(by).rows] == ["C", "A", "B"]
    assert report(by, above=10_000_00).average is None


def test_a_sale_counts_where_it_is_asked_for_and_leaves_the_balance_alone_at_22(by):
    student = a_student(by)
    desk = Desk.objects.visible_to(by).order_by("id")[0]
    paid(by, student, 250)
    whose = {"student_id": student.pk, "desk_id": desk.pk, "paid_on": by.today}
    sell_goods(by, thing="Textbook", quantity=1, price=700_00, key="book", **whose)
    assert balances(by, [student.pk]) == {student.pk: 250_00}
    assert lines(report(by, kinds=INCOME)) == [("Farhod Karimov", 1, 250, False)]
    assert lines(report(by, kinds=(PaymentKind.SALE,))) == [("Farhod Karimov", 1, 700, False)]
    assert lines(report(by)) == [("Farhod Karimov", 2, 950, False)]


def test_what_was_reversed_does_not_count_what_was_edited_counts_as_it_stands_and_refunds_are_taken_off(by):
    owner, student, other = owner_of(by), a_student(by), a_student(by, "Only a refund")
    reverse_payment(owner, payment_id=paid(owner, student, 70).pk, reason="twice")
    edit_payment(owner, payment_id=paid(owner, student, 90).pk, reason="typed", values={"amount": 900_00})
    desk = Desk.objects.visible_to(by).order_by("id")[0]
    refund(owner, student_id=student.pk, desk_id=desk.pk, amount=100_00, paid_on=by.today, key="r")
    lower_balance(owner, student_id=student.pk, amount=50_00, paid_on=by.today, key="c", note="a fee")
    paid(at(owner, "2025-04-30"), other, 40)
    refund(owner, student_id=other.pk, desk_id=desk.pk, amount=40_00, paid_on=by.today, key="o")
    assert lines(report(by)) == [("Farhod Karimov", 1, 800, False)]
    assert lines(report(by, above=899_99)) == [("Farhod Karimov", 1, 800, False)]
    assert lines(report(by, above=900_00)) == []


def test_lessons_of_the_period_are_counted_where_the_student_came(by):
    student, group = a_student(by), a_group(by)
    enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 1))
    for lesson in Lesson.objects.visible_to(by).filter(group=group, held_on__range=("2025-05-02", "2025-05-07")):
        absent = {student.pk: None} if lesson.held_on.day == 5 else {}
        conduct_lesson(by, lesson_id=lesson.pk, absent=absent)
    paid(by, student, 100)
    assert [row.lessons for row in report(by).rows] == [2]
    assert [row.lessons for row in report(by, since=date(2025, 5, 7)).rows] == [1]


def test_money_of_another_currency_is_another_report(by):
    paid(by, a_student(by), 100)
    assert report(by, currency="EUR").rows == []
