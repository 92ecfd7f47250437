"""What came in this month, as the first page says it."""

from dataclasses import replace
from datetime import timedelta

from daftar.finance.models import Desk
from daftar.finance.services import reverse_payment, take_payment
from daftar.lib.kept import Kept
from daftar.reports import takings
from tests.cast import a_student, at


def a_payment(by, student, amount: int):
    desk = Desk.objects.visible_to(by).order_by("id")[0]
    return take_payment(
        by, student_id=student.pk, desk_id=desk.pk, amount=amount, paid_on=by.today, key=f"{by.today} {amount}"
    )


def test_a_month_of_many_payments_shows_today_at_once_and_the_days_before_within_a_minute(by, monkeypatch):
    monkeypatch.setattr(takings, "MANY", 0)
    monkeypatch.setattr(takings, "_kept", Kept())
    student = a_student(by)
    yesterday = at(by, by.today - timedelta(days=1))
    first = a_payment(yesterday, student, 10_000_00)

    def shown(minutes: int) -> tuple[int, int]:
        found = takings.takings_of_month(replace(by, at=by.at + timedelta(minutes=minutes)))
        return found.students, found.sums.get("UZS", 0)

    assert shown(0) == (1, 10_000_00)
    a_payment(by, student, 5_000_00)
    assert shown(0) == (1, 15_000_00)
    a_payment(by, a_student(by, "Malika"), 3_000_00)
    assert shown(0) == (2, 18_000_00)
    reverse_payment(by, payment_id=first.pk, reason="twice")
    assert shown(0) == (3, 18_000_00)
    assert shown(1) == (2, 8_000_00)


def test_what_came_in_last_month_is_not_this_months(by):
    student = a_student(by)
    a_payment(at(by, "2025-04-30"), student, 10_000_00)
    assert takings.takings_of_month(at(by, "2025-05-01")).sums == {}
    a_payment(at(by, "2025-05-01"), student, 7_000_00)
    assert takings.takings_of_month(at(by, "2025-05-01")).sums == {"UZS": 7_000_00}


def test_e36_a_student_with_two_payments_in_may_and_one_in_april_is_one_who_paid_in_may(by):
    student = a_student(by)
    for day, amount in (("2025-04-29", 100_000_00), ("2025-05-05", 200_000_00), ("2025-05-14", 300_000_00)):
        a_payment(at(by, day), student, amount)
    may = at(by, "2025-05-14")

    def shown() -> tuple[int, dict[str, int]]:
        found = takings.takings_of_month(may)
        return found.students, found.sums

    assert shown() == (1, {"UZS": 500_000_00})
    other = a_student(by, "Malika")
    earlier, now = a_payment(at(by, "2025-05-05"), other, 10_000_00), a_payment(may, other, 20_000_00)
    assert shown() == (2, {"UZS": 530_000_00})
    reverse_payment(may, payment_id=earlier.pk, reason="not hers")
    assert shown() == (2, {"UZS": 520_000_00}), "one of two was reversed, the other stands"
    reverse_payment(may, payment_id=now.pk, reason="not hers")
    assert shown() == (1, {"UZS": 500_000_00})
    assert takings.takings_of_month(at(by, "2025-04-30")).students == 1
