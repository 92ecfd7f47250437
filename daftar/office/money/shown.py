"""Payments as pages show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from daftar.finance.models import PaymentKind
from daftar.lib.money import Money
from daftar.office import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daftar.finance.models import Desk, Payment
    from daftar.finance.queries import Total

OUT = {PaymentKind.REFUND, PaymentKind.DOWN}
TITLES = {
    PaymentKind.INCOME: lambda number: _("Receipt No %(number)s") % {"number": number},
    PaymentKind.REFUND: lambda number: _("Refund, receipt No %(number)s") % {"number": number},
    PaymentKind.SALE: lambda number: _("Sale, receipt No %(number)s") % {"number": number},
}


def payment_title(row: Payment) -> str:
    """What a payment is called: by its receipt, or by its kind where it has none."""
    kind = PaymentKind(row.kind)
    return str(TITLES[kind](row.number)) if kind in TITLES else str(words.PAYMENT_KINDS[kind])


def payment_row(row: Any) -> dict[str, Any]:
    """A line of the list; what leaves a balance or a desk stands below zero."""
    amount = -row.amount if row.kind in OUT else row.amount
    between = f"{row.desk.name} → {row.to_desk.name}" if row.to_desk else ""
    return {
        "id": row.pk, "number": row.number, "on": row.paid_on, "student_id": row.student_id, "kind": row.kind,
        "kind_text": words.PAYMENT_KINDS[PaymentKind(row.kind)], "title": payment_title(row),
        "student_name": row.student.full_name if row.student else "", "amount": Money(amount, row.branch.currency),
        "desk": between or (row.desk.name if row.desk else ""),
        "thing": f"{row.thing} × {row.quantity}" if row.thing else "",
        "cashier": row.member.name if row.member else "", "is_reversed": row.is_reversed,
    }  # fmt: skip


def by_kind(rows: Iterable[Total]) -> list[dict[str, Any]]:
    """Sums of the kinds, each in each currency, in the order of the kinds."""
    found: dict[tuple[PaymentKind, str], list[int]] = {}
    for row in rows:
        sums = found.setdefault((row.kind, row.currency), [0, 0])
        sums[0] += row.count
        sums[1] += -row.amount if row.kind in OUT else row.amount
    order = list(PaymentKind)
    return [
        {"label": words.PAYMENT_KINDS[kind], "kind": kind.value, "count": count, "sum": Money(total, currency)}
        for (kind, currency), (count, total) in sorted(
            found.items(), key=lambda item: (order.index(item[0][0]), item[0])
        )
    ]


def by_desk(rows: Iterable[Total], desks: Iterable[Desk]) -> list[dict[str, Any]]:
    """What came to each desk, what went from it, and what is left of that."""
    came: dict[int, int] = {}
    went: dict[int, int] = {}
    for row in rows:
        into = row.to_desk_id if row.kind == PaymentKind.MOVE else row.desk_id if row.kind not in OUT else None
        out_of = row.desk_id if row.kind in {PaymentKind.MOVE, PaymentKind.REFUND} else None
        for desk_id, sums in ((into, came), (out_of, went)):
            if desk_id is not None:
                sums[desk_id] = sums.get(desk_id, 0) + row.amount
    return [
        {
            "id": desk.pk, "name": desk.name, "branch": desk.branch.name,
            "came": Money(came.get(desk.pk, 0), desk.branch.currency),
            "went": Money(-went.get(desk.pk, 0), desk.branch.currency),
            "left": Money(came.get(desk.pk, 0) - went.get(desk.pk, 0), desk.branch.currency),
        }
        for desk in desks
        if desk.pk in came.keys() | went.keys()
    ]  # fmt: skip
