"""Members for a day who make up for a missed lesson."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.attendance.linked_makeups import link_make_up
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Lesson
from daftar.courses.services import enrol_student
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, verb
from daftar.tuition.services import enrol_active

if TYPE_CHECKING:
    from datetime import date

    from daftar.courses.models import Enrolment


class MakesUpInOneDay(Refusal):
    field = "last_on"
    text = _("Who makes up for a lesson is a member for one day: the last day is the first.")


class NoLessonThatDay(Refusal):
    field = "starts_on"
    text = _("The group has no lesson on that day.")


@verb("courses.enrol")
def enrol_for_make_up(
    by: Actor, *, student_id: int, group_id: int, starts_on: date, last_on: date | None, make_up_id: int,
    is_active: bool,
) -> Enrolment:  # fmt: skip
    """A member for one day, whose lesson on it makes up for a miss; `is_active`: charged as a member, or else a trial.

    Of several lessons on that day it is the first.
    """
    by.must("attendance.add_guests")
    if is_active:
        by.must("tuition.activate")
    if last_on != starts_on:
        raise MakesUpInOneDay
    enrol = enrol_active if is_active else enrol_student
    joined: Enrolment = enrol(
        by.trusted(), student_id=student_id, group_id=group_id, starts_on=starts_on, last_on=last_on
    )
    rows = Lesson.objects.visible_to(by).filter(group_id=group_id, held_on=starts_on)
    lesson = rows.exclude(status=LessonStatus.CANCELLED).order_by("starts_at", "id").first()
    if lesson is None:
        raise NoLessonThatDay
    link_make_up(by.trusted(), make_up_id=make_up_id, lesson_id=lesson.pk, student_id=student_id)
    return joined
