"""Small situations priced by the rules themselves, to show what a decision on charging does; nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from daftar.lib.money import Money, default_step, exponent
from daftar.office import formats
from daftar.tuition import rules
from daftar.tuition.rules import PlanKind
from daftar.tuition.rules.known import extended

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# A month's price that people of the country would believe; in whole units.
MONTHLY = {"UZS": 300_000, "RUB": 6_000, "KZT": 30_000, "PLN": 300, "EUR": 90, "USD": 100}
UNKNOWN = 100
FIRST, LAST = date(2026, 5, 1), date(2026, 5, 31)
DAYS = frozenset({1, 3, 5})
GROUP = rules.GroupFact(id=1, starts_on=date(2026, 3, 2), ends_on=date(2026, 7, 1), weekdays=DAYS)


@dataclass(frozen=True)
class Chosen:
    """What is decided, or about to be."""

    currency: str
    activation_day_counts: bool
    rounding_step: int | None
    money_discount_per: str
    suspensions_extend: bool
    holidays_credited: bool
    sibling_percent: Decimal | None = None

    @property
    def price(self) -> int:
        """The month's price of the examples, in minor units."""
        return MONTHLY.get(self.currency, UNKNOWN) * 10 ** exponent(self.currency)


def _facts(chosen: Chosen, activated: date = FIRST, **changes: Any) -> rules.StudentFacts:
    """A student in a group of odd days, charged per calendar month; every lesson so far was held."""
    group = changes.pop("group", GROUP)
    days = [GROUP.starts_on + timedelta(days=ahead) for ahead in range((GROUP.ends_on - GROUP.starts_on).days)]  # type: ignore[operator] # it has an end
    lessons = [
        rules.LessonFact(id=place, group_id=1, on=day)
        for place, day in enumerate(days)
        if day.isoweekday() in DAYS and group.lives_on(day)
    ]
    joined = rules.EnrolmentFact(
        group_id=1, joined_on=activated, activated_on=activated, ends_on=changes.pop("left_on", None)
    )
    bound = rules.SubscriptionFact(
        id=1, plan=PlanKind.CALENDAR_MONTH, group_id=1, starts_on=activated,
        prices=(rules.PriceStep(activated, chosen.price),),
    )  # fmt: skip
    return rules.StudentFacts(
        currency=chosen.currency, step=chosen.rounding_step or default_step(chosen.currency),
        activation_day_counts=changes.pop("counts", True), groups=(group,), enrolments=(joined,),
        subscriptions=(bound,), lessons=tuple(lessons), **changes,
        money_discount_per=rules.DiscountPer(chosen.money_discount_per),
    )  # fmt: skip


def _charged(facts: rules.StudentFacts, until: date = LAST) -> list[str]:
    """What is charged and comes back until a day, in words."""
    return [_sum(facts.currency, draft.amount) for draft in rules.due(facts, until)]


def _sum(currency: str, amount: int) -> str:
    return str(formats.money_text(Money(amount, currency)))


def _day(on: date) -> str:
    return str(formats.day_month(on))


def activation_day(chosen: Chosen) -> str:
    (sum_,) = _charged(_facts(chosen, date(2026, 5, 8), counts=chosen.activation_day_counts))
    values = {"price": _sum(chosen.currency, chosen.price), "day": _day(date(2026, 5, 8)), "sum": sum_}
    return _("%(price)s a month, 13 lessons in May, active from %(day)s, a day with a lesson: %(sum)s.") % values


def rounding(chosen: Chosen) -> str:
    finest = replace(chosen, rounding_step=1)
    (exact,), (sum_,) = (_charged(_facts(each, date(2026, 5, 8))) for each in (finest, chosen))
    values = {"price": _sum(chosen.currency, chosen.price), "exact": exact, "sum": sum_}
    return _("10 of 13 lessons of %(price)s are %(exact)s: %(sum)s is charged.") % values


def money_discount(chosen: Chosen) -> str:
    off = chosen.price // 30
    (sum_,) = _charged(_facts(chosen, discounts=(rules.DiscountFact(id=1, amount=off),)))
    values = {"off": _sum(chosen.currency, off), "price": _sum(chosen.currency, chosen.price), "sum": sum_}
    return _("%(off)s off a month of 13 lessons for %(price)s: %(sum)s.") % values


def suspension(chosen: Chosen) -> str:
    first = date(2026, 5, 11)
    bound = replace(_facts(chosen).subscriptions[0], ends_on=LAST + timedelta(days=1))
    pause = rules.SuspensionFact(
        starts_on=first, ends_on=first + timedelta(days=7), extends=chosen.suspensions_extend, group_id=1
    )
    ends_on = extended(bound, [pause]).ends_on or LAST
    values = {"last": _day(LAST), "day": _day(ends_on - timedelta(days=1))}
    return _("A subscription until %(last)s with a pause of 7 days lasts until %(day)s.") % values


def holiday(chosen: Chosen) -> str:
    off = rules.HolidayFact(on=date(2026, 5, 8), affects_payment=True, credited=chosen.holidays_credited)
    first, *back = _charged(_facts(chosen, holidays=(off,)))
    values = {"day": _day(off.on), "sum": first, "back": back[0] if back else ""}
    if back:
        return _("%(day)s is off, 13 lessons in May: %(sum)s is charged, and %(back)s is credited.") % values
    return _("%(day)s is off, 13 lessons in May: %(sum)s is charged for the 12 others.") % values


def siblings(chosen: Chosen) -> str:
    if not chosen.sibling_percent:
        return _("Every child pays %(sum)s.") % {"sum": _sum(chosen.currency, chosen.price)}
    reduced = _charged(_facts(chosen, discounts=(rules.DiscountFact(id=1, percent=chosen.sibling_percent),)))
    values = {"price": _sum(chosen.currency, chosen.price), "sum": reduced[0] if reduced else _sum(chosen.currency, 0)}
    return _("The first child pays %(price)s a month, each further one %(sum)s.") % values


def best_discount(chosen: Chosen) -> str:
    off = chosen.price // 30
    both = (rules.DiscountFact(id=1, percent=Decimal(20)), rules.DiscountFact(id=2, amount=off))
    (sum_,) = _charged(_facts(replace(chosen, money_discount_per="subscription"), discounts=both))
    values = {"price": _sum(chosen.currency, chosen.price), "off": _sum(chosen.currency, off), "sum": sum_}
    return _("%(price)s with 20%% off and with %(off)s off: %(sum)s.") % values


def leaving(chosen: Chosen) -> str:
    charged, back = _charged(_facts(chosen, left_on=date(2026, 5, 19)))
    values = {"sum": charged, "day": _day(date(2026, 5, 18)), "back": back}
    return _("%(sum)s was charged for May, the last day is %(day)s: %(back)s.") % values


def backwards(chosen: Chosen) -> str:
    sums = _charged(_facts(chosen, date(2026, 3, 16)), date(2026, 5, 20))
    values = {"day": _day(date(2026, 3, 16)), "now": _day(date(2026, 5, 20)), "sums": ", ".join(sums)}
    return _("Active from %(day)s, entered on %(now)s: %(sums)s.") % values


def group_begins(chosen: Chosen) -> str:
    young = replace(GROUP, starts_on=date(2026, 5, 15))
    (sum_,) = _charged(_facts(chosen, date(2026, 5, 15), group=young))
    values = {"day": _day(young.starts_on), "price": _sum(chosen.currency, chosen.price), "sum": sum_}
    return _("A group that begins on %(day)s has 7 of the 13 lessons of May: %(sum)s of %(price)s.") % values


def closest(_chosen: Chosen) -> str:
    return _("One for the group comes before one for all groups; one for the subject before one for any.")


def moved(_chosen: Chosen) -> str:
    values = {"from": _day(date(2026, 5, 29)), "to": _day(date(2026, 6, 1))}
    return _("Moved from %(from)s to %(to)s: a lesson of May.") % values


def written(_chosen: Chosen) -> str:
    return _("Written on the page New price of a course, group or tariff.")


def debt(chosen: Chosen) -> str:
    return _("A balance of %(sum)s is a debt.") % {"sum": _sum(chosen.currency, -(10 ** exponent(chosen.currency)))}


def zero(chosen: Chosen) -> str:
    return _("A balance of %(sum)s is green.") % {"sum": _sum(chosen.currency, 0)}


def short_month(_chosen: Chosen) -> str:
    days = ", ".join(_day(date(2026, *each)) for each in ((1, 31), (2, 28), (3, 31)))
    return _("Charged on %(days)s.") % {"days": days}


LIVE: Mapping[str, Callable[[Chosen], str]] = {
    "activation_day_counts": activation_day, "rounding_step": rounding, "money_discount_per": money_discount,
    "suspensions_extend": suspension, "holidays_credited": holiday, "sibling_percent": siblings,
}  # fmt: skip
