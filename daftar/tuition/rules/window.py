"""The charges from a day on follow from few of the facts: from which lessons, and when that is so.

What lies before the day is taken as settled: charged as it is due. Months, weeks and cycles have at most 31 days, so
those that may still be charged from the day on stand within 31 days of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from daftar.courses.rules import PlanKind
from daftar.tuition.rules.plans import PLANS
from daftar.tuition.rules.shared import shared_lessons
from daftar.tuition.rules.spread import SPREADS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from daftar.tuition.rules.facts import LessonFact, StudentFacts, SubscriptionFact

_LONGEST = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Window:
    """The days from `first` to `last` whose lessons have to be known to charge what is due from `since` to `until`."""

    since: date
    until: date

    @property
    def first(self) -> date:
        return self.since - _LONGEST

    @property
    def last(self) -> date:
        return self.until + _LONGEST

    def holds(self, lesson: LessonFact) -> bool:
        """Whether it is held or counted in these days; a moved one also when it comes after them."""
        if lesson.moved_from is None:
            return self.first <= lesson.on <= self.last
        return lesson.on >= self.first or lesson.moved_from >= self.first


def within(facts: StudentFacts, window: Window) -> StudentFacts:
    """The facts with no other lessons than those of the window, and of these no marks before `since`."""
    lessons = tuple(lesson for lesson in facts.lessons if window.holds(lesson))
    ids = {lesson.id for lesson in lessons if lesson.on >= window.since}
    return replace(
        facts, lessons=lessons, attendances=tuple(each for each in facts.attendances if each.lesson_id in ids)
    )


def is_enough(facts: StudentFacts, window: Window) -> bool:
    """Whether the charges of the window follow from the facts within it and the turns that were taken before.

    Not where modules are counted since the group's start, where money in separate accounts decides, where the lessons
    of a month or week are those of any group the student was ever marked in, where a lesson was moved across one of the
    window's ends, where a lesson has the place of a missed one, and where one may take a place in a bundle without a
    charge that shows it.
    """
    moved = shared_lessons(facts.lessons).moved
    return (
        all(_is_local(facts, each) for each in facts.subscriptions)
        and not (facts.missed and _has_the_place_of_a_missed_one(facts, window.since))
        and not any(lesson.counted_on < window.since <= lesson.on for lesson in moved)
        and not any(lesson.on <= window.until < lesson.counted_on for lesson in moved)
    )


def _has_the_place_of_a_missed_one(facts: StudentFacts, since: date) -> bool:
    made_up = {each.id for each in facts.lessons if each.id in facts.missed and each.on >= since}
    return any(each.plan in SPREADS and made_up & each.make_ups for each in facts.subscriptions)


def takes_no_marks(subscriptions: Iterable[SubscriptionFact]) -> bool:
    """Whether the charges are the same whoever came: all are for periods of groups, whose lessons are the group's."""
    return all(each.group_id is not None and PLANS[each.plan].by_period for each in subscriptions)


def _is_local(facts: StudentFacts, subscription: SubscriptionFact) -> bool:
    if subscription.is_separate or subscription.plan is PlanKind.MODULE:
        return False
    if subscription.plan is not PlanKind.PER_LESSON:
        return subscription.group_id is not None
    if subscription.lessons_count == 1:
        return True
    least = subscription.lessons_count * facts.step
    return not facts.discounts and all(step.amount >= least for step in subscription.prices)
