"""An edited payment is another one in its place; books that are closed are changed by nobody, only corrected later."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from daftar.finance.models import Desk, Payment
from daftar.finance.queries import broken_payments, history_of_payment, payments, takings, totals
from daftar.finance.refusals import (
    AlreadyReversed,
    BackDatingForbidden,
    ClosedAhead,
    ClosedAlready,
    NothingChanged,
    OpenAlready,
    ReasonMissing,
    RefundedMore,
    TooLateToUndo,
)
from daftar.finance.services import (
    close_books,
    edit_payment,
    lower_balance,
    move_money,
    open_desk,
    refund,
    reopen_books,
    restore_payment,
    reverse_payment,
    sell_goods,
    take_payment,
    undo_payment,
)
from daftar.ledger import services as ledger
from daftar.ledger.models import Account, Transfer, TransferKind
from daftar.ledger.queries import balances, broken_transfers, drift, statement
from daftar.ledger.rules import first_open_day
from daftar.ledger.services import BooksAreClosed
from daftar.lib.errors import Forbidden
from daftar.orgs.models import AuditEntry
from daftar.orgs.services import add_branch
from daftar.tuition.services import enrol_active, open_balances, reconcile, take_back
from tests.cast import a_branch, a_group, a_member, a_student, at, owner_of

APRIL, MAY, JUNE = date(2025, 4, 30), date(2025, 5, 31), date(2025, 6, 3)
PAID_ON = date(2025, 5, 14)


@pytest.fixture
def student(by):
    return a_student(by, payer_name="Gulnora")


@pytest.fixture
def desks(by):
    return [row.pk for row in Desk.objects.visible_to(by).order_by("id")]


@pytest.fixture
def paid(by, student, desks):
    return take_payment(owner_of(by), student_id=student.pk, desk_id=desks[0], amount=1000, paid_on=PAID_ON, key="1")


def edited(by, payment, reason="typed wrong", **values):
    return edit_payment(by, payment_id=payment.pk, reason=reason, values=values)


def all_is_well(by) -> bool:
    return not drift(by) and set((broken_transfers(by) | broken_payments(by)).values()) == {0}


# --- edits ------------------------------------------------------------------------------------------------------


def test_an_edited_payment_is_reversed_and_another_takes_its_place(by, student, desks, paid):
    other = a_student(by, "Barno Saidova", payer_name="Karim")
    now = edited(by, paid, amount=1200, desk_id=desks[1], paid_on=date(2025, 5, 12), student_id=other.pk, note="May")
    assert (now.number, now.replaces.number, now.payer_name) == (2, 1, "Karim")
    assert balances(by, [student.pk, other.pk]) == {student.pk: 0, other.pk: 1200}
    assert [(row.number, row.amount) for row in payments(by)] == [(2, 1200)], "the list shows the net line"
    assert [row.number for row in payments(by, with_reversed=True)] == [1, 2]
    again = edited(by, now, amount=1300)
    assert [row.number for row in history_of_payment(by, now)] == [1, 2, 3] == [
        row.number for row in history_of_payment(by, again)
    ]  # fmt: skip
    assert takings(by).sums == {"UZS": 1300}
    assert all_is_well(by)


def test_every_kind_is_edited(by, student, desks, paid):
    sale = sell_goods(
        by, student_id=student.pk, desk_id=desks[0], thing="Pen", quantity=1, price=50, paid_on=by.today, key="s"
    )
    move = move_money(by, desk_id=desks[0], to_desk_id=desks[1], amount=10, paid_on=by.today, key="m")
    down = lower_balance(by, student_id=student.pk, amount=5, paid_on=by.today, key="d", note="why")
    assert edited(by, sale, quantity=3).amount == 150
    assert edited(by, move, desk_id=desks[2]).desk_id == desks[2]
    assert edited(by, down, amount=6, note="counted again").number is None
    assert balances(by, [student.pk]) == {student.pk: 1000 - 6}
    assert all_is_well(by)


def test_an_edit_is_refused_without_reason_right_change_or_a_second_time(by, student, paid):
    with pytest.raises(ReasonMissing):
        edited(by, paid, reason=" ", amount=5)
    with pytest.raises(NothingChanged):
        edited(by, paid, amount=1000)
    with pytest.raises(Forbidden):
        edited(a_member(by, "Kamola", "cashier"), paid, amount=5)
    first = edited(by, paid, amount=5)
    assert edited(by, paid, amount=5).pk == first.pk, "the same form sent again"
    with pytest.raises(AlreadyReversed):
        edited(by, paid, amount=6)
    assert balances(by, [student.pk]) == {student.pk: 5}


def test_a_payment_is_not_edited_below_what_was_refunded_of_it(by, student, desks, paid):
    refund(by, student_id=student.pk, desk_id=desks[0], amount=600, paid_on=by.today, key="r")
    for values in ({"amount": 599}, {"student_id": a_student(by, "Other").pk}):
        with pytest.raises(RefundedMore):
            edited(by, paid, **values)
    edited(by, paid, amount=600)
    assert balances(by, [student.pk]) == {student.pk: 0}
    assert all_is_well(by)


def test_an_edit_dates_back_only_with_the_right_but_keeps_the_day_it_has(by, student, paid):
    owner = owner_of(at(by, "2025-05-16"))
    without = replace(owner, permissions=owner.permissions - {"finance.back_date"})
    with pytest.raises(BackDatingForbidden):
        edited(without, paid, paid_on=date(2025, 5, 13))
    assert edited(without, paid, amount=7).paid_on == PAID_ON


def test_an_edit_is_undone_within_ten_minutes_by_who_made_it(by, student, desks, paid):
    owner, admin = owner_of(by), a_member(by, "Botir", "administrator")
    now = edited(owner, paid, amount=1200)
    for who in (admin, replace(owner, at=owner.at + timedelta(minutes=11))):
        with pytest.raises(TooLateToUndo):
            undo_payment(who, payment_id=now.pk, reason="mistake")
    undo_payment(owner, payment_id=now.pk, reason="mistake")
    assert [(row.number, row.amount) for row in payments(by)] == [(3, 1000)]
    assert balances(by, [student.pk]) == {student.pk: 1000}
    assert all_is_well(by)


def test_a_reversal_is_taken_back_once_by_who_made_it(by, student, paid):
    owner, admin = owner_of(by), a_member(by, "Botir", "administrator")
    reverse_payment(owner, payment_id=paid.pk, reason="mistake")
    with pytest.raises(TooLateToUndo):
        restore_payment(admin, payment_id=paid.pk)
    again = restore_payment(owner, payment_id=paid.pk)
    assert restore_payment(owner, payment_id=paid.pk).pk == again.pk
    assert balances(by, [student.pk]) == {student.pk: 1000}
    assert (again.number, again.replaces_id) == (2, paid.pk)
    now = edited(owner, again, amount=3)
    with pytest.raises(TooLateToUndo):
        restore_payment(replace(owner, at=owner.at + timedelta(minutes=11)), payment_id=again.pk)
    with pytest.raises(AlreadyReversed):
        restore_payment(owner, payment_id=again.pk)
    assert balances(by, [student.pk]) == {student.pk: now.amount}


# --- closed books -----------------------------------------------------------------------------------------------


@pytest.fixture
def june(by, paid):
    """The owner in June, with the books closed up to the end of May."""
    later = owner_of(at(by, JUNE))
    close_books(later, branch_ids=[a_branch(by).pk], closed_until=MAY)
    return later


def test_the_first_open_day_is_the_day_itself_or_the_one_after_the_closed_ones():
    assert first_open_day(MAY, None) == MAY
    assert first_open_day(MAY, MAY) == date(2025, 6, 1)
    assert first_open_day(date(2025, 6, 1), MAY) == date(2025, 6, 1)


def test_nothing_of_any_kind_is_dated_in_closed_books(june, student, desks):
    common = {"student_id": student.pk, "paid_on": MAY, "amount": 1}
    works = [
        lambda: take_payment(june, desk_id=desks[0], key="1b", **common),
        lambda: refund(june, desk_id=desks[0], key="2", **common),
        lambda: lower_balance(june, key="3", note="x", **common),
        lambda: move_money(june, desk_id=desks[0], to_desk_id=desks[1], amount=1, paid_on=MAY, key="4"),
        lambda: sell_goods(
            june, student_id=student.pk, desk_id=desks[0], thing="P", quantity=1, price=1, paid_on=MAY, key="5"
        ),
    ]
    before = Transfer.objects.visible_to(june).count()
    for work in works:
        with pytest.raises(BooksAreClosed) as refused:
            work()
        assert (refused.value.field, refused.value.values) == ("paid_on", {"day": MAY})
    assert Transfer.objects.visible_to(june).count() == before
    assert take_payment(june, desk_id=desks[0], key="6", **common | {"paid_on": date(2025, 6, 1)})


def test_the_other_desk_of_a_move_must_be_open_too(by, june, desks):
    branch = add_branch(june, name="Second", timezone="Asia/Tashkent", currency="UZS", language="en")
    till = open_desk(june, branch_id=branch.pk, name="Till 2", method="cash").pk
    with pytest.raises(BooksAreClosed):
        move_money(june, desk_id=till, to_desk_id=desks[0], amount=1, paid_on=MAY, key="m")


def test_a_reversal_of_a_closed_day_is_dated_the_first_open_one_and_says_what_it_corrects(june, student, paid):
    may = {row.kind: row.amount for row in totals(june, until=MAY)}
    undone = reverse_payment(june, payment_id=paid.pk, reason="mistake")
    assert (undone.transfer.effective_on, undone.transfer.corrects_on) == (date(2025, 6, 1), PAID_ON)
    assert {row.kind: row.amount for row in totals(june, until=MAY)} == may, "May is as it was reported"
    assert {row.kind: row.amount for row in totals(june, since=date(2025, 6, 1))} == {"income": -1000}
    lines = [(line.on, line.amount, line.corrects_on) for line in statement(june, student.pk)]
    assert lines == [(PAID_ON, 1000, None), (date(2025, 6, 1), -1000, PAID_ON)], "both lines stand"
    assert [row.pk for row in payments(june)] == [paid.pk]
    assert all_is_well(june)


def test_an_edit_of_a_closed_day_is_dated_the_first_open_one(june, student, paid):
    now = edited(june, paid, amount=1200)
    assert (now.paid_on, now.transfer.corrects_on) == (date(2025, 6, 1), PAID_ON)
    assert balances(june, [student.pk]) == {student.pk: 1200}
    assert [(line.on, line.amount) for line in statement(june, student.pk)] == [
        (PAID_ON, 1000), (date(2025, 6, 1), -1000), (date(2025, 6, 1), 1200),
    ]  # fmt: skip
    assert sum(row.amount for row in totals(june)) == 1200
    with pytest.raises(BooksAreClosed):
        edited(june, now, paid_on=date(2025, 5, 13))
    edited(june, now, paid_on=date(2025, 6, 2), amount=1300)
    assert balances(june, [student.pk]) == {student.pk: 1300}
    assert all_is_well(june)


def test_charges_of_closed_days_are_posted_and_corrected_on_the_first_open_one_and_once(by, june, student):
    group = a_group(by)
    enrolment = enrol_active(june, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 20))
    [may_charge, june_charge] = Transfer.objects.visible_to(june).filter(kind=TransferKind.CHARGE).order_by("id")
    assert (may_charge.effective_on, may_charge.corrects_on) == (date(2025, 6, 1), date(2025, 5, 20))
    assert (june_charge.effective_on, june_charge.corrects_on) == (date(2025, 6, 1), None)
    assert reconcile(june.trusted(), student_ids=[student.pk]) == 0, "law 1"
    later = owner_of(at(by, "2025-07-10")).trusted()
    close_books(later, branch_ids=[a_branch(by).pk], closed_until=date(2025, 6, 30))
    reconcile(later, student_ids=[student.pk])
    assert reconcile(later, student_ids=[student.pk]) == 0, "what is posted stays when more is closed"
    take_back(later, student_ids=[student.pk])
    undone = Transfer.objects.visible_to(later).filter(kind=TransferKind.REVERSAL)
    assert {row.effective_on for row in undone} == {date(2025, 7, 1)}
    assert {row.corrects_on for row in undone if row.charge_key} >= {date(2025, 6, 1)}
    assert enrolment.pk
    assert all_is_well(later)


def test_the_balance_does_not_depend_on_whether_books_were_closed(by, student):
    group, twin = a_group(by), a_student(by, "Twin")
    june = owner_of(at(by, JUNE))
    enrol_active(june, student_id=twin.pk, group_id=group.pk, starts_on=date(2025, 5, 20))
    close_books(june, branch_ids=[a_branch(by).pk], closed_until=MAY)
    enrol_active(june, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 20))
    found = balances(june, [student.pk, twin.pk])
    assert found[student.pk] == found[twin.pk] < 0


def test_opening_balances_are_not_dated_in_closed_books_and_are_taken_back_after_them(by, student):
    open_balances(by, balances=[(student, 500)], on=date(2025, 5, 1))
    june = owner_of(at(by, JUNE))
    close_books(june, branch_ids=[a_branch(by).pk], closed_until=MAY)
    with pytest.raises(BooksAreClosed):
        open_balances(june.trusted(), balances=[(a_student(by, "B"), 500)], on=MAY)
    take_back(june.trusted(), student_ids=[student.pk])
    row = Transfer.objects.visible_to(by).get(kind="reversal")
    assert (row.effective_on, row.corrects_on) == (date(2025, 6, 1), date(2025, 5, 1))


def test_books_are_closed_only_forward_and_only_before_today(by, june):
    branch = a_branch(by).pk
    with pytest.raises(ClosedAhead):
        close_books(june, branch_ids=[branch], closed_until=JUNE)
    with pytest.raises(ClosedAlready):
        close_books(june, branch_ids=[branch], closed_until=MAY)
    close_books(june, branch_ids=[branch], closed_until=JUNE - timedelta(days=1))


def test_reopening_is_a_right_and_is_recorded_with_its_reason(by, june, student, desks):
    branch = a_branch(by).pk
    admin = a_member(june, "Botir", "administrator")
    for deed in (
        lambda: close_books(admin, branch_ids=[branch], closed_until=JUNE - timedelta(days=1)),
        lambda: reopen_books(admin, branch_id=branch, closed_until=None, reason="x"),
    ):
        with pytest.raises(Forbidden):
            deed()
    with pytest.raises(ReasonMissing):
        reopen_books(june, branch_id=branch, closed_until=APRIL, reason=" ")
    with pytest.raises(OpenAlready):
        reopen_books(june, branch_id=branch, closed_until=MAY, reason="x")
    reopen_books(june, branch_id=branch, closed_until=APRIL, reason="a lost receipt")
    row = AuditEntry.objects.visible_to(by).order_by("-id")[0]
    assert row.verb == "finance.reopen_books"
    assert (row.changes[0]["was"], row.changes[0]["now"]) == (
        {"closed_until": "2025-05-31"}, {"closed_until": "2025-04-30"},
    )  # fmt: skip
    assert row.changes[1]["now"] == {"reason": "a lost receipt"}
    assert take_payment(june, student_id=student.pk, desk_id=desks[0], amount=1, paid_on=MAY, key="9").paid_on == MAY


def test_the_database_itself_lets_nothing_into_closed_books(june, student, desks):
    accounts = Account.objects.visible_to(june)
    values = {
        "debit": accounts.filter(kind="desk")[0], "credit": accounts.get(student=student), "amount": 1,
        "kind": "payment", "posted_at": june.at,
    }  # fmt: skip
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        Transfer.objects.create(org_id=june.org_id, effective_on=MAY, **values)
    Transfer.objects.create(org_id=june.org_id, effective_on=date(2025, 6, 1), **values)


def test_what_the_ledger_forgot_to_check_the_database_says_beside_the_date(june, student, desks, monkeypatch):
    """The planted fault: books look open to everything but the trigger."""
    monkeypatch.setattr(ledger, "closed_books", lambda by, *, branch_ids: {})
    with pytest.raises(ledger.BooksWereClosed) as refused:
        take_payment(june, student_id=student.pk, desk_id=desks[0], amount=1, paid_on=MAY, key="f")
    assert refused.value.field == "paid_on"


def test_another_branch_keeps_its_books_open(by, june):
    branch = add_branch(june, name="Second", timezone="Asia/Tashkent", currency="UZS", language="en")
    desk = Desk.objects.visible_to(june).filter(branch=branch)[0]
    from daftar.people.services import add_student

    other = add_student(june, full_name="B", branch_id=branch.pk)
    assert take_payment(june, student_id=other.pk, desk_id=desk.pk, amount=1, paid_on=MAY, key="b")
    assert Payment.objects.visible_to(june).filter(branch=branch).count() == 1
