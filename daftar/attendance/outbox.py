"""Marks that were made where there was no connection: they arrive later, perhaps twice, perhaps after other marks."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from daftar.attendance.models import Attendance, SentLesson
from daftar.attendance.queries import Mark, expected_students
from daftar.attendance.services import conduct_lesson, lock_lesson
from daftar.orgs.access import Actor, verb

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from uuid import UUID

    from daftar.attendance.rules import Detail
    from daftar.courses.models import Lesson


@dataclass(frozen=True)
class Kept:
    """A mark that somebody set after ours was made and that therefore stays."""

    student_id: int
    mark: Mark
    who: str
    at: datetime


@dataclass(frozen=True)
class Received:
    """What became of the marks: `kept` instead of ours, and how many are expected whom our page did not show."""

    lesson: Lesson
    is_repeated: bool
    kept: tuple[Kept, ...] = ()
    unseen: int = 0


@verb("attendance.mark")
def receive_lesson(
    by: Actor, *, key: UUID, lesson_id: int, marks: Mapping[int, Mark], made_at: datetime, topic: str = "",
    homework: str = "", plan_topic_id: int | None = None, details: Mapping[int, Detail] = MappingProxyType({}),
    unmarked: Collection[int] = (), because: str = "",
) -> Received:  # fmt: skip
    """Conducts a lesson with marks made at `made_at` (UTC); a key that has come already does nothing.

    Of two people the later one is believed, student by student. Who has left meanwhile is not marked, and neither is
    who has joined: nobody is marked unseen. `unmarked`: those on the page of whom nothing was said; they stay so.
    All or nothing; charges follow in the same transaction.
    """
    lesson = lock_lesson(by, lesson_id)
    if SentLesson.objects.visible_to(by).filter(key=key).exists():
        return Received(lesson, is_repeated=True)
    SentLesson.objects.bulk_create([SentLesson(org_id=by.org_id, key=key, lesson=lesson, arrived_at=by.at)])
    expected = expected_students(by.trusted(), lesson_id)
    ours = {pk: mark for pk, mark in marks.items() if pk in expected}
    kept = _set_later(by, lesson, ours, made_at)
    ours |= {row.student_id: row.mark for row in kept}
    absent = {pk: mark.reason_id for pk, mark in ours.items() if not mark.is_present}
    silent = set(unmarked) & (expected.keys() - ours.keys())
    fresh = details.keys() & ours.keys() - {row.student_id for row in kept}
    conduct_lesson(
        by.trusted(), lesson_id=lesson_id, absent=absent, topic=topic, homework=homework, plan_topic_id=plan_topic_id,
        only=ours.keys() | silent, unmarked=silent, because=because,
        details={pk: details[pk] for pk in fresh | (details.keys() & silent)},
    )  # fmt: skip
    unseen = _unmarked(by, lesson, expected) - ours.keys() - silent
    return Received(lesson, is_repeated=False, kept=kept, unseen=len(unseen))


def _set_later(by: Actor, lesson: Lesson, ours: Mapping[int, Mark], made_at: datetime) -> tuple[Kept, ...]:
    rows = Attendance.objects.visible_to(by).filter(lesson=lesson, student_id__in=ours, marked_at__gt=made_at)
    found = []
    for row in rows.select_related("marked_by").order_by("student_id"):
        mark = Mark(row.is_present, row.reason_id)
        if mark != ours[row.student_id]:
            who = row.marked_by.name if row.marked_by else by.org_name
            found.append(Kept(row.student_id, mark, who, row.marked_at))
    return tuple(found)


def _unmarked(by: Actor, lesson: Lesson, expected: Collection[int]) -> set[int]:
    marked = Attendance.objects.visible_to(by).filter(lesson=lesson).values_list("student_id", flat=True)
    return set(expected) - set(marked)
