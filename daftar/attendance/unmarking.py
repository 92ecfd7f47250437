"""The verb that makes a conducted lesson planned again, whatever it is of and however long ago it was marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.attendance.makeups import settle_make_ups
from daftar.attendance.models import Attendance
from daftar.attendance.queries import expected_students
from daftar.attendance.rules import EMPTY
from daftar.attendance.services import check_age, concerned, concerns_since, lock_lesson, told
from daftar.courses.events import TuitionFactsChanged
from daftar.courses.kinds import LessonStatus
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, change, note, publish, verb

if TYPE_CHECKING:
    from daftar.courses.models import Lesson


class NotConducted(Refusal):
    """What nobody marked has no marks to take back."""

    text = _("This lesson is not marked.")


@verb("attendance.mark")
def take_marks_back(by: Actor, *, lesson_id: int, because: str = "") -> Lesson:
    """Plans a conducted lesson again, as if nobody had been marked in it: it may then be moved, cancelled or marked.

    Topic and homework stay. `because`: why, asked for where its marks are older than the branch allows (WhyCorrected).
    What was missed in it is owed no more, and what was made up for in it is owed again; charges follow in the same
    transaction. `undo_marks` brings the marks back within ten minutes.
    """
    lesson = lock_lesson(by, lesson_id)
    if lesson.status != LessonStatus.CONDUCTED:
        raise NotConducted
    rows = Attendance.objects.visible_to(by).filter(lesson=lesson)
    was = {str(row.student_id): told(row.cell) for row in rows}
    check_age(by, lesson.branch, [lesson], because)
    since = concerns_since(by, [lesson])
    rows.delete()
    note(by, lesson, was={"attendance": was}, now={"attendance": {}})
    touched = {int(pk) for pk in was} | set(expected_students(by.trusted(), lesson_id))
    settle_make_ups(by.trusted(), [lesson], dict.fromkeys(((lesson_id, pk) for pk in touched), EMPTY))
    change(by, lesson, status=LessonStatus.PLANNED, conducted_at=None)
    publish(by, TuitionFactsChanged(concerned(by, [lesson], touched, since), since))
    return lesson
