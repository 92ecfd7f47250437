"""Plans that charge a period in advance, and their credits: rules 9.10, 9.13, 9.14, 9.18-9.24."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from .facts import PERIOD_PLANS, Facts, Lesson, Subscription
from .lessons import (
    DAY,
    activations,
    counted,
    holiday_effect,
    is_running,
    is_trial,
    known_end,
    latest,
    nothing_before,
    suspension_from,
    suspensions_in,
)
from .prices import net_price, rounded

Stay = tuple[date, date | None]
NEVER = date.max  # when lessons are that no list has yet


@dataclass(frozen=True)
class Row:
    """A line of the answer."""

    subscription: str
    account: str
    key: str
    date: date
    amount: Fraction
    discount: str | None


@dataclass(frozen=True)
class Charge:
    """A period's charge before credits: `covered` of its `n` lessons are paid for."""

    subscription: Subscription
    key: str
    date: date
    whole: Fraction
    n: int
    covered: tuple[Lesson, ...]
    unlisted: int  # lessons of an unfinished module that the list does not have yet (9.19)
    discount: str | None
    left: date | None
    listed_to: date | None = None  # the last lesson that the list of an unfinished module has
    stays: tuple[Stay, ...] = ()  # the membership it was charged in, and those after it


def add_months(facts: Facts, anchor: date, months: int) -> date:
    """D14: the same day of a later month; of a short one the last, or the 1st after it; the anchor is kept."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    days = calendar.monthrange(year, month + 1)[1]
    if anchor.day <= days:
        return date(year, month + 1, anchor.day)
    last = date(year, month + 1, days)
    return last if facts.switches["short_months"] == "last_day" else last + DAY


def is_trial_of(facts: Facts, subscription: Subscription, start: date, lesson: Lesson) -> bool:
    """9.14, as that activation sees it: of a later one of the same group nothing is known ahead."""
    if subscription.group is None:
        return is_trial(facts, lesson)
    days = [row.activated for row in facts.enrolments if row.group == subscription.group and row.activated is not None]
    own = max((day for day in days if day <= start), default=None)
    return lesson.date == own and not facts.activation_day_counts


def charges(facts: Facts) -> list[Charge]:
    """Every period charge of every subscription, far beyond `until`."""
    return [
        charge
        for subscription in facts.subscriptions
        if subscription.plan in PERIOD_PLANS
        for charge in charges_of(facts, subscription)
    ]


def charges_of(facts: Facts, subscription: Subscription) -> Iterator[Charge]:
    starts = activations(facts, subscription)
    if subscription.plan == "whole_course":
        # 9.24: only the first.
        # D12; one course is not one month after another: it is charged whenever it was entered.
        yield from whole_course(facts, subscription, *starts[0]) if starts else ()
        return
    earlier: list[Charge] = []
    for number, (start, left) in enumerate(starts):
        first, stays = first_charged_on(facts, subscription, start), tuple(starts[number:])
        found = PLANS[subscription.plan](facts, subscription, start, left)
        mine = [replace(charge, stays=stays) for charge in found if charge.date >= first]
        mine = [without_what_is_paid(facts, charge, earlier) for charge in mine]
        yield from mine
        earlier += mine


def without_what_is_paid(facts: Facts, charge: Charge, earlier: list[Charge]) -> Charge:
    """9.41: a lesson that is still in a charge from before the student left is not charged again."""
    start, _left = charge.stays[0]

    def is_still_in(before: Charge, on: date) -> bool:
        gone = gone_from(facts, before, on, [stay for stay in before.stays if stay[0] < start])
        return gone is None or not gives_back(facts, before, gone)

    own = [x for x in charge.covered if not any(x in each.covered and is_still_in(each, x.date) for each in earlier)]
    # Those that no list has yet are later than any; they are of the same module if its listed ones are.
    same = [each for each in earlier if each.unlisted and each.listed_to == charge.listed_to]
    unlisted = 0 if any(is_still_in(each, NEVER) for each in same) else charge.unlisted
    return replace(charge, covered=tuple(own), unlisted=unlisted)


def gone_from(facts: Facts, charge: Charge, on: date, stays: Sequence[Stay]) -> date | None:
    """9.22: the `left` by which a lesson of that day is lost; 9.41: unless the student came back to it."""
    gone = None
    for start, left in stays:
        if gone is not None and (on < start or gives_back(facts, charge, gone)):
            return gone
        if left is None or on <= left:
            return None
        gone = left
    return gone


def gives_back(facts: Facts, charge: Charge, on: date) -> bool:
    """Whether what is lost from a day on comes back: taken off the charge (9.23), or as D8 or a person says."""
    if on <= charge.date:
        return True
    if facts.switches["unserved_lessons"] == "kept":
        return decided(facts, charge, on, given=True)
    return not decided(facts, charge, on, given=False)


def decided(facts: Facts, charge: Charge, on: date, *, given: bool) -> bool:
    """D8: whether a person declined, or gave, the credit of that day."""
    credit = (charge.subscription.id, charge.key, on)
    return any((each.subscription, each.key, each.date) == credit and each.given is given for each in facts.credits)


def first_charged_on(facts: Facts, subscription: Subscription, start: date) -> date:
    """D12: of the membership that starts the subscription on this day."""
    rows = [row for row in facts.enrolments if row.group == subscription.group and row.activated is not None]
    mine = [row for row in rows if max(row.activated, subscription.starts) == start <= (row.left or date.max)]
    return max((nothing_before(facts, row) for row in mine), default=date.min)


def whole_course(facts: Facts, subscription: Subscription, start: date, left: date | None) -> Iterator[Charge]:
    """9.13: once, in full; no lesson of it is ever unserved."""
    whole, discount = net_price(facts, subscription, start, 1)
    yield Charge(subscription, str(start), start, whole, 1, (), 1, discount, None)


def calendar_month(facts: Facts, subscription: Subscription, start: date, left: date | None) -> Iterator[Charge]:
    """From the activation to the end of its month, then every 1st."""
    dues = [start.replace(day=1)]
    yield from cycles(facts, subscription, start, left, dues)


def group_month(facts: Facts, subscription: Subscription, start: date, left: date | None) -> Iterator[Charge]:
    """From the activation to the end of the group's running cycle, then on the group's day of every month."""
    anchor, k = facts.groups[subscription.group].starts, 0
    while add_months(facts, anchor, k + 1) <= start:
        k += 1
    dues = [add_months(facts, anchor, each) for each in range(k + 1)]
    yield from cycles(facts, subscription, start, left, dues)


def student_month(facts: Facts, subscription: Subscription, start: date, left: date | None) -> Iterator[Charge]:
    """On the activation's own day of every month."""
    yield from cycles(facts, subscription, start, left, [start])


def cycles(facts: Facts, subscription: Subscription, start: date, left: date | None, dues: list[date]):
    """The charges of months or cycles; `dues` are due days up to the one of the cycle in which the start lies."""
    end, anchor, k = known_end(facts, subscription) or date.max, dues[0], len(dues) - 1
    lessons = counted(facts, subscription)
    while True:
        due, following = add_months(facts, anchor, k), add_months(facts, anchor, k + 1)
        on = max(due, start)
        if on > min(left or date.max, end, latest(facts)):  # 9.24
            return
        whole_period = [each for each in lessons if due <= each.counted_on < following]  # 9.37
        covered = [each for each in whole_period if not each.outside_life and each.date <= end]  # 9.20
        if due < start:
            covered = [each for each in covered if each.date >= start]
        if subscription.plan != "student_month":  # 9.14: that one charges in full either way
            covered = [each for each in covered if not is_trial_of(facts, subscription, start, each)]
        if whole_period:  # 9.10
            n = len(whole_period)
            whole, discount = net_price(facts, subscription, on, n)
            key = f"{on:%Y-%m}" if subscription.plan == "calendar_month" else str(on)  # 9.2
            yield Charge(subscription, key, on, whole, n, tuple(covered), 0, discount, left)
        k += 1


def module(facts: Facts, subscription: Subscription, start: date, left: date | None) -> Iterator[Charge]:
    """9.19: on the first lesson of each n of the group, or on the activation inside them."""
    n, end = subscription.module_lessons, known_end(facts, subscription)
    group = facts.groups[subscription.group]
    own_count = replace(subscription, subjects=(), lesson_types=())
    lessons = [each for each in counted(facts, own_count) if each.date >= group.starts]
    for first in range(0, len(lessons), n):
        those = lessons[first : first + n]
        unlisted = n - len(those) if end is None else 0  # an unfinished list counts as n unless an end is known
        if start > those[-1].date and not unlisted:
            continue
        on = max(start, those[0].date)
        if on > min(left or date.max, end or date.max):
            return
        covered = [
            each
            for each in those
            if each.date >= start
            and each.date <= (end or date.max)
            and not is_trial_of(facts, subscription, start, each)
            if not each.outside_life
        ]
        whole, discount = net_price(facts, subscription, on, n)
        yield Charge(subscription, str(on), on, whole, n, tuple(covered), unlisted, discount, left, those[-1].date)


PLANS = {
    "calendar_month": calendar_month,
    "group_month": group_month,
    "student_month": student_month,
    "module": module,
    "whole_course": whole_course,
}


def missed_from(facts: Facts, charge: Charge, lesson: Lesson) -> date | None:
    """9.22: the date of the credit for a lesson that the student does not come to: leaving, then the suspension."""
    gone = gone_from(facts, charge, lesson.date, charge.stays)
    return gone if gone is not None else suspension_from(facts, lesson)


def lost_on(facts: Facts, lesson: Lesson) -> date | None:
    """9.22: the date of the credit for a lesson that is not held; None: it was served."""
    if holiday_effect(facts, lesson) == "credit":
        return lesson.date  # 9.17
    if holiday_effect(facts, lesson) is None and lesson.status == "cancelled":
        return lesson.date if facts.switches["cancelled_lessons"] == "credited" else None  # 9.18, D9
    return None


def credit_dates(facts: Facts, charge: Charge) -> list[date]:
    """The date of each unserved lesson's credit."""
    missed = [missed_from(facts, charge, lesson) for lesson in charge.covered]
    away = [on for on in missed if on is not None]
    unlisted_on = unlisted_lost_on(facts, charge)
    if unlisted_on is not None:
        away += [unlisted_on] * charge.unlisted
    if facts.switches["unserved_lessons"] == "kept":
        away = [on for on in away if gives_back(facts, charge, on)]  # D8: what 9.23 takes off was never charged
    own = [lost_on(facts, x) for x in charge.covered if missed_from(facts, charge, x) is None]
    return sorted(away + [on for on in own if on is not None])


def unlisted_lost_on(facts: Facts, charge: Charge) -> date | None:
    """9.19, 9.22: lessons that the list does not have yet are lost to leaving, or to a suspension that outlasts it."""
    gone = gone_from(facts, charge, NEVER, charge.stays)
    if charge.listed_to is None or gone is not None:
        return gone
    pauses = suspensions_in(facts, charge.subscription.group)
    lasting = [row.starts for row in pauses if (row.ends or date.max) > charge.listed_to]
    return min(lasting, default=None)


def amount_of(facts: Facts, charge: Charge) -> Fraction:
    """What is charged on its day: without what would be credited on or before it (9.23)."""
    off = sum(on <= charge.date for on in credit_dates(facts, charge))
    return rounded(facts, charge.whole * (len(charge.covered) + charge.unlisted - off) / charge.n)


def rows(facts: Facts, charge: Charge) -> list[Row]:
    """The charge and its later credits."""
    dates = [on for on in credit_dates(facts, charge) if on > charge.date]
    amounts = {charge.date: amount_of(facts, charge)}
    for on in sorted(set(dates)):  # 9.22: one row per date, rounded cumulatively
        upto, before = sum(each <= on for each in dates), sum(each < on for each in dates)
        amounts[on] = rounded(facts, charge.whole * before / charge.n) - rounded(facts, charge.whole * upto / charge.n)
    subscription = charge.subscription
    return [
        Row(subscription.id, subscription.account, charge.key, on, amount, charge.discount)
        for on, amount in amounts.items()
        if amount  # 9.3
        and not (on > charge.date and is_declined(facts, charge, on))
    ]


def is_declined(facts: Facts, charge: Charge, on: date) -> bool:
    """D8: it keeps its place in the rounding; where the centre gives none, one given by hand comes after it."""
    gives = facts.switches["unserved_lessons"] == "kept" and decided(facts, charge, on, given=True)
    return decided(facts, charge, on, given=False) and not gives


def is_paid_by(facts: Facts, charge: Charge, lesson: Lesson) -> bool:
    """Whether a lesson is in a charge, and was not taken off it (9.23)."""
    if charge.subscription.plan == "whole_course":
        return True
    lost = missed_from(facts, charge, lesson) or lost_on(facts, lesson)
    return lesson in charge.covered and not (lost is not None and lost <= charge.date)


def rows_by_day(facts: Facts, found: list[Charge]) -> dict[date, list[Row]]:
    """All of them by their dates."""
    by_day: dict[date, list[Row]] = {}
    for charge in found:
        for row in rows(facts, charge):
            by_day.setdefault(row.date, []).append(row)
    return by_day


__all__ = ["DAY", "Charge", "Row", "charges", "is_running", "rows_by_day"]
