"""How far the money reaches: paid until, lessons left, the next charge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from daftar.lib.money import part_of
from daftar.tuition.rules.due import due
from daftar.tuition.rules.facts import AttendanceFact, LessonStatus
from daftar.tuition.rules.payer import payer_of
from daftar.tuition.rules.plans import PLANS
from daftar.tuition.rules.roster import is_paid_for, on_roster

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from daftar.tuition.rules.charging import ChargeDraft
    from daftar.tuition.rules.facts import LessonFact, StudentFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The last covered lesson's day (None: no lesson is covered), their number, and the charge to come next."""

    paid_until: date | None
    lessons_left: int
    next_charge: ChargeDraft | None


def coverage(
    facts: StudentFacts, until: date, balance: int, *, horizon_days: int = 365, still_open: frozenset[int] = frozenset()
) -> Coverage:
    """How many of the lessons after `until` the balance covers, if each of them takes place and is attended.

    `balance` is in minor units at the end of `until`, everything due by then charged. The walk ends at the first lesson
    after whose charges the balance is negative; lessons without cost are passed over (pricing rules 9.33 and 9.34).
    `still_open` are lessons of `until` itself that nobody has marked yet: they lie ahead too.
    """
    last_on = until + timedelta(days=horizon_days)
    coming = {
        lesson.id
        for lesson in facts.lessons
        if (lesson.on > until or lesson.id in still_open)
        and lesson.status is not LessonStatus.CANCELLED
        and on_roster(facts, lesson)
    }
    attended = _attended(facts, coming)
    drafts = due(attended, last_on)
    charged = {(draft.subscription_id, draft.key) for draft in drafts}
    ahead = [draft for draft in drafts if draft.on > until or draft.lesson_id in coming]
    lessons = [lesson for lesson in _in_order(attended, coming, last_on) if _charge_of(attended, lesson) in charged]
    covered = _covered(lessons, ahead, balance)
    return Coverage(
        paid_until=covered[-1].on if covered else None,
        lessons_left=len(covered),
        next_charge=ahead[0] if ahead else None,
    )


def affordable_lessons(price: int, lessons_count: int, balance: int, *, step: int) -> int:
    """How many lessons, from the first of a bundle, the balance pays for, whatever the timetable (rule AT-03).

    Minor units; 0 without money, and 0 where lessons are free and the question has no answer.
    """
    if price <= 0 or balance <= 0:
        return 0
    bundles, rest = divmod(balance, price)
    places = range(1, lessons_count + 1)
    return bundles * lessons_count + sum(part_of(price, place, lessons_count, step=step) <= rest for place in places)


def _attended(facts: StudentFacts, coming: set[int]) -> StudentFacts:
    """The same facts as if these lessons took place and were attended."""
    marks = [mark for mark in facts.attendances if mark.lesson_id not in coming]
    return replace(
        facts,
        lessons=tuple(
            replace(lesson, status=LessonStatus.CONDUCTED) if lesson.id in coming else lesson
            for lesson in facts.lessons
        ),
        attendances=(*marks, *(AttendanceFact(lesson_id=lesson_id, present=True) for lesson_id in sorted(coming))),
    )


def _in_order(facts: StudentFacts, coming: set[int], last_on: date) -> list[LessonFact]:
    """The lessons to come up to a day, in order, trials left out."""
    ahead = [
        lesson
        for lesson in facts.lessons
        if lesson.id in coming and lesson.on <= last_on and is_paid_for(facts, lesson)
    ]
    return sorted(ahead, key=lambda lesson: lesson.moment)


def _charge_of(facts: StudentFacts, lesson: LessonFact) -> tuple[int, str] | None:
    """The subscription and key of the charge that pays for the lesson."""
    payer = payer_of(facts, lesson)
    return None if payer is None else (payer.subscription.id, PLANS[payer.subscription.plan].key_of(lesson))


def _covered(lessons: Sequence[LessonFact], charges: Sequence[ChargeDraft], balance: int) -> list[LessonFact]:
    """The lessons up to the first after whose charges, and all those before it, the balance is negative."""
    periods = [charge for charge in charges if charge.lesson_id is None]
    own = {charge.lesson_id: charge.amount for charge in charges}
    covered: list[LessonFact] = []
    for lesson in lessons:
        balance -= own.get(lesson.id, 0)
        if balance < sum(period.amount for period in periods if period.on <= lesson.on):
            break
        covered.append(lesson)
    return covered
