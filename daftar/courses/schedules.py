"""The weekly schedule of a group as it is stored, and the lessons that it makes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import F, Q
from django.db.models.functions import Greatest

from daftar.courses import rules
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Lesson, Recurrence
from daftar.courses.places import check_free
from daftar.courses.planned import write_lessons
from daftar.courses.refusals import LessonThere
from daftar.orgs.access import Actor, note

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date, time

    from daftar.courses.models import Course, Group
    from daftar.orgs.models import Branch

    # Each by its ISO weekday, local time and length in minutes.
    Days = set[tuple[int, time, int]]


@dataclass(frozen=True)
class Schedule:
    """A weekly schedule: ISO weekdays (1 Monday) at one local wall time; no days and no time: none yet."""

    weekdays: tuple[int, ...] = ()
    starts_time: time | None = None


NO_DAYS = Schedule()


def in_force(on: date) -> Q:
    """Weekly lessons of groups that are held on a day, or on the first day of a group that begins later."""
    day = Greatest(F("group__starts_on"), on)
    return (Q(valid_from=None) | Q(valid_from__lte=day)) & (Q(valid_until=None) | Q(valid_until__gt=day))


def days_on(by: Actor, group: Group, on: date) -> Days:
    """The days of a group as they are on a day, or on its first day."""
    rows = Recurrence.objects.visible_to(by).filter(in_force(on), group=group, is_extra=False)
    return {(row.weekday, row.starts_time, row.minutes) for row in rows}


def set_schedule(by: Actor, group: Group, course: Course, schedule: Schedule, *, since: date, had: Days) -> None:
    """The days of the group from `since` on, unless they are what it had; what was in force before stays on record.

    Regular lessons beside the group's days are left alone: LessonThere where one is at such an hour already.
    """
    wanted = {
        (day, schedule.starts_time, course.lesson_minutes)
        for day in schedule.weekdays
        if schedule.starts_time is not None
    }
    shown = min(had, default=None)
    is_as_shown = (
        shown is not None
        and shown[1] == schedule.starts_time
        and {minutes for *_, minutes in had} == {course.lesson_minutes}
    )
    # A weekday that was moved to another hour keeps it when something else of the group is edited.
    if wanted == had or (is_as_shown and {day for day, *_ in had} == set(schedule.weekdays)):
        return
    days = Recurrence.objects.visible_to(by).filter(group=group, is_extra=False)
    rows = days.exclude(valid_until__lte=since)
    rows.filter(Q(valid_from__gte=since) | Q(valid_from=None, group__starts_on__gte=since)).delete()
    rows.update(valid_until=since)
    written = write_schedule(by, group, course, schedule, valid_from=since if days.exists() else None, was=had)
    check_hours(by, group, written)


def write_schedule(
    by: Actor, group: Group, course: Course, schedule: Schedule, *, valid_from: date | None,
    was: Collection[tuple[int, time, int]] = (),
) -> list[Recurrence]:  # fmt: skip
    """The rows of a schedule that holds from a day on; None: since the group began."""
    at = schedule.starts_time
    rows = [
        Recurrence(
            org_id=by.org_id, group=group, weekday=day, starts_time=at, minutes=course.lesson_minutes,
            valid_from=valid_from,
        )
        for day in sorted(set(schedule.weekdays))
        if at is not None
    ]  # fmt: skip
    now = {"weekdays": sorted(schedule.weekdays), "starts_time": at} | ({"from": valid_from} if valid_from else {})
    if rows or was:
        Recurrence.objects.bulk_create(rows)
        note(by, group, was={"weekdays": sorted(day for day, _at, _minutes in was)}, now=now)
    return rows


def check_hours(by: Actor, group: Group, rows: Iterable[Recurrence]) -> None:
    """Refuses a second weekly lesson of a group at the same hour of a weekday (LessonThere)."""
    for row in rows:
        others = Recurrence.objects.visible_to(by).filter(group=group, weekday=row.weekday, starts_time=row.starts_time)
        others = others.exclude(pk=row.pk).exclude(valid_until__lte=row.valid_from or group.starts_on)
        if row.valid_until is not None:
            others = others.exclude(valid_from__gte=row.valid_until)
        if others.exists():
            raise LessonThere


def make_lessons(by: Actor, group: Group, branch: Branch, *, since: date, added: Collection[int] = ()) -> None:
    """Planned lessons from `since` on become what the schedule says; those outside the group's life go.

    `added` are ids of its rows that are new: no lesson that there was stands for one of theirs.
    """
    wanted = wanted_lessons(group, Recurrence.objects.visible_to(by).filter(group=group), since)
    rows = Lesson.objects.visible_to(by).filter(group=group)
    # Locked before it is decided: a lesson being conducted meanwhile is seen as conducted and stays.
    locked = list(rows.select_for_update(of=("self",), no_key=True).order_by("id"))
    there = {(row.held_on, row.starts_time) for row in locked if row.held_on >= since}
    gone = [
        row.pk
        for row in locked
        if row.status == LessonStatus.PLANNED
        and (
            not group.starts_on <= row.held_on < group.ends_on
            or (row.held_on >= since and not row.is_extra and (row.held_on, row.starts_time) not in wanted)
        )
    ]
    rows.filter(pk__in=gone).delete()
    missing = {at: rule for at, rule in wanted.items() if at not in there}
    made = {at: rule for at, rule in missing.items() if rule.pk in added}
    older = {at: rule for at, rule in missing.items() if rule.pk not in added}
    others = [row for row in locked if (row.held_on, row.starts_time) not in wanted or _is_away(row)]
    plan_lessons(by, group, branch, made | _without_stand_ins(older, others))


def wanted_lessons(group: Group, weekly: Iterable[Recurrence], since: date) -> dict[tuple[date, time], Recurrence]:
    """The days and hours from `since` on at which the group's schedule has lessons, each with its row."""
    return {
        (on, rule.starts_time): rule
        for rule in weekly
        for on in rules.lesson_dates(
            [rule.weekday],
            max(since, group.starts_on, rule.valid_from or group.starts_on),
            min(group.ends_on, rule.valid_until or group.ends_on),
        )
    }


def plan_lessons(by: Actor, group: Group, branch: Branch, wanted: Mapping[tuple[date, time], Recurrence]) -> None:
    """Adds lessons in the order of their days, unless somebody else has the room or the teacher."""
    made = [(on, rule) for (on, _at), rule in sorted(wanted.items(), key=lambda item: item[0])]
    if branch.blocks_rooms or branch.blocks_teachers:
        planned = [lesson_by(group, branch, on, rule) for on, rule in made]
        check_free(by, planned, [{}] * len(planned))
    write_lessons(group, branch, made)


def lesson_by(group: Group, branch: Branch, on: date, rule: Recurrence) -> Lesson:
    """A planned lesson of the group, not stored yet, as the row of its schedule says."""
    starts_at = rules.instant(on, rule.starts_time, branch.timezone)
    return Lesson(
        org_id=group.org_id, branch=branch, group=group, teacher_id=rule.teacher_id or group.teacher_id,
        room_id=rule.room_id or group.room_id, held_on=on, starts_time=rule.starts_time, minutes=rule.minutes,
        starts_at=starts_at, ends_at=starts_at + timedelta(minutes=rule.minutes), holds_room=branch.blocks_rooms,
        holds_teacher=branch.blocks_teachers, type_id=rule.type_id,
    )  # fmt: skip


def _is_away(row: Lesson) -> bool:
    """Whether it was moved to another day: it stands for the one of its first day wherever it is now."""
    return row.moved_from not in (None, row.held_on)


def _without_stand_ins(
    missing: Mapping[tuple[date, time], Recurrence], others: Iterable[Lesson]
) -> dict[tuple[date, time], Recurrence]:  # fmt: skip
    """What is to be made: a conducted lesson stands for one that its day wants at another hour, a moved one too.

    Of two that a day wants, for the one whose weekly lesson is older: the other was none yet when it was moved.
    """
    stand_ins = Counter(
        row.moved_from or row.held_on
        for row in others
        if row.moved_from is not None or row.status == LessonStatus.CONDUCTED
    )
    made = {}
    for (on, at), rule in sorted(missing.items(), key=lambda item: item[1].pk):
        if stand_ins[on] > 0:
            stand_ins[on] -= 1
        else:
            made[on, at] = rule
    return made
