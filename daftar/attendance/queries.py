"""Questions about what happened."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Case, Count, Exists, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce

from daftar.attendance.models import AbsenceReason, Attendance, Guest, MakeUp
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Lesson, Suspension
from daftar.courses.queries import lesson_name, members_at, members_on, on_day_off
from daftar.courses.rules import is_trial_on
from daftar.courses.weekdays import coming, coming_members, first_day, lessons_of_member
from daftar.lib.compiled import compiled
from daftar.lib.errors import NotFound
from daftar.orgs.access import Actor, question
from daftar.orgs.models import AuditEntry
from daftar.orgs.queries import tuition_settings

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from daftar.lib.tenancy import Asker, TenantQuerySet
    from daftar.orgs.models import Branch


@dataclass(frozen=True)
class Mark:
    """A student in a lesson; None: not marked yet."""

    is_present: bool | None
    reason_id: int | None


@question("attendance.mark")
def reasons(by: Actor) -> list[AbsenceReason]:
    """The centre's absence reasons in their order."""
    return list(AbsenceReason.objects.visible_to(by).order_by("place", "id"))


@question("attendance.mark")
def expected_students(by: Actor, lesson_id: int) -> dict[int, bool]:
    """Who belongs to a lesson: student id -> whether it is a trial for that student.

    Members of the group on that day who do not pause, or the one student of the lesson; its guests, and whoever is
    marked in it already.
    """
    lesson: Lesson = Lesson.objects.visible_to(by).select_related("branch__org").one(pk=lesson_id)
    marked = Attendance.objects.visible_to(by).filter(lesson=lesson).values_list("student_id", flat=True)
    guests = Guest.objects.visible_to(by).filter(lesson=lesson).values_list("student_id", flat=True)
    return dict.fromkeys(marked.union(guests), False) | members_in(by, lesson)


def _own_student(by: Actor, lesson: Lesson) -> dict[int, bool]:
    """The student whose lesson it is, unless pausing in everything on that day."""
    if lesson.student_id is None or _pauses(by, lesson).exists():
        return {}
    return {lesson.student_id: False}


def _pauses(by: Actor, lesson: Lesson) -> Any:
    rows = Suspension.objects.visible_to(replace(by, branch_ids=None)).filter(student_id=lesson.student_id, group=None)
    return rows.filter(starts_on__lte=lesson.held_on).exclude(ends_on__lte=lesson.held_on)


@question("attendance.mark")
def members_in(by: Actor, lesson: Lesson) -> dict[int, bool]:
    """The members among them, or the one student; the lesson needs its branch with the organization loaded."""
    if lesson.group_id is None:
        return _own_student(by, lesson)
    counts = tuition_settings(lesson.branch).activation_day_counts
    planned_on = first_day(lesson)
    rows = _here(
        by, group_id=lesson.group_id, on=lesson.held_on, planned_on=planned_on, weekday=planned_on.isoweekday()
    )
    return {pk: is_trial_on(lesson.held_on, since, day_counts=counts) for pk, since in rows}


@compiled
def _here(by: Asker, *, group_id: int, on: date, planned_on: date, weekday: int) -> Any:
    """The members of a group who come on a day; a lesson that is moved stays who it was planned for."""
    here = coming(by, members_on(by, group_id, on), planned_on, weekday).filter(is_paused=False)
    return here.values_list("student_id", "activated_on")


@question("attendance.mark")
def just_marked(by: Actor, lesson_id: int) -> tuple[int, bool]:
    """How many are marked in a lesson, and whether the last deed on it was done at this very moment."""
    ((marked, at),) = _marked_at(by, lesson_id=lesson_id, subject=f"lesson:{lesson_id}")
    return marked, at == by.at


@compiled
def _marked_at(by: Asker, *, lesson_id: int, subject: str) -> Any:
    marks = Attendance.unguarded.filter(org_id=by.org_id, lesson_id=OuterRef("pk")).values("lesson_id")
    deeds = AuditEntry.objects.visible_to(by).filter(subject=subject).order_by("-id")
    number = Subquery(marks.annotate(number=Count("pk")).values("number"))
    rows = Lesson.objects.visible_to(by).filter(pk=lesson_id)
    return rows.values_list(Coalesce(number, 0), Subquery(deeds.values("at")[:1]))


@question("attendance.mark")
def paused_students(by: Actor, lesson_id: int) -> list[str]:
    """The names of those who pause on the lesson's day: members of its group, or its one student."""
    lesson: Lesson = Lesson.objects.visible_to(by).select_related("student").one(pk=lesson_id)
    if lesson.group_id is None:
        return [lesson.student.full_name] if lesson.student and _pauses(by, lesson).exists() else []
    paused = members_at(by, lesson).filter(is_paused=True)
    return list(paused.order_by("student__sort_key", "id").values_list("student__full_name", flat=True))


@question("attendance.mark")
def marks_in(by: Actor, lesson_id: int) -> dict[int, Mark]:
    """The marks of a lesson by student."""
    rows = Attendance.objects.visible_to(by).filter(lesson_id=lesson_id)
    return {row.student_id: Mark(row.is_present, row.reason_id) for row in rows}


@question("courses.view")
def guests_between(by: Actor, since: date, until: date) -> dict[int, list[int]]:
    """The students who come to lessons of these days, both included, without being of their groups, by lesson."""
    rows = Guest.objects.visible_to(replace(by, branch_ids=None)).filter(lesson__held_on__range=(since, until))
    found: dict[int, list[int]] = defaultdict(list)
    for lesson_id, student_id in rows.values_list("lesson_id", "student_id"):
        found[lesson_id].append(student_id)
    return found


@question("courses.view")
def lessons_as_guest(by: Actor, student_id: int, *, on: date | None = None) -> list[int]:
    """The ids of the lessons that a student comes to without being of their groups, on a day or (None) ever."""
    rows = Guest.objects.visible_to(replace(by, branch_ids=None)).filter(student_id=student_id)
    rows = rows if on is None else rows.filter(lesson__held_on=on)
    return list(rows.values_list("lesson_id", flat=True))


class Replaced(NamedTuple):
    """A lesson that makes up for a missed one; `is_paid`: the miss itself was charged."""

    student_id: int
    lesson_id: int
    missed_id: int
    missed_group_id: int | None
    missed_on: date
    is_paid: bool


@question("tuition.view")
def replaced_of(by: Actor, student_ids: Collection[int]) -> list[Replaced]:
    """The lessons in which these students make up for others as guests; a miss without a reason was charged (D3).

    Who makes up as a member for a day, or alone in a lesson, pays as for that: those are not among them.
    """
    miss = Attendance.unguarded.filter(
        org_id=by.org_id, lesson_id=OuterRef("missed_id"), student_id=OuterRef("student_id"), is_present=False
    )
    guest = Guest.unguarded.filter(
        org_id=by.org_id, lesson_id=OuterRef("made_in_id"), student_id=OuterRef("student_id")
    )
    rows = MakeUp.objects.visible_to(by).filter(Exists(guest), student_id__among=student_ids, made_in__isnull=False)
    found = rows.annotate(is_missed=Exists(miss), is_free=Exists(miss.filter(reason__charges=False)))
    columns = ("student_id", "made_in_id", "missed_id", "missed__group_id", "missed__held_on", "is_missed", "is_free")
    return [
        Replaced(student_id, made_in_id, missed_id, group_id, on, is_missed and not is_free)
        for student_id, made_in_id, missed_id, group_id, on, is_missed, is_free in found.values_list(*columns)
    ]


@question("attendance.mark")
def get_lesson(by: Actor, lesson_id: int) -> Lesson:
    """The lesson with group, student, course, branch, room, teacher; NotFound unless the actor may conduct it.

    `is_off`: on a day off.
    """
    rows = Lesson.objects.visible_to(by).select_related(
        "group__course", "course", "student", "branch", "room", "teacher", "type"
    )
    found: Any = rows.annotate(is_off=on_day_off(by))
    lesson: Lesson = found.one(pk=lesson_id)
    of_group = lesson.group.teacher_id if lesson.group else None
    if not by.may("courses.see_all") and by.member_id not in {lesson.teacher_id, of_group}:
        raise NotFound
    return lesson


class Marked(NamedTuple):
    """A mark of a student with the lesson's group, if any; `charges` is the reason's flag, None without a reason."""

    student_id: int
    lesson_id: int
    group_id: int | None
    is_present: bool
    charges: bool | None


@question("tuition.view")
def marks_of(by: Actor, student_ids: Collection[int], since: date | None = None) -> list[Marked]:
    """Every mark of these students, in lessons from a day on: hundreds to a student, so they are no models."""
    # Nobody is marked before the day of the lesson, wherever on earth it begins: the old ones are not looked up.
    begun = None if since is None else datetime.combine(since, time.min, UTC) - timedelta(days=1)
    return [Marked._make(row) for row in _marks(by, ids=student_ids, since=since, begun=begun)]


@compiled
def _marks(by: Asker, *, ids: Collection[int], since: date | None, begun: datetime | None) -> Any:
    rows = Attendance.objects.visible_to(by).filter(student_id__among=ids)
    if since is not None:
        rows = rows.filter(lesson__held_on__gte=since, marked_at__gte=begun)
    return rows.values_list("student_id", "lesson_id", "lesson__group_id", "is_present", "reason__charges")


@dataclass(frozen=True)
class StudentLesson:
    """A lesson in a student's card: `mark` is "present", "absent" or "" when there is none."""

    id: int
    on: date
    starts_at: time
    group_name: str
    state: str
    mark: str
    reason: str


@question("people.view")
def recent_lessons(by: Actor, student_id: int, *, back: int = 20, ahead: int = 5) -> list[StudentLesson]:
    """The student's next lessons and the last ones, the latest first."""
    # Two short lists, by the student's marks and by the student's groups: asked together, all lessons would be read.
    marked = Attendance.objects.visible_to(by).filter(student_id=student_id, lesson__held_on__lte=by.today)
    marks = {
        row[0]: row
        for row in marked.order_by("-lesson__starts_at").values_list(
            "lesson_id", *(f"lesson__{name}" for name in _SHOWN), lesson_name("lesson__"), "is_present", "reason__name"
        )[:back]
    }
    # Ids and no subquery: the planner takes the indexes of group, student and lesson together then.
    mine = lessons_of_member(by, student_id) | Q(pk__in=lessons_as_guest(by.trusted(), student_id))
    rows = Lesson.objects.visible_to(by).filter(mine).values_list("id", *_SHOWN, lesson_name())
    past = {row[0]: (*row, None, None) for row in rows.filter(held_on__lte=by.today).order_by("-starts_at")[:back]}
    coming = rows.filter(held_on__gt=by.today).order_by("starts_at")[:ahead]
    last = sorted((past | marks).values(), key=lambda row: row[1], reverse=True)[:back]
    return [
        StudentLesson(pk, on, starts_time, name, state, _mark_text(present), reason or "")
        for pk, _starts_at, on, starts_time, state, name, present, reason in [
            *((*row, None, None) for row in reversed(coming)),
            *last,
        ]
    ]


_SHOWN = ("starts_at", "held_on", "starts_time", "status")


def _mark_text(is_present: bool | None) -> str:  # noqa: FBT001 - a column of a row
    return "" if is_present is None else "present" if is_present else "absent"


@dataclass(frozen=True)
class LessonFigures:
    """How many were there, and how many belong to the lesson."""

    present: int
    expected: int


@question("courses.view")
def lesson_figures(by: Actor, lesson_ids: Collection[int]) -> dict[int, LessonFigures]:
    """Present and expected of each lesson, in two statements."""
    marked = Attendance.objects.visible_to(by).filter(lesson_id__in=lesson_ids).values("lesson_id")
    present = dict(marked.annotate(number=Count("pk", filter=Q(is_present=True))).values_list("lesson_id", "number"))
    rows = Lesson.objects.visible_to(by).filter(pk__in=lesson_ids)
    members = coming_members(by).values("group_id").annotate(number=Count("pk")).values("number")
    alone = Case(When(student=None, then=Coalesce(Subquery(_guests(by)), 0)), default=1)
    counted = Case(When(group=None, then=alone), default=Coalesce(Subquery(members), 0))
    expected = rows.annotate(members=counted).values_list("pk", "members")
    return {pk: LessonFigures(present.get(pk, 0), number) for pk, number in expected}


def _guests(by: Asker) -> Any:
    """How many guests a lesson has."""
    rows = Guest.unguarded.filter(org_id=by.org_id, lesson_id=OuterRef("pk")).values("lesson_id")
    return rows.annotate(number=Count("pk")).values("number")


@question("courses.view")
def forgotten_lessons(by: Actor, *, limit: int = 20) -> list[Lesson]:
    """Lessons that are over and nobody marked, of the last 30 days before today, the latest first."""
    rows = _unmarked(by, by.today - timedelta(days=30), by.today - timedelta(days=1))
    if not by.may("courses.see_all"):
        rows = rows.filter(Q(teacher_id=by.member_id) | Q(group__teacher_id=by.member_id))
    # By the day first: an index holds it, and reading ends with the last row that is shown.
    latest = rows.order_by("-held_on", "-starts_at", "-id")
    return list(latest.select_related("group", "student", "course", "teacher", "room", "type")[:limit])


@question("attendance.mark")
def unmarked_in(by: Actor, branch: Branch, *, since: date, until: date) -> list[int]:
    """Lessons of a branch from a day to another (inclusive) that nobody marked, in their order."""
    rows = _unmarked(by, since, until).filter(branch=branch)
    return list(rows.order_by("starts_at", "id").values_list("id", flat=True))


def _unmarked(by: Actor, since: date, until: date) -> TenantQuerySet[Lesson]:
    """Planned lessons of some days in which somebody is expected; none of a day off."""
    of_days: TenantQuerySet[Lesson] = Lesson.objects.visible_to(by).filter(held_on__range=(since, until))
    return of_days.filter(waits_for_marks(by))


def waits_for_marks(by: Asker) -> Q:
    """Of lessons: planned, with somebody who is expected, and not on a day off."""
    expected = Q(Exists(coming_members(by))) | Q(student__isnull=False) | Q(Exists(_guests(by)), group=None)
    return Q(expected, ~on_day_off(by), status=LessonStatus.PLANNED)
