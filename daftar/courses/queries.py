"""Questions about what is planned."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce

from daftar.courses.kinds import LessonStatus
from daftar.courses.models import (
    Course,
    Enrolment,
    Group,
    Holiday,
    Lesson,
    LessonType,
    Recurrence,
    Room,
    Suspension,
)
from daftar.courses.schedules import in_force
from daftar.courses.weekdays import coming, first_day, with_off
from daftar.lib.errors import NotFound
from daftar.orgs.access import Actor, question

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, time

    from daftar.lib.tenancy import Asker, TenantQuerySet


def lesson_name(path: str = "") -> Coalesce:
    """The name of a lesson, as SQL; `path` leads to the lesson."""
    return Coalesce(f"{path}group__name", f"{path}student__full_name", f"{path}course__name")


@dataclass(frozen=True)
class WeeklySchedule:
    """When a group meets: ISO weekdays and the local time of the first; no days and no time: not set yet.

    `other_times`: weekdays that begin at another hour than the first. `extra`: regular lessons beside these days.
    """

    weekdays: tuple[int, ...]
    starts_time: time | None
    other_times: tuple[tuple[int, time], ...] = ()
    extra: tuple[tuple[int, time], ...] = ()


@question("courses.view")
def get_group(by: Actor, group_id: int) -> Group:
    """The group with course, teacher, room and branch; NotFound when invisible."""
    return Group.objects.visible_to(by).select_related("course", "teacher", "room", "branch").one(pk=group_id)


@dataclass(frozen=True)
class WantedGroups:
    """Which groups are asked for: of a teacher or a course, that meet on one of some weekdays, that run in a period."""

    teacher_id: int | None = None
    course_id: int | None = None
    weekdays: tuple[int, ...] = ()
    since: date | None = None
    until: date | None = None

    def among(self, by: Actor, rows: TenantQuerySet[Group]) -> TenantQuerySet[Group]:
        """Those of the groups that are."""
        asked = {
            "teacher_id": self.teacher_id, "course_id": self.course_id, "ends_on__gt": self.since,
            "starts_on__lte": self.until,
        }  # fmt: skip
        rows = rows.filter(**{name: value for name, value in asked.items() if value is not None})
        if self.weekdays:
            weekly = Recurrence.objects.visible_to(by).filter(weekday__in=self.weekdays).filter(in_force(by.today))
            rows = rows.filter(pk__in=weekly.values("group_id"))
        return rows


@question("courses.view")
def groups(
    by: Actor, *, q: str = "", is_over: bool = False, wanted: WantedGroups | None = None
) -> TenantQuerySet[Group]:
    """Groups by name, running or over."""
    today = by.today
    rows = Group.objects.visible_to(by).select_related("course", "teacher", "room", "branch")
    rows = rows.filter(ends_on__lte=today) if is_over else rows.filter(ends_on__gt=today)
    if q.strip():
        rows = rows.filter(Q(name__icontains=q.strip()) | Q(course__name__icontains=q.strip()))
    if wanted is not None:
        rows = wanted.among(by, rows)
    return rows.order_by("name", "id")


@question("courses.view")
def sizes(by: Actor, group_ids: Collection[int]) -> dict[int, int]:
    """How many students each group has today; those who join later count, those who left do not."""
    rows = Enrolment.objects.visible_to(by).filter(group_id__in=group_ids).exclude(ends_on__lte=by.today)
    counted = rows.values("group_id").annotate(number=Count("pk")).values_list("group_id", "number")
    return dict.fromkeys(group_ids, 0) | dict(counted)


@question("courses.view")
def schedules(by: Actor, group_ids: Collection[int]) -> dict[int, WeeklySchedule]:
    """The weekly schedule of each group, as it is today or when the group begins."""
    days: dict[int, list[tuple[int, time]]] = defaultdict(list)
    extra: dict[int, list[tuple[int, time]]] = defaultdict(list)
    rows = Recurrence.objects.visible_to(by).filter(in_force(by.today), group_id__in=group_ids)
    columns = ("group_id", "is_extra", "weekday", "starts_time")
    for group_id, is_extra, *when in rows.order_by("weekday", "starts_time").values_list(*columns):
        (extra if is_extra else days)[group_id].append((when[0], when[1]))
    return {group_id: _weekly(days[group_id], tuple(extra[group_id])) for group_id in group_ids}


def _weekly(days: list[tuple[int, time]], extra: tuple[tuple[int, time], ...]) -> WeeklySchedule:
    if not days:
        return WeeklySchedule((), None, extra=extra)
    first = days[0][1]
    others = tuple(each for each in days if each[1] != first)
    return WeeklySchedule(tuple(day for day, _at in days), first, others, extra)


@question("courses.view")
def lessons_of_group(by: Actor, group_id: int, *, since: date, until: date) -> list[Any]:
    """Lessons of a group from `since` to `until`, both included, in order; `is_off`: on a day off."""
    seen = Group.objects.visible_to(by).filter(pk=group_id)
    rows = Lesson.objects.visible_to(by).filter(group__in=seen, held_on__range=(since, until))
    return list(rows.annotate(is_off=on_day_off(by)).order_by("held_on", "starts_time", "id"))


@dataclass(frozen=True)
class Day:
    """Lessons of a day by time, each with `is_off` (it is a day off), and how many more there are."""

    lessons: list[Any]
    more: int


@question("courses.view")
def lessons_on(by: Actor, on: date, *, most: int | None = None) -> Day:
    """Lessons of a day that the actor may see; a teacher's own ones and those given as a substitute.

    Of more than `most` the actor's own come first, then those that are not over, the next ones before the later.
    """
    rows = Lesson.objects.visible_to(by).filter(held_on=on)
    # Known before the lessons are asked for, so that an index finds them and not a look at all of the day.
    taught = list(Group.objects.visible_to(by).filter(teacher_id=by.member_id).values_list("pk", flat=True))
    mine = Q(teacher_id=by.member_id) | Q(group_id__in=taught)
    if not by.may("courses.see_all"):
        rows = rows.filter(mine)
    total = rows.count() if most is not None else 0
    joined = rows.select_related("group", "course", "student", "branch", "room", "teacher", "type")
    joined = joined.annotate(is_off=on_day_off(by))
    if most is None or total <= most:
        return Day(list(joined.order_by("starts_at", "group__name", "id")), 0)
    # Each part in the order of the index, and only as far as it is shown: of thousands few are read.
    near = list(rows.filter(mine).order_by("starts_at", "id").values_list("pk", flat=True)[:most])
    for part in (rows.filter(ends_at__gt=by.at), rows.filter(ends_at__lte=by.at)):
        if len(near) < most:
            others = part.exclude(mine).order_by("starts_at", "id").values_list("pk", flat=True)
            near += others[: most - len(near)]
    return Day(sorted(joined.filter(pk__in=near), key=lambda row: (row.starts_at, row.name, row.pk)), total - most)


@question("courses.view")
def get_enrolment(by: Actor, enrolment_id: int) -> Any:
    """The enrolment with student, group and `off`; NotFound when invisible or in a group the actor may not see."""
    rows = Enrolment.objects.visible_to(by).select_related("student__branch", "group__course", "group__teacher")
    enrolment: Any = with_off(by, rows).one(pk=enrolment_id)
    if not by.may("courses.see_all") and enrolment.group.teacher_id != by.member_id:
        raise NotFound
    return enrolment


def with_pause(by: Asker, rows: Any, on: date) -> Any:
    """Enrolments with `is_paused`: whether a pause of the student holds on a day, in this group or in all."""
    pauses = Suspension.unguarded.filter(org_id=by.org_id, student_id=OuterRef("student_id"), starts_on__lte=on)
    here = pauses.exclude(ends_on__lte=on).filter(Q(group=None) | Q(group_id=OuterRef("group_id")))
    return rows.annotate(is_paused=Exists(here))


def members_on(by: Asker, group_id: int | None, on: date) -> Any:
    """The enrolments of a group that hold on a day, with `is_paused` on it; verbs and questions that permit it ask."""
    rows = Enrolment.objects.visible_to(by).filter(group_id=group_id, starts_on__lte=on)
    return with_pause(by, rows.exclude(ends_on__lte=on), on)


def members_at(by: Actor, lesson: Lesson) -> Any:
    """Those of them who come on the weekday of a lesson of their group; verbs and questions that permit it ask."""
    first_on = first_day(lesson)
    return coming(by, members_on(by, lesson.group_id, lesson.held_on), first_on, first_on.isoweekday())


def on_day_off(by: Asker) -> Exists:
    """Of lessons, as SQL: whether the centre or their branch is off on that day, so that a planned one is not held."""
    days_off = Holiday.unguarded.filter(org_id=by.org_id, on=OuterRef("held_on"))
    return Exists(days_off.filter(Q(branch=None) | Q(branch_id=OuterRef("branch_id"))))


def days_off_of(by: Actor, branch_id: int) -> TenantQuerySet[Holiday]:
    """The days off of a branch, those of the whole centre among them; verbs and questions that permit it ask."""
    everywhere = replace(by.trusted(), branch_ids=None)
    rows: TenantQuerySet[Holiday] = Holiday.objects.visible_to(everywhere).filter(Q(branch=None) | Q(branch=branch_id))
    return rows


@question("courses.view")
def roster(by: Actor, group_id: int) -> list[Any]:
    """Everyone who is or was in the group, by name: enrolments with student, `is_paused` (today), `off` (with_off).

    And `was_taught`.
    """
    seen = Group.objects.visible_to(by).filter(pk=group_id)
    rows = Enrolment.objects.visible_to(by).filter(group__in=seen).select_related("student__branch", "group")
    shown = with_off(by, with_pause(by, rows, by.today)).annotate(was_taught=_taught(by))
    return list(shown.order_by("student__sort_key", "id"))


@question("people.view")
def enrolments_of(by: Actor, student_id: int) -> list[Any]:
    """A student's enrolments, the newest first, with course, teacher, `is_paused` (today), `off` and `was_taught`."""
    rows = Enrolment.objects.visible_to(by).filter(student_id=student_id)
    shown = rows.select_related("group__course", "group__teacher").order_by("-starts_on", "-id")
    return list(with_off(by, with_pause(by, shown, by.today)).annotate(was_taught=_taught(by)))


def _taught(by: Actor) -> Exists:
    """Whether a lesson of the group was conducted since the enrolment began."""
    rows = Lesson.objects.visible_to(by).filter(group_id=OuterRef("group_id"), held_on__gte=OuterRef("starts_on"))
    return Exists(rows.filter(status=LessonStatus.CONDUCTED))


@question("courses.view")
def subjects(by: Actor) -> list[str]:
    """What the centre teaches, by name."""
    rows = Course.objects.visible_to(by).exclude(subject="").order_by("subject")
    return list(rows.values_list("subject", flat=True).distinct())


@question("courses.see_all")
def courses(by: Actor) -> list[Any]:
    """Courses by name, with `groups`: how many groups study them."""
    rows = Course.objects.visible_to(by).filter(is_archived=False).order_by("name", "id")
    counted = Group.objects.visible_to(by).values("course_id").annotate(number=Count("pk"))
    numbers = dict(counted.values_list("course_id", "number"))
    found = list(rows)
    for course in found:
        course.groups = numbers.get(course.pk, 0)
    return found


@question("courses.see_all")
def archived_courses(by: Actor) -> list[Course]:
    """Courses that are taught no more, by name."""
    return list(Course.objects.visible_to(by).filter(is_archived=True).order_by("name", "id"))


@question("courses.see_all")
def get_course(by: Actor, course_id: int) -> Course:
    """The course; NotFound when invisible."""
    return Course.objects.visible_to(by).one(pk=course_id)


@question("courses.see_all")
def own_lesson_types(by: Actor) -> list[LessonType]:
    """The centre's own types of lessons, by name; those that are archived too."""
    return list(LessonType.objects.visible_to(by).order_by("name", "id"))


@question("courses.see_all")
def get_lesson_type(by: Actor, type_id: int) -> LessonType:
    """The type; NotFound when there is none."""
    return LessonType.objects.visible_to(by).one(pk=type_id)


@question("courses.view")
def rooms(by: Actor) -> list[Room]:
    """Rooms by branch and name."""
    return list(Room.objects.visible_to(by).select_related("branch").order_by("branch_id", "name", "id"))


@question("courses.see_all")
def get_room(by: Actor, room_id: int) -> Room:
    """The room; NotFound when invisible."""
    return Room.objects.visible_to(by).one(pk=room_id)


@question("courses.view")
def get_lesson(by: Actor, lesson_id: int) -> Lesson:
    """The lesson with group, student, course, branch and organization; NotFound when invisible."""
    rows = Lesson.objects.visible_to(by).select_related("group", "student", "course", "branch__org")
    if not by.may("courses.see_all"):
        rows = rows.filter(Q(group__in=Group.objects.visible_to(by)) | Q(group=None, teacher_id=by.member_id))
    row: Lesson = rows.one(pk=lesson_id)
    return row


@dataclass(frozen=True)
class DaysOff:
    """Days off of one name that follow each other; `ids` are those of the days, `branch` is empty for all branches."""

    ids: tuple[int, ...]
    name: str
    branch: str
    branch_id: int | None
    starts_on: date
    last_on: date
    affects_payment: bool
    is_credited: bool | None
    is_mine: bool


@question("courses.view")
def days_off(by: Actor, year: int) -> list[DaysOff]:
    """The days off of a year, of the actor's branches and of the whole centre; `is_mine`: the actor may remove them."""
    rows = Holiday.objects.visible_to(replace(by, branch_ids=None)).filter(on__year=year)
    if by.branch_ids is not None:
        rows = rows.filter(Q(branch=None) | Q(branch__in=by.branch_ids))
    return _runs(by, rows)


@question("courses.view")
def get_days_off(by: Actor, holiday_id: int) -> DaysOff:
    """The days off that one day belongs to; NotFound when invisible."""
    row = Holiday.objects.visible_to(by).one(pk=holiday_id)
    near = Holiday.objects.visible_to(by).filter(name=row.name, on__year__range=(row.on.year - 1, row.on.year + 1))
    return next(run for run in _runs(by, near) if row.pk in run.ids)


def _runs(by: Actor, rows: Any) -> list[DaysOff]:
    found: list[DaysOff] = []
    for row in rows.select_related("branch").order_by(F("branch").asc(nulls_first=True), "on"):
        branch = row.branch.name if row.branch else ""
        same = (row.name, branch, row.affects_payment, row.is_credited, row.on - timedelta(days=1))
        last = found[-1] if found else None
        if last and (last.name, last.branch, last.affects_payment, last.is_credited, last.last_on) == same:
            found[-1] = replace(last, ids=(*last.ids, row.pk), last_on=row.on)
            continue
        is_mine = row.branch_id is not None or by.branch_ids is None
        found.append(
            DaysOff(
                (row.pk,), row.name, branch, row.branch_id, row.on, row.on, row.affects_payment, row.is_credited,
                is_mine,
            )
        )  # fmt: skip
    return sorted(found, key=lambda run: (run.starts_on, run.branch))


@question("people.view")
def lesson_names(by: Actor, lesson_ids: Collection[int]) -> dict[int, tuple[str, time]]:
    """Name and local time of each lesson."""
    rows = Lesson.objects.visible_to(by).filter(pk__in=lesson_ids).annotate(name_=lesson_name())
    return {pk: (name, at) for pk, name, at in rows.values_list("id", "name_", "starts_time")}
