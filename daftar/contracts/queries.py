"""Questions about contracts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Exists, F, OuterRef, Subquery, Sum, When

from daftar.contracts.models import Contract
from daftar.finance.models import Payment, PaymentKind, PaymentReversal
from daftar.lib.money import Money
from daftar.lib.paging import Page, paged
from daftar.lib.period import exclusive_end
from daftar.orgs.access import Actor, question
from daftar.tuition import lists
from daftar.tuition.forecasts import Agreed, lessons_and_charges

if TYPE_CHECKING:
    from datetime import date


class Which(StrEnum):
    """Which contracts of a period are meant."""

    STARTS = "starts"
    ENDS = "ends"
    IN_FORCE = "force"


ORDERS = {
    "starts": ("starts_on", "id"),
    "ends": ("ends_on", "id"),
    "number": ("branch_id", "branch_number"),
    "student": ("student__sort_key", "id"),
    "amount": ("-amount", "id"),
}


@dataclass(frozen=True)
class ContractSums:
    """What a student's contracts come to, and what was paid (refunds taken off) less that: below zero, to be paid."""

    total: Money
    left: Money


@dataclass(frozen=True)
class StudentContracts:
    """A student's contracts, the newest first, and their sums; None where there is no contract."""

    rows: list[Contract]
    sums: ContractSums | None


@question("finance.view")
def contracts_of(by: Actor, student_id: int) -> StudentContracts:
    """What was agreed with a student, and what is left to pay by it; in one statement."""
    undone = PaymentReversal.unguarded.filter(org_id=by.org_id, payment_id=OuterRef("pk"))
    # In whatever branch it was paid.
    paid = Payment.unguarded.filter(org_id=by.org_id, student_id=OuterRef("student_id")).exclude(Exists(undone))
    signed = Case(When(kind=PaymentKind.INCOME, then=F("amount")), When(kind=PaymentKind.REFUND, then=-F("amount")))
    net = paid.values("student_id").annotate(net=Sum(signed)).values("net")
    rows = list(_standing(by).filter(student_id=student_id).annotate(paid=Subquery(net)).order_by("-starts_on", "-id"))
    if not rows:
        return StudentContracts([], None)
    total, currency = sum(row.amount for row in rows), rows[0].branch.currency
    return StudentContracts(rows, ContractSums(Money(total, currency), Money((rows[0].paid or 0) - total, currency)))


@question("contracts.edit")
def get_contract(by: Actor, contract_id: int) -> Contract:
    """A contract with its student, also one that was deleted; NotFound when invisible."""
    return Contract.objects.visible_to(by).select_related("student__branch", "branch").one(pk=contract_id)


@question("contracts.edit")
def lesson_types(by: Actor) -> list[tuple[str, str]]:
    """What a contract may be for: the types of lessons by code, with their names."""
    return lists.lesson_types(by.trusted())


@question("contracts.edit")
def counted(by: Actor, student_id: int, *, starts_on: date, last_on: date, lesson_type: str) -> Agreed:
    """How many lessons of a type the student has from one day to another, held or to come, and their charges."""
    return lessons_and_charges(by.trusted(), student_id, since=starts_on, until=last_on, lesson_type=lesson_type)


@question("finance.view")
def contracts_of_period(
    by: Actor, *, since: date, until: date, which: Which, order: str = "starts", number: int | None = 1
) -> tuple[list[Contract], Page | None, list[Money]]:
    """A page of the contracts that start, end or are in force from `since` to `until` inclusive; without a number all.

    Beside them what all of them come to, by currency.
    """
    rows = _standing(by)
    after: Any = exclusive_end(until)
    if which == Which.STARTS:
        rows = rows.filter(starts_on__range=(since, until))
    elif which == Which.ENDS:  # kept half open: the last day is the one before
        rows = rows.filter(ends_on__gt=since, ends_on__lte=after)
    else:
        rows = rows.filter(starts_on__lte=until, ends_on__gt=since)
    sums = rows.values_list("branch__currency").annotate(Sum("amount")).order_by("branch__currency")
    told = [Money(amount, currency) for currency, amount in sums]
    ordered = rows.order_by(*ORDERS[order])
    if number is None:
        return list(ordered), None, told
    chosen, page = paged(ordered, number)
    return chosen, page, told


def _standing(by: Actor) -> Any:
    rows = Contract.objects.visible_to(by).filter(removed_at=None)
    return rows.select_related("student", "branch")
