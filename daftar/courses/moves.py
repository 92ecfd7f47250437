"""Verbs that give a lesson another day, hour, room or teacher: one lesson, or the weekly one it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from daftar.courses import rules
from daftar.courses.days import locked
from daftar.courses.events import TuitionFactsChanged
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Group, Lesson, Recurrence, Room
from daftar.courses.places import check_free
from daftar.courses.refusals import (
    LessonOutsideGroup,
    LessonThere,
    RoomElsewhere,
    StudentHasLesson,
)
from daftar.courses.schedules import in_force, make_lessons
from daftar.courses.services import students_on
from daftar.courses.weekdays import first_day
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, add, change, note, publish, verb
from daftar.orgs.models import Member
from daftar.orgs.queries import own_last_deed, today_in

WEEK = timedelta(days=7)


class Scope(StrEnum):
    """How far a change of a weekly lesson reaches."""

    THIS = "this"
    FOLLOWING = "following"
    ALL = "all"


class NotWeekly(Refusal):
    field = "scope"
    text = _("This lesson does not follow the weekly schedule any more: change it alone.")


class FurtherThanWeek(Refusal):
    field = "held_on"
    text = _("A weekly lesson moves to another day of its week. Choose a day less than a week away.")


class MoveCannotBeUndone(Refusal):
    text = _("This can no longer be undone: move the lesson back by hand.")


@dataclass(frozen=True)
class Staffing:
    """Where a lesson is and who gives it; None: no room, nobody yet."""

    room_id: int | None
    teacher_id: int | None


@verb("courses.edit")
def move_lesson(
    by: Actor, *, lesson_id: int, held_on: date, starts_time: time, staffing: Staffing | None = None,
    scope: Scope = Scope.THIS,
) -> Lesson:  # fmt: skip
    """Gives a lesson another day or hour, room or teacher (`staffing` None: as they are).

    One alone is still counted in the month it first stood in (decision D10). With FOLLOWING the weekly lesson changes
    from this one on, with ALL from today on; those that were conducted or cancelled, or changed by hand, stay.
    """
    lesson = locked(by, lesson_id)
    if lesson.group is not None:
        _check_day(lesson.group, held_on)
    place = staffing or Staffing(lesson.room_id, lesson.teacher_id)
    _check_staffing(by, lesson, place)
    if scope is Scope.THIS:
        _move_one(by, lesson, held_on, starts_time, place)
    else:
        since = min(lesson.held_on, held_on)
        if scope is Scope.ALL:
            since = max(today_in(by, lesson.branch), lesson.group.starts_on if lesson.group else date.min)
        _move_weekly(by, lesson, (held_on, starts_time, place), since)
    publish(by, TuitionFactsChanged(students_on(by, lesson)))
    return lesson


@verb("courses.edit")
def undo_move(by: Actor, *, lesson_id: int) -> Lesson:
    """Takes back one's own last move of a lesson within ten minutes, with all it carried along."""
    lesson = locked(by, lesson_id)
    deed = own_last_deed(by.trusted(), lesson, "courses.move_lesson")
    if deed is None:
        raise MoveCannotBeUndone
    was = {name: _typed(name, value) for name, value in deed.changes[0]["was"].items()}
    if "since" in was:
        place = Staffing(was["room_id"], was["teacher_id"])
        _move_weekly(by, lesson, (was["held_on"], was["starts_time"], place), was["since"])
    else:
        check_free(by, [lesson], [was])
        change(by, lesson, **was)
    publish(by, TuitionFactsChanged(students_on(by, lesson)))
    return lesson


def _check_day(group: Group, held_on: date) -> None:
    if not group.starts_on <= held_on < group.ends_on:
        raise LessonOutsideGroup(first=group.starts_on, last=group.ends_on - timedelta(days=1))


def _check_staffing(by: Actor, lesson: Lesson, place: Staffing) -> None:
    if place.teacher_id is not None:
        Member.objects.visible_to(by).one(pk=place.teacher_id)
    if place.room_id is not None and Room.objects.visible_to(by).one(pk=place.room_id).branch_id != lesson.branch_id:
        raise RoomElsewhere


def _move_one(by: Actor, lesson: Lesson, held_on: date, starts_time: time, place: Staffing) -> None:
    is_moved = (held_on, starts_time) != (lesson.held_on, lesson.starts_time)
    _check_there(by, [lesson], [{"held_on": held_on}], starts_time)
    first_on = first_day(lesson)
    now = {"room_id": place.room_id, "teacher_id": place.teacher_id}
    if is_moved:
        # Another hour of its day too: else the schedule would miss a lesson there and make another.
        now |= _when(lesson, held_on, starts_time) | {"is_extra": True, "moved_from": first_on}
    check_free(by, [lesson], [now])
    change(by, lesson, **now)


def _move_weekly(by: Actor, lesson: Lesson, to: tuple[date, time, Staffing], since: date) -> None:
    held_on, starts_time, place = to
    shift = held_on - lesson.held_on
    if abs(shift) >= WEEK:
        raise FurtherThanWeek
    rule = _rule_of(by, lesson)
    moved = [row for row in _made_by(by, rule, since) if row.held_on + shift >= since]
    if lesson.group is None and not moved:
        raise NotWeekly
    names = ("held_on", "starts_time", "room_id", "teacher_id")
    now = dict(zip(names, (held_on, starts_time, place.room_id, place.teacher_id), strict=True))
    note(by, lesson, was={name: getattr(lesson, name) for name in names} | {"since": since}, now=now)
    _shift(by, moved, shift, starts_time, place)
    values: dict[str, Any] = {"weekday": held_on.isoweekday(), "starts_time": starts_time}
    if lesson.group is None:
        values |= {"room_id": place.room_id, "teacher_id": place.teacher_id}
        _change_alone(by, rule, moved, since, values)
    else:
        values |= _unlike(lesson.group, place) | _span(rule, moved)
        _change_of_group(by, lesson.group, rule, since, values)
    lesson.refresh_from_db()


def _unlike(group: Group, place: Staffing) -> dict[str, Any]:
    """The room and the teacher where they are not the group's."""
    return {
        "room_id": None if place.room_id == group.room_id else place.room_id,
        "teacher_id": None if place.teacher_id == group.teacher_id else place.teacher_id,
    }


def _span(rule: Recurrence, moved: list[Lesson]) -> dict[str, Any]:
    """From when to when a weekly lesson holds where some of its lessons, on their new days, lie outside."""
    days = [row.held_on for row in moved]
    span: dict[str, Any] = {}
    if days and rule.valid_from is not None:
        span["valid_from"] = min(rule.valid_from, *days)
    if days and rule.valid_until is not None:
        span["valid_until"] = max(rule.valid_until, max(days) + timedelta(days=1))
    return span


def _change_of_group(by: Actor, group: Group, rule: Recurrence, since: date, values: dict[str, Any]) -> None:
    if since <= (rule.valid_from or group.starts_on):
        change(by, rule, **values)
    else:  # what was in force before stays on record: months were counted by it
        same = {name: getattr(rule, name) for name in ("minutes", "type_id", "is_extra", "valid_until")}
        change(by, rule, valid_until=since)
        add(by, Recurrence, group=group, **{**same, **values, "valid_from": since})
    make_lessons(by, group, group.branch, since=since)


def _change_alone(by: Actor, rule: Recurrence, moved: list[Lesson], since: date, values: dict[str, Any]) -> None:
    """Of a weekly lesson without a group: its days were chosen when it was planned, so none are made or taken away."""
    began_on, until = rule.span
    values["valid_until"] = max(until, max(row.held_on for row in moved) + timedelta(days=1))
    if since <= began_on:
        change(by, rule, **values)
        return
    same = {name: getattr(rule, name) for name in ("branch_id", "course_id", "student_id", "type_id", "minutes")}
    added = add(by, Recurrence, valid_from=since, **same, **values)
    change(by, rule, valid_until=since)
    Lesson.objects.visible_to(by).filter(pk__in=[row.pk for row in moved]).update(recurrence=added)


def _rule_of(by: Actor, lesson: Lesson) -> Recurrence:
    """The weekly lesson that made this one."""
    if lesson.group is None:
        if lesson.recurrence is None or lesson.is_extra:
            raise NotWeekly
        return lesson.recurrence
    held = in_force(lesson.held_on) & ~Q(valid_until__lte=today_in(by, lesson.branch))
    rows = Recurrence.objects.visible_to(by).filter(held, group=lesson.group)
    rule = rows.filter(weekday=lesson.held_on.isoweekday(), starts_time=lesson.starts_time).first()
    if rule is None or lesson.is_extra:
        raise NotWeekly
    return rule


def _made_by(by: Actor, rule: Recurrence, since: date) -> list[Lesson]:
    """Planned lessons of a weekly one from a day on, as it made them, locked."""
    rows = Lesson.objects.visible_to(by).filter(status=LessonStatus.PLANNED, is_extra=False, held_on__gte=since)
    if rule.group_id is None:
        rows = rows.filter(recurrence=rule)
    else:
        rows = rows.filter(group_id=rule.group_id, held_on__iso_week_day=rule.weekday, starts_time=rule.starts_time)
        first, last = rule.valid_from or date.min, (rule.valid_until or date.max) - timedelta(days=1)
        rows = rows.filter(held_on__range=(first, last))
    return list(rows.select_for_update(of=("self",), no_key=True).select_related("branch").order_by("id"))


def _shift(by: Actor, rows: list[Lesson], shift: timedelta, starts_time: time, place: Staffing) -> None:
    values = [
        _when(row, row.held_on + shift, starts_time) | {"room_id": place.room_id, "teacher_id": place.teacher_id}
        for row in rows
    ]
    check_free(by, rows, values)
    _check_there(by, rows, values, starts_time)
    for row, each in zip(rows, values, strict=True):
        for name, value in each.items():
            setattr(row, name, value)
    names = ["held_on", "starts_time", "starts_at", "ends_at", "room", "teacher"]
    Lesson.objects.visible_to(by).bulk_update(rows, names, batch_size=500)


def _check_there(by: Actor, rows: list[Lesson], values: list[dict[str, Any]], starts_time: time) -> None:
    """Refuses when the group, or the student whose own lesson it is, has another lesson at that time."""
    at = {"starts_time": starts_time, "held_on__in": [each["held_on"] for each in values]}
    others = Lesson.objects.visible_to(by).filter(**at).exclude(pk__in=[row.pk for row in rows])
    groups, students = {row.group_id for row in rows}, {row.student_id for row in rows}
    if others.filter(group_id__in=groups - {None}).exists():
        raise LessonThere
    own = others.exclude(status=LessonStatus.CANCELLED)
    if own.filter(student_id__in=students - {None}).exists():
        raise StudentHasLesson


def _when(lesson: Lesson, held_on: date, starts_time: time) -> dict[str, Any]:
    starts_at = rules.instant(held_on, starts_time, lesson.branch.timezone)
    ends_at = starts_at + timedelta(minutes=lesson.minutes)
    return {"held_on": held_on, "starts_time": starts_time, "starts_at": starts_at, "ends_at": ends_at}


def _typed(name: str, value: Any) -> Any:
    """A value of a lesson as its column has it, from the words of the audit row."""
    kinds: dict[str, Any] = {
        "held_on": date, "since": date, "moved_from": date, "starts_time": time, "starts_at": datetime,
        "ends_at": datetime,
    }  # fmt: skip
    return kinds[name].fromisoformat(value) if name in kinds and value else value
