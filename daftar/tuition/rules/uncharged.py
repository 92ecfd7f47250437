"""Why a month charged nothing for a student's time in a group."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from daftar.tuition.rules.due import due
from daftar.tuition.rules.known import Fate, fate_of, known, suspended_since

if TYPE_CHECKING:
    from datetime import date

    from daftar.lib.period import Month
    from daftar.tuition.rules.facts import EnrolmentFact, LessonFact, StudentFacts, SubscriptionFact
    from daftar.tuition.rules.known import Known


class Reason(StrEnum):
    """The first of these that holds, in this order."""

    TRIAL = "trial"
    NO_PRICE = "no_price"
    NO_LESSONS = "no_lessons"
    LEFT = "left"
    FROZEN = "frozen"
    OTHER_SUBSCRIPTION = "other_subscription"
    FREE = "free"
    NOT_DUE = "not_due"


def why_not_charged(facts: StudentFacts, group_id: int, month: Month, today: date) -> Reason:
    """Why nothing of this month is charged by the group's own subscription to somebody in it on the 1st.

    By `today` at the latest. `free`: a discount takes all of it; `not_due`: a course paid once, or no lesson yet that
    is charged.
    """
    now = known(facts, min(month.last, today))
    row = next((each for each in now.rows.get(group_id, ()) if each.holds(month.first)), None)
    if row is None or row.activated_on is None or _charged_from(now, row, row.activated_on) > month.last:
        return Reason.TRIAL
    fitting = [each for each in now.subscriptions if _runs_in(each, month) and each.group_id in (None, group_id)]
    if not any(_has_price(each, month) for each in fitting):
        return Reason.NO_PRICE
    return _by_lessons(now, group_id, month, row) or _by_money(facts, group_id, month, now)


def _charged_from(now: Known, row: EnrolmentFact, activated_on: date) -> date:
    """The activation, or where that is decided the month it was entered in: before it is a trial (decision D12)."""
    return max(activated_on, row.charged_from(now.facts.decisions.backdated_charges))


def _by_lessons(now: Known, group_id: int, month: Month, row: EnrolmentFact) -> Reason | None:
    lessons = [each for each in now.lessons if each.group_id == group_id and _stands_in(now, each, month)]
    if not lessons:
        return Reason.NO_LESSONS
    served = [each for each in lessons if row.holds(each.on)]
    if not served:
        return Reason.LEFT
    if all(suspended_since(now, each.on, group_id) is not None for each in served):
        return Reason.FROZEN
    return None


def _by_money(facts: StudentFacts, group_id: int, month: Month, now: Known) -> Reason:
    drafts = [draft for draft in due(facts, now.until) if month.first <= draft.on and draft.amount > 0]
    if any(_group_of(facts, draft.subscription_id) != group_id for draft in drafts):
        return Reason.OTHER_SUBSCRIPTION
    full = due(replace(facts, discounts=()), now.until)
    own = (draft for draft in full if _group_of(facts, draft.subscription_id) == group_id)
    return Reason.FREE if any(month.first <= draft.on for draft in own) else Reason.NOT_DUE


def _stands_in(now: Known, lesson: LessonFact, month: Month) -> bool:
    return month.first <= lesson.on <= month.last and fate_of(now, lesson) is Fate.HELD


def _runs_in(subscription: SubscriptionFact, month: Month) -> bool:
    ended = subscription.ends_on is not None and subscription.ends_on <= month.first
    return subscription.starts_on <= month.last and not ended


def _has_price(subscription: SubscriptionFact, month: Month) -> bool:
    return subscription.price_on(max(month.first, subscription.starts_on)).amount > 0


def _group_of(facts: StudentFacts, subscription_id: int) -> int | None:
    return next(each.group_id for each in facts.subscriptions if each.id == subscription_id)
