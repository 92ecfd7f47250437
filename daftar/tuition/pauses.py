"""Verbs on pauses: while one holds nothing is charged, and what was charged ahead is credited (decisions D7 and D8)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from daftar.courses.events import TuitionFactsChanged
from daftar.courses.models import Group
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, add, change, note, publish, verb
from daftar.orgs.queries import tuition_settings
from daftar.tuition.credits import credits_due, decline, students_to_price
from daftar.tuition.models import Suspension

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from django.db.models import QuerySet


LONGEST = timedelta(days=366 * 3)


class PauseEndsBeforeStart(Refusal):
    field = "last_on"
    text = _("The last day lies before the first.")


class PauseTooLong(Refusal):
    field = "last_on"
    text = _("A pause lasts three years at most. Leave the last day empty if nobody knows it.")


class PausedAlready(Refusal):
    constraints = ("suspended_once_at_a_time",)
    field = "starts_on"
    text = _("There is a pause at that time already.")


class NobodyToPause(Refusal):
    text = _("Choose at least one student.")


@verb("tuition.pause")
def suspend(
    by: Actor, *, student_ids: Collection[int], starts_on: date, last_on: date | None = None, reason: str = "",
    extends: bool | None = None, group_id: int | None = None, gives_credit: bool = True, decline_reason: str = "",
) -> list[Suspension]:  # fmt: skip
    """Pauses students from `starts_on` to `last_on` (None: until ended), in one group or in all of theirs.

    `extends` None: as the branch does. What was charged for lessons of these days is credited, unless it is declined.
    """
    students = students_to_price(by, student_ids)
    if not students:
        raise NobodyToPause
    if group_id is not None:
        Group.objects.visible_to(by).one(pk=group_id)
    ends_on = _end(starts_on, last_on)
    others = Suspension.objects.visible_to(by).filter(student__in=students, group_id=group_id)
    _check_free(others, starts_on, ends_on)
    before = credits_due(by, students) if not gives_credit else set()
    rows = [
        add(
            by, Suspension, student=student, group_id=group_id, starts_on=starts_on, ends_on=ends_on,
            reason=reason.strip(), member_id=by.member_id,
            extends=tuition_settings(student.branch).suspensions_extend if extends is None else extends,
        )
        for student in students
    ]  # fmt: skip
    if not gives_credit:
        decline(by, students, before, decline_reason)
    publish(by, TuitionFactsChanged(tuple(student.pk for student in students)))
    return rows


@verb("tuition.pause")
def change_suspension(
    by: Actor, *, suspension_id: int, starts_on: date, last_on: date | None, reason: str, extends: bool
) -> Suspension:
    """Moves the days of a pause or ends it; the charges and credits follow."""
    row = _locked(by, suspension_id)
    ends_on = _end(starts_on, last_on)
    others = Suspension.objects.visible_to(by).filter(student_id=row.student_id, group_id=row.group_id)
    _check_free(others.exclude(pk=row.pk), starts_on, ends_on)
    change(by, row, starts_on=starts_on, ends_on=ends_on, reason=reason.strip(), extends=extends)
    publish(by, TuitionFactsChanged((row.student_id,)))
    return row


@verb("tuition.pause")
def remove_suspension(by: Actor, *, suspension_id: int) -> Suspension:
    """Takes a pause back as if it had never been."""
    row = _locked(by, suspension_id)
    note(by, row, was={"starts_on": row.starts_on, "ends_on": row.ends_on}, now={"starts_on": None, "ends_on": None})
    Suspension.objects.visible_to(by).filter(pk=suspension_id).delete()
    publish(by, TuitionFactsChanged((row.student_id,)))
    return row


def _locked(by: Actor, suspension_id: int) -> Suspension:
    rows = Suspension.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    row: Suspension = rows.select_related("student__branch").one(pk=suspension_id)
    return row


def _end(starts_on: date, last_on: date | None) -> date | None:
    """The day after the last."""
    if last_on is None:
        return None
    if last_on < starts_on:
        raise PauseEndsBeforeStart
    if last_on - starts_on > LONGEST:
        raise PauseTooLong
    return last_on + timedelta(days=1)


def _check_free(others: QuerySet[Suspension], starts_on: date, ends_on: date | None) -> None:
    """Refuses days that another pause holds already."""
    overlapping = others.filter(Q(ends_on=None) | Q(ends_on__gt=starts_on))
    if ends_on is not None:
        overlapping = overlapping.filter(starts_on__lt=ends_on)
    if overlapping.exists():
        raise PausedAlready
