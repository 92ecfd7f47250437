"""Lessons of a group that are none of a member who does not come on their weekday: as if the group had no such day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from daftar.courses.rules import SpanOfWeekday
    from daftar.tuition.rules.facts import EnrolmentFact, GroupFact, LessonFact


def own_lessons(
    lessons: Iterable[LessonFact], enrolments: Sequence[EnrolmentFact], marked: Collection[int]
) -> list[LessonFact]:
    """The lessons without those on weekdays that are off; one the student was marked in (its id in `marked`) stays."""

    def is_own(lesson: LessonFact) -> bool:
        return lesson.id in marked or not _is_off(enrolments, lesson.group_id, lesson.counted_on)

    return [lesson for lesson in lessons if is_own(lesson)]


def own_group(group: GroupFact, enrolments: Sequence[EnrolmentFact]) -> GroupFact:
    """The group with the pattern of days this student has of it, for the days outside its life (decision D13)."""
    mine = _of_group(enrolments, group.id)
    if not any(each.off for each in mine):
        return group
    first = group.weekdays if group.first_weekdays is None else group.first_weekdays
    return replace(
        group,
        weekdays=group.weekdays - {each.weekday for each in mine[-1].off if each.until is None},
        first_weekdays=first - {each.weekday for each in mine[0].off if each.since <= mine[0].joined_on},
    )


def _is_off(enrolments: Sequence[EnrolmentFact], group_id: int | None, on: date) -> bool:
    mine = _of_group(enrolments, group_id)
    if not any(each.off for each in mine):
        return False
    # Before joining as on the first day, and after leaving as on the last: months are counted whole there (D13).
    began = [each for each in mine if each.joined_on <= on]
    deciding = began[-1] if began else mine[0]
    return any(_holds(each, deciding, on) for each in deciding.off)


def _holds(span: SpanOfWeekday, enrolment: EnrolmentFact, on: date) -> bool:
    since = date.min if span.since <= enrolment.joined_on else span.since
    return span._replace(since=since).holds(on)


def _of_group(enrolments: Sequence[EnrolmentFact], group_id: int | None) -> list[EnrolmentFact]:
    return sorted((each for each in enrolments if each.group_id == group_id), key=lambda each: each.joined_on)
