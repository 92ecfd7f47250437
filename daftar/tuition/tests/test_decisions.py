"""The second answers to the decisions of pricing, through the verbs: what a centre or a branch decides is charged."""

from __future__ import annotations

from datetime import date, time

import pytest

from daftar.courses.days import cancel_lesson
from daftar.courses.models import Enrolment, Lesson
from daftar.courses.moves import move_lesson
from daftar.courses.rules import PlanKind
from daftar.courses.services import enrol_student
from daftar.finance.services import close_books
from daftar.ledger.models import Transfer
from daftar.ledger.queries import balances, statement
from daftar.orgs.models import Branch, Organization
from daftar.tuition.discounts import DiscountTerms, give_discount
from daftar.tuition.jobs import reconcile_all
from daftar.tuition.leaving import leave_group, return_to_trial
from daftar.tuition.rehearsal import rehearse
from daftar.tuition.services import activate, enrol_active, reconcile
from tests.cast import a_branch, a_course, a_group, a_student, at

MAY = date(2025, 5, 1)


def decide(by, **answers) -> None:
    Organization.objects.filter(pk=by.org_id).update(**answers)


def active_from(by, on: str, **group):
    """A student active from a day in a group of odd days, 300 000 a month."""
    student, group = a_student(by), a_group(by, a_course(by), **group)
    return student, group, enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date.fromisoformat(on))


def charged(by, student) -> list[tuple[str, int]]:
    """Day and soums of everything that was charged (below zero) or credited and stands."""
    return [(line.on.isoformat()[5:], line.amount // 100) for line in statement(by, student.pk)]


@pytest.mark.parametrize(("answer", "amount"), [("best", -240_000), ("oldest", -290_000)])
def test_d5_the_best_or_the_oldest_discount(by, answer, amount):
    decide(by, several_discounts=answer)
    student, _group, _row = active_from(by, "2025-05-01")
    for percent, amount_off, since in ((None, 1_000_000, date(2025, 3, 1)), (20, None, MAY)):
        terms = DiscountTerms(percent=percent, amount=amount_off, per="", starts_on=since, last_on=None)
        give_discount(by, student_id=student.pk, terms=terms)
    assert charged(by, student) == [("05-01", amount)]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("credited", [("05-01", -300_000), ("05-20", 115_385)]), ("kept", [("05-01", -300_000)])],
)
def test_d8_whoever_leaves_is_shown_first_what_then_happens(by, answer, expected):
    decide(by, unserved_lessons=answer)
    later = at(by, "2025-05-20")
    student, _group, row = active_from(later, "2025-05-01")

    def leave():
        leave_group(later, enrolment_id=row.pk, last_on=date(2025, 5, 20), reason="moved away")

    told = rehearse(later, [student.pk], leave)[0]
    leave()
    assert charged(by, student) == expected
    assert told.after.amount == balances(by, [student.pk])[student.pk], "law 8"
    assert len(told.lines) == len(expected) - 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("credited", [("05-01", -300_000), ("05-14", 23_077)]), ("kept", [("05-01", -300_000)])],
)
def test_d9_a_lesson_that_the_centre_cancels(by, answer, expected):
    decide(by, cancelled_lessons=answer)
    student, group, _row = active_from(by, "2025-05-01")
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 14))
    cancel_lesson(by, lesson_id=lesson.pk, reason="the teacher is ill")
    assert charged(by, student) == expected


@pytest.mark.parametrize(("answer", "amount"), [("first_day", -230_769), ("new_day", -225_000)])
def test_d10_a_lesson_moved_over_a_months_border(by, answer, amount):
    decide(by, moved_lessons=answer)
    student, group, _row = active_from(by, "2025-05-08")
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 30))
    move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 6, 1), starts_time=time(10))
    assert charged(by, student) == [("05-08", amount)], "10 of 13, or 9 of 12"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("every_month", [("03-17", -161_538), ("04-01", -300_000), ("05-01", -300_000)]),
        ("since_entry", [("05-01", -300_000)]),
    ],
)
def test_d12_the_day_of_entry_is_noted_and_shown_first_what_it_charges(by, answer, expected):
    decide(by, backdated_charges=answer)
    now = at(by, "2025-05-20")
    student, group = a_student(by), a_group(by, a_course(by), starts_on="2025-03-01")
    row = enrol_student(now, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 3, 17))

    def deed():
        activate(now, enrolment_id=row.pk, activated_on=date(2025, 3, 17))

    told = rehearse(now, [student.pk], deed)[0]
    deed()
    assert charged(by, student) == expected
    assert told.after.amount == balances(by, [student.pk])[student.pk], "law 8"
    assert Enrolment.objects.visible_to(by).get(pk=row.pk).entered_on == date(2025, 5, 20)
    return_to_trial(now, enrolment_id=row.pk, from_on=date(2025, 3, 17))
    assert Enrolment.objects.visible_to(by).get(pk=row.pk).entered_on is None
    assert charged(by, student) == []


@pytest.mark.parametrize(("answer", "amount"), [("whole_month", -161_538), ("group_life", -300_000)])
def test_d13_a_group_that_begins_within_the_month(by, answer, amount):
    decide(by, group_edges=answer)
    student, _group, _row = active_from(by, "2025-05-15", starts_on="2025-05-15")
    reconcile(at(by, "2025-05-20"), student_ids=[student.pk])
    assert charged(by, student) == [("05-15", amount)]


@pytest.mark.parametrize(
    ("answer", "days"), [("last_day", ["01-31", "02-28", "03-31"]), ("next_first", ["01-31", "03-01", "03-31"])]
)
def test_d14_the_31st_in_a_month_without_one(by, answer, days):
    decide(by, short_months=answer)
    now = at(by, "2025-04-10")
    student, group = a_student(by), a_group(by, a_course(by, plan=PlanKind.STUDENT_MONTH), starts_on="2025-01-01")
    enrol_active(now, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 1, 31))
    assert [on for on, _amount in charged(by, student)] == days


def test_what_a_branch_decides_itself_comes_before_what_the_centre_says(by):
    decide(by, unserved_lessons="credited")
    Branch.objects.visible_to(by).filter(pk=a_branch(by).pk).update(unserved_lessons="kept")
    later = at(by, "2025-05-20")
    student, _group, row = active_from(later, "2025-05-01")
    leave_group(later, enrolment_id=row.pk, last_on=date(2025, 5, 20), reason="")
    assert charged(by, student) == [("05-01", -300_000)]


def test_a_decision_changed_later_corrects_closed_months_on_the_first_open_day(by):
    now = at(by, "2025-06-10")
    student, group = a_student(by), a_group(by, a_course(by), starts_on="2025-05-15")
    enrol_active(now, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 15))
    close_books(now, branch_ids=[a_branch(by).pk], closed_until=date(2025, 5, 31))
    closed = Transfer.objects.visible_to(by).filter(effective_on__lt=date(2025, 6, 1))
    before = list(closed.order_by("id").values_list("id", "amount", "effective_on"))
    decide(by, group_edges="group_life")
    reconcile_all(now)
    assert list(closed.order_by("id").values_list("id", "amount", "effective_on")) == before
    assert balances(by, [student.pk])[student.pk] == -60_000_000, "all of May, and June"
    assert reconcile(now, student_ids=[student.pk]) == 0
