"""What the ways share that spread the price of a month or week over its lessons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.courses.rules import PlanKind
from daftar.lib.period import Month
from daftar.tuition.rules.charging import Cost
from daftar.tuition.rules.known import counted
from daftar.tuition.rules.price import lesson_price
from daftar.tuition.rules.why import line

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from daftar.tuition.rules.charging import Case
    from daftar.tuition.rules.facts import LessonFact
    from daftar.tuition.rules.known import Fate


SPREADS = frozenset({PlanKind.MONTH_SPREAD, PlanKind.WEEK_SPREAD})
"""The ways that charge a lesson of a group its own place among others, held or made up for."""


def month_of(on: date) -> tuple[date, date]:
    """The 1st of a day's month and of the next."""
    month = Month.of(on)
    return month.first, month.next.first


def share(case: Case, lesson: LessonFact, span: Callable[[date], tuple[date, date]], leaving: frozenset[Fate]) -> Cost:
    """The lesson's part of the price by its place among those of its span; what others cost does not depend on it.

    One that makes up for a miss has the place, the price and the discounts of the missed one (pricing rule 9.42).
    """
    counted_as = lesson
    if lesson.id in case.subscription.make_ups:
        missed = case.known.facts.missed[lesson.id]
        counted_as = next(each for each in case.known.shared if each.id == missed)
    first, after = span(counted_as.counted_on)
    places = _places(case, first, after, leaving)
    if counted_as.id not in places:
        return Cost(0, ())  # it has left the count, and would have cost nothing
    place, of = places[counted_as.id], places[0]
    price = lesson_price(case.known.facts, case.subscription, counted_as, of)
    before, before_and_this = price.place(place, of)
    why = (
        *([line("made_up", on=counted_as.on.isoformat())] if counted_as is not lesson else ()),
        *price.why,
        line("spread_place", place=place, of=of, before=before, after=before_and_this, first=first.isoformat()),
        *price.rounding(place, of),
    )
    return Cost(before_and_this - before, why, price.discount_id)


def _places(case: Case, first: date, after: date, leaving: frozenset[Fate]) -> dict[int, int]:
    """The place of each lesson of these days by its id, and under 0 how many they are."""
    places: dict[int, int] | None = case.memo.get(first)
    if places is None:
        lessons = counted(case.known, case.subscription, first, after, leaving)
        if case.subscription.group_id is None:  # what makes up for one of them is not one more
            lessons = [each for each in lessons if each.id not in case.subscription.make_ups]
        places = {each.id: place for place, each in enumerate(lessons, start=1) if each.id}
        places[0] = len(lessons)
        case.memo[first] = places
    return places
