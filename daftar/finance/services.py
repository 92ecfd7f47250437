"""Verbs on money: payments of every kind, what became of them, promises, desks, and books that are closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import override

from daftar.finance.models import WITH_REASON, Desk, Method, Payment, PaymentKind, PaymentReversal, Promise
from daftar.finance.recording import Draft, lock, made_before, record, refundable, reverse
from daftar.finance.refusals import (
    AlreadyReversed,
    ClosedAhead,
    ClosedAlready,
    CorrectionNeedsReason,
    DeskNameTaken,
    MoreThanPaid,
    NoPrice,
    NoQuantity,
    NoSuchBonus,
    NothingChanged,
    NothingOwed,
    NothingSold,
    OpenAlready,
    PromisedTooLate,
    PromiseReplaced,
    ReasonMissing,
    RefundedAlready,
    RefundedMore,
    SoldForTooMuch,
    TooLateToUndo,
)
from daftar.ledger import services as ledger
from daftar.ledger.queries import bonus_of, held_by
from daftar.lib.money import LARGEST_MAJOR, Money, exponent
from daftar.orgs.access import Actor, add, change, note, verb
from daftar.orgs.models import Branch
from daftar.orgs.queries import today_in
from daftar.people.models import Student

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from daftar.ledger.models import Books

UNDO_WITHIN = timedelta(minutes=10)
LONGEST_PROMISE = timedelta(days=366)


@verb("finance.take_payment")
def take_payment(
    by: Actor, *, student_id: int, desk_id: int, amount: int, paid_on: date, key: str, note: str = "",
    subscription_id: int | None = None,
) -> Payment:  # fmt: skip
    """Records money received: a numbered receipt and a transfer from the desk to the student, in one.

    `amount` in minor units. The same `key` again answers the payment it made the first time, however often and
    however simultaneously it is sent; so with every kind of payment. With a `subscription_id` the money goes into the
    account that this subscription has of its own.
    """
    draft = Draft(
        PaymentKind.INCOME, amount, paid_on, key, student_id=student_id, subscription_id=subscription_id,
        desk_id=desk_id, note=note,
    )  # fmt: skip
    return record(by, draft)


@verb("finance.refund")
def refund(
    by: Actor, *, student_id: int, desk_id: int, amount: int, paid_on: date, key: str, note: str = "",
    subscription_id: int | None = None,
) -> Payment:  # fmt: skip
    """Gives money back to a student from a desk, with a receipt: never more than was paid and not refunded yet.

    With a `subscription_id` it is taken from the account that this subscription has of its own, and never more than
    lies in it.
    """
    draft = Draft(
        PaymentKind.REFUND, amount, paid_on, key, student_id=student_id, subscription_id=subscription_id,
        desk_id=desk_id, note=note,
    )  # fmt: skip
    made = record(by, draft)
    # The student is locked, so two refunds at once are counted one after the other.
    left = refundable(by, student_id)
    if left < 0:
        raise MoreThanPaid(sum=Money(max(left + amount, 0), made.branch.currency))
    return made


@verb("finance.correct_balance")
def raise_balance(
    by: Actor, *, student_id: int, amount: int, paid_on: date, key: str, note: str, subscription_id: int | None = None
) -> Payment:
    """Puts a balance right upwards, for the reason in `note`; no money moves at a desk.

    With a `subscription_id` it is that of the account which this subscription has of its own.
    """
    draft = Draft(PaymentKind.UP, amount, paid_on, key, student_id=student_id, note=note.strip())
    return _correct(by, replace(draft, subscription_id=subscription_id))


@verb("finance.correct_balance")
def lower_balance(
    by: Actor, *, student_id: int, amount: int, paid_on: date, key: str, note: str, subscription_id: int | None = None
) -> Payment:
    """Puts a balance right downwards, for the reason in `note`; no money moves at a desk.

    With a `subscription_id` it is that of the account which this subscription has of its own.
    """
    draft = Draft(PaymentKind.DOWN, amount, paid_on, key, student_id=student_id, note=note.strip())
    return _correct(by, replace(draft, subscription_id=subscription_id))


@verb("finance.correct_balance")
def give_bonus(by: Actor, *, student_id: int, amount: int, paid_on: date, key: str, note: str) -> Payment:
    """Gives a student bonuses, for the reason in `note`; they pay for nothing until they are spent."""
    return _correct(by, Draft(PaymentKind.GIFT, amount, paid_on, key, student_id=student_id, note=note.strip()))


@verb("finance.take_payment")
def spend_bonus(by: Actor, *, student_id: int, amount: int, paid_on: date, key: str, note: str = "") -> Payment:
    """Pays with bonuses: they become balance; NoSuchBonus where there are not so many."""
    draft = Draft(PaymentKind.SPENT, amount, paid_on, key, student_id=student_id, note=note.strip())
    lock(by, [student_id])
    if made_before(by, draft) is None and amount > bonus_of(by.trusted(), student_id):
        raise NoSuchBonus
    return record(by, draft)


@verb("finance.sell")
def sell_goods(
    by: Actor, *, student_id: int, desk_id: int, thing: str, quantity: int, price: int, paid_on: date, key: str,
    note: str = "",
) -> Payment:  # fmt: skip
    """Sells a thing to a student, with a receipt: the desk gets the money, the balance of tuition does not change."""
    draft = Draft(
        PaymentKind.SALE, quantity * price, paid_on, key, student_id=student_id, desk_id=desk_id, note=note,
        thing=thing.strip(), quantity=quantity, price=price,
    )  # fmt: skip
    _check_sale(by, draft)
    return record(by, draft)


@verb("finance.move_money")
def move_money(
    by: Actor, *, desk_id: int, to_desk_id: int, amount: int, paid_on: date, key: str, note: str = ""
) -> Payment:
    """Moves money from one desk to another of the same currency, in the same branch or not."""
    draft = Draft(PaymentKind.MOVE, amount, paid_on, key, desk_id=desk_id, to_desk_id=to_desk_id, note=note)
    return record(by, draft)


@verb("finance.edit_payment")
def edit_payment(by: Actor, *, payment_id: int, reason: str, values: Mapping[str, Any]) -> Payment:
    """The payment as it should have been: the old one is reversed, a new one takes its place with its own receipt.

    `values` are what differs: paid_on, amount, student_id, subscription_id, desk_id, to_desk_id, thing, quantity,
    price, note. Given to another student it is on the balance, unless an account of that student's is named.
    Where the books of the old one are closed, both new transfers are dated the first open day.
    """
    old = _payment(by, payment_id)
    same = Draft.of(old, key=f"edit:{old.pk}")
    if values.get("student_id", old.student_id) != old.student_id:
        same = replace(same, subscription_id=None)
    draft = replace(same, **values)
    if draft.kind == PaymentKind.SALE:
        draft = replace(draft, amount=(draft.quantity or 0) * (draft.price or 0), thing=draft.thing.strip())
        _check_sale(by, draft)
    if draft == Draft.of(old, key=draft.key):
        raise NothingChanged
    return _put_in_place(by, old, draft, reason)


@verb("finance.view")
def undo_payment(by: Actor, *, payment_id: int, reason: str) -> PaymentReversal:
    """Takes back what one has recorded or edited oneself within the last ten minutes; later it is reversed.

    Whoever could do it can undo it; the values before an edit stand again.
    """
    payment = _payment(by, payment_id)
    if payment.member_id != by.member_id or by.at - payment.recorded_at > UNDO_WITHIN:
        raise TooLateToUndo
    if payment.replaces is None:
        return reverse_payment(by.trusted(), payment_id=payment_id, reason=reason)
    earlier = _payment(by, payment.replaces.pk)
    again = _put_in_place(by.trusted(), payment, Draft.of(earlier, key=f"undo:{payment.pk}"), reason)
    done: PaymentReversal = PaymentReversal.objects.visible_to(by).one(payment_id=again.replaces_id)
    return done


@verb("finance.reverse_payment")
def reverse_payment(by: Actor, *, payment_id: int, reason: str) -> PaymentReversal:
    """Undoes a payment of any kind by an opposite transfer; both stay on record with the reason.

    It has the date of the payment, or of the first open day where the books of that are closed.
    """
    payment = _payment(by, payment_id)
    lock(by, {payment.student_id} if payment.student_id else ())
    if PaymentReversal.objects.visible_to(by).filter(payment=payment).exists():
        raise AlreadyReversed
    if not reason.strip():
        raise ReasonMissing
    undone = reverse(by, payment, reason.strip())
    if payment.student_id and refundable(by, payment.student_id) < 0:
        raise RefundedAlready
    return undone


@verb("finance.reverse_payment")
def restore_payment(by: Actor, *, payment_id: int) -> Payment:
    """Takes back a reversal of one's own within ten minutes: the payment is recorded again, with a new receipt."""
    payment = _payment(by, payment_id)
    lock(by, {payment.student_id} if payment.student_id else ())
    undone: PaymentReversal | None = PaymentReversal.objects.visible_to(by).filter(payment=payment).first()
    if undone is None or undone.member_id != by.member_id or by.at - undone.reversed_at > UNDO_WITHIN:
        raise TooLateToUndo
    if Payment.objects.visible_to(by).filter(replaces=payment).exclude(idempotency_key=f"again:{payment.pk}").exists():
        raise AlreadyReversed
    again = record(by.trusted(), Draft.of(payment, key=f"again:{payment.pk}"), replaces=payment)
    if payment.student_id and refundable(by, payment.student_id) < 0:
        raise RefundedMore
    return again


@verb("finance.close_books")
def close_books(by: Actor, *, branch_ids: Collection[int], closed_until: date) -> list[Books]:
    """Closes the books of these branches up to a day, included: from then on nothing is dated up to it."""
    return [_close(by, branch_id, closed_until) for branch_id in sorted(branch_ids)]


@verb("finance.reopen_books")
def reopen_books(by: Actor, *, branch_id: int, closed_until: date | None, reason: str) -> Books:
    """Opens closed books again, from the day after `closed_until` on (None: all of them); the reason is recorded."""
    books = ledger.lock_books(by.trusted(), branch_id=branch_id)
    if not reason.strip():
        raise ReasonMissing
    if books.closed_until is None or (closed_until is not None and closed_until >= books.closed_until):
        raise OpenAlready
    ledger.set_books(by.trusted(), books=books, closed_until=closed_until)
    note(by, books, was={"reason": ""}, now={"reason": reason.strip()})
    return books


@verb("finance.promise")
def promise(by: Actor, *, student_id: int, promised_for: date, note: str = "") -> Promise:
    """Notes the day on which someone who owes said to pay; it takes the place of an earlier promise."""
    rows = Student.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    student: Student = rows.select_related("branch").one(pk=student_id)
    today = today_in(by, student.branch)
    if not today <= promised_for <= today + LONGEST_PROMISE:
        raise PromisedTooLate
    if not held_by(by.trusted(), [student_id])[student_id].owed:
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
    """The desks every branch starts with, named in its language: cash, card and bank; and its books, open."""
    branch: Branch = Branch.objects.visible_to(by).one(pk=branch_id)
    ledger.open_books(by.trusted(), branch_id=branch_id)
    with override(branch.language):
        names = [(method, str(method.label)) for method in Method]
    for method, name in names:
        open_desk(by, branch_id=branch_id, name=name, method=method)


def _close(by: Actor, branch_id: int, closed_until: date) -> Books:
    books = ledger.lock_books(by.trusted(), branch_id=branch_id)
    if closed_until >= today_in(by, books.branch):
        raise ClosedAhead
    if books.closed_until is not None and closed_until <= books.closed_until:
        raise ClosedAlready(day=books.closed_until)
    ledger.set_books(by.trusted(), books=books, closed_until=closed_until)
    return books


def _payment(by: Actor, payment_id: int) -> Payment:
    rows = Payment.objects.visible_to(by).select_related("transfer", "student", "desk", "to_desk", "replaces")
    found: Payment = rows.one(pk=payment_id)
    return found


def _correct(by: Actor, draft: Draft) -> Payment:
    if not draft.note:
        raise CorrectionNeedsReason
    return record(by, draft)


def _check_sale(by: Actor, draft: Draft) -> None:
    if not draft.thing:
        raise NothingSold
    if (draft.quantity or 0) <= 0:
        raise NoQuantity
    if (draft.price or 0) <= 0:
        raise NoPrice
    student: Student = Student.objects.visible_to(by).select_related("branch").one(pk=draft.student_id)
    if draft.amount >= LARGEST_MAJOR * 10 ** exponent(student.branch.currency):
        raise SoldForTooMuch


def _put_in_place(by: Actor, old: Payment, draft: Draft, reason: str) -> Payment:
    """The old payment reversed and another one recorded in its place; nothing of it when either is refused."""
    students = {pk for pk in (old.student_id, draft.student_id) if pk}
    lock(by, students)
    made = Payment.objects.visible_to(by).select_related("transfer").filter(idempotency_key=draft.key).first()
    if made is not None and draft.made(made):
        return made
    if not reason.strip():
        raise ReasonMissing
    reverse(by, old, reason.strip())
    if draft.kind in WITH_REASON and not draft.note.strip():
        raise CorrectionNeedsReason
    made = record(by, draft, replaces=old)
    if any(refundable(by, pk) < 0 for pk in students):
        raise RefundedMore
    return made
