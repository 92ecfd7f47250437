"""Small situations priced by the rules themselves, to show what a decision on charging does; nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from daftar.lib.money import Money, default_step, exponent
from daftar.office import formats
from daftar.orgs.rules import (
    AccountFirst,
    ArchivedDebtors,
    BackdatedCharges,
    CancelledLessons,
    GroupEdges,
    MovedLessons,
    SeveralDiscounts,
    ShortMonths,
    UnservedLessons,
    ZeroBalance,
)
from daftar.tuition import rules
from daftar.tuition.rules import PlanKind
from daftar.tuition.rules.decisions import decided
from daftar.tuition.rules.known import extended

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# A month's price that people of the country would believe; in whole units.
MONTHLY = {"UZS": 300_000, "RUB": 6_000, "KZT": 30_000, "PLN": 300, "EUR": 90, "USD": 100}
UNKNOWN = 100
FIRST, LAST = date(2026, 5, 1), date(2026, 5, 31)
DAYS = frozenset({1, 3, 5})
_HELD = {FIRST: {"status": rules.LessonStatus.CONDUCTED}}
_CAME = (rules.AttendanceFact(lesson_id=60, present=True),)
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
    several_discounts: str = SeveralDiscounts.BEST
    account_first: str = AccountFirst.SEPARATE
    unserved_lessons: str = UnservedLessons.CREDITED
    cancelled_lessons: str = CancelledLessons.CREDITED
    moved_lessons: str = MovedLessons.FIRST_DAY
    backdated_charges: str = BackdatedCharges.EVERY_MONTH
    group_edges: str = GroupEdges.WHOLE_MONTH
    short_months: str = ShortMonths.LAST_DAY
    archived_debtors: str = ArchivedDebtors.HIDDEN
    zero_balance: str = ZeroBalance.SETTLED

    @property
    def price(self) -> int:
        """The month's price of the examples, in minor units."""
        return MONTHLY.get(self.currency, UNKNOWN) * 10 ** exponent(self.currency)


def _facts(chosen: Chosen, activated: date = FIRST, **changes: Any) -> rules.StudentFacts:
    """A student in a group of odd days, charged per calendar month; every lesson so far was held."""
    group, entered, changed = changes.pop("group", GROUP), changes.pop("entered", None), changes.pop("changed", {})
    days = [GROUP.starts_on + timedelta(days=ahead) for ahead in range((GROUP.ends_on - GROUP.starts_on).days)]  # type: ignore[operator] # it has an end
    lessons = [
        rules.LessonFact(**{"id": place, "group_id": 1, "on": day} | changed.get(day, {}))
        for place, day in enumerate(days)
        if day.isoweekday() in DAYS and group.lives_on(day)
    ]
    joined = rules.EnrolmentFact(
        group_id=1, joined_on=activated, activated_on=activated, ends_on=changes.pop("left_on", None),
        entered_on=entered,
    )  # fmt: skip
    bound = rules.SubscriptionFact(
        id=1, plan=changes.pop("plan", PlanKind.CALENDAR_MONTH), group_id=1, starts_on=activated,
        prices=(rules.PriceStep(activated, chosen.price),),
    )  # fmt: skip
    return rules.StudentFacts(
        currency=chosen.currency, step=chosen.rounding_step or default_step(chosen.currency),
        activation_day_counts=changes.pop("counts", True), groups=(group,), enrolments=(joined,),
        subscriptions=(bound,), lessons=tuple(lessons), **changes,
        money_discount_per=rules.DiscountPer(chosen.money_discount_per), decisions=decided(partial(getattr, chosen)),
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
    both = (
        rules.DiscountFact(id=1, percent=Decimal(20), starts_on=FIRST),
        rules.DiscountFact(id=2, amount=off, starts_on=GROUP.starts_on),
    )
    (sum_,) = _charged(_facts(replace(chosen, money_discount_per="subscription"), discounts=both))
    values = {"price": _sum(chosen.currency, chosen.price), "off": _sum(chosen.currency, off), "sum": sum_}
    return _("%(price)s with 20%% off and, for longer, with %(off)s off: %(sum)s.") % values


def leaving(chosen: Chosen) -> str:
    charged, *back = _charged(_facts(chosen, left_on=date(2026, 5, 19)))
    values = {"sum": charged, "day": _day(date(2026, 5, 18)), "back": back[0] if back else ""}
    if back:
        return _("%(sum)s was charged for May, the last day is %(day)s: %(back)s.") % values
    return _("%(sum)s was charged for May, the last day is %(day)s: nothing comes back.") % values


def cancelled(chosen: Chosen) -> str:
    off = date(2026, 5, 8)
    charged, *back = _charged(_facts(chosen, changed={off: {"status": rules.LessonStatus.CANCELLED}}))
    values = {"sum": charged, "day": _day(off), "back": back[0] if back else ""}
    if back:
        return _("%(sum)s was charged for May, the lesson of %(day)s is cancelled: %(back)s.") % values
    return _("%(sum)s was charged for May, the lesson of %(day)s is cancelled: nothing comes back.") % values


def backwards(chosen: Chosen) -> str:
    sums = _charged(_facts(chosen, date(2026, 3, 16), entered=date(2026, 5, 20)), date(2026, 5, 20))
    values = {"day": _day(date(2026, 3, 16)), "now": _day(date(2026, 5, 20)), "sums": ", ".join(sums)}
    return _("Active from %(day)s, entered on %(now)s: %(sums)s.") % values


def group_begins(chosen: Chosen) -> str:
    young = replace(GROUP, starts_on=date(2026, 5, 15))
    (sum_,) = _charged(_facts(chosen, date(2026, 5, 15), group=young))
    values = {"day": _day(young.starts_on), "price": _sum(chosen.currency, chosen.price), "sum": sum_}
    return _("A group that begins on %(day)s has 7 of the 13 lessons of May: %(sum)s of %(price)s.") % values


def account(chosen: Chosen) -> str:
    """Two prices of a lesson, one of them with an account of its own in which there is enough."""
    facts = _facts(chosen, plan=PlanKind.PER_LESSON, changed=_HELD, attendances=_CAME)
    own = replace(facts.subscriptions[0], id=2, is_separate=True)
    paid = rules.PaymentFact(on=FIRST, amount=chosen.price, subscription_id=2)
    (draft,) = rules.due(replace(facts, subscriptions=(*facts.subscriptions, own), payments=(paid,)), FIRST)
    said = {
        1: _("There is enough in both accounts: the lesson of %(day)s is paid from the main account."),
        2: _("There is enough in both accounts: the lesson of %(day)s is paid from the account of its own."),
    }
    return said[draft.subscription_id] % {"day": _day(draft.on)}


def moved(chosen: Chosen) -> str:
    """Active from the 18th of May, the lesson of the 29th is held on the 2nd of June."""
    now, then = date(2026, 6, 2), date(2026, 5, 29)
    facts = _facts(chosen, date(2026, 5, 18), changed={then: {"on": now, "moved_from": then}})
    (sum_,) = _charged(facts)
    values = {"from": _day(then), "to": _day(now), "start": _day(date(2026, 5, 18)), "sum": sum_}
    return _("The lesson of %(from)s is moved to %(to)s: who is active from %(start)s pays %(sum)s for May.") % values


def absence(chosen: Chosen, *, charges: bool) -> str:
    """A lesson that is missed for a reason that charges it or not (decision D3)."""
    values = {"price": _sum(chosen.currency, chosen.price), "day": _day(_MISSED), "sum": _missed(chosen, charges)}
    return _("12 lessons cost %(price)s, one on %(day)s is missed for this reason: %(sum)s is charged.") % values


def absences(chosen: Chosen) -> str:
    """The same lesson missed for a reason that is free of charge, and without any."""
    values = {
        "price": _sum(chosen.currency, chosen.price), "day": _day(_MISSED), "free": _missed(chosen, charges=False),
        "sum": _missed(chosen, charges=True),
    }  # fmt: skip
    return (
        _(
            "12 lessons cost %(price)s, one on %(day)s is missed: %(free)s for a reason that is free of charge, "
            "%(sum)s without a reason."
        )
        % values
    )


_MISSED = date(2026, 5, 8)


def _missed(chosen: Chosen, charges: bool) -> str:  # noqa: FBT001 - private, and always named or last
    held = {_MISSED: {"status": rules.LessonStatus.CONDUCTED, "id": 1}}
    mark = rules.AttendanceFact(lesson_id=1, present=False, charges_absence=charges)
    facts = _facts(chosen, plan=PlanKind.PER_LESSON, changed=held, attendances=(mark,))
    bundle = replace(facts.subscriptions[0], lessons_count=12)
    drafts = rules.due(replace(facts, subscriptions=(bundle,)), LAST)
    return _sum(chosen.currency, sum(draft.amount for draft in drafts))


def new_price(chosen: Chosen) -> str:
    """A month's price that is changed from the 1st of June on (decision D11)."""
    since, more = date(2026, 6, 1), chosen.price + chosen.price // 10
    facts = _facts(chosen)
    bound = facts.subscriptions[0]
    following = replace(bound, prices=(*bound.prices, rules.PriceStep(since, more)))
    may, kept = _charged(facts, since)
    _may, followed = _charged(replace(facts, subscriptions=(following,)), since)
    values = {"may": may, "day": _day(since), "new": _sum(chosen.currency, more), "kept": kept, "followed": followed}
    return (
        _(
            "May was charged with %(may)s, from %(day)s the price is %(new)s: who studies already pays "
            "%(followed)s for June if that was said, and %(kept)s if not; May stays."
        )
        % values
    )


def debt(chosen: Chosen) -> str:
    values = {"sum": _sum(chosen.currency, -chosen.price)}
    if chosen.archived_debtors == ArchivedDebtors.SHOWN:
        return _("Somebody archived with %(sum)s is among the debtors.") % values
    return _("Somebody archived with %(sum)s is not among the debtors.") % values


def zero(chosen: Chosen) -> str:
    values = {"sum": _sum(chosen.currency, 0)}
    if chosen.zero_balance == ZeroBalance.DUE:
        return _("A balance of %(sum)s is yellow.") % values
    return _("A balance of %(sum)s is green.") % values


def short_month(chosen: Chosen) -> str:
    facts = _facts(chosen, plan=PlanKind.STUDENT_MONTH)
    begun = date(2026, 1, 31)
    whole = replace(GROUP, starts_on=date(2026, 1, 1))
    joined = replace(facts.enrolments[0], joined_on=begun, activated_on=begun)
    lessons = tuple(rules.LessonFact(id=number, group_id=1, on=begun + timedelta(days=number)) for number in range(90))
    bound = replace(facts.subscriptions[0], starts_on=begun)
    facts = replace(facts, groups=(whole,), enrolments=(joined,), lessons=lessons, subscriptions=(bound,))
    days = ", ".join(_day(draft.on) for draft in rules.due(facts, date(2026, 4, 15)))
    return _("Charged on %(days)s.") % {"days": days}


LIVE: Mapping[str, Callable[[Chosen], str]] = {
    "activation_day_counts": activation_day, "rounding_step": rounding, "money_discount_per": money_discount,
    "suspensions_extend": suspension, "holidays_credited": holiday, "sibling_percent": siblings,
    "several_discounts": best_discount, "account_first": account, "unserved_lessons": leaving,
    "cancelled_lessons": cancelled, "moved_lessons": moved, "backdated_charges": backwards,
    "group_edges": group_begins, "short_months": short_month, "archived_debtors": debt, "zero_balance": zero,
}  # fmt: skip
