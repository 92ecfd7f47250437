"""The verb of the journal: cells of several students and lessons, each saved only where it is still what was seen."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

from daftar.attendance.journal import guests_in, members_of
from daftar.attendance.makeups import settle_make_ups
from daftar.attendance.models import AbsenceReason, Attendance
from daftar.attendance.rules import EMPTY, Cell, is_possible
from daftar.attendance.saved import save_marks
from daftar.attendance.services import (
    CellIsWrong,
    LessonAhead,
    LessonIsCancelled,
    NotInLesson,
    check_age,
    check_teacher,
    concerned,
    concerns_since,
    set_cell,
)
from daftar.courses.events import TuitionFactsChanged
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Lesson
from daftar.courses.queries import get_group
from daftar.lib.errors import NotFound, Refusal
from daftar.orgs.access import Actor, change, note, publish, verb
from daftar.orgs.queries import today_in

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from daftar.courses.models import Group

MOST_CELLS = 400


class TooManyCells(Refusal):
    """More than anybody marks at once."""

    text = _("Too many marks at once. Mark fewer students or lessons.")


class Wish(NamedTuple):
    """A cell of the journal: what it showed and what it shall be."""

    lesson_id: int
    student_id: int
    was: Cell
    now: Cell


@dataclass(frozen=True)
class Overtaken:
    """A cell that somebody else set since it was seen; nothing is done to it."""

    lesson_id: int
    student_id: int
    cell: Cell
    who: str
    at: datetime | None


@verb("attendance.mark")
def mark_cells(by: Actor, *, group_id: int, wishes: Sequence[Wish], because: str = "") -> list[Overtaken]:
    """Sets cells of a group's journal and answers those that were no longer what was seen, which stay as they are.

    The first mark of a planned lesson makes it conducted, the last one that is cleared makes it planned again. Who is
    not marked stays so and is charged for nothing. A cell that is already as wished is not touched, so that a request
    sent twice does what it does once. All or nothing but for the overtaken; charges follow in the same transaction.
    """
    if len(wishes) > MOST_CELLS:
        raise TooManyCells
    group = get_group(by.trusted(), group_id)
    lessons = _locked(by, group, {wish.lesson_id for wish in wishes})
    rows = Attendance.objects.visible_to(by).filter(lesson_id__in=lessons).select_related("marked_by")
    had = {(row.lesson_id, row.student_id): row for row in rows}
    members = members_of(by.trusted(), group, lessons.values())
    _check(by, wishes, _places(members) | guests_in(by.trusted(), lessons) | had.keys())
    kept = {key: row.cell for key, row in had.items()}
    overtaken = [wish for wish in wishes if _seen(kept, wish) not in (wish.was, wish.now)]
    todo = [wish for wish in wishes if _seen(kept, wish) == wish.was != wish.now]
    check_age(by, group.branch, [lessons[wish.lesson_id] for wish in todo if wish.was != EMPTY], because)
    answer = [_overtaken(wish, had.get((wish.lesson_id, wish.student_id))) for wish in overtaken]
    if todo:
        changed = [lessons[lesson_id] for lesson_id in sorted({wish.lesson_id for wish in todo})]
        # Asked for before the lessons change: where they stood decides what can follow.
        since = concerns_since(by, changed)
        begun = _write(by, lessons, todo, had)
        settle_make_ups(by.trusted(), changed, {(wish.lesson_id, wish.student_id): wish.now for wish in todo})
        touched = {wish.student_id for wish in todo} | {pk for lesson_id in begun for pk in members[lesson_id]}
        publish(by, TuitionFactsChanged(concerned(by, changed, touched, since), since))
    return answer


def _places(members: Mapping[int, Mapping[int, bool]]) -> set[tuple[int, int]]:
    return {(lesson_id, student_id) for lesson_id, row in members.items() for student_id in row}


def _overtaken(wish: Wish, row: Attendance | None) -> Overtaken:
    if row is None:
        return Overtaken(wish.lesson_id, wish.student_id, EMPTY, "", None)
    who = row.marked_by.name if row.marked_by else ""
    return Overtaken(wish.lesson_id, wish.student_id, row.cell, who, row.marked_at)


def _locked(by: Actor, group: Group, lesson_ids: Collection[int]) -> dict[int, Lesson]:
    """The lessons in one order for everybody who locks them; each of the group, held or to be held by today."""
    rows = Lesson.objects.visible_to(by).select_for_update(of=("self",), no_key=True).select_related("group")
    found: dict[int, Lesson] = {row.pk: row for row in rows.filter(pk__in=lesson_ids, group=group).order_by("id")}
    if found.keys() != set(lesson_ids):
        raise NotFound
    today = today_in(by, group.branch)
    for lesson in found.values():
        check_teacher(by, lesson)
        if lesson.status == LessonStatus.CANCELLED:
            raise LessonIsCancelled
        if lesson.held_on > today:
            raise LessonAhead(on=lesson.held_on)
    return found


def _check(by: Actor, wishes: Sequence[Wish], places: Collection[tuple[int, int]]) -> None:
    reasons = {wish.now.reason_id for wish in wishes if wish.now.reason_id is not None}
    if reasons and AbsenceReason.objects.visible_to(by).filter(pk__in=reasons).count() != len(reasons):
        raise NotFound
    for wish in wishes:
        if (wish.lesson_id, wish.student_id) not in places:
            raise NotInLesson
        if not is_possible(wish.now):
            raise CellIsWrong


def _write(
    by: Actor, lessons: Mapping[int, Lesson], todo: Sequence[Wish], had: Mapping[tuple[int, int], Attendance]
) -> set[int]:
    """Writes what is to be done, tells it of each lesson, and answers the lessons that began or ceased to be held."""
    written, cleared = [], []
    told: dict[int, list[Wish]] = defaultdict(list)
    for wish in todo:
        row = had.get((wish.lesson_id, wish.student_id))
        told[wish.lesson_id].append(wish)
        if wish.now == EMPTY:
            cleared.append(row.pk if row else None)
            continue
        row = row or Attendance(org_id=by.org_id, lesson_id=wish.lesson_id, student_id=wish.student_id)
        set_cell(row, wish.now)
        written.append(row)
    Attendance.objects.visible_to(by).filter(pk__in=cleared).delete()
    save_marks(by, written)
    left = set(Attendance.objects.visible_to(by).filter(lesson_id__in=told).values_list("lesson_id", flat=True))
    begun = set()
    for lesson_id, wishes in told.items():
        lesson = lessons[lesson_id]
        note(by, lesson, was={"attendance": _plain(wishes, "was")}, now={"attendance": _plain(wishes, "now")})
        held = LessonStatus.CONDUCTED if lesson_id in left else LessonStatus.PLANNED
        if lesson.status != held:
            begun.add(lesson_id)
            change(by, lesson, status=held, conducted_at=by.at if lesson_id in left else None)
    return begun


def _plain(wishes: Sequence[Wish], which: str) -> dict[str, list[object]]:
    """Marks by student as the history keeps them; what was not marked is not there."""
    cells = [(wish.student_id, getattr(wish, which)) for wish in wishes]
    return {str(student_id): list(cell) for student_id, cell in cells if cell != EMPTY}


def _seen(kept: Mapping[tuple[int, int], Cell], wish: Wish) -> Cell:
    return kept.get((wish.lesson_id, wish.student_id), EMPTY)
