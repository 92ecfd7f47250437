"""What a way of charging is given and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from daftar.tuition.rules.facts import LessonFact, SubscriptionFact
    from daftar.tuition.rules.known import Known
    from daftar.tuition.rules.why import Why


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeDraft:
    """What should be charged: `amount` minor units, dated `on`; below zero it is a credit of the charge with its key.

    `key` is the lesson's id as text where lessons are charged, `YYYY-MM` for `calendar_month`, the charge's own day for
    the other periods (pricing rule 9.2); with subscription and day it is unique. `lesson_id` is None where a period is
    charged; `serves` are the ids of the lessons that a period charge pays for, or that a credit gives back.
    """

    subscription_id: int
    key: str
    on: date
    amount: int
    lesson_id: int | None
    why: Why = field(hash=False)
    discount_id: int | None = None
    serves: frozenset[int] = field(default=frozenset(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one lesson costs, and why."""

    amount: int
    why: Why
    discount_id: int | None = None


@dataclass(slots=True)  # one to a subscription: frozen, it would take Python three times as long to make
class Case:
    """One subscription to be charged; `memo` keeps what is asked again and again while it is.

    Charges dated before `since` may be left out.
    """

    known: Known
    subscription: SubscriptionFact
    since: date = date.min
    memo: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """A way of charging: what it charges for periods, or else what a lesson costs that takes the n-th place.

    Most charge for lessons that were conducted; `as_scheduled` charges for them on their day whatever came of them.
    """

    charges: Callable[[Case], Iterable[ChargeDraft]] | None = None
    cost: Callable[[Case, LessonFact, int], Cost] | None = None
    as_scheduled: bool = False

    @property
    def by_period(self) -> bool:
        return self.charges is not None
