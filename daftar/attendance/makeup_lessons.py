"""Lessons made for those who missed one: of no group, and where there is no room for them, in none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from daftar.attendance.linked_makeups import link_make_up
from daftar.attendance.makeups import add_guest, make_ups
from daftar.attendance.models import MakeUp
from daftar.courses.alone import NOBODY_YET, plan_single_lesson
from daftar.courses.kinds import LessonKind
from daftar.lib.errors import NotFound, Refusal
from daftar.orgs.access import Actor, question, verb

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, time

    from daftar.courses.models import Lesson
    from daftar.courses.moves import Staffing

MOST_OTHERS = 50


class MakeUpsOfOneCourse(Refusal):
    field = "make_up_ids"
    text = _("One lesson makes up for misses of one course.")


@verb("courses.edit")
def plan_make_up_lesson(
    by: Actor, *, make_up_ids: Collection[int], held_on: date, starts_time: time, type_id: int | None = None,
    minutes: int | None = None, staffing: Staffing = NOBODY_YET,
) -> Lesson:  # fmt: skip
    """A lesson of no group for those who missed one of the same course; each makes up for that miss in it.

    It costs each of them what a lesson of another group would that made up for the same miss.
    """
    by.must("attendance.add_guests")
    rows = MakeUp.objects.visible_to(by).filter(pk__in=make_up_ids).select_related("missed__group")
    owed = list(rows.order_by("student_id", "id"))
    if not owed or len(owed) != len(set(make_up_ids)):
        raise NotFound
    courses = {row.missed.group.course_id if row.missed.group else row.missed.course_id for row in owed}
    if len(courses) > 1:
        raise MakeUpsOfOneCourse
    lesson: Lesson = plan_single_lesson(
        by.trusted(), kind=LessonKind.TRIAL, course_id=courses.pop(), branch_id=owed[0].missed.branch_id,
        held_on=held_on, starts_time=starts_time, type_id=type_id, minutes=minutes, staffing=staffing,
    )  # fmt: skip
    for row in owed:
        add_guest(by.trusted(), lesson_id=lesson.pk, student_id=row.student_id, make_up_id=row.pk)
    return lesson


@verb("courses.edit")
def plan_own_make_up(by: Actor, /, *, make_up_id: int, student_id: int, **asked: Any) -> Lesson:
    """A lesson of one student, asked for as `plan_single_lesson` takes it, that makes up for a miss of theirs.

    It costs what a lesson of one student costs.
    """
    by.must("attendance.add_guests")
    lesson: Lesson = plan_single_lesson(by.trusted(), student_id=student_id, **asked)
    link_make_up(by.trusted(), make_up_id=make_up_id, lesson_id=lesson.pk, student_id=student_id)
    return lesson


@question("people.view")
def others_owed(by: Actor, make_up: MakeUp) -> list[MakeUp]:
    """What other students may make up for in the same course, the most urgent first: who can come to one lesson."""
    course_id = make_up.missed.studied.pk
    rows = make_ups(by).exclude(student_id=make_up.student_id).filter(missed__branch_id=make_up.missed.branch_id)
    of_course = rows.filter(missed__group__course_id=course_id) | rows.filter(missed__course_id=course_id)
    found: dict[int, MakeUp] = {}
    for row in of_course[: MOST_OTHERS * 2]:
        found.setdefault(row.student_id, row)  # one lesson makes up for one
    return list(found.values())[:MOST_OTHERS]
