"""Lessons by what they are: one question for the list, the file and whoever wants the number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q

from daftar.attendance.models import Attendance, Guest
from daftar.attendance.nudges import begun_and_unmarked
from daftar.courses.queries import on_day_off
from daftar.courses.timetable import Wanted, lessons_seen
from daftar.courses.weekdays import lessons_of_member
from daftar.orgs.access import Actor, question

if TYPE_CHECKING:
    from datetime import date

    from daftar.lib.tenancy import TenantQuerySet

UNMARKED = "unmarked"


@dataclass(frozen=True, kw_only=True)
class WantedLessons(Wanted):
    """Which lessons: of days from `since` to `until` inclusive, and (None or "": any) of what.

    `status` is a state of a lesson, or "unmarked": begun, with somebody expected, and marked by
    nobody. `type_id` 0: a plain lesson.
    """

    since: date
    until: date
    status: str = ""
    kind: str = ""
    type_id: int | None = None
    subject: str = ""
    student_id: int | None = None


@question("courses.view")
def lessons(by: Actor, wanted: WantedLessons) -> TenantQuerySet[Any]:
    """The lessons in the order of their time, with all that names them; a teacher asks for the own ones.

    `is_off`: on a day off.
    """
    rows = wanted.of(lessons_seen(by).filter(held_on__range=(wanted.since, wanted.until)))
    rows = rows.filter(_state(by, wanted.status), _kind(wanted.kind))
    if wanted.type_id is not None:
        rows = rows.filter(type_id=wanted.type_id or None)
    if wanted.subject:
        rows = rows.filter(Q(course__subject=wanted.subject) | Q(group__course__subject=wanted.subject))
    if wanted.student_id is not None:
        rows = rows.filter(_with_student(by, wanted.student_id))
    joined = rows.select_related("group__course", "course", "student", "branch", "room", "teacher", "type")
    found: TenantQuerySet[Any] = joined.annotate(is_off=on_day_off(by)).order_by("held_on", "starts_at", "id")
    return found


def _state(by: Actor, status: str) -> Q:
    if status == UNMARKED:
        return begun_and_unmarked(by)
    return Q(status=status) if status else Q()


def _kind(kind: str) -> Q:
    kinds = {
        "group": Q(group__isnull=False), "individual": Q(group=None, student__isnull=False),
        "trial": Q(group=None, student=None),
    }  # fmt: skip
    return kinds.get(kind, Q())


def _with_student(by: Actor, student_id: int) -> Q:
    """Lessons a student belongs to, or was in: alone, as a member on that day, as a guest, or by a mark."""
    here = {"student_id": student_id, "lesson_id": OuterRef("pk")}
    guest = Guest.unguarded.filter(org_id=by.org_id, **here)
    mark = Attendance.unguarded.filter(org_id=by.org_id, **here)
    return lessons_of_member(by, student_id) | Q(Exists(guest)) | Q(Exists(mark))
