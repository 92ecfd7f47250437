"""What a lesson was, or will be, about: said while it is marked, before it, or put right long after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.attendance.services import LessonIsCancelled, lock_lesson
from daftar.courses.kinds import LessonStatus
from daftar.courses.topics import chosen_topic
from daftar.orgs.access import Actor, change, verb

if TYPE_CHECKING:
    from daftar.courses.models import Lesson


@verb("attendance.mark")
def choose_topic(by: Actor, *, lesson_id: int, plan_topic_id: int | None, topic: str = "") -> Lesson:
    """Gives a lesson a topic of its course's plan, or (None) one in other words; the history keeps what it was."""
    lesson = lock_lesson(by, lesson_id)
    if lesson.status == LessonStatus.CANCELLED:
        raise LessonIsCancelled
    change(by, lesson, **chosen_topic(by, lesson, plan_topic_id, topic))
    return lesson
