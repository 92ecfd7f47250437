"""Verbs on what happened in a lesson."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection
from django.db.models import Min
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from daftar.attendance.makeups import settle_make_ups
from daftar.attendance.models import AbsenceReason, Attendance, Guest, MakeUp
from daftar.attendance.queries import expected_students, members_in
from daftar.attendance.rules import EMPTY, NOTHING_ELSE, Cell, Detail, is_possible
from daftar.attendance.saved import save_marks
from daftar.courses.events import TuitionFactsChanged
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Group, Holiday, Lesson
from daftar.courses.services import students_of
from daftar.courses.topics import chosen_topic
from daftar.lib.compiled import compiled
from daftar.lib.errors import NotFound, Refusal
from daftar.orgs.access import Actor, change, note, publish, verb
from daftar.orgs.queries import own_last_deed, today_in

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from daftar.lib.tenancy import Asker
    from daftar.orgs.models import Branch

# The deeds on one lesson as a whole.
UNDONE_HERE = ("attendance.conduct_lesson", "attendance.receive_lesson", "attendance.take_marks_back")


class LessonAhead(Refusal):
    """What has not happened cannot be marked."""

    text = _("This lesson is on %(on)s. It can be conducted from that day on.")


class LessonIsCancelled(Refusal):
    """What does not take place is not marked."""

    text = _("This lesson is cancelled. Restore it first.")


class NothingToUndo(Refusal):
    """Too late, somebody else's, or marked again since."""

    text = _("This can no longer be undone: open the lesson and correct it there.")


class CellIsWrong(Refusal):
    """Minutes, grades or a reason that do not go together."""

    text = _("This mark cannot be: late only who is present, a reason only who is absent, grades from 0 to 100.")


class NobodyMarked(Refusal):
    """A lesson is not conducted by leaving everybody unmarked."""

    text = _("Nobody is marked yet. Tap those who were there.")


class MarkFirst(Refusal):
    """Nothing else is noted of whoever is not marked."""

    text = _("Minutes, grades and comments are for those who are marked: say first whether they were there.")


class NotInLesson(Refusal):
    """A mark for someone who does not belong to the lesson."""

    text = _("The list of students has changed since this page was opened. Look at it again and save.")


class WhyCorrected(Refusal):
    """Old marks are corrected with a reason, which is asked for once per lesson."""

    field = "because"
    text = _("This lesson was on %(on)s. Say why its marks are corrected.")


class Conducted(NamedTuple):
    """A lesson that was conducted, its marks by student, and whether it or any of them is otherwise than it was."""

    lesson: Lesson
    marks: dict[int, Cell]
    is_changed: bool


@verb("attendance.mark")
def conduct_lesson(
    by: Actor,
    *,
    lesson_id: int,
    absent: Mapping[int, int | None],
    topic: str = "",
    homework: str | None = None,
    plan_topic_id: int | None = None,
    seen: Collection[int] | None = None,
    only: Collection[int] | None = None,
    unmarked: Collection[int] = (),
    details: Mapping[int, Detail] = MappingProxyType({}),
    because: str = "",
) -> Conducted:
    """Conducts a lesson, or corrects it later: everyone expected was there except `absent` (student id -> reason id).

    `homework` None: as it was.
    `plan_topic_id`: a row of the course's plan, or (None) `topic` in one's own words.
    `seen` are those who stood on the page that is saved: whoever came into the group meanwhile is not marked unseen.
    `only`, unless None: whoever is expected and not among them is not marked.
    `unmarked`: who stood on the page and is left as before; refused where that is everybody (NobodyMarked).
    `details`: what else is noted of a student; of whoever is not among them it stays as it was.
    `because`: why marks are corrected, asked for where they are older than the branch allows (WhyCorrected).
    All or nothing; charges follow in the same transaction.
    """
    lesson = lock_lesson(by, lesson_id)
    if lesson.status == LessonStatus.CANCELLED:
        raise LessonIsCancelled
    if lesson.held_on > today_in(by, lesson.branch):
        raise LessonAhead(on=lesson.held_on)
    there = _there(by, lesson)
    expected = members_in(by.trusted(), lesson).keys() | _others_in(by, lesson, there)
    touched = _to_mark(expected, absent, seen=seen, only=only) - set(unmarked)
    _check_left(touched, unmarked, absent, details)
    _check_reasons(by, absent)
    since = _since(lesson, is_off=there.is_off)
    if there.has_make_ups:
        since = _made_up_since(by, [lesson], since)
    had = {row.student_id: row for row in _marks(by, lesson)} if there.has_marks else {}
    marks = {pk: _row(by, lesson, pk, had) for pk in touched}
    cells = _wished(marks, absent, details)
    check_age(by, lesson.branch, [lesson] * _corrects(marks, cells), because)
    _mark(by, lesson, marks, cells)
    if there.has_make_ups or any(reason_id is not None for reason_id in absent.values()):
        settle_make_ups(by.trusted(), [lesson], {(lesson_id, pk): cell for pk, cell in cells.items()})
    about = chosen_topic(by, lesson, plan_topic_id, topic)
    given = lesson.homework if homework is None else homework
    held = lesson.conducted_at or by.at
    change(by, lesson, status=LessonStatus.CONDUCTED, homework=given, conducted_at=held, **about)
    publish(by, TuitionFactsChanged(concerned(by, [lesson], expected, since), since))
    kept = {pk: row.cell for pk, row in had.items()}
    is_changed = any((each["row"], each["id"]) == ("lesson", lesson.pk) for each in by.notes or ())
    return Conducted(lesson, kept | cells, is_changed)


def _to_mark(
    expected: set[int], absent: Mapping[int, object], *, seen: Collection[int] | None, only: Collection[int] | None
) -> set[int]:
    """Whose marks are asked for; NotInLesson where the page showed others than there are."""
    found = expected if only is None else expected & set(only)
    if not absent.keys() <= found or (seen is not None and not found <= set(seen)):
        raise NotInLesson
    return found


def _check_left(
    marked: Collection[int], unmarked: Collection[int], absent: Mapping[int, object], details: Mapping[int, Detail]
) -> None:
    """Of whom nothing is said, nothing is said at all; and it is not everybody."""
    if not absent.keys().isdisjoint(unmarked):
        raise NotInLesson
    if any(details.get(pk, NOTHING_ELSE) != NOTHING_ELSE for pk in unmarked):
        raise MarkFirst
    if unmarked and not marked:
        raise NobodyMarked


@verb("attendance.mark")
def undo_marks(by: Actor, *, lesson_id: int) -> Lesson:
    """Takes back one's own last marking of a lesson within ten minutes: the marks, the topic and the state before it.

    Refused when anybody marked the lesson since; charges follow in the same transaction.
    """
    lesson = lock_lesson(by, lesson_id)
    deed = own_last_deed(by.trusted(), lesson, *UNDONE_HERE)
    if deed is None:
        raise NothingToUndo
    # A deed of the journal concerns several lessons and is found under the first of them only.
    if Attendance.objects.visible_to(by).filter(lesson=lesson, marked_at__gt=deed.at).exists():
        raise NothingToUndo
    marked: set[int] = set()
    for entry in deed.changes:
        if "attendance" in entry["now"]:
            now, was = entry["now"]["attendance"], (entry["was"] or {}).get("attendance", {})
            marked |= {int(pk) for pk in now | was}
            _unmark(by, lesson, now, was)
        elif entry["was"]:
            change(by, lesson, **_as_before(entry["was"]))
    touched = marked | set(expected_students(by.trusted(), lesson_id))
    cells = dict.fromkeys(((lesson_id, pk) for pk in touched), EMPTY)
    cells |= {(lesson_id, row.student_id): row.cell for row in _marks(by, lesson).filter(is_present=False)}
    settle_make_ups(by.trusted(), [lesson], cells)
    since = concerns_since(by, [lesson])
    publish(by, TuitionFactsChanged(concerned(by, [lesson], touched, since), since))
    return lesson


class There(NamedTuple):
    """Whether a lesson has what few have: marks, guests, misses to be made up for or made up for in it, a day off."""

    has_marks: bool
    has_guests: bool
    has_make_ups: bool
    is_off: bool


HAS = """
    SELECT
        EXISTS (SELECT FROM daftar_attendance WHERE org_id = %(org)s AND lesson_id = %(lesson)s),
        EXISTS (SELECT FROM daftar_guest WHERE org_id = %(org)s AND lesson_id = %(lesson)s),
        EXISTS (
            SELECT FROM daftar_makeup WHERE org_id = %(org)s AND (missed_id = %(lesson)s OR made_in_id = %(lesson)s)
        ),
        EXISTS (
            SELECT FROM daftar_holiday
            WHERE org_id = %(org)s AND "on" = %(day)s AND (branch_id IS NULL OR branch_id = %(branch)s)
        )
"""


def _there(by: Actor, lesson: Lesson) -> There:
    """Asked once the lesson is locked; most often one statement says that there is nothing to be read."""
    with connection.cursor() as cursor:
        cursor.execute(HAS, {"org": by.org_id, "lesson": lesson.pk, "day": lesson.held_on, "branch": lesson.branch_id})
        return There(*cursor.fetchone())


def _others_in(by: Actor, lesson: Lesson, there: There) -> set[int]:
    """Whoever is marked in the lesson already, and its guests."""
    tables = [Attendance] * there.has_marks + [Guest] * there.has_guests
    rows = [model.objects.visible_to(by).filter(lesson=lesson).values_list("student_id", flat=True) for model in tables]
    return {student_id for found in rows for student_id in found}


def concerns_since(by: Actor, lessons: Collection[Lesson]) -> date | None:
    """The first day whose charges the marks of some lessons (one at least) can concern: the first of their own.

    None where one was cancelled or stands on a day off: being held it enters counts that earlier charges are made of.
    """
    days = {lesson.held_on for lesson in lessons}
    # A day off of all branches counts for who works in one of them, too.
    off = set(
        Holiday.objects.visible_to(replace(by, branch_ids=None)).filter(on__in=days).values_list("on", "branch_id")
    )
    found = [
        _since(lesson, is_off=not off.isdisjoint({(lesson.held_on, None), (lesson.held_on, lesson.branch_id)}))
        for lesson in lessons
    ]
    known = [day for day in found if day is not None]
    return _made_up_since(by, lessons, min(known) if len(known) == len(found) else None)


def concerned(by: Actor, lessons: Collection[Lesson], touched: Collection[int], since: date | None) -> tuple[int, ...]:
    """Whose charges marks of lessons concern: of those touched, and where `since` is None of everybody in their groups.

    A lesson that enters a count enters it for whoever joins after it too (pricing rules 9.8 and 9.16).
    """
    counted = {lesson.group_id for lesson in lessons if since is None and lesson.group_id is not None}
    return tuple(sorted({*touched, *(pk for group_id in counted for pk in students_of(by, group_id))}))


def _since(lesson: Lesson, *, is_off: bool) -> date | None:
    return None if lesson.status == LessonStatus.CANCELLED or is_off else lesson.held_on


def _made_up_since(by: Actor, lessons: Collection[Lesson], since: date | None) -> date | None:
    """The same, or the first day before it of a lesson that makes up for a miss in these: its price follows them."""
    if since is None:
        return None
    rows = MakeUp.objects.visible_to(replace(by, branch_ids=None)).filter(missed__in=lessons)
    first: date | None = rows.filter(made_in__held_on__lt=since).aggregate(first=Min("made_in__held_on"))["first"]
    return first or since


def _as_before(was: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a lesson that a deed tells, of the types its columns have."""
    return {
        name: datetime.fromisoformat(value) if name == "conducted_at" and value else value
        for name, value in was.items()
    }


def _unmark(by: Actor, lesson: Lesson, now: Mapping[str, Any], was: Mapping[str, Any]) -> None:
    marks = Attendance.objects.visible_to(by).filter(lesson=lesson)
    marks.filter(student_id__in=[int(pk) for pk in now.keys() - was.keys()]).delete()
    had = {row.student_id: row for row in marks.filter(student_id__in=[int(pk) for pk in was])}
    # A mark that somebody cleared since stays so; where all were taken back all come again.
    changed = [_row(by, lesson, int(pk), had) for pk in was if not now or int(pk) in had]
    for row in changed:
        set_cell(row, Cell(*was[str(row.student_id)]))
    save_marks(by, changed)
    note(by, lesson, was={"attendance": dict(now)}, now={"attendance": dict(was)})


@verb("attendance.manage")
def begin_reasons(by: Actor, *, language: str) -> None:
    """The two reasons every centre starts with, named in its language: excused (no charge, a credit) and unexcused."""
    with override(language):
        names = (str(_("Excused")), str(_("Unexcused")))
    AbsenceReason.objects.bulk_create(
        [
            AbsenceReason(
                org_id=by.org_id, name=names[0], charges=False, pays_teacher=False, gives_credit=True, place=1
            ),
            AbsenceReason(
                org_id=by.org_id, name=names[1], charges=True, pays_teacher=True, gives_credit=False, place=2
            ),
        ]
    )


def lock_lesson(by: Actor, lesson_id: int) -> Lesson:
    """The lesson with its group and branch, locked; NotFound unless the actor may conduct it."""
    found = _locked(by, lesson_id=lesson_id)
    if not found:
        raise NotFound
    lesson: Lesson = found[0]
    check_teacher(by, lesson)
    return lesson


@compiled
def _locked(by: Asker, *, lesson_id: int) -> Any:
    rows = Lesson.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    return rows.select_related("group", "branch__org").filter(pk=lesson_id)


def check_age(by: Actor, branch: Branch, corrected: Collection[Lesson], because: str) -> None:
    """A mark that stood for long is corrected with a reason, told in the history; the first one suffices."""
    for lesson in {row.pk: row for row in corrected}.values():
        if needs_reason(by, branch, lesson) and not because:
            raise WhyCorrected(on=lesson.held_on)
        if because and not lesson.corrected_because:
            change(by, lesson, corrected_because=because)


def needs_reason(by: Actor, branch: Branch, lesson: Lesson) -> bool:
    """Whether marks of the lesson are so old that correcting them asks for a reason that nobody has given yet."""
    allowed = branch.correction_days
    is_old = allowed is not None and lesson.held_on < today_in(by, branch) - timedelta(days=allowed)
    return is_old and not lesson.corrected_because


def _corrects(rows: Mapping[int, Attendance], cells: Mapping[int, Cell]) -> bool:
    return any(row.pk is not None and row.cell != cells[pk] for pk, row in rows.items())


def check_teacher(by: Actor, lesson: Lesson) -> None:
    """A teacher conducts the lessons of own groups and those given as a substitute."""
    if by.may("courses.see_all") or lesson.teacher_id == by.member_id:
        return
    if not Group.objects.visible_to(by).filter(pk=lesson.group_id).exists():
        raise NotFound


def _check_reasons(by: Actor, absent: Mapping[int, int | None]) -> None:
    wanted = {reason_id for reason_id in absent.values() if reason_id is not None}
    if wanted and AbsenceReason.objects.visible_to(by).filter(pk__in=wanted).count() != len(wanted):
        raise NotFound


def set_cell(row: Attendance, cell: Cell) -> None:
    """Puts a value into a mark."""
    for name, value in cell._asdict().items():
        setattr(row, name, value)


def told(cell: Cell) -> list[Any]:
    """A mark as the history keeps it: whether there, why not, and of the rest what there is."""
    rest = list(cell.detail)
    while rest and rest[-1] in (None, ""):
        rest.pop()
    return [*cell[:2], *rest]


def _marks(by: Actor, lesson: Lesson) -> Any:
    return Attendance.objects.visible_to(by).filter(lesson=lesson)


def _row(by: Actor, lesson: Lesson, student_id: int, had: Mapping[int, Attendance]) -> Attendance:
    return had.get(student_id) or Attendance(org_id=by.org_id, lesson=lesson, student_id=student_id)


def _mark(by: Actor, lesson: Lesson, rows: Mapping[int, Attendance], cells: Mapping[int, Cell]) -> None:
    changed, was = [], {}
    for student_id, row in sorted(rows.items()):
        before, now = row.cell, cells[student_id]
        if row.pk is None or before != now:
            if row.pk is not None:
                was[str(student_id)] = told(before)
            set_cell(row, now)
            changed.append(row)
    if not changed:
        return
    save_marks(by, changed)
    now_marks = {str(row.student_id): told(row.cell) for row in changed}
    note(by, lesson, was={"attendance": was} if was else None, now={"attendance": now_marks})


def _wished(
    rows: Mapping[int, Attendance], absent: Mapping[int, int | None], details: Mapping[int, Detail]
) -> dict[int, Cell]:
    """What each mark shall be; of whom nothing else is said it stays, but nobody is late who was not there."""
    found = {}
    for pk, row in rows.items():
        is_present, kept = pk not in absent, row.cell.detail
        kept = kept if is_present else kept._replace(late_minutes=None)
        found[pk] = Cell(is_present, absent.get(pk), *details.get(pk, kept))
    if not all(is_possible(cell) for cell in found.values()):
        raise CellIsWrong
    return found
