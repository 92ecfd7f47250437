"""What is owed on the account of one subscription is a debt like any other; money elsewhere does not pay for it."""

from datetime import date

import pytest
from django.core.management import call_command
from django.db import connections

from daftar.courses.models import Enrolment
from daftar.courses.rules import PlanKind
from daftar.finance.models import Desk
from daftar.finance.refusals import NothingOwed
from daftar.finance.services import promise, take_payment
from daftar.ledger.models import Account, AccountKind
from daftar.ledger.queries import balances, held_by, wrong_debt_days
from daftar.lib.money import Money
from daftar.lib.tenancy import tenant_transaction
from daftar.reports.debts import Bucket, debt_totals, debtors, owes_since
from daftar.reports.queries import student_counts, students_page
from daftar.reports.today import must_pay_today
from daftar.tuition.forecasts import forecast_of
from daftar.tuition.services import enrol_active, reconcile
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff
from tests.cast import a_centre, a_course, a_group, a_student, at, enrolled

SINCE = date(2025, 5, 5)
MONTH = 80_000_000


def paid(by, student, amount, into=None) -> None:
    desk = Desk.objects.visible_to(by).order_by("id")[0]
    take_payment(
        by, student_id=student.pk, desk_id=desk.pk, amount=amount, paid_on=by.today, key=f"{amount} {into} {by.at}",
        subscription_id=into,
    )  # fmt: skip


def apart(by, student, group, plan=PlanKind.WHOLE_COURSE, price=MONTH):
    tariff = add_tariff(
        by,
        terms=TariffTerms(f"{plan} apart", plan, "UZS", months=1 if plan is PlanKind.WHOLE_COURSE else None),
        price=price,
        from_on=SINCE,
    )
    binding = Binding(SINCE, group_id=group.pk, is_separate=True)
    return bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=binding)


@pytest.fixture
def group(by):
    return a_group(by, a_course(by, price=None, plan=PlanKind.PER_LESSON), starts_on="2025-05-01")


@pytest.fixture
def student(by, group):
    return active_in(by, group)


def active_in(by, group):
    """Without a price of the course's."""
    row = a_student(by, "Apart")
    enrolled(by, row, group, SINCE.isoformat())
    Enrolment.objects.visible_to(by).filter(student=row).update(activated_on=SINCE)
    return row


def debt_of(by, student_id):
    held = held_by(by, [student_id])[student_id]
    return (held.owes_since, held.owed)


def test_it_stands_among_the_debts_whatever_lies_on_the_students_account(by, group, student):
    paid(by, student, MONTH * 2)
    row = apart(by, student, group)

    (debt,) = debtors(by).rows
    assert (debt.name, debt.subscription, debt.owes, debt.since) == ("Apart", row, Money(MONTH, "UZS"), SINCE)
    assert balances(by, [student.pk])[student.pk] > 0
    assert (owes_since(by, [student.pk]), debt_of(by, student.pk)) == ({student.pk: SINCE}, (SINCE, MONTH))
    assert [found.name for found in students_page(by, state="owes").rows] == ["Apart"]

    paid(by, student, MONTH, into=row.pk)
    assert (debtors(by).rows, debt_of(by, student.pk), wrong_debt_days(by)) == ([], (None, 0), 0)


def test_when_it_will_be_paid_is_promised_for_it_too(by, group, student):
    paid(by, student, MONTH * 2)
    row = apart(by, student, group)
    made = promise(by, student_id=student.pk, promised_for=by.today)
    assert made.stands
    paid(by, student, MONTH, into=row.pk)
    with pytest.raises(NothingOwed):
        promise(by, student_id=student.pk, promised_for=by.today)


def test_two_debts_of_one_student_are_two_lines_and_one_student(by, group, student):
    apart(by, student, group)
    course = a_course(by, "Other", plan=PlanKind.CALENDAR_MONTH)
    enrol_active(by, student_id=student.pk, group_id=a_group(by, course, "Other").pk, starts_on=date(2025, 5, 7))

    found = debtors(by)
    on_base = -Account.objects.visible_to(by).get(kind=AccountKind.STUDENT, student=student).balance
    assert [(row.owes.amount, row.since) for row in found.rows] == [(MONTH, SINCE), (on_base, date(2025, 5, 7))]
    assert found.buckets[Bucket.ALL].totals == debt_totals(by).totals == [Money(MONTH + on_base, "UZS")]
    assert (debt_totals(by).count, student_counts(by)["owes"], found.page.total) == (2, 1, 2)
    assert (debt_of(by, student.pk), wrong_debt_days(by)) == ((SINCE, MONTH + on_base), 0)


def test_the_day_is_that_of_the_last_fall_below_zero(by, group, student):
    row = apart(by, student, group, PlanKind.CALENDAR_MONTH)
    since, owed = debt_of(by, student.pk)
    paid(by, student, owed, into=row.pk)
    june = at(by, "2025-06-02")
    reconcile(june, student_ids=[student.pk])
    assert (since, debt_of(june, student.pk), wrong_debt_days(june)) == (SINCE, (date(2025, 6, 1), MONTH), 0)

    paid(june, student, 1, into=row.pk)
    assert (debt_of(june, student.pk), wrong_debt_days(june)) == ((date(2025, 6, 1), MONTH - 1), 0)


def test_who_has_the_money_for_todays_lesson_apart_need_not_pay_and_who_has_not_must_d15(by, group, student):
    row = apart(by, student, group, PlanKind.PER_LESSON, 5_000_000)
    paid(by, student, MONTH)
    today = at(by, "2025-05-16", 3)
    assert [(found.name, found.missing.amount) for found in must_pay_today(today)[0]] == [("Apart", 5_000_000)]

    paid(today, student, 4_000_000, into=row.pk)
    found = must_pay_today(today)[0]
    assert [(each.missing.amount, each.subscription_id) for each in found] == [(1_000_000, row.pk)]
    paid(today, student, 1_000_000, into=row.pk)
    assert must_pay_today(today) == ([], False)


def test_what_is_to_pay_for_the_time_ahead_is_what_each_account_lacks(by, group, student):
    row = apart(by, student, group, PlanKind.CALENDAR_MONTH)
    paid(by, student, MONTH * 3, into=row.pk)
    base = add_tariff(by, terms=TariffTerms("Base", PlanKind.CALENDAR_MONTH, "UZS"), price=7_000_000, from_on=SINCE)
    other = a_group(by, a_course(by, "Chess", price=None, plan=PlanKind.PER_LESSON), "Chess", starts_on="2025-05-01")
    enrolled(by, student, other, SINCE.isoformat())
    Enrolment.objects.visible_to(by).filter(group=other).update(activated_on=SINCE)
    bind_tariff(by, student_id=student.pk, tariff_id=base.pk, binding=Binding(date(2025, 6, 1), group_id=other.pk))
    paid(by, student, 1_000_000)
    found = forecast_of(by, student.pk, since=by.today, until=date(2025, 6, 30))
    assert {draft.amount for draft in found.drafts} == {MONTH, 7_000_000}
    assert found.balance.amount > found.total.amount, "together there is more than enough"
    assert found.to_pay.amount == 6_000_000


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_day_of_debts_from_before_the_release_is_found():
    by = a_centre()
    with tenant_transaction(by.org_id):
        group = a_group(by, a_course(by, price=None, plan=PlanKind.PER_LESSON), starts_on="2025-05-01")
        student = active_in(by, group)
        apart(by, student, group)
    try:
        call_command("migrate", "daftar", "0038", database="owner", interactive=False, verbosity=0)
        with tenant_transaction(by.org_id):
            assert owes_since(by, [student.pk]) == {}
    finally:
        call_command("migrate", "daftar", database="owner", interactive=False, verbosity=0)
        with connections["owner"].cursor() as cursor:
            cursor.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO daftar_app")  # as for every test
    with tenant_transaction(by.org_id):
        assert (owes_since(by, [student.pk]), wrong_debt_days(by)) == ({student.pk: SINCE}, 0)
