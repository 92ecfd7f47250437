"""`per_lesson`: a price for a bundle of lessons, charged lesson by lesson as they are conducted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.lib.money import part_of
from daftar.tuition.rules.charging import ChargeDraft
from daftar.tuition.rules.why import line

if TYPE_CHECKING:
    from daftar.tuition.rules.charging import Case, PaidLesson
    from daftar.tuition.rules.facts import LessonFact


def charges(case: Case) -> list[ChargeDraft]:
    """One charge per lesson: its place's part of the price, so that a bundle adds up (pricing rules 9.4 and 9.5).

    After the bundle the places start again at the same price.
    """
    places = case.subscription.lessons_count
    return [_charge(case, paid, index % places + 1) for index, paid in enumerate(case.lessons)]


def key_of(lesson: LessonFact) -> str:
    """The lesson's id."""
    return str(lesson.id)


def _charge(case: Case, paid: PaidLesson, place: int) -> ChargeDraft:
    lesson, places, step = paid.lesson, case.subscription.lessons_count, case.facts.step
    price = case.subscription.price_on(lesson.on)
    before = part_of(price.amount, place - 1, places, step=step)
    after = part_of(price.amount, place, places, step=step)
    why = [
        *paid.why,
        line("price", amount=price.amount, from_on=price.from_on.isoformat()),
        line("bundle_place", place=place, of=places, before=before, after=after),
    ]
    if (after - before) * places != price.amount:
        numerator = price.amount * place
        why.append(line("rounding", step=step, numerator=numerator, denominator=places, amount=after))
    return ChargeDraft(
        subscription_id=case.subscription.id,
        key=key_of(lesson),
        on=lesson.on,
        amount=after - before,
        lesson_id=lesson.id,
        why=tuple(why),
    )
