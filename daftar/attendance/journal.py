"""Questions about the journal of a group: its lessons in a stretch of time, who belongs to each, and what is marked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from daftar.attendance.models import Attendance, Guest
from daftar.attendance.rules import Cell
from daftar.courses.models import Enrolment, Lesson, Suspension
from daftar.courses.queries import get_group
from daftar.courses.rules import is_trial_on
from daftar.courses.weekdays import first_day, off_of
from daftar.orgs.access import Actor, question
from daftar.orgs.queries import tuition_settings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from daftar.courses.models import Group


@dataclass(frozen=True)
class Journal:
    """A month of a group: lessons in their order, who belongs to each (id -> on trial), its guests, and the marks."""

    group: Group
    lessons: list[Lesson]
    members: dict[int, dict[int, bool]]
    guests: frozenset[tuple[int, int]]
    cells: dict[tuple[int, int], Cell]


@question("courses.view")
def journal(by: Actor, group_id: int, *, since: date, until: date) -> Journal:
    """The journal of a group from a day to before another; as many statements for many lessons as for few."""
    group = get_group(by, group_id)
    rows = Lesson.objects.visible_to(by).filter(group_id=group_id, held_on__gte=since, held_on__lt=until)
    lessons = list(rows.order_by("held_on", "starts_time", "id"))
    ids = [row.pk for row in lessons]
    return Journal(group, lessons, members_of(by, group, lessons), guests_in(by, ids), cells_of(by, ids))


@question("courses.view")
def guests_in(by: Actor, lesson_ids: Collection[int]) -> frozenset[tuple[int, int]]:
    """Who comes to some lessons without being of their group: lesson and student."""
    rows = Guest.objects.visible_to(by).filter(lesson_id__in=lesson_ids)
    return frozenset(rows.values_list("lesson_id", "student_id"))


@question("courses.view")
def cells_of(by: Actor, lesson_ids: Collection[int]) -> dict[tuple[int, int], Cell]:
    """What is marked in some lessons, by lesson and student."""
    rows = Attendance.objects.visible_to(by).filter(lesson_id__in=lesson_ids)
    return {(row[0], row[1]): Cell(*row[2:]) for row in rows.values_list("lesson_id", "student_id", *Cell._fields)}


@question("courses.view")
def members_of(by: Actor, group: Group, lessons: Collection[Lesson]) -> dict[int, dict[int, bool]]:
    """Who belongs to lessons of a group: lesson id -> student id -> whether on trial; who pauses does not."""
    if not lessons:
        return {}
    counts = tuition_settings(group.branch).activation_day_counts
    last = max(row.held_on for row in lessons)
    rows = list(Enrolment.objects.visible_to(by).filter(group=group, starts_on__lte=last))
    off = off_of(by, [row.pk for row in rows])
    pauses = _pauses(by, group, {row.student_id for row in rows})
    found: dict[int, dict[int, bool]] = {}
    for lesson in lessons:
        on, first_on = lesson.held_on, first_day(lesson)
        found[lesson.pk] = {
            row.student_id: is_trial_on(on, row.activated_on, day_counts=counts)
            for row in rows
            if _holds(row.starts_on, row.ends_on, on)
            and not any(each.holds(first_on) for each in off.get(row.pk, ()))
            and not any(_holds(*each, on) for each in pauses[row.student_id])
        }
    return found


def _pauses(by: Actor, group: Group, student_ids: Collection[int]) -> Mapping[int, list[tuple[date, date | None]]]:
    rows = Suspension.unguarded.filter(org_id=by.org_id, student_id__in=student_ids)
    found: dict[int, list[tuple[date, date | None]]] = defaultdict(list)
    here = rows.filter(Q(group=None) | Q(group=group))
    for student_id, starts_on, ends_on in here.values_list("student_id", "starts_on", "ends_on"):
        found[student_id].append((starts_on, ends_on))
    return found


def _holds(starts_on: date, ends_on: date | None, on: date) -> bool:
    return starts_on <= on and (ends_on is None or on < ends_on)
