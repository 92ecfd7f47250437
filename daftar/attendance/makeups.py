"""Guests of a lesson, and lessons that make up for missed ones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, When
from django.utils.translation import gettext_lazy as _

from daftar.attendance.models import AbsenceReason, Attendance, Guest, MakeUp
from daftar.courses.events import TuitionFactsChanged
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Enrolment, Group, Lesson
from daftar.courses.queries import members_at, on_day_off
from daftar.courses.rules import Membership, has_place
from daftar.courses.weekdays import first_day, members
from daftar.lib.errors import NotFound, Refusal
from daftar.orgs.access import Actor, add, change, note, publish, question, verb
from daftar.people.models import Student

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from daftar.attendance.rules import Cell
    from daftar.lib.tenancy import TenantQuerySet

LOOK_AHEAD = timedelta(days=60)
MOST_PLACES = 30


class InLessonAlready(Refusal):
    constraints = ("guest_once",)
    text = _("The student is in this lesson already.")


class LessonOfOneStudent(Refusal):
    text = _("This is a lesson of one student; nobody else comes to it.")


class GuestWasMarked(Refusal):
    text = _("The student was marked in this lesson. Correct the mark instead.")


class LessonDoesNotTakePlace(Refusal):
    text = _("This lesson is cancelled. Restore it first.")


class MadeUpAlready(Refusal):
    constraints = ("make_up_made_once",)
    text = _("This miss is made up for already.")


class MakeUpExpired(Refusal):
    text = _("This miss could be made up for until %(until)s.")


class NoPlaceInLesson(Refusal):
    text = _("The lesson has no free place.")


@verb("attendance.add_guests")
def add_guest(by: Actor, *, lesson_id: int, student_id: int, make_up_id: int | None = None) -> Guest:
    """Someone of another group, or of none, comes to a lesson; with `make_up_id` it makes up for that miss.

    A lesson that makes up for one needs a free place; a guest the teacher takes in may be one too many.
    """
    lesson = lesson_to_join(by, lesson_id)
    everywhere = replace(by, branch_ids=None)
    student: Student = Student.objects.visible_to(everywhere).one(pk=student_id)
    if lesson.status == LessonStatus.CANCELLED:
        raise LessonDoesNotTakePlace
    if lesson.student_id is not None:
        raise LessonOfOneStudent
    if _is_in(by, lesson, student_id):
        raise InLessonAlready
    if make_up_id is not None:
        claim(by, make_up_id, lesson, student_id)
        if not has_place(_limit(lesson), _taken(by, [lesson])[lesson.pk]):
            raise NoPlaceInLesson
    guest = add(by, Guest, lesson=lesson, student=student)
    publish(by, TuitionFactsChanged((student_id,)))
    return guest


@verb("attendance.add_guests")
def remove_guest(by: Actor, *, lesson_id: int, student_id: int) -> Lesson:
    """Takes a guest back who was not marked yet; a miss to be made up for is owed again."""
    lesson = lesson_to_join(by, lesson_id)
    if Attendance.objects.visible_to(by).filter(lesson=lesson, student_id=student_id).exists():
        raise GuestWasMarked
    rows = Guest.objects.visible_to(by).filter(lesson=lesson, student_id=student_id)
    guest = rows.select_related("student", "lesson").one()
    note(by, guest, was={"student": guest.student}, now={"student": None})
    rows.delete()
    MakeUp.objects.visible_to(replace(by, branch_ids=None)).filter(made_in=lesson, student_id=student_id).update(
        made_in=None
    )
    publish(by, TuitionFactsChanged((student_id,)))
    return lesson


def settle_make_ups(by: Actor, lessons: Iterable[Lesson], cells: Mapping[tuple[int, int], Cell]) -> None:
    """Follows the marks of lessons (lesson id, student id -> mark): a miss whose reason gives a credit is owed.

    One that was corrected or cleared is owed no longer; one that is made up for already stays: what was promised is
    kept. As many statements for many lessons as for one. Called by the verbs that mark.
    """
    days = {lesson.pk: lesson.held_on for lesson in lessons}
    rows = {row.pk: row for row in AbsenceReason.objects.visible_to(by).filter(gives_credit=True)}
    away = {key: rows.get(cell.reason_id) for key, cell in cells.items() if cell.is_present is False}
    giving = {key: reason for key, reason in away.items() if reason is not None}
    owed = MakeUp.objects.visible_to(by).filter(missed_id__in=days)
    had = set(owed.values_list("missed_id", "student_id"))
    if gone := (cells.keys() - giving.keys()) & had:
        owed.filter(_pairs("missed_id", gone), made_in=None).delete()
    # Whoever does not come to make up for a miss still has that one, and not a second.
    everywhere = MakeUp.objects.visible_to(replace(by, branch_ids=None)).filter(made_in_id__in=days)
    had |= set(everywhere.values_list("made_in_id", "student_id"))
    MakeUp.objects.bulk_create(
        MakeUp(
            org_id=by.org_id, student_id=student_id, missed_id=lesson_id,
            until=None if reason.credit_days is None else days[lesson_id] + timedelta(days=reason.credit_days),
        )
        for (lesson_id, student_id), reason in sorted(giving.items())
        if (lesson_id, student_id) not in had
    )  # fmt: skip


def _pairs(name: str, keys: Iterable[tuple[int, int]]) -> Q:
    """Rows of a lesson (under `name`) and a student that are among these."""
    students: dict[int, list[int]] = defaultdict(list)
    for lesson_id, student_id in keys:
        students[lesson_id].append(student_id)
    return reduce(or_, (Q(**{name: pk}, student_id__in=ids) for pk, ids in students.items()))


@question("people.view")
def make_ups(by: Actor, *, state: str = "owed") -> TenantQuerySet[MakeUp]:
    """Misses that are "owed", "planned" (in a lesson not marked yet), "made" or "expired", the most urgent first.

    One whose student did not come to make up for it is owed again. `as_guest`: the student comes to `made_in` as one.
    """
    rows = _with_marks(by, MakeUp.objects.visible_to(by))
    rows = rows.select_related("student", *_NAMED)
    over = Q(until__lt=by.today)
    kinds: dict[str, Any] = {
        "owed": rows.filter(is_open=True).exclude(over), "planned": rows.filter(is_open=False, was_there=None),
        "made": rows.filter(was_there=True), "expired": rows.filter(over, is_open=True),
    }  # fmt: skip
    found: TenantQuerySet[MakeUp] = kinds[state].order_by("until", "missed__held_on", "id")
    return found


@question("people.view")
def make_ups_of(by: Actor, student_id: int) -> list[MakeUp]:
    """What a student may still make up for, the most urgent first."""
    return list(make_ups(by).filter(student_id=student_id))


@dataclass(frozen=True)
class FreePlace:
    """A lesson of another group of the same course with room for one more; `free` None: no limit."""

    lesson: Lesson
    free: int | None


@question("people.view")
def places_for(by: Actor, make_up: MakeUp) -> list[FreePlace]:
    """Lessons ahead in which a miss can be made up for: of other groups of its course, with a free place, in order."""
    last = min(make_up.until or by.today + LOOK_AHEAD, by.today + LOOK_AHEAD)
    missed = make_up.missed
    course = missed.studied
    rows = Lesson.objects.visible_to(by).filter(
        Q(group__course_id=course.pk) | Q(course_id=course.pk, student=None), ~on_day_off(by),
        branch__currency=course.currency, status=LessonStatus.PLANNED, held_on__range=(by.today, last),
        starts_at__gt=by.at,
    )  # fmt: skip
    if missed.group_id is not None:
        rows = rows.exclude(group_id=missed.group_id)
    lessons = list(
        rows.select_related("group", "course", "student", "room", "teacher").order_by("starts_at", "id")[
            : MOST_PLACES * 3
        ]
    )
    taken = _taken(by, lessons)
    mine = _own_lessons(by, make_up.student_id, lessons)
    found = [
        FreePlace(row, None if limit is None else limit - taken[row.pk])
        for row in lessons
        if has_place(limit := _limit(row), taken[row.pk]) and row.pk not in mine
    ]
    return found[:MOST_PLACES]


@question("people.view")
def get_make_up(by: Actor, make_up_id: int) -> MakeUp:
    """The miss with its lesson, group and course; NotFound when invisible."""
    rows = MakeUp.objects.visible_to(by).select_related("student", *_NAMED)
    row: MakeUp = rows.one(pk=make_up_id)
    return row


# What names the missed lesson and the one that makes up for it.
_NAMED = (
    "missed__group__course", "missed__course", "missed__student", "made_in__group", "made_in__course",
    "made_in__student",
)  # fmt: skip


# One whose lesson is cancelled is owed again, and so is one whose student is no longer in it, such as a member for that
# day who was taken out of the group.
_IS_OPEN = (
    Q(made_in=None) | Q(was_there=False) | Q(made_in__status=LessonStatus.CANCELLED) | Q(was_there=None, is_in=False)
)


def _with_marks(by: Actor, rows: Any) -> Any:
    """With `was_there`: whether the student came to make up (None: not known, or not planned); `as_guest`: or is to.

    And `is_open`: nothing is planned for the miss, or nothing comes of what was.
    """
    here = {"lesson_id": OuterRef("made_in_id"), "student_id": OuterRef("student_id")}
    mark = Attendance.unguarded.filter(org_id=by.org_id, **here)
    guest = Guest.unguarded.filter(org_id=by.org_id, **here)
    in_group = {"group_id": OuterRef("made_in__group_id"), "student_id": OuterRef("student_id")}
    member = Enrolment.unguarded.filter(org_id=by.org_id, **in_group, starts_on__lte=OuterRef("made_in__held_on"))
    member = member.exclude(ends_on__lte=OuterRef("made_in__held_on"))
    return rows.annotate(
        was_there=Subquery(mark.values("is_present")[:1]),
        is_in=_whether(Q(made_in__student_id=F("student_id")) | Exists(guest) | Exists(member)),
        as_guest=_whether(Q(Exists(guest))),
    ).annotate(is_open=_whether(_IS_OPEN))


def _whether(condition: Q) -> Case:
    """The condition as a column that is never null."""
    return Case(When(condition, then=True), default=False)


def lesson_to_join(by: Actor, lesson_id: int) -> Lesson:
    """The lesson, locked, and before it its group: whoever puts members into that locks in the same order."""
    Group.objects.visible_to(replace(by.trusted(), branch_ids=None)).select_for_update(no_key=True).filter(
        pk__in=Lesson.objects.visible_to(by).filter(pk=lesson_id).values("group_id")
    ).first()
    rows = Lesson.objects.visible_to(by).select_for_update(of=("self",), no_key=True).select_related("group", "room")
    lesson: Lesson = rows.one(pk=lesson_id)
    of_group = lesson.group.teacher_id if lesson.group else None
    if not by.may("courses.see_all") and by.member_id not in {lesson.teacher_id, of_group}:
        raise NotFound
    return lesson


def _is_in(by: Actor, lesson: Lesson, student_id: int) -> bool:
    rows = members_at(by, lesson).filter(student_id=student_id)
    marked = Attendance.objects.visible_to(by).filter(lesson=lesson, student_id=student_id)
    guests = Guest.objects.visible_to(by).filter(lesson=lesson, student_id=student_id)
    return rows.exists() or marked.exists() or guests.exists()


def claim(by: Actor, make_up_id: int, lesson: Lesson, student_id: int) -> MakeUp:
    """The miss is made up for in this lesson from now on; called by the verbs that put a student into it or say so."""
    rows = MakeUp.objects.visible_to(replace(by, branch_ids=None)).select_for_update(of=("self",), no_key=True)
    row: MakeUp = rows.one(pk=make_up_id, student_id=student_id)
    kept = _with_marks(by, MakeUp.objects.visible_to(replace(by, branch_ids=None)).filter(student_id=student_id))
    kept = kept.filter(is_open=False)
    if kept.filter(Q(pk=row.pk) | Q(made_in=lesson)).exists():
        raise MadeUpAlready
    if row.until is not None and lesson.held_on > row.until:
        raise MakeUpExpired(until=row.until)
    # What was promised in this lesson and did not come of it makes room: one lesson makes up for one.
    others = MakeUp.objects.visible_to(replace(by, branch_ids=None)).filter(student_id=student_id, made_in=lesson)
    others.exclude(pk=row.pk).update(made_in=None)
    change(by, row, made_in_id=lesson.pk)
    return row


def _limit(lesson: Lesson) -> int | None:
    """Whichever is fewer: the places of the group or of the room."""
    limits = [
        each
        for each in (lesson.group.capacity if lesson.group else None, lesson.room.capacity if lesson.room else None)
        if each
    ]
    return min(limits, default=None)


def _taken(by: Actor, lessons: list[Lesson]) -> dict[int, int]:
    """How many are expected in each lesson, members and guests."""
    everywhere = replace(by.trusted(), branch_ids=None)
    rows = Enrolment.objects.visible_to(everywhere).filter(
        group_id__in={row.group_id for row in lessons if row.group_id}
    )
    in_group = members(rows)
    guests = Guest.objects.visible_to(everywhere).filter(lesson__in=lessons).values("lesson_id")
    extra = dict(guests.annotate(number=Count("pk")).values_list("lesson_id", "number"))
    return {row.pk: _number_of(in_group, row) + extra.get(row.pk, 0) for row in lessons}


def _number_of(in_groups: Iterable[Membership], lesson: Lesson) -> int:
    """How many of the memberships make one belong to a lesson."""
    return sum(
        each.group_id == lesson.group_id and each.expects(lesson.held_on, first_day(lesson)) for each in in_groups
    )


def _own_lessons(by: Actor, student_id: int, lessons: list[Lesson]) -> set[int]:
    """Those of the lessons in which the student is already, as a member or a guest."""
    everywhere = replace(by.trusted(), branch_ids=None)
    in_groups = members(Enrolment.objects.visible_to(everywhere).filter(student_id=student_id))
    guest = Guest.objects.visible_to(everywhere).filter(student_id=student_id, lesson__in=lessons)
    return {row.pk for row in lessons if _number_of(in_groups, row)} | set(guest.values_list("lesson_id", flat=True))
