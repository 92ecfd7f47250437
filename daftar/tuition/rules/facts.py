"""What the pricing rules know about one student: plain values, amounts in minor units, local dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from daftar.courses.rules import PlanKind

Moment: TypeAlias = tuple[date, int, time, int]

NO_END = date.max
"""Later than every date: how an open end compares."""


class LessonStatus(StrEnum):
    """Where a lesson is in its life."""

    PLANNED = "planned"
    CONDUCTED = "conducted"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PriceStep:
    """The price from a day on; before the first step the first one holds (pricing rule 9.6)."""

    from_on: date
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionFact:
    """A price bound to the student, from `starts_on` up to, not including, `ends_on` (None: open).

    `prices` is never empty. `lessons_count` (above zero) is the size of the bundle of `per_lesson`. Without a
    `group_id` it pays for the lessons of every group.
    """

    id: int
    plan: PlanKind
    prices: tuple[PriceStep, ...]
    starts_on: date
    ends_on: date | None = None
    group_id: int | None = None
    lessons_count: int = 1

    def price_on(self, on: date) -> PriceStep:
        """The step in force on a day (pricing rule 9.6)."""
        if len(self.prices) == 1:
            return self.prices[0]
        steps = sorted(self.prices, key=lambda step: step.from_on)
        return next((step for step in reversed(steps) if step.from_on <= on), steps[0])

    def fits(self, lesson: LessonFact) -> bool:
        """Whether it may pay for this lesson."""
        in_time = self.starts_on <= lesson.on < (self.ends_on or NO_END)
        return in_time and self.group_id in (None, lesson.group_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentFact:
    """The student in a group, from `joined_on` up to, not including, `ends_on`; a trial until `activated_on`."""

    group_id: int
    joined_on: date
    activated_on: date | None = None
    ends_on: date | None = None

    def holds(self, on: date) -> bool:
        return self.joined_on <= on < (self.ends_on or NO_END)

    def first_paid_on(self, *, activation_day_counts: bool) -> date | None:
        """The first day that is no longer a trial; None while it still is one (decision D1)."""
        if self.activated_on is None or activation_day_counts:
            return self.activated_on
        return self.activated_on + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFact:
    """A group, from `starts_on` up to, not including, `ends_on`, and the ISO weekdays (1 is Monday) it meets on.

    `first_weekdays` are those it met on at its start, where the schedule was changed since (None: never changed).
    """

    id: int
    starts_on: date
    ends_on: date | None = None
    weekdays: frozenset[int] = frozenset()
    first_weekdays: frozenset[int] | None = None

    def would_meet_on(self, on: date) -> bool:
        """Whether a day outside its life falls on the pattern it began or ended with (decision D13)."""
        days = self.weekdays if on >= self.starts_on or self.first_weekdays is None else self.first_weekdays
        return on.isoweekday() in days and not self.lives_on(on)

    def lives_on(self, on: date) -> bool:
        return self.starts_on <= on < (self.ends_on or NO_END)


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonFact:
    """A lesson of a group; lessons order by date, time (none first) and id (pricing rule 9.1)."""

    id: int
    group_id: int
    on: date
    at: time | None = None
    status: LessonStatus = LessonStatus.PLANNED

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
class StudentFacts:
    """Everything that prices one student; the order inside the tuples does not matter.

    `step` is the rounding unit in minor units. `groups` has every group that is named elsewhere. `lessons` are the
    complete lists of these groups for each month that is charged or looked ahead to. A lesson without an attendance is
    not marked yet: it is not charged, and of a group without an enrolment it is not the student's.
    """

    currency: str
    step: int
    activation_day_counts: bool = True
    groups: tuple[GroupFact, ...] = ()
    enrolments: tuple[EnrolmentFact, ...] = ()
    subscriptions: tuple[SubscriptionFact, ...] = ()
    lessons: tuple[LessonFact, ...] = ()
    attendances: tuple[AttendanceFact, ...] = ()
