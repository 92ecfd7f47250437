"""What a way of charging is given and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from daftar.tuition.rules.facts import LessonFact, StudentFacts, SubscriptionFact
    from daftar.tuition.rules.why import Why


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeDraft:
    """What should be charged: `amount` minor units above zero, dated `on`.

    `key` is unique within a subscription: the lesson's id as text for `per_lesson`, `YYYY-MM` for `calendar_month`
    (pricing rule 9.2). `lesson_id` is None where a period is charged.
    """

    subscription_id: int
    key: str
    on: date
    amount: int
    lesson_id: int | None
    why: Why = field(hash=False)


@dataclass(frozen=True, slots=True)
class PaidLesson:
    """A lesson to be charged by the subscription picked for it, and why."""

    lesson: LessonFact
    why: Why


@dataclass(frozen=True, slots=True)
class Case:
    """One subscription to be charged up to and including `until`; `lessons` are those it was picked for, in order."""

    facts: StudentFacts
    subscription: SubscriptionFact
    lessons: tuple[PaidLesson, ...]
    until: date


@dataclass(frozen=True, slots=True)
class Plan:
    """A way of charging: its charges, the key of the charge that pays for a lesson, and whether it pays by periods."""

    charges: Callable[[Case], list[ChargeDraft]]
    key_of: Callable[[LessonFact], str]
    by_period: bool
