"""What a lesson was, or will be, about: said while it is marked, before it, or put right long after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.attendance.services import LessonIsCancelled, lock_lesson
from daftar.courses.kinds import LessonStatus
from daftar.courses.topics import chosen_topic
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, change, verb
from daftar.orgs.queries import own_last_deed

if TYPE_CHECKING:
    from daftar.courses.models import Lesson


class TopicStays(Refusal):
    """Too late, somebody else's, or something was done to the lesson since."""

    text = _("This can no longer be undone: choose the topic itself.")


@verb("attendance.mark")
def choose_topic(by: Actor, *, lesson_id: int, plan_topic_id: int | None, topic: str = "") -> Lesson:
    """Gives a lesson a topic of its course's plan, or (None) one in other words; the history keeps what it was."""
    lesson = lock_lesson(by, lesson_id)
    if lesson.status == LessonStatus.CANCELLED:
        raise LessonIsCancelled
    change(by, lesson, **chosen_topic(by, lesson, plan_topic_id, topic))
    return lesson


@verb("attendance.mark")
def undo_topic(by: Actor, *, lesson_id: int) -> Lesson:
    """Gives a lesson the topic again that it had before one's own last choice, within ten minutes; else TopicStays."""
    lesson = lock_lesson(by, lesson_id)
    deed = own_last_deed(by.trusted(), lesson, "attendance.choose_topic")
    if deed is None:
        raise TopicStays
    for told in deed.changes:
        change(by, lesson, **told["was"])
    return lesson
