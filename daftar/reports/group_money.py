"""The money of a group in a month: what each member is charged, pays and owes, and what that comes to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from django.db.models import Case, F, Value, When

from daftar.courses.models import Enrolment
from daftar.ledger.models import AccountKind, TransferKind
from daftar.lib.money import Money, rounded_part
from daftar.orgs.access import Actor, question
from daftar.people.models import Student
from daftar.reports.charges import Whose, charges_of
from daftar.reports.debts import owes_since
from daftar.reports.group_income import income_of_group, students_of_group
from daftar.tuition import rules
from daftar.tuition.models import Subscription
from daftar.tuition.queries import reach

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from daftar.courses.models import Group
    from daftar.lib.period import Month
    from daftar.tuition.queries import Reach


@dataclass(frozen=True)
class Agreed:
    """The price a student pays in the group, and whether it is the student's own."""

    price: Money
    is_own: bool


@dataclass(frozen=True)
class MemberMoney:
    """A student's line; `paid`: of the payments of the month, what paid for this group (None: may not be seen).

    `is_seen`: whether the student's own pages open for the reader.
    """

    student_id: int
    name: str
    is_seen: bool
    agreed: Agreed | None
    charged: Money
    lessons: int
    discount: Money
    paid: Money | None
    balance: Money
    paid_until: date | None
    owes_since: date | None


@dataclass(frozen=True)
class Totals:
    """The lines of one currency together."""

    students: int
    charged: Money
    lessons: int
    discount: Money
    paid: Money | None
    balance: Money


@dataclass(frozen=True)
class GroupMoney:
    """The members of a month by name, and what they come to, by currency."""

    rows: list[MemberMoney]
    totals: list[Totals]


@dataclass
class _Charges:
    amount: int = 0
    lessons: int = 0
    discount: Fraction = field(default_factory=Fraction)


@question("tuition.view")
def money_of_group(by: Actor, group: Group, month: Month) -> GroupMoney:
    """Everyone who was in the group in a month, was charged for it then, or paid for it then.

    Charges are those dated in the month, what was taken back taken off. Balance, paid until and debt are those of now.
    """
    group_id, theirs = group.pk, students_of_group(by, group.pk)
    charged = _charged(by, Whose(group_id=group_id, among=theirs), month)
    paid = None
    if by.may("finance.view"):
        days = {"since": month.first, "until": month.last}
        paid = income_of_group(by, group_id, currency=group.branch.currency, whose=theirs, **days)
    # A member may have moved to another branch since: the group's money is whole all the same.
    everywhere = replace(by.trusted(), branch_ids=None)
    ids = _members(by, group_id, month) | charged.keys() | (paid or {}).keys()
    students = list(
        Student.objects.visible_to(everywhere).filter(pk__among=ids).select_related("branch").order_by("sort_key", "id")
    )
    known, since, own = reach(everywhere, ids), owes_since(by, ids), _own_prices(by, ids)
    on = min(month.last, max(by.today, month.first))
    rows = []
    for row in students:
        currency, mine, now = row.branch.currency, charged.get(row.pk, _Charges()), known[row.pk]
        rows.append(
            MemberMoney(
                student_id=row.pk, name=row.full_name,
                is_seen=by.branch_ids is None or row.branch_id in by.branch_ids,
                agreed=_agreed(now, group_id, on, own),
                charged=Money(mine.amount, currency), lessons=mine.lessons,
                discount=Money(rounded_part(mine.discount, 1, 1, step=1), currency),
                paid=None if paid is None else Money(paid.get(row.pk, 0), currency),
                balance=Money(now.balance, currency), paid_until=now.coverage.paid_until,
                owes_since=since.get(row.pk),
            )
        )  # fmt: skip
    return GroupMoney(rows, _totals(rows))


def _members(by: Actor, group_id: int, month: Month) -> set[int]:
    rows = Enrolment.objects.visible_to(by).filter(group_id=group_id, starts_on__lte=month.last)
    return set(rows.exclude(ends_on__lte=month.first).values_list("student_id", flat=True))


def _charged(by: Actor, whose: Whose, month: Month) -> dict[int, _Charges]:
    """What is charged for the group in the month, by student; what was reversed is told with the opposite sign."""
    found: dict[int, _Charges] = defaultdict(_Charges)
    rows = charges_of(by, month.first, month.last, whose)
    columns = (
        Case(When(debit__kind=AccountKind.INCOME, then=F("credit__student_id")), default=F("debit__student_id")),
        Case(When(debit__kind=AccountKind.INCOME, then=Value(-1)), default=Value(1)),
    )
    asked = rows.annotate(whose=columns[0], sign=columns[1]).values_list(
        "whose", "sign", "amount", "kind", "why", "reverses__why"
    )
    for student_id, sign, amount, kind, why, reversed_why in asked:
        is_back = kind == TransferKind.REVERSAL
        figures = rules.told(rules.from_json((reversed_why if is_back else why) or []))
        mine, turn = found[student_id], -1 if is_back else 1
        mine.amount += sign * amount
        mine.lessons += turn * figures.lessons
        mine.discount += turn * figures.discount
    return found


def _own_prices(by: Actor, ids: Collection[int]) -> set[int]:
    """The subscriptions of these students whose price is the student's own."""
    rows = Subscription.objects.visible_to(by).filter(student_id__among=ids, has_own_price=True)
    return set(rows.values_list("pk", flat=True))


def _agreed(known: Reach, group_id: int, on: date, own: Collection[int]) -> Agreed | None:
    """The price on a day of the newest subscription that pays in the group; one that is for it alone comes first."""
    fitting = [each for each in known.subscriptions if each.group_id in {None, group_id} and each.starts_on <= on]
    # What was over long before is no price of the month any more; what ended within it is.
    lasting = [each for each in fitting if each.ends_on is None or each.ends_on > on.replace(day=1)]
    if not lasting:
        return None
    taken = max(lasting, key=lambda each: (each.group_id is not None, each.starts_on, each.id))
    return Agreed(Money(taken.price_on(on).amount, known.currency), taken.id in own)


def _totals(rows: list[MemberMoney]) -> list[Totals]:
    by_currency: dict[str, list[MemberMoney]] = defaultdict(list)
    for row in rows:
        by_currency[row.balance.currency].append(row)
    return [_together(found, currency) for currency, found in sorted(by_currency.items())]


def _together(rows: list[MemberMoney], currency: str) -> Totals:
    def summed(name: str) -> Money:
        return Money(sum(getattr(row, name).amount for row in rows), currency)

    return Totals(
        len(rows), summed("charged"), sum(row.lessons for row in rows), summed("discount"),
        None if rows[0].paid is None else summed("paid"), summed("balance"),
    )  # fmt: skip
