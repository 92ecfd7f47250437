"""The lessons of a type in a period, held or to come, and what they are charged: what a contract is written for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from daftar.tuition.rules.coverage import as_attended, lessons_to_come
from daftar.tuition.rules.due import due
from daftar.tuition.rules.facts import LessonStatus

if TYPE_CHECKING:
    from datetime import date

    from daftar.tuition.rules.facts import LessonFact, StudentFacts


class LessonsWanted(NamedTuple):
    """Lessons from `since` to `until`, both included, of a type by its code; of none: of any."""

    since: date
    until: date
    lesson_type: str = ""


def agreed(
    facts: StudentFacts, today: date, wanted: LessonsWanted, *, still_open: frozenset[int] = frozenset()
) -> tuple[int, int]:
    """How many lessons were held with the student marked in them or are to come, and their charges together.

    A charge for a period counts where it is dated in these days and its subscription pays for the type. The same rule
    as the forecast: what is to come takes place and is attended. `still_open` are unmarked lessons of today.
    """
    coming = set(lessons_to_come(facts, today, wanted.until, still_open))
    marked = {mark.lesson_id for mark in facts.attendances}
    by_id = {lesson.id: lesson for lesson in facts.lessons}
    held = {
        lesson.id
        for lesson in facts.lessons
        if lesson.status is LessonStatus.CONDUCTED and lesson.on <= today and lesson.id in marked
    }
    types = {each.id: each.lesson_types for each in facts.subscriptions}
    total = 0
    for draft in due(as_attended(facts, today, coming), max(wanted.until, today)):
        if draft.lesson_id is not None:
            total += draft.amount if _is_wanted(by_id[draft.lesson_id], wanted) else 0
        elif wanted.since <= draft.on <= wanted.until:
            limits = types[draft.subscription_id]
            total += draft.amount if not limits or wanted.lesson_type in {"", *limits} else 0
    return sum(_is_wanted(by_id[pk], wanted) for pk in held | coming), total


def _is_wanted(lesson: LessonFact, wanted: LessonsWanted) -> bool:
    return wanted.since <= lesson.on <= wanted.until and wanted.lesson_type in {"", lesson.type}
