"""What the payments of a period were for, by group: each sum once, however many groups the payer is in."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Exists, OuterRef, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from daftar.attendance.models import Guest
from daftar.courses.models import Enrolment, Group, Lesson
from daftar.finance.models import Payment, PaymentKind, PaymentReversal
from daftar.ledger.models import Transfer, TransferKind
from daftar.lib.errors import Refusal
from daftar.lib.money import Money
from daftar.lib.period import add_months
from daftar.orgs.access import Actor, question
from daftar.reports.rules import settled
from daftar.tuition.models import Subscription

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

REFUNDED, OTHER = "refunded", "other"


class PeriodTooLong(Refusal):
    field = "until"
    text = _("Choose at most a year.")


@dataclass(frozen=True)
class GroupLine:
    """What payments paid of the charges of a group."""

    group_id: int
    name: str
    sum: Money


@dataclass(frozen=True)
class GroupIncome:
    """The payments of a period, all of them together, and what became of each minor unit of them."""

    rows: list[GroupLine]
    elsewhere: Money
    other: Money
    refunded: Money
    goods: Money
    unused: Money
    total: Money


@dataclass
class _Purse:
    """What came to an account and what was owed from it, with the day and the transfer of each."""

    came: list[tuple[date, int, bool, int]] = field(default_factory=list)
    owed: list[tuple[date, int, str, int]] = field(default_factory=list)
    credited: Counter[str] = field(default_factory=Counter)

    def settled(self) -> dict[tuple[bool, str | None], int]:
        """How much of the money of the period, and of other money, went to what; a credit lowers what it is of."""
        owed = []
        for _on, _id, use, amount in sorted(self.owed):
            less = min(self.credited[use], amount)
            self.credited[use] -= less
            owed.append((use, amount - less))
        for left in self.credited.values():
            self.came.append((date.max, 0, False, left))
        return settled([(of_period, amount) for _on, _id, of_period, amount in sorted(self.came)], owed)

    def uses(self) -> Counter[str | None]:
        """What the money of the period went to."""
        return Counter({use: amount for (of_period, use), amount in self.settled().items() if of_period})


class _Moved(NamedTuple):
    account_id: int
    id: int
    on: date
    kind: str
    amount: int
    charge_key: str | None


@question("finance.view")
def income_by_group(
    by: Actor, *, since: date, until: date, currency: str, kinds: Collection[PaymentKind]
) -> GroupIncome:
    """What the payments of days from `since` to `until` inclusive paid for, as charges stand now.

    The oldest money of a student pays the oldest charge. Reversed payments are none. PeriodTooLong above a year.
    """
    if until >= add_months(since, 12):
        raise PeriodTooLong
    rows = _payments(by, since, until, currency)
    goods = rows.filter(kind=PaymentKind.SALE).aggregate(sum=Sum("amount", default=0))["sum"]
    goods = goods if PaymentKind.SALE in kinds else 0
    paid: dict[int, int] = {}
    if PaymentKind.INCOME in kinds:
        paid = dict(rows.filter(kind=PaymentKind.INCOME).values_list("transfer_id", "transfer__credit_id"))
    uses: Counter[str | None] = Counter()
    for purse in _purses(by, paid).values():
        uses += purse.uses()
    return _told(by, uses, goods, currency)


@question("finance.view")
def income_of_group(
    by: Actor, group_id: int, *, since: date, until: date, currency: str, whose: Collection[int]
) -> dict[int, int]:
    """What the line of one group is made of in the report: minor units by student, those without any left out.

    `whose` are the `students_of_group`; nobody else's charges can be the group's.
    """
    rows = _payments(by, since, until, currency).filter(kind=PaymentKind.INCOME, student_id__among=whose)
    paid, owners = {}, {}
    for transfer_id, account_id, student_id in rows.values_list("transfer_id", "transfer__credit_id", "student_id"):
        paid[transfer_id], owners[account_id] = account_id, student_id
    uses = {account_id: purse.uses() for account_id, purse in _purses(by, paid).items()}
    groups = _groups_of(by, {use for found in uses.values() for use in found if use and ":" in use})
    sums: Counter[int] = Counter()
    for account_id, found in uses.items():
        sums[owners[account_id]] += sum(amount for use, amount in found.items() if groups.get(use or "") == group_id)
    return dict(+sums)


def students_of_group(by: Actor, group_id: int) -> list[int]:
    """Everyone whom a charge of the group can be of: members of any time, guests, and whose subscription is for it."""
    of_group: dict[str, Any] = {"group_id": group_id}
    rows = (
        Enrolment.unguarded.filter(org_id=by.org_id, **of_group).values_list("student_id"),
        Subscription.unguarded.filter(org_id=by.org_id, **of_group).values_list("student_id"),
        Guest.unguarded.filter(org_id=by.org_id, lesson__group_id=group_id).values_list("student_id"),
    )
    return [student_id for (student_id,) in rows[0].union(*rows[1:])]


def _payments(by: Actor, since: date, until: date, currency: str) -> Any:
    undone = PaymentReversal.unguarded.filter(org_id=by.org_id, payment_id=OuterRef("pk"))
    rows = Payment.objects.visible_to(by).filter(paid_on__range=(since, until), branch__currency=currency)
    return rows.exclude(Exists(undone))


def _purses(by: Actor, paid: dict[int, int]) -> dict[int, _Purse]:
    """The accounts that the payments came to, with all that ever moved there and was not reversed."""
    found: dict[int, _Purse] = defaultdict(_Purse)
    accounts = set(paid.values())
    for row in _moves(by, accounts, "credit"):
        if row.kind == TransferKind.CREDIT:
            found[row.account_id].credited[_charge(row)] += row.amount
        else:
            found[row.account_id].came.append((row.on, row.id, row.id in paid, row.amount))
    for row in _moves(by, accounts, "debit"):
        uses = {TransferKind.CHARGE.value: _charge(row), TransferKind.REFUND.value: REFUNDED}
        found[row.account_id].owed.append((row.on, row.id, uses.get(row.kind, OTHER), row.amount))
    return found


def _moves(by: Actor, accounts: Collection[int], side: str) -> Iterator[_Moved]:
    undone = Transfer.unguarded.filter(org_id=by.org_id, reverses_id=OuterRef("pk"))
    rows = Transfer.objects.visible_to(by).filter(reverses=None, **{f"{side}_id__among": accounts})
    columns = (f"{side}_id", "id", Coalesce("corrects_on", "effective_on"), "kind", "amount", "charge_key")
    return (_Moved(*row) for row in rows.exclude(Exists(undone)).values_list(*columns))


def _charge(row: _Moved) -> str:
    """What a charge and its credits have in common."""
    return (row.charge_key or "").partition("@")[0]


def _told(by: Actor, uses: Counter[str | None], goods: int, currency: str) -> GroupIncome:
    plain = {use: uses.pop(use, 0) for use in (None, REFUNDED, OTHER)}
    groups = _groups_of(by, [use for use in uses if use])
    sums: Counter[int | None] = Counter()
    for use, amount in uses.items():
        sums[groups.get(use or "")] += amount
    named = {row.pk: row.name for row in Group.objects.visible_to(by).filter(pk__among=[pk for pk in sums if pk])}
    lines = [GroupLine(pk, named[pk], Money(amount, currency)) for pk, amount in sums.items() if pk and pk in named]
    elsewhere = sum(amount for pk, amount in sums.items() if pk not in named)
    return GroupIncome(
        sorted(lines, key=lambda line: (-line.sum.amount, line.name)), Money(elsewhere, currency),
        Money(plain[OTHER], currency), Money(plain[REFUNDED], currency), Money(goods, currency),
        Money(plain[None], currency), Money(sum(sums.values()) + sum(plain.values()) + goods, currency),
    )  # fmt: skip


def _groups_of(by: Actor, charges: Iterable[str]) -> dict[str, int | None]:
    """The group of each charge: its subscription's or, where that pays in any group, its lesson's; None: of none."""
    parts = {charge: charge.partition(":")[::2] for charge in charges}
    ids = {int(subscription) for subscription, _key in parts.values()}
    rows = Subscription.objects.visible_to(by).filter(pk__among=ids)
    bound = dict(rows.values_list("pk", "group_id"))
    free = {int(key) for pk, key in parts.values() if bound.get(int(pk)) is None and key.isdecimal()}
    # What a student paid for may lie in a branch that is not shown: it is told apart by its name, later.
    held = dict(Lesson.unguarded.filter(org_id=by.org_id, pk__among=free).values_list("pk", "group_id"))
    return {
        charge: bound.get(int(pk)) or (held.get(int(key)) if key.isdecimal() else None)
        for charge, (pk, key) in parts.items()
    }
