"""`per_lesson`: a price for a bundle of lessons, charged lesson by lesson as they are conducted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.tuition.rules.charging import Cost
from daftar.tuition.rules.price import lesson_price
from daftar.tuition.rules.why import line

if TYPE_CHECKING:
    from daftar.tuition.rules.charging import Case
    from daftar.tuition.rules.facts import LessonFact
    from daftar.tuition.rules.price import Price


def cost(case: Case, lesson: LessonFact, turn: int) -> Cost:
    """Its place's part of the price, so that a bundle adds up (pricing rules 9.4 and 9.5).

    After the bundle the places start again at the same price.
    """
    subscription, facts = case.subscription, case.known.facts
    place = (turn - 1) % subscription.lessons_count + 1
    # The same price and place give the same sum for the same reason, lesson after lesson.
    like = (subscription.price_on(lesson.on), place, (lesson.on, lesson.subject, lesson.type) if facts.discounts else 0)
    found: Cost | None = case.memo.get(like)
    if found is None:
        price = lesson_price(facts, subscription, lesson, subscription.lessons_count)
        found = case.memo[like] = _cost(price, place, subscription.lessons_count)
    return found


def _cost(price: Price, place: int, places: int) -> Cost:
    before, after = price.place(place, places)
    why = [*price.why, line("bundle_place", place=place, of=places, before=before, after=after)]
    if (after - before) * places != price.rest:
        why += price.rounding(place, places)
    return Cost(after - before, tuple(why), price.discount_id)
