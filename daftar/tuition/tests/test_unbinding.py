"""A tariff that was bound by mistake is taken back as if it had never been bound; nothing of the ledger is deleted."""

from __future__ import annotations

from datetime import date

import pytest

from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Lesson
from daftar.courses.rules import PlanKind
from daftar.finance.models import Desk
from daftar.finance.services import close_books, reverse_payment, take_payment
from daftar.ledger.models import Transfer
from daftar.ledger.queries import balances, base_balances, drift, live_charges, separate_accounts
from daftar.lib.errors import Forbidden, NotFound
from daftar.orgs.models import AuditEntry
from daftar.tuition.models import LessonPick, PriceStep, Subscription
from daftar.tuition.prices import choose_payer
from daftar.tuition.services import enrol_active, reconcile
from daftar.tuition.tariffs import (
    Binding,
    CameWithActivation,
    MoneyKeptApart,
    TariffTerms,
    add_tariff,
    bind_tariff,
    unbind_tariff,
)
from tests.cast import a_branch, a_course, a_group, a_member, a_student, at, enrolled

MAY = date(2025, 5, 1)


@pytest.fixture
def pupil(by):
    """Active since May in a group without a price; two lessons were held, on May 2 and 5."""
    student, group = a_student(by), a_group(by, a_course(by, price=None))
    row = enrolled(by, student, group, "2025-05-01")
    row.activated_on = row.starts_on  # activating would ask for a price of the group
    row.save()
    for day in ("2025-05-02", "2025-05-05"):
        lesson = Lesson.objects.visible_to(by).get(group=group, held_on=day)
        conduct_lesson(at(by, day, 15), lesson_id=lesson.pk, absent={})
    return student


def bound(by, student, price: int, **values):
    """To a tariff of so many minor units for each lesson."""
    terms = TariffTerms(f"of {price}", PlanKind.PER_LESSON, "UZS")
    tariff = add_tariff(by, terms=terms, price=price, from_on=date(2025, 1, 1))
    return bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=Binding(MAY, **values))


def test_all_it_charged_is_reversed_and_what_else_there_is_pays(by, pupil):
    bound(by, pupil, 10_000)
    wrong = bound(by, pupil, 70_000, note="by mistake")
    assert balances(by, [pupil.pk])[pupil.pk] == -140_000
    lesson = Lesson.objects.visible_to(by).get(held_on="2025-05-02")
    choose_payer(by, student_id=pupil.pk, lesson_id=lesson.pk, subscription_id=wrong.pk)
    charged = set(
        Transfer.objects.visible_to(by).filter(charge_key__startswith=f"{wrong.pk}:", reverses=None).values_list("pk")
    )

    unbind_tariff(by, subscription_id=wrong.pk)

    assert balances(by, [pupil.pk])[pupil.pk] == -20_000
    assert not Subscription.objects.visible_to(by).filter(pk=wrong.pk).exists()
    assert not PriceStep.objects.visible_to(by).filter(subscription_id=wrong.pk).exists()
    assert not LessonPick.objects.visible_to(by).exists(), "the lesson is left to the rules again"
    undone = Transfer.objects.visible_to(by).filter(reverses__isnull=False)
    assert charged <= set(undone.values_list("reverses")), "and all of it stands beside what undid it"
    assert reconcile(by, student_ids=[pupil.pk]) == 0
    assert drift(by) == []


def test_it_is_one_deed_in_the_history_and_done_once(by, pupil):
    row = bound(by, pupil, 70_000, note="by mistake")
    before = AuditEntry.objects.visible_to(by).count()
    unbind_tariff(by, subscription_id=row.pk)
    assert AuditEntry.objects.visible_to(by).count() == before + 1
    entry = AuditEntry.objects.visible_to(by).latest("pk")
    assert entry.verb == "tuition.unbind_tariff"
    with pytest.raises(NotFound):
        unbind_tariff(by, subscription_id=row.pk)


def test_charges_in_closed_books_are_given_back_on_the_first_open_day(by, pupil):
    row = bound(by, pupil, 70_000)
    june = at(by, "2025-06-10")
    close_books(june, branch_ids=[a_branch(by).pk], closed_until=date(2025, 5, 31))
    unbind_tariff(june, subscription_id=row.pk)
    undone = Transfer.objects.visible_to(by).filter(reverses__isnull=False)
    days = {(each.effective_on, each.corrects_on) for each in undone}
    assert days == {(date(2025, 6, 1), date(2025, 5, day)) for day in (2, 5)}
    assert balances(by, [pupil.pk])[pupil.pk] == 0


def test_what_stands_on_its_own_account_is_reversed_there_and_nobody_pays_into_it_any_more(by, pupil):
    row = bound(by, pupil, 70_000, is_separate=True)
    account = separate_accounts(by, [pupil.pk])[row.pk]
    assert (account.balance, base_balances(by, [pupil.pk])[pupil.pk]) == (-140_000, 0)
    unbind_tariff(by, subscription_id=row.pk)
    account.refresh_from_db()
    assert account.balance == 0
    assert live_charges(by, [account.pk]) == {account.pk: []}
    with pytest.raises(NotFound):
        paid_apart(by, pupil, row)


def paid_apart(by, student, row):
    """Into the account of the subscription."""
    desk = Desk.objects.visible_to(by).order_by("id")[0]
    return take_payment(
        by, student_id=student.pk, desk_id=desk.pk, amount=50_000, paid_on=by.today, key="apart",
        subscription_id=row.pk,
    )  # fmt: skip


def test_where_money_was_recorded_on_its_own_account_it_stays(by, pupil):
    row = bound(by, pupil, 70_000, is_separate=True)
    payment = paid_apart(by, pupil, row)
    with pytest.raises(MoneyKeptApart):
        unbind_tariff(by, subscription_id=row.pk)
    reverse_payment(by, payment_id=payment.pk, reason="by mistake")
    with pytest.raises(MoneyKeptApart):
        unbind_tariff(by, subscription_id=row.pk)
    assert balances(by, [pupil.pk])[pupil.pk] == -140_000


def test_what_came_with_activation_is_not_unbound(by):
    student = a_student(by)
    enrol_active(by, student_id=student.pk, group_id=a_group(by, a_course(by)).pk, starts_on=MAY)
    with pytest.raises(CameWithActivation):
        unbind_tariff(by, subscription_id=Subscription.objects.visible_to(by).get().pk)


def test_who_may_not_price_may_not_unbind(by, pupil):
    row = bound(by, pupil, 70_000)
    with pytest.raises(Forbidden):
        unbind_tariff(a_member(by, "Dilnoza", "teacher"), subscription_id=row.pk)
    assert Subscription.objects.visible_to(by).filter(pk=row.pk).exists()
