"""An import is taken back while people work with whom it brought: each of both is done whole or not at all."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from daftar.courses.models import Enrolment
from daftar.finance.models import Desk
from daftar.finance.services import promise, take_payment
from daftar.ledger.services import student_accounts
from daftar.lib.tenancy import tenant_transaction
from daftar.people.models import Student
from daftar.transfer.tests.test_imports import checked, run
from daftar.transfer.undoing import take_rows_back, undo_import
from tests.cast import a_centre, at
from tests.races.test_rights import wait_for_a_lock
from tests.races.together import at_once, books, kinds

FILE = "Name;Group;Price of a lesson;Balance\nAziz Karimov;A1;100;-250\nBarno Saidova;A1;100;-250\n"


@pytest.fixture
def by(transactional_db):
    return at(a_centre(currency="RUB", timezone="Europe/Moscow"), "2026-11-25")


def paid(by, student_id: int) -> None:
    desk = Desk.objects.visible_to(by)[0]
    take_payment(by, student_id=student_id, desk_id=desk.pk, amount=100, paid_on=by.today, key="k")


def promised(by, student_id: int) -> None:
    promise(by, student_id=student_id, promised_for=by.today + timedelta(1))


@pytest.mark.parametrize("deed", [paid, promised])
def test_whoever_pays_or_promises_while_the_import_is_taken_back_is_kept(by, deed):
    with tenant_transaction(by.org_id):
        row = undo_import(by, import_id=run(by, checked(by, FILE)).pk)
        who = Student.objects.visible_to(by).get(full_name="Aziz Karimov").pk
    answers = []
    undoing = threading.Thread(
        target=lambda: answers.extend(at_once(by, [lambda: take_rows_back(by, import_id=row.pk)]))
    )
    with tenant_transaction(by.org_id):
        deed(by, who)
        undoing.start()
        wait_for_a_lock()
    undoing.join()
    assert kinds(answers) == {"done": 1}, answers
    with tenant_transaction(by.org_id):
        assert list(Student.objects.visible_to(by).filter(archived_on=None).values_list("id", flat=True)) == [who]
    assert books(by) == []


def test_somebody_is_activated_while_the_import_is_taken_back_and_neither_waits_for_ever(by):
    """An activation locks the enrolment and then the account: the steps of it, with the undoing between them."""
    with tenant_transaction(by.org_id):
        row = undo_import(by, import_id=run(by, checked(by, FILE)).pk)
        student = Student.objects.visible_to(by).select_related("branch").get(full_name="Aziz Karimov")
    answers = []
    undoing = threading.Thread(
        target=lambda: answers.extend(at_once(by, [lambda: take_rows_back(by, import_id=row.pk)]))
    )
    with tenant_transaction(by.org_id):
        Enrolment.objects.visible_to(by).select_for_update(no_key=True).get(student=student)
        undoing.start()
        wait_for_a_lock()
        student_accounts(by, students=[student])
    undoing.join()
    assert kinds(answers) == {"done": 1}, answers
