"""`per_lesson`: a price for a bundle of lessons, charged lesson by lesson as they are conducted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.lib.money import part_of
from daftar.tuition.rules.charging import ChargeDraft
from daftar.tuition.rules.why import line

if TYPE_CHECKING:
    from daftar.tuition.rules.charging import Case
    from daftar.tuition.rules.facts import LessonFact, PriceStep
    from daftar.tuition.rules.why import Why


def charges(case: Case) -> list[ChargeDraft]:
    """One charge per lesson: its place's part of the price, so that a bundle adds up (pricing rules 9.4 and 9.5).

    After the bundle the places start again at the same price.
    """
    places = case.subscription.lessons_count
    # The same price and place give the same sum for the same reason, lesson after lesson.
    parts: dict[tuple[PriceStep, int], tuple[int, Why]] = {}
    drafts = []
    for index, paid in enumerate(case.lessons):
        price, place = case.subscription.price_on(paid.lesson.on), index % places + 1
        if (price, place) not in parts:
            parts[price, place] = _part(case, price, place)
        amount, why = parts[price, place]
        drafts.append(
            ChargeDraft(
                subscription_id=case.subscription.id, key=key_of(paid.lesson), on=paid.lesson.on, amount=amount,
                lesson_id=paid.lesson.id, why=(*paid.why, *why),
            )
        )  # fmt: skip
    return drafts


def key_of(lesson: LessonFact) -> str:
    """The lesson's id."""
    return str(lesson.id)


def _part(case: Case, price: PriceStep, place: int) -> tuple[int, Why]:
    """What a place of the bundle costs, and why."""
    places, step = case.subscription.lessons_count, case.facts.step
    before = part_of(price.amount, place - 1, places, step=step)
    after = part_of(price.amount, place, places, step=step)
    why = [
        line("price", amount=price.amount, from_on=price.from_on.isoformat()),
        line("bundle_place", place=place, of=places, before=before, after=after),
    ]
    if (after - before) * places != price.amount:
        numerator = price.amount * place
        why.append(line("rounding", step=step, numerator=numerator, denominator=places, amount=after))
    return after - before, tuple(why)
