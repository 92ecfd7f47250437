"""Questions about what was agreed with students: their prices, discounts and pauses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from daftar.courses.kinds import LessonKind
from daftar.courses.models import Enrolment, Lesson, LessonType, Suspension
from daftar.lib.money import Money
from daftar.lib.paging import Page, paged
from daftar.orgs.access import Actor, question
from daftar.people.models import Student
from daftar.tuition.ends import ends_of, may_last
from daftar.tuition.models import Discount, LessonPick, PriceStep, Subscription, Tariff

if TYPE_CHECKING:
    from datetime import date

    from daftar.orgs.models import Branch

AROUND = timedelta(days=62)


@dataclass(frozen=True)
class Bound:
    """A subscription as a person sees it; the price is that of the day it was asked for, `next_*` the one to come.

    `ends_on` is its end where pauses have moved it (None: without end).
    """

    row: Subscription
    price: Money
    next_price: Money | None
    next_from: date | None
    ends_on: date | None


@question("tuition.view")
def subscriptions_of(by: Actor, student_id: int) -> list[Bound]:
    """A student's subscriptions, those in force first, the newest first."""
    mine = Subscription.objects.visible_to(by).filter(student_id=student_id)
    rows = list(mine.select_related("student__branch", "group", "tariff").prefetch_related("price_steps"))
    found, ends, today = [], ends_of(by, rows), by.today
    for row in rows:
        currency = row.student.branch.currency
        steps = sorted(row.price_steps.all(), key=lambda step: step.from_on)
        now = next((step for step in reversed(steps) if step.from_on <= today), steps[0])
        ahead = next((step for step in steps if step.from_on > max(today, now.from_on)), None)
        found.append(
            Bound(
                row, Money(now.amount, currency), Money(ahead.amount, currency) if ahead else None,
                ahead.from_on if ahead else None, ends[row.pk],
            )
        )  # fmt: skip
    found.sort(key=lambda each: (each.row.starts_on, each.row.pk), reverse=True)
    found.sort(key=lambda each: each.ends_on is not None and each.ends_on <= today)
    return found


@question("tuition.view")
def charged_around(by: Actor, starts_on: date, last_on: date, branch_id: int | None) -> list[int]:
    """Students, of a branch or (None) of all, whose charges days off may change, and perhaps some others.

    A day counts for the whole month or cycle around it, whoever comes or leaves in that.
    """
    around = (starts_on - AROUND, last_on + AROUND)
    rows = Subscription.objects.visible_to(by).filter(may_last(by, around[0]))
    if branch_id is not None:
        rows = rows.filter(student__branch_id=branch_id)
    members = Enrolment.objects.visible_to(by).exclude(ends_on__lte=around[0]).values("student_id")
    alone = Lesson.objects.visible_to(by).filter(held_on__range=around).exclude(student=None).values("student_id")
    mine = rows.filter(Q(student_id__in=members) | Q(student_id__in=alone))
    return list(mine.order_by("student_id").values_list("student_id", flat=True).distinct())


@question("tuition.view")
def separate_of(by: Actor, student_id: int) -> list[Subscription]:
    """A student's subscriptions that have an account of their own, those that are over too, the oldest first."""
    rows = Subscription.objects.visible_to(by).filter(student_id=student_id, is_separate=True)
    return list(rows.select_related("tariff", "group").order_by("starts_on", "id"))


@question("tuition.view")
def payer_chosen(by: Actor, student_id: int, lesson_id: int) -> int | None:
    """The subscription that a person chose to pay for a lesson; None where the rules choose."""
    rows = LessonPick.objects.visible_to(by).filter(student_id=student_id, lesson_id=lesson_id)
    return rows.values_list("subscription_id", flat=True).first()


@question("tuition.view")
def get_subscription(by: Actor, subscription_id: int) -> Subscription:
    """The subscription with student and branch; NotFound when invisible."""
    rows = Subscription.objects.visible_to(by).select_related("student__branch", "group", "tariff")
    row: Subscription = rows.filter(student__in=Student.objects.visible_to(by)).one(pk=subscription_id)
    return row


@question("tuition.view")
def price_on(by: Actor, subscription: Subscription, on: date) -> Money:
    """The price of a subscription, with student and branch, on a day; before its first one that."""
    rows = PriceStep.objects.visible_to(by).filter(subscription=subscription).order_by("from_on")
    steps = list(rows.values_list("from_on", "amount"))
    amount = next((amount for day, amount in reversed(steps) if day <= on), steps[0][1])
    return Money(amount, subscription.student.branch.currency)


@question("tuition.view")
def discounts_of(by: Actor, student_id: int) -> list[Discount]:
    """A student's discounts with student and branch, the newest first."""
    rows = Discount.objects.visible_to(by).filter(student_id=student_id).select_related("student__branch")
    return list(rows.order_by("-starts_on", "-id"))


@question("tuition.view")
def get_discount(by: Actor, discount_id: int) -> Discount:
    """The discount with student and branch; NotFound when invisible."""
    row: Discount = Discount.objects.visible_to(by).select_related("student__branch").one(pk=discount_id)
    return row


@question("tuition.view")
def suspensions_of(by: Actor, student_id: int) -> list[Suspension]:
    """A student's pauses, the newest first."""
    rows = Suspension.objects.visible_to(by).filter(student_id=student_id).select_related("group")
    return list(rows.order_by("-starts_on", "-id"))


@question("tuition.view")
def get_suspension(by: Actor, suspension_id: int) -> Suspension:
    """The pause with student, branch, organization and group; NotFound when invisible."""
    rows = Suspension.objects.visible_to(by).select_related("student__branch__org", "group")
    row: Suspension = rows.one(pk=suspension_id)
    return row


@question("tuition.view")
def discounts_page(by: Actor, *, state: str = "", q: str = "", number: int = 1) -> tuple[list[Discount], Page]:
    """All students' discounts, the newest first: in force (""), `ahead`, `over` or `all`; `q`: of whom that fits."""
    rows = _of_named(by, _in_state(by, Discount.objects.visible_to(by), state), q)
    return paged(rows.select_related("student__branch").order_by("-starts_on", "-id"), number)


@question("tuition.view")
def suspensions_page(by: Actor, *, state: str = "", q: str = "", number: int = 1) -> tuple[list[Suspension], Page]:
    """All students' pauses, the newest first: in force (""), `ahead`, `over` or `all`; `q`: of whom that fits."""
    rows = _of_named(by, _in_state(by, Suspension.objects.visible_to(by), state), q)
    return paged(rows.select_related("student__branch", "group").order_by("-starts_on", "-id"), number)


@question("tuition.view")
def tariffs_for(by: Actor, branch: Branch) -> list[Tariff]:
    """Tariffs that students of a branch can be bound to, by name."""
    rows = Tariff.objects.visible_to(by).filter(is_archived=False, currency=branch.currency)
    return list(rows.filter(Q(branches=[]) | Q(branches__contains=[branch.pk])).order_by("name"))


@question("tuition.view")
def tariffs(by: Actor) -> list[Tariff]:
    """All tariffs with their prices, the archived last."""
    return list(Tariff.objects.visible_to(by).prefetch_related("prices").order_by("is_archived", "name"))


@question("tuition.view")
def get_tariff(by: Actor, tariff_id: int) -> Tariff:
    """The tariff with its prices; NotFound when there is none."""
    row: Tariff = Tariff.objects.visible_to(by).prefetch_related("prices").one(pk=tariff_id)
    return row


@question("tuition.view")
def lesson_types(by: Actor) -> list[tuple[str, str]]:
    """The types of lessons as prices name them, and their names: the plain kinds, then the centre's own."""
    own = LessonType.objects.visible_to(by).order_by("name").values_list("pk", "name")
    return [(kind.value, str(kind.label)) for kind in LessonKind] + [(str(pk), name) for pk, name in own]


def _of_named(by: Actor, rows: Any, q: str) -> Any:
    """Rows of the students who fit what was typed; of all where nothing was."""
    if not q:
        return rows
    everyone: Any = Student.objects.visible_to(by)
    return rows.filter(student__in=everyone.matching(q, by_phone=by.may("people.see_contacts")))


def _in_state(by: Actor, rows: Any, state: str) -> Any:
    """Rows with `starts_on` and `ends_on` (exclusive), by how they stand to today."""
    today = by.today
    return {
        "": rows.filter(starts_on__lte=today).exclude(ends_on__lte=today),
        "ahead": rows.filter(starts_on__gt=today),
        "over": rows.filter(ends_on__lte=today),
    }.get(state, rows)
