"""The laws of tuition over random histories of a whole centre, through the verbs and the real database.

1 reconciling twice changes nothing · 4 all accounts add up to zero · 5 a kept balance is the sum of its transfers ·
6 no charge is negative or above its price · 7 without its facts a charge nets to zero · 8 a preview is what is posted.
Laws 2 and 3 are shown over the pure rules; 9 in the races; 10 in the crash test.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daftar.attendance.queries import expected_students, reasons
from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Enrolment, Lesson
from daftar.courses.rules import PlanKind
from daftar.finance.models import Desk, Payment
from daftar.finance.queries import broken_payments
from daftar.finance.services import reverse_payment, take_payment
from daftar.ledger.models import Account, Transfer
from daftar.ledger.queries import balances, broken_transfers, drift, live_charges
from daftar.lib.errors import Refusal
from daftar.lib.tenancy import tenant_transaction
from daftar.people.models import Student
from daftar.tuition import rules
from daftar.tuition.facts import facts_of
from daftar.tuition.rehearsal import rehearse
from daftar.tuition.services import activate, charge_key, reconcile
from tests.cast import a_centre, a_course, a_group, a_student, enrolled

FIRST = date(2025, 5, 1)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["conduct", "correct", "pay", "reverse", "activate", "days"]),
        st.integers(0, 5),
        st.integers(1, 40),
    ),
    min_size=6,
    max_size=18,
)


@pytest.fixture
def centre(db):
    """Two groups, one per plan, three students in both, all on trial."""
    by = a_centre(at=datetime.combine(FIRST, time(12), tzinfo=UTC))
    with tenant_transaction(by.org_id):
        lessons = a_course(by, "Lessons", plan=PlanKind.PER_LESSON, price=10_000_000, lessons_count=3)
        months = a_course(by, "Months", price=30_000_000)
        groups = [
            a_group(by, lessons, "L", starts_on="2025-05-01", last_on="2025-09-15"),
            a_group(by, months, "M", weekdays=(2, 4), starts_on="2025-05-06", last_on="2025-08-20"),
        ]
        for name in ("Aziz", "Bek", "Lola"):
            student = a_student(by, name)
            for group in groups:
                enrolled(by, student, group, "2025-05-06")
        yield by


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_laws_hold_after_every_step_of_any_history(centre, steps):
    with transaction.atomic():
        by = centre
        for number, (kind, who, figure) in enumerate(steps):
            by = do(by, kind, who, figure, f"{number}")
            check(by)
        transaction.set_rollback(True)


def do(by, kind: str, who: int, figure: int, key: str):
    """One fact more; a refusal is an answer too."""
    try:
        if kind == "days":
            by = replace(by, at=by.at + timedelta(days=figure))
            reconcile(by, student_ids=all_students(by))
        elif kind in {"conduct", "correct"}:
            teach(by, conducted=kind == "correct", who=who, figure=figure)
        elif kind == "pay":
            pay(by, who, figure, key)
        elif kind == "reverse" and (paid := Payment.objects.visible_to(by).order_by("id")[who : who + 1]):
            reverse_payment(by, payment_id=paid[0].pk, reason="mistake")
        elif kind == "activate":
            start(by, who, figure)
    except Refusal:
        pass
    return by


def teach(by, *, conducted: bool, who: int, figure: int) -> None:
    rows = Lesson.objects.visible_to(by).filter(held_on__lte=by.today, status="conducted" if conducted else "planned")
    lesson = rows.order_by("starts_at", "id")[figure % 5 : figure % 5 + 1]
    if lesson:
        known = [None, *(reason.pk for reason in reasons(by))]
        people = sorted(expected_students(by, lesson[0].pk))
        absent = dict.fromkeys(people[: who % 3], known[figure % 3])
        conduct_lesson(by, lesson_id=lesson[0].pk, absent=absent)


def pay(by, who: int, figure: int, key: str) -> None:
    student, desk = all_students(by)[who % 3], Desk.objects.visible_to(by).order_by("id")[0]
    take_payment(by, student_id=student, desk_id=desk.pk, amount=figure * 1_234_567, paid_on=by.today, key=key)


def start(by, who: int, figure: int) -> None:
    row = Enrolment.objects.visible_to(by).order_by("id")[who]
    on = row.starts_on + timedelta(days=figure)
    before = balances(by, [row.student_id])[row.student_id]
    preview = rehearse(by, [row.student_id], lambda: activate(by, enrolment_id=row.pk, activated_on=on))[0]
    activate(by, enrolment_id=row.pk, activated_on=on)
    after = balances(by, [row.student_id])[row.student_id]
    assert preview.after.amount == after, "law 8"
    assert after - before == sum(line.amount.amount for line in preview.lines), "law 8"


def all_students(by) -> list[int]:
    return list(Student.objects.visible_to(by).order_by("id").values_list("id", flat=True))


def check(by) -> None:
    assert drift(by) == [], "law 5"
    assert set((broken_transfers(by) | broken_payments(by)).values()) == {0}
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT coalesce(sum(total), 0) FROM (
                SELECT a.id, (SELECT coalesce(sum(amount), 0) FROM daftar_transfer WHERE credit_id = a.id)
                           - (SELECT coalesce(sum(amount), 0) FROM daftar_transfer WHERE debit_id = a.id) AS total
                FROM daftar_account a) sums
        """)
        assert cursor.fetchone()[0] == 0, "law 4"
    students = list(Student.objects.visible_to(by).select_related("branch__org"))
    accounts = {row.student_id: row.pk for row in Account.objects.visible_to(by).filter(kind="student")}
    facts, live = facts_of(by, students), live_charges(by, list(accounts.values()))
    for student in students:
        due = {charge_key(draft): draft.amount for draft in rules.due(facts[student.pk], by.today)}
        assert {row.charge_key: row.amount for row in live.get(accounts.get(student.pk), [])} == due, (
            "what is posted is what is due"
        )
        assert all(0 < amount <= 30_000_000 for amount in due.values()), "law 6"
        paid = Payment.objects.visible_to(by).filter(student=student)
        income = sum(row.amount for row in paid if not undone(by, row))
        assert balances(by, [student.pk])[student.pk] == income - sum(due.values()), "law 7"
    moved = Transfer.objects.visible_to(by).count()
    assert reconcile(by, student_ids=[student.pk for student in students]) == 0, "law 1"
    assert Transfer.objects.visible_to(by).count() == moved


def undone(by, payment) -> bool:
    return Transfer.objects.visible_to(by).filter(reverses_id=payment.transfer_id).exists()


def test_the_laws_notice_a_kept_balance_that_moved_without_a_transfer(centre):
    account = Account.objects.visible_to(centre).filter(kind="student").first()
    if account is None:
        pay(centre, 0, 1, "k")
        account = Account.objects.visible_to(centre).filter(kind="student").first()
    Account.objects.visible_to(centre).filter(pk=account.pk).update(balance=1)
    with pytest.raises(AssertionError, match="law 5"):
        check(centre)
