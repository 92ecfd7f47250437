"""The price on a day: the step in force, less one discount."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from daftar.lib.money import rounded_part
from daftar.orgs.rules import SeveralDiscounts
from daftar.tuition.rules.facts import DiscountPer
from daftar.tuition.rules.why import line

if TYPE_CHECKING:
    from daftar.tuition.rules.facts import DiscountFact, LessonFact, PriceStep, StudentFacts, SubscriptionFact
    from daftar.tuition.rules.why import Why, WhyLine

_HUNDREDTH = Fraction(1, 100)


@dataclass(frozen=True, slots=True)
class Price:
    """The whole price before and after its discount, both in minor units; `rest` is not rounded yet."""

    full: int
    rest: int | Fraction
    step: int
    why: Why
    discount_id: int | None = None

    def part(self, numerator: int, denominator: int) -> int:
        """The part of what is left of it, or all of it, multiplied first and rounded once (decision D2)."""
        return rounded_part(self.rest, numerator, denominator, step=self.step)

    def place(self, place: int, places: int) -> tuple[int, int]:
        """The rounded sums before and with this place, so that places add up to the whole (pricing rule 9.4)."""
        return self.part(place - 1, places), self.part(place, places)

    def rounding(self, numerator: int, denominator: int) -> Why:
        """That the sum up to here was rounded, if it was."""
        amount = self.part(numerator, denominator)
        if amount * denominator == self.rest * numerator:
            return ()
        product = int(self.rest * numerator)
        return (line("rounding", step=self.step, numerator=product, denominator=denominator, amount=amount),)


def lesson_price(facts: StudentFacts, subscription: SubscriptionFact, lesson: LessonFact, lessons: int) -> Price:
    """The price in force on the lesson's day for `lessons` like it, less its discount (pricing rules 9.6 and 9.7)."""
    in_force = subscription.price_on(lesson.on)
    price = Price(in_force.amount, in_force.amount, facts.step, (_price_line(in_force, 1),))
    mine = [each for each in facts.discounts if each.holds(lesson.on) and each.reaches_lesson(lesson)]
    return _less(price, facts, mine, lessons)


def period_price(
    facts: StudentFacts, subscription: SubscriptionFact, on: date, lessons: int, *, times: int = 1
) -> Price:
    """The price in force on a charge's day, so many times, for a period of so many lessons, less its discount."""
    in_force = subscription.price_on(on)
    full = in_force.amount * times
    price = Price(full, full, facts.step, (_price_line(in_force, times),))
    mine = [each for each in facts.discounts if each.holds(on) and each.reaches_period(subscription)]
    return _less(price, facts, mine, lessons)


def _price_line(in_force: PriceStep, times: int) -> WhyLine:
    return line("price", amount=in_force.amount * times, from_on=in_force.from_on.isoformat())


def _less(price: Price, facts: StudentFacts, discounts: list[DiscountFact], lessons: int) -> Price:
    """The price less the discount that saves most, of those alike the older one; or less the oldest (decision D5)."""
    cuts = [(_cut(facts, each, price.full, lessons), each) for each in discounts]
    cuts = sorted(((cut, each) for cut, each in cuts if cut), key=lambda pair: pair[1].id)
    if not cuts:
        return price
    by_age = facts.decisions.several_discounts is SeveralDiscounts.OLDEST
    cut, taken = min(cuts, key=lambda pair: (0 if by_age else -pair[0], pair[1].starts_on or date.min))
    considered = [str(each.id) for _cut, each in cuts]
    rule = {"rule": "oldest"} if by_age else {}
    others = [f"{_size(each)} {int(less)}" for less, each in cuts if each is not taken]
    said = line(
        "discount", id=str(taken.id), size=_size(taken), cut=int(cut), considered=considered,
        **({"instead_of": others} if others else {}), **rule,
    )  # fmt: skip
    return replace(price, rest=price.full - cut, why=(*price.why, said), discount_id=taken.id)


def _size(discount: DiscountFact) -> str | int:
    return discount.amount if discount.percent is None else f"{discount.percent.normalize():f}%"


def _cut(facts: StudentFacts, discount: DiscountFact, full: int, lessons: int) -> int | Fraction:
    """What a discount takes off the whole price, at most all of it; per lesson nothing where lessons have no share."""
    if discount.percent is not None:
        return min(full * Fraction(discount.percent) * _HUNDREDTH, Fraction(full))
    per = discount.per or facts.money_discount_per
    return min(discount.amount * (lessons if per is DiscountPer.LESSON else 1), full)
