"""Sixteen contracts written at the same instant are numbered without a gap, and one form sent sixteen times is one."""

from __future__ import annotations

from datetime import date

from daftar.contracts.models import Contract
from daftar.contracts.services import ContractTerms, add_contract
from daftar.lib.tenancy import tenant_transaction
from tests.cast import a_student
from tests.races.together import CROWD, at_once, kinds


def writing(by, student, amount: int):
    terms = ContractTerms(date(2025, 9, 1), date(2026, 5, 31), amount)
    return lambda: add_contract(by, student_id=student.pk, terms=terms).branch_number


def numbers(by) -> list[int]:
    with tenant_transaction(by.org_id):
        return list(Contract.objects.visible_to(by).order_by("branch_number").values_list("branch_number", flat=True))


def test_sixteen_contracts_are_numbered_without_a_gap(by):
    with tenant_transaction(by.org_id):
        students = [a_student(by, f"S{place}") for place in range(4)]
    answers = at_once(by, [writing(by, students[n % 4], n) for n in range(CROWD)])
    assert sorted(answers) == numbers(by) == list(range(1, CROWD + 1))


def test_one_contract_sent_sixteen_times_is_one(by):
    with tenant_transaction(by.org_id):
        student = a_student(by)
    answers = at_once(by, [writing(by, student, 100)] * CROWD)
    assert kinds(answers) == {"done": 1, "ContractWrittenAlready": CROWD - 1}
    assert numbers(by) == [1]
