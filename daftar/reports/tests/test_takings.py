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
        return found.count, found.sums.get("UZS", 0)

    assert shown(0) == (1, 10_000_00)
    a_payment(by, student, 5_000_00)
    assert shown(0) == (2, 15_000_00)
    reverse_payment(by, payment_id=first.pk, reason="twice")
    assert shown(0) == (2, 15_000_00)
    assert shown(1) == (1, 5_000_00)


def test_what_came_in_last_month_is_not_this_months(by):
    student = a_student(by)
    a_payment(at(by, "2025-04-30"), student, 10_000_00)
    assert takings.takings_of_month(at(by, "2025-05-01")).sums == {}
    a_payment(at(by, "2025-05-01"), student, 7_000_00)
    assert takings.takings_of_month(at(by, "2025-05-01")).sums == {"UZS": 7_000_00}
