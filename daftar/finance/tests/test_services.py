"""Taking money: a numbered receipt and a transfer in one, once, and undone only by its opposite."""

from datetime import date, timedelta

import pytest

from daftar.finance.models import Desk, Payment, PaymentReversal
from daftar.finance.queries import broken_payments, get_payment, payments, takings
from daftar.finance.refusals import (
    AlreadyReversed,
    BackDatingForbidden,
    DeskElsewhere,
    DeskIsClosed,
    KeyUsed,
    NothingPaid,
    PaidAhead,
    ReasonMissing,
    TooMuchPaid,
)
from daftar.finance.services import edit_desk, open_desk, reverse_payment, take_payment
from daftar.ledger.models import Transfer
from daftar.ledger.queries import balances, broken_transfers, desk_balances, drift, statement
from daftar.lib.errors import Forbidden, NotFound
from daftar.orgs.models import AuditEntry
from daftar.orgs.services import add_branch
from tests.cast import a_member, a_student


@pytest.fixture
def student(by):
    return a_student(by, payer_name="Gulnora Karimova")


@pytest.fixture
def desk(by):
    return Desk.objects.visible_to(by).order_by("id")[0]


def pay(by, student, desk, **values):
    return take_payment(
        by,
        **{"student_id": student.pk, "desk_id": desk.pk, "amount": 35_000_000, "paid_on": by.today, "key": "k"}
        | values,
    )


def test_a_payment_moves_money_from_the_desk_to_the_student_with_a_receipt(by, student, desk):
    payment = pay(by, student, desk, note="for May")

    assert (payment.number, payment.payer_name) == (1, "Gulnora Karimova")
    assert balances(by, [student.pk]) == {student.pk: 35_000_000}
    assert desk_balances(by, [desk.account_id]) == {desk.account_id: 35_000_000}
    assert [(line.kind, line.amount, line.note) for line in statement(by, student.pk)] == [
        ("payment", 35_000_000, "for May")
    ]
    assert drift(by) == []
    assert set((broken_transfers(by) | broken_payments(by)).values()) == {0}


def test_the_same_form_twice_is_one_payment(by, student, desk):
    assert pay(by, student, desk).pk == pay(by, student, desk).pk
    assert Payment.objects.visible_to(by).count() == Transfer.objects.visible_to(by).count() == 1


def test_a_key_used_for_another_sum_is_refused(by, student, desk):
    pay(by, student, desk)
    with pytest.raises(KeyUsed):
        pay(by, student, desk, amount=1_000)


def test_receipts_count_per_branch(by, student, desk):
    assert [pay(by, student, desk, key=f"k{number}").number for number in range(3)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("values", "refusal", "field"),
    [
        ({"amount": 0}, NothingPaid, "amount"),
        ({"amount": -5}, NothingPaid, "amount"),
        ({"amount": 10**14}, TooMuchPaid, "amount"),
        ({"paid_on": date(2025, 5, 15)}, PaidAhead, "paid_on"),
    ],
)
def test_wrong_values_are_refused_beside_their_field_and_nothing_is_saved(by, student, desk, values, refusal, field):
    with pytest.raises(refusal) as refused:
        pay(by, student, desk, **values)
    assert refused.value.field == field
    assert not Payment.objects.visible_to(by).exists()
    assert not Transfer.objects.visible_to(by).exists()


def test_only_the_owner_dates_back(by, student, desk):
    cashier, yesterday = a_member(by, "Kamola", "cashier"), by.today - timedelta(days=1)
    with pytest.raises(BackDatingForbidden):
        pay(cashier, student, desk, paid_on=yesterday)
    assert pay(by, student, desk, paid_on=yesterday).paid_on == yesterday


def test_a_closed_desk_takes_nothing(by, student, desk):
    edit_desk(by, desk_id=desk.pk, name=desk.name, is_open=False)
    with pytest.raises(DeskIsClosed):
        pay(by, student, desk)


def test_a_desk_of_another_branch_is_refused(by, student):
    branch = add_branch(by, name="Second", timezone="Asia/Tashkent", currency="UZS", language="en")
    elsewhere = open_desk(by, branch_id=branch.pk, name="Till 2", method="cash")
    with pytest.raises(DeskElsewhere):
        pay(by, student, elsewhere)


def test_a_reversal_restores_the_balance_and_keeps_both_with_the_reason(by, student, desk):
    payment = pay(by, student, desk)

    reverse_payment(by, payment_id=payment.pk, reason="wrong student")

    assert balances(by, [student.pk]) == {student.pk: 0}
    assert get_payment(by, payment.pk).is_reversed
    assert statement(by, student.pk) == []
    assert [line.amount for line in statement(by, student.pk, with_reversed=True)] == [35_000_000, -35_000_000]
    assert takings(by).sums == {}
    assert payments(by).count() == 0
    assert payments(by, with_reversed=True).count() == 1
    assert set((broken_transfers(by) | broken_payments(by)).values()) == {0}


def test_a_payment_is_reversed_once_and_with_a_reason(by, student, desk):
    payment = pay(by, student, desk)
    with pytest.raises(ReasonMissing):
        reverse_payment(by, payment_id=payment.pk, reason="  ")
    reverse_payment(by, payment_id=payment.pk, reason="mistake")
    with pytest.raises(AlreadyReversed):
        reverse_payment(by, payment_id=payment.pk, reason="again")
    assert PaymentReversal.objects.visible_to(by).count() == 1


def test_each_verb_leaves_one_audit_row(by, student, desk):
    before = AuditEntry.objects.visible_to(by).count()
    payment = pay(by, student, desk)
    pay(by, student, desk)  # the same form again changes nothing and says nothing
    reverse_payment(by, payment_id=payment.pk, reason="mistake")
    rows = list(AuditEntry.objects.visible_to(by).order_by("id"))[before:]
    assert [row.verb for row in rows] == ["finance.take_payment", "finance.reverse_payment"]
    assert rows[1].changes[0]["now"]["reason"] == "mistake"


def test_who_may_not_is_refused_and_strangers_rows_are_not_found(by, student, desk):
    teacher = a_member(by, "Dilnoza", "teacher")
    with pytest.raises(Forbidden):
        pay(teacher, student, desk)
    with pytest.raises(NotFound):
        pay(by, student, desk, desk_id=desk.pk + 10**6)
    with pytest.raises(Forbidden):
        reverse_payment(a_member(by, "Kamola", "cashier"), payment_id=1, reason="x")
