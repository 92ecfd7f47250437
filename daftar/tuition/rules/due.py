"""What a student should be charged: a pure function of the facts."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING

from daftar.tuition.rules.charging import Case, PaidLesson
from daftar.tuition.rules.facts import LessonStatus
from daftar.tuition.rules.payer import payer_of
from daftar.tuition.rules.plans import PLANS
from daftar.tuition.rules.roster import is_paid_for
from daftar.tuition.rules.why import line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from daftar.tuition.rules.charging import ChargeDraft
    from daftar.tuition.rules.facts import AttendanceFact, LessonFact, Moment, StudentFacts
    from daftar.tuition.rules.why import Why


def due(facts: StudentFacts, until: date) -> list[ChargeDraft]:
    """Every charge dated up to and including `until`, in the order of a day: periods, then lessons (pricing rule 9.29).

    Amounts are minor units above zero: a charge of zero is left out (pricing rule 9.3). `until` is the last known day:
    a lesson after it is still to come, whatever its status. ValueError for counts or steps below one.
    """
    lessons = _charged_lessons(facts, until)
    drafts = [
        draft
        for subscription in facts.subscriptions
        for draft in PLANS[subscription.plan].charges(
            Case(facts, subscription, tuple(lessons.get(subscription.id, ())), until)
        )
        if draft.amount
    ]
    by_id = {lesson.id: lesson for lesson in facts.lessons}

    def moment_of(draft: ChargeDraft) -> Moment:
        period = (draft.on, 0, time.min, draft.subscription_id)
        return period if draft.lesson_id is None else by_id[draft.lesson_id].moment

    return sorted(drafts, key=moment_of)


def unpriced(facts: StudentFacts, until: date) -> list[int]:
    """The ids, in order, of lessons attended up to and including `until` that no subscription prices.

    Trials and absences are not among them (pricing rules 9.14 and 9.32), nor what a period plan pays for (9.25).
    """
    return [
        lesson.id for lesson, mark in _marked_lessons(facts, until) if mark.present and payer_of(facts, lesson) is None
    ]


def _charged_lessons(facts: StudentFacts, until: date) -> dict[int, list[PaidLesson]]:
    """By subscription, the lessons to be charged one by one."""
    charged: dict[int, list[PaidLesson]] = {}
    if all(PLANS[subscription.plan].by_period for subscription in facts.subscriptions):
        return charged
    said: dict[tuple[int, str, tuple[int, ...]], Why] = {}  # the same payer for the same reason, again and again
    for lesson, mark in _marked_lessons(facts, until):
        payer = payer_of(facts, lesson) if mark.present or mark.charges_absence else None
        if payer is None:
            continue
        reason = (payer.subscription.id, payer.rule, payer.over)
        why = said.get(reason) or said.setdefault(reason, payer.why)
        missed = () if mark.present else (line("absence_charged", on=lesson.on.isoformat()),)
        charged.setdefault(payer.subscription.id, []).append(PaidLesson(lesson, (*why, *missed)))
    return charged


def _marked_lessons(facts: StudentFacts, until: date) -> Iterator[tuple[LessonFact, AttendanceFact]]:
    """In order, the conducted lessons of the student that are no trials, with their marks."""
    marks = {mark.lesson_id: mark for mark in facts.attendances}
    held = [
        lesson
        for lesson in facts.lessons
        if lesson.id in marks and lesson.status is LessonStatus.CONDUCTED and lesson.on <= until
    ]
    for lesson in sorted(held, key=lambda lesson: lesson.moment):
        if is_paid_for(facts, lesson):
            yield lesson, marks[lesson.id]
