"""Questions about money in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, F, Max, OuterRef, Sum

from daftar.finance.models import Desk, Payment, PaymentReversal, Promise
from daftar.ledger.models import Transfer, TransferKind
from daftar.orgs.access import Actor, question

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from daftar.lib.tenancy import TenantQuerySet


@dataclass(frozen=True)
class Takings:
    """Payments of a period that were not reversed: how many, and their sum in minor units by currency."""

    count: int
    sums: dict[str, int]


@question("finance.view")
def desks(by: Actor, branch_id: int | None = None) -> list[Desk]:
    """Desks that take money, of one branch or of all, in their order."""
    rows = Desk.objects.visible_to(by).filter(is_open=True).select_related("branch")
    if branch_id is not None:
        rows = rows.filter(branch_id=branch_id)
    return list(rows.order_by("branch_id", "place", "id"))


@question("finance.view")
def all_desks(by: Actor) -> list[Desk]:
    """Every desk, closed ones last."""
    rows = Desk.objects.visible_to(by).select_related("branch", "account")
    return list(rows.order_by("-is_open", "branch_id", "place", "id"))


@question("finance.manage_desks")
def get_desk(by: Actor, desk_id: int) -> Desk:
    """The desk; NotFound when invisible."""
    return Desk.objects.visible_to(by).one(pk=desk_id)


@question("finance.view")
def get_payment(by: Actor, payment_id: int) -> Payment:
    """A payment with what its receipt shows; NotFound when invisible."""
    return _with_reversal(by).one(pk=payment_id)


@question("finance.view")
def reversal_of_payment(by: Actor, payment_id: int) -> PaymentReversal | None:
    """How a payment was undone, if it was."""
    return PaymentReversal.objects.visible_to(by).filter(payment_id=payment_id).select_related("member").first()


@question("finance.view")
def payments(
    by: Actor, *, since: date | None = None, until: date | None = None, desk_id: int | None = None
) -> TenantQuerySet[Payment]:
    """Payments dated from `since` to `until`, both included, of one desk or all, newest first, with `is_reversed`."""
    rows = _with_reversal(by).order_by("-paid_on", "-id")
    if since is not None:
        rows = rows.filter(paid_on__gte=since)
    if desk_id is not None:
        rows = rows.filter(desk_id=desk_id)
    return rows if until is None else rows.filter(paid_on__lte=until)


@question("finance.view")
def receipts_of(by: Actor, transfer_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Id and receipt number of the payment behind each transfer that is one."""
    rows = Payment.objects.visible_to(by).filter(transfer_id__in=transfer_ids)
    return {transfer_id: (pk, number) for transfer_id, pk, number in rows.values_list("transfer_id", "id", "number")}


@question("finance.view")
def takings(by: Actor, *, since: date | None = None, until: date | None = None, desk_id: int | None = None) -> Takings:
    """What came in over a period, reversed payments left out."""
    rows: Any = payments(by, since=since, until=until, desk_id=desk_id)
    found = rows.filter(is_reversed=False).order_by().values_list("branch__currency")
    sums = list(found.annotate(total=Sum("amount"), number=Count("pk")))
    return Takings(sum(number for *_rest, number in sums), {currency: total for currency, total, _number in sums})


@question("finance.view")
def last_desk_id(by: Actor) -> int | None:
    """The desk this member took money at last."""
    rows = Payment.objects.visible_to(by).filter(member_id=by.member_id).order_by("-id")
    return rows.values_list("desk_id", flat=True).first()


@question("finance.view")
def latest_payment(by: Actor, student_id: int) -> Payment | None:
    """The student's newest payment that was not reversed."""
    return _with_reversal(by).filter(student_id=student_id, is_reversed=False).order_by("-id").first()


def _with_reversal(by: Actor) -> Any:
    undone = PaymentReversal.unguarded.filter(org_id=by.org_id, payment_id=OuterRef("pk"))
    rows = Payment.objects.visible_to(by).select_related("student", "branch", "desk", "member", "transfer")
    return rows.annotate(is_reversed=Exists(undone))


@question("finance.promise")
def get_promise(by: Actor, promise_id: int) -> Promise:
    """A promise with its student; NotFound when invisible."""
    return Promise.objects.visible_to(by).select_related("student").one(pk=promise_id)


@question("finance.view")
def broken_payments(by: Actor) -> dict[str, int]:
    """How many payments break a rule that no single row can show; every figure must be 0."""
    rows = Payment.objects.visible_to(by)
    unlike = rows.exclude(
        amount=F("transfer__amount"), paid_on=F("transfer__effective_on"), desk__account_id=F("transfer__debit_id"),
        student_id=F("transfer__credit__student_id"),
    )  # fmt: skip
    undone = PaymentReversal.objects.visible_to(by)
    numbers = rows.values("branch_id").annotate(gap=Max("number") - Count("pk")).exclude(gap=0)
    orphans = Transfer.objects.visible_to(by).filter(kind=TransferKind.PAYMENT)
    return {
        "payment unlike its transfer": unlike.count(),
        "payment transfer without a receipt": orphans.exclude(pk__in=rows.values("transfer_id")).count(),
        "reversal unlike its payment": undone.exclude(transfer__reverses_id=F("payment__transfer_id")).count(),
        "gap in the receipt numbers": numbers.count(),
    }
