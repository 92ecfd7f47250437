"""The facts in order and at hand: whose a lesson is, what became of it, and which lessons a price is for."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from daftar.orgs.rules import GroupEdges, MovedLessons
from daftar.tuition.rules.facts import NO_END, LessonFact, LessonStatus
from daftar.tuition.rules.shared import shared_lessons

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from daftar.tuition.rules.facts import (
        AttendanceFact,
        EnrolmentFact,
        GroupFact,
        HolidayFact,
        StudentFacts,
        SubscriptionFact,
        SuspensionFact,
    )
    from daftar.tuition.rules.shared import SharedLessons

_DAY = timedelta(days=1)


class Fate(StrEnum):
    """What became of a lesson, as far as counts ask (pricing rules 9.15 to 9.18)."""

    HELD = "held"
    CANCELLED = "cancelled"
    DAY_OFF = "day_off"
    DROPPED = "dropped"
    CREDITED = "credited"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Lessons by the day they are counted on, with these days."""

    lessons: list[LessonFact]
    days: list[date]

    def between(self, first: date, after: date) -> list[LessonFact]:
        return self.lessons[bisect_left(self.days, first) : bisect_left(self.days, after)]


@dataclass(slots=True)  # one to a student: frozen, it would take Python three times as long to make
class Known:
    """The facts of one student as they are known on `until`; subscriptions end where pauses have moved their end."""

    facts: StudentFacts
    until: date
    subscriptions: tuple[SubscriptionFact, ...]
    groups: dict[int, GroupFact]
    rows: dict[int | None, list[EnrolmentFact]]
    marks: dict[int, AttendanceFact]
    holidays: dict[date, HolidayFact]
    shared: SharedLessons
    shelves: dict[int | None, Shelf] = field(default_factory=dict)

    @property
    def lessons(self) -> list[LessonFact]:
        return self.shared.in_order


def known(facts: StudentFacts, until: date) -> Known:
    rows: dict[int | None, list[EnrolmentFact]] = {}
    for row in facts.enrolments:
        rows.setdefault(row.group_id, []).append(row)
    for mine in rows.values():
        mine.sort(key=lambda row: (row.joined_on, row.ends_on or NO_END))
    days_off = facts.holidays and sorted(facts.holidays, key=lambda day: (day.affects_payment, not day.credited))
    return Known(
        facts=facts,
        until=until,
        subscriptions=lasting(facts),
        groups={group.id: group for group in facts.groups},
        rows=rows,
        marks={mark.lesson_id: mark for mark in facts.attendances},
        holidays={day.on: day for day in days_off},
        shared=_counted_as_decided(facts),
    )


def _counted_as_decided(facts: StudentFacts) -> SharedLessons:
    """The lessons; where they are counted by their new day, as if none had been moved (decision D10)."""
    given = shared_lessons(facts.lessons)
    if facts.decisions.moved_lessons is MovedLessons.FIRST_DAY or not given.moved:
        return given
    found: SharedLessons | None = given.memo.get("by their new day")
    if found is None:
        anew = tuple(each if each.moved_from is None else replace(each, moved_from=None) for each in given)
        found = given.memo["by their new day"] = shared_lessons(anew)
    return found


def lasting(facts: StudentFacts) -> tuple[SubscriptionFact, ...]:
    """The subscriptions with their ends where pauses have moved them."""
    return tuple(extended(each, facts.suspensions) for each in facts.subscriptions)


def extended(subscription: SubscriptionFact, suspensions: Iterable[SuspensionFact]) -> SubscriptionFact:
    """The same with its end where pauses have moved it."""
    if subscription.ends_on is None or not subscription.extended_by_suspensions:
        return subscription
    end = moved_end(subscription.starts_on, subscription.ends_on, subscription.group_id, suspensions)
    return replace(subscription, ends_on=end)


def moved_end(
    starts_on: date, ends_on: date, group_id: int | None, suspensions: Iterable[SuspensionFact]
) -> date | None:
    """The end, moved so that as many days are left outside of pauses as there were (pricing rule 9.21).

    None while a pause is open. `group_id`: the only group that is paid for (None: any); a pause in one group moves no
    other end than those bound to it.
    """
    counted_to = starts_on
    mine = (each for each in suspensions if each.extends and each.group_id in (None, group_id))
    for pause in sorted(mine, key=lambda pause: (pause.starts_on, pause.ends_on or NO_END)):
        begins = max(pause.starts_on, counted_to)
        if begins >= ends_on or (pause.ends_on or NO_END) <= counted_to:
            continue
        if pause.ends_on is None:
            return None
        ends_on += pause.ends_on - begins
        counted_to = pause.ends_on
    return ends_on


def on_roster(known: Known, lesson: LessonFact) -> bool:
    """Whether the lesson is the student's: alone, between joining and leaving, or marked as a guest (rule 9.26)."""
    if lesson.group_id is None:
        return True
    rows = known.rows.get(lesson.group_id)
    return any(row.holds(lesson.on) for row in rows) if rows else lesson.id in known.marks


def is_paid_for(known: Known, lesson: LessonFact) -> bool:
    """Whether the lesson is the student's and no trial (pricing rules 9.14 and 9.26)."""
    rows = known.rows.get(lesson.group_id)
    if not rows:
        return on_roster(known, lesson)
    return any(row.holds(lesson.on) and _activated(known, row, lesson.on) for row in rows)


def suspended_since(known: Known, on: date, group_id: int | None) -> date | None:
    """The first day of the earliest pause that holds on a day; None without one."""
    if not known.facts.suspensions:
        return None
    holding = (pause.starts_on for pause in known.facts.suspensions if pause.holds(on, group_id))
    return min(holding, default=None)


def is_conducted(known: Known, lesson: LessonFact) -> bool:
    """Whether it was held by now: after `until` nothing has happened yet (pricing rule 9.30)."""
    return lesson.status is LessonStatus.CONDUCTED and lesson.on <= known.until


def fate_of(known: Known, lesson: LessonFact) -> Fate:
    """What became of a lesson; on a day off only one that was conducted was held (pricing rules 9.15 and 9.16)."""
    holiday = known.holidays.get(lesson.on) if known.holidays else None
    if holiday is None or is_conducted(known, lesson):
        return Fate.CANCELLED if lesson.status is LessonStatus.CANCELLED else Fate.HELD
    if not holiday.affects_payment:
        return Fate.DAY_OFF
    return Fate.CREDITED if holiday.credited else Fate.DROPPED


def counted(
    known: Known, subscription: SubscriptionFact, first: date, after: date, leaving: frozenset[Fate]
) -> list[LessonFact]:
    """The lessons that the price of these days is for, in order (pricing rule 9.8).

    Of a group: those listed, and pattern days outside the group's life unless these are left out (decision D13).
    Without a group: the student's own. Those whose fate is among `leaving` have left the count.
    """
    group = None if subscription.group_id is None else known.groups[subscription.group_id]
    if group is None:
        return _counted(known, subscription, _shelf(known, None).between(first, after), leaving)
    # The same for everybody in the group, whoever came.
    edges, shared = known.facts.decisions.group_edges, known.shared
    limits = (
        subscription.subjects,
        subscription.lesson_types,
        shared.number_of(known.facts.holidays),
        known.until,
        edges,
    )
    asked, memo = ("counted", shared.number_of(group), first, after, leaving, limits), shared.memo
    found: list[LessonFact] | None = memo.get(asked)
    if found is None:
        listed = _shelf(known, group.id).between(first, after)
        if edges is GroupEdges.WHOLE_MONTH:
            listed = [*listed, *_outside(group, first, after, listed)]
        found = memo[asked] = _counted(known, subscription, listed, leaving)
    return list(found)


def any_among(known: Known, fates: frozenset[Fate]) -> bool:
    """Whether any lesson at all has one of these fates."""
    memo = known.shared.memo
    asked = ("among", fates, known.shared.number_of(known.facts.holidays), known.until)
    if asked not in memo:
        memo[asked] = any(fate_of(known, lesson) in fates for lesson in known.shared)
    return bool(memo[asked])


def _counted(
    known: Known, subscription: SubscriptionFact, listed: list[LessonFact], leaving: frozenset[Fate]
) -> list[LessonFact]:
    mine = [lesson for lesson in listed if subscription.names(lesson) and fate_of(known, lesson) not in leaving]
    return sorted(mine, key=lambda lesson: lesson.moment)


def _shelf(known: Known, group_id: int | None) -> Shelf:
    """The lessons of a group, or, without one, of the student."""
    kept: dict[Any, Any] = known.shelves if group_id is None else known.shared.memo
    found: Shelf | None = kept.get(group_id)
    if found is None:
        if group_id is None:
            mine = [lesson for lesson in known.lessons if on_roster(known, lesson)]
        else:
            mine = [lesson for lesson in known.lessons if lesson.group_id == group_id]
        mine.sort(key=lambda lesson: lesson.counted_on)
        found = kept[group_id] = Shelf(mine, [lesson.counted_on for lesson in mine])
    return found


def _outside(group: GroupFact, first: date, after: date, listed: list[LessonFact]) -> list[LessonFact]:
    """Lessons that the group would have on pattern days before or after its life; they have no id."""
    if group.lives_on(first) and group.lives_on(after - _DAY):
        return []
    taken = {lesson.on for lesson in listed}
    days = (first + timedelta(days=count) for count in range((after - first).days))
    return [
        LessonFact(id=0, group_id=group.id, on=day, type=group.lesson_type, subject=group.subject)
        for day in days
        if group.would_meet_on(day) and day not in taken
    ]


def _activated(known: Known, row: EnrolmentFact, on: date) -> bool:
    facts = known.facts
    first = row.paid_from(facts.decisions.backdated_charges, activation_day_counts=facts.activation_day_counts)
    return first is not None and first <= on
