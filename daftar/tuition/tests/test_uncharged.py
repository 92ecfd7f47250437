"""Whom a month did not charge, and why."""

from datetime import date
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from daftar.courses.models import Enrolment
from daftar.courses.rules import PlanKind
from daftar.orgs.models import Organization
from daftar.tuition.discounts import DiscountTerms, give_discount
from daftar.tuition.jobs import reconcile_all
from daftar.tuition.models import PriceStep, Subscription
from daftar.tuition.pauses import suspend
from daftar.tuition.rules import Reason
from daftar.tuition.services import enrol_active, reconcile
from daftar.tuition.uncharged import uncharged
from tests.cast import a_centre, a_course, a_group, a_student, at, enrolled

JUNE = date(2025, 6, 1)


def active(by, group, name="Farhod Karimov", since=date(2025, 5, 1)):
    student = a_student(by, name)
    enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=since)
    return student


def reasons(by, on="2025-06-30"):
    """By name, why June charged them nothing."""
    later = at(by, on)
    reconcile_all(later)
    return {row.student: row.reason for row in uncharged(later, JUNE)[0]}


def test_who_is_charged_is_not_on_the_list(by):
    active(by, a_group(by))

    assert reasons(by) == {}


def test_a_trial_is_not_charged(by):
    enrolled(by, a_student(by, "On Trial"), a_group(by), "2025-05-05")

    assert reasons(by) == {"On Trial": Reason.TRIAL}


def test_months_before_that_of_the_entry_are_a_trial_where_d12_says_so(by):
    Organization.objects.filter(pk=by.org_id).update(backdated_charges="since_entry")
    active(at(by, "2025-07-10"), a_group(by), "Entered Late")

    assert reasons(by, "2025-07-10") == {"Entered Late": Reason.TRIAL}


def test_without_a_price_nothing_is_charged(by):
    group = a_group(by)
    active(by, group, "Costs Nothing")
    PriceStep.objects.visible_to(by).update(amount=0)
    Subscription.objects.visible_to(by).filter(student=active(by, group, "No Subscription")).delete()

    assert reasons(by) == {"Costs Nothing": Reason.NO_PRICE, "No Subscription": Reason.NO_PRICE}


def test_a_month_frozen_as_a_whole_is_not_charged(by):
    student = active(by, a_group(by), "Away All June")
    suspend(by, student_ids=[student.pk], starts_on=JUNE, last_on=date(2025, 6, 30))

    assert reasons(by) == {"Away All June": Reason.FROZEN}


def test_a_discount_may_take_all_of_it(by):
    student = active(by, a_group(by), "For Free")
    give_discount(by, student_id=student.pk, terms=DiscountTerms(JUNE, percent=Decimal(100)))

    assert reasons(by) == {"For Free": Reason.FREE}


def test_who_was_not_there_for_any_lesson_left(by):
    group = a_group(by, course=a_course(by, plan=PlanKind.PER_LESSON))
    student = active(by, group, "Gone")
    Enrolment.objects.visible_to(by).filter(student=student).update(ends_on=date(2025, 6, 2))

    assert reasons(by) == {"Gone": Reason.LEFT}


def test_a_lesson_that_was_not_conducted_yet_is_not_due(by):
    active(by, a_group(by, course=a_course(by, plan=PlanKind.PER_LESSON)), "Waits")

    assert reasons(by) == {"Waits": Reason.NOT_DUE}


def test_another_months_charge_does_not_count_and_a_reversed_one_neither(by):
    student = active(by, a_group(by), "Taken Back")
    later = at(by, "2025-06-30")
    reconcile(later, student_ids=[student.pk])
    assert uncharged(later, JUNE)[0] == []
    give_discount(later, student_id=student.pk, terms=DiscountTerms(JUNE, percent=Decimal(100)))

    assert [row.reason for row in uncharged(later, JUNE)[0]] == [Reason.FREE]


def test_the_statements_do_not_grow_with_the_rows_and_the_count_is_of_all(by):
    group, counts = a_group(by), []
    for number in range(60):
        enrolled(by, a_student(by, f"Trial {number:02}"), group, "2025-05-05")
        if number in (1, 59):
            with CaptureQueriesContext(connection) as asked:
                rows, page = uncharged(at(by, "2025-06-30"), JUNE)
            counts.append(len(asked))

    assert counts[0] == counts[1]
    assert (len(rows), page.total, page.next) == (50, 60, 2)
    assert [row.student for row in uncharged(at(by, "2025-06-30"), JUNE, 2)[0]][-1] == "Trial 59"


def test_a_neighbours_students_are_not_on_it(by):
    enrolled(by, a_student(by, "Ours"), a_group(by), "2025-05-05")
    other = a_centre("other")

    assert uncharged(other, JUNE)[0] == []
