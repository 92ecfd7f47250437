"""The waiting list of a group: who wants a place in it, in the order of asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from daftar.courses.models import Enrolment, Group, Waiting
from daftar.courses.refusals import AlreadyEnrolled
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, add, change, question, verb
from daftar.people.models import Student

if TYPE_CHECKING:
    from daftar.lib.tenancy import TenantQuerySet


class WaitsAlready(Refusal):
    constraints = ("waits_once",)
    field = "student_id"
    text = _("The student is on the waiting list already.")


@verb("courses.enrol")
def put_on_waiting_list(by: Actor, *, group_id: int, student_id: int, note: str = "") -> Waiting:
    """Puts a student at the end of a group's waiting list; refused for whoever is in the group or waits already."""
    group: Group = Group.objects.visible_to(by).select_for_update(no_key=True).one(pk=group_id)
    student: Student = Student.objects.visible_to(by).one(pk=student_id)
    rows = Enrolment.objects.visible_to(by).filter(group=group, student=student)
    if rows.exclude(ends_on__lte=by.today).exists():
        raise AlreadyEnrolled
    if _still(by).filter(group=group, student=student).exists():
        raise WaitsAlready
    # One who waited once, joined or gave up, and asks anew.
    before = Waiting.objects.visible_to(by).filter(group=group, student=student).select_related("group").first()
    if before is None:
        return add(by, Waiting, group=group, student=student, since=by.at, note=note.strip())
    change(by, before, since=by.at, ended_at=None, note=note.strip())
    return before


@verb("courses.enrol")
def take_off_waiting_list(by: Actor, *, waiting_id: int) -> Waiting:
    """Takes a student off the list."""
    row: Waiting = _still(by).select_related("student", "group").one(pk=waiting_id)
    change(by, row, ended_at=by.at)
    return row


@verb("courses.enrol")
def wait_on(by: Actor, *, waiting_id: int) -> Waiting:
    """Puts a student who was taken off the list back into the same place."""
    row = get_waiting(by.trusted(), waiting_id)
    change(by, row, ended_at=None)
    return row


@question("courses.view")
def waiting_list(by: Actor, group_id: int) -> list[Waiting]:
    """Who waits for a place in a group, the first to ask first."""
    rows = _still(by).filter(group_id=group_id)
    return list(rows.select_related("student").order_by("since", "id"))


@question("courses.view")
def get_waiting(by: Actor, waiting_id: int) -> Waiting:
    """Somebody on a list, or who was, with the student and the group; NotFound when invisible."""
    row: Waiting = Waiting.objects.visible_to(by).select_related("student", "group").one(pk=waiting_id)
    return row


@question("courses.view")
def groups_with_a_place(by: Actor) -> list[tuple[Group, int]]:
    """Groups that somebody waits for and that have a free place today, with how many wait."""
    waiting = dict(_still(by).values("group_id").annotate(number=Count("pk")).values_list("group_id", "number"))
    members = Count("pk", filter=Q(ends_on=None) | Q(ends_on__gt=by.today))
    sizes = Enrolment.objects.visible_to(by).filter(group_id__in=waiting).values("group_id").annotate(number=members)
    taken = dict(sizes.values_list("group_id", "number"))
    rows = Group.objects.visible_to(by).filter(pk__in=waiting, ends_on__gt=by.today).order_by("name", "id")
    return [(row, waiting[row.pk]) for row in rows if row.capacity is None or taken.get(row.pk, 0) < row.capacity]


def _still(by: Actor) -> TenantQuerySet[Waiting]:
    """Those who were not taken off and have not joined since they asked."""
    joined = Enrolment.unguarded.filter(
        org_id=by.org_id, group_id=OuterRef("group_id"), student_id=OuterRef("student_id")
    )
    since = joined.filter(Q(ends_on=None) | Q(ends_on__gt=OuterRef("since__date")))
    rows: TenantQuerySet[Waiting] = Waiting.objects.visible_to(by).filter(~Exists(since), ended_at=None)
    return rows
