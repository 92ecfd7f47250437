"""Which subscription pays for a lesson."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daftar.tuition.rules.plans import PLANS
from daftar.tuition.rules.why import subscription_lines

if TYPE_CHECKING:
    from daftar.tuition.rules.facts import LessonFact, StudentFacts, SubscriptionFact
    from daftar.tuition.rules.why import Why


@dataclass(frozen=True, slots=True)
class Payer:
    """The subscription picked for a lesson, by which rule, and over which others."""

    subscription: SubscriptionFact
    rule: str
    over: tuple[int, ...]

    @property
    def why(self) -> Why:
        return subscription_lines(self.subscription, rule=self.rule, over=self.over)


def payer_of(facts: StudentFacts, lesson: LessonFact) -> Payer | None:
    """Who pays for a lesson that is the student's and no trial; None when no subscription fits.

    A running period plan comes first (pricing rule 9.25); then one bound to the lesson's group before one without a
    group, the later start, the higher id (pricing rule 9.28).
    """
    fitting = sorted((each for each in facts.subscriptions if each.fits(lesson)), key=_precedence, reverse=True)
    if not fitting:
        return None
    first, *others = fitting
    return Payer(first, _rule(first, others), tuple(other.id for other in others))


def _precedence(subscription: SubscriptionFact) -> tuple[bool, bool, int, int]:
    return (
        PLANS[subscription.plan].by_period,
        subscription.group_id is not None,
        subscription.starts_on.toordinal(),
        subscription.id,
    )


_RULES = ("period", "bound_to_group", "later_start", "higher_id")


def _rule(first: SubscriptionFact, others: list[SubscriptionFact]) -> str:
    """The first point in which the picked one is ahead of the runner-up."""
    if not others:
        return "only"
    pairs = zip(_RULES, _precedence(first), _precedence(others[0]), strict=True)
    return next(rule for rule, mine, theirs in pairs if mine != theirs)
