"""Undo of what was done with several at once: memberships, prices, charges and credits are what they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Enrolment, Group, Lesson
from daftar.courses.rules import PlanKind
from daftar.courses.services import enrol_student
from daftar.ledger.models import Account
from daftar.ledger.queries import balances, drift, live_charges
from daftar.lib.errors import Forbidden, NotFound
from daftar.orgs.models import AuditEntry
from daftar.orgs.services import add_branch
from daftar.tuition import several
from daftar.tuition.discounts import DiscountTerms, give_discount
from daftar.tuition.jobs import reconcile_all
from daftar.tuition.leaving import leave_group
from daftar.tuition.models import CreditDeclined, DoneTogether, LessonPick, PriceStep, Subscription
from daftar.tuition.pauses import suspend
from daftar.tuition.pictures import pictures
from daftar.tuition.prices import choose_payer
from daftar.tuition.services import activate, enrol_active
from daftar.tuition.several import CannotBe, ChangedSince, TakenBackAlready, take_back_together
from daftar.tuition.tariffs import set_own_price
from tests.cast import a_course, a_group, a_member, a_student, at

BEGAN, TODAY = date(2025, 5, 1), date(2025, 5, 14)
MORE: dict[PlanKind, dict[str, Any]] = {
    PlanKind.MODULE: {"module_lessons": 8}, PlanKind.WHOLE_COURSE: {"months": 4},
    PlanKind.PER_LESSON: {"lessons_count": 8},
}  # fmt: skip
DEEDS = ("leave", "transfer", "pause", "trial", "trial from the beginning", "activate")


class School:
    """Three in a group charged in some way: two active since May, one on trial; their lessons so far were held."""

    def __init__(self, by, plan: PlanKind) -> None:
        self.by = by
        course = a_course(by, plan=plan, price=60_000_000, **MORE.get(plan, {}))
        self.group = a_group(by, course, starts_on="2025-05-01")
        self.other = a_group(by, course, "Other", starts_on="2025-05-01")
        self.students = [a_student(by, name) for name in ("Aziz", "Bek", "Lola")]
        whole = [
            enrol_active(by, student_id=row.pk, group_id=self.group.pk, starts_on=BEGAN) for row in self.students[:2]
        ]
        trial = enrol_student(by, student_id=self.students[2].pk, group_id=self.group.pk, starts_on=BEGAN)
        self.active, self.trial = [row.pk for row in whole], trial.pk
        for row in Lesson.objects.visible_to(by).filter(group=self.group, held_on__lt=TODAY).order_by("held_on"):
            conduct_lesson(by, lesson_id=row.pk, absent={self.students[0].pk: None})
        reconcile_all(by)

    def do(self, deed: str, by=None):
        by = by or self.by
        return {
            "leave": lambda: several.leave_together(by, enrolment_ids=self.active, last_on=TODAY, reason="Summer"),
            "transfer": lambda: several.transfer_together(
                by, enrolment_ids=[*self.active, self.trial], group_id=self.other.pk, starts_on=TODAY
            ),
            "pause": lambda: several.pause_together(by, enrolment_ids=self.active, starts_on=TODAY, reason="Ill"),
            "trial": lambda: several.return_together(by, enrolment_ids=self.active, from_on=TODAY),
            "trial from the beginning": lambda: several.return_together(by, enrolment_ids=self.active, from_on=BEGAN),
            "activate": lambda: several.activate_together(by, enrolment_ids=[self.trial], on=date(2025, 5, 7)),
        }[deed]()

    @property
    def ids(self) -> list[int]:
        return [row.pk for row in self.students]


def money(by, ids) -> tuple[dict[int, int], list[tuple[Any, ...]]]:
    """Balances, and every charge and credit that stands."""
    accounts = dict(Account.objects.visible_to(by).filter(student_id__in=ids).values_list("pk", "student_id"))
    stands = [
        (accounts[pk], row.on, row.amount, row.charge_key)
        for pk, rows in live_charges(by, list(accounts)).items()
        for row in rows
    ]
    return balances(by, ids), sorted(stands, key=str)


def foreseen(school: School) -> tuple[Any, ...]:
    """The same at the beginning of July, looked at and taken back."""
    with transaction.atomic():
        reconcile_all(at(school.by, "2025-07-02"))
        found = money(school.by, school.ids)
        transaction.set_rollback(True)
    return found


def all_of(school: School) -> tuple[Any, ...]:
    return pictures(school.by, school.ids), money(school.by, school.ids)


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("plan", PlanKind)
def test_after_undo_everything_is_as_it_was_in_every_way_of_charging(by, plan, deed):
    school = School(by, plan)
    before, by_july = all_of(school), foreseen(school)
    done = school.do(deed)
    assert all_of(school) != before
    take_back_together(by, done_id=done.id)
    assert all_of(school) == before
    assert drift(by) == []
    assert foreseen(school) == by_july, "what falls due later falls due as if nothing had been done"


ALONE = ("transfer", "trial", "activate")


@pytest.mark.parametrize("deed", ALONE)
@pytest.mark.parametrize("plan", PlanKind)
def test_what_was_done_to_one_is_undone_just_so(by, plan, deed):
    school = School(by, plan)
    before, by_july = all_of(school), foreseen(school)
    done = {
        "transfer": lambda: several.transfer_one(
            by, enrolment_id=school.active[0], group_id=school.other.pk, last_on=TODAY, starts_on=date(2025, 5, 16),
            gives_credit=False, decline_reason="agreed",
        ),
        "trial": lambda: several.return_one(by, enrolment_id=school.active[0], from_on=TODAY),
        "activate": lambda: several.activate_one(by, enrolment_id=school.trial, activated_on=TODAY),
    }[deed]()  # fmt: skip
    assert pictures(by, school.ids) != before[0]
    take_back_together(by, done_id=done.id)
    assert (all_of(school), foreseen(school)) == (before, by_july)


@pytest.mark.parametrize("deed", DEEDS)
def test_done_undone_and_done_again_is_what_it_was_done_once(by, deed):
    school = School(by, PlanKind.CALENDAR_MONTH)
    first = school.do(deed)
    after = balances(by, school.ids)
    take_back_together(by, done_id=first.id)
    school.do(deed)
    assert balances(by, school.ids) == after


def test_a_subscription_that_goes_on_after_an_earlier_time_in_the_group_is_what_it_was(by):
    school = School(by, PlanKind.CALENDAR_MONTH)
    leave_group(by, enrolment_id=school.active[0], last_on=date(2025, 5, 6))
    again = enrol_student(by, student_id=school.ids[0], group_id=school.group.pk, starts_on=date(2025, 5, 9))
    before = all_of(school)
    done = several.activate_together(by, enrolment_ids=[again.pk], on=TODAY)
    assert Subscription.objects.visible_to(by).filter(student_id=school.ids[0]).count() == 1
    take_back_together(by, done_id=done.id)
    assert all_of(school) == before


def test_a_subscription_that_was_ended_because_the_way_of_charging_had_changed_is_open_again(by):
    school = School(by, PlanKind.CALENDAR_MONTH)
    leave_group(by, enrolment_id=school.active[0], last_on=date(2025, 5, 6))
    again = enrol_student(by, student_id=school.ids[0], group_id=school.group.pk, starts_on=date(2025, 5, 9))
    Group.objects.visible_to(by).filter(pk=school.group.pk).update(plan=PlanKind.PER_LESSON.value)
    before = all_of(school)
    done = several.activate_together(by, enrolment_ids=[again.pk], on=TODAY)
    first, second = Subscription.objects.visible_to(by).filter(student_id=school.ids[0]).order_by("id")
    assert (first.ends_on, second.ends_on) == (TODAY, None)
    take_back_together(by, done_id=done.id)
    assert all_of(school) == before


def test_a_subscription_that_was_made_to_begin_sooner_begins_when_it_did(by):
    school = School(by, PlanKind.CALENDAR_MONTH)
    late = a_student(by, "Dono")
    school.students.append(late)
    first = enrol_student(
        by, student_id=late.pk, group_id=school.group.pk, starts_on=date(2025, 5, 5), last_on=date(2025, 5, 16)
    )
    enrol_active(by, student_id=late.pk, group_id=school.group.pk, starts_on=date(2025, 5, 19))
    before = all_of(school)
    done = several.activate_together(by, enrolment_ids=[first.pk], on=date(2025, 5, 7))
    assert Subscription.objects.visible_to(by).get(student=late).starts_on == date(2025, 5, 7)
    take_back_together(by, done_id=done.id)
    assert all_of(school) == before


def test_what_hung_on_a_price_comes_back_with_it_under_the_same_ids(by):
    """Back to trial from the beginning deletes the subscription, and with it a chosen payer and a declined credit."""
    school = School(by, PlanKind.PER_LESSON)
    bound = Subscription.objects.visible_to(by).get(student_id=school.ids[0])
    set_own_price(by, subscription_id=bound.pk, price=50_000_000, from_on=date(2025, 5, 12))
    lesson = Lesson.objects.visible_to(by).filter(group=school.group).order_by("held_on")[0]
    choose_payer(by, student_id=school.ids[0], lesson_id=lesson.pk, subscription_id=bound.pk)
    CreditDeclined.objects.create(
        org_id=by.org_id, student_id=school.ids[0], subscription=bound, key="k", on=TODAY, reason="agreed"
    )
    counts = [model.objects.visible_to(by).count() for model in (Subscription, PriceStep, LessonPick, CreditDeclined)]
    assert min(counts) > 0
    before = all_of(school)
    done = several.return_together(by, enrolment_ids=school.active, from_on=BEGAN)
    assert LessonPick.objects.visible_to(by).count() == CreditDeclined.objects.visible_to(by).count() == 0
    take_back_together(by, done_id=done.id)
    assert all_of(school) == before


def test_an_end_that_was_planned_before_is_planned_again(by):
    school = School(by, PlanKind.CALENDAR_MONTH)
    leave_group(by, enrolment_id=school.active[0], last_on=date(2025, 5, 30), reason="Exams")
    before = all_of(school)
    take_back_together(by, done_id=school.do("leave").id)
    assert all_of(school) == before
    assert Enrolment.objects.visible_to(by).get(pk=school.active[0]).left_because == "Exams"


def test_it_is_one_entry_of_the_history(by):
    school = School(by, PlanKind.CALENDAR_MONTH)
    done = school.do("transfer")
    before = AuditEntry.objects.visible_to(by).count()
    take_back_together(by, done_id=done.id)
    assert AuditEntry.objects.visible_to(by).count() == before + 1
    row = AuditEntry.objects.visible_to(by).order_by("-id")[0]
    assert (row.verb, row.subject.split(":")[0]) == ("tuition.take_back_together", "enrolment")


# --- refused ----------------------------------------------------------------------------------------------------


def left_again(school: School) -> None:
    for row in Enrolment.objects.visible_to(school.by).filter(student_id=school.ids[1], ends_on=None):
        leave_group(school.by, enrolment_id=row.pk, last_on=date(2025, 5, 20))


def paused(school: School) -> None:
    suspend(school.by, student_ids=[school.ids[1]], starts_on=date(2025, 6, 2))


def own_price(school: School) -> None:
    bound = Subscription.objects.visible_to(school.by).filter(student_id=school.ids[1]).order_by("-id")[0]
    set_own_price(school.by, subscription_id=bound.pk, price=100, from_on=date(2025, 6, 1))


def marked(school: School) -> None:
    row = Lesson.objects.visible_to(school.by).get(group=school.other, held_on=TODAY)
    conduct_lesson(school.by, lesson_id=row.pk, absent={})


@pytest.mark.parametrize(
    ("meanwhile", "what"),
    [
        (left_again, "a membership"), (paused, "a pause"), (own_price, "what is agreed on paying"),
        (marked, "a mark in a lesson"),
    ],
)  # fmt: skip
def test_what_somebody_changed_meanwhile_is_named_and_for_nobody_anything_is_undone(by, meanwhile, what):
    school = School(by, PlanKind.CALENDAR_MONTH)
    done = school.do("transfer")
    meanwhile(school)
    before = all_of(school)
    with pytest.raises(CannotBe) as refused:
        take_back_together(by, done_id=done.id)
    why = refused.value.values["why"]
    assert isinstance(why, ChangedSince)
    assert str(why.values["what"]) == what
    assert refused.value.values["name"] in ({"Bek"} if meanwhile is not marked else {"Aziz"})
    assert all_of(school) == before


def test_a_payment_or_a_discount_meanwhile_hinders_nothing(by):
    school = School(by, PlanKind.CALENDAR_MONTH)
    before = pictures(by, school.ids)
    done = school.do("leave")
    give_discount(by, student_id=school.ids[0], terms=DiscountTerms(date(2025, 6, 1), percent=Decimal(10)))
    take_back_together(by, done_id=done.id)
    assert pictures(by, school.ids) == before


def test_it_is_undone_once(by):
    school = School(by, PlanKind.CALENDAR_MONTH)
    done = school.do("leave")
    take_back_together(by, done_id=done.id)
    with pytest.raises(TakenBackAlready):
        take_back_together(by, done_id=done.id)


def test_who_may_not_do_it_may_not_undo_it_and_other_branches_do_not_see_it(by):
    school = School(by, PlanKind.CALENDAR_MONTH)
    done = school.do("activate")
    kamola = a_member(by, "Kamola", "administrator")
    without = replace(kamola, permissions=kamola.permissions - {"tuition.activate"})
    with pytest.raises(Forbidden):
        take_back_together(without, done_id=done.id)
    with pytest.raises(Forbidden):
        take_back_together(a_member(by, "Karim", "cashier"), done_id=done.id)
    elsewhere = add_branch(by, name="Far", timezone="Asia/Tashkent", currency="UZS", language="en")
    with pytest.raises(NotFound):
        take_back_together(replace(kamola, branch_ids=frozenset({elsewhere.pk})), done_id=done.id)
    take_back_together(kamola, done_id=done.id)
    assert DoneTogether.objects.visible_to(by).get(pk=done.id).taken_back_at == by.at


def test_one_who_is_activated_by_hand_meanwhile_stays_active(by):
    school = School(by, PlanKind.CALENDAR_MONTH)
    done = several.return_together(by, enrolment_ids=school.active, from_on=BEGAN)
    activate(by, enrolment_id=school.active[0], activated_on=TODAY)
    with pytest.raises(CannotBe):
        take_back_together(by, done_id=done.id)
    assert Enrolment.objects.visible_to(by).get(pk=school.active[0]).activated_on == TODAY
