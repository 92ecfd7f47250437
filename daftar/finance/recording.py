"""The one way from what was meant to a payment: locks, checks, transfer, receipt number, row."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

from daftar.courses.events import TuitionFactsChanged
from daftar.finance.models import BONUSES, WITH_RECEIPT, Desk, Payment, PaymentKind, PaymentReversal, ReceiptCounter
from daftar.finance.permissions import BACK_DATE
from daftar.finance.queries import paid_and_refunded
from daftar.finance.refusals import (
    AlreadyReversed,
    BackDatingForbidden,
    DeskCurrencyDiffers,
    DeskElsewhere,
    DeskIsClosed,
    KeyUsed,
    MoreThanHeld,
    NothingPaid,
    OtherDeskCurrencyDiffers,
    OtherDeskIsClosed,
    PaidAhead,
    SameDesk,
    TooMuchPaid,
)
from daftar.ledger import services as ledger
from daftar.ledger.models import Account, AccountKind, TransferKind
from daftar.ledger.queries import separate_accounts
from daftar.ledger.rules import first_open_day
from daftar.lib.errors import NotFound
from daftar.lib.money import LARGEST_MAJOR, Money, exponent
from daftar.orgs.access import Actor, add, publish
from daftar.orgs.queries import today_in
from daftar.people.models import Student
from daftar.tuition.models import Subscription

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from daftar.orgs.models import Branch


TRANSFERS = {
    PaymentKind.INCOME: TransferKind.PAYMENT,
    PaymentKind.REFUND: TransferKind.REFUND,
    PaymentKind.UP: TransferKind.CORRECTION,
    PaymentKind.DOWN: TransferKind.CORRECTION,
    PaymentKind.SALE: TransferKind.SALE,
    PaymentKind.MOVE: TransferKind.MOVE,
    PaymentKind.GIFT: TransferKind.BONUS,
    PaymentKind.SPENT: TransferKind.BONUS,
}


@dataclass(frozen=True)
class Draft:
    """A payment about to be recorded; the same `key` is the same payment."""

    kind: PaymentKind
    amount: int
    paid_on: date
    key: str
    student_id: int | None = None
    subscription_id: int | None = None
    desk_id: int | None = None
    to_desk_id: int | None = None
    note: str = ""
    thing: str = ""
    quantity: int | None = None
    price: int | None = None

    @classmethod
    def of(cls, payment: Payment, *, key: str) -> Draft:
        """What a payment was recorded with, under another key."""
        same = (each.name for each in fields(cls) if each.name not in {"kind", "key"})
        return cls(kind=PaymentKind(payment.kind), key=key, **{name: getattr(payment, name) for name in same})

    def made(self, payment: Payment) -> bool:
        """Whether that payment is this one; a day is not compared where closed books moved it."""
        values = [each.name for each in fields(self) if each.name not in {"key", "note", "paid_on"}]
        days = {payment.paid_on, payment.transfer.corrects_on}
        return all(getattr(self, name) == getattr(payment, name) for name in values) and self.paid_on in days


class Places(NamedTuple):
    """Between what the money of a draft moves."""

    student: Student | None
    account: Account | None
    desk: Desk | None
    to_desk: Desk | None

    @property
    def branch(self) -> Branch:
        """Whose payment it is."""
        owner: Any = self.student or self.desk
        return owner.branch

    @property
    def currency(self) -> str:
        """In which the money moves."""
        owner: Any = self.account or self.desk
        return str(owner.currency if self.account else owner.account.currency)


def lock(by: Actor, student_ids: Collection[int]) -> dict[int, Account]:
    """The locked accounts of these students: nobody else records a payment of theirs meanwhile."""
    rows = Student.objects.visible_to(by).filter(pk__in=student_ids).select_related("branch")
    return ledger.student_accounts(by.trusted(), students=list(rows))


def record(by: Actor, draft: Draft, *, replaces: Payment | None = None) -> Payment:
    """The payment, made now or by the same form before. A replacement keeps the day of what it replaces."""
    places = _places(by, draft)
    if made := made_before(by, draft):
        return made
    _check(by, draft, places)
    on, corrects_on = _day(by, draft, places, replaces)
    debit, credit = _sides(by, draft, places)
    move = ledger.Move(
        debit, credit, draft.amount, TRANSFERS[draft.kind], on, corrects_on=corrects_on,
        idempotency_key=f"payment:{draft.key}", note=draft.note,
    )  # fmt: skip
    transfer = ledger.post(by.trusted(), moves=[move])[0]
    _check_held(by, draft, places)
    payer = places.student.payer if places.student else None
    if places.student and draft.subscription_id is not None:  # which subscription pays depends on its own money
        publish(by, TuitionFactsChanged((places.student.pk,)))
    return add(
        by, Payment, kind=draft.kind.value, branch_id=places.branch.pk, student=places.student, desk=places.desk,
        subscription_id=draft.subscription_id, to_desk=places.to_desk, transfer=transfer,
        number=next_number(by, places.branch.pk) if draft.kind in WITH_RECEIPT else None,
        amount=draft.amount, paid_on=on, thing=draft.thing, quantity=draft.quantity, price=draft.price,
        payer_name=payer.name if payer else "", note=draft.note, member_id=by.member_id, recorded_at=by.at,
        idempotency_key=draft.key, replaces=replaces,
        first_id=(replaces.first_id or replaces.pk) if replaces else None,
    )  # fmt: skip


def _check_held(by: Actor, draft: Draft, places: Places) -> None:
    """Out of an account of its own no more goes back than lies in it; the base account may be below zero."""
    if draft.kind != PaymentKind.REFUND or draft.subscription_id is None or places.student is None:
        return
    left = separate_accounts(by.trusted(), [places.student.pk])[draft.subscription_id].balance or 0
    if left < 0:
        raise MoreThanHeld(sum=Money(max(left + draft.amount, 0), places.currency))


def made_before(by: Actor, draft: Draft) -> Payment | None:
    """What the same form made before; KeyUsed when it had other values."""
    made: Payment | None = (
        Payment.objects.visible_to(by).select_related("transfer").filter(idempotency_key=draft.key).first()
    )
    if made is not None and not draft.made(made):
        raise KeyUsed
    return made


def reverse(by: Actor, payment: Payment, reason: str) -> PaymentReversal:
    """The opposite transfer, on the same date or, where the books of that are closed, on the first open day."""
    if PaymentReversal.objects.visible_to(by).filter(payment=payment).exists():
        raise AlreadyReversed
    branches = {payment.branch_id}
    branches |= {place.branch_id for place in (payment.student, payment.desk, payment.to_desk) if place}
    closed = ledger.closed_books(by.trusted(), branch_ids=branches)
    undo = ledger.reversal_of(payment.transfer, closed_until=max(closed.values(), default=None), note=reason)
    transfer = ledger.post(by.trusted(), moves=[undo])[0]
    if payment.student_id is not None and payment.subscription_id is not None:
        publish(by, TuitionFactsChanged((payment.student_id,)))
    return add(
        by, PaymentReversal, payment=payment, transfer=transfer, reason=reason, member_id=by.member_id,
        reversed_at=by.at,
    )  # fmt: skip


def refundable(by: Actor, student_id: int) -> int:
    """What was paid and not refunded, in minor units; below zero when more was refunded than is still paid."""
    paid, refunded = paid_and_refunded(by.trusted(), student_id)
    return paid - refunded


def _places(by: Actor, draft: Draft) -> Places:
    """What a draft names, found among what the actor may see, and locked; students before desks."""
    student, account = None, None
    if draft.student_id is not None:
        student = Student.objects.visible_to(by).select_related("branch", "payer").one(pk=draft.student_id)
        # Under this lock a second copy of the same form finds what the first one made.
        account = ledger.student_accounts(by.trusted(), students=[student])[student.pk]
        if draft.subscription_id is not None:
            account = _own_account(by, student, draft.subscription_id)
    desk, to_desk = _desk(by, draft.desk_id), _desk(by, draft.to_desk_id)
    if account is None:
        ledger.lock_accounts(by.trusted(), account_ids=[each.account_id for each in (desk, to_desk) if each])
    return Places(student, account, desk, to_desk)


def _own_account(by: Actor, student: Student, subscription_id: int) -> Account:
    """The account of a subscription that is still bound: one that was unbound may leave an empty account behind."""
    account = separate_accounts(by.trusted(), [student.pk]).get(subscription_id)
    if account is None or not Subscription.objects.visible_to(by).filter(pk=subscription_id).exists():
        raise NotFound
    return account


def _desk(by: Actor, desk_id: int | None) -> Desk | None:
    if desk_id is None:
        return None
    found: Desk = Desk.objects.visible_to(by).select_related("account", "branch").one(pk=desk_id)
    return found


def _check(by: Actor, draft: Draft, places: Places) -> None:
    if draft.amount <= 0:
        raise NothingPaid
    if draft.amount >= LARGEST_MAJOR * 10 ** exponent(places.currency):
        raise TooMuchPaid
    if places.student and places.desk:
        _check_desk(by, draft, places.student, places.desk)
    if places.desk and places.desk.account.currency != places.currency:
        raise DeskCurrencyDiffers
    if places.to_desk:
        _check_other_desk(places.to_desk, places)


def _check_desk(by: Actor, draft: Draft, student: Student, desk: Desk) -> None:
    if not desk.is_open:
        raise DeskIsClosed
    if desk.branch_id == student.branch_id:
        return
    # A refund may go to where the money came from, also when the student has moved to another branch since.
    rows = Payment.objects.visible_to(by).filter(student=student, desk=desk, kind=PaymentKind.INCOME)
    if draft.kind != PaymentKind.REFUND or not rows.exists():
        raise DeskElsewhere


def _check_other_desk(to_desk: Desk, places: Places) -> None:
    if places.desk and not places.desk.is_open:
        raise DeskIsClosed
    if to_desk == places.desk:
        raise SameDesk
    if not to_desk.is_open:
        raise OtherDeskIsClosed
    if to_desk.account.currency != places.currency:
        raise OtherDeskCurrencyDiffers


def _day(by: Actor, draft: Draft, places: Places, replaces: Payment | None) -> tuple[date, date | None]:
    """On which day it is dated, and which day in closed books it corrects: one rule for payments of all kinds."""
    today, on = today_in(by, places.branch), draft.paid_on
    kept = set() if replaces is None else {replaces.paid_on, replaces.transfer.corrects_on}
    if on > today:
        raise PaidAhead
    if on < today and on not in kept and not by.may("finance.back_date"):
        raise BackDatingForbidden(right=BACK_DATE.label)
    branches = {place.branch_id for place in (places.student, places.desk, places.to_desk) if place}
    closed = ledger.closed_books(by.trusted(), branch_ids=branches)
    until = max(closed.values(), default=None)
    dated = first_open_day(on, until)
    if dated == on:
        return on, None
    if on not in kept:
        raise ledger.BooksAreClosed(day=until)
    return dated, on


def _sides(by: Actor, draft: Draft, places: Places) -> tuple[int, int]:
    """The account that is debited and the one that is credited."""
    student = places.account.pk if places.account else 0
    desk = places.desk.account_id if places.desk else 0
    to_desk = places.to_desk.account_id if places.to_desk else 0
    if draft.kind in {PaymentKind.UP, PaymentKind.DOWN}:
        corrections = _purpose(by, AccountKind.CORRECTION, places.currency)
        return (corrections, student) if draft.kind == PaymentKind.UP else (student, corrections)
    if draft.kind in BONUSES and places.student:
        bonus = ledger.bonus_account(by.trusted(), student=places.student).pk
        given = draft.kind == PaymentKind.GIFT
        return (_purpose(by, AccountKind.CORRECTION, places.currency), bonus) if given else (bonus, student)
    if draft.kind == PaymentKind.SALE:
        return desk, _purpose(by, AccountKind.GOODS, places.currency)
    sides = {
        PaymentKind.INCOME: (desk, student),
        PaymentKind.REFUND: (student, desk),
        PaymentKind.MOVE: (to_desk, desk),
    }
    return sides[draft.kind]


def _purpose(by: Actor, kind: AccountKind, currency: str) -> int:
    return ledger.purpose_account(by.trusted(), kind=kind, currency=currency).pk


def next_number(by: Actor, branch_id: int) -> int:
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
