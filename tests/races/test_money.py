"""Payments, reversals and charges done sixteen times at the same instant are done once, or each once."""

from __future__ import annotations

import pytest

from daftar.finance.models import Desk, Payment, PaymentReversal
from daftar.finance.services import reverse_payment, take_payment
from daftar.ledger.models import Account, Transfer
from daftar.ledger.queries import balances
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.services import enrol_active, reconcile
from tests.cast import a_group, a_student, at
from tests.races.together import CROWD, at_once, books, kinds

AMOUNT = 1_000_000


@pytest.fixture
def students(by):
    """With an account each, so that a twin has something to look at."""
    with tenant_transaction(by.org_id):
        rows = [a_student(by, f"Student {place}") for place in range(CROWD)]
        reconcile(by, student_ids=[row.pk for row in rows])
    return [row.pk for row in rows]


@pytest.fixture
def desks(by):
    with tenant_transaction(by.org_id):
        return list(Desk.objects.visible_to(by).order_by("id").values_list("id", flat=True))


def paying(by, student_id: int, desk_id: int, key: str, amount: int = AMOUNT):
    return lambda: take_payment(
        by, student_id=student_id, desk_id=desk_id, amount=amount, paid_on=by.today, key=key
    ).pk  # fmt: skip


def stored(by, model, **conditions) -> list:
    with tenant_transaction(by.org_id):
        return list(model.objects.visible_to(by).filter(**conditions).order_by("id"))


def balance(by, student_id: int) -> int:
    with tenant_transaction(by.org_id):
        return balances(by, [student_id])[student_id]


# --- payments ---------------------------------------------------------------------------------------------------


def test_one_form_sent_sixteen_times_is_one_payment(by, students, desks):
    for number, student in enumerate(students[:3], 1):
        answers = at_once(by, [paying(by, student, desks[0], "form-" + str(number))] * CROWD)
        assert len(set(answers)) == 1, answers
        assert len(stored(by, Payment)) == len(stored(by, Transfer)) == number
        assert balance(by, student) == AMOUNT
    assert books(by) == []


def test_sixteen_payments_of_one_student_add_up_and_are_numbered(by, students, desks):
    works = [paying(by, students[0], desks[n % 3], f"k{n}", amount=AMOUNT + n) for n in range(CROWD)]
    assert kinds(at_once(by, works)) == {"done": CROWD}
    assert sorted(row.number for row in stored(by, Payment)) == list(range(1, CROWD + 1))
    assert balance(by, students[0]) == sum(AMOUNT + n for n in range(CROWD))
    assert books(by) == []


def test_the_first_payments_of_sixteen_students_are_numbered_without_a_gap(by, students, desks):
    works = [paying(by, student, desks[n % 3], f"k{n}") for n, student in enumerate(students)]
    assert kinds(at_once(by, works)) == {"done": CROWD}
    assert sorted(row.number for row in stored(by, Payment)) == list(range(1, CROWD + 1))
    assert books(by) == []


def test_one_key_for_sixteen_students_is_one_payment(by, students, desks):
    answers = at_once(by, [paying(by, student, desks[0], "one key") for student in students])
    assert sum(isinstance(answer, int) for answer in answers) == 1, kinds(answers)
    assert len(stored(by, Payment)) == len(stored(by, Transfer)) == 1
    assert books(by) == []


def test_one_payment_is_reversed_once(by, students, desks):
    with tenant_transaction(by.org_id):
        made = [paying(by, student, desks[0], f"k{student}")() for student in students[:3]]
    for payment in made:
        reversing = [lambda pk=payment: reverse_payment(by, payment_id=pk, reason="mistake")] * CROWD
        assert kinds(at_once(by, reversing)) == {"done": 1, "AlreadyReversed": CROWD - 1}
    assert len(stored(by, PaymentReversal)) == len(stored(by, Transfer, kind="reversal")) == len(made)
    assert balance(by, students[0]) == 0
    assert books(by) == []


def test_the_lock_alone_keeps_a_form_one_payment(by, students, desks, without_rule):
    without_rule("daftar_payment", "payment_once")
    without_rule("daftar_transfer", "transfer_key_once")
    at_once(by, [paying(by, students[0], desks[0], "form")] * CROWD)
    assert len(stored(by, Payment)) == len(stored(by, Transfer)) == 1


def test_the_unique_rule_alone_keeps_a_form_one_payment(by, students, desks, without_lock):
    answers = at_once(by, [paying(by, students[0], desks[0], "form")] * CROWD)
    assert kinds(answers) == {"done": 1, "KeyUsed": CROWD - 1}
    assert len(stored(by, Payment)) == len(stored(by, Transfer)) == 1
    assert books(by) == []


def test_without_lock_and_rule_a_form_would_be_many_payments(by, students, desks, without_lock, without_rule):
    without_rule("daftar_payment", "payment_once")
    without_rule("daftar_transfer", "transfer_key_once")
    at_once(by, [paying(by, students[0], desks[0], "form")] * CROWD)
    assert len(stored(by, Payment)) == len(stored(by, Transfer)) == CROWD


def test_a_balance_read_added_to_and_saved_would_lose_payments(by, students, everybody_looked):
    """The naive twin of moving a kept balance."""

    def naively() -> None:
        account = Account.objects.visible_to(by).get(student_id=students[0])
        account.balance += AMOUNT
        everybody_looked.wait()
        account.save(update_fields=["balance"])

    assert kinds(at_once(by, [naively] * CROWD)) == {"done": CROWD}
    assert balance(by, students[0]) == AMOUNT


# --- charges ----------------------------------------------------------------------------------------------------


@pytest.fixture
def owing(by):
    """Three students activated in May; by September four more months are due to each."""
    with tenant_transaction(by.org_id):
        group, rows = a_group(by), [a_student(by, name) for name in ("Aziz", "Bek", "Lola")]
        for row in rows:
            enrol_active(by, student_id=row.pk, group_id=group.pk, starts_on=by.today)
    return [row.pk for row in rows]


def recounting(by, student_ids):
    return lambda: reconcile(by, student_ids=student_ids)


def charged(by) -> list[str]:
    return [row.charge_key for row in stored(by, Transfer, kind="charge")]


def test_two_or_sixteen_that_reconcile_one_student_charge_each_month_once(by, owing):
    later = at(by, "2025-09-14")
    for student in owing:
        assert sorted(at_once(by, [recounting(later, [student])] * CROWD)) == [0] * (CROWD - 1) + [4], "law 9"
    assert len(charged(by)) == len(set(charged(by))) == len(owing) * 5
    assert books(by) == []


def test_reconciling_everybody_in_any_order_charges_each_month_once(by, owing):
    later = at(by, "2025-09-14")
    orders = [owing, owing[::-1], owing[1:], owing[:1]]
    answers = at_once(by, [recounting(later, orders[n % 4]) for n in range(CROWD)])
    assert sum(answers) == len(owing) * 4
    assert len(charged(by)) == len(set(charged(by))) == len(owing) * 5
    assert books(by) == []


def test_the_lock_alone_keeps_charges_single(by, owing, without_rule):
    without_rule("daftar_transfer", "charge_posted_once")
    at_once(by, [recounting(at(by, "2025-09-14"), owing)] * CROWD)
    assert len(charged(by)) == len(set(charged(by))) == len(owing) * 5


def test_the_unique_rule_alone_keeps_charges_single(by, owing, without_lock):
    answers = at_once(by, [recounting(at(by, "2025-09-14"), owing)] * CROWD)
    assert kinds(answers) == {"done": 1, "IntegrityError": CROWD - 1}
    assert len(charged(by)) == len(set(charged(by))) == len(owing) * 5
    assert books(by) == []


def test_without_lock_and_rule_charges_would_be_doubled(by, owing, without_lock, without_rule):
    without_rule("daftar_transfer", "charge_posted_once")
    at_once(by, [recounting(at(by, "2025-09-14"), owing)] * CROWD)
    assert len(charged(by)) == len(owing) * (1 + 4 * CROWD)
