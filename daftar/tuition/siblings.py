"""The centre's rule for siblings: whoever is not the first child of a payer gets a discount, and it is taken back."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db.models import Q

from daftar.courses.events import TuitionFactsChanged
from daftar.courses.models import Enrolment
from daftar.orgs.access import Actor, add, change, note, publish, verb
from daftar.orgs.models import Organization
from daftar.people.models import Student
from daftar.tuition.models import Discount

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date
    from decimal import Decimal


@verb("tuition.price")
def settle_siblings(by: Actor, *, student_ids: Collection[int] | None = None, since: date | None = None) -> int:
    """Gives and takes back siblings' discounts, in the families of these students or (None) of everybody.

    Of the children of one payer who study now all but the first to have begun get the centre's percentage, from
    `since` (None: today) or the later day on which there were two. Days that were discounted stay discounted. Answers
    how many discounts that changed; done again it changes none.
    """
    percent = Organization.objects.get(pk=by.org_id).sibling_percent
    held = Discount.objects.visible_to(by).filter(is_for_siblings=True).exclude(ends_on__lte=by.today)
    if percent is None and not held.exists():
        return 0
    scope = Q() if student_ids is None else Q(student_id__in=student_ids)
    begun = {} if percent is None else _second_since(by, student_ids)
    touched = set()
    kept = set()
    for row in held.filter(scope).select_related("student").select_for_update(of=("self",), no_key=True).order_by("id"):
        if row.student_id in begun and row.percent == percent and row.student_id not in kept:
            kept.add(row.student_id)
        else:
            _end(by, row)
            touched.add(row.student_id)
    students = {row.pk: row for row in Student.objects.visible_to(by).filter(pk__in=begun.keys() - kept)}
    for student_id, student in sorted(students.items()):
        assert percent is not None
        _give(by, student, percent, max(since or by.today, begun[student_id]))
        touched.add(student_id)
    if touched:
        publish(by, TuitionFactsChanged(tuple(sorted(touched))))
    return len(touched)


def families_of(by: Actor, student_ids: Collection[int], payer_ids: Collection[int]) -> list[int]:
    """These students and all children of their payers and of these payers."""
    payers = Student.objects.visible_to(by).filter(pk__in=student_ids).exclude(payer=None).values("payer_id")
    wanted = Q(pk__in=student_ids) | Q(payer_id__in=payers) | Q(payer_id__in=payer_ids)
    return sorted(Student.objects.visible_to(by).filter(wanted).values_list("pk", flat=True))


def _second_since(by: Actor, student_ids: Collection[int] | None) -> dict[int, date]:
    """Every child but the first of each payer, and from which day there were two of them.

    A child counts while active in a group that is not over; the one who joined first, by its oldest membership, is the
    first.
    """
    today = by.today
    rows = Enrolment.objects.visible_to(by).filter(
        activated_on__isnull=False, group__ends_on__gt=today, student__payer__isnull=False, student__archived_on=None
    )
    rows = rows.exclude(ends_on__lte=today)
    if student_ids is not None:
        rows = rows.filter(student_id__in=student_ids)
    children: dict[int, dict[int, tuple[date, int, date]]] = defaultdict(dict)
    columns = ("student__payer_id", "student_id", "starts_on", "pk", "activated_on")
    for payer_id, student_id, joined, pk, activated in rows.order_by("starts_on", "pk").values_list(*columns):
        first = children[payer_id].get(student_id)
        active = activated if first is None else min(activated, first[2])
        children[payer_id][student_id] = (joined, pk, active) if first is None else (*first[:2], active)
    found = {}
    for family in children.values():
        order = sorted(family.items(), key=lambda child: child[1][:2])
        for student_id, (_joined, _pk, active) in order[1:]:
            found[student_id] = max(active, order[0][1][2])
    return found


def _give(by: Actor, student: Student, percent: Decimal, since: date) -> None:
    add(by, Discount, student=student, percent=percent, starts_on=since, is_for_siblings=True)


def _end(by: Actor, row: Discount) -> None:
    """From today on it is gone; what it was off until yesterday stays off."""
    if row.starts_on < by.today:
        change(by, row, ends_on=by.today)
        return
    note(by, row, was={"starts_on": row.starts_on}, now={"starts_on": None})
    Discount.objects.visible_to(by).filter(pk=row.pk).delete()
