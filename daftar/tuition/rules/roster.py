"""Which lessons are the student's, which of them are still trials, and which lessons a month has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from daftar.lib.period import Month
    from daftar.tuition.rules.facts import EnrolmentFact, GroupFact, LessonFact, StudentFacts, SubscriptionFact


def group_of(facts: StudentFacts, group_id: int) -> GroupFact:
    """The group; KeyError when the facts do not have it."""
    for group in facts.groups:
        if group.id == group_id:
            return group
    raise KeyError(group_id)


def enrolments_in(facts: StudentFacts, group_id: int | None) -> list[EnrolmentFact]:
    """The enrolments in a group, or in any."""
    return [row for row in facts.enrolments if group_id in (None, row.group_id)]


def on_roster(facts: StudentFacts, lesson: LessonFact) -> bool:
    """Whether the lesson is the student's: between joining and leaving, or marked as a guest (pricing rule 9.26)."""
    rows = enrolments_in(facts, lesson.group_id)
    return any(row.holds(lesson.on) for row in rows) if rows else _is_guest(facts, lesson)


def is_paid_for(facts: StudentFacts, lesson: LessonFact) -> bool:
    """Whether the lesson is the student's and no trial (pricing rules 9.14 and 9.26)."""
    rows = enrolments_in(facts, lesson.group_id)
    if not rows:
        return _is_guest(facts, lesson)
    return any(row.holds(lesson.on) and _activated(facts, row, lesson.on) for row in rows)


def lessons_of_month(facts: StudentFacts, subscription: SubscriptionFact, month: Month) -> list[date]:
    """The days of the lessons the month's price is for, in order, a day twice for two lessons (pricing rule 9.8).

    Of a group: those listed, cancelled ones too (9.18), and pattern days outside the group's life (decision D13).
    Without a group: the student's own.
    """
    listed = [lesson for lesson in facts.lessons if lesson.on in month]
    if subscription.group_id is None:
        return sorted(lesson.on for lesson in listed if on_roster(facts, lesson))
    group = group_of(facts, subscription.group_id)
    days = [lesson.on for lesson in listed if lesson.group_id == group.id]
    lives_through = group.lives_on(month.first) and group.lives_on(month.last)
    outside = [] if lives_through else [day for day in month if group.would_meet_on(day)]
    return sorted([*days, *(day for day in outside if day not in days)])


def _is_guest(facts: StudentFacts, lesson: LessonFact) -> bool:
    """In a group that was never joined the student has only the lessons marked for him or her."""
    return any(mark.lesson_id == lesson.id for mark in facts.attendances)


def _activated(facts: StudentFacts, row: EnrolmentFact, on: date) -> bool:
    first = row.first_paid_on(activation_day_counts=facts.activation_day_counts)
    return first is not None and first <= on
