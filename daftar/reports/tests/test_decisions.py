"""Who is a debtor and how zero is shown, as the centre or a branch decides: D15 and D16."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from daftar.courses.rules import EnrolmentState, Standing, standing
from daftar.finance.models import Desk
from daftar.finance.services import take_payment
from daftar.ledger.queries import balances
from daftar.orgs.models import Branch, Organization
from daftar.people.models import Student
from daftar.reports.debts import Bucket, Wanted, debt_totals, debtors
from daftar.reports.queries import lesson_people, student_counts, student_rows, students_page
from daftar.tuition.services import enrol_active, open_balances
from tests.cast import a_branch, a_group, a_student


def owing(by, name: str, *, is_archived: bool = False) -> Student:
    student = a_student(by, name)
    row = Student.objects.visible_to(by).select_related("branch").get(pk=student.pk)
    open_balances(by, balances=[(row, -5_000_000)], on=date(2025, 5, 1))
    if is_archived:
        Student.objects.visible_to(by).filter(pk=row.pk).update(archived_on=date(2025, 5, 2))
    return row


@pytest.mark.parametrize(("answer", "names"), [("hidden", ["Ali"]), ("shown", ["Ali", "Bek"])])
@pytest.mark.parametrize("decides", ["centre", "branch"])
def test_d15_archived_debtors_are_left_out_or_shown_everywhere_alike(by, answer, names, decides):
    owing(by, "Ali")
    owing(by, "Bek", is_archived=True)
    other = {"hidden": "shown", "shown": "hidden"}[answer]
    Organization.objects.filter(pk=by.org_id).update(archived_debtors=answer if decides == "centre" else other)
    own = "" if decides == "centre" else answer
    Branch.objects.visible_to(by).filter(pk=a_branch(by).pk).update(archived_debtors=own)

    found = debtors(by)

    assert sorted(row.name for row in found.rows) == names
    assert [row.name for row in found.rows if row.is_archived] == names[1:]
    assert found.buckets[Bucket.ALL].count == debt_totals(by).count == student_counts(by)["owes"] == len(names)
    assert sorted(row.name for row in students_page(by, state="owes").rows) == names
    assert len(debtors(by, wanted=Wanted(with_archived=True)).rows) == 2, "asked for, whatever is decided"
    assert len(debtors(by, wanted=Wanted(with_archived=False)).rows) == 1


@pytest.mark.parametrize(("answer", "shown"), [("settled", "active"), ("due", "at_zero")])
def test_d16_zero_is_green_or_yellow_and_never_a_debt(by, answer, shown):
    Organization.objects.filter(pk=by.org_id).update(zero_balance=answer)
    student = a_student(by)
    enrol_active(by, student_id=student.pk, group_id=a_group(by).pk, starts_on=date(2025, 5, 14))
    owed, desk = -balances(by, [student.pk])[student.pk], Desk.objects.visible_to(by)[0]
    take_payment(by, student_id=student.pk, desk_id=desk.pk, amount=owed, paid_on=by.today, key="k")
    row = Student.objects.visible_to(by).select_related("branch").get(pk=student.pk)

    assert [line.standing for line in student_rows(by, [row])] == [shown]
    assert [person.standing for person in lesson_people(by, {student.pk: False})] == [shown]
    assert debt_totals(by).count == 0
    Branch.objects.visible_to(by).update(zero_balance="settled")
    assert [line.standing for line in student_rows(by, [row])] == ["active"], "the branch decides otherwise"


@pytest.mark.parametrize(
    ("state", "balance", "expected"),
    [
        (EnrolmentState.ACTIVE, 0, Standing.AT_ZERO),
        (EnrolmentState.ACTIVE, 1, Standing.ACTIVE),
        (EnrolmentState.ACTIVE, -1, Standing.OWES),
        (EnrolmentState.TRIAL, 0, Standing.TRIAL),
        (EnrolmentState.FROZEN, 0, Standing.FROZEN),
    ],
)
def test_d16_only_who_is_active_has_a_zero_to_show(state, balance, expected):
    assert standing(state, balance, zero_is_due=True) is expected


def test_d16_who_may_not_see_balances_is_not_told_of_zero(by):
    Organization.objects.filter(pk=by.org_id).update(zero_balance="due")
    student = a_student(by)
    enrol_active(by, student_id=student.pk, group_id=a_group(by).pk, starts_on=date(2025, 5, 14))
    row = Student.objects.visible_to(by).select_related("branch").get(pk=student.pk)
    blind = replace(by, is_trusted=False, permissions=frozenset({"people.view"}))
    assert [line.standing for line in student_rows(blind, [row])] == ["active"]
