"""What a lesson would clash with if it were planned or moved as asked: said before it is saved."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from daftar.courses import rules
from daftar.courses.clashes import Clash, clashes
from daftar.courses.models import Course, Group, Lesson, Room
from daftar.courses.services import usual_minutes
from daftar.courses.timetable import AS_INTENDED, NOBODY, lessons_seen, slots_of
from daftar.courses.weekdays import first_day
from daftar.orgs.access import Actor, question
from daftar.orgs.models import Branch, Member
from daftar.people.models import Student

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date, time

    from daftar.courses.moves import Staffing

# A lesson in another branch stands on the day before or after where its clocks differ that much, or it passes midnight.
A_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Intended:
    """When and where a lesson would be; `minutes` None: as long as its type says, or else its course."""

    held_on: date
    starts_time: time
    staffing: Staffing
    type_id: int | None = None
    minutes: int | None = None


@dataclass(frozen=True)
class OfGroup:
    """One more lesson of a group; where no room or teacher is intended it has the group's."""

    group_id: int


@dataclass(frozen=True)
class Alone:
    """A lesson without a group: of a student, or (None) of whoever comes."""

    branch_id: int
    course_id: int
    student_id: int | None


@dataclass(frozen=True)
class Moved:
    """A lesson that there is, at another time or place; it is as long as it was."""

    lesson_id: int


@dataclass(frozen=True)
class Conflicts:
    """The lesson as it would be, not saved; what clashes with it, and the names of lessons that the actor may see."""

    lesson: Lesson
    clashes: tuple[Clash, ...]
    names: dict[int, str]


@question("courses.edit")
def conflicts_of(
    by: Actor, whose: OfGroup | Alone | Moved, intended: Intended, *, guests: Mapping[int, Collection[int]] = NOBODY
) -> Conflicts:
    """What would be marked in the timetable if this lesson were saved, by the same rules and in the same order.

    Clashes are looked for among all lessons of the centre. `guests`: as for `timetable`, of the day and those beside.
    """
    lesson = _lesson_of(by, whose, intended)
    over = Q(starts_at__lt=lesson.ends_at, ends_at__gt=lesson.starts_at)
    since, until = lesson.held_on - A_DAY, lesson.held_on + A_DAY
    slots, names = slots_of(by, since, until, guests, among=over, intended=lesson)
    here = slots[lesson.pk or AS_INTENDED]
    found = tuple(clashes(slots.values()).get(here.id, ()))
    others = [clash.other.id for clash in found if clash.other is not None]
    seen = set(lessons_seen(by).filter(pk__in=others).values_list("pk", flat=True)) if others else ()
    return Conflicts(lesson, found, {pk: name for pk, name in names.items() if pk in seen})


def _lesson_of(by: Actor, whose: OfGroup | Alone | Moved, intended: Intended) -> Lesson:
    made = {OfGroup: _of_group, Alone: _alone, Moved: _moved}[type(whose)](by, whose, intended)
    made.held_on, made.starts_time = intended.held_on, intended.starts_time
    made.starts_at = rules.instant(made.held_on, made.starts_time, made.branch.timezone)
    made.ends_at = made.starts_at + timedelta(minutes=made.minutes)
    # Set as rows, so that their names are at hand.
    made.room = _one(by, Room, made.room_id)
    made.teacher = _one(by, Member, made.teacher_id)
    return made


def _of_group(by: Actor, whose: Any, intended: Intended) -> Lesson:
    group: Group = Group.objects.visible_to(by).select_related("branch", "course").one(pk=whose.group_id)
    return Lesson(
        org_id=by.org_id, branch=group.branch, group=group,
        minutes=intended.minutes or usual_minutes(by, group.course, intended.type_id),
        room_id=intended.staffing.room_id or group.room_id,
        teacher_id=intended.staffing.teacher_id or group.teacher_id,
    )  # fmt: skip


def _alone(by: Actor, whose: Any, intended: Intended) -> Lesson:
    course: Course = Course.objects.visible_to(by).one(pk=whose.course_id)
    return Lesson(
        org_id=by.org_id, branch=Branch.objects.visible_to(by).one(pk=whose.branch_id), course=course,
        student=_one(by, Student, whose.student_id),
        minutes=intended.minutes or usual_minutes(by, course, intended.type_id), **asdict(intended.staffing),
    )  # fmt: skip


def _moved(by: Actor, whose: Any, intended: Intended) -> Lesson:
    lesson: Lesson = Lesson.objects.visible_to(by).select_related("branch", "group").one(pk=whose.lesson_id)
    first_on = first_day(lesson)
    lesson.moved_from = None if first_on == intended.held_on else first_on
    lesson.room_id, lesson.teacher_id = intended.staffing.room_id, intended.staffing.teacher_id
    return lesson


def _one(by: Actor, model: Any, pk: int | None) -> Any:
    return None if pk is None else model.objects.visible_to(by).one(pk=pk)
