"""Which missed lesson somebody makes up for who is in a lesson already: a guest, a member for a day, or alone in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

from daftar.attendance.makeups import LessonDoesNotTakePlace, claim, lesson_to_join, make_ups
from daftar.attendance.models import Guest, MakeUp
from daftar.courses.events import TuitionFactsChanged
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Enrolment
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, change, publish, question, verb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daftar.courses.models import Lesson

A_DAY = timedelta(days=1)


class ComesAnyway(Refusal):
    field = "make_up_id"
    text = _("Only a guest, a member for that day, or the one student of the lesson makes up for a miss in it.")


class MakesUpForNothing(Refusal):
    text = _("The lesson makes up for no miss of this student.")


class Comer(NamedTuple):
    """Somebody in a lesson who is no member of long standing: what brings them, and whether it makes up for a miss."""

    is_guest: bool
    makes_up: bool


@verb("attendance.add_guests")
def link_make_up(by: Actor, *, make_up_id: int, lesson_id: int, student_id: int) -> MakeUp:
    """The lesson makes up for a miss of a student who is in it already, also when it is marked.

    What a guest pays follows the miss from then on; a member for a day and the one student of a lesson pay as before.
    """
    lesson = lesson_to_join(by, lesson_id)
    if lesson.status == LessonStatus.CANCELLED:
        raise LessonDoesNotTakePlace
    if student_id not in comers(by, lesson):
        raise ComesAnyway
    row = claim(by, make_up_id, lesson, student_id)
    publish(by, TuitionFactsChanged((student_id,)))
    return row


@verb("attendance.add_guests")
def unlink_make_up(by: Actor, *, lesson_id: int, student_id: int) -> MakeUp:
    """The lesson makes up for nothing any more, and the miss is owed again; who is in the lesson stays in it."""
    lesson = lesson_to_join(by, lesson_id)
    rows = MakeUp.objects.visible_to(replace(by, branch_ids=None)).select_for_update(of=("self",), no_key=True)
    row: MakeUp | None = rows.filter(made_in=lesson, student_id=student_id).first()
    if row is None:
        raise MakesUpForNothing
    change(by, row, made_in_id=None)
    publish(by, TuitionFactsChanged((student_id,)))
    return row


@question("attendance.mark")
def comers(by: Actor, lesson: Lesson) -> dict[int, Comer]:
    """The guests of a lesson, the members of its group for that day only, and its one student, by id."""
    everywhere = replace(by, branch_ids=None)
    made = MakeUp.objects.visible_to(everywhere).filter(made_in=lesson)
    guests = Guest.objects.visible_to(everywhere).filter(lesson=lesson)
    that_day = {"group_id": lesson.group_id, "starts_on": lesson.held_on, "ends_on": lesson.held_on + A_DAY}
    members = Enrolment.objects.visible_to(everywhere).filter(**that_day)
    making_up, invited, joined = (set(rows.values_list("student_id", flat=True)) for rows in (made, guests, members))
    alone = {lesson.student_id} if lesson.student_id is not None else set()
    return {pk: Comer(pk in invited, pk in making_up) for pk in invited | joined | alone}


@question("people.view")
def owed_among(by: Actor, student_ids: Iterable[int]) -> set[int]:
    """Those of the students who may still make up for a miss."""
    return set(make_ups(by).filter(student_id__in=list(student_ids)).values_list("student_id", flat=True))
