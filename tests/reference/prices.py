"""Price steps, discounts, rounding: D2, D4, D5, rules 9.4, 9.6, 9.7, 9.11-9.13."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from math import floor

from .facts import Discount, Facts, Lesson, Subscription


def rounded(facts: Facts, amount: Fraction) -> Fraction:
    """D2: half up to the step."""
    return floor(amount / facts.step + Fraction(1, 2)) * facts.step


def part(facts: Facts, whole: Fraction, i: int, n: int) -> Fraction:
    """9.4: the i-th of n parts, so that all of them add up to the whole."""
    return rounded(facts, whole * i / n) - rounded(facts, whole * (i - 1) / n)


def price_on(subscription: Subscription, on: date) -> Fraction:
    """9.6: the step of the day; before the first step the first one holds."""
    price = subscription.price[0][1]
    for starts, amount in subscription.price:
        if starts <= on:
            price = amount
    if subscription.plan == "whole_course":
        price *= subscription.months or 1  # 9.13
    return price


def net_price(
    facts: Facts, subscription: Subscription, on: date, n: int, lesson: Lesson | None = None
) -> tuple[Fraction, str | None]:
    """X: the whole price of a day less the one discount that saves most, and that discount (D5, 9.7)."""
    price = price_on(subscription, on)
    best, taken = Fraction(0), None
    for discount in sorted(facts.discounts, key=age):
        if not applies(discount, subscription, on, lesson):
            continue
        cut = min(cut_of(discount, price, n), price)  # D5: limited to the price
        if cut > best:
            best, taken = cut, discount.id
            if facts.switches["several_discounts"] == "oldest":
                break  # D5: they come by age, and this is the first that takes something off
    return price - best, taken


def age(discount: Discount):
    """D5, tie: the older."""
    return (discount.starts or date.min, discount.id)


def cut_of(discount: Discount, price: Fraction, n: int) -> Fraction:
    """9.7: what it takes off the whole price."""
    if discount.kind == "percent":
        return price * discount.amount / 100
    return discount.amount * (n if discount.per == "lesson" else 1)


def applies(discount: Discount, subscription: Subscription, on: date, lesson: Lesson | None) -> bool:
    """Whether a discount reaches a lesson's charge, or without a lesson a period's."""
    if not (discount.starts or date.min) <= on <= (discount.ends or date.max):
        return False
    if lesson is not None:
        return (not discount.subjects or lesson.subject in discount.subjects) and (
            not discount.lesson_types or lesson.type in discount.lesson_types
        )
    if subscription.plan == "whole_course" and discount.kind == "money" and discount.per == "lesson":
        return False  # 9.13
    return within(subscription.subjects, discount.subjects) and within(subscription.lesson_types, discount.lesson_types)


def within(named: tuple[str, ...], limit: tuple[str, ...]) -> bool:
    """9.11: a limited discount reaches a period only if the subscription names some, all of them within the limit."""
    return not limit or (bool(named) and set(named) <= set(limit))
