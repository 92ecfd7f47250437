"""When lessons fall, who may join and be activated, and how a student stands in a group."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daftar.lib.period import Period

ODD = (1, 3, 5)
EVEN = (2, 4, 6)
WEEKEND = (6, 7)
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
WEEK = len(EVERY_DAY)


class PlanKind(StrEnum):
    """The ways of charging: lesson by lesson, spread over them, and by periods in advance."""

    PER_LESSON = "per_lesson"
    MONTH_SPREAD = "month_spread"
    WEEK_SPREAD = "week_spread"
    DAILY = "daily"
    CALENDAR_MONTH = "calendar_month"
    GROUP_MONTH = "group_month"
    STUDENT_MONTH = "student_month"
    MODULE = "module"
    WHOLE_COURSE = "whole_course"


class Pattern(StrEnum):
    """The weekday patterns that have a name; OWN is any other choice of days."""

    ODD = "odd"
    EVEN = "even"
    WEEKEND = "weekend"
    EVERY_DAY = "every_day"
    OWN = "own"


class EnrolmentState(StrEnum):
    """How a student is in a group on a day."""

    TRIAL = "trial"
    ACTIVE = "active"
    FROZEN = "frozen"
    LEFT = "left"


class Standing(StrEnum):
    """A state with the money in it, each with a colour: grey, green, red, yellow, blue, and only an outline."""

    TRIAL = "trial"
    ACTIVE = "active"
    OWES = "owes"
    AT_ZERO = "at_zero"
    FROZEN = "frozen"
    LEFT = "left"


_PATTERNS = {ODD: Pattern.ODD, EVEN: Pattern.EVEN, WEEKEND: Pattern.WEEKEND, EVERY_DAY: Pattern.EVERY_DAY}


def pattern_of(weekdays: Iterable[int]) -> Pattern:
    """The name of a choice of ISO weekdays (1 is Monday)."""
    return _PATTERNS.get(tuple(sorted(set(weekdays))), Pattern.OWN)


def lesson_dates(weekdays: Iterable[int], starts_on: date, ends_on: date) -> list[date]:
    """The days from `starts_on` up to, not including, `ends_on` that fall on these ISO weekdays, in order."""
    length, first = (ends_on - starts_on).days, starts_on.isoweekday()
    counts = [count for day in frozenset(weekdays) for count in range((day - first) % WEEK, length, WEEK)]
    return [starts_on + timedelta(days=count) for count in sorted(counts)]


def instant(on: date, at: time, zone: str) -> datetime:
    """The UTC instant at which the clock of the IANA `zone` shows `at` on this day.

    Where the clock jumps over that time: as much later as it jumps. Where it shows it twice: the first.
    ZoneInfoNotFoundError for an unknown zone.
    """
    return local(on, at, ZoneInfo(zone)).astimezone(UTC)


def local(on: date, at: time, zone: ZoneInfo) -> datetime:
    """The same instant by that clock: its text, with the offset of that day, is quicker to make than UTC's."""
    return datetime.combine(on, at if at.fold == 0 else at.replace(fold=0), tzinfo=zone)


def may_join(group_period: Period, on: date) -> bool:
    """Whether a student may join on this day: any day of the group's life, both shown ends included (rule E12)."""
    return group_period.contains(on)


def may_activate(joined_on: date, on: date) -> bool:
    """Whether a membership may be activated on this day: the joining day or later (rule E11)."""
    return on >= joined_on


def state_on(
    on: date,
    *,
    joined_on: date,
    activated_on: date | None = None,
    ends_on: date | None = None,
    is_frozen: bool = False,
) -> EnrolmentState | None:
    """The state on a day; None before joining. `ends_on` is the first day no longer in the group.

    `is_frozen`: a pause of the student holds on that day.
    """
    if on < joined_on:
        return None
    if ends_on is not None and on >= ends_on:
        return EnrolmentState.LEFT
    if activated_on is None or on < activated_on:
        return EnrolmentState.TRIAL
    return EnrolmentState.FROZEN if is_frozen else EnrolmentState.ACTIVE


class Left(StrEnum):
    """How somebody left a group: as one who was charged there, or on trial, never activated."""

    ACTIVE = "active"
    TRIAL = "trial"


class End(NamedTuple):
    """What says whether the end of a membership is a leaving. Days are the first ones that no longer belong to it.

    `is_told`: somebody wrote down that the student leaves; otherwise the end was agreed at the beginning, or there is
    none. `is_moved`: a transfer made another membership of it. `goes_on`: the student is in the same group again from
    that very day on, by another membership.
    """

    ends_on: date | None
    group_ends_on: date
    activated_on: date | None = None
    is_told: bool = True
    is_moved: bool = False
    goes_on: bool = False


def kind_of_leaving(end: End) -> Left | None:
    """How the student left; None: it is a move, a return to trial, a day agreed, or the end of the group."""
    if end.ends_on is None or not end.is_told or end.is_moved or end.goes_on or end.ends_on >= end.group_ends_on:
        return None
    is_active = end.activated_on is not None and end.activated_on < end.ends_on
    return Left.ACTIVE if is_active else Left.TRIAL


def is_trial_on(on: date, activated_on: date | None, *, day_counts: bool) -> bool:
    """Whether a lesson is a trial for a member; `day_counts`: the lesson on the day of activation is charged (D1)."""
    return activated_on is None or activated_on > on or (activated_on == on and not day_counts)


class SpanOfWeekday(NamedTuple):
    """An ISO weekday from a day up to, not including, another (None: without end)."""

    weekday: int
    since: date
    until: date | None

    def holds(self, on: date) -> bool:
        """Whether a day is one of them."""
        return self.weekday == on.isoweekday() and self.since <= on and (self.until is None or on < self.until)


class Membership(NamedTuple):
    """A student in a group from a day up to, not including, another (None: without end), but for some weekdays."""

    student_id: int
    group_id: int
    since: date
    until: date | None
    off: tuple[SpanOfWeekday, ...] = ()

    def holds(self, on: date) -> bool:
        """Whether the student is in the group on a day."""
        return self.since <= on and (self.until is None or on < self.until)

    def expects(self, held_on: date, first_on: date) -> bool:
        """Whether the student belongs to a lesson of the group; `first_on`: the day it was planned for at first.

        That day decides about the weekday: a lesson that is moved to another one stays who it is for.
        """
        return self.holds(held_on) and not any(each.holds(first_on) for each in self.off)


def has_place(capacity: int | None, taken: int) -> bool:
    """Whether one more fits; a group without a capacity takes everybody."""
    return capacity is None or taken < capacity


def standing(state: EnrolmentState, balance_minor: int, *, zero_is_due: bool = False) -> Standing:
    """The standing to show: an active student below zero owes, exactly zero does not (rule E31).

    `zero_is_due`: exactly zero is shown all the same, as something of its own (decision D16).
    """
    if state is not EnrolmentState.ACTIVE or balance_minor > 0:
        return Standing(state.value)
    if balance_minor < 0:
        return Standing.OWES
    return Standing.AT_ZERO if zero_is_due else Standing.ACTIVE


def topics_in(text: str) -> list[tuple[str, str, str]]:
    """The topics that were typed or pasted, one to a line: title, what is done and homework.

    The second and third are columns of a spreadsheet, copied with tabs between them; empty lines are left out.
    """
    lines = csv.reader(io.StringIO(text), dialect="excel-tab") if "\t" in text else [[row] for row in text.splitlines()]
    cells = [[cell.strip() for cell in [*line, "", "", ""][:3]] for line in lines]
    return [(title, contents, homework) for title, contents, homework in cells if title]


def pace(topics: int, taught: int, first_on: date | None, days: Iterable[date]) -> int | None:
    """How many topics a group is ahead of its timetable; below zero: behind, None: it has not begun the plan.

    A lesson of the timetable is there for one topic, from the lesson that taught the first of them on. `days`: those
    of such lessons that are over, also if they did not take place.
    """
    if first_on is None:
        return None
    return taught - min(topics, sum(day >= first_on for day in days))
