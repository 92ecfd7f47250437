"""Absences that somebody told of before: the lesson begins with them, and whoever marks it decides."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.attendance.models import AbsenceReason, AnnouncedAbsence
from daftar.courses.models import Enrolment, Group
from daftar.lib.errors import NotFound, Refusal
from daftar.orgs.access import Actor, add, change, question, verb
from daftar.people.models import Student

if TYPE_CHECKING:
    from datetime import date

    from daftar.courses.models import Lesson

LONGEST = timedelta(days=92)


class AbsenceEndsBeforeStart(Refusal):
    field = "last_on"
    text = _("The last day lies before the first.")


class AbsenceTooLong(Refusal):
    field = "last_on"
    text = _("An absence is told for three months at most. For longer there is the pause.")


@verb("attendance.mark")
def announce_absence(
    by: Actor, *, student_id: int, starts_on: date, last_on: date, reason_id: int | None = None, note: str = ""
) -> AnnouncedAbsence:
    """Notes that a student will not come from a day to another (inclusive), with the reason if one was told.

    Nothing is marked or charged by it: the page of a lesson begins with it.
    """
    if last_on < starts_on:
        raise AbsenceEndsBeforeStart
    if last_on - starts_on > LONGEST:
        raise AbsenceTooLong
    student = get_learner(by, student_id)
    reason = None if reason_id is None else AbsenceReason.objects.visible_to(by).one(pk=reason_id)
    return add(
        by, AnnouncedAbsence, student=student, starts_on=starts_on, last_on=last_on, reason=reason, note=note.strip()
    )


@verb("attendance.mark")
def withdraw_announcement(by: Actor, *, absence_id: int) -> AnnouncedAbsence:
    """The student comes after all."""
    row = get_announcement(by, absence_id)
    change(by, row, is_withdrawn=True)
    return row


@verb("attendance.mark")
def restore_announcement(by: Actor, *, absence_id: int) -> AnnouncedAbsence:
    """It was right: the student does not come."""
    row = get_announcement(by, absence_id)
    change(by, row, is_withdrawn=False)
    return row


@question("attendance.mark")
def get_learner(by: Actor, student_id: int) -> Student:
    """A student; for those who may not see all of them, one who is or was in a group they teach. Else NotFound."""
    student: Student = Student.objects.visible_to(by).one(pk=student_id)
    mine = Enrolment.objects.visible_to(by).filter(student=student, group__in=Group.objects.visible_to(by))
    if not by.may("people.view") and not mine.exists():
        raise NotFound
    return student


@question("attendance.mark")
def get_announcement(by: Actor, absence_id: int) -> AnnouncedAbsence:
    """One that was told, withdrawn or not, with the student; NotFound when invisible."""
    rows = AnnouncedAbsence.objects.visible_to(by).select_related("student")
    row: AnnouncedAbsence = rows.one(pk=absence_id)
    return row


@question("attendance.mark")
def announced_in(by: Actor, lesson: Lesson) -> dict[int, int | None]:
    """Who is known not to come on the day of a lesson: student id -> reason id, if one was told."""
    rows = AnnouncedAbsence.objects.visible_to(by).filter(
        starts_on__lte=lesson.held_on, last_on__gte=lesson.held_on, is_withdrawn=False
    )
    return dict(rows.order_by("id").values_list("student_id", "reason_id"))


@question("attendance.mark")
def announced_of(by: Actor, student_id: int) -> list[AnnouncedAbsence]:
    """The absences of a student that are told and not over, the next first."""
    rows = AnnouncedAbsence.objects.visible_to(by).filter(
        student_id=student_id, last_on__gte=by.today, is_withdrawn=False
    )
    return list(rows.select_related("reason").order_by("starts_on", "id"))
