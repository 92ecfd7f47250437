"""Verbs on courses, rooms, groups, their schedules and their students."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from daftar.courses import rules
from daftar.courses.catalogue import check_counts
from daftar.courses.events import TuitionFactsChanged
from daftar.courses.kinds import LessonKind, LessonStatus
from daftar.courses.memberships import hold_groups
from daftar.courses.models import Course, Enrolment, Group, Lesson, LessonType, Recurrence, Room
from daftar.courses.places import check_free
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
    ScheduleOutsideGroup,
    StudentElsewhere,
    TypeIsArchived,
    TypeOfAnotherKind,
    TypeOfOtherKind,
)
from daftar.courses.schedules import (
    NO_DAYS,
    Schedule,
    days_on,
    lesson_by,
    make_lessons,
    plan_lessons,
    set_schedule,
    wanted_lessons,
    write_schedule,
)
from daftar.lib.period import Period
from daftar.orgs.access import Actor, add, change, note, publish, verb
from daftar.orgs.models import Branch, Member
from daftar.orgs.queries import today_in
from daftar.people.events import FamiliesChanged
from daftar.people.models import Student

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, time


LONGEST_GROUP = timedelta(days=366 * 6)


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
    schedule: Schedule = NO_DAYS, teacher_id: int | None = None, room_id: int | None = None,
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
    weekly = write_schedule(by, group, course, schedule, valid_from=None)
    plan_lessons(by, group, branch, wanted_lessons(group, weekly, starts_on))
    return group


@verb("courses.edit")
def edit_group(
    by: Actor, *, group_id: int, name: str, starts_on: date, last_on: date, schedule: Schedule,
    teacher_id: int | None, room_id: int | None, capacity: int | None, charging: Charging | None = None,
    from_on: date | None = None,
) -> Group:  # fmt: skip
    """Changes a group; planned lessons follow the new schedule, what was conducted stays.

    The schedule counts from `from_on` (None: from today, or from the first day of a group that has not begun). Another
    way of `charging` (None: as it is) counts for those who are activated from now on.
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
    today = today_in(by, group.branch)
    since, schedule_since = (starts_on if starts_on != group.starts_on else today), max(today, starts_on)
    if from_on is not None and not schedule_since <= from_on <= last_on:
        raise ScheduleOutsideGroup(first=schedule_since, last=last_on)
    had = days_on(by, group, from_on or today)
    # Of a group that has not begun all days are to come, wherever its first day goes.
    from_on = from_on or (min(starts_on, today) if group.starts_on > today else today)
    was = Group(teacher_id=group.teacher_id, room_id=group.room_id)
    change(
        by, group, name=name, starts_on=starts_on, ends_on=last_on + timedelta(days=1), teacher_id=teacher_id,
        room_id=room_id, capacity=capacity, **({} if charging is None else asdict(charging)),
    )  # fmt: skip
    _follow_group(by, group, was, since=since)
    set_schedule(by, group, group.course, schedule, since=from_on, had=had)
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
    lesson = lesson_by(group, group.branch, held_on, Recurrence(starts_time=starts_time, minutes=length, **place))
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


def _follow_group(by: Actor, group: Group, was: Group, *, since: date) -> None:
    """Lessons that the group's teacher was to give in the group's room go to the new ones; substitutes stay."""
    ahead = Lesson.objects.visible_to(by).filter(group=group, held_on__gte=since, status=LessonStatus.PLANNED)
    for name in ("teacher_id", "room_id"):
        if getattr(group, name) != getattr(was, name):
            rows = list(ahead.filter(**{name: getattr(was, name)}))
            check_free(by, rows, [{name: getattr(group, name)}] * len(rows))
            ahead.filter(pk__in=[row.pk for row in rows]).update(**{name: getattr(group, name)})
