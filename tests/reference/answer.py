"""One day after another: payments, period charges and credits, lessons (9.29); then the walk of paid-until (9.33)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from . import periods
from .facts import LESSON_PLANS, PERIOD_PLANS, Facts, Lesson, Subscription, read
from .lessons import (
    DAY,
    SPREADS,
    WALK_DAYS,
    counted,
    earliest,
    fits,
    holiday_effect,
    is_own,
    is_paid_already,
    is_trial,
    moved_end,
    suspension_from,
    with_lessons,
)
from .prices import net_price, part
from .refusals import refuse


@dataclass
class Book:
    """What the days have brought so far."""

    accounts: dict[str, Fraction]
    rows: list[periods.Row] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)  # 9.5: lessons each bundle has charged
    unpriced: list[str] = field(default_factory=list)

    def post(self, row: periods.Row) -> None:
        self.accounts[row.account] -= row.amount
        self.rows.append(row)


def quote(file: dict) -> dict:
    """The answer to a situation written as in section 8; raises Refused for a wrong one."""
    refuse(file)
    facts = with_lessons(read(file))
    charges = periods.charges(facts)
    by_day = periods.rows_by_day(facts, charges)
    # 9.35, accounts: the base, and one for each separate subscription.
    book = Book({"base": Fraction(0), **{s.account: Fraction(0) for s in facts.subscriptions}})
    on = first_day(facts)
    while on <= facts.until:
        for payment in facts.payments:
            if payment.date == on:
                book.accounts[payment.account] += payment.amount
        for row in by_day.get(on, ()):
            book.post(row)
        for lesson in lessons_on(facts, on):
            charge_lesson(facts, book, lesson)
        on += DAY
    answer = {
        "charges": [written(facts, row) for row in book.rows],
        "balance": money(facts, sum(book.accounts.values())),
        "accounts": {name: money(facts, amount) for name, amount in book.accounts.items()},
        "unpriced": list(book.unpriced),
    }
    reached = walk(facts, book, charges, by_day)
    answer["paid_until"] = str(reached[-1]) if reached else None
    answer["lessons_left"] = len(reached)
    return answer


def first_day(facts: Facts) -> date:
    """No payment, charge or lesson is earlier."""
    days = [*(payment.date for payment in facts.payments), *(lesson.date for lesson in facts.listed)]
    return min([earliest(facts), *days])


def lessons_on(facts: Facts, on: date) -> list[Lesson]:
    """The student's own lessons of a day that are neither trial (9.14) nor suspended (D7), in order."""
    mine = [x for x in facts.lessons if x.date == on and is_own(facts, x) and not is_trial(facts, x)]
    return [x for x in mine if suspension_from(facts, x) is None and not is_paid_already(facts, x)]


# --- lessons that are charged one by one -------------------------------------------------------------------------


def charge_lesson(facts: Facts, book: Book, lesson: Lesson) -> None:
    """Up to `until`: charges the lesson to the subscription that pays for it, or notes that none does."""
    if periods_that_pay(facts, lesson):
        return  # 9.25
    attended = lesson.status == "conducted" and lesson.present and holiday_effect(facts, lesson) is None
    if not candidates(facts, lesson):
        if attended:  # 9.32
            book.unpriced.append(lesson.id)
        return
    post_lesson(facts, book, lesson)


def post_lesson(facts: Facts, book: Book, lesson: Lesson) -> tuple[str, Fraction]:
    """Picks who pays, posts the charge; the account and the amount."""
    subscription = pick(facts, book, lesson)
    if not is_charged(facts, subscription, lesson):
        return subscription.account, Fraction(0)
    amount, discount = price_of(facts, book, subscription, lesson)
    if subscription.plan == "per_lesson":
        book.places[subscription.id] = book.places.get(subscription.id, 0) + 1  # 9.5: a free one takes a place too
    if amount:  # 9.3
        book.post(periods.Row(subscription.id, subscription.account, lesson.id, lesson.date, amount, discount))
    return subscription.account, amount


def by_hand(facts: Facts, lesson: Lesson) -> Subscription | None:
    """D6: the one that was picked for this lesson, if it is one of those that may pay for it (R53)."""
    may_pay = [*paid_by_period(facts, lesson), *candidates(facts, lesson)]
    return next((each for each in may_pay if each.id == lesson.paid_by), None)


def periods_that_pay(facts: Facts, lesson: Lesson) -> list[Subscription]:
    """9.25, unless another was picked by hand: that one is charged though the period is charged too (R54)."""
    chosen = by_hand(facts, lesson)
    return [each for each in paid_by_period(facts, lesson) if chosen in (None, each)]


def paid_by_period(facts: Facts, lesson: Lesson) -> list[Subscription]:
    """9.25: the period plans that run on the lesson's day and fit it."""
    return [
        subscription
        for subscription in facts.subscriptions
        if subscription.plan in PERIOD_PLANS
        and fits(subscription, lesson)
        and periods.is_running(facts, subscription, lesson.date)
    ]


def candidates(facts: Facts, lesson: Lesson) -> list[Subscription]:
    """Those that may pay for a lesson, before D6 decides."""
    return [
        subscription
        for subscription in facts.subscriptions
        if subscription.plan in LESSON_PLANS
        and fits(subscription, lesson)
        and subscription.starts <= lesson.date <= (moved_end(facts, subscription) or date.max)
    ]


def pick(facts: Facts, book: Book, lesson: Lesson) -> Subscription:
    """D6 with 9.27-9.29. The last is the most wanted, so that "later" and "higher" are plain comparisons."""
    chosen = by_hand(facts, lesson)
    if chosen is not None:
        return chosen
    found = sorted(candidates(facts, lesson), key=lambda each: (each.starts, each.id))
    base = [each for each in found if each.account == "base"]
    base.sort(key=lambda each: (each.group is not None, bool(each.subjects), bool(each.lesson_types)))
    separate = [each for each in found if each.account != "base"]
    separate.sort(key=lambda each: -(moved_end(facts, each) or date.max).toordinal())
    rich = [each for each in separate if has_enough(facts, book, each, lesson)]
    if facts.switches["account_first"] == "base":
        return (separate + rich + base)[-1]
    return (separate + base + rich)[-1]


def has_enough(facts: Facts, book: Book, subscription: Subscription, lesson: Lesson) -> bool:
    """9.29."""
    amount = Fraction(0)
    if is_charged(facts, subscription, lesson):
        amount, _discount = price_of(facts, book, subscription, lesson)
    return book.accounts[subscription.account] >= amount


def is_charged(facts: Facts, subscription: Subscription, lesson: Lesson) -> bool:
    """Whether the picked subscription charges the lesson as it is; after `until` a planned one counts as attended."""
    effect = holiday_effect(facts, lesson)
    if subscription.plan == "daily" and lesson.missed is not None:
        return False  # 9.31: the missed one was charged, whoever came
    if subscription.plan == "daily":  # 9.31; 9.15: also a lesson that a harmless holiday keeps from being held
        return effect == "nothing" or (effect is None and lesson.status != "cancelled")
    if effect is not None:
        return False
    if lesson.date > facts.until:
        return lesson.status != "cancelled"  # 9.33
    # D3: no reason given = unexcused
    return lesson.status == "conducted" and (lesson.present or facts.charges_for_absence[lesson.reason or "unexcused"])


def price_of(facts: Facts, book: Book, subscription: Subscription, lesson: Lesson) -> tuple[Fraction, str | None]:
    """The lesson's part of the price and the discount taken."""
    if subscription.plan in SPREADS and subscription.group is not None and lesson.missed is not None:
        lesson = lesson.missed  # 9.42: what that one would have cost, by its own place, day and price
        if lesson not in counted(facts, subscription):
            return Fraction(0), None  # it has left the count
    if subscription.plan == "per_lesson":  # 9.5
        n = subscription.lessons_count
        i = book.places.get(subscription.id, 0) % n + 1
    else:  # 9.4, 9.8, 9.37
        those = [x for x in counted(facts, subscription) if span(subscription, x) == span(subscription, lesson)]
        n, i = len(those), [x.id for x in those].index(lesson.id) + 1
    whole, discount = net_price(facts, subscription, lesson.date, n, lesson)
    return part(facts, whole, i, n), discount


def span(subscription: Subscription, lesson: Lesson) -> tuple[int, int]:
    """The month, for `week_spread` the ISO week, that counts a lesson."""
    if subscription.plan == "week_spread":
        return lesson.counted_on.isocalendar()[:2]
    return lesson.counted_on.year, lesson.counted_on.month


# --- paid until ----------------------------------------------------------------------------------------------------


def walk(facts: Facts, book: Book, charges: list[periods.Charge], by_day: dict) -> list[date]:
    """9.33, 9.34: the days of the future lessons that the money covers, up to the first that it does not."""
    reached: list[date] = []
    for ahead in range(1, WALK_DAYS + 1):
        on = facts.until + ahead * DAY
        for row in by_day.get(on, ()):
            book.post(row)
        for lesson in lessons_on(facts, on):
            payers = paying_accounts(facts, book, charges, lesson)
            if not payers:
                continue  # without cost, or not held
            if any(book.accounts[account] < 0 for account in payers):
                return reached
            reached.append(on)
    return reached


def paying_accounts(facts: Facts, book: Book, charges: list[periods.Charge], lesson: Lesson) -> list[str]:
    """The accounts that pay for a future lesson, after charging it; none for one that is free or not held."""
    held = lesson.status != "cancelled" and holiday_effect(facts, lesson) is None
    plans = periods_that_pay(facts, lesson)
    if plans:
        return [each.account for each in plans if held and is_in_a_charge(facts, each, charges, lesson)]
    if not candidates(facts, lesson):
        return []
    account, amount = post_lesson(facts, book, lesson)
    return [account] if held and amount else []


def is_in_a_charge(facts: Facts, plan: Subscription, charges: list[periods.Charge], lesson: Lesson) -> bool:
    """Whether a charge above zero, dated up to the lesson, pays for it."""
    return any(
        charge.subscription.id == plan.id
        and charge.date <= lesson.date
        and periods.is_paid_by(facts, charge, lesson)
        and periods.amount_of(facts, charge) > 0
        for charge in charges
    )


# --- writing --------------------------------------------------------------------------------------------------------


def written(facts: Facts, row: periods.Row) -> dict:
    return {
        "subscription": row.subscription,
        "key": row.key,
        "date": str(row.date),
        "amount": money(facts, row.amount),
        "discount": row.discount,
    }


def money(facts: Facts, amount: Fraction) -> str:
    """9.3: a decimal with at least as many places as the step."""
    places = facts.decimals
    while (amount * 10**places).denominator != 1:
        places += 1
    whole = int(abs(amount) * 10**places)
    digits = f"{whole:0{places + 1}}"
    text = digits[:-places] + "." + digits[-places:] if places else digits
    return f"-{text}" if amount < 0 else text
