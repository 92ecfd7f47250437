"""Refunds, edits and closed books at the same instant: never more refunded than paid, nothing in closed books."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest

from daftar.finance.models import Desk, Payment, PaymentKind
from daftar.finance.queries import broken_payments
from daftar.finance.recording import Draft, record, refundable
from daftar.finance.refusals import MoreThanPaid
from daftar.finance.services import close_books, edit_payment, move_money, refund, sell_goods, take_payment
from daftar.ledger.models import Transfer
from daftar.ledger.queries import balances
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.access import verb
from daftar.tuition.services import enrol_active, reconcile
from tests.cast import a_branch, a_group, a_student, at
from tests.races.test_rights import wait_for_a_lock
from tests.races.together import CROWD, at_once, books, kinds

PAID = 1_000_000


@pytest.fixture
def student(by):
    with tenant_transaction(by.org_id):
        return a_student(by).pk


@pytest.fixture
def desks(by):
    with tenant_transaction(by.org_id):
        return list(Desk.objects.visible_to(by).order_by("id").values_list("id", flat=True))


@pytest.fixture
def paid(by, student, desks):
    with tenant_transaction(by.org_id):
        return take_payment(by, student_id=student, desk_id=desks[0], amount=PAID, paid_on=by.today, key="paid").pk


def stored(by, model, **conditions) -> list:
    with tenant_transaction(by.org_id):
        return list(model.objects.visible_to(by).filter(**conditions).order_by("id"))


def refunding(by, student, desk, key, amount=PAID):
    return lambda: refund(by, student_id=student, desk_id=desk, amount=amount, paid_on=by.today, key=key)


def test_sixteen_refunds_at_once_give_back_what_was_paid_and_no_more(by, student, desks, paid):
    works = [refunding(by, student, desks[n % 3], f"k{n}", PAID // 4) for n in range(CROWD)]
    assert kinds(at_once(by, works)) == {"done": 4, "MoreThanPaid": CROWD - 4}
    assert sum(row.amount for row in stored(by, Payment, kind=PaymentKind.REFUND)) == PAID
    with tenant_transaction(by.org_id):
        assert balances(by, [student]) == {student: 0}
    assert books(by) == []


def test_refunds_counted_before_they_are_posted_would_give_back_too_much(by, student, desks, paid, everybody_looked):
    """The naive twin: what is left to refund is looked at first, and then the money is given."""

    @verb("finance.refund")
    def naively(by, key):
        assert refundable(by, student) >= PAID
        everybody_looked.wait()
        record(by, Draft(PaymentKind.REFUND, PAID, by.today, key, student_id=student, desk_id=desks[0]))

    answers = at_once(by, [lambda n=n: naively(by, f"k{n}") for n in range(CROWD)])
    assert kinds(answers) == {"done": CROWD}
    with tenant_transaction(by.org_id):
        assert broken_payments(by)["more refunded than paid"] == 1, "check-ledger says so"


def test_one_form_of_any_kind_sent_sixteen_times_is_one_payment(by, student, desks, paid):
    works = {
        "refund": refunding(by, student, desks[0], "r", 5),
        "sale": lambda: sell_goods(
            by, student_id=student, desk_id=desks[0], thing="Pen", quantity=1, price=5, paid_on=by.today, key="s"
        ),
        "move": lambda: move_money(
            by, desk_id=desks[0], to_desk_id=desks[1], amount=5, paid_on=by.today, key="m"
        ),
    }  # fmt: skip
    for kind, work in works.items():
        answers = at_once(by, [work] * CROWD)
        assert kinds(answers) == {"done": CROWD}, kind
        assert len(stored(by, Payment, kind=kind)) == 1, kind
    assert books(by) == []


def test_one_payment_is_edited_once(by, student, desks, paid):
    works = [lambda n=n: edit_payment(by, payment_id=paid, reason="x", values={"amount": 10 + n}) for n in range(CROWD)]
    assert kinds(at_once(by, works)) == {"done": 1, "AlreadyReversed": CROWD - 1}
    [left] = stored(by, Payment, replaces_id=paid)
    with tenant_transaction(by.org_id):
        assert balances(by, [student]) == {student: left.amount}
    assert books(by) == []


def test_money_moved_to_and_fro_at_once_deadlocks_nobody(by, student, desks, paid):
    def moving(n):
        pair = desks[:2] if n % 2 else desks[1::-1]
        return lambda: move_money(
            by, desk_id=pair[0], to_desk_id=pair[1], amount=5, paid_on=by.today, key=f"m{n}"
        )  # fmt: skip

    assert kinds(at_once(by, [moving(n) for n in range(CROWD)])) == {"done": CROWD}
    assert books(by) == []


# --- closed books -----------------------------------------------------------------------------------------------


def closing(by, until):
    def close():
        return close_books(by, branch_ids=[a_branch(by).pk], closed_until=until)

    return close


def test_whatever_was_posted_before_the_books_closed_is_in_them_and_nothing_after(by, student, desks):
    yesterday = by.today - timedelta(days=1)
    for turn in range(4):
        until = yesterday - timedelta(days=3 - turn)
        works = [
            lambda n=n, on=until, turn=turn: take_payment(
                by, student_id=student, desk_id=desks[n % 3], amount=PAID, paid_on=on, key=f"{turn}-{n}"
            )
            for n in range(CROWD - 1)
        ]  # fmt: skip
        answers = at_once(by, [*works[:7], closing(by, until), *works[7:]])
        assert set(kinds(answers)) <= {"done", "BooksAreClosed"}, kinds(answers)
        done = [row for row in answers if isinstance(row, Payment)]
        assert len(stored(by, Transfer, effective_on=until)) == len(done)
    assert books(by) == []


def test_closing_waits_for_a_payment_under_way_and_a_later_one_is_refused(by, student, desks):
    yesterday, answers = by.today - timedelta(days=1), []
    thread = threading.Thread(target=lambda: answers.extend(at_once(by, [closing(by, yesterday)])))
    with tenant_transaction(by.org_id):
        take_payment(by, student_id=student, desk_id=desks[0], amount=PAID, paid_on=yesterday, key="first")
        thread.start()
        wait_for_a_lock()
        assert answers == [], "it waits"
    thread.join()
    late = at_once(
        by,
        [lambda: take_payment(by, student_id=student, desk_id=desks[0], amount=1, paid_on=yesterday, key="late")],
    )
    assert (kinds(answers), kinds(late)) == ({"done": 1}, {"BooksAreClosed": 1})
    assert len(stored(by, Transfer, effective_on=yesterday)) == 1


def test_charges_while_books_are_closed_are_posted_once_and_in_open_books(by, student):
    later = at(by, "2025-09-14")
    with tenant_transaction(by.org_id):
        enrol_active(by, student_id=student, group_id=a_group(by).pk, starts_on=by.today)
    works = [lambda: reconcile(later, student_ids=[student])] * (CROWD - 1)
    answers = at_once(by, [*works, closing(later, date(2025, 8, 31))])
    assert kinds(answers) == {"done": CROWD}
    charged = [row.charge_key for row in stored(by, Transfer, kind="charge")]
    assert len(charged) == len(set(charged)) == 5
    with tenant_transaction(by.org_id):
        assert reconcile(later, student_ids=[student]) == 0
    assert books(by) == []


def test_a_refusal_of_a_refund_leaves_nothing_behind(by, student, desks, paid):
    [answer] = at_once(by, [refunding(by, student, desks[0], "k", PAID + 1)])
    assert isinstance(answer, MoreThanPaid)
    assert len(stored(by, Payment)) == len(stored(by, Transfer)) == 1
