"""Whom a month did not charge, and why: what a run of charges leaves out is as much asked for as what it posts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import BigIntegerField, Exists, F, Func, OuterRef, Q, Value
from django.db.models.functions import Cast, Coalesce, Concat

from daftar.courses.models import Enrolment
from daftar.ledger.models import Transfer, TransferKind
from daftar.lib.paging import Page, paged
from daftar.lib.period import Month
from daftar.orgs.access import Actor, question
from daftar.orgs.queries import today_in
from daftar.people.models import Student
from daftar.tuition import rules
from daftar.tuition.facts import facts_of
from daftar.tuition.models import Subscription

if TYPE_CHECKING:
    from datetime import date

BIG = BigIntegerField()


@dataclass(frozen=True)
class Uncharged:
    """A student in a group on the 1st for whom the group's subscription was charged nothing in the month."""

    student_id: int
    student: str
    group_id: int
    group: str
    reason: rules.Reason


@question("tuition.view")
def uncharged(by: Actor, month: date, number: int = 1) -> tuple[list[Uncharged], Page]:
    """Those who were in a group on the 1st of a month and were not charged for it in that month, by name, with why.

    Whoever is in two groups stands here for each of them that was not charged. A page of them and the count of all.
    """
    asked = Month.of(month)
    rows = Enrolment.objects.visible_to(by).filter(starts_on__lte=asked.first)
    rows = rows.filter(Q(ends_on=None) | Q(ends_on__gt=asked.first)).exclude(Exists(_charged(by, asked)))
    columns = ("student_id", "student__full_name", "group_id", "group__name")
    # All of them are found for the count anyway. By the bare column the database would walk through everybody by name,
    # expecting a page to be full soon, and ask of each whether the month charged it.
    named = rows.order_by(Concat("student__sort_key", Value("")), "student_id", "group_id", "id")
    chosen, page = paged(named.values_list(*columns), number)
    facts, clocks = _known(by, {row[0] for row in chosen})
    found = [
        Uncharged(pk, name, group_id, group, rules.why_not_charged(facts[pk], group_id, asked, clocks[pk]))
        for pk, name, group_id, group in chosen
        if pk in facts
    ]
    return found, page


def _charged(by: Actor, month: Month) -> Any:
    """The subscriptions of the enrolment's student and group that were charged in the month and not taken back."""
    undone = Transfer.unguarded.filter(org_id=by.org_id, reverses_id=OuterRef("pk"))
    charges = Transfer.unguarded.filter(org_id=by.org_id, kind=TransferKind.CHARGE, charge_key__isnull=False)
    due = charges.filter(effective_on__gte=month.first).annotate(due_on=Coalesce("corrects_on", "effective_on"))
    live = due.filter(due_on__range=(month.first, month.last)).exclude(Exists(undone))
    # All that was charged in the month is read once, and not again for each membership.
    charged = live.annotate(subscription=Cast(Func(F("charge_key"), Value(":"), 1, function="split_part"), BIG))
    return Subscription.unguarded.filter(
        org_id=by.org_id, student_id=OuterRef("student_id"), group_id=OuterRef("group_id"),
        pk__in=charged.values("subscription"),
    )  # fmt: skip


def _known(by: Actor, student_ids: set[int]) -> tuple[dict[int, rules.StudentFacts], dict[int, date]]:
    """What prices these students, and the date where each of them learns."""
    rows = Student.objects.visible_to(by).filter(pk__in=student_ids).select_related("branch__org")
    students = list(rows)
    return facts_of(by, students), {student.pk: today_in(by, student.branch) for student in students}
