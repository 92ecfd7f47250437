"""What each student brought in during a period (LTV), and whether that is above the average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, F, OuterRef, Q, Sum

from daftar.attendance.models import Attendance
from daftar.courses.kinds import LessonStatus
from daftar.finance.models import Payment, PaymentKind, PaymentReversal
from daftar.lib.money import Money
from daftar.orgs.access import Actor, question

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

COUNTED = (PaymentKind.INCOME, PaymentKind.SALE)


@dataclass(frozen=True)
class Asked:
    """Which payments count: of days from `since` to `until` inclusive, in one currency, of these kinds, above a sum.

    `most` students are listed, those who brought most; archived ones only where they are asked for.
    """

    since: date
    until: date
    currency: str
    kinds: tuple[PaymentKind, ...] = COUNTED
    above: int = 0
    most: int = 100
    with_archived: bool = True


@dataclass(frozen=True)
class Lifetime:
    """A student, the lessons visited in the period, how many payments counted, and their sum less refunds."""

    student_id: int
    name: str
    lessons: int
    payments: int
    sum: Money


@dataclass(frozen=True)
class LifetimeReport:
    """Whoever paid most first, and what those listed come to together."""

    rows: list[Lifetime]
    lessons: int
    payments: int
    total: Money

    def is_above(self, row: Lifetime) -> bool:
        """Whether a student brought more than the average of those listed."""
        return row.sum.amount * len(self.rows) > self.total.amount

    @property
    def average(self) -> Money | None:
        """The total by the number of students listed, rounded down to the minor unit; None where nobody paid."""
        return Money(self.total.amount // len(self.rows), self.total.currency) if self.rows else None


@question("finance.view")
def lifetime(by: Actor, asked: Asked) -> LifetimeReport:
    """What students who paid in a period brought in, net: what was reversed or edited never counts.

    Where payments are asked for, refunds of the same days are taken off; they are no payments, whatever their sum.
    """
    found = list(_brought(by, asked)[: asked.most])
    lessons = _visited(by, asked, [row["student_id"] for row in found])
    rows = [
        Lifetime(
            row["student_id"], row["student__full_name"], lessons.get(row["student_id"], 0), row["payments"],
            Money(row["net"], asked.currency),
        )
        for row in found
    ]  # fmt: skip
    return LifetimeReport(
        rows, sum(row.lessons for row in rows), sum(row.payments for row in rows),
        Money(sum(row.sum.amount for row in rows), asked.currency),
    )  # fmt: skip


def _brought(by: Actor, asked: Asked) -> Any:
    undone = PaymentReversal.unguarded.filter(org_id=by.org_id, payment_id=OuterRef("pk"))
    rows: Any = Payment.objects.visible_to(by).filter(
        paid_on__range=(asked.since, asked.until), branch__currency=asked.currency, student__isnull=False
    )
    if not asked.with_archived:
        rows = rows.filter(student__archived_on=None)
    counts = Q(kind__in=asked.kinds, amount__gt=asked.above)
    returns = PaymentKind.INCOME in asked.kinds
    rows = rows.exclude(Exists(undone)).filter(counts | Q(kind=PaymentKind.REFUND) if returns else counts)
    per_student = rows.values("student_id", "student__full_name", "student__sort_key").annotate(
        payments=Count("pk", filter=counts),
        net=Sum("amount", filter=counts, default=0) - Sum("amount", filter=Q(kind=PaymentKind.REFUND), default=0),
    )
    return per_student.filter(payments__gt=0).order_by(F("net").desc(), "student__sort_key", "student_id")


def _visited(by: Actor, asked: Asked, student_ids: Collection[int]) -> dict[int, int]:
    rows: Any = Attendance.objects.visible_to(by).filter(
        student_id__among=student_ids, is_present=True, lesson__status=LessonStatus.CONDUCTED,
        lesson__held_on__range=(asked.since, asked.until),
    )  # fmt: skip
    return dict(rows.values_list("student_id").annotate(Count("pk")).order_by())
