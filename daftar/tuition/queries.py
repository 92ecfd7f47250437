"""Questions about what is owed and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.courses.models import Enrolment, Group
from daftar.courses.rules import PlanKind
from daftar.courses.services import check_activation, check_joining
from daftar.ledger.queries import balances
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, question
from daftar.orgs.queries import today_in
from daftar.people.models import Student
from daftar.tuition import rules
from daftar.tuition.facts import facts_of, with_activation

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date


class PriceMissing(Refusal):
    """Neither the group nor its course has a price."""

    text = _("Neither the group nor its course has a price. Set one first.")


@dataclass(frozen=True)
class Reach:
    """How far a student's money goes, and what prices the student; amounts in minor units."""

    balance: int
    currency: str
    coverage: rules.Coverage
    unpriced: tuple[int, ...]
    subscriptions: tuple[rules.SubscriptionFact, ...]


@dataclass(frozen=True)
class Outlook:
    """The debt, or else the next charge, in minor units (None: nothing to pay for); and the reach after a payment."""

    asked: int | None
    then: Reach


@dataclass(frozen=True)
class ActivationPreview:
    """What activating on a day would charge at once, and the balance after it; minor units."""

    enrolment: Enrolment
    currency: str
    drafts: tuple[rules.ChargeDraft, ...]
    balance_before: int
    balance_after: int
    next_charge: rules.ChargeDraft | None


@question("tuition.view")
def reach(by: Actor, student_ids: Collection[int]) -> dict[int, Reach]:
    """Balance, paid until, lessons left and next charge of each student."""
    students = list(Student.objects.visible_to(by).filter(pk__in=student_ids).select_related("branch", "org"))
    facts, sums = facts_of(by, students), balances(by, student_ids)
    found = {}
    for student in students:
        today, known = today_in(by, student.branch), facts[student.pk]
        ahead = _coverage(known, today, sums[student.pk])
        unpriced = tuple(rules.unpriced(known, today))
        found[student.pk] = Reach(sums[student.pk], student.branch.currency, ahead, unpriced, known.subscriptions)
    return found


@question("tuition.view")
def outlook(by: Actor, student_id: int, amount: int | None = None) -> Outlook:
    """What to ask a student for, and how far the money goes with `amount` minor units more (None: the sum asked)."""
    student = Student.objects.visible_to(by).select_related("branch", "org").one(pk=student_id)
    known, today = facts_of(by, [student])[student_id], today_in(by, student.branch)
    balance = balances(by, [student_id])[student_id]
    ahead = _coverage(known, today, balance).next_charge
    asked = -balance if balance < 0 else ahead.amount if ahead else None
    paid = balance + (amount if amount is not None else asked or 0)
    then = Reach(paid, student.branch.currency, _coverage(known, today, paid), (), known.subscriptions)
    return Outlook(asked, then)


@question("tuition.view")
def preview_activation(by: Actor, enrolment_id: int, activated_on: date) -> ActivationPreview:
    """What `activate` would post on this day; refuses what it would refuse."""
    rows = Enrolment.objects.visible_to(by).select_related("group__course", "student__branch", "student__org")
    enrolment: Enrolment = rows.one(pk=enrolment_id)
    check_activation(enrolment, activated_on)
    return _preview(by, enrolment, activated_on)


@question("tuition.view")
def preview_enrolment(by: Actor, student_id: int, group_id: int, starts_on: date) -> ActivationPreview:
    """What `enrol_active` would post; refuses what it would refuse."""
    student = Student.objects.visible_to(by).select_related("branch", "org").one(pk=student_id)
    group = Group.objects.visible_to(by).select_related("course").one(pk=group_id)
    check_joining(by, group, student, starts_on)
    return _preview(by, Enrolment(org_id=by.org_id, student=student, group=group, starts_on=starts_on), starts_on)


def terms_of(enrolment: Enrolment) -> tuple[PlanKind, int, int]:
    """Way of charging, price in minor units and lessons it is for, of a group's members; PriceMissing without one."""
    course = enrolment.group.course
    price = course.price if enrolment.group.price is None else enrolment.group.price
    if price is None:
        raise PriceMissing
    return PlanKind(course.plan), price, course.lessons_count


def _subscription_fact(enrolment: Enrolment, activated_on: date) -> rules.SubscriptionFact:
    plan, price, lessons_count = terms_of(enrolment)
    # Higher than any id there is: what is activated now is the newest agreement.
    newest = 2**62
    return rules.SubscriptionFact(
        id=newest, plan=plan, group_id=enrolment.group_id, prices=(rules.PriceStep(activated_on, price),),
        lessons_count=lessons_count, starts_on=activated_on,
    )  # fmt: skip


def _preview(by: Actor, enrolment: Enrolment, activated_on: date) -> ActivationPreview:
    student = enrolment.student
    today = today_in(by, student.branch)
    before = facts_of(by, [student], frozenset({enrolment.group_id}))[student.pk]
    after = with_activation(before, enrolment, _subscription_fact(enrolment, activated_on))
    had = {_identity(draft) for draft in rules.due(before, today)}
    drafts = tuple(draft for draft in rules.due(after, today) if _identity(draft) not in had)
    balance = balances(by, [student.pk])[student.pk]
    left = balance - sum(draft.amount for draft in drafts)
    return ActivationPreview(
        enrolment=enrolment, currency=student.branch.currency, drafts=drafts, balance_before=balance,
        balance_after=left, next_charge=_coverage(after, today, left).next_charge,
    )  # fmt: skip


def _identity(draft: rules.ChargeDraft) -> tuple[int, str, date, int]:
    return (draft.subscription_id, draft.key, draft.on, draft.amount)


def _coverage(facts: rules.StudentFacts, today: date, balance: int) -> rules.Coverage:
    """How far money reaches; a lesson of today that nobody has marked yet lies ahead."""
    still_open = {lesson.id for lesson in facts.lessons if lesson.on == today and lesson.status == "planned"}
    return rules.coverage(facts, today, balance, still_open=frozenset(still_open))
