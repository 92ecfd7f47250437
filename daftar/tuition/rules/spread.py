"""What the ways share that spread the price of a month or week over its lessons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.tuition.rules.charging import Cost
from daftar.tuition.rules.known import counted
from daftar.tuition.rules.price import lesson_price
from daftar.tuition.rules.why import line

if TYPE_CHECKING:
    from datetime import date

    from daftar.tuition.rules.charging import Case
    from daftar.tuition.rules.facts import LessonFact
    from daftar.tuition.rules.known import Fate


def share(case: Case, lesson: LessonFact, first: date, after: date, leaving: frozenset[Fate]) -> Cost:
    """The lesson's part of the price by its place among those of its days; what others cost does not depend on it."""
    places: dict[int, int] | None = case.memo.get(first)
    if places is None:
        lessons = counted(case.known, case.subscription, first, after, leaving)
        if case.subscription.group_id is None:  # what makes up for one of them is not one more
            lessons = [each for each in lessons if each.id not in case.subscription.make_ups]
        places = {each.id: place for place, each in enumerate(lessons, start=1) if each.id}
        places[0] = len(lessons)
        case.memo[first] = places
    place, of = places[lesson.id], places[0]
    price = lesson_price(case.known.facts, case.subscription, lesson, of)
    before, before_and_this = price.place(place, of)
    why = (
        *price.why,
        line("spread_place", place=place, of=of, before=before, after=before_and_this, first=first.isoformat()),
        *price.rounding(place, of),
    )
    return Cost(before_and_this - before, why, price.discount_id)
