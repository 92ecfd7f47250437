"""Verbs on courses, rooms, groups, their schedules and their students."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q

from daftar.courses import rules
from daftar.courses.catalogue import check_counts
from daftar.courses.events import TuitionFactsChanged
from daftar.courses.kinds import LessonKind, LessonStatus
from daftar.courses.memberships import hold_groups
from daftar.courses.models import Course, Enrolment, Group, Lesson, LessonType, Recurrence, Room
from daftar.courses.places import check_free
from daftar.courses.planned import write_lessons
from daftar.courses.refusals import (
    ActivationBeforeJoining,
    ActivationOutsideGroup,
    AlreadyActive,
    AlreadyEnrolled,
    CourseInOtherCurrency,
    EnrolmentCounts,
    GroupEndsBeforeStart,
    GroupIsFull,
    GroupNameTaken,
    GroupShorterThanLessons,
    GroupTooLong,
    JoinOutsideGroup,
    LeavesBeforeJoins,
    LessonOutsideGroup,
    LessonThere,
    LessonWasMarked,
    OtherWayNeedsPrice,
    RoomElsewhere,
    ScheduleIncomplete,
    StudentElsewhere,
    TypeIsArchived,
    TypeOfAnotherKind,
    TypeOfOtherKind,
)
from daftar.lib.period import Period
from daftar.orgs.access import Actor, add, change, note, publish, verb
from daftar.orgs.models import Branch, Member
from daftar.orgs.queries import today_in
from daftar.people.events import FamiliesChanged
from daftar.people.models import Student

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date, time


LONGEST_GROUP = timedelta(days=366 * 6)


@dataclass(frozen=True)
class Schedule:
    """A weekly schedule: ISO weekdays (1 Monday) at one local wall time; no days and no time: none yet."""

    weekdays: tuple[int, ...] = ()
    starts_time: time | None = None


@dataclass(frozen=True)
class Charging:
    """A way of charging of the group's own with its sizes; no plan: as the course."""

    plan: str = ""
    lessons_count: int | None = None
    module_lessons: int | None = None
    months: int | None = None


@verb("courses.edit")
def add_group(
    by: Actor, *, branch_id: int, name: str, course_id: int, starts_on: date, last_on: date,
    schedule: Schedule = Schedule(), teacher_id: int | None = None, room_id: int | None = None,
    capacity: int | None = None, price: int | None = None, charging: Charging = Charging(),
) -> Group:  # fmt: skip
    """A new group with all its lessons up to `last_on`, the last day included."""
    branch = Branch.objects.visible_to(by).one(pk=branch_id)
    if Group.objects.visible_to(by).filter(branch=branch, name=name).exists():
        raise GroupNameTaken
    course = Course.objects.visible_to(by).one(pk=course_id)
    _check_life(starts_on, last_on, schedule)
    check_parts(by, branch, course, teacher_id=teacher_id, room_id=room_id)
    _check_charging(course, charging, price)
    group = add(
        by, Group, branch=branch, name=name, course=course, teacher_id=teacher_id, room_id=room_id,
        starts_on=starts_on, ends_on=last_on + timedelta(days=1), capacity=capacity, price=price, **asdict(charging),
    )  # fmt: skip
    weekly = _write_schedule(by, group, course, schedule, valid_from=None)
    _plan(by, group, branch, _wanted(group, weekly, starts_on))
    return group


@verb("courses.edit")
def edit_group(
    by: Actor, *, group_id: int, name: str, starts_on: date, last_on: date, schedule: Schedule,
    teacher_id: int | None, room_id: int | None, capacity: int | None, charging: Charging | None = None,
) -> Group:  # fmt: skip
    """Changes a group; planned lessons from today on follow the new schedule, what was conducted stays.

    Another way of `charging` (None: as it is) counts for those who are activated from now on.
    """
    group: Group = (
        Group.objects.visible_to(by)
        .select_for_update(of=("self",), no_key=True)
        .select_related("branch", "course")
        .one(pk=group_id)
    )
    if Group.objects.visible_to(by).filter(branch_id=group.branch_id, name=name).exclude(pk=group_id).exists():
        raise GroupNameTaken
    _check_life(starts_on, last_on, schedule)
    check_parts(by, group.branch, group.course, teacher_id=teacher_id, room_id=room_id)
    if charging is not None:
        _check_charging(group.course, charging, group.price)
    held = Lesson.objects.visible_to(by).filter(group=group, status=LessonStatus.CONDUCTED)
    outside = held.filter(held_on__gt=last_on).first() or held.filter(held_on__lt=starts_on).first()
    if outside is not None:
        raise GroupShorterThanLessons(on=outside.held_on)
    since = starts_on if starts_on != group.starts_on else today_in(by, group.branch)
    was = Group(teacher_id=group.teacher_id, room_id=group.room_id)
    change(
        by, group, name=name, starts_on=starts_on, ends_on=last_on + timedelta(days=1), teacher_id=teacher_id,
        room_id=room_id, capacity=capacity, **({} if charging is None else asdict(charging)),
    )  # fmt: skip
    _follow_group(by, group, was, since=since)
    _set_schedule(by, group, group.course, schedule, since=since)
    make_lessons(by, group, group.branch, since=since)
    publish(by, TuitionFactsChanged(students_of(by, group.pk)))
    return group


@verb("courses.edit")
def plan_lesson(
    by: Actor, *, group_id: int, held_on: date, starts_time: time, type_id: int | None = None,
    minutes: int | None = None, room_id: int | None = None, teacher_id: int | None = None,
) -> Lesson:  # fmt: skip
    """One more lesson of a group, outside its weekly schedule; of a type of the centre's own, or (None) plain.

    `minutes` None: as long as the type says, or else the course's lessons; room and teacher None: the group's.
    """
    rows = Group.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    group: Group = rows.select_related("branch", "course").one(pk=group_id)
    if not group.starts_on <= held_on < group.ends_on:
        raise LessonOutsideGroup(first=group.starts_on, last=group.ends_on - timedelta(days=1))
    if Lesson.objects.visible_to(by).filter(group=group, held_on=held_on, starts_time=starts_time).exists():
        raise LessonThere
    check_type(by, type_id)
    check_parts(by, group.branch, group.course, room_id=room_id, teacher_id=teacher_id)
    length = minutes or usual_minutes(by, group.course, type_id)
    place = {"room_id": room_id, "teacher_id": teacher_id}
    lesson = _lesson(group, group.branch, held_on, Recurrence(starts_time=starts_time, minutes=length, **place))
    lesson.is_extra, lesson.type_id = True, type_id
    check_free(by, [lesson], [{}])
    lesson.save(force_insert=True)
    note(by, lesson, was=None, now={"group": group, "held_on": held_on, "starts_time": starts_time, "type_id": type_id})
    publish(by, TuitionFactsChanged(students_of(by, group.pk)))
    return lesson


@verb("courses.edit")
def change_type(by: Actor, *, lesson_id: int, type_id: int | None) -> Lesson:
    """Makes a lesson one of another type, or (None) a plain one of its group; what it costs follows.

    One that was conducted too: prices and discounts may be for some types only.
    """
    rows = Lesson.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    lesson: Lesson = rows.select_related("branch", "group").one(pk=lesson_id)
    if lesson.kind is LessonKind.TRIAL and lesson.status == LessonStatus.CONDUCTED:
        raise LessonWasMarked
    if type_id != lesson.type_id:
        check_type(by, type_id, lesson.kind)
    change(by, lesson, type_id=type_id)
    publish(by, TuitionFactsChanged(students_on(by, lesson)))
    return lesson


def check_type(by: Actor, type_id: int | None, kind: LessonKind = LessonKind.GROUP) -> None:
    """Refuses a type that is archived, or whose lessons are held in another way: not with a group, say."""
    if type_id is None:
        return
    # Locked: whoever changes its kind meanwhile waits and then sees the lesson.
    row: LessonType = LessonType.objects.visible_to(by).select_for_update(no_key=True).one(pk=type_id)
    if row.kind != kind:
        raise TypeOfOtherKind if kind is LessonKind.GROUP else TypeOfAnotherKind
    if row.is_archived:
        raise TypeIsArchived


def usual_minutes(by: Actor, course: Course, type_id: int | None) -> int:
    """How long a lesson is unless said otherwise: as its type says, or else its course."""
    own = None if type_id is None else LessonType.objects.visible_to(by).one(pk=type_id).minutes
    return own or course.lesson_minutes


@verb("courses.enrol")
def enrol_student(
    by: Actor, *, student_id: int, group_id: int, starts_on: date, last_on: date | None = None
) -> Enrolment:
    """Puts a student into a group as a trial from a day of the group's life; no money moves.

    Up to `last_on`, which may be the first day, or (None) without an end.
    """
    enrolment = place_student(
        by.trusted(), student_id=student_id, group_id=group_id, starts_on=starts_on, last_on=last_on
    )
    publish(by, TuitionFactsChanged((student_id,)))
    return enrolment


@verb("courses.enrol")
def place_student(
    by: Actor, *, student_id: int, group_id: int, starts_on: date, last_on: date | None = None
) -> Enrolment:
    """The same, unannounced: whoever asks changes more of what prices the student and announces it all at once."""
    rows = Group.objects.visible_to(by).select_for_update(of=("self",), no_key=True).select_related("branch")
    group: Group = rows.one(pk=group_id)
    student: Student = Student.objects.visible_to(by).one(pk=student_id)
    if last_on is not None and last_on < starts_on:
        raise LeavesBeforeJoins
    ends_on = None if last_on is None else last_on + timedelta(days=1)
    check_joining(by, group, student, starts_on, ends_on)
    return add(by, Enrolment, student=student, group=group, starts_on=starts_on, ends_on=ends_on)


@dataclass(frozen=True)
class Place:
    """Someone to be put into a group; `is_active`: charged from the same day, by prices bound beside the group."""

    student: Student
    group: Group
    starts_on: date
    is_active: bool


@verb("courses.enrol")
def enrol_students(by: Actor, *, places: Sequence[Place]) -> list[Enrolment]:
    """Many enrolments at once, of students who are in none of these groups; statements do not grow with theirs.

    Takes over what is: the capacity of a group is not asked.
    """
    for place in places:
        if place.student.branch_id != place.group.branch_id:
            raise StudentElsewhere
        _check_day(place.group, place.starts_on)
    rows = Enrolment.objects.bulk_create(
        [
            Enrolment(
                org_id=by.org_id,
                student=place.student,
                group=place.group,
                starts_on=place.starts_on,
                activated_on=place.starts_on if place.is_active else None,
            )
            for place in places
        ],
        batch_size=2000,
    )
    if rows:
        note(by, rows[0], was=None, now={"enrolments": len(rows)})
    if active := sorted({row.student_id for row in rows if row.activated_on is not None}):
        publish(by, FamiliesChanged(tuple(active)))
    return rows


@verb("courses.enrol")
def activate_enrolment(by: Actor, *, enrolment_id: int, activated_on: date) -> Enrolment:
    """Ends the trial: from `activated_on` the student is charged. Called by tuition, which knows the price."""
    # The group first, then it, then anybody's account: whoever edits it locks in the same order.
    hold_groups(by, (), [enrolment_id])
    rows = Enrolment.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    enrolment: Enrolment = rows.select_related("group", "student", "student__branch").one(pk=enrolment_id)
    check_activation(enrolment, activated_on)
    entered_on = today_in(by, enrolment.student.branch)
    change(by, enrolment, activated_on=activated_on, entered_on=entered_on)
    publish(by, FamiliesChanged((enrolment.student_id,), since=activated_on.isoformat()))
    return enrolment


def check_activation(enrolment: Enrolment, activated_on: date) -> None:
    """Refuses a day on which this enrolment may not be activated; the preview and the deed ask the same."""
    if enrolment.activated_on is not None:
        raise AlreadyActive
    if not rules.may_activate(enrolment.starts_on, activated_on):
        raise ActivationBeforeJoining(first=enrolment.starts_on)
    if activated_on >= enrolment.group.ends_on:
        raise ActivationOutsideGroup(last=enrolment.group.ends_on - timedelta(days=1))


@verb("courses.enrol")
def undo_enrolment(by: Actor, *, enrolment_id: int) -> Enrolment:
    """Takes an enrolment back that had no consequence yet: on trial, and in no lesson that was conducted since."""
    rows = Enrolment.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    enrolment: Enrolment = rows.select_related("group", "student").one(pk=enrolment_id)
    # Locked: one that is being conducted at this moment counts. Those ahead cannot be; today may have begun elsewhere.
    lessons = Lesson.objects.visible_to(by).filter(
        group_id=enrolment.group_id, held_on__gte=enrolment.starts_on, held_on__lte=by.today + timedelta(days=1)
    )
    states = {row.status for row in lessons.select_for_update(of=("self",), no_key=True).order_by("id")}
    if enrolment.activated_on is not None or LessonStatus.CONDUCTED in states:
        raise EnrolmentCounts
    note(by, enrolment, was={"starts_on": enrolment.starts_on}, now={"starts_on": None})
    Enrolment.objects.visible_to(by).filter(pk=enrolment_id).delete()
    publish(by, TuitionFactsChanged((enrolment.student_id,)))
    return enrolment


@verb("courses.enrol")
def take_back_enrolments(by: Actor, *, student_ids: Collection[int]) -> None:
    """Removes every enrolment of students who came by mistake and were in no lesson."""
    Enrolment.objects.visible_to(by).filter(student_id__in=student_ids).delete()


@verb("courses.edit")
def remove_empty_groups(by: Actor, *, group_ids: Collection[int]) -> None:
    """Removes those of the groups that nobody is in and that have had no lesson; their courses stay."""
    used = Enrolment.objects.visible_to(by).values("group_id")
    taught = Lesson.objects.visible_to(by).exclude(status=LessonStatus.PLANNED).values("group_id")
    rows = Group.objects.visible_to(by).filter(pk__in=group_ids).exclude(pk__in=used).exclude(pk__in=taught)
    Lesson.objects.visible_to(by).filter(group__in=rows).delete()
    rows.delete()


def students_of(by: Actor, group_id: int) -> tuple[int, ...]:
    """Everyone who is or was in the group."""
    rows = Enrolment.objects.visible_to(by).filter(group_id=group_id).order_by("student_id")
    return tuple(rows.values_list("student_id", flat=True).distinct())


def students_on(by: Actor, lesson: Lesson) -> tuple[int, ...]:
    """Everyone whose money a planned lesson concerns: of its group, or its one student.

    Who is put on a lesson of nobody is charged for being there, and not before.
    """
    if lesson.group_id is not None:
        return students_of(by, lesson.group_id)
    return () if lesson.student_id is None else (lesson.student_id,)


def _check_day(group: Group, on: date) -> None:
    if not rules.may_join(Period(group.starts_on, group.ends_on), on):
        raise JoinOutsideGroup(first=group.starts_on, last=group.ends_on - timedelta(days=1))


def check_joining(by: Actor, group: Group, student: Student, starts_on: date, ends_on: date | None) -> None:
    """Refuses what `enrol_student` would refuse; who comes only from `ends_on` on (None: open) is not in the way."""
    _check_day(group, starts_on)
    if student.branch_id != group.branch_id:
        raise StudentElsewhere
    rows = Enrolment.objects.visible_to(by).filter(group=group).exclude(ends_on__lte=starts_on)
    rows = rows if ends_on is None else rows.filter(starts_on__lt=ends_on)
    if rows.filter(student=student).exists():
        raise AlreadyEnrolled
    taken = rows.count()
    if group.branch.blocks_capacity and not rules.has_place(group.capacity, taken):
        raise GroupIsFull


def _check_life(starts_on: date, last_on: date, schedule: Schedule) -> None:
    if last_on < starts_on:
        raise GroupEndsBeforeStart
    if last_on - starts_on > LONGEST_GROUP:
        raise GroupTooLong
    if bool(schedule.weekdays) != (schedule.starts_time is not None):
        raise ScheduleIncomplete


def check_parts(by: Actor, branch: Branch, course: Course, *, teacher_id: int | None, room_id: int | None) -> None:
    if course.currency != branch.currency:
        raise CourseInOtherCurrency
    if teacher_id is not None:
        Member.objects.visible_to(by).one(pk=teacher_id)
    if room_id is not None and Room.objects.visible_to(by).one(pk=room_id).branch_id != branch.pk:
        raise RoomElsewhere


def _check_charging(course: Course, charging: Charging, price: int | None) -> None:
    """The course's price is for the course's way: 300 000 a month is not the price of a lesson."""
    if charging.plan:
        check_counts(charging.plan, charging.lessons_count or 1, charging.module_lessons, charging.months)
    if charging.plan not in ("", course.plan) and price is None:
        raise OtherWayNeedsPrice


def _set_schedule(by: Actor, group: Group, course: Course, schedule: Schedule, *, since: date) -> None:
    """The schedule from `since` on; what was in force before that day stays on record."""
    now_valid = Recurrence.objects.visible_to(by).filter(group=group, valid_until=None)
    had = {(row.weekday, row.starts_time, row.minutes) for row in now_valid}
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
    rows = Recurrence.objects.visible_to(by).filter(group=group).exclude(valid_until__lte=since)
    rows.filter(Q(valid_from__gte=since) | Q(valid_from=None, group__starts_on__gte=since)).delete()
    rows.update(valid_until=since)
    was_any = Recurrence.objects.visible_to(by).filter(group=group).exists()
    _write_schedule(by, group, course, schedule, valid_from=since if was_any else None, was=had)


def _write_schedule(
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
    now = {"weekdays": sorted(schedule.weekdays), "starts_time": at}
    if rows or was:
        Recurrence.objects.bulk_create(rows)
        note(by, group, was={"weekdays": sorted(day for day, _at, _minutes in was)}, now=now)
    return rows


def _follow_group(by: Actor, group: Group, was: Group, *, since: date) -> None:
    """Lessons that the group's teacher was to give in the group's room go to the new ones; substitutes stay."""
    ahead = Lesson.objects.visible_to(by).filter(group=group, held_on__gte=since, status=LessonStatus.PLANNED)
    for name in ("teacher_id", "room_id"):
        if getattr(group, name) != getattr(was, name):
            rows = list(ahead.filter(**{name: getattr(was, name)}))
            check_free(by, rows, [{name: getattr(group, name)}] * len(rows))
            ahead.filter(pk__in=[row.pk for row in rows]).update(**{name: getattr(group, name)})


def make_lessons(by: Actor, group: Group, branch: Branch, *, since: date) -> None:
    """Planned lessons from `since` on become what the schedule says; those outside the group's life go."""
    wanted = _wanted(group, Recurrence.objects.visible_to(by).filter(group=group), since)
    rows = Lesson.objects.visible_to(by).filter(group=group)
    # Locked before it is decided: a lesson being conducted meanwhile is seen as conducted and stays.
    locked = list(rows.select_for_update(of=("self",), no_key=True).order_by("id"))
    kept = {(row.held_on, row.starts_time): row for row in locked if row.held_on >= since}
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
    # A conducted lesson of that day stands for the one the schedule wants at another hour, and so does one moved away.
    held = {on for (on, _at), row in kept.items() if row.status == LessonStatus.CONDUCTED}
    held |= {row.moved_from for row in locked if row.moved_from is not None}
    _plan(by, group, branch, {at: rule for at, rule in wanted.items() if at not in kept and at[0] not in held})


def _wanted(group: Group, weekly: Iterable[Recurrence], since: date) -> dict[tuple[date, time], Recurrence]:
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


def _plan(by: Actor, group: Group, branch: Branch, wanted: Mapping[tuple[date, time], Recurrence]) -> None:
    """Adds lessons in the order of their days, unless somebody else has the room or the teacher."""
    made = [(on, rule) for (on, _at), rule in sorted(wanted.items(), key=lambda item: item[0])]
    if branch.blocks_rooms or branch.blocks_teachers:
        planned = [_lesson(group, branch, on, rule) for on, rule in made]
        check_free(by, planned, [{}] * len(planned))
    write_lessons(group, branch, made)


def _lesson(group: Group, branch: Branch, on: date, rule: Recurrence) -> Lesson:
    starts_at = rules.instant(on, rule.starts_time, branch.timezone)
    return Lesson(
        org_id=group.org_id, branch=branch, group=group, teacher_id=rule.teacher_id or group.teacher_id,
        room_id=rule.room_id or group.room_id, held_on=on, starts_time=rule.starts_time, minutes=rule.minutes,
        starts_at=starts_at, ends_at=starts_at + timedelta(minutes=rule.minutes), holds_room=branch.blocks_rooms,
        holds_teacher=branch.blocks_teachers,
    )  # fmt: skip
