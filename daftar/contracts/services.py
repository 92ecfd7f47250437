"""Verbs on contracts. They move no money: what is charged follows from prices and lessons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from daftar.contracts.models import Contract
from daftar.lib.errors import Refusal
from daftar.lib.money import LARGEST_MAJOR, exponent
from daftar.orgs.access import Actor, add, change, verb
from daftar.orgs.models import Branch
from daftar.people.models import Student
from daftar.tuition.discounts import check_lesson_types

if TYPE_CHECKING:
    from datetime import date


class ContractEndsBeforeStart(Refusal):
    field = "last_on"
    text = _("The last day lies before the first.")


class ContractSumOutOfRange(Refusal):
    field = "amount"
    text = _("This amount is too large. Check the zeros.")


class ContractWithoutVisits(Refusal):
    field = "visits"
    text = _("Write how many, or leave it empty.")


class ContractWrittenAlready(Refusal):
    text = _("The student has this contract already.")


class ContractIsDeleted(Refusal):
    text = _("This contract was deleted.")


@dataclass(frozen=True)
class ContractTerms:
    """What a contract says: from `starts_on` to `last_on` inclusive, for `amount` minor units.

    `lesson_type` by its code, empty: any; `visits` None: not said; `due_on`: by when it is to be paid.
    """

    starts_on: date
    last_on: date
    amount: int
    number: str = ""
    lesson_type: str = ""
    visits: int | None = None
    due_on: date | None = None
    note: str = ""


@verb("contracts.edit")
def add_contract(by: Actor, *, student_id: int, terms: ContractTerms) -> Contract:
    """Writes a contract under the next number of the student's branch; the very same again is refused."""
    student: Student = Student.objects.visible_to(by).select_related("branch").one(pk=student_id)
    values = _values(by, student.branch, terms)
    # Whoever writes a contract in the branch waits here, so no number is lost or given twice.
    branch: Branch = Branch.objects.visible_to(by).select_for_update(no_key=True).one(pk=student.branch_id)
    if Contract.objects.visible_to(by).filter(student=student, removed_at=None, **values).exists():
        raise ContractWrittenAlready
    # Its contracts count wherever their students are now, and those that were deleted too.
    rows = Contract.unguarded.filter(org_id=by.org_id, branch=branch)
    last = rows.aggregate(last=Max("branch_number"))["last"] or 0
    return add(
        by, Contract, student=student, branch=branch, branch_number=last + 1, member_id=by.member_id, **values
    )  # fmt: skip


@verb("contracts.edit")
def edit_contract(by: Actor, *, contract_id: int, terms: ContractTerms) -> Contract:
    """Changes what a contract says; its number in the branch stays."""
    row = _locked(by, contract_id)
    if row.removed_at is not None:
        raise ContractIsDeleted
    change(by, row, **_values(by, row.branch, terms))
    return row


@verb("contracts.edit")
def delete_contract(by: Actor, *, contract_id: int) -> Contract:
    """Takes a contract out of all lists and sums; it keeps its number and can be brought back."""
    row = _locked(by, contract_id)
    if row.removed_at is not None:
        raise ContractIsDeleted
    change(by, row, removed_at=by.at)
    return row


@verb("contracts.edit")
def restore_contract(by: Actor, *, contract_id: int) -> Contract:
    """Brings a deleted contract back, with its number."""
    row = _locked(by, contract_id)
    change(by, row, removed_at=None)
    return row


def _values(by: Actor, branch: Branch, terms: ContractTerms) -> dict[str, object]:
    if terms.last_on < terms.starts_on:
        raise ContractEndsBeforeStart
    if not 0 <= terms.amount < LARGEST_MAJOR * 10 ** exponent(branch.currency):
        raise ContractSumOutOfRange
    if terms.visits is not None and terms.visits <= 0:
        raise ContractWithoutVisits
    check_lesson_types(by, [terms.lesson_type] if terms.lesson_type else [])
    return {
        "starts_on": terms.starts_on, "ends_on": terms.last_on + timedelta(days=1), "amount": terms.amount,
        "number": terms.number.strip(), "lesson_type": terms.lesson_type, "visits": terms.visits,
        "due_on": terms.due_on, "note": terms.note.strip(),
    }  # fmt: skip


def _locked(by: Actor, contract_id: int) -> Contract:
    rows = Contract.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    row: Contract = rows.select_related("branch", "student").one(pk=contract_id)
    return row
