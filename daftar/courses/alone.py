"""Verbs on lessons without a group: those of one student, and those of whoever is put on them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, cast

from daftar.courses import rules
from daftar.courses.events import TuitionFactsChanged
from daftar.courses.kinds import LessonKind, LessonStatus
from daftar.courses.models import Course, Lesson, Recurrence
from daftar.courses.moves import Staffing
from daftar.courses.places import check_free
from daftar.courses.queries import days_off_of
from daftar.courses.refusals import (
    NoRegularLesson,
    NoWeekdays,
    RegularEndsBeforeStart,
    RegularTooLong,
    StudentElsewhere,
    StudentHasLesson,
    StudentMissing,
    StudentNotAsked,
)
from daftar.courses.services import check_parts, check_type, usual_minutes
from daftar.orgs.access import Actor, add, note, publish, question, verb
from daftar.orgs.models import Branch
from daftar.people.models import Student

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import time

LONGEST_REGULAR = timedelta(days=366)
NOBODY_YET = Staffing(room_id=None, teacher_id=None)


@verb("courses.edit")
def plan_single_lesson(
    by: Actor, *, kind: LessonKind, course_id: int, branch_id: int, held_on: date, starts_time: time,
    student_id: int | None = None, type_id: int | None = None, minutes: int | None = None,
    staffing: Staffing = NOBODY_YET,
) -> Lesson:  # fmt: skip
    """One lesson without a group: an individual one of a student, or a trial on which nobody is yet.

    `minutes` None: as long as its type says, or else the course's lessons.
    """
    asked = _Asked(kind, course_id, branch_id, student_id, type_id, minutes, staffing)
    plan = _checked(by, asked)
    lesson = _lesson(by, plan, held_on, starts_time)
    lesson.is_extra = True
    _check_there(by, [lesson])
    check_free(by, [lesson], [{}])
    lesson.save(force_insert=True)
    now = {"course": plan.course, "held_on": held_on, "starts_time": starts_time, "type_id": type_id}
    note(by, lesson, was=None, now=now | ({"student": plan.student} if plan.student else {}))
    _publish(by, student_id)
    return lesson


@verb("courses.edit")
def plan_regular_lessons(
    by: Actor, *, kind: LessonKind, course_id: int, branch_id: int, weekdays: Collection[int], starts_time: time,
    starts_on: date, last_on: date, student_id: int | None = None, type_id: int | None = None,
    minutes: int | None = None, staffing: Staffing = NOBODY_YET,
) -> list[Lesson]:  # fmt: skip
    """Weekly lessons without a group on some ISO weekdays, from a day to another, the last one included.

    At the same wall time whatever the clocks do, and none on days off. Trials have no participants: whoever comes to
    one is put on that one.
    """
    _check_span(weekdays, starts_on, last_on)
    asked = _Asked(kind, course_id, branch_id, student_id, type_id, minutes, staffing)
    plan = _checked(by, asked)
    until = last_on + timedelta(days=1)
    days = {day: _days(by, plan, [day], starts_on, until) for day in set(weekdays)}
    if not any(days.values()):
        raise NoRegularLesson
    made = []
    for day in sorted(day for day in days if days[day]):
        rule = add(
            by, Recurrence, branch=plan.branch, course=plan.course, student=plan.student, type_id=type_id,
            weekday=day, starts_time=starts_time, minutes=plan.minutes, **asdict(staffing),
            valid_from=starts_on, valid_until=until,
        )  # fmt: skip
        made += [_lesson(by, plan, on, starts_time, rule) for on in days[day]]
    made.sort(key=lambda row: row.starts_at)
    _check_there(by, made)
    check_free(by, made, [{}] * len(made))
    Lesson.objects.bulk_create(made, batch_size=2000)
    _publish(by, student_id)
    return made


@verb("courses.edit")
def set_last_day(by: Actor, *, recurrence_id: int, last_on: date) -> Recurrence:
    """Another last day of a weekly lesson without a group.

    An earlier one takes the planned lessons after it away; those changed by hand stay. Up to a later one they go on as
    they are, in the same room with the same teacher, and none on days off.
    """
    rows = Recurrence.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    branches = Branch.objects.visible_to(by)
    rule: Recurrence = rows.one(pk=recurrence_id, group=None, branch__in=branches)
    began_on, ends_on = rule.span
    _check_span([rule.weekday], max(began_on, by.today) if last_on >= ends_on else began_on, last_on)
    until = last_on + timedelta(days=1)
    note(by, rule, was={"valid_until": ends_on}, now={"valid_until": until})
    Recurrence.objects.visible_to(by).filter(pk=rule.pk).update(valid_until=until)
    ahead = Lesson.objects.visible_to(by).filter(recurrence=rule, held_on__gte=until, is_extra=False)
    ahead.filter(status=LessonStatus.PLANNED).delete()
    if until > ends_on:
        _go_on(by, rule, ends_on, until)
    _publish(by, rule.student_id)
    rule.valid_until = until
    return rule


def _go_on(by: Actor, rule: Recurrence, since: date, until: date) -> None:
    """Lessons of a weekly one on its days from `since` up to `until`, where none of it is or was yet."""
    kind = LessonKind.TRIAL if rule.student_id is None else LessonKind.INDIVIDUAL
    place = Staffing(rule.room_id, rule.teacher_id)
    course_id, branch_id = cast("int", rule.course_id), cast("int", rule.branch_id)  # the database sees to it
    asked = _Asked(kind, course_id, branch_id, rule.student_id, rule.type_id, rule.minutes, place)
    plan = _checked(by, asked)
    there = Lesson.objects.visible_to(by).filter(recurrence=rule).values_list("held_on", "moved_from")
    taken = {day for days in there for day in days}
    made = [_lesson(by, plan, on, rule.starts_time, rule) for on in _days(by, plan, [rule.weekday], since, until)]
    made = [row for row in made if row.held_on not in taken]
    _check_there(by, made)
    check_free(by, made, [{}] * len(made))
    Lesson.objects.bulk_create(made, batch_size=2000)


@question("courses.view")
def regular_lessons(by: Actor, *, student_id: int | None) -> list[Recurrence]:
    """Weekly lessons without a group that are still to come: of a student, or (None) trials of the actor's branches."""
    rows = Recurrence.objects.visible_to(by).filter(group=None, student_id=student_id, valid_until__gt=by.today)
    if not by.may("courses.see_all"):
        rows = rows.filter(teacher_id=by.member_id)
    here = rows.filter(branch__in=Branch.objects.visible_to(by)).select_related("course", "type", "room", "teacher")
    return list(here.order_by("weekday", "starts_time", "id"))


@question("courses.view")
def get_regular_lesson(by: Actor, recurrence_id: int) -> Recurrence:
    """A weekly lesson without a group, with its course and student; NotFound when invisible."""
    rows = Recurrence.objects.visible_to(by).select_related("course", "student", "branch")
    row: Recurrence = rows.one(pk=recurrence_id, group=None, branch__in=Branch.objects.visible_to(by))
    return row


@dataclass(frozen=True)
class _Asked:
    kind: LessonKind
    course_id: int
    branch_id: int
    student_id: int | None
    type_id: int | None
    minutes: int | None
    staffing: Staffing


@dataclass(frozen=True)
class _Plan:
    """What was asked for, found and allowed."""

    asked: _Asked
    branch: Branch
    course: Course
    student: Student | None
    minutes: int


def _checked(by: Actor, asked: _Asked) -> _Plan:
    if asked.kind is LessonKind.GROUP:
        raise ValueError(asked.kind)
    branch: Branch = Branch.objects.visible_to(by).one(pk=asked.branch_id)
    course: Course = Course.objects.visible_to(by).one(pk=asked.course_id)
    check_parts(by, branch, course, **asdict(asked.staffing))
    check_type(by, asked.type_id, asked.kind)
    if asked.kind is LessonKind.INDIVIDUAL and asked.student_id is None:
        raise StudentMissing
    if asked.kind is LessonKind.TRIAL and asked.student_id is not None:
        raise StudentNotAsked
    student = None
    if asked.student_id is not None:
        student = Student.objects.visible_to(by).one(pk=asked.student_id)
        if student.branch_id != branch.pk:
            raise StudentElsewhere
    return _Plan(asked, branch, course, student, asked.minutes or usual_minutes(by, course, asked.type_id))


def _days(by: Actor, plan: _Plan, weekdays: Collection[int], since: date, until: date) -> list[date]:
    """The days on these ISO weekdays from `since` up to `until` that are not off."""
    off = set(days_off_of(by, plan.branch.pk).filter(on__range=(since, until)).values_list("on", flat=True))
    return [on for on in rules.lesson_dates(weekdays, since, until) if on not in off]


def _check_span(weekdays: Collection[int], starts_on: date, last_on: date) -> None:
    if not weekdays:
        raise NoWeekdays
    if last_on < starts_on:
        raise RegularEndsBeforeStart
    if last_on - starts_on > LONGEST_REGULAR:
        raise RegularTooLong


def _check_there(by: Actor, rows: Iterable[Lesson]) -> None:
    """Refuses when the student has a lesson of his or her own at one of these times."""
    wanted = [(row.student_id, row.starts_at) for row in rows if row.student_id is not None]
    if not wanted:
        return
    there = Lesson.objects.visible_to(by).filter(student_id=wanted[0][0], starts_at__in=[at for _pk, at in wanted])
    if there.exclude(status=LessonStatus.CANCELLED).exists():
        raise StudentHasLesson


def _lesson(by: Actor, plan: _Plan, on: date, at: time, rule: Recurrence | None = None) -> Lesson:
    asked, branch = plan.asked, plan.branch
    starts_at = rules.instant(on, at, branch.timezone)
    return Lesson(
        org_id=by.org_id, branch=branch, course=plan.course, student=plan.student, recurrence=rule,
        type_id=asked.type_id, **asdict(asked.staffing), held_on=on, starts_time=at,
        minutes=plan.minutes, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=plan.minutes),
        holds_room=branch.blocks_rooms, holds_teacher=branch.blocks_teachers,
    )  # fmt: skip


def _publish(by: Actor, student_id: int | None) -> None:
    if student_id is not None:
        publish(by, TuitionFactsChanged((student_id,)))
