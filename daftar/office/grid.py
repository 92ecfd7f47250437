"""The journal of a group as a month of cells: what the page, the strips of a phone and the file of it are made of."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.translation import gettext as _

from daftar.attendance.journal import Journal, journal
from daftar.attendance.queries import Mark, reasons
from daftar.attendance.rules import EMPTY, Cell
from daftar.courses.kinds import LessonStatus
from daftar.office import formats
from daftar.orgs.queries import today_in
from daftar.reports.journal import charged_cells
from daftar.reports.queries import lesson_people

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daftar.courses.models import Lesson
    from daftar.orgs.access import Actor

EARLIEST, LATEST = date(2001, 1, 1), date(2099, 12, 1)
SIGNS = {"here": "✓", "away": "✕", "excused": "E", "late": "L", "guest": "M", "none": "–", "out": ""}


class Shown(NamedTuple):
    """A cell as it is drawn; `kept` is what it holds, as the script sends it back, "" where nothing can be marked."""

    lesson_id: int
    kind: str
    sign: str
    label: str
    kept: str
    is_charged: bool
    grades: str
    has_comment: bool


class Row(NamedTuple):
    """A student of the journal, with how many lessons of those marked were attended."""

    student_id: int
    name: str
    standing: str
    cells: list[Shown]
    attended: int
    held: int


def month_of(text: str, today: date) -> date:
    """The first day of a month written as 2026-11; today's where nobody can have meant it."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = today.replace(day=1)
    return first if EARLIEST <= first <= LATEST else today.replace(day=1)


def grid(by: Actor, group_id: int, month: date) -> dict[str, Any]:
    """The month of a group: heads of lessons, rows of students, and the sums below."""
    after = (month + timedelta(days=31)).replace(day=1)
    found = journal(by, group_id, since=month, until=after)
    today = today_in(by, found.group.branch)
    free = [row.pk for row in reasons(by) if not row.charges]
    heads = [_head(row, today) for row in found.lessons]
    rows = _rows(by, found, heads, frozenset(free))
    latest = [head["id"] for head in heads if head["may_mark"]]
    return {
        "month": month, "heads": heads, "key": f"{month:%Y-%m}", "after": f"{after:%Y-%m}",
        "before": f"{month - timedelta(days=1):%Y-%m}",
        "rows": rows, "present": [_present(rows, place) for place in range(len(heads))],
        "free": free, "first": latest[-1] if latest else None, "words": json.dumps(words()), "signs": json.dumps(SIGNS),
    }  # fmt: skip


def words() -> dict[str, str]:
    """What each sign of the journal means."""
    return {
        "here": _("Present"), "away": _("Absent"), "excused": _("Excused"), "late": _("Late"), "guest": _("Guest"),
        "none": _("Not marked"), "out": _("Not in the lesson"),
    }  # fmt: skip


def as_text(cell: Cell) -> str:
    """A cell as the page holds it and the script sends it."""
    return json.dumps(list(cell), ensure_ascii=False, separators=(",", ":"))


def grades_of(cell: Cell) -> str:
    """The grade of the lesson, and after a stroke that of the homework."""
    homework = "" if cell.homework_grade is None else f"/{cell.homework_grade}"
    return ("" if cell.grade is None else str(cell.grade)) + homework


def kind_of(cell: Cell | Mark, free: frozenset[int], *, is_guest: bool = False) -> str:
    """Which sign stands for a cell; `free`: the reasons that charge nothing."""
    if cell.is_present is None:
        return "none"
    if not cell.is_present:
        return "excused" if cell.reason_id in free else "away"
    is_late = isinstance(cell, Cell) and cell.late_minutes
    return "late" if is_late else "guest" if is_guest else "here"


def _head(row: Lesson, today: date) -> dict[str, Any]:
    is_cancelled, is_ahead = row.status == LessonStatus.CANCELLED, row.held_on > today
    return {
        "id": row.pk, "on": row.held_on, "starts_at": row.starts_time, "topic": row.topic, "state": row.status,
        "is_today": row.held_on == today, "is_ahead": is_ahead, "is_cancelled": is_cancelled,
        "may_mark": not is_cancelled and not is_ahead,
        "tone": "cancelled" if is_cancelled else "ahead" if is_ahead else "today" if row.held_on == today else "",
    }  # fmt: skip


def _rows(by: Actor, found: Journal, heads: list[dict[str, Any]], free: frozenset[int]) -> list[Row]:
    standing: dict[int, bool] = {}
    for lesson in found.lessons:
        standing |= found.members[lesson.pk]
    others = (student_id for _lesson, student_id in found.cells.keys() | found.guests)
    standing = dict.fromkeys(others, False) | standing
    charged = frozenset[tuple[int, int]]()
    if by.may("tuition.view") and found.lessons:
        charged = charged_cells(by, list(standing), [row.pk for row in found.lessons])
    said = words()
    rows = []
    for person in lesson_people(by, standing):
        cells = [_shown(found, head, person.student_id, (free, charged, said)) for head in heads]
        marked = [cell for cell in cells if cell.kind not in {"none", "out"}]
        attended = sum(cell.kind in {"here", "late", "guest"} for cell in marked)
        rows.append(Row(person.student_id, person.name, person.standing, cells, attended, len(marked)))
    return rows


def _shown(
    found: Journal,
    head: Mapping[str, Any],
    student_id: int,
    known: tuple[frozenset[int], frozenset[tuple[int, int]], Mapping[str, str]],
) -> Shown:
    free, charged, said = known
    key = head["id"], student_id
    cell, is_member = found.cells.get(key, EMPTY), student_id in found.members[head["id"]]
    if cell == EMPTY and not is_member and key not in found.guests:
        return Shown(head["id"], "out", "", said["out"], "", False, "", False)
    kind = kind_of(cell, free, is_guest=not is_member)
    late = f" {cell.late_minutes}" if cell.late_minutes else ""
    kept = as_text(cell) if head["may_mark"] else ""
    has_comment = bool(cell.comment)
    return Shown(
        head["id"],
        kind,
        SIGNS[kind] + late,
        _label(kind, late, said),
        kept,
        key in charged,
        grades_of(cell),
        has_comment,
    )


def _label(kind: str, late: str, said: Mapping[str, str]) -> str:
    """What is read aloud; it holds what is seen, where that is letters."""
    return f"{SIGNS[kind]}{late}, {said[kind]}" if late else said[kind]


def _present(rows: list[Row], place: int) -> int:
    return sum(row.cells[place].kind in {"here", "late", "guest"} for row in rows)


def lines(context: Mapping[str, Any]) -> list[list[str]]:
    """The month as rows of a file."""
    heads = [f"{head['on'].isoformat()} {formats.clock(head['starts_at'])}" for head in context["heads"]]
    found = [[_("Student"), *heads, _("Attended"), _("Held")]]
    for row in context["rows"]:
        marks = [f"{cell.sign} {cell.grades}".strip() if cell.kind != "none" else "" for cell in row.cells]
        found.append([row.name, *marks, str(row.attended), str(row.held)])
    return found
