"""Verbs on money in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from daftar.finance.models import Desk, Method, Payment, PaymentReversal, Promise, ReceiptCounter
from daftar.ledger import services as ledger
from daftar.ledger.models import TransferKind
from daftar.ledger.queries import balances
from daftar.lib.errors import Refusal
from daftar.lib.money import LARGEST_MAJOR, exponent
from daftar.orgs.access import Actor, add, change, verb
from daftar.orgs.models import Branch
from daftar.orgs.queries import today_in
from daftar.people.models import Student

if TYPE_CHECKING:
    from datetime import date


UNDO_WITHIN = timedelta(minutes=10)
LONGEST_PROMISE = timedelta(days=366)


class NothingPaid(Refusal):
    field = "amount"
    text = _("Write an amount above zero.")


class TooMuchPaid(Refusal):
    field = "amount"
    text = _("This is more than any payment can be. Check the zeros.")


class PaidAhead(Refusal):
    field = "paid_on"
    text = _("A payment cannot be dated after today.")


class BackDatingForbidden(Refusal):
    field = "paid_on"
    text = _("Only the owner may record a payment dated before today.")


class DeskIsClosed(Refusal):
    field = "desk_id"
    text = _("This desk is closed.")


class DeskElsewhere(Refusal):
    field = "desk_id"
    text = _("This desk belongs to another branch than the student.")


class KeyUsed(Refusal):
    """The form was sent before with other values."""

    constraints = (
        "payment_once",
        "transfer_key_once",
    )
    text = _("This form recorded another payment already. Open a new one.")


class AlreadyReversed(Refusal):
    constraints = (
        "payment_reversed_once",
        "reversed_once",
    )
    field = "reason"
    text = _("This payment is reversed already.")


class TooLateToUndo(Refusal):
    """Too late, or somebody else's."""

    text = _("This can no longer be undone. Ask an administrator to reverse it.")


class ReasonMissing(Refusal):
    field = "reason"
    text = _("Write why it is reversed.")


class PromisedTooLate(Refusal):
    field = "promised_for"
    text = _("A promise is for today or a later day, within a year.")


class NothingOwed(Refusal):
    text = _("This student owes nothing now.")


class PromiseReplaced(Refusal):
    constraints = ("promise_stands_once",)
    text = _("There is a newer promise already.")


class DeskNameTaken(Refusal):
    constraints = ("desk_name_once",)
    field = "name"
    text = _("This branch has a desk with this name already.")


@verb("finance.take_payment")
def take_payment(
    by: Actor, *, student_id: int, desk_id: int, amount: int, paid_on: date, key: str, note: str = ""
) -> Payment:
    """Records money received: a numbered receipt and a transfer from the desk to the student, in one.

    `amount` in minor units. The same `key` again answers the payment it made the first time, however often and
    however simultaneously it is sent.
    """
    student: Student = Student.objects.visible_to(by).select_related("branch", "payer").one(pk=student_id)
    # Under this lock a second copy of the same form finds what the first one made.
    account = ledger.student_accounts(by.trusted(), students=[student])[student.pk]
    made = Payment.objects.visible_to(by).filter(idempotency_key=key).first()
    if made is not None:
        if (made.student_id, made.amount, made.desk_id, made.paid_on) != (student_id, amount, desk_id, paid_on):
            raise KeyUsed
        return made
    desk: Desk = Desk.objects.visible_to(by).select_related("account").one(pk=desk_id)
    _check_payment(by, student, desk, amount, paid_on)
    move = ledger.Move(
        desk.account_id, account.pk, amount, TransferKind.PAYMENT, paid_on, idempotency_key=f"payment:{key}", note=note
    )
    transfer = ledger.post(by.trusted(), moves=[move])[0]
    return add(
        by, Payment, branch_id=student.branch_id, student=student, desk=desk, transfer=transfer,
        number=_next_number(by, student.branch_id), amount=amount, paid_on=paid_on,
        payer_name=student.payer.name if student.payer else "", note=note, member_id=by.member_id,
        recorded_at=by.at, idempotency_key=key,
    )  # fmt: skip


@verb("finance.take_payment")
def undo_payment(by: Actor, *, payment_id: int, reason: str) -> PaymentReversal:
    """Takes back a payment that one has recorded oneself within the last ten minutes; later it is reversed."""
    payment: Payment = Payment.objects.visible_to(by).one(pk=payment_id)
    if payment.member_id != by.member_id or by.at - payment.recorded_at > UNDO_WITHIN:
        raise TooLateToUndo
    return reverse_payment(by.trusted(), payment_id=payment_id, reason=reason)


@verb("finance.reverse_payment")
def reverse_payment(by: Actor, *, payment_id: int, reason: str) -> PaymentReversal:
    """Undoes a payment by an opposite transfer of the same date; both stay on record with the reason."""
    payment: Payment = Payment.objects.visible_to(by).select_related("transfer", "student__branch").one(pk=payment_id)
    ledger.student_accounts(by.trusted(), students=[payment.student])
    if PaymentReversal.objects.visible_to(by).filter(payment=payment).exists():
        raise AlreadyReversed
    if not reason.strip():
        raise ReasonMissing
    undo = ledger.reversal_of(payment.transfer, on=payment.paid_on, note=reason.strip())
    transfer = ledger.post(by.trusted(), moves=[undo])[0]
    return add(
        by, PaymentReversal, payment=payment, transfer=transfer, reason=reason.strip(), member_id=by.member_id,
        reversed_at=by.at,
    )  # fmt: skip


@verb("finance.promise")
def promise(by: Actor, *, student_id: int, promised_for: date, note: str = "") -> Promise:
    """Notes the day on which someone who owes said to pay; it takes the place of an earlier promise."""
    rows = Student.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    student: Student = rows.select_related("branch").one(pk=student_id)
    today = today_in(by, student.branch)
    if not today <= promised_for <= today + LONGEST_PROMISE:
        raise PromisedTooLate
    if balances(by.trusted(), [student_id])[student_id] >= 0:
        raise NothingOwed
    earlier: Promise | None = Promise.objects.visible_to(by).filter(student=student, stands=True).first()
    if earlier:
        change(by, earlier, stands=False)
    made = add(
        by, Promise, student=student, promised_for=promised_for, made_on=today, note=note, member_id=by.member_id
    )
    if earlier:
        change(by, earlier, replaced_by=made)
    return made


@verb("finance.promise")
def withdraw_promise(by: Actor, *, promise_id: int) -> Promise:
    """Takes a promise back; the one that it replaced stands again."""
    found: Promise = Promise.objects.visible_to(by).select_related("student").one(pk=promise_id)
    Student.objects.visible_to(by).select_for_update(no_key=True).one(pk=found.student_id)
    found.refresh_from_db(fields=["stands"])
    if not found.stands:
        raise PromiseReplaced
    change(by, found, stands=False)
    if earlier := Promise.objects.visible_to(by).filter(replaced_by=found).first():
        change(by, earlier, stands=True, replaced_by=None)
    return found


@verb("finance.manage_desks")
def open_desk(by: Actor, *, branch_id: int, name: str, method: str) -> Desk:
    """A new till, bank or acquirer account of a branch."""
    branch: Branch = Branch.objects.visible_to(by).one(pk=branch_id)
    rows = Desk.objects.visible_to(by).filter(branch=branch)
    if rows.filter(name=name).exists():
        raise DeskNameTaken
    account = ledger.open_desk_account(by.trusted(), branch_id=branch.pk, currency=branch.currency, name=name)
    return add(by, Desk, branch=branch, name=name, method=Method(method).value, account=account, place=rows.count() + 1)


@verb("finance.manage_desks")
def edit_desk(by: Actor, *, desk_id: int, name: str, is_open: bool) -> Desk:
    """Renames, closes or reopens a desk; its money and its history stay."""
    desk: Desk = Desk.objects.visible_to(by).select_for_update(no_key=True).one(pk=desk_id)
    if Desk.objects.visible_to(by).filter(branch_id=desk.branch_id, name=name).exclude(pk=desk_id).exists():
        raise DeskNameTaken
    change(by, desk, name=name, is_open=is_open)
    return desk


@verb("finance.manage_desks")
def open_first_desks(by: Actor, *, branch_id: int) -> None:
    """The desks every branch starts with, named in its language: cash, card and bank."""
    branch: Branch = Branch.objects.visible_to(by).one(pk=branch_id)
    with override(branch.language):
        names = [(method, str(method.label)) for method in Method]
    for method, name in names:
        open_desk(by, branch_id=branch_id, name=name, method=method)


def _check_payment(by: Actor, student: Student, desk: Desk, amount: int, paid_on: date) -> None:
    if amount <= 0:
        raise NothingPaid
    if amount > LARGEST_MAJOR * 10 ** exponent(student.branch.currency):
        raise TooMuchPaid
    if not desk.is_open:
        raise DeskIsClosed
    if desk.branch_id != student.branch_id:
        raise DeskElsewhere
    today = today_in(by, student.branch)
    if paid_on > today:
        raise PaidAhead
    if paid_on < today and not by.may("finance.back_date"):
        raise BackDatingForbidden


def _next_number(by: Actor, branch_id: int) -> int:
    """The next receipt number of the branch; its row stays locked, so no number is lost or given twice."""
    rows = ReceiptCounter.objects.visible_to(by).filter(branch_id=branch_id)
    if not rows.exists():
        ReceiptCounter.objects.bulk_create(
            [ReceiptCounter(org_id=by.org_id, branch_id=branch_id)], ignore_conflicts=True
        )
    counter: ReceiptCounter = rows.select_for_update(no_key=True).get()
    counter.last += 1
    counter.save(update_fields=["last"])
    return counter.last
