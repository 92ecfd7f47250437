"""What the pricing rules know about one student: plain values, amounts in minor units, local dates."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from daftar.orgs.rules import BackdatedCharges
from daftar.tuition.rules.decisions import AS_USUAL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from daftar.courses.rules import PlanKind, SpanOfWeekday
    from daftar.tuition.rules.decisions import Decisions

Moment: TypeAlias = tuple[date, int, time, int]

NO_END = date.max
"""Later than every date: how an open end compares."""


class LessonStatus(StrEnum):
    """Where a lesson is in its life."""

    PLANNED = "planned"
    CONDUCTED = "conducted"
    CANCELLED = "cancelled"


class DiscountPer(StrEnum):
    """What a discount in money is off: the price of the subscription, or of each of its lessons (decision D4)."""

    SUBSCRIPTION = "subscription"
    LESSON = "lesson"


@dataclass(frozen=True, slots=True)
class PriceStep:
    """The price from a day on; before the first step the first one holds (pricing rule 9.6)."""

    from_on: date
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionFact:
    """A price bound to the student, from `starts_on` up to, not including, `ends_on` (None: open).

    `prices` is never empty. `lessons_count` (above zero) is the size of the bundle of `per_lesson`, `module_lessons`
    that of a module; `months` is how often `whole_course` takes the price (None: the price is the total). Without a
    `group_id` it pays for the lessons of every group; without subjects or lesson types for those of any. `is_separate`:
    it has an account of its own. `make_ups` are lessons of other groups that it pays for as if they were of its
    own; where whoever came is charged, they were paid with the missed ones.
    """

    id: int
    plan: PlanKind
    prices: tuple[PriceStep, ...]
    starts_on: date
    ends_on: date | None = None
    group_id: int | None = None
    lessons_count: int = 1
    module_lessons: int | None = None
    months: int | None = None
    subjects: frozenset[str] = frozenset()
    lesson_types: frozenset[str] = frozenset()
    is_separate: bool = False
    extended_by_suspensions: bool = True
    make_ups: frozenset[int] = frozenset()

    def price_on(self, on: date) -> PriceStep:
        """The step in force on a day (pricing rule 9.6)."""
        if len(self.prices) == 1:
            return self.prices[0]
        steps = sorted(self.prices, key=lambda step: step.from_on)
        return next((step for step in reversed(steps) if step.from_on <= on), steps[0])

    def names(self, lesson: LessonFact) -> bool:
        """Whether the lesson is one of its group, subjects and types; one without a subject fits only any (9.12)."""
        is_own = self.group_id in (None, lesson.group_id) or lesson.id in self.make_ups
        is_named = not lesson.only_if_named or lesson.type in self.lesson_types
        return is_own and is_named and _among(self.subjects, self.lesson_types, lesson)

    def fits(self, lesson: LessonFact) -> bool:
        """Whether it may pay for this lesson."""
        return self.holds(lesson.on) and self.names(lesson)

    def holds(self, on: date) -> bool:
        return self.starts_on <= on < (self.ends_on or NO_END)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentFact:
    """The student in a group, from `joined_on` up to, not including, `ends_on`; a trial until `activated_on`.

    `entered_on` is the day on which the activation was written down (None: nobody knows); `off` are weekdays on which
    the student does not come.
    """

    group_id: int
    joined_on: date
    activated_on: date | None = None
    ends_on: date | None = None
    entered_on: date | None = None
    off: tuple[SpanOfWeekday, ...] = ()

    def holds(self, on: date) -> bool:
        return self.joined_on <= on < (self.ends_on or NO_END)

    def first_paid_on(self, *, activation_day_counts: bool) -> date | None:
        """The first day that is no longer a trial; None while it still is one (decision D1)."""
        if self.activated_on is None or activation_day_counts:
            return self.activated_on
        return self.activated_on + timedelta(days=1)

    def paid_from(self, decided: BackdatedCharges, *, activation_day_counts: bool) -> date | None:
        """The first day on which a lesson is no longer like a trial; None while it still is one."""
        first = self.first_paid_on(activation_day_counts=activation_day_counts)
        return None if first is None else max(first, self.charged_from(decided))

    def charged_from(self, decided: BackdatedCharges) -> date:
        """The first day on which something may be charged, if not since the activation (decision D12)."""
        if self.entered_on is None or decided is BackdatedCharges.EVERY_MONTH:
            return date.min
        return self.entered_on.replace(day=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFact:
    """A group, from `starts_on` up to, not including, `ends_on`, and the ISO weekdays (1 is Monday) it meets on.

    `first_weekdays` are those it met on at its start, where the schedule was changed since (None: never changed).
    `lesson_type` and `subject` are those of the lessons it would have outside its life (decision D13).
    """

    id: int
    starts_on: date
    ends_on: date | None = None
    weekdays: frozenset[int] = frozenset()
    first_weekdays: frozenset[int] | None = None
    lesson_type: str | None = None
    subject: str | None = None

    def would_meet_on(self, on: date) -> bool:
        """Whether a day outside its life falls on the pattern it began or ended with (decision D13)."""
        days = self.weekdays if on >= self.starts_on or self.first_weekdays is None else self.first_weekdays
        return on.isoweekday() in days and not self.lives_on(on)

    def lives_on(self, on: date) -> bool:
        return self.starts_on <= on < (self.ends_on or NO_END)


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonFact:
    """A lesson of a group, or of the student alone (no group); ordered by date, time (none first) and id (rule 9.1).

    `moved_from` is the day it first stood on, by which months, weeks and cycles count it unless the centre decides
    otherwise (pricing rule 9.37). `only_if_named`: only a subscription that names its type pays for it.
    """

    id: int
    group_id: int | None
    on: date
    at: time | None = None
    status: LessonStatus = LessonStatus.PLANNED
    type: str | None = None
    subject: str | None = None
    moved_from: date | None = None
    only_if_named: bool = False

    @property
    def counted_on(self) -> date:
        """The day by which it belongs to a month, week or cycle (decision D10)."""
        return self.moved_from or self.on

    @property
    def moment(self) -> Moment:
        """Where it stands in time: after the period charges of its day, which have 0 in the second place."""
        return (self.on, 1 if self.at is None else 2, self.at or time.min, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceFact:
    """The student's mark for a lesson; `charges_absence` is the reason's flag, without a reason True (decision D3)."""

    lesson_id: int
    present: bool
    charges_absence: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountFact:
    """A percentage of the price (of at most 100), or else an amount in minor units off what `per` says.

    From `starts_on` (None: since ever) up to, not including, `ends_on` (None: open); without subjects or lesson types
    for any. Without a `per` the student's `money_discount_per` holds (decision D4).
    """

    id: int
    percent: Decimal | None = None
    amount: int = 0
    per: DiscountPer | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    subjects: frozenset[str] = frozenset()
    lesson_types: frozenset[str] = frozenset()

    def holds(self, on: date) -> bool:
        return (self.starts_on or date.min) <= on < (self.ends_on or NO_END)

    def reaches_lesson(self, lesson: LessonFact) -> bool:
        return _among(self.subjects, self.lesson_types, lesson)

    def reaches_period(self, subscription: SubscriptionFact) -> bool:
        """Whether it is for everything that a charge for a period is for (pricing rule 9.11)."""
        return _within(subscription.subjects, self.subjects) and _within(subscription.lesson_types, self.lesson_types)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionFact:
    """The student pauses from `starts_on` up to, not including, `ends_on` (None: open), in one group or in all.

    `extends`: the end of subscriptions moves by it (decision D7).
    """

    starts_on: date
    ends_on: date | None = None
    extends: bool = True
    group_id: int | None = None

    def holds(self, on: date, group_id: int | None) -> bool:
        return self.starts_on <= on < (self.ends_on or NO_END) and self.group_id in (None, group_id)

    def outlasts(self, on: date, group_id: int | None) -> bool:
        """Whether it lasts longer than to this day."""
        return on < (self.ends_on or NO_END) - timedelta(days=1) and self.group_id in (None, group_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayFact:
    """A day off. One that affects payment leaves the count, or is `credited` one lesson's share (decision D9a)."""

    on: date
    affects_payment: bool
    credited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFact:
    """Money into (below zero: out of) the account of a subscription that has its own, or the base account (None)."""

    on: date
    amount: int
    subscription_id: int | None = None


@dataclass(frozen=True, slots=True)
class DeclinedCredit:
    """A credit that a person declined: of the charge with this key, dated this day (decision D8)."""

    subscription_id: int
    key: str
    on: date


@dataclass(frozen=True, slots=True)
class GivenCredit:
    """A credit that a person gave where such lessons stay charged: of the charge with this key, dated this day (D8)."""

    subscription_id: int
    key: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentFacts:
    """Everything that prices one student; the order inside the tuples does not matter.

    `step` is the rounding unit in minor units. `groups` has every group that is named elsewhere. `lessons` are the
    complete lists of these groups for each month that is charged or looked ahead to, and for modules from the group's
    start. A lesson without an attendance is not marked yet: only `daily` charges it, and of a group without an
    enrolment it is not the student's. A lesson without a group is. `payments` decide whether a separate account has
    enough money; `picks` are the subscriptions chosen by hand, by lesson (decision D6). `missed` are the missed lessons
    that were not charged, by the lessons that make up for them.
    """

    currency: str
    step: int
    activation_day_counts: bool = True
    groups: tuple[GroupFact, ...] = ()
    enrolments: tuple[EnrolmentFact, ...] = ()
    subscriptions: tuple[SubscriptionFact, ...] = ()
    lessons: tuple[LessonFact, ...] = ()
    attendances: tuple[AttendanceFact, ...] = ()
    discounts: tuple[DiscountFact, ...] = ()
    suspensions: tuple[SuspensionFact, ...] = ()
    holidays: tuple[HolidayFact, ...] = ()
    payments: tuple[PaymentFact, ...] = ()
    picks: Mapping[int, int] = field(default_factory=dict)
    missed: Mapping[int, int] = field(default_factory=dict)
    declined: frozenset[DeclinedCredit] = frozenset()
    given: frozenset[GivenCredit] = frozenset()
    money_discount_per: DiscountPer = DiscountPer.SUBSCRIPTION
    decisions: Decisions = AS_USUAL


def _among(subjects: frozenset[str], lesson_types: frozenset[str], lesson: LessonFact) -> bool:
    return (not subjects or lesson.subject in subjects) and (not lesson_types or lesson.type in lesson_types)


def _within(named: frozenset[str], limits: frozenset[str]) -> bool:
    return not limits or (bool(named) and named <= limits)
