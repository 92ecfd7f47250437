"""Lessons without a group, turned into facts: a student's own, and those of nobody in which the student was."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from daftar.courses.kinds import LessonKind
from daftar.courses.models import Lesson, type_code
from daftar.tuition import rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from daftar.attendance.queries import Replaced
    from daftar.orgs.access import Actor

_COLUMNS = ("id", "held_on", "starts_time", "status", "moved_from", "course__subject", "type_id")
_STATUS = {status.value: status for status in rules.LessonStatus}
_TRIAL = LessonKind.TRIAL.value


def own_lessons(by: Actor, student_ids: Collection[int]) -> dict[int, list[rules.LessonFact]]:
    """The individual lessons of each student."""
    found: dict[int, list[rules.LessonFact]] = defaultdict(list)
    rows = Lesson.objects.visible_to(by).filter(student_id__among=student_ids).order_by("id")
    for student_id, *values in rows.values_list("student_id", *_COLUMNS):
        found[student_id].append(_fact(values, LessonKind.INDIVIDUAL))
    return found


def lessons_of_nobody(by: Actor, lesson_ids: Collection[int]) -> dict[int, rules.LessonFact]:
    """Those of the lessons that are nobody's own: trials, and lessons made for those who missed one."""
    if not lesson_ids:
        return {}
    rows = Lesson.objects.visible_to(by).filter(pk__in=lesson_ids, group=None, student=None)
    return {values[0]: _fact(values, LessonKind.TRIAL) for values in rows.values_list(*_COLUMNS)}


def attended(
    marks: Iterable[rules.AttendanceFact], lessons: Mapping[int, rules.LessonFact],
    subscriptions: Collection[rules.SubscriptionFact], made_up: Iterable[Replaced],
) -> list[rules.LessonFact]:  # fmt: skip
    """What a student was in of the lessons of nobody, as far as it may cost anything.

    One that makes up for a miss is priced as that one was. A plain trial is free unless a subscription names
    trials: on whose days is asked later, when pauses have moved its end, and it is counted before them too.
    """
    missed = {row.lesson_id: row.missed_group_id for row in made_up}
    found = []
    for lesson in (lessons[mark.lesson_id] for mark in marks if mark.lesson_id in lessons):
        if lesson.type != _TRIAL:
            found.append(lesson)
        elif lesson.id in missed:
            kind = LessonKind.INDIVIDUAL if missed[lesson.id] is None else LessonKind.GROUP
            found.append(replace(lesson, type=kind.value))
        elif any(_TRIAL in each.lesson_types and each.names(lesson) for each in subscriptions):
            found.append(replace(lesson, only_if_named=True))
    return found


def in_window(lessons: Iterable[rules.LessonFact], window: rules.Window | None) -> list[rules.LessonFact]:
    """Those that are held in the window, or were moved into it or out of it."""
    if window is None:
        return list(lessons)
    first, last = window.first, window.last
    return [
        each
        for each in lessons
        if first <= each.on <= last or (each.moved_from is not None and max(each.on, each.moved_from) >= first)
    ]


def _fact(values: Any, kind: LessonKind) -> rules.LessonFact:
    pk, on, at, status, moved_from, subject, type_id = values
    return rules.LessonFact(
        id=pk, group_id=None, on=on, at=at, status=_STATUS[status], subject=subject or None,
        type=type_code(type_id, kind), moved_from=moved_from,
    )  # fmt: skip
