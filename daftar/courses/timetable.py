"""Questions about who is where and when: the lessons of some days with what clashes, and what is free."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Count, F, Q

from daftar.courses.clashes import Busy, Clash, Slot, clashes, gaps, is_free, nearest
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Enrolment, Group, Holiday, Lesson, Recurrence, Room
from daftar.courses.queries import lesson_name
from daftar.courses.rules import Membership, instant
from daftar.courses.schedules import in_force
from daftar.courses.weekdays import lessons_of_member, members
from daftar.orgs.access import Actor, question
from daftar.orgs.models import Branch, Member

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date

AHEAD, BACK = 14, 7
# Where a branch does not say when it is open.
EARLY, LATE = time(8), time(21)
QUARTER = timedelta(minutes=15)
NOBODY: Mapping[int, Collection[int]] = MappingProxyType({})
EVERY = Q()
# The id of the slot of a lesson that has none yet.
AS_INTENDED = 0


@dataclass(frozen=True)
class Wanted:
    """Which lessons are shown; None: of all."""

    branch_id: int | None = None
    teacher_id: int | None = None
    room_id: int | None = None
    group_id: int | None = None
    course_id: int | None = None

    def of(self, rows: Any) -> Any:
        """Lessons narrowed to these."""
        paths = {
            "branch_id": self.branch_id, "teacher_id": self.teacher_id, "room_id": self.room_id,
            "group_id": self.group_id,
        }  # fmt: skip
        rows = rows.filter(**{path: value for path, value in paths.items() if value is not None})
        if self.course_id is None:
            return rows
        return rows.filter(Q(course_id=self.course_id) | Q(group__course_id=self.course_id))


@dataclass(frozen=True)
class Shown:
    """A lesson of the timetable: how many are expected, and what clashes with it."""

    lesson: Lesson
    size: int
    clashes: tuple[Clash, ...]


@dataclass(frozen=True)
class Timetable:
    """Lessons in order, and the names of those that clashes are with."""

    lessons: list[Shown]
    names: dict[int, str]


@question("courses.view")
def timetable(
    by: Actor, *, since: date, until: date, wanted: Wanted = Wanted(), guests: Mapping[int, Collection[int]] = NOBODY
) -> Timetable:
    """The lessons from `since` to `until`, both included, with what clashes with each; a teacher sees own ones.

    Clashes are looked for among all lessons of the centre: a teacher may be in another branch. `guests`: the students
    who come to lessons without being of their groups, by lesson (`attendance.queries.guests_between`).
    """
    rows = wanted.of(lessons_seen(by).filter(held_on__range=(since, until)))
    joined = rows.select_related("group__course", "course", "student", "branch", "room", "teacher", "type")
    lessons = list(joined.order_by("starts_at", "group__name", "id"))
    if not lessons:
        return Timetable([], {})
    slots, names = slots_of(by, since, until, guests)
    found = clashes(slots.values())
    return Timetable(
        [
            Shown(row, len(slots[row.pk].students) if row.pk in slots else 0, tuple(found.get(row.pk, ())))
            for row in lessons
        ],
        names,
    )


@question("courses.view")
def lessons_per_day(by: Actor, *, since: date, until: date, wanted: Wanted = Wanted()) -> dict[date, int]:
    """How many lessons take place on each day that has any."""
    rows = wanted.of(lessons_seen(by).filter(held_on__range=(since, until))).exclude(status=LessonStatus.CANCELLED)
    return dict(rows.order_by().values("held_on").annotate(number=Count("pk")).values_list("held_on", "number"))


@dataclass(frozen=True)
class Weekly:
    """A weekly lesson of a running group, or of none: the weekdays it meets on at that time in that room."""

    group_id: int | None
    student_id: int | None
    name: str
    course: str
    places: int | None
    weekdays: tuple[int, ...]
    starts_time: time
    minutes: int
    room: Room | None
    teacher: Member | None
    students: int


@question("courses.view")
def weekly(by: Actor, *, wanted: Wanted = Wanted()) -> list[Weekly]:
    """The weekly schedule in force today, one line for each time and room of a group, a student or a weekly trial."""
    groups = Group.objects.visible_to(by).filter(ends_on__gt=by.today)
    alone = Q(group=None, branch__in=Branch.objects.visible_to(by), valid_from__lte=by.today, valid_until__gt=by.today)
    if not by.may("courses.see_all"):
        alone &= Q(teacher_id=by.member_id)
    rows = Recurrence.objects.visible_to(by).filter(Q(group__in=groups) & in_force(by.today) | alone)
    rows = rows.select_related("group__course", "group__teacher", "group__room", "course", "student", "room", "teacher")
    if wanted.branch_id is not None:
        rows = rows.filter(Q(group__branch_id=wanted.branch_id) | Q(branch_id=wanted.branch_id))
    if wanted.course_id is not None:
        rows = rows.filter(Q(group__course_id=wanted.course_id) | Q(course_id=wanted.course_id))
    if wanted.group_id is not None:
        rows = rows.filter(group_id=wanted.group_id)
    days: dict[tuple[Any, ...], list[Recurrence]] = defaultdict(list)
    for row in rows.order_by("weekday", "id"):
        whose = (row.group_id, row.student_id, row.course_id, row.teacher_id)
        days[*whose, row.starts_time, row.minutes, row.room_id].append(row)
    sizes = _sizes_today(by, {key[0] for key in days if key[0] is not None})
    found = []
    for same in days.values():
        first, group = same[0], same[0].group
        room, teacher = (
            first.room or (group.room if group else None),
            first.teacher or (group.teacher if group else None),
        )
        if wanted.teacher_id in (None, teacher and teacher.pk) and wanted.room_id in (None, room and room.pk):
            weekdays = tuple(row.weekday for row in same)
            number = int(first.student_id is not None) if group is None else sizes.get(group.pk, 0)
            name, course = str(group or first.student or first.course), str(group.course if group else first.course)
            when = (weekdays, first.starts_time, first.minutes)
            places = group.capacity if group else None
            found.append(Weekly(first.group_id, first.student_id, name, course, places, *when, room, teacher, number))
    return found


@dataclass(frozen=True)
class Suggestion:
    """A time at which a lesson could be held: its room (or another that is free), and its teacher, are free."""

    on: date
    at: time
    room: Room | None


@question("courses.edit")
def suggestions(by: Actor, lesson: Lesson, *, most: int = 3) -> list[Suggestion]:
    """The nearest free times for a lesson in the next two weeks, in its group's life: the same hour first."""
    group, branch = lesson.group, lesson.branch
    here = by.at
    first = max(lesson.held_on - timedelta(days=BACK), by.today)
    last = max(lesson.held_on, by.today) + timedelta(days=AHEAD)
    if group is not None:
        last = min(last, group.ends_on - timedelta(days=1))
    if last < first:
        return []
    rooms = _rooms_for(by, lesson)
    busy = _busy(by, first, last, lesson)
    off = _days_off(by, first, last).get(branch.pk, set())
    opens, closes = branch.opens_at or EARLY, branch.closes_at or LATE
    days = [first + timedelta(days=count) for count in range((last - first).days + 1)]
    length, chosen = timedelta(minutes=lesson.minutes), {}

    def accepts(at: datetime) -> bool:
        starts = instant(at.date(), at.time(), branch.timezone)
        if starts <= here or not is_free(busy["teacher"], starts, starts + length):
            return False
        free = [room for room in rooms if room is None or is_free(busy[room.pk], starts, starts + length)]
        if free:
            chosen[at] = free[0]
        return bool(free)

    wanted = datetime.combine(lesson.held_on, lesson.starts_time)
    times = [
        at
        for day in days
        if day not in off
        for at in _quarters(day, opens, closes, length)
        if abs(at - wanted) >= length
    ]
    return [Suggestion(at.date(), at.time(), chosen[at]) for at in nearest(times, wanted, most=most, accepts=accepts)]


@dataclass(frozen=True)
class FreeTime:
    """A stretch of a day in which something is free; local times."""

    room: Room | None
    starts_time: time
    ends_time: time


@question("courses.view")
def free_times(
    by: Actor, *, branch: Branch, on: date, minutes: int, teacher_id: int | None = None, room_id: int | None = None,
    student_id: int | None = None, as_guest: Collection[int] = (),
) -> list[FreeTime]:  # fmt: skip
    """Where at least so many minutes are free on a day, by room, for this teacher and this student too (None: any).

    `as_guest` are the ids of lessons that the student comes to without being of their groups.
    """
    opens, closes = branch.opens_at or EARLY, branch.closes_at or LATE
    start, end = datetime.combine(on, opens), datetime.combine(on, closes)
    everywhere = replace(by.trusted(), branch_ids=None)
    rows = Lesson.objects.visible_to(everywhere).filter(held_on=on).exclude(status=LessonStatus.CANCELLED)
    people = Q(pk__in=())
    if teacher_id is not None:
        people |= Q(teacher_id=teacher_id)
    if student_id is not None:
        people |= lessons_of_member(everywhere, student_id) | Q(pk__in=as_guest)
    theirs = [_local(*row) for row in rows.filter(people).values_list("held_on", "starts_time", "minutes")]
    rooms = Room.objects.visible_to(by).filter(branch=branch).order_by("name", "id")
    rooms = rooms if room_id is None else rooms.filter(pk=room_id)
    taken: dict[int, list[Busy]] = defaultdict(list)
    for pk, *when in rows.filter(room__in=rooms).values_list("room_id", "held_on", "starts_time", "minutes"):
        taken[pk].append(_local(*when))
    length = timedelta(minutes=minutes)
    return [
        FreeTime(room, gap.starts_at.time(), gap.ends_at.time())
        for room in rooms
        for gap in gaps([*taken[room.pk], *theirs], start, end, length)
    ]


def lessons_seen(by: Actor) -> Any:
    """Lessons the actor may see: all, or the own ones; verbs and questions that permit it ask."""
    rows = Lesson.objects.visible_to(by)
    if by.may("courses.see_all"):
        return rows
    taught = list(Group.objects.visible_to(by).filter(teacher_id=by.member_id).values_list("pk", flat=True))
    return rows.filter(Q(teacher_id=by.member_id) | Q(group_id__in=taught))


def slots_of(
    by: Actor, since: date, until: date, guests: Mapping[int, Collection[int]], *, among: Q = EVERY,
    intended: Lesson | None = None,
) -> tuple[dict[int, Slot], dict[int, str]]:  # fmt: skip
    """Every lesson of the centre that takes place in these days, by id, and their names; questions that permit it ask.

    `among` narrows them. `intended` is a lesson as it would be, instead of the one of its id (none yet: AS_INTENDED).
    """
    everywhere = replace(by.trusted(), branch_ids=None)
    rows = Lesson.objects.visible_to(everywhere).filter(among, held_on__range=(since, until))
    named = rows.exclude(status=LessonStatus.CANCELLED).annotate(name_=lesson_name())
    found = [_Row(*row) for row in named.values_list(*_COLUMNS)]
    if intended is not None:
        found.append(_row_of(intended))  # the last of its id: it takes the place of the lesson as it is
    of_group = _members(everywhere, {row.group_id for row in found if row.group_id is not None}, since, until)
    off = _days_off(by, since, until)
    slots = {}
    for row in found:
        expected = {each.student_id for each in of_group[row.group_id] if each.expects(row.held_on, row.first_on)}
        own = None if row.student_id is None else frozenset({row.student_id})
        slots[row.id] = Slot(
            id=row.id, starts_at=row.starts_at, ends_at=row.ends_at, room_id=row.room_id, teacher_id=row.teacher_id,
            students=own or frozenset(expected).union(guests.get(row.id, ())),
            places=min((each for each in row.sizes if each is not None), default=None),
            is_closed=_is_closed(row.starts_time, row.minutes, row.opens_at, row.closes_at),
            is_off=row.held_on in off.get(row.branch_id, ()),
        )  # fmt: skip
    return slots, {row.id: row.name for row in found}


class _Row(NamedTuple):
    """What of a lesson its slot needs, in the order of _COLUMNS."""

    id: int
    group_id: Any  # of a lesson without a group: None, which has no members
    held_on: date
    moved_from: date | None
    starts_time: time
    minutes: int
    starts_at: datetime
    ends_at: datetime
    room_id: int | None
    teacher_id: int | None
    student_id: int | None
    name: str
    branch_id: int
    places: int | None
    seats: int | None
    opens_at: time | None
    closes_at: time | None

    @property
    def first_on(self) -> date:
        return self.moved_from or self.held_on

    @property
    def sizes(self) -> tuple[int | None, int | None]:
        return self.places, self.seats


_COLUMNS = (
    "id", "group_id", "held_on", "moved_from", "starts_time", "minutes", "starts_at", "ends_at", "room_id",
    "teacher_id", "student_id", "name_", "branch_id", "group__capacity", "room__capacity", "branch__opens_at",
    "branch__closes_at",
)  # fmt: skip


def _row_of(lesson: Lesson) -> _Row:
    """The same of a lesson that is not saved, or not yet as it would be."""
    places, branch = (lesson.group.capacity if lesson.group else None), lesson.branch
    return _Row(
        lesson.pk or AS_INTENDED, lesson.group_id, lesson.held_on, lesson.moved_from, lesson.starts_time,
        lesson.minutes, lesson.starts_at, lesson.ends_at, lesson.room_id, lesson.teacher_id, lesson.student_id, "",
        branch.pk, places, lesson.room.capacity if lesson.room else None, branch.opens_at, branch.closes_at,
    )  # fmt: skip


def _members(by: Actor, group_ids: Iterable[int], since: date, until: date) -> dict[int, list[Membership]]:
    rows = Enrolment.objects.visible_to(by).filter(group_id__in=list(group_ids), starts_on__lte=until)
    found: dict[int, list[Membership]] = defaultdict(list)
    for each in members(rows.exclude(ends_on__lte=since)):
        found[each.group_id].append(each)
    return found


def _is_closed(at: time, minutes: int, opens: time | None, closes: time | None) -> bool:
    if opens is None or closes is None:
        return False
    return at < opens or _minutes(at) + minutes > _minutes(closes)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _days_off(by: Actor, since: date, until: date) -> dict[int, set[date]]:
    """By branch the days on which nobody learns."""
    everywhere = replace(by.trusted(), branch_ids=None)
    off: dict[int, set[date]] = defaultdict(set)
    rows = list(Holiday.objects.visible_to(everywhere).filter(on__range=(since, until)).values_list("branch_id", "on"))
    if rows:
        every = list(Branch.objects.visible_to(everywhere).values_list("pk", flat=True))
        for branch_id, on in rows:
            for pk in every if branch_id is None else [branch_id]:
                off[pk].add(on)
    return off


def _rooms_for(by: Actor, lesson: Lesson) -> list[Room | None]:
    """The rooms a lesson fits into, its own first; [None] where it has none."""
    if lesson.room is None:
        return [None]
    rows = Room.objects.visible_to(by).filter(branch_id=lesson.room.branch_id).exclude(pk=lesson.room_id)
    enough = 1
    if lesson.group_id is not None:
        members = Enrolment.objects.visible_to(by).filter(group_id=lesson.group_id)
        enough = members.exclude(ends_on__lte=by.today).count()
    others = rows.filter(Q(capacity=None) | Q(capacity__gte=enough)).order_by(
        F("capacity").asc(nulls_last=True), "name"
    )
    return [lesson.room, *others]


def _busy(by: Actor, first: date, last: date, lesson: Lesson) -> dict[Any, list[Busy]]:
    """What is taken from day to day: by room, and the lesson's teacher, group and student under "teacher"."""
    everywhere = replace(by.trusted(), branch_ids=None)
    rows = Lesson.objects.visible_to(everywhere).filter(held_on__range=(first, last)).exclude(pk=lesson.pk)
    concerned = Q(branch_id=lesson.branch_id) | Q(teacher_id=lesson.teacher_id, teacher__isnull=False)
    taken: dict[Any, list[Busy]] = defaultdict(list)
    columns = ("starts_at", "ends_at", "room_id", "teacher_id", "group_id", "student_id")
    mine = {("teacher", lesson.teacher_id), ("group", lesson.group_id), ("student", lesson.student_id)}
    shown = rows.filter(concerned).exclude(status=LessonStatus.CANCELLED).values_list(*columns)
    for starts, ends, room_id, *whose in shown:
        taken[room_id].append(Busy(starts, ends))
        names = zip(("teacher", "group", "student"), whose, strict=True)
        if any(each in mine for each in names if each[1] is not None):
            taken["teacher"].append(Busy(starts, ends))
    return taken


def _quarters(day: date, opens: time, closes: time, length: timedelta) -> list[datetime]:
    start, end = datetime.combine(day, opens), datetime.combine(day, closes)
    return [start + QUARTER * count for count in range(max((end - start - length) // QUARTER + 1, 0))]


def _local(on: date, at: time, minutes: int) -> Busy:
    starts = datetime.combine(on, at)
    return Busy(starts, starts + timedelta(minutes=minutes))


def _sizes_today(by: Actor, group_ids: Collection[int]) -> dict[int, int]:
    rows = Enrolment.objects.visible_to(by).filter(group_id__in=group_ids).exclude(ends_on__lte=by.today)
    return dict(rows.values("group_id").annotate(number=Count("pk")).values_list("group_id", "number"))
