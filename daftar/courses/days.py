"""Verbs on days and single lessons: days off, lessons that are cancelled or restored (decision D9)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.courses.events import DaysOffChanged, TuitionFactsChanged
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Holiday, Lesson
from daftar.courses.places import check_free
from daftar.courses.services import students_on
from daftar.lib.errors import NotFound, Refusal
from daftar.orgs.access import Actor, add, change, note, publish, verb
from daftar.orgs.models import Branch

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

LONGEST_HOLIDAY = timedelta(days=92)


class HolidayEndsBeforeStart(Refusal):
    field = "last_on"
    text = _("The last day lies before the first.")


class HolidayTooLong(Refusal):
    field = "last_on"
    text = _("Days off last three months at most.")


class HolidayThere(Refusal):
    constraints = ("holiday_once",)
    field = "starts_on"
    text = _("One of these days is off already.")


class CancelReasonMissing(Refusal):
    field = "reason"
    text = _("Write why the lesson is cancelled.")


class LessonWasHeld(Refusal):
    text = _("This lesson was conducted. Take its marks back first.")


class LessonCancelledAlready(Refusal):
    text = _("This lesson is cancelled already.")


class LessonNotCancelled(Refusal):
    text = _("This lesson is not cancelled.")


@verb("courses.edit")
def add_holiday(
    by: Actor, *, name: str, starts_on: date, last_on: date | None = None, branch_id: int | None = None,
    affects_payment: bool = True, is_credited: bool | None = None,
) -> list[Holiday]:  # fmt: skip
    """Days off from `starts_on` to `last_on` (None: one day), of a branch or (None) of the centre.

    `affects_payment`: they leave the count, or are credited (`is_credited` None: as the branch does, decision D9a).
    """
    last = last_on or starts_on
    if last < starts_on:
        raise HolidayEndsBeforeStart
    if last - starts_on > LONGEST_HOLIDAY:
        raise HolidayTooLong
    if branch_id is not None:
        Branch.objects.visible_to(by).one(pk=branch_id)
    elif by.branch_ids is not None:
        raise NotFound
    days = [starts_on + timedelta(days=count) for count in range((last - starts_on).days + 1)]
    if Holiday.objects.visible_to(by).filter(branch_id=branch_id, on__in=days).exists():
        raise HolidayThere
    rows = [
        add(
            by, Holiday, branch_id=branch_id, on=day, name=name, affects_payment=affects_payment,
            is_credited=is_credited,
        )
        for day in days
    ]  # fmt: skip
    publish(by, DaysOffChanged())
    return rows


@verb("courses.edit")
def remove_holiday(by: Actor, *, holiday_id: int) -> Holiday:
    """Takes a day off back; the charges follow."""
    row: Holiday = Holiday.objects.visible_to(by).select_for_update(no_key=True).one(pk=holiday_id)
    note(by, row, was={"on": row.on}, now={"on": None})
    Holiday.objects.visible_to(by).filter(pk=holiday_id).delete()
    publish(by, DaysOffChanged())
    return row


@verb("courses.edit")
def remove_holidays(by: Actor, *, holiday_ids: Collection[int]) -> list[Holiday]:
    """Takes days off back together; the charges follow."""
    rows = Holiday.objects.visible_to(by).select_for_update(of=("self",), no_key=True).filter(pk__in=holiday_ids)
    found = list(rows.order_by("on", "id"))
    for row in found:
        note(by, row, was={"on": row.on}, now={"on": None})
    Holiday.objects.visible_to(by).filter(pk__in=[row.pk for row in found]).delete()
    if found:
        publish(by, DaysOffChanged())
    return found


@verb("courses.edit")
def cancel_lesson(by: Actor, *, lesson_id: int, reason: str) -> Lesson:
    """Cancels a lesson that was not conducted, with a reason; what was charged for it ahead is credited."""
    lesson = locked(by, lesson_id)
    if lesson.status == LessonStatus.CANCELLED:
        raise LessonCancelledAlready
    if not reason.strip():
        raise CancelReasonMissing
    change(by, lesson, status=LessonStatus.CANCELLED, cancel_reason=reason.strip())
    publish(by, TuitionFactsChanged(students_on(by, lesson)))
    return lesson


@verb("courses.edit")
def restore_lesson(by: Actor, *, lesson_id: int) -> Lesson:
    """Plans a cancelled lesson again."""
    lesson = locked(by, lesson_id)
    if lesson.status != LessonStatus.CANCELLED:
        raise LessonNotCancelled
    check_free(by, [lesson], [{}])
    change(by, lesson, status=LessonStatus.PLANNED, cancel_reason="")
    publish(by, TuitionFactsChanged(students_on(by, lesson)))
    return lesson


def locked(by: Actor, lesson_id: int) -> Lesson:
    """The lesson, to be changed; refused when it was conducted."""
    rows = Lesson.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    lesson: Lesson = rows.select_related("branch", "group").one(pk=lesson_id)
    if lesson.status == LessonStatus.CONDUCTED:
        raise LessonWasHeld
    return lesson
