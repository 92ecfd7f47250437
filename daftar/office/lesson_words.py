"""What lessons are, in the reader's words: their types with icon and colour, and those that recur without a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daftar.courses.kinds import Colour, LessonKind
from daftar.office import formats
from daftar.office.words import WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daftar.attendance.models import MakeUp
    from daftar.courses.models import Lesson, Recurrence

# What the plain lessons of each kind are marked with; those of a group, the usual ones, with nothing.
PLAIN = {
    LessonKind.GROUP: ("users", Colour.BLUE.value), LessonKind.INDIVIDUAL: ("user", Colour.TEAL.value),
    LessonKind.TRIAL: ("flask", Colour.ORANGE.value),
}  # fmt: skip


def type_of(lesson: Lesson) -> dict[str, str]:
    """The `type` of a lesson ("" of a plain one of a group) with its icon and colour."""
    if lesson.type is not None:
        return {"type": lesson.type.name, "icon": lesson.type.icon, "colour": lesson.type.colour}
    mark, colour = PLAIN[lesson.kind]
    name = "" if lesson.kind is LessonKind.GROUP else str(lesson.kind.label)
    return {"type": name, "icon": mark, "colour": colour}


def when_of(lesson: Lesson) -> str:
    """The day and time of a lesson."""
    return f"{formats.weekday_day(lesson.held_on)} {formats.clock(lesson.starts_time)}"


def miss_of(row: MakeUp) -> str:
    """The missed lesson: when, and of what."""
    return f"{when_of(row.missed)}, {row.missed.name}"


def miss_choices(owed: Iterable[MakeUp]) -> list[tuple[int, str]]:
    """What a student may make up for, for a field."""
    return [(row.pk, miss_of(row)) for row in owed]


def regular_rows(rows: Iterable[Recurrence]) -> list[dict[str, Any]]:
    """Weekly lessons as lists show them; those of a group by the group's teacher and room unless they have others."""
    return [_regular(row) for row in rows]


def _regular(row: Recurrence) -> dict[str, Any]:
    group = row.group
    teacher, room = row.teacher or (group and group.teacher), row.room or (group and group.room)
    return {
        "id": row.pk, "name": row.course.name if row.course else "", "day": WEEKDAYS[row.weekday - 1],
        "starts_at": row.starts_time, "minutes": row.minutes, "since": row.valid_from,
        "last_day": row.last_on,
        "teacher": teacher.name if teacher else "", "room": room.name if room else "",
        "type": row.type.name if row.type else "",
    }  # fmt: skip
