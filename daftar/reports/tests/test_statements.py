"""The statement of a period by the numbers of the specification: AT-20 to AT-22."""

from datetime import date

import pytest

from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Lesson
from daftar.courses.rules import PlanKind
from daftar.finance.models import Desk
from daftar.finance.services import lower_balance, refund, sell_goods, take_payment
from daftar.ledger.queries import balances
from daftar.lib.errors import Forbidden, NotFound
from daftar.reports.statements import period_statement
from daftar.tuition.services import enrol_active, open_balances
from tests.cast import a_centre, a_course, a_group, a_member, a_student, at

MAY = {"since": date(2025, 5, 1), "until": date(2025, 5, 31)}


@pytest.fixture
def now(by):
    return at(by, "2025-06-02")


@pytest.fixture
def desk(by):
    return Desk.objects.visible_to(by).order_by("id")[0].pk


@pytest.fixture
def at20(by, now, desk):
    """Before 1 May: income 2,000, charges 1,500. In May: income 1,000, correction -200, three charges of 250."""
    student = a_student(now)
    open_balances(now, balances=[(student, -150_000)], on=date(2025, 4, 10))
    common = {"student_id": student.pk, "desk_id": desk}
    take_payment(now, amount=200_000, paid_on=date(2025, 4, 15), key="a", **common)
    take_payment(now, amount=100_000, paid_on=date(2025, 5, 5), key="b", **common)
    lower_balance(now, student_id=student.pk, amount=20_000, paid_on=date(2025, 5, 6), key="c", note="old debt")
    course = a_course(now, plan=PlanKind.PER_LESSON, price=25_000)
    group = a_group(now, course, starts_on="2025-05-01")
    enrol_active(now, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 12))
    for lesson in Lesson.objects.visible_to(now).filter(group=group, held_on__gte="2025-05-12").order_by("held_on")[:3]:
        conduct_lesson(now, lesson_id=lesson.pk, absent={}, topic="")
    return student


def test_at20_incoming_income_expense_outgoing(now, at20):
    found = period_statement(now, at20.pk, **MAY)
    assert (found.incoming, found.raised, found.lowered, found.outgoing) == (50_000, 100_000, 95_000, 55_000)
    assert [line.amount for line in found.lines] == [100_000, -20_000, -25_000, -25_000, -25_000]
    assert balances(now, [at20.pk]) == {at20.pk: found.outgoing}


def test_at21_a_refund_stands_under_expense(now, at20, desk):
    refund(now, student_id=at20.pk, desk_id=desk, amount=30_000, paid_on=date(2025, 5, 30), key="r")
    found = period_statement(now, at20.pk, **MAY)
    assert balances(now, [at20.pk]) == {at20.pk: 25_000}
    assert (found.raised, found.lowered, found.outgoing) == (100_000, 125_000, 25_000)
    assert [line.amount for line in found.lines if line.kind == "refund"] == [-30_000]


def test_at22_a_sale_does_not_touch_the_statement(now, at20, desk):
    before = period_statement(now, at20.pk, **MAY)
    sell_goods(
        now, student_id=at20.pk, desk_id=desk, thing="Textbook", quantity=1, price=70_000, paid_on=date(2025, 5, 30),
        key="s",
    )  # fmt: skip
    assert period_statement(now, at20.pk, **MAY) == before
    assert balances(now, [at20.pk]) == {at20.pk: 55_000}


def test_periods_that_follow_one_another_fit_together(now, at20):
    days = [date(2025, 4, 1), date(2025, 5, 6), date(2025, 5, 14), date(2025, 6, 30)]
    parts = [
        period_statement(now, at20.pk, since=since, until=until)
        for since, until in ((days[0], date(2025, 5, 5)), (days[1], date(2025, 5, 13)), (days[2], days[3]))
    ]
    assert parts[0].incoming == 0
    assert [part.incoming for part in parts[1:]] == [part.outgoing for part in parts[:-1]]
    assert parts[-1].outgoing == balances(now, [at20.pk])[at20.pk]


def test_strangers_and_teachers_get_no_statement(now, at20):
    with pytest.raises(NotFound):
        period_statement(a_centre("other"), at20.pk, **MAY)
    with pytest.raises(Forbidden):
        period_statement(a_member(now, "Dilnoza", "teacher"), at20.pk, **MAY)
