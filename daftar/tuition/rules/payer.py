"""Which subscription pays for a lesson."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from daftar.orgs.rules import AccountFirst
from daftar.tuition.rules.facts import NO_END
from daftar.tuition.rules.known import known
from daftar.tuition.rules.plans import PLANS
from daftar.tuition.rules.why import subscription_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from daftar.tuition.rules.facts import LessonFact, StudentFacts, SubscriptionFact
    from daftar.tuition.rules.known import Known
    from daftar.tuition.rules.why import Why

    _HasMoney: TypeAlias = Callable[[SubscriptionFact, LessonFact], bool]

_Precedence: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Payer:
    """The subscription picked for a lesson, by which rule, and over which others."""

    subscription: SubscriptionFact
    rule: str
    over: tuple[int, ...]

    @property
    def why(self) -> Why:
        return subscription_lines(self.subscription, rule=self.rule, over=self.over)


def payer_of(known: Known, lesson: LessonFact, has_money: _HasMoney) -> Payer | None:
    """Who pays for a lesson that is the student's and no trial; None when no subscription fits.

    The one chosen by hand, else a running period plan (pricing rule 9.25). Then a separate account that `has_money`,
    the base account, and at last a separate account that goes into debt (decision D6, pricing rules 9.27 and 9.28);
    or the base account before any other, where that is decided.
    """
    fitting = [each for each in known.subscriptions if each.fits(lesson)]
    if not fitting:
        return None
    if len(fitting) == 1:
        return Payer(fitting[0], "only", ())
    by_hand, first_pays = known.facts.picks.get(lesson.id), known.facts.decisions.account_first
    order = _ORDERS[first_pays]

    def precedence(subscription: SubscriptionFact) -> _Precedence:
        found = _precedence(subscription, lesson, has_money, by_hand=subscription.id == by_hand)
        return (*found[:2], order.index(found[2]), *found[3:])

    ranked = sorted(((precedence(each), each) for each in fitting), key=lambda pair: pair[0], reverse=True)
    (best, first), (second, _runner_up), *_rest = ranked
    place = next(place for place, (mine, theirs) in enumerate(zip(best, second, strict=True)) if mine != theirs)
    return Payer(first, _RULES[first_pays][order[best[2]]][place], tuple(each.id for _rank, each in ranked[1:]))


def may_pay(facts: StudentFacts, lesson_id: int) -> tuple[int, ...]:
    """The subscriptions of which a person may pick one for a lesson (decision D6): those `payer_of` chooses among."""
    now = known(facts, date.max)
    lesson = next((each for each in now.lessons if each.id == lesson_id), None)
    return tuple(each.id for each in now.subscriptions if lesson is not None and each.fits(lesson))


_IN_DEBT, _BASE, _SEPARATE = range(3)
_ORDERS = {
    AccountFirst.SEPARATE: (_IN_DEBT, _BASE, _SEPARATE), AccountFirst.BASE: (_IN_DEBT, _SEPARATE, _BASE)
}  # fmt: skip
"""The accounts, the one that pays first at the end (decision D6)."""

_BY_END = ("by_hand", "period", "", "earliest_end", "", "", "later_start", "higher_id")
_BY_NAMES = ("bound_to_group", "subject", "lesson_type", "later_start", "higher_id")
_OWN = {_IN_DEBT: _BY_END, _SEPARATE: ("by_hand", "period", "has_money", *_BY_END[3:])}
_RULES = {
    AccountFirst.SEPARATE: _OWN | {_BASE: ("by_hand", "period", "base", *_BY_NAMES)},
    AccountFirst.BASE: _OWN | {_BASE: ("by_hand", "period", "base_first", *_BY_NAMES)},
}
"""What decided, by the account and the first place in which the picked one is ahead of the runner-up."""


def _precedence(
    subscription: SubscriptionFact, lesson: LessonFact, has_money: _HasMoney, *, by_hand: bool
) -> _Precedence:
    by_period = PLANS[subscription.plan].by_period
    latest = (subscription.starts_on.toordinal(), subscription.id)
    if subscription.is_separate and not by_period:
        account = _SEPARATE if has_money(subscription, lesson) else _IN_DEBT
        return (by_hand, False, account, -(subscription.ends_on or NO_END).toordinal(), 0, 0, *latest)
    named = (subscription.group_id is not None, bool(subscription.subjects), bool(subscription.lesson_types))
    return (by_hand, by_period, _BASE, *named, *latest)
