"""Questions about payments of all kinds, desks and promises."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, Sum

from daftar.finance.models import Desk, Payment, PaymentKind, PaymentReversal, Promise
from daftar.ledger.models import Transfer, TransferKind
from daftar.orgs.access import Actor, question

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from daftar.lib.tenancy import TenantQuerySet


@dataclass(frozen=True)
class Takings:
    """Payments of a period that were not reversed: how many, and their sum in minor units by currency.

    Beside them what was refunded and what goods were sold for, and how many students paid.
    """

    count: int
    sums: dict[str, int]
    refunded: dict[str, int] = field(default_factory=dict)
    sold: dict[str, int] = field(default_factory=dict)
    students: int = 0

    def __add__(self, other: Takings) -> Takings:
        """Those of two periods, of which no student is counted in both."""
        paid, refunded, sold = (
            {name: mine.get(name, 0) + theirs.get(name, 0) for name in mine | theirs}
            for mine, theirs in (
                (self.sums, other.sums),
                (self.refunded, other.refunded),
                (self.sold, other.sold),
            )
        )
        return Takings(self.count + other.count, paid, refunded, sold, self.students + other.students)


@dataclass(frozen=True)
class Total:
    """What payments of a kind at a desk come to in a period, in minor units; below zero: reversals of older ones."""

    kind: PaymentKind
    desk_id: int | None
    to_desk_id: int | None
    currency: str
    count: int
    amount: int


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


@dataclass(frozen=True)
class Chosen:
    """Which payments are meant: dated from `since` to `until`, both included, of one desk and kind, or of all."""

    since: date | None = None
    until: date | None = None
    desk_id: int | None = None
    kind: str = ""

    def narrow(self, rows: Any, *, day: str = "paid_on", prefix: str = "") -> Any:
        """Those of the rows that are meant."""
        if self.since is not None:
            rows = rows.filter(**{f"{day}__gte": self.since})
        if self.until is not None:
            rows = rows.filter(**{f"{day}__lte": self.until})
        if self.kind:
            rows = rows.filter(**{f"{prefix}kind": self.kind})
        if self.desk_id is not None:
            rows = rows.filter(Q(**{f"{prefix}desk_id": self.desk_id}) | Q(**{f"{prefix}to_desk_id": self.desk_id}))
        return rows


@question("finance.view")
def reversals_of(by: Actor, payment_ids: Collection[int]) -> dict[int, PaymentReversal]:
    """How each of these payments was undone, of those that were."""
    rows = PaymentReversal.objects.visible_to(by).filter(payment_id__in=payment_ids)
    return {row.payment_id: row for row in rows.select_related("member", "transfer")}


@question("finance.view")
def payments(
    by: Actor, *, since: date | None = None, until: date | None = None, desk_id: int | None = None, kind: str = "",
    with_reversed: bool = False,
) -> TenantQuerySet[Payment]:  # fmt: skip
    """Payments, newest first, with `is_reversed`; those that were reversed or edited are left out unless asked for.

    What was reversed after its books were closed stays, as it was reported.
    """
    rows = Chosen(since, until, desk_id, kind).narrow(_with_reversal(by)).order_by("-paid_on", "-id")
    return rows if with_reversed else rows.exclude(_cancelled(by))


@question("finance.view")
def receipts_of(by: Actor, transfer_ids: Collection[int]) -> dict[int, tuple[int, int | None]]:
    """Id and receipt number (None: it needs no receipt) of the payment behind each transfer that is one."""
    rows = Payment.objects.visible_to(by).filter(transfer_id__in=transfer_ids)
    return {transfer_id: (pk, number) for transfer_id, pk, number in rows.values_list("transfer_id", "id", "number")}


@question("finance.view")
def totals(
    by: Actor, *, since: date | None = None, until: date | None = None, desk_id: int | None = None, kind: str = ""
) -> list[Total]:
    """What came, went and was corrected in a period, by kind, desk and currency; what cancels out is left out."""
    chosen = Chosen(since, until, desk_id, kind)
    rows = chosen.narrow(Payment.objects.visible_to(by)).exclude(_cancelled(by))
    places = ("kind", "desk_id", "to_desk_id", "branch__currency")
    found: dict[tuple[Any, ...], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for *place, count, amount in rows.values_list(*places).annotate(Count("pk"), Sum("amount")).order_by():
        found[tuple(place)] = (count, amount)
    undone = PaymentReversal.objects.visible_to(by).filter(transfer__corrects_on__isnull=False)
    late = chosen.narrow(undone, day="transfer__effective_on", prefix="payment__")
    for *place, amount in (
        late.values_list(*(f"payment__{name}" for name in places)).annotate(Sum("payment__amount")).order_by()
    ):
        count, total = found[tuple(place)]
        found[tuple(place)] = (count, total - amount)
    return [
        Total(PaymentKind(kind), desk, to_desk, currency, count, amount)
        for (kind, desk, to_desk, currency), (count, amount) in sorted(found.items(), key=str)
    ]


@question("finance.view")
def takings(
    by: Actor, *, since: date | None = None, until: date | None = None, desk_id: int | None = None,
    known_since: date | None = None,
) -> Takings:  # fmt: skip
    """What was paid in a period, reversed payments left out; and beside it what was refunded and sold.

    Of the students those are not counted who paid before the period too, on `known_since` or later.
    """
    sums: dict[PaymentKind, dict[str, int]] = {kind: {} for kind in PaymentKind}
    rows = totals(by, since=since, until=until, desk_id=desk_id)
    for row in rows:
        sums[row.kind][row.currency] = sums[row.kind].get(row.currency, 0) + row.amount
    count = sum(row.count for row in rows if row.kind == PaymentKind.INCOME)
    return Takings(
        count, sums[PaymentKind.INCOME], sums[PaymentKind.REFUND], sums[PaymentKind.SALE],
        _payers(by, Chosen(since, until, desk_id), known_since),
    )  # fmt: skip


def _payers(by: Actor, chosen: Chosen, known_since: date | None) -> int:
    """How many students paid what stands, without those who did between `known_since` and the period."""
    rows = _standing(by).filter(kind=PaymentKind.INCOME)
    paid = chosen.narrow(rows)
    if known_since is not None and chosen.since is not None:
        # Not all who paid until then are counted anew: of each who pays now it is looked up.
        before = rows.filter(student_id=OuterRef("student_id"), paid_on__gte=known_since, paid_on__lt=chosen.since)
        paid = paid.exclude(Exists(before))
    count: int = paid.aggregate(count=Count("student_id", distinct=True))["count"]
    return count


@question("finance.view")
def paid_and_refunded(by: Actor, student_id: int) -> tuple[int, int]:
    """What a student paid and what was refunded, in minor units, reversed payments left out."""
    live = _standing(by).filter(student_id=student_id)
    sums = dict(live.values_list("kind").annotate(Sum("amount")).order_by())
    return sums.get(PaymentKind.INCOME.value, 0), sums.get(PaymentKind.REFUND.value, 0)


@question("finance.view")
def history_of_payment(by: Actor, payment: Payment) -> list[Payment]:
    """A payment and all that stood or stands in its place, the oldest first; by itself when it was never edited."""
    first = payment.first_id or payment.pk
    return list(_with_reversal(by).filter(Q(pk=first) | Q(first_id=first)).order_by("id"))


@question("finance.view")
def last_desk_id(by: Actor) -> int | None:
    """The desk this member took money at last."""
    rows = Payment.objects.visible_to(by).filter(member_id=by.member_id, desk__isnull=False).order_by("-id")
    return rows.values_list("desk_id", flat=True).first()


@question("finance.view")
def desk_of_latest_payment(by: Actor, student_id: int) -> int | None:
    """The open desk that the student's newest payment, which was not reversed, came to."""
    latest = latest_payment(by, student_id)
    return latest.desk_id if latest and latest.desk and latest.desk.is_open else None


@question("finance.view")
def latest_payment(by: Actor, student_id: int) -> Payment | None:
    """The student's newest payment that was not reversed."""
    rows = _with_reversal(by).filter(student_id=student_id, kind=PaymentKind.INCOME, is_reversed=False)
    return rows.order_by("-id").first()


def _with_reversal(by: Actor) -> Any:
    undone = PaymentReversal.unguarded.filter(org_id=by.org_id, payment_id=OuterRef("pk"))
    named = ("student", "branch", "desk", "to_desk", "member", "transfer", "replaces")
    return Payment.objects.visible_to(by).select_related(*named).annotate(is_reversed=Exists(undone))


def _standing(by: Actor) -> Any:
    """Payments of every kind that were not reversed."""
    undone = PaymentReversal.unguarded.filter(org_id=by.org_id, payment_id=OuterRef("pk"))
    return Payment.objects.visible_to(by).exclude(Exists(undone))


def _cancelled(by: Actor) -> Exists:
    """Reversed on its own day, so that neither is to be counted."""
    undone = PaymentReversal.unguarded.filter(org_id=by.org_id, payment_id=OuterRef("pk"))
    return Exists(undone.filter(transfer__corrects_on=None))


@question("finance.promise")
def get_promise(by: Actor, promise_id: int) -> Promise:
    """A promise with its student; NotFound when invisible."""
    return Promise.objects.visible_to(by).select_related("student").one(pk=promise_id)


@question("finance.view")
def broken_payments(by: Actor) -> dict[str, int]:
    """How many payments break a rule that no single row can show; every figure must be 0."""
    rows = Payment.objects.visible_to(by)
    as_moved = rows.filter(amount=F("transfer__amount"), paid_on=F("transfer__effective_on")).filter(_sides())
    undone = PaymentReversal.objects.visible_to(by)
    numbers = rows.values("branch_id").annotate(gap=Max("number") - Count("number")).exclude(gap=0)
    orphans = Transfer.objects.visible_to(by).filter(kind__in=RECORDED)
    live = _standing(by)
    paid = live.values("student_id").annotate(
        paid=Sum("amount", filter=Q(kind=PaymentKind.INCOME), default=0),
        refunded=Sum("amount", filter=Q(kind=PaymentKind.REFUND), default=0),
    )
    return {
        "payment unlike its transfer": rows.exclude(Exists(as_moved.filter(pk=OuterRef("pk")))).count(),
        "payment transfer without a receipt": orphans.exclude(Exists(rows.filter(transfer_id=OuterRef("pk")))).count(),
        "reversal unlike its payment": undone.exclude(transfer__reverses_id=F("payment__transfer_id")).count(),
        "gap in the receipt numbers": numbers.count(),
        "more refunded than paid": paid.filter(refunded__gt=F("paid")).count(),
    }


RECORDED = (
    TransferKind.PAYMENT, TransferKind.REFUND, TransferKind.CORRECTION, TransferKind.SALE, TransferKind.MOVE,
    TransferKind.BONUS,
)  # fmt: skip


def _sides() -> Q:
    """Between which accounts the transfer of each kind of payment goes."""
    from_desk, to_desk = Q(desk__account_id=F("transfer__debit_id")), Q(desk__account_id=F("transfer__credit_id"))
    charged, credited = Q(student_id=F("transfer__debit__student_id")), Q(student_id=F("transfer__credit__student_id"))
    other = Q(to_desk__account_id=F("transfer__debit_id"))
    corrected = Q(transfer__kind=TransferKind.CORRECTION, desk=None)
    goods = Q(transfer__credit__kind="goods", transfer__kind=TransferKind.SALE)
    return (
        Q(Q(kind=PaymentKind.INCOME, transfer__kind=TransferKind.PAYMENT) & from_desk & credited)
        | Q(Q(kind=PaymentKind.REFUND, transfer__kind=TransferKind.REFUND) & to_desk & charged)
        | Q(Q(kind=PaymentKind.UP) & corrected & credited)
        | Q(Q(kind=PaymentKind.DOWN) & corrected & charged)
        | Q(Q(kind=PaymentKind.SALE) & goods & from_desk)
        | Q(Q(kind=PaymentKind.MOVE, transfer__kind=TransferKind.MOVE) & other & to_desk)
        | Q(Q(kind=PaymentKind.GIFT, transfer__kind=TransferKind.BONUS, transfer__credit__kind="bonus") & credited)
        | Q(Q(kind=PaymentKind.SPENT, transfer__kind=TransferKind.BONUS, transfer__debit__kind="bonus") & credited)
    )
