"""What a student should be charged: a pure function of the facts."""

from __future__ import annotations

from collections import Counter
from datetime import date, time
from typing import TYPE_CHECKING

from daftar.tuition.rules.charging import Case, ChargeDraft, Cost
from daftar.tuition.rules.known import Fate, fate_of, is_conducted, is_paid_for, known, suspended_since
from daftar.tuition.rules.payer import payer_of
from daftar.tuition.rules.plans import PLANS
from daftar.tuition.rules.why import line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from daftar.tuition.rules.facts import LessonFact, StudentFacts, SubscriptionFact
    from daftar.tuition.rules.known import Known
    from daftar.tuition.rules.payer import Payer
    from daftar.tuition.rules.why import Why

_SCHEDULED = frozenset({Fate.HELD, Fate.DAY_OFF})


def due(
    facts: StudentFacts, until: date, *, since: date = date.min, turns: Mapping[int, int] | None = None
) -> list[ChargeDraft]:
    """Every charge and credit dated up to and including `until`, on one day periods before lessons (rule 9.29).

    Amounts are minor units, credits below zero; what comes to zero is left out (pricing rule 9.3). `until` is the last
    known day: a lesson after it is still to come, whatever its status. ValueError for counts or steps below one.

    Only those dated from `since` on, where they follow from that much (`window.is_enough`); `turns` are how many
    lessons each subscription has charged before that day.
    """
    now = known(facts, until)
    cases = {each.id: Case(now, each, since) for each in now.subscriptions}
    periods = [draft for case in cases.values() for draft in _periods(case) if draft.amount and draft.on >= since]
    periods.sort(key=lambda draft: (draft.on, draft.subscription_id, draft.key, draft.amount < 0))
    if all(PLANS[each.plan].by_period for each in now.subscriptions):
        return periods
    walk = _Walk(now, cases, periods)
    walk.turns.update(turns or {})
    lessons = [draft for draft in walk.drafts(since) if draft.amount]
    return _in_order(periods, lessons, {lesson.id: lesson for lesson in facts.lessons})


def unpriced(facts: StudentFacts, until: date) -> list[int]:
    """The ids, in order, of lessons attended up to and including `until` that no subscription prices.

    Trials, absences and lessons on suspended days are not among them (pricing rules 9.14 and 9.32), nor what a period
    plan pays for (9.25).
    """
    now = known(facts, until)
    return [
        lesson.id
        for lesson in _paid_for(now)
        if is_conducted(now, lesson)
        and lesson.id in now.marks
        and now.marks[lesson.id].present
        and not lesson.only_if_named
        and not any(each.fits(lesson) for each in now.subscriptions)
    ]


def _in_order(
    periods: Iterable[ChargeDraft], lessons: Iterable[ChargeDraft], by_id: dict[int, LessonFact]
) -> list[ChargeDraft]:
    """Charges by day; on one day periods, then lessons by their time (pricing rule 9.29)."""
    placed = [((draft.on, 0, time.min, place), draft) for place, draft in enumerate(periods)]
    placed += [(by_id[draft.lesson_id or 0].moment, draft) for draft in lessons]
    return [draft for _moment, draft in sorted(placed, key=lambda pair: pair[0])]


def _periods(case: Case) -> Iterable[ChargeDraft]:
    charges = PLANS[case.subscription.plan].charges
    return () if charges is None else charges(case)


def _paid_for(now: Known, since: date = date.min) -> Iterator[LessonFact]:
    """In order, the lessons by now that are the student's, no trials, and on no suspended day."""
    for lesson in now.lessons:
        if lesson.on < since:
            continue
        if lesson.on > now.until:
            return
        if is_paid_for(now, lesson) and suspended_since(now, lesson.on, lesson.group_id) is None:
            yield lesson


class _Walk:
    """The lessons in order, with what has been charged before each: places in bundles, money in separate accounts."""

    def __init__(self, now: Known, cases: dict[int, Case], periods: list[ChargeDraft]) -> None:
        self.now, self.cases = now, cases
        self.turns: Counter[int] = Counter()
        self.charged: Counter[int] = Counter()
        self.separate = frozenset(each.id for each in now.subscriptions if each.is_separate)
        self.periods = [draft for draft in periods if draft.subscription_id in self.separate]
        self.said: dict[tuple[int, str, tuple[int, ...]], Why] = {}  # the same payer for the same reason, over and over

    def drafts(self, since: date) -> Iterator[ChargeDraft]:
        for lesson in _paid_for(self.now, since):
            payer = payer_of(self.now, lesson, self._has_money)
            if payer is None or not self._takes(payer.subscription, lesson):
                continue
            yield self._charge(payer, lesson)

    def _charge(self, payer: Payer, lesson: LessonFact) -> ChargeDraft:
        chosen = payer.subscription
        cost = self._cost(chosen, lesson)
        self.turns[chosen.id] += 1
        self.charged[chosen.id] += cost.amount
        reason = (chosen.id, payer.rule, payer.over)
        why = self.said.get(reason) or self.said.setdefault(reason, payer.why)
        mark = self.now.marks.get(lesson.id)
        missed = mark is not None and not mark.present
        return ChargeDraft(
            subscription_id=chosen.id, key=str(lesson.id), on=lesson.on, amount=cost.amount, lesson_id=lesson.id,
            discount_id=cost.discount_id,
            why=(*why, line("absence_charged", on=lesson.on.isoformat()), *cost.why) if missed else (*why, *cost.why),
        )  # fmt: skip

    def _takes(self, subscription: SubscriptionFact, lesson: LessonFact) -> bool:
        """Whether it charges for the lesson as it went (decision D3, pricing rule 9.31)."""
        plan = PLANS[subscription.plan]
        if plan.by_period:
            return False
        if plan.as_scheduled:
            return lesson.id not in subscription.make_ups and fate_of(self.now, lesson) in _SCHEDULED
        mark = self.now.marks.get(lesson.id)
        return mark is not None and is_conducted(self.now, lesson) and (mark.present or mark.charges_absence)

    def _cost(self, subscription: SubscriptionFact, lesson: LessonFact) -> Cost:
        cost = PLANS[subscription.plan].cost
        assert cost is not None
        return cost(self.cases[subscription.id], lesson, self.turns[subscription.id] + 1)

    def _has_money(self, subscription: SubscriptionFact, lesson: LessonFact) -> bool:
        """Whether payments by the lesson's day, less all charged before it, cover it (pricing rule 9.29)."""
        mine, on = subscription.id, lesson.on
        paid = sum(each.amount for each in self.now.facts.payments if each.subscription_id == mine and each.on <= on)
        periods = sum(each.amount for each in self.periods if each.subscription_id == mine and each.on <= on)
        cost = self._cost(subscription, lesson).amount if self._takes(subscription, lesson) else 0
        return paid - periods - self.charged[mine] >= cost
