"""The month of one student by hand: what is posted is what the handbook's tables say."""

from datetime import date

import pytest

from daftar.ledger.queries import balances, drift, statement
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.queries import preview_activation
from daftar.tuition.services import activate, reconcile
from tests.cast import a_centre, a_group, a_student, at, enrolled


@pytest.fixture
def by(db):
    by = a_centre()
    with tenant_transaction(by.org_id):
        yield by


def test_activation_posts_what_its_preview_said_e1(by):
    student, group = a_student(by), a_group(by)
    enrolment = enrolled(by, student, group, "2025-05-05")
    preview = preview_activation(by, enrolment.pk, date(2025, 5, 8))

    activate(by, enrolment_id=enrolment.pk, activated_on=date(2025, 5, 8))

    lines = statement(by, student.pk)
    assert [(line.on, line.amount, line.balance) for line in lines] == [(date(2025, 5, 8), -23_076_900, -23_076_900)]
    assert [(draft.on, -draft.amount) for draft in preview.drafts] == [(line.on, line.amount) for line in lines]
    assert preview.balance_after == lines[-1].balance
    assert drift(by) == []


def test_the_monthly_run_posts_once_dated_the_first_e2_e34(by):
    student = a_student(by)
    enrolment = enrolled(by, student, a_group(by), "2025-05-05")
    activate(by, enrolment_id=enrolment.pk, activated_on=date(2025, 5, 8))
    late = at(by, "2025-06-03")

    posted = [reconcile(late, student_ids=[student.pk]) for _ in range(2)]

    assert posted == [1, 0]
    assert balances(by, [student.pk]) == {student.pk: -53_076_900}
    assert [line.on for line in statement(by, student.pk)] == [date(2025, 5, 8), date(2025, 6, 1)]
